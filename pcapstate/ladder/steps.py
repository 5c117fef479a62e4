"""One connection, packet by packet: what each packet was, and the states of both ends before and after it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.segment import FIN, SEGMENT_ICMP, SYN
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State

HALF = 1 << 31
NEVER_ENDS = 2**63 - 1
NO_PACKET = -1
"""``flags`` of a step without a packet of the connection."""


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
    """All of it was sent before."""
    gap: int
    """Sequence numbers before it that are in no packet so far."""
    before: tuple[State, State]
    after: tuple[State, State]
    changes: tuple[Change, ...]


def steps(segments: Rows, transitions: Rows, table: FlowTable, row: int) -> list[Step]:
    """Return the steps of the connection with a row in a table.

    ``segments`` (SEGMENT) and ``transitions`` (TRANSITION): those of the connection, in order.
    """
    client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
    bases = [int(table.endpoints["base"][2 * row + (side ^ client)]) for side in (0, 1)]
    sides = (segments["endpoint"] & 1) ^ client
    seq = _relative(segments["seq"], np.where(sides == 0, *bases))
    ack = _relative(segments["ack"], np.where(sides == 0, *bases[::-1]))
    flags = segments["flags"]
    takes = np.where(flags >= 0, segments["length"] + (flags & SYN != 0) + (flags & FIN != 0), 0)
    ends = seq + takes
    highest = np.zeros(len(segments), dtype=np.int64)
    for side in (0, 1):
        own = np.flatnonzero((sides == side) & (flags != SEGMENT_ICMP))
        if len(own):
            # The initial sequence number itself may not be in the capture.
            first = int(seq[own[0]])
            highest[own] = np.concatenate([[first], np.maximum.accumulate(ends[own])[:-1]])
    again = (takes > 0) & (ends <= highest)
    gap = np.where(flags == SEGMENT_ICMP, 0, np.maximum(seq - highest, 0))

    found: list[Step] = []
    changes = _changes(transitions, client)
    state = [State(int(table.endpoints["state"][2 * row + (side ^ client)])) for side in (0, 1)]
    for one in reversed(changes):
        state[one.change.side] = one.change.before
    numbers = frozenset(segments["number"].tolist())
    at = 0

    def changed(number: int, most: int = len(changes)) -> tuple[Change, ...]:
        """Take the changes that come next where a frame causes them, or a timer, as 0 says."""
        nonlocal at
        first = at
        while at < min(first + most, len(changes)) and changes[at].number == number:
            state[changes[at].change.side] = changes[at].change.after
            at += 1
        return tuple(one.change for one in changes[first:at])

    def without_packet(until: int) -> None:
        """Add the changes up to a time that no packet of the connection causes."""
        while at < len(changes) and changes[at].number not in numbers and changes[at].time <= until:
            cause, before = changes[at], (state[0], state[1])
            done = changed(cause.number, 1)
            side = cause.change.side
            found.append(
                Step(
                    cause.time, cause.number, side, NO_PACKET, 0, 0, 0, 0, False, 0, before, (state[0], state[1]), done
                )
            )

    columns = (segments["time"], segments["number"], sides, flags, seq, ack, segments["length"], segments["window"])
    lists = [one.tolist() for one in (*columns, again, gap)]
    for values in zip(*lists, strict=True):
        without_packet(values[0])
        before = state[0], state[1]
        done = changed(values[1])
        found.append(Step._make((*values, before, (state[0], state[1]), done)))
    without_packet(NEVER_ENDS)
    return found


def _relative(numbers: Rows, bases: Rows) -> Rows:
    """Return how far sequence numbers are behind others, below 0 where they are before them."""
    found: Rows = ((numbers - bases + HALF) & 0xFFFFFFFF) - HALF
    return found


class _Caused(NamedTuple):
    time: int
    number: int
    change: Change


def _changes(transitions: Rows, client: int) -> list[_Caused]:
    names = ("time", "packet", "endpoint", "from", "to", "row", "doubt")
    return [
        _Caused(time, packet, Change(endpoint & 1 ^ client, State(before), State(after), row, doubt))
        for time, packet, endpoint, before, after, row, doubt in zip(
            *(transitions[one].tolist() for one in names), strict=True
        )
    ]
