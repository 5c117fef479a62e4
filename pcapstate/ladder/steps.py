"""One connection, packet by packet: what each packet was, and the states of both ends before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """Return the steps of a connection, whose packets are tracked again.

    ``time_wait``, ``split``: as for ``FlowTable``.
    """
    table = FlowTable(kernels, time_wait, split=split)
    row = int(np.searchsorted(story.rows, story.row))
    segments = story.segments.copy()
    own = np.flatnonzero(segments["endpoint"] >> 1 == story.row)
    afterwards, transitions = table.follow_each(segments, row)
    later = [transitions]
    if story.until > table.clock:
        later += (one.copy() for one in table.pass_time(story.until))
    later += (one.copy() for one in table.give_up())
    if not len(own):
        return []
    client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
    bases = [int(one) for one in table.endpoints["base"][2 * row : 2 * row + 2]]
    changes = _changes(np.concatenate(later), afterwards["transitions"], row, client)
    states = zip(*(afterwards[f"state_{side ^ client}"].tolist() for side in (0, 1)), strict=True)
    counts = (np.diff(afterwards[name], prepend=0) > 0 for name in ("retransmissions", "copies"))
    known = (segments["time"].tolist(), segments["number"].tolist(), states, *(one.tolist() for one in counts))
    packets = dict(zip(own.tolist(), _packets(segments[own], client, bases), strict=True))
    found: list[Step] = []
    state = State.UNKNOWN, State.UNKNOWN
    for at, (time, number, after, again, copy) in enumerate(zip(*known, strict=True)):
        packet = packets.get(at)
        done = changes.pop(at, ())
        if packet is not None:
            # Timers that ended before it.
            state = _without_packet([one for one in done if not one.number], state, found)
            causes = tuple(one.change for one in done if one.number)
            before, state = _known_before(state, causes), (State(after[0]), State(after[1]))
            side, flags, seq, ack, length, window, gap = packet
            found.append(
                Step(time, number, side, flags, seq, ack, length, window, again, copy, gap, before, state, causes)
            )
        elif done:
            state = _without_packet(done, state, found)
    _without_packet(changes.get(len(segments), ()), state, found)
    return found


class _Caused(NamedTuple):
    time: int
    number: int
    change: Change


def _changes(transitions: Rows, so_far: Rows, row: int, client: int) -> dict[int, list[_Caused]]:
    """Return the changes of a connection, by the place of the packet that was followed.

    ``so_far``: how many transitions there were after each packet.
    """
    own = np.flatnonzero(transitions["endpoint"] >> 1 == row)
    places = np.searchsorted(so_far, own, side="right").tolist()
    names = ("time", "packet", "endpoint", "from", "to", "row", "doubt")
    values = zip(*(transitions[name][own].tolist() for name in names), strict=True)
    found: dict[int, list[_Caused]] = {}
    for place, (time, number, endpoint, before, after, which, doubt) in zip(places, values, strict=True):
        change = Change(endpoint & 1 ^ client, State(before), State(after), which, doubt)
        found.setdefault(place, []).append(_Caused(time, number, change))
    return found


def _without_packet(changes: Sequence[_Caused], before: States, found: list[Step]) -> States:
    """Add a step for each change that no packet of the connection causes; return the states after them."""
    for time, number, change in changes:
        known = _known_before(before, (change,))
        before = (change.after, known[1]) if change.side == 0 else (known[0], change.after)
        found.append(Step(time, number, change.side, NO_PACKET, 0, 0, 0, 0, False, False, 0, known, before, (change,)))
    return before


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
