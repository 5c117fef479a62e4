"""A dataset as a capture: the tables and packets that a question needs, and no others, for the commands' own code."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..addresses import IPV4_MAPPED, Network
from ..capture import Capture, Piece, Watcher
from ..decode.protocols import SKIPPED_SIZE
from ..decode.segment import SEGMENT, SEGMENT_NONE
from ..errors import CaptureDamaged, MomentError
from ..escaping import safe
from ..findings.frames_seen import FramesSeen
from ..kernels.running import Kernels
from ..messages import Message, of_name
from ..moments import CLOCK, PACKET, Moment, written
from ..names.packets import KEPT, NamePackets
from ..processes.watcher import Processes, Seen
from ..rows import Rows
from ..sources.packet_options import DIRECTION_SHIFT, PROCESS_NUMBER
from ..sources.process_blocks import Process
from ..sources.reader import Batch
from ..stops import Stops
from ..table import NUMBER, WORD, Batches, Column, Table, cells
from ..table import Batch as TableBatch
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from .arrays import unpacked
from .building import inputs_of
from .decoding import AGAIN, NAMES
from .frames_told import together
from .keys import KEY_BITS, Keys
from .loaded import WIDTH, fill, unblobbed
from .manifest import Manifest, Part, Span, existing
from .merging import NUMBER_BITS, Keyed, merged
from .parquet import connect, listed
from .pruning import of_networks
from .publishing import AT_END, CONNECTIONS, FRAME, STATES
from .segments import BESIDE, DamagedFile, read_block, read_footer
from .storage import Storage
from .tracking import time_wait_of

IPV4 = f"high_0 = 0 AND low_0 >> 32 = {IPV4_MAPPED >> 32}"
"""In SQL: a connection is one over IPv4."""
NO_BYTES = np.zeros(0, dtype=np.uint8)
NO_SEGMENTS = np.zeros(0, dtype=SEGMENT)
SLACK = 2 * 10**9
"""Nanoseconds by which times may be out of order, as ``stops.DISORDER`` has it, and some more."""
FEW = 10_000
"""Connections that are looked up by their numbers: files and row groups without them are passed over."""
DROPPED = 1 << NUMBER_BITS
"""More than the number of any frame of a capture."""
HANDED_OUT = 1 << 16
"""Transitions that are handed out together."""


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

    def capture(
        self,
        source: ArchiveSource,
        record: bool,
        at: Moment | None,
        repeats: bool,
        watchers: Sequence[Watcher],
        **how: Any,
    ) -> ArchivedCapture:
        """Return this dataset as a capture, read up to a moment (which is no packet).

        ``repeats``: it stops at others before; the rest: as for ``capture.Capture``.
        """
        until = None
        if at is not None and not repeats and self.start is not None:
            until = at.time(self.start, self.clock)
            limit = self.manifest.retired_before
            if limit is not None and until < limit:
                text = "{text} is before {first}; the dataset no longer has what was before that"
                raise MomentError(Message(text, text=at.text, first=written(limit, True)))
        source.until = until
        again = at is not None or repeats or any(isinstance(one, FramesSeen) for one in watchers)
        again |= bool(source.processes) and any(isinstance(one, Processes) for one in watchers)
        return ArchivedCapture(self, record, source=source, again=again, until=until, watchers=watchers, **how)


class ArchiveSource:
    """A dataset in the place of a ``capture.Source``: what is known of its captures."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        manifest = archive.manifest
        self.name = archive.storage.root
        self.size: int | None = 0
        self.kernels = Kernels()
        self.damages: list[CaptureDamaged] = []
        self.processes = [Process(*one) for one in manifest.processes]
        urls = {one.number: one.url for one in manifest.captures}
        self.left_out = [
            of_name(safe(urls[part.capture]), what) for part in manifest.parts for what, *_ in part.about["damage"]
        ]
        self.missing = bool(self.left_out)
        drops = [part.about["drops"] for part in manifest.parts if part.about["drops"] is not None]
        self.drops: int | None = sum(drops) if drops else None
        self._everybody: FlowTable | None = None
        self.until: int | None = None
        """The moment that is asked for, ns since the epoch; None: the end."""
        stations = {tuple(map(tuple, part.about["station"])) for part in manifest.parts if part.segments}
        self.station = list(stations.pop()) if len(stations) == 1 else []

    @property
    def names(self) -> list[tuple[bytes, list[str]]]:
        """The entries of name resolution blocks of all captures."""
        parts = self.archive.manifest.parts
        return [(bytes.fromhex(raw), texts) for part in parts for raw, texts in part.about["resolved"]]

    def batches(self) -> Iterator[Batch]:
        """Yield nothing: frames are not kept."""
        return iter(())

    def close(self) -> None:
        """Close nothing."""

    def everybody(self) -> FlowTable:
        """Return a table with some connections by the moment: any host in all of these is in all that there were."""
        if self._everybody is None:
            found = []
            for family in (IPV4, f"NOT ({IPV4})"):
                first = self._one(family)
                hosts = [] if first is None else [first[:2], first[2:]]
                found += [first, *(self._one(f"{family} AND NOT ({_is_host(*host)})") for host in hosts)]
            if self.station:
                captured = " OR ".join(f"({_is_host(*host)})" for host in self.station)
                found.append(self._one(f"NOT ({captured})"))
            self._everybody = self._between([one for one in found if one is not None])
        return self._everybody

    def is_there(self, networks: Sequence[Network]) -> bool:
        """Tell whether any connection by the moment has an end in some networks."""
        return self._one(of_networks(networks) or "true") is not None

    def _one(self, condition: str) -> tuple[int, int, int, int] | None:
        """Return the addresses (both halves) of any connection that fits a condition; None without any."""
        where = [condition] + ([f"opened_ns <= {self.until}"] if self.until is not None else [])
        found = self.archive.select("high_0, low_0, high_1, low_1", CONNECTIONS, where, most=1)
        rows = [int(column[0]) for column in found.values() if len(column)]
        return (rows[0], rows[1], rows[2], rows[3]) if rows else None

    def _between(self, hosts: Sequence[tuple[int, int, int, int]]) -> FlowTable:
        """Return a table with a connection between each two hosts."""
        table, count = FlowTable(self.kernels), len(hosts)
        rows = {
            "connections": np.zeros(count, dtype=c.CONNECTION),
            "extras": np.zeros(count, dtype=c.EXTRA),
            "seldom": np.zeros(2 * count, dtype=c.SELDOM),
            "endpoints": np.zeros(2 * count, dtype=c.ENDPOINT),
        }
        for at, (high_0, low_0, high_1, low_1) in enumerate(hosts):
            rows["extras"]["high_0"][at], rows["extras"]["high_1"][at] = high_0, high_1
            rows["connections"]["low_0"][at], rows["connections"]["low_1"][at] = low_0, low_1
        rows["connections"]["more"] = c.MORE_ADDRESSES
        fill(table, rows, np.arange(count), 0)
        return table


def _is_host(high: int, low: int) -> str:
    """Return in SQL the condition that either end of a connection is a host."""
    return f"high_0 = {high} AND low_0 = {low} OR high_1 = {high} AND low_1 = {low}"


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
        self._numbering = _Numbering(archive)
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


class _Numbering:
    """A watcher that gives connections the numbers which the dataset has for them, by the packets they began with.

    Of one that began with a packet which was dropped, the 4-tuple tells.
    """

    datagrams = False

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        options = archive.manifest.options
        self._keys = Keys(Kernels(), np.array(options.numbers), options.bits)
        self._table: FlowTable | None = None
        self._first = self._ids = self._numbers = np.zeros(0, dtype=np.int64)
        self._older: dict[int, int] = {}
        """The numbers of connections that began with packets which were dropped, by key."""

    def begin(self, table: FlowTable, found: dict[str, Rows]) -> None:
        """Take the table, and the numbers of connections."""
        self._table = table
        if found and len(found["connection"]):
            first = self._archive.numbered(np.asarray(found["capture"]), np.asarray(found["frame"]))
            order = np.argsort(first)
            self._first, self._ids = first[order], np.asarray(found["connection"])[order]
            older = np.flatnonzero(first == 0)
            self._older = dict(zip(found["key"][older].tolist(), found["connection"][older].tolist(), strict=True))

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at nothing: there are no frames."""

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        self._numbers = self._numbers[kept]

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Number the connections that began among segments which were followed."""
        assert self._table is not None
        known, count = len(self._numbers), len(self._table.connections)
        if count == known or not len(self._ids):
            return
        rows = segments["endpoint"].astype(np.int64) >> 1
        new = np.flatnonzero((rows >= known) & (segments["flags"] >= 0))
        which, at = np.unique(rows[new], return_index=True)
        numbers = np.zeros(count - known, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._first, segments["number"][new[at]]), len(self._ids) - 1)
        numbers[which - known] = self._ids[place]
        if self._older:
            other = which[self._first[place] != segments["number"][new[at]]]
            keys = self._keys.of_connections(self._table.connections[other], self._table.extras[other])
            for row, key in zip((other - known).tolist(), keys.tolist(), strict=True):
                numbers[row] = self._older.get(key, numbers[row])
        self._numbers = np.concatenate([self._numbers, numbers])
        self._table.number(self._numbers)
