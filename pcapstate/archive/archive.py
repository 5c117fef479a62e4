"""A dataset that is asked: its captures in order, packets by number, and queries of its tables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import MomentError
from ..escaping import safe
from ..messages import Message
from ..moments import CLOCK, PACKET, Moment
from ..rows import Rows
from ..table import NUMBER, WORD, Batches, Column, Table, cells
from ..table import Batch as TableBatch
from .manifest import Manifest, Part, existing
from .merging import NUMBER_BITS
from .parquet import connect, listed
from .publishing import FRAME
from .segments import DamagedFile, read_block, read_footer
from .storage import Storage

DROPPED = 1 << NUMBER_BITS
"""More than the number of any frame of a capture."""


class Wanted(NamedTuple):
    """Which connections of a dataset a question is about."""

    alive: bool = False
    """Only those that may be open at the moment."""
    where: str = ""
    """A condition in SQL on the columns of ``connections``; whatever it leaves out is no part of the answer."""


class Archive:
    """A dataset that is asked; each question is a ``capture``. Raises CallError, DamagedFile."""

    def __init__(self, root: str, wanted: Wanted = Wanted()) -> None:  # noqa: B008 (it cannot be changed)
        self.storage = Storage(root)
        self.manifest: Manifest = existing(self.storage)
        self.wanted = wanted
        self.database = connect(self.storage)
        entries = self.manifest.captures
        frames: dict[int, int] = {}
        for part in self.manifest.parts:
            frames[part.capture] = frames.get(part.capture, 0) + part.frames
        spans = self.manifest.spans()
        starts: dict[int, int] = {}
        for part, start, *_ in spans:
            starts.setdefault(part.capture, start)
        self.start = min((one.start for one in spans), default=None)
        """The time of the first packet, ns since the epoch; None without packets."""
        self.clock = max((one.clock for one in spans), default=None)
        """The time of the last packet."""
        # Packets are numbered as if captures were read one after the other, in the order in which they begin.
        order = sorted(entries, key=lambda one: (starts.get(one.number, 2**63), one.number))
        numbers = [one.number for one in (*entries, *self.manifest.retired)]
        self._base = np.full(max(numbers, default=0) + 1, -DROPPED)
        self._base[0] = 0
        self._order = np.array([one.number for one in order], dtype=np.int64)
        self._names = {one.number: one.url for one in entries}
        before = 0
        for one in order:
            self._base[one.number] = before
            before += frames.get(one.number, 0)
        self.frames = before
        self.connections = self.manifest.epochs[-1].connections if self.manifest.epochs else 0
        """How many connections it has, or has had."""

    def files(self, folder: str) -> list[str]:
        """Return the URLs of the files of a table."""
        return [self.storage.url(one) for one in self.manifest.files if one.startswith(f"{folder}/")]

    def numbered(self, capture: Rows, frame: Rows) -> Rows:
        """Return the numbers of packets: frames of captures; 0 if the capture was dropped."""
        return np.maximum(self._base[capture] + frame, 0)

    def before(self, part: Part) -> int:
        """Return how many packets come before those of a file of segments."""
        return int(self._base[part.capture]) + part.base

    def renumbered(self, packets: Rows) -> Rows:
        """Return the numbers of packets as the tracker has them; 0 stays 0."""
        return np.where(packets == 0, 0, self.numbered(packets >> NUMBER_BITS, packets & FRAME))

    def whence(self, numbers: Rows) -> tuple[Rows, Rows]:
        """Return the captures, by number, and frames of packets."""
        bases = self._base[self._order]
        which = self._order[np.maximum(np.searchsorted(bases, numbers, side="left") - 1, 0)]
        return which, numbers - self._base[which]

    def with_captures(self, table: Table) -> Table:
        """Return a table with the capture and frame of each packet that it names, behind its other columns."""
        at = 0
        for column in table.columns:
            if column.name == "packet":
                break
            at += column.width
        else:
            return table
        names = {one: posixpath.basename(url) for one, url in self._names.items()}
        known = sorted(names)
        places = np.full(max(known, default=0) + 2, len(known), dtype=np.int64)
        places[known] = np.arange(len(known))
        words = (*(names[one] for one in known), None)
        more = (Column("capture", "Capture", WORD, words, nothing="-"), Column("frame", "Frame", NUMBER))

        def batches() -> Iterator[TableBatch]:
            for batch in table.batches:
                numbers = batch.cells[:, at]
                which, frame = self.whence(numbers)
                none = numbers <= 0
                added = cells(
                    more,
                    len(numbers),
                    capture=np.where(none, len(known), places[which]),
                    frame=np.where(none, 0, frame),
                )
                yield TableBatch((*batch.columns, *more), np.hstack([batch.cells, added]))

        return Table((*table.columns, *more), Batches(batches))

    def select(
        self, columns: str, table: str, where: Sequence[str] = (), order: str = "", most: int | None = None
    ) -> dict[str, Rows]:
        """Return what a query finds, as arrays by column; ``most``: rows."""
        files = self.files(table)
        if not files:
            return {}
        said = " AND ".join(f"({one})" for one in where if one)
        query = f"SELECT {columns} FROM read_parquet({listed(files)}, hive_partitioning = false)"
        query += f" WHERE {said}" * bool(said) + f" ORDER BY {order}" * bool(order)
        query += "" if most is None else f" LIMIT {most}"
        import duckdb

        try:
            found: dict[str, Rows] = self.database.execute(query).fetchnumpy()
        except duckdb.Error as error:
            # A build may have replaced a file since the manifest was read.
            why = safe(str(error).splitlines()[0])
            text = "{root} could not be read: {why}; ask again, or see pcapstate archive verify"
            raise DamagedFile(Message(text, root=safe(self.storage.root), why=why)) from None
        return found

    def moment(self, at: Moment | None) -> Moment | None:
        """Return a moment that is a packet as the time of the last segment up to it; others as they are.

        Raises MomentError.
        """
        if at is None or at.kind != PACKET:
            return at
        if at.value > self.frames:
            raise MomentError(Message("there is no packet {text}: the capture has fewer", text=at.text))
        which, frame = (int(one[0]) for one in self.whence(np.array([at.value])))
        entry = next(one for one in self.manifest.captures if one.number == which)
        time = None
        for part in self.manifest.parts:
            if part.capture == which and part.base < frame:
                time = self._time_up_to(part, frame - part.base, time)
        time = self.start if time is None else time + entry.offset
        return at._replace(kind=CLOCK, value=time or 0)

    def _time_up_to(self, part: Part, frame: int, time: int | None) -> int | None:
        with self.storage.open(part.name) as file:
            for block in read_footer(file, part.name).blocks:
                rows = read_block(file, block, part.name).rows
                before = rows["time"][rows["number"] <= frame]
                if len(before):
                    time = max(int(before.max()), time or 0)
        return time
