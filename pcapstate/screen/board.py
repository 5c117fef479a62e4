"""What the screen shows at a moment: rows of netstat that are chosen and in order, and counts of all states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..capture import ByEndpoint, ByFragment, Capture, Source, Watcher
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..replay.log import PacketLog
from ..replay.replay import Replay
from ..rows import Rows
from ..sockets import columns as known
from ..sockets.annotations import Annotations
from ..sockets.answers import EACH_CHOSEN, EACH_NAMED, EACH_OPENING, compared_to
from ..sockets.gathering import Gathering
from ..sockets.rows import SocketRows
from ..sources.reader import Batch
from ..tcp.flow_table import FlowTable, bytes_each
from ..tcp.perspective import Perspective
from ..tcp.states import State

SORTS = ("connection", "state", "age", "rate", "retransmissions", "rtt", "local_address", "foreign_address")
"""What rows can be sorted by."""
LARGEST_FIRST = frozenset(("age", "rate", "retransmissions", "rtt"))


EACH = 2 * bytes_each(True) + EACH_CHOSEN + EACH_NAMED + EACH_OPENING + 64
"""Bytes for each connection, at most: the table of the moment, a checkpoint of it, what answers take, and its row."""


class Wish(NamedTuple):
    """Which rows are wanted, and in which order."""

    filter: str = ""
    states: frozenset[State] = frozenset()
    """Only rows in one of these, unless empty."""
    sort: str = "connection"
    """One of SORTS."""
    reverse: bool = False
    ended: bool = False
    """Also connections that have ended."""
    listening: bool = False
    """Also listening ports."""
    both: bool = False
    """The states of both ends, also where one of them is closed."""
    names: bool = False
    """Hosts and ports have names, where the packets tell them."""


class View(NamedTuple):
    """What there is to see at a moment."""

    moment: int
    whose: Perspective
    rows: SocketRows
    counts: dict[State, int]
    """How many rows there are in each state, whatever the filter."""
    rates: Rows
    """Payload bytes a second of each endpoint."""
    annotations: Annotations
    lock: threading.RLock
    """To be held while annotations are asked: the thread that reads adds to what they rest on."""

    def rate(self, rows: SocketRows) -> Rows:
        """Return the payload bytes a second of each row, in both directions; -1: it has no connection."""
        ends = rows.endpoint
        there = np.maximum(ends, 0)
        found: Rows = np.where(ends < 0, -1, self.rates[there] + self.rates[there ^ 1])
        return found


class Guarded:
    """A watcher whose data another thread may read while it holds the lock."""

    def __init__(self, watcher: Watcher, lock: threading.RLock) -> None:
        self._watcher, self._lock = watcher, lock
        self.datagrams = watcher.datagrams

    def watch(self, batch: Batch, segments: Rows) -> Any:
        """Let the watcher look at a decoded batch."""
        with self._lock:
            return self._watcher.watch(batch, segments)

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Let the watcher look at tracked segments."""
        with self._lock:
            self._watcher.tracked(segments, seen)

    def moved(self, kept: Rows) -> None:
        """Tell the watcher that the table has evicted connections."""
        if isinstance(self._watcher, ByEndpoint):
            with self._lock:
                self._watcher.moved(kept)

    def reassembled(self, number: int, fragments: Sequence[int]) -> None:
        """Tell the watcher of the fragments of a segment."""
        if isinstance(self._watcher, ByFragment):
            with self._lock:
                self._watcher.reassembled(number, fragments)


class Board:
    """Answers what there is to see at any moment that a log has, for the thread of the screen."""

    def __init__(self, log: PacketLog, gathering: Gathering, span: Callable[[], tuple[int, int]], utc: bool) -> None:
        self.log, self._gathering, self._span, self._utc = log, gathering, span, utc
        self.lock = threading.RLock()
        self.replay: Replay | None = None
        self._whose = self._gathering.nobodys
        self._selections: dict[tuple[str, str], Selection] = {}

    def watchers(self, source: Source) -> list[Watcher]:
        """Return the watchers that a reading needs."""
        return [self.log, *(Guarded(one, self.lock) for one in self._gathering.watchers(source))]

    def moved(self, kept: Rows) -> None:
        """Follow the table of the reading, which evicted connections."""
        with self.lock:
            self._gathering.moved(kept)

    def begin(self, capture: Capture) -> None:
        """Take what tracks the packets, whose table is still empty."""
        self.log.attach(capture.table)
        self.replay = Replay(self.log, capture.source.kernels, *capture.tracked_with)

    def look(self, table: FlowTable) -> None:
        """Find out whose table it is; called by the thread that reads.

        It is the same at all moments, so that the ends of a connection do not trade places.
        """
        if len(table.connections):
            with self.lock:
                self._whose = self._gathering.perspective(table)

    def selection(self, wish: Wish) -> Selection:
        """Return what chooses and sorts rows. Raises QueryError."""
        sort = "" if wish.sort in ("rate", SORTS[0]) else ("-" if wish.sort in LARGEST_FIRST else "") + wish.sort
        key = wish.filter, sort
        if key not in self._selections:
            options = SelectionOptions(filter=wish.filter or None, sort=sort or None)
            self._selections = {key: Selection(options, known.fields, known.COLUMNS, self._utc)}
        return self._selections[key]

    def at(self, moment: int, wish: Wish) -> View:
        """Return what there is to see at a moment (ns since the epoch). Raises QueryError."""
        assert self.replay is not None
        table = self.replay.to(moment)
        with self.lock:
            whose = self._whose
            annotations = self._gathering.annotations()
            rows = SocketRows(
                table, whose, self.replay.moment, listening=wish.listening, both=wish.both, ended=wish.ended
            )
            counted = np.bincount(rows.state, minlength=len(State))
            counts = {state: int(counted[state]) for state in State if counted[state]}
            if choose := self.selection(wish).choice(self._span):
                rows.keep(choose(lambda part: partial(compared_to, rows.some(part), notes=annotations), len(rows)))
        if wish.states:
            rows.keep(np.isin(rows.state, [*wish.states]))
        view = View(self.replay.moment, whose, rows, counts, self.replay.rates(), annotations, self.lock)
        if wish.sort == "rate":
            # Rows trade places only where one rate is twice the other.
            rows.keep(np.argsort(-np.floor(np.log2(view.rate(rows) + 2.0)), kind="stable"))
        if wish.reverse:
            rows.keep(np.arange(len(rows))[::-1])
        return view
