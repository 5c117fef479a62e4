"""One connection, packet by packet: what each packet was, and the states of both ends before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np

from ..decode.segment import RST
from ..kernels.running import Kernels
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from ..tcp.time_wait import TimeWait
from .numbers import NONE_YET, numbers

HALF = 1 << 31
NO_PACKET = -1
"""``flags`` of a step without a packet of the connection."""

States = tuple[State, State]
"""Of the client and the server."""

STEP = np.dtype(
    [
        # As in Step.
        ("time", "i8"),
        ("number", "i8"),
        ("seq", "i8"),
        ("ack", "i8"),
        ("gap", "i8"),
        ("lost", "i8"),
        ("length", "i4"),
        ("options", "i4"),
        ("window", "u2"),
        ("flags", "i2"),
        ("side", "u1"),
        ("again", "?"),
        ("copy", "?"),
        ("before", "u1", 2),
        ("after", "u1", 2),
    ],
    align=True,
)
"""A step without its changes."""


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
    lost: int
    """The number of the packet that sends it again, with no ACK of it captured so far: it was lost, or its ACK was.

    0: there is none.
    """
    options: int
    """Of a SYN: as in SEGMENT."""
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


class Steps(Sequence[Step]):
    """The steps of a connection, each made when it is asked for: a connection may have millions."""

    def __init__(self, rows: Rows, changes: dict[int, tuple[Change, ...]], first: tuple[int, int]) -> None:
        self.rows = rows
        """STEP."""
        self.first = first
        """The sequence numbers of the client and the server that count as 0."""
        self.changes = changes
        """The changes, by the place of their step, in order."""

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Step: ...

    @overload
    def __getitem__(self, at: slice) -> Steps: ...

    def __getitem__(self, at: int | slice) -> Step | Steps:
        places = range(len(self))[at]
        if isinstance(places, range):
            within = {places.index(place): changes for place, changes in self.changes.items() if place in places}
            return Steps(self.rows[at], within, self.first)
        time, number, seq, ack, gap, lost, length, options, window, flags, side, again, copy, *states = self.rows[
            places
        ].item()
        before, after = ((State(int(one)), State(int(other))) for one, other in states)
        known = self.changes.get(places, ())
        return Step(
            time, number, side, flags, seq, ack, length, window, again, copy, gap, lost, options, before, after, known
        )


NO_STEPS = Steps(np.zeros(0, dtype=STEP), {}, (0, 0))


def steps(story: Story, kernels: Kernels, time_wait: TimeWait = TimeWait(), split: bool = False) -> Steps:  # noqa: B008
    """Return the steps of a connection, whose packets are tracked again.

    ``time_wait``, ``split``: as for ``FlowTable``.
    """
    segments = story.segments
    own = np.flatnonzero(segments["endpoint"] >> 1 == story.row)
    if not len(own):
        return NO_STEPS
    table = FlowTable(kernels, time_wait, split=split)
    row = int(np.searchsorted(story.rows, story.row))
    endpoints = segments["endpoint"].copy()
    afterwards, transitions = table.follow_each(segments, row)
    later = [transitions]
    if story.until > table.clock:
        later += (one.copy() for one in table.pass_time(story.until))
    given_up = np.concatenate([np.zeros(0, dtype=c.TRANSITION), *(one.copy() for one in table.give_up())])
    client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
    bases = [int(one) for one in table.endpoints["base"][2 * row : 2 * row + 2]]
    rows = _packets(segments if len(own) == len(segments) else segments[own], client, bases)
    for name, counted in (("again", "retransmissions"), ("copy", "copies")):
        rows[name] = (np.diff(afterwards[counted], prepend=0) > 0)[own]
    for side in (0, 1):
        rows["after"][:, side] = afterwards[f"state_{side ^ client}"][own]
    # Following has named the connections of its own table.
    segments["endpoint"] = endpoints
    changes = _changes(np.concatenate(later), afterwards["transitions"], row, client)
    _put_back(given_up[given_up["endpoint"] >> 1 == row], segments["time"], own, rows, changes, client)
    found = _with_changes(rows, own, changes, (bases[client], bases[1 - client]))
    _note_losses(found.rows)
    return found


def _put_back(
    given_up: Rows, times: Rows, own: Rows, rows: Rows, changes: dict[int, list[_Caused]], client: int
) -> None:
    """Put attempts that were given up (TRANSITION) where they ended, though it shows only at the end that they did.

    ``times``: of the packets that ``changes`` are told by.
    """
    for one in given_up:
        side, place = int(one["endpoint"]) & 1 ^ client, int(np.argmax(np.append(times > one["time"], True)))
        change = Change(side, State(int(one["from"])), State(int(one["to"])), int(one["row"]), int(one["doubt"]))
        found = changes.setdefault(place, [])
        found.append(_Caused(int(one["time"]), 0, change))
        found.sort(key=lambda caused: caused.time)
        after = rows["after"][own >= place, side]
        rows["after"][own >= place, side] = np.where(after == change.before, change.after, after)


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


class _Inserted(NamedTuple):
    """A step without a packet of the connection."""

    place: int
    """Of the packet behind it."""
    caused: _Caused
    before: States
    after: States


def _with_changes(rows: Rows, own: Rows, changes: dict[int, list[_Caused]], first: tuple[int, int]) -> Steps:
    """Return the packets of a connection (STEP) with its changes, and with a step for each that has no packet.

    ``own``: the places of the packets, among those that ``changes`` are told by.
    """
    inserted: list[_Inserted] = []
    caused: dict[int, tuple[Change, ...]] = {}
    before: dict[int, States] = {}
    for place in sorted(changes):
        at = int(np.searchsorted(own, place))
        has_packet = at < len(own) and own[at] == place
        if inserted and inserted[-1].place == at:
            state = inserted[-1].after
        else:
            state = _states(rows["after"][at - 1]) if at else (State.UNKNOWN, State.UNKNOWN)
        # Timers that ended before the packet.
        for one in changes[place]:
            if has_packet and one.number:
                continue
            known = _known_before(state, (one.change,))
            state = (one.change.after, known[1]) if one.change.side == 0 else (known[0], one.change.after)
            inserted.append(_Inserted(at, one, known, state))
        if has_packet and (own_changes := tuple(one.change for one in changes[place] if one.number)):
            caused[at], before[at] = own_changes, _known_before(state, own_changes)
    places = np.array([one.place for one in inserted], dtype=np.int64)
    whole = np.insert(rows, places, np.zeros(1, dtype=STEP)) if inserted else rows
    at_own = np.arange(len(rows)) + np.searchsorted(places, np.arange(len(rows)), side="right")
    at_inserted = places + np.arange(len(places))
    for at, new in zip(at_inserted.tolist(), inserted, strict=True):
        step = whole[at]
        step["time"], step["number"], step["side"] = new.caused.time, new.caused.number, new.caused.change.side
        step["flags"], step["after"] = NO_PACKET, new.after
    whole["before"][1:], whole["before"][:1] = whole["after"][:-1], State.UNKNOWN
    found = {int(at_own[at]): each for at, each in caused.items()}
    for at, states in before.items():
        whole["before"][at_own[at]] = states
    for at, new in zip(at_inserted.tolist(), inserted, strict=True):
        whole["before"][at], found[at] = new.before, (new.caused.change,)
    return Steps(whole, dict(sorted(found.items())), first)


def _states(given: Rows) -> States:
    return State(int(given[0])), State(int(given[1]))


def _packets(own: Rows, client: int, bases: Sequence[int]) -> Rows:
    """Return the packets of a connection (SEGMENT) as steps (STEP), with relative numbers."""
    ends = own["endpoint"] & 1
    found = np.zeros(len(own), dtype=STEP)
    for name in ("time", "number", "flags", "length", "window", "options"):
        found[name] = own[name]
    found["side"] = ends ^ client
    found["seq"] = _relative(own["seq"], np.where(ends == 0, bases[0], bases[1]))
    found["ack"] = _relative(own["ack"], np.where(ends == 0, bases[1], bases[0]))
    return found


def _note_losses(rows: Rows) -> None:
    """Note in steps (STEP) what is missing before them, and which of them were sent again without an ACK so far."""
    so_far = numbers(rows)
    places, side = np.arange(len(rows)), rows["side"]
    sent = (rows["flags"] >= 0) & (rows["flags"] & RST == 0)
    highest = so_far.highest[side, places]
    # What was sent before the first packet is not known.
    rows["gap"] = np.where(sent & (highest != NONE_YET), np.maximum(rows["seq"] - highest, 0), 0)
    # A probe of a closed window is refused, not lost.
    known = np.flatnonzero(
        sent & ~rows["copy"] & (so_far.behind > rows["seq"]) & (so_far.window[1 - side, places] != 0)
    )
    known = known[np.lexsort((known, rows["seq"][known], side[known]))]
    first, again = known[:-1], known[1:]
    same = (rows["seq"][first] == rows["seq"][again]) & (side[first] == side[again]) & rows["again"][again]
    first, again = first[same], again[same]
    acked = so_far.acked[1 - side[again], again]
    resets = np.cumsum((rows["flags"] >= 0) & (rows["flags"] & RST != 0))
    lost = (acked < so_far.behind[first]) & (resets[first] == resets[again])
    rows["lost"][first[lost]] = rows["number"][again[lost]]


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
