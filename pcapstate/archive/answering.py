"""A dataset as a capture: the tables and packets that a question needs, and no others, for the commands' own code."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import numpy as np

from ..capture import Capture, Piece, Watcher
from ..decode.protocols import SKIPPED_SIZE
from ..decode.segment import SEGMENT, SEGMENT_NONE
from ..errors import MomentError
from ..findings.frames_seen import FramesSeen
from ..messages import Message
from ..moments import Moment, written
from ..names.packets import KEPT, NamePackets
from ..processes.watcher import Processes, Seen
from ..rows import Rows
from ..sources.packet_options import DIRECTION_SHIFT, PROCESS_NUMBER
from ..sources.reader import Batch
from ..stops import Stops
from ..tcp import tables as c
from ..tcp.states import State
from .archive import Archive
from .arrays import unpacked
from .decoding import AGAIN, NAMES
from .frames_told import together
from .keys import KEY_BITS
from .loaded import WIDTH, fill, unblobbed
from .manifest import Span
from .merging import Keyed, inputs_of, merged
from .numbering import Numbering
from .parquet import listed
from .publishing import AT_END, CONNECTIONS, STATES
from .segments import BESIDE
from .source import ArchiveSource
from .tracking import time_wait_of

NO_BYTES = np.zeros(0, dtype=np.uint8)
NO_SEGMENTS = np.zeros(0, dtype=SEGMENT)
SLACK = 2 * 10**9
"""Nanoseconds by which times may be out of order, as ``stops.DISORDER`` has it, and some more."""
FEW = 10_000
"""Connections that are looked up by their numbers: files and row groups without them are passed over."""
HANDED_OUT = 1 << 16
"""Transitions that are handed out together."""


def capture_of(
    archive: Archive,
    source: ArchiveSource,
    record: bool,
    at: Moment | None,
    repeats: bool,
    watchers: Sequence[Watcher],
    **how: Any,
) -> ArchivedCapture:
    """Return a dataset as a capture, read up to a moment (which is no packet).

    ``repeats``: it stops at others before; the rest: as for ``capture.Capture``. Raises MomentError.
    """
    until = None
    if at is not None and not repeats and archive.start is not None:
        until = at.time(archive.start, archive.clock)
        limit = archive.manifest.retired_before
        if limit is not None and until < limit:
            text = "{text} is before {first}; the dataset no longer has what was before that"
            raise MomentError(Message(text, text=at.text, first=written(limit, True)))
    source.until = until
    again = at is not None or repeats or any(isinstance(one, FramesSeen) for one in watchers)
    again |= bool(source.processes) and any(isinstance(one, Processes) for one in watchers)
    return ArchivedCapture(archive, record, source=source, again=again, until=until, watchers=watchers, **how)


class ArchivedCapture(Capture):
    """A dataset read as a capture: at its end its tables are read, else packets are tracked again up to the moment."""

    def __init__(
        self,
        archive: Archive,
        record: bool = True,
        *,
        details: bool = False,
        watchers: Sequence[Watcher] = (),
        stops: Stops,
        most: int,
        history: Any = None,
        followers: Sequence[Callable[[Rows], None]] = (),
        undisturbed: Any = None,
        source: ArchiveSource,
        again: bool,
        until: int | None,
    ) -> None:
        options = archive.manifest.options
        self._numbering = Numbering(archive)
        super().__init__(
            source,
            time_wait_of(options),
            record,
            details=details,
            watchers=[self._numbering, *watchers] if again else watchers,
            stops=stops,
            most=most,
            split=options.split,
            history=history,
            followers=followers,
            **({} if undisturbed is None else {"undisturbed": undisturbed}),
            threads=1,
        )
        self._archive, self._again, self._until = archive, again, until
        networks = archive.manifest.networks
        self.table.network_names = lambda: networks
        self.frames = archive.frames
        self.decoder.skipped[:] = 0
        for part in archive.manifest.parts:
            for at, count in part.about["skipped"].items():
                if int(at) < SKIPPED_SIZE:
                    self.decoder.skipped[int(at)] += count
        if archive.start is not None:
            stops.begin(archive.start)

    def follow(
        self, progress: Callable[[int], None] | None = None, reached: Callable[[int], None] | None = None
    ) -> Generator[Rows, None, None]:
        """Read what the question needs; yield transitions, as ``Capture.follow`` does."""
        self._tell_watchers()
        if self._again:
            frames = self.frames
            yield from super().follow(progress, reached)
            self.frames = frames
        else:
            yield from self._stored()
        if self._until is None:
            self.clock = self._archive.clock

    def _tell_watchers(self) -> None:
        archive = self._archive
        spans = sorted(archive.manifest.spans(), key=lambda one: one.start)
        for watcher in self.watchers:
            if isinstance(watcher, FramesSeen):
                seen = together((one.part.about["seen"], archive.before(one.part), one.offset) for one in spans)
                vars(watcher).update({name: value for name, value in vars(seen).items() if not name.startswith("_")})
            if isinstance(watcher, NamePackets):
                for one in spans:
                    if one.part.about["messages"] and (self._until is None or one.start <= self._until):
                        watcher.tracked(NO_SEGMENTS, self._messages(one))

    def _messages(self, one: Span) -> tuple[Rows, Rows]:
        name = one.part.name + NAMES
        found, _ = unpacked(self._archive.storage.read(name), name, {"rows": KEPT})
        found["rows"]["time"] += one.offset
        found["rows"]["number"] += self._archive.before(one.part)
        return found["rows"], found["data"]

    # --- tables

    def _stored(self) -> Iterator[Rows]:
        archive, table = self._archive, self.table
        where = [archive.wanted.where]
        if archive.wanted.alive and archive.clock is not None:
            where.append(f"closed_ns IS NULL OR closed_ns > {archive.clock - SLACK}")
        if any(where):
            where = self._by_numbers(where)
        found = archive.select("connection, previous, tracker", CONNECTIONS, where, "connection")
        count = len(found.get("connection", ()))
        octets = np.frombuffer(b"".join(found["tracker"]) if count else b"", dtype=np.uint8).reshape(count, WIDTH)
        rows = unblobbed(octets)
        ids = np.asarray(found["connection"]) if count else np.zeros(0, dtype=np.int64)
        if count:
            before = np.ma.filled(found["previous"], -1)
            at = np.minimum(np.searchsorted(ids, before), count - 1)
            rows["extras"]["previous"] = np.where(ids[at] == before, at + 1, 0)
        for kind, fields in (
            ("details", ("packet",)),
            ("troubles", ("again", "copied", "gap", "closing", "closed_at", "reset")),
        ):
            for field in fields:
                rows[kind][field] = archive.renumbered(rows[kind][field])
        fill(table, rows, ids, archive.clock or 0)
        if table._cells[c.CELL_RECORD]:
            yield from self._transitions(ids, where)

    def _by_numbers(self, where: list[str]) -> list[str]:
        """Return the condition that connections have the numbers of those that fit conditions, if they are few."""
        found = self._archive.select("connection", CONNECTIONS, where)
        numbers = found["connection"].tolist() if found else []
        if len(numbers) > FEW:
            return where
        return [f"connection IN ({', '.join(map(str, numbers))})" if numbers else "false"]

    def _transitions(self, ids: Rows, where: list[str]) -> Iterator[Rows]:
        archive = self._archive
        chosen = []
        if any(where) and len(ids):
            chosen = where if len(ids) <= FEW else [f"connection BETWEEN {int(ids[0])} AND {int(ids[-1])}"]
        found = archive.select(
            "connection, since_ns, side, origin, rule, doubt, step, coalesce(capture, 0) AS capture,"
            " coalesce(frame, 0) AS frame,"
            f" list_position({listed([state.name for state in State])}, state) - 1 AS state",
            STATES,
            chosen,
        )
        if not found or not len(ids):
            return
        at = np.minimum(np.searchsorted(ids, found["connection"]), len(ids) - 1)
        there = np.flatnonzero(ids[at] == found["connection"])
        rows = np.zeros(len(there), dtype=c.TRANSITION)
        packets = np.asarray(found["frame"])[there]
        captures = np.asarray(found["capture"])[there]
        rows["time"], rows["endpoint"] = found["since_ns"][there], 2 * at[there] + found["side"][there]
        rows["packet"] = np.where(packets == 0, 0, archive.numbered(captures, packets))
        rows["from"], rows["row"], rows["doubt"] = (found[one][there] for one in ("origin", "rule", "doubt"))
        rows["to"] = found["state"][there]
        # Timers run out before the packet of the same time; what is given up is known only once nothing comes.
        kind = np.where(rows["packet"] > 0, 1, np.where(AT_END[rows["row"]], 2, 0))
        # Timers of one time run out in the order of endpoints, the transitions of one packet in that of the tracker.
        step = np.where(kind == 1, found["step"][there], rows["endpoint"])
        order = np.lexsort((step, rows["packet"], kind, rows["time"]))
        rows = rows[order]
        for start in range(0, len(rows), HANDED_OUT):
            yield rows[start : start + HANDED_OUT]

    # --- packets

    def _pieces(self, threads: int) -> Generator[Piece, None, None]:
        archive, until = self._archive, self._until
        known = self._connections()
        self._numbering.begin(self.table, known)
        count = len(known.get("connection", ()))
        keyed = None
        if archive.wanted.where or archive.wanted.alive:
            keys = np.asarray(known["key"]).astype(np.int64) if count else np.zeros(0, dtype=np.int64)
            keyed = Keyed(keys, KEY_BITS - archive.manifest.options.bits)
        inputs = self._inputs(int(np.min(known["opened_ns"])) if count else None, until)
        for rows, beside in merged(archive.storage, inputs, None, keyed, None if until is None else until + SLACK):
            rows["number"] = archive.renumbered(rows["number"])
            batch = Batch(NO_BYTES, rows, 0, int(rows["time"][-1]))
            done = 0
            for part, moment in self.stops.split(batch):
                some = part.frames
                found = beside[done : done + len(some)]
                done += len(some)
                seen = [self._seen(watcher, some, found) for watcher in self.watchers]
                yield Piece(some, 0, part.clock, 0, moment, seen, 0)
            if self.stops.ended:
                return
        yield from self._last_piece()

    def _last_piece(self) -> Iterator[Piece]:
        """Let time pass to that of the last packet, whichever connections were looked at."""
        clock = self._archive.clock
        if clock is None:
            return
        row = np.zeros(1, dtype=SEGMENT)
        row["flags"], row["time"], row["number"] = SEGMENT_NONE, clock, self._archive.frames
        for part, moment in self.stops.split(Batch(NO_BYTES, row, 0, clock)):
            none = np.zeros(len(part.frames), dtype=BESIDE)
            seen = [self._seen(watcher, part.frames, none) for watcher in self.watchers]
            yield Piece(part.frames, 0, part.clock, 0, moment, seen, 0)

    def _inputs(self, earliest: int | None, until: int | None) -> list[Any]:
        archive = self._archive
        wanted = [
            one.part.capture
            for one in archive.manifest.spans()
            if (until is None or one.start <= until + SLACK) and (earliest is None or one.clock >= earliest)
        ]
        return list(inputs_of(archive.manifest, wanted))

    def _connections(self) -> dict[str, Rows]:
        archive, until = self._archive, self._until
        where = [archive.wanted.where]
        if until is not None:
            where.append(f"opened_ns <= {until}")
            if archive.wanted.alive:
                where.append(f"closed_ns IS NULL OR closed_ns > {until - SLACK}")
        return archive.select("connection, key, opened_ns, capture, frame", CONNECTIONS, where, "connection")

    def _seen(self, watcher: Watcher, rows: Rows, beside: Rows) -> Any:
        """Return what a watcher saw in the frames of segments."""
        if isinstance(watcher, FramesSeen):
            rows["flags"][beside["short"] & AGAIN != 0] = SEGMENT_NONE
            data = np.flatnonzero((rows["flags"] >= 0) & (rows["length"] > 0))
            return data, beside["short"][data] & 1 != 0
        if isinstance(watcher, Processes):
            marks = beside["process"].astype(np.int64)
            named = np.flatnonzero((marks & PROCESS_NUMBER != 0) & (rows["flags"] >= 0))
            marks = marks[named]
            effective = beside["effective"][named].astype(np.int64)
            return Seen(named, marks >> DIRECTION_SHIFT, marks & PROCESS_NUMBER, effective)
        return None
