"""The packets of one connection of a capture file: one reading finds the connection, a second keeps its packets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import socket_text
from ..capture import Watcher
from ..decode.segment import SEGMENT
from ..errors import CallError
from ..messages import Message
from ..reading import Reading
from ..rows import Rows, among
from ..sources.reader import Batch
from ..table import slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import NAMES, handshakes, outcomes
from ..tcp.sides import sides_of, where
from .changes import Changes, changes
from .steps import Steps, Story, on_same_tuple, steps

Again = Callable[[Sequence[Watcher]], Reading]
"""Opens the same files once more, up to the same moment, with these watchers."""


class KeptPackets:
    """A watcher that keeps the packets of some connections, by their numbers (ascending)."""

    datagrams = False

    def __init__(self, numbers: Rows) -> None:
        self._numbers = numbers
        self._table: FlowTable | None = None
        self._kept = [np.zeros(0, dtype=SEGMENT)]

    def attach(self, table: FlowTable) -> None:
        """Take the table that segments name their connections in."""
        self._table = table

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at nothing: the tracker finds the connection of a packet."""

    def tracked(self, segments: Rows, seen: None) -> None:
        """Keep packets, with the place of their connection in ``numbers`` instead of its row, which may move."""
        assert self._table is not None
        followed = segments[segments["endpoint"] >= 0]
        of = self._table.numbers(followed["endpoint"] >> 1)
        chosen = among(of, self._numbers)
        if chosen.any():
            found = followed[chosen]
            found["endpoint"] = np.searchsorted(self._numbers, of[chosen]) << 1 | found["endpoint"] & 1
            self._kept.append(found)

    @property
    def segments(self) -> Rows:
        """The packets so far (SEGMENT)."""
        return np.concatenate(self._kept)


class Gathered(NamedTuple):
    """A connection, and the reading that kept its packets."""

    reading: Reading
    """The second reading, at its end: its losses are those of the answer."""
    number: int
    ends: tuple[str, str]
    """The sockets of the client and the server."""
    story: Story

    def steps(self) -> Steps:
        """Return the steps of the connection."""
        capture = self.reading.capture
        return steps(self.story, capture.source.kernels, *capture.tracked_with)

    def changes(self) -> Changes:
        """Return its changes alone, which takes a fraction of the time of all its steps."""
        capture = self.reading.capture
        return changes(self.story, capture.source.kernels, *capture.tracked_with)


def gathered(first: Reading, again: Again, number: int) -> Gathered:
    """Return a connection with its packets; ``first`` has been read. Raises CallError."""
    table = first.capture.table
    row = row_of(table, number)
    numbers = table.numbers(on_same_tuple(table, row))
    kept = KeptPackets(numbers)
    second = again([kept])
    kept.attach(second.capture.table)
    second.read()
    rows = np.arange(len(numbers))
    story = Story(kept.segments, rows, int(np.searchsorted(numbers, number)), second.moment)
    return Gathered(second, number, ends_of(table, row), story)


def row_of(table: FlowTable, number: int) -> int:
    """Return the row of the connection with a number. Raises CallError."""
    if number >= table.count:
        raise CallError(
            Message("there is no connection {number}; the capture has {count:,}", number=number, count=table.count)
        )
    found = np.flatnonzero(table.numbers(np.arange(len(table.connections))) == number)
    if not len(found):
        raise CallError(
            Message("connection {number} was evicted to stay within the memory limit (--memory)", number=number)
        )
    return int(found[0])


def ends_of(table: FlowTable, row: int) -> tuple[str, str]:
    """Return the sockets of the client and the server of a connection."""
    client = 2 * row + int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
    places = where(table, np.array([client, client ^ 1]))
    one, other = (socket_text(*(int(part[side]) for part in places)) for side in (0, 1))
    return one, other


TELLING = ("closed", "closing", "half-closed", "reset by client", "reset by server", "refused", "timed out")
"""Outcomes from the most telling one on."""
_RANKS = np.array([TELLING.index(name) if name in TELLING else len(TELLING) for name in NAMES])


def most_telling(table: FlowTable, rows: Rows) -> int:
    """Return the row of the connection, among some, with the most to see: a whole life, then a part of one.

    ``rows`` ascend, and there is at least one. Of several the first counts.
    """
    best, found = (2, len(TELLING) + 1), int(rows[0])
    for part in slices(len(rows)):
        of = sides_of(table, rows[part])
        missing, ranks = ~handshakes(of), _RANKS[outcomes(of)]
        order = np.lexsort((ranks, missing))
        rank = int(missing[order[0]]), int(ranks[order[0]])
        if rank < best:
            best, found = rank, int(rows[part][order[0]])
    return found
