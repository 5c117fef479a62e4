"""One connection, packet by packet: what each packet was, and the states of both ends before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..decode.segment import FIN, SEGMENT_ICMP, SYN
from ..kernels.running import Kernels
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from ..tcp.time_wait import TimeWait

HALF = 1 << 31
NO_PACKET = -1
"""``flags`` of a step without a packet of the connection."""

States = tuple[State, State]
"""Of the client and the server."""


class Change(NamedTuple):
    """A transition of one end. ``row``: index into ``machine.TABLE``; ``doubt``: DOUBT_ bits."""

    side: int
    before: State
    after: State
    row: int
    doubt: int


class Step(NamedTuple):
    """A packet of the connection, or a timer that ended. Sides: 0 is the client, 1 the server."""

    time: int
    """Nanoseconds since the epoch."""
    number: int
    """Of the frame; 0: a timer. With NO_PACKET it is a frame of another connection, which changed this one."""
    side: int
    """The sender."""
    flags: int
    """The low eight bits of the header's flags; SEGMENT_ICMP for an ICMP error; NO_PACKET for a timer."""
    seq: int
    """Relative to the sender's initial sequence number."""
    ack: int
    """Relative to the other end's initial sequence number."""
    length: int
    """Payload bytes."""
    window: int
    """As in the header."""
    again: bool
    """A retransmission, or a keep-alive."""
    copy: bool
    """A duplicate in the capture."""
    gap: int
    """Sequence numbers before it that no packet so far has."""
    before: States
    after: States
    changes: tuple[Change, ...]


Caused = tuple[int, int, Change]
"""A change with its time and the number of the frame that causes it."""


class Story(NamedTuple):
    """What the steps of a connection are made of: the packets of all connections on its 4-tuple."""

    segments: Rows
    """SEGMENT, in order, with their endpoints in the table that they come from."""
    rows: Rows
    """The rows of these connections in that table, ascending."""
    row: int
    """The row of the connection itself."""
    until: int
    """The moment up to which timers run, ns since the epoch."""


def on_same_tuple(table: FlowTable, row: int) -> Rows:
    """Return the rows of all connections on the 4-tuple of one, ascending."""
    previous = table.extras["previous"]
    found = [row]
    while before := int(previous[found[0]]):
        found.insert(0, before - 1)
    while len(after := np.flatnonzero(previous == found[-1] + 1)):
        found.append(int(after[0]))
    return np.array(found)


def steps(story: Story, kernels: Kernels, time_wait: TimeWait = TimeWait(), split: bool = False) -> list[Step]:  # noqa: B008
    """Return the steps of a connection: its packets are tracked again, one by one.

    ``time_wait``, ``split``: as for ``FlowTable``.
    """
    tracking = _Tracking(FlowTable(kernels, time_wait, split=split), int(np.searchsorted(story.rows, story.row)))
    own = story.segments["endpoint"] >> 1 == story.row
    for at, mine in enumerate(own.tolist()):
        tracking.follow(story.segments[at : at + 1].copy(), at if mine else None)
    tracking.end(story.until)
    return tracking.steps(story.segments)


class _Seen(NamedTuple):
    """A step before it is known who is the client: sides are those of endpoints."""

    time: int
    number: int
    place: int | None
    """Of the packet among the segments; None: no packet of the connection."""
    again: bool
    copy: bool
    before: States
    after: States
    changes: tuple[Change, ...]


class _Tracking:
    """Tracks the packets of a 4-tuple, and sees what becomes of one of its connections."""

    def __init__(self, table: FlowTable, row: int) -> None:
        self._table, self._row = table, row
        self._seen: list[_Seen] = []

    def follow(self, one: Rows, place: int | None) -> None:
        """Follow a packet (SEGMENT, one row); ``place``: it belongs to the connection, and is at this place."""
        before, counted = self._states(), self._counts()
        changes = self._changes(self._table.follow(one, 1))
        time, number = int(one["time"][0]), int(one["number"][0])
        if place is None:
            self._add_without_packet(before, changes)
            return
        timers = [caused for caused in changes if caused[1] == 0]
        before = self._add_without_packet(before, timers)
        again, copies = (now - was for now, was in zip(self._counts(), counted, strict=True))
        done = tuple(change for _, number, change in changes if number)
        self._seen.append(
            _Seen(time, number, place, again > 0, copies > 0, _known_before(before, done), self._states(), done)
        )

    def end(self, until: int) -> None:
        """Let time pass up to a moment."""
        before = self._states()
        if until > self._table.clock:
            before = self._add_without_packet(before, self._changes(self._table.pass_time(until)))
        self._add_without_packet(before, self._changes(self._table.give_up()))

    def _add_without_packet(self, before: States, changes: Sequence[Caused]) -> States:
        """Add changes that no packet of the connection causes; return the states after them."""
        for time, number, change in changes:
            known = _known_before(before, (change,))
            after = (change.after, known[1]) if change.side == 0 else (known[0], change.after)
            self._seen.append(_Seen(time, number, None, False, False, known, after, (change,)))
            before = after
        return before

    def _changes(self, batches: Iterable[Rows]) -> list[Caused]:
        names = ("time", "packet", "endpoint", "from", "to", "row", "doubt")
        found = []
        for batch in batches:
            rows = batch[batch["endpoint"] >> 1 == self._row]
            for time, packet, endpoint, before, after, row, doubt in rows[list(names)].tolist():
                found.append((time, packet, Change(endpoint & 1, State(before), State(after), row, doubt)))
        return found

    def _states(self) -> States:
        states = self._table.endpoints["state"][2 * self._row : 2 * self._row + 2].tolist()
        return (State(states[0]), State(states[1])) if states else (State.UNKNOWN, State.UNKNOWN)

    def _counts(self) -> tuple[int, int]:
        """Return how many retransmissions and copies there are."""
        ends = slice(2 * self._row, 2 * self._row + 2)
        table = self._table
        return int(table.endpoints["retransmissions"][ends].sum()), int(table.seldom["copies"][ends].sum())

    def steps(self, segments: Rows) -> list[Step]:
        """Return the steps, now that it is known who is the client; ``segments``: those that were followed."""
        table, row = self._table, self._row
        if row >= len(table.connections):
            return []
        client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
        bases = [int(one) for one in table.endpoints["base"][2 * row : 2 * row + 2]]
        own = segments[[one.place for one in self._seen if one.place is not None]]
        packets = iter(_packets(own, client, bases))
        found = []
        for one in self._seen:
            changes = tuple(change._replace(side=change.side ^ client) for change in one.changes)
            before, after = (pair[::-1] if client else pair for pair in (one.before, one.after))
            if one.place is None:
                packet = _Packet(changes[0].side, NO_PACKET, 0, 0, 0, 0, 0)
            else:
                packet = next(packets)
            side, flags, seq, ack, length, window, gap = packet
            again = one.again, one.copy
            found.append(
                Step(one.time, one.number, side, flags, seq, ack, length, window, *again, gap, before, after, changes)
            )
        return found


class _Packet(NamedTuple):
    side: int
    flags: int
    seq: int
    ack: int
    length: int
    window: int
    gap: int


def _packets(own: Rows, client: int, bases: Sequence[int]) -> Iterator[_Packet]:
    """Yield what the packets of a connection (SEGMENT) are, with relative numbers."""
    ends = own["endpoint"] & 1
    seq = _relative(own["seq"], np.where(ends == 0, bases[0], bases[1]))
    ack = _relative(own["ack"], np.where(ends == 0, bases[1], bases[0]))
    flags = own["flags"]
    takes = np.where(flags >= 0, own["length"] + (flags & SYN != 0) + (flags & FIN != 0), 0)
    gap = np.zeros(len(own), dtype=np.int64)
    for end in (0, 1):
        sent = np.flatnonzero((ends == end) & (flags != SEGMENT_ICMP))
        if len(sent):
            # What was sent before the first packet is not known.
            highest = np.concatenate([seq[sent[:1]], np.maximum.accumulate((seq + takes)[sent])[:-1]])
            gap[sent] = np.maximum(seq[sent] - highest, 0)
    columns = (ends ^ client, flags, seq, ack, own["length"], own["window"], gap)
    yield from map(_Packet._make, zip(*(one.tolist() for one in columns), strict=True))


def _relative(numbers: Rows, bases: Rows) -> Rows:
    """Return how far sequence numbers are behind others, below 0 where they are before them."""
    found: Rows = ((numbers - bases + HALF) & 0xFFFFFFFF) - HALF
    return found


def _known_before(before: States, changes: Sequence[Change]) -> States:
    """Return the states before changes: what an end was when nothing told of it shows with its first change."""
    known = list(before)
    for change in reversed(changes):
        known[change.side] = change.before
    return known[0], known[1]
