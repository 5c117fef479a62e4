"""How many connections are in each state over time, as exact steps or at regular moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..rows import Rows
from ..sockets.ends import clients, of_hosts
from ..table import NUMBER, TIME, WORD, Batch, Batches, Column, Table, cells, slices
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..tcp.settling import in_time, settled
from ..tcp.states import STATES, State

OPEN = tuple(state for state in State if state not in (State.UNKNOWN, State.CLOSED, State.LISTEN))
"""States of an end that has a connection, or tries to have one, in the order of a life."""
NOWHERE = -1
"""In place of the state that an end left: it was not counted before."""
SIDES = ("client", "server", "both")
"""Whose states can be counted, apart from those of hosts."""
MOST = 1_000_000
"""Moments in a table at most."""

COLUMNS = (
    Column("time", "Time", TIME),
    Column("state", "State", WORD, STATES),
    Column("count", "Count", NUMBER),
    Column("largest", "Largest", NUMBER),
)


class StateChanges(NamedTuple):
    """Changes of state in the order of time: what each entered and left."""

    time: Rows
    """Nanoseconds since the epoch; where the capture's clock steps back, that of the latest packet so far."""
    to: Rows
    left: Rows
    """NOWHERE where it is the first change of an end."""


class Steps(NamedTuple):
    """A number that changes at some moments."""

    times: Rows
    """Ascending, each once."""
    counts: Rows
    """The number from each of these moments on; before the first one it is 0."""

    def at(self, moments: Rows) -> Rows:
        """Return the number at some moments."""
        return self._behind(np.searchsorted(self.times, moments, side="right"))

    def largest(self, edges: Rows) -> Rows:
        """Return the largest number from each edge until the next, which belongs to it only at the last one."""
        first, last = self._between(edges)
        found = self._behind(first)
        there = first < last
        if there.any():
            places = np.stack([first[there], last[there]], axis=1).reshape(-1)
            highest = np.maximum.reduceat(np.append(self.counts, 0), places)[::2]
            found[there] = np.maximum(found[there], highest)
        return found

    def highest(self, edges: Rows) -> Rows:
        """Return the first moment with the largest number from each edge until the next."""
        found = edges[:-1].copy()
        first, last = self._between(edges)
        behind = self._behind(first)
        for column in np.flatnonzero(first < last).tolist():
            own = self.counts[first[column] : last[column]]
            place = int(np.argmax(own))
            if own[place] > behind[column]:
                found[column] = self.times[first[column] + place]
        return found

    def _between(self, edges: Rows) -> tuple[Rows, Rows]:
        """Return the places of the first change behind each edge, and of the first one that the next edge has."""
        first = np.searchsorted(self.times, edges[:-1], side="right")
        last = np.searchsorted(self.times, edges[1:], side="left")
        last[-1:] = np.searchsorted(self.times, edges[-1:], side="right")
        return first, last

    def _behind(self, places: Rows) -> Rows:
        padded: Rows = np.append(np.zeros(1, dtype=np.int64), self.counts)
        return padded[places]


class OverTime(NamedTuple):
    """States over a span of time."""

    changes: StateChanges
    start: int
    """Nanoseconds since the epoch, as ``end``, which belongs to the span."""
    end: int

    def of(self, states: Iterable[State]) -> Steps:
        """Return how many ends are in any of some states."""
        known = np.zeros(len(State) + 1, dtype=np.int8)
        known[[int(state) for state in states]] = 1
        # The last place is that of NOWHERE.
        change = known[self.changes.to] - known[self.changes.left]
        own = np.flatnonzero(change)
        times, counts = self.changes.time[own], np.cumsum(change[own], dtype=np.int64)
        last = np.append(times[1:] != times[:-1], True) if len(own) else np.zeros(0, dtype=bool)
        times, counts = times[last], counts[last]
        # What is left within the same moment was not there at any.
        other = np.diff(counts, prepend=0) != 0
        return Steps(times[other], counts[other])

    def most(self, states: Iterable[State]) -> int:
        """Return the largest number of ends in any of some states at any moment of the span."""
        return int(self.of(states).largest(np.array([self.start, self.end]))[0])

    def occurring(self) -> tuple[State, ...]:
        """Return the states of ``OPEN`` that any end is in at any moment of the span."""
        return tuple(state for state in OPEN if self.most((state,)))


def counted_ends(table: FlowTable, whose: Perspective | str, rows: Rows | None = None) -> Rows:
    """Return of each endpoint whether it is counted (bool).

    ``whose``: hosts, all their ends, and without any host those of clients; or one of SIDES. ``rows``: of the
    connections to count, None: all.
    """
    counted = np.zeros(2 * len(table.connections), dtype=bool)
    for client, _ in clients(table):
        ends = np.stack([client, client ^ 1], axis=1)
        if isinstance(whose, str):
            shown = np.repeat([[whose != "server", whose != "client"]], len(ends), axis=0)
        else:
            shown = of_hosts(table, ends, whose)
        counted[ends[shown]] = True
    if rows is not None:
        chosen = np.zeros(len(table.connections), dtype=bool)
        chosen[rows] = True
        counted &= np.repeat(chosen, 2)
    return counted


def state_changes(rows: Rows, counted: Rows | None = None) -> StateChanges:
    """Return the changes in settled transitions (TRANSITION, in time); ``counted``: of which endpoints, None: of all.

    An end is counted from its first transition on.
    """
    time = np.maximum.accumulate(rows["time"])
    ends, to = rows["endpoint"], rows["to"].astype(np.int8)
    if counted is not None:
        own = counted[ends]
        time, ends, to = time[own], ends[own], to[own]
    order = np.argsort(ends, kind="stable")
    again = np.flatnonzero(ends[order[1:]] == ends[order[:-1]])
    left = np.full(len(to), NOWHERE, dtype=np.int8)
    left[order[again + 1]] = to[order[again]]
    return StateChanges(time, to, left)


def over_time(
    table: FlowTable, transitions: Rows, whose: Perspective | str, chosen: Rows | None, span: tuple[int, int]
) -> OverTime:
    """Return the states over a span of time, given all transitions (TRANSITION) as they were read.

    ``whose``, ``chosen``: as for ``counted_ends``. Assumptions that later packets disproved do not count.
    """
    rows, _ = settled(in_time(transitions))
    start, end = span
    # Where the capture's clock steps back, its last packet is not its latest.
    end = max(start, end, int(rows["time"].max(initial=end)))
    return OverTime(state_changes(rows, counted_ends(table, whose, chosen)), start, end)


def moments(start: int, end: int, every: int) -> Rows | None:
    """Return the moments ``every`` so many nanoseconds from the start to the end; None: they are more than MOST."""
    count = (end - start) // every + 1
    return None if count > MOST else start + every * np.arange(count)


def view(over_time: OverTime, states: Sequence[State], at: Rows | None = None) -> Table:
    """Return the counts as a table, in the order of time: a row for each change of one, and for what is there first.

    ``at``: moments in ascending order; then a row for each state at each of them. ``largest`` is the largest count
    until the next row of the state, or the end.
    """
    found = [_rows(over_time, state, at) for state in states]
    parts = [np.concatenate(part) for part in zip(*found, strict=True)] or [np.zeros(0, dtype=np.int64)] * 4
    order = np.argsort(parts[0], kind="stable")

    def batches() -> Iterator[Batch]:
        for part in slices(len(order)):
            given = (one[order[part]] for one in parts)
            values = dict(zip((column.name for column in COLUMNS), given, strict=True))
            yield Batch(COLUMNS, cells(COLUMNS, part.stop - part.start, **values))

    return Table(COLUMNS, Batches(batches))


def _rows(over_time: OverTime, state: State, at: Rows | None) -> tuple[Rows, Rows, Rows, Rows]:
    steps = over_time.of((state,))
    if at is None:
        within = (steps.times > over_time.start) & (steps.times <= over_time.end)
        first = np.array([over_time.start])
        if not steps.at(first)[0]:
            first = first[:0]
        times = np.append(first, steps.times[within])
        counts = largest = steps.at(times)
    else:
        times, counts = at, steps.at(at)
        largest = steps.largest(np.append(at, over_time.end))
    return times, np.full(len(times), int(state)), counts, largest
