"""All connections of a capture so far: the tables the tracker's kernels work on, and their growth."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from ..compaction import endpoints_after, endpoints_of, move_up
from ..kernels.running import Kernels
from ..rows import Rows, aligned, among, unique
from . import tables as c
from .checkpoint import Checkpoint, running
from .eviction import EVICTION_ORDER, choose_evicted
from .history import History
from .states import State
from .time_wait import TimeWait

RESERVED = 1 << 20
"""Connections there is room for at first. np.zeros takes memory only as rows are written, so this costs nothing."""
FEWEST_SLOTS = 1 << 12
MOST_CONNECTIONS = 1 << 29
"""Connections that are kept at most: endpoints are numbered in 31 bits."""
EVICTED_SHARE = 4
"""Where there is no more room, one in so many connections is evicted at once, since each eviction moves all rows."""

COMPARED_PACKETS = 1 << 14
"""The last packets, among which copies are looked for."""
WAYS = 4
"""Of these, how many are in a row of RECENT_PACKETS."""
ROWS_EACH = (("connections", 1), ("extras", 1), ("seldom", 2), ("endpoints", 2), ("details", 2), ("troubles", 2))
"""The tables with rows for each connection, and the number of these rows."""
SLOTS_EACH, TIMERS_EACH = 32, 48
"""Bytes of the hash table and of the timers for each connection, both at their largest."""


def bytes_each(details: bool) -> int:
    """Return how many bytes a connection takes at most; ``details``: as for FlowTable."""
    ends = c.ENDPOINT.itemsize + c.SELDOM.itemsize
    if details:
        ends += c.DETAIL.itemsize + c.TROUBLE.itemsize
    return c.CONNECTION.itemsize + c.EXTRA.itemsize + 2 * ends + SLOTS_EACH + TIMERS_EACH


class FlowTable:
    """Follows segments in order and keeps the connections; its size does not depend on the capture's length.

    ``time_wait``: how long TIME_WAIT lasts. ``record``: yield transitions (else only states are kept). ``details``:
    keep DETAIL and TROUBLE rows, too. ``most``: connections to keep; beyond that, some are evicted. ``split``: the same
    4-tuple on different VLANs, or other virtual networks, is different connections.

    ``history``: where the caller keeps the transitions; connections are evicted where it is full, too. ``followers``:
    called after an eviction, when row n of the tables is what row ``kept[n]`` was. ``network_names``: returns the names
    of virtual networks, which SEGMENT's ``network`` numbers from 1. ``undisturbed``: entered while the tables change
    and do not fit together, so that no signal ends it there, and no other thread looks.

    A connection has a row, from 0 on, and a number, which it keeps when those before it are evicted (see ``numbers``).
    Tables and transitions name connections by row.
    """

    def __init__(
        self,
        kernels: Kernels,
        time_wait: TimeWait = TimeWait(),  # noqa: B008 (it cannot be changed)
        record: bool = True,
        details: bool = False,
        most: int = MOST_CONNECTIONS,
        split: bool = False,
        *,
        history: History | None = None,
        followers: Sequence[Callable[[Rows], None]] = (),
        network_names: Callable[[], Sequence[str]] = tuple,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._kernels = kernels
        self._most = min(max(most, EVICTED_SHARE), MOST_CONNECTIONS)
        self.evicted = np.zeros(len(EVICTION_ORDER), dtype=np.int64)
        """How many connections were evicted, for each of EVICTION_ORDER."""
        self.retired = 0
        """How many connections were retired."""
        self._retransmissions_gone = 0
        self.network_names, self._undisturbed = network_names, undisturbed
        self._history = history
        self._followers = [*followers] if history is None else [*followers, history.moved]
        self._moved = np.zeros(0, dtype=np.int64)
        reserved = min(RESERVED, self._most)
        waits = [cell for cells in time_wait.cells() for cell in cells]
        cells = np.zeros(c.FIXED_CELLS + len(waits), dtype=np.int64)
        cells[c.CELL_CLOCK] = np.iinfo(np.int64).min
        cells[c.CELL_TWO_MSL] = round(time_wait.seconds * 1e9)
        cells[c.CELL_WAITS] = len(waits) // c.WAIT_CELLS
        cells[c.FIXED_CELLS :] = waits
        cells[c.CELL_RECORD] = record
        cells[c.CELL_DETAILS] = details
        cells[c.CELL_SPLIT] = split
        keys = np.frombuffer(os.urandom(4 * 8), dtype=np.uint32) >> 2 | 1
        cells[c.CELL_KEYS : c.CELL_FORESEEN] = keys
        self._cells = cells
        self._world = c.World(
            connections=aligned(reserved, c.CONNECTION),
            extras=aligned(reserved, c.EXTRA),
            seldom=aligned(2 * reserved, c.SELDOM),
            endpoints=aligned(2 * reserved, c.ENDPOINT),
            details=aligned(2 * reserved if details else 0, c.DETAIL),
            troubles=aligned(2 * reserved if details else 0, c.TROUBLE),
            slots=aligned(FEWEST_SLOTS, c.SLOT),
            timers=np.zeros(1024, dtype=c.TIMER),
            transitions=np.zeros(16_384 if record else 0, dtype=c.TRANSITION),
            cells=cells,
            recent=aligned(COMPARED_PACKETS // WAYS, c.RECENT_PACKETS),
        )
        self._look: Callable[[Rows, Rows], None] | None = None
        self.stories: Any = None
        """The connections in Zeek's terms (``zeek.watcher.Stories``), where they are gathered."""
        self._grown = [(table, ends) for table, ends in ROWS_EACH if len(getattr(self._world, table))]

    @property
    def connections(self) -> Rows:
        """The rows of all connections, CONNECTION."""
        return self._world.connections[: self._cells[c.CELL_CONNECTIONS]]

    @property
    def extras(self) -> Rows:
        """The rows of what few connections have, EXTRA."""
        return self._world.extras[: self._cells[c.CELL_CONNECTIONS]]

    @property
    def endpoints(self) -> Rows:
        """The rows of all endpoints, ENDPOINT: two a connection."""
        return self._world.endpoints[: 2 * self._cells[c.CELL_CONNECTIONS]]

    @property
    def seldom(self) -> Rows:
        """The rows of what few endpoints have, SELDOM: two a connection."""
        return self._world.seldom[: 2 * self._cells[c.CELL_CONNECTIONS]]

    @property
    def details(self) -> Rows | None:
        """The rows of DETAIL, one an endpoint, where they are kept."""
        return self._world.details[: 2 * self._cells[c.CELL_CONNECTIONS]] if self._cells[c.CELL_DETAILS] else None

    @property
    def troubles(self) -> Rows | None:
        """The rows of TROUBLE, one an endpoint, where those of DETAIL are kept."""
        return self._world.troubles[: 2 * self._cells[c.CELL_CONNECTIONS]] if self._cells[c.CELL_DETAILS] else None

    @property
    def count(self) -> int:
        """How many connections there were so far, with those that were let go."""
        return int(self._cells[c.CELL_CONNECTIONS]) + self._gone

    @property
    def _gone(self) -> int:
        return int(self.evicted.sum()) + self.retired

    @property
    def retransmissions(self) -> int:
        """How many retransmissions there were so far, with those of connections that were let go."""
        return self._retransmissions_gone + int(self.endpoints["retransmissions"].sum(dtype=np.int64))

    @property
    def untaken(self) -> Rows:
        """The transitions (TRANSITION) of the last change to the tables, until it is given out."""
        return self._world.transitions[: self._cells[c.CELL_TRANSITIONS]]

    def numbers(self, rows: Rows) -> Rows:
        """Return the numbers (Wireshark's tcp.stream) of the connections with these rows."""
        if not len(self._moved):
            return rows
        later = rows >= len(self._moved)
        return np.where(later, rows + self._gone, self._moved[np.where(later, 0, rows)])

    def number(self, numbers: Rows) -> None:
        """Give the connections that there are these numbers."""
        self._moved = numbers

    @property
    def clock(self) -> int:
        """The time of the last packet, ns since the epoch."""
        return int(self._cells[c.CELL_CLOCK])

    def follow(self, segments: Rows, count: int) -> Iterator[Rows]:
        """Follow ``segments[:count]``; yield the transitions they cause, in batches that the next one overwrites."""
        # No more at once than there can be room for.
        step = self._most // EVICTED_SHARE
        for start in range(0, count, step):
            yield from self._follow(segments, start, min(start + step, count))

    def _follow(self, segments: Rows, start: int, end: int) -> Iterator[Rows]:
        with self._undisturbed():
            kept = self._make_room(end - start)
        if kept is not None:
            # Segments followed before must name their connections by the new rows.
            done_before = segments["endpoint"][:start]
            done_before[:] = endpoints_after(kept, done_before)
        done = start
        while done < end:
            first = done
            if self._look is None:
                with self._undisturbed():
                    done = self._kernels.track(segments, first, end, self._world)
            else:
                afterwards = np.zeros(end, dtype=c.AFTERWARDS)
                with self._undisturbed():
                    done = self._kernels.track_each(segments, first, end, afterwards, -1, self._world)
                self._look(segments[first:done], afterwards[first:done])
            yield from self._taken()

    def look_at_each(self, look: Callable[[Rows, Rows], None]) -> None:
        """Call ``look`` with followed segments and the states (AFTERWARDS) of their connections after each.

        Of AFTERWARDS only the states are set. ``untaken`` has the transitions that the segments caused.
        """
        self._look = look

    def follow_each(self, segments: Rows, row: int) -> tuple[Rows, Rows]:
        """Follow segments; return what the connection with a row is after each (AFTERWARDS), and all transitions."""
        self._make_room(len(segments))
        afterwards = np.zeros(len(segments), dtype=c.AFTERWARDS)
        transitions = [np.zeros(0, dtype=c.TRANSITION)]
        done = 0
        while done < len(segments):
            first = done
            done = self._kernels.track_each(segments, first, len(segments), afterwards, row, self._world)
            afterwards["transitions"][first:done] += sum(map(len, transitions))
            transitions += (one.copy() for one in self._taken())
        return afterwards, np.concatenate(transitions)

    def pass_time(self, clock: int) -> Iterator[Rows]:
        """Let time pass until ``clock`` (ns since the epoch); yield the transitions of expired timers."""
        self._cells[c.CELL_CLOCK] = clock
        done = 0
        while not done:
            with self._undisturbed():
                done = self._kernels.pass_time(self._world)
            yield from self._taken()

    def dropped(self, time: int) -> None:
        """Take note that the capture dropped packets before a time, ns since the epoch: of any connection, maybe."""
        self._cells[c.CELL_DROPPED] = max(time, self._cells[c.CELL_DROPPED])

    def give_up(self) -> Iterator[Rows]:
        """End the attempts given up by now; yield their transitions, which lie in the past."""
        done = 0
        while done < len(self.endpoints):
            with self._undisturbed():
                done = self._kernels.give_up(done, self._world)
            yield from self._taken()

    def checkpoint(self, changed: Rows | None = None) -> Checkpoint:
        """Return what the table holds; ``changed``: only the connections with these rows, and those before them.

        A change can also concern the connections before it on its 4-tuple.
        """
        used = int(self._cells[c.CELL_CONNECTIONS])
        rows = np.arange(used) if changed is None else self._with_those_before(unique(changed.astype(np.int64)))
        tables = {}
        for table, ends in self._grown:
            tables[table] = _plain(getattr(self._world, table))[endpoints_of(rows) if ends == 2 else rows]
        timers = self._world.timers[: self._cells[c.CELL_TIMERS]]
        if changed is not None:
            timers = timers[among(timers["endpoint"] >> 1, rows)]
        shared = self._world.recent.copy(), self._cells.copy(), self._moved, self.evicted.copy(), self.retired
        return Checkpoint(changed is None, used, rows, tables, timers.copy(), *shared)

    def _with_those_before(self, rows: Rows) -> Rows:
        found, more = [rows], rows
        while len(more):
            before = self._world.extras["previous"][more].astype(np.int64)
            more = unique(before[before > 0] - 1)
            found.append(more)
        return found[0] if len(found) == 2 and not len(found[1]) else unique(np.concatenate(found))

    def restore(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Hold what another table with the same ``details`` held at the last of some checkpoints in a row.

        The first of them is whole. This table has as much room as that one, or more.
        """
        last = checkpoints[-1]
        used, record = int(self._cells[c.CELL_CONNECTIONS]), self._cells[c.CELL_RECORD]
        for table, ends in self._grown:
            rows = getattr(self._world, table)
            _plain(rows)[: ends * used] = 0
            if len(rows) < ends * last.connections:
                rows = aligned(ends * 2 * last.connections, rows.dtype)
                self._replace(table, rows)
            for one in checkpoints:
                _plain(rows)[endpoints_of(one.rows) if ends == 2 else one.rows] = one.tables[table]
        self._cells[:] = last.cells
        self._cells[c.CELL_RECORD], self._cells[c.CELL_TRANSITIONS] = record, 0
        self._moved, self.evicted, self.retired = last.moved, last.evicted.copy(), last.retired
        self._world.recent[:] = last.recent
        self._world.slots[:] = 0
        self._make_slots(last.connections)
        self._kernels.rehash(last.connections, self._world)
        timers = running([one.timers for one in checkpoints], last.cells)
        timers = self._in_use(timers[self._world.endpoints["state"][timers["endpoint"]] == State.TIME_WAIT])
        self._set(timers, max(len(self._world.timers), len(timers)))

    def _taken(self) -> Iterator[Rows]:
        count = int(self._cells[c.CELL_TRANSITIONS])
        if count:
            self._cells[c.CELL_TRANSITIONS] = 0
            yield self._world.transitions[:count]

    def _make_room(self, count: int) -> Rows | None:
        """Make room for ``count`` connections; return the kept rows if others were evicted."""
        used = int(self._cells[c.CELL_CONNECTIONS])
        kept = None
        if used + count > self._most or (self._history is not None and self._history.full):
            kept = self._evict(max(used + count - self._most, used // EVICTED_SHARE, 1))
            used = len(kept)
            if self._history is not None:
                self._history.full = False
        needed = used + count
        if needed > len(self._world.connections):
            size = max(needed, 2 * len(self._world.connections))
            # One step to the end is better than two: while rows are copied, there are two tables.
            size = self._most if 2 * size > self._most else size
            for table, ends in self._grown:
                self._replace(table, _larger(getattr(self._world, table), ends * used, ends * size))
        if 2 * needed > len(self._world.slots):
            smaller = self._world.slots
            self._make_slots(needed)
            self._kernels.refill(smaller, self._world)
        if int(self._cells[c.CELL_TIMERS]) + 4 * count > len(self._world.timers):
            timers = self._running()
            size = len(self._world.timers)
            # With room for half as many more, since a look through all of them is slow.
            while size < 3 * len(timers) // 2 + 4 * count:
                size *= 2
            self._set(timers, size)
        return kept

    def _make_slots(self, needed: int) -> None:
        """Make an empty hash table with room for ``needed`` connections where there is less."""
        size = len(self._world.slots)
        while size < 2 * needed:
            size *= 2
        if size > len(self._world.slots):
            self._replace("slots", aligned(size, c.SLOT))

    def _replace(self, table: str, rows: Rows) -> None:
        self._world = self._world._replace(**{table: rows})

    # --- where there is no more room

    def _evict(self, wanted: int) -> Rows:
        """Evict ``wanted`` connections or more; the rest moves up. Return the former rows of the rest."""
        going, kinds = choose_evicted(self.endpoints, self.extras["previous"], wanted)
        # A connection that now begins without SYN may be the end of an evicted one.
        self._cells[c.CELL_DOUBT_UNTIL] = self.clock + self._cells[c.CELL_TWO_MSL]
        moved = self.numbers(np.flatnonzero(~going))
        self.evicted += kinds
        return self._remove(going, moved)

    def retire(self, going: Rows, latest: Rows) -> Rows:
        """Let connections go (bool of each) that have ended; return the former rows of the rest, which moves up.

        ``latest``: the segments followed last, so that copies of them are still known as such: COMPARED_PACKETS of
        them, or all.
        """
        moved, before = self.numbers(np.flatnonzero(~going)), self._world.recent.copy()
        self.retired += int(np.count_nonzero(going))
        with self._undisturbed():
            kept = self._remove(going, moved)
            ends = endpoints_after(kept, latest["endpoint"].astype(np.int64))
            self._kernels.remember_again(latest, ends, before, self._world)
        return kept

    def _remove(self, going: Rows, moved: Rows) -> Rows:
        """Remove connections; ``moved``: the numbers of the rest, whose former rows are returned."""
        used, kept = len(going), np.flatnonzero(~going)
        timers, place = self._running(), np.cumsum(~going, dtype=np.int32)
        timers = timers[~going[timers["endpoint"] // 2]]
        timers["endpoint"] = 2 * (place[timers["endpoint"] // 2] - 1) + timers["endpoint"] % 2
        self._set(timers, len(self._world.timers))

        self._moved = moved
        self._retransmissions_gone += int(self.endpoints["retransmissions"].reshape(-1, 2)[going].sum(dtype=np.int64))
        for table, ends in self._grown:
            move_up(getattr(self._world, table)[: ends * used], kept, ends)
        self._cells[c.CELL_CONNECTIONS] = len(kept)
        previous = self.extras["previous"]
        later = np.flatnonzero(previous)
        before = previous[later] - 1
        previous[later] = np.where(going[before], 0, place[before])
        self._world.slots[:] = 0
        self._world.recent[:] = 0
        self._kernels.rehash(len(kept), self._world)
        for follower in self._followers:
            follower(kept)
        return kept

    def _running(self) -> Rows:
        """Return the timers that will end a TIME_WAIT, in order, without those that were started again."""
        return self._in_use(self._world.timers[: self._cells[c.CELL_TIMERS]])

    def _in_use(self, timers: Rows) -> Rows:
        timers = timers[self._world.endpoints["timer"][timers["endpoint"]] == timers["deadline"] & 0xFFFFFFFF]
        timers = timers[np.lexsort((timers["endpoint"], timers["deadline"]))]
        # Of timers of one endpoint the first: what is written last stays.
        places, first = np.arange(len(timers)), np.empty(len(self._world.endpoints), dtype=np.int64)
        first[timers["endpoint"][::-1]] = places[::-1]
        return timers[first[timers["endpoint"]] == places]

    def _set(self, timers: Rows, size: int) -> None:
        """Put sorted timers into a heap of ``size`` rows."""
        heap = np.zeros(size, dtype=c.TIMER)
        heap[: len(timers)] = timers
        self._replace("timers", heap)
        self._cells[c.CELL_TIMERS] = len(timers)


def _larger(rows: Rows, used: int, size: int) -> Rows:
    larger = aligned(size, rows.dtype)
    if _plain(rows[:used]).any():
        larger[:used] = rows[:used]
    return larger


def _plain(rows: Rows) -> Rows:
    """Return rows as numbers, one line a row, which NumPy copies many times faster than structures."""
    return rows.view(np.int64).reshape(len(rows), rows.dtype.itemsize // 8)
