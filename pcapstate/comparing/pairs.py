"""Both ends' states over time, each from the capture at its own host: pairs on one clock.

What reached a host is in the capture that was taken on it, so what the tracker assumes of the near end is a fact there.
Of the far end it is not: that state is taken from the other capture.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..decode.segment import ACK, FIN, SYN
from ..rows import Rows
from ..tcp.machine import TABLE, Certainty, Event
from ..tcp.settling import certainties
from ..tcp.states import State
from ..tcp.timeouts import RTO_LATENESS
from .clocks import Clock
from .fates import Side
from .pairing import Joined, Read

SEEN, ARRIVED, TIMER, ASSUMED, ABSENT, NOTHING = range(6)
PROOFS = ("seen", "arrived", "timer", "assumed", "absent", None)
"""How a state is known: a segment of its end; one to it, in its own host's capture; a timer; only the other capture,
or no certain sign; it never answered, or refused, so that its host has no state for it; not at all."""
GIVEN_UP = [number for number, row in enumerate(TABLE) if row.event is Event.GAVE_UP]
CLOSERS = (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)
"""Rows of the table that say that an end gave up, and the states in which it waits for the ACK of its FIN."""
OPEN = (State.SYN_RECEIVED, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT, State.CLOSING,
        State.LAST_ACK)  # fmt: skip
"""States that an end waits in for its peer: if that is CLOSED, the connection is half-open (RFC 9293 §3.5.1)."""
AGREED, HALF_OPEN, UNKNOWN = range(3)
VERDICTS = ("agree", "half-open", "unknown")

EVENT = np.dtype(
    [
        ("time", "i8"),  # on the common clock, ns since the epoch
        ("packet", "i8"),  # frame of the capture it is known from; 0: none
        ("end", "i8"),  # 2 * connection (of Joined) + side
        ("state", "u1"),
        ("before", "u1"),
        ("proof", "u1"),
        ("second", "u1"),  # the second capture proves it
        ("row", "i4"),  # of machine.TABLE; -1: none
    ],
    align=True,
)


class Pairs(NamedTuple):
    """Intervals in which both states stay, in the order of connections and time. ``[0]`` is the client, ``[1]`` the
    server.
    """

    connection: Rows
    since: Rows
    """ns since the epoch, by the first clock."""
    until: Rows
    states: tuple[Rows, Rows]
    packets: tuple[Rows, Rows]
    """Frames that prove the states; 0: none."""
    second: tuple[Rows, Rows]
    """bool: which capture these are in."""
    proofs: tuple[Rows, Rows]
    verdict: Rows


def events(of: Joined, near: Rows, reads: tuple[Read, Read], clock: Clock, sent: Side, got: Side) -> Rows:
    """Return the transitions of all ends (EVENT), each from its own host's capture as far as that goes, in order.

    ``sent``, ``got``: what was sent, and what was received.
    """
    parts = []
    for which, read in enumerate(reads):
        rows = read.transitions
        ends = of.ends(which, read.table.numbers(rows["endpoint"] >> 1) << 1 | rows["endpoint"] & 1)
        rows, ends = rows[ends >= 0], ends[ends >= 0]
        found = np.zeros(len(rows), dtype=EVENT)
        found["time"] = clock.first(rows["time"]) if which else rows["time"]
        found["packet"], found["end"], found["second"] = rows["packet"], ends, which
        found["state"], found["before"], found["row"] = rows["to"], rows["from"], rows["row"]
        found["proof"] = _proofs(rows)
        own = (ends & 1 == near[ends >> 1]) != bool(which)
        parts.append((found[own], found[~own]))
    own = np.concatenate([one for one, _ in parts])
    _establish(own, got)
    own = _in_order(_given_up(own, sent, max(int(clock.first(np.array([reads[1].end]))[0]), reads[0].end)))
    far = _in_order(np.concatenate([one for _, one in parts]))
    return _in_order(np.concatenate([own, _earlier(own, far)]))


def _establish(told: Rows, got: Side) -> None:
    """Date what an end's ACK of a SYN-ACK shows from when that came: the ACK may be delayed."""
    answers = np.flatnonzero(got.packets["flags"] & (SYN | ACK) == SYN | ACK)
    receivers, at = np.unique(got.ends[answers] ^ 1, return_index=True)
    rows = np.flatnonzero((told["before"] == State.SYN_SENT) & (told["state"] == State.ESTABLISHED))
    if not len(receivers):
        return
    place = np.minimum(np.searchsorted(receivers, told["end"][rows]), len(receivers) - 1)
    came = got.packets[answers[at[place]]]
    earlier = (receivers[place] == told["end"][rows]) & (came["time"] < told["time"][rows])
    chosen = rows[earlier]
    told["time"][chosen], told["packet"][chosen] = came["time"][earlier], came["number"][earlier]
    told["proof"][chosen] = ARRIVED


def _given_up(told: Rows, sent: Side, end: int) -> Rows:
    """Leave out that an end gave up its FIN where the next retransmission of that was not due yet.

    What else the end sent meanwhile does not count: what reached it is known, so it waits for the ACK of its FIN.
    """
    guesses = np.flatnonzero(np.isin(told["row"], GIVEN_UP) & np.isin(told["before"], CLOSERS))
    fins = np.flatnonzero((sent.packets["flags"] & FIN > 0) & np.isin(sent.ends, told["end"][guesses]))
    fins = fins[np.lexsort((sent.packets["time"][fins], sent.ends[fins]))]
    ends, times = sent.ends[fins], sent.packets["time"][fins]
    last = np.flatnonzero(np.diff(ends, append=-1))
    early = np.zeros(len(told), dtype=bool)
    for row in guesses.tolist():
        at = np.searchsorted(ends[last], told["end"][row])
        if (
            at < len(last)
            and ends[last[at]] == told["end"][row]
            and last[at] > 0
            and ends[last[at] - 1] == ends[last[at]]
        ):
            due = times[last[at]] + 2 * (times[last[at]] - times[last[at] - 1]) + RTO_LATENESS
            early[row] = due > end
            told["time"][row] = max(due, told["time"][row])
    return told[~early]


def _proofs(rows: Rows) -> Rows:
    words = certainties(rows, True)
    told = np.array([ARRIVED if one.event.name.startswith(("GOT_", "MISSED_")) else SEEN for one in TABLE])
    # "assumed" of what itself sent: a direction, or the order of packets, is not in the capture.
    weak = (words == Certainty.ASSUMED) & (told[rows["row"]] == SEEN)
    found: Rows = np.select([words == Certainty.TIMER, weak], [TIMER, ASSUMED], told[rows["row"]]).astype(np.uint8)
    return found


def _in_order(rows: Rows) -> Rows:
    """Sort by end and time; those of one moment stay in their order."""
    return rows[np.lexsort((rows["time"], rows["end"]))]


def _earlier(own: Rows, far: Rows) -> Rows:
    """Return what the other capture tells of ends before their own capture tells anything, or where it never does."""
    ends, at = np.unique(own["end"], return_index=True)
    first = own[at]
    place = np.minimum(np.searchsorted(ends, far["end"]), max(len(ends) - 1, 0))
    told = ends[place] == far["end"] if len(ends) else np.zeros(len(far), dtype=bool)
    late = np.zeros(len(far), dtype=bool)
    if len(ends):
        begun = first[place]
        late = told & (begun["before"] == State.UNKNOWN) & (far["time"] < begun["time"])
    found = far[late | ~told].copy()
    found["proof"] = ASSUMED
    return found


def pairs(of: Joined, near: Rows, told: Rows, talking: Rows, spans: tuple[tuple[int, int], tuple[int, int]]) -> Pairs:
    """Return the pairs of states of all connections; ``told``: EVENT, ``spans``: as of ``fates``.

    ``talking``: the ends that have sent anything but resets, as far as either capture tells.
    """
    count = len(of.turned)
    ends = np.arange(2 * count)
    second = (ends & 1 != near[ends >> 1]).astype(np.int64)
    captured = np.where(second == 0, of.rows[0][ends >> 1], of.rows[1][ends >> 1]) >= 0
    known, at = np.unique(told["end"], return_index=True)
    state = np.full(2 * count, int(State.CLOSED))
    proof = np.full(2 * count, ABSENT)
    state[known], proof[known] = told["before"][at], NOTHING
    # A capture without the connection says that its host has no state for it, as long as it covers the time.
    begin, stop = (np.array([span[which] for span in spans])[second] for which in (0, 1))
    extra = []
    silent = np.flatnonzero(~captured)
    told = told[captured[told["end"]]]
    state[silent], proof[silent] = State.CLOSED, ABSENT
    opened, closed = _lives(count, told, spans)
    uncovered = silent[(opened[silent >> 1] < begin[silent]) | (opened[silent >> 1] > stop[silent])]
    state[uncovered], proof[uncovered] = State.UNKNOWN, NOTHING
    later = silent[(stop[silent] > opened[silent >> 1]) & (stop[silent] < closed[silent >> 1])]
    extra.append(_event(later, stop[later], State.UNKNOWN, NOTHING, second[later]))
    # Whoever never answers a SYN has no state for it. Of one that was joined late nothing is known.
    opening = np.zeros(2 * count, dtype=bool)
    opening[told["end"][told["state"] == State.SYN_SENT] ^ 1] = True
    opening[talking] = False
    unseen = np.flatnonzero(captured & (proof == ABSENT) & ~opening)
    state[unseen], proof[unseen] = State.UNKNOWN, NOTHING
    told = np.concatenate([told, *extra])
    return _intervals(of, told, state, proof, second, closed)


def _event(ends: Rows, times: Rows, state: int, proof: int, second: Rows) -> Rows:
    found = np.zeros(len(ends), dtype=EVENT)
    found["end"], found["time"], found["state"], found["proof"], found["second"] = ends, times, state, proof, second
    found["row"] = -1
    return found


def _lives(count: int, told: Rows, spans: tuple[tuple[int, int], tuple[int, int]]) -> tuple[Rows, Rows]:
    """Return when each connection's states are first and last told of: until both captures end."""
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, told["end"] >> 1, told["time"])
    last = np.full(count, max(span[1] for span in spans))
    np.maximum.at(last, told["end"] >> 1, told["time"])
    return first, last


def _intervals(of: Joined, told: Rows, state: Rows, proof: Rows, second: Rows, closed: Rows) -> Pairs:
    connection = told["end"] >> 1
    order = np.lexsort((told["time"], connection))
    told, connection = told[order], connection[order]
    place = np.arange(len(told))
    starts = np.flatnonzero(np.diff(connection, prepend=-1))
    begins = np.repeat(starts, np.diff(np.append(starts, len(told))))
    columns: dict[str, list[Rows]] = {"state": [], "packet": [], "second": [], "proof": []}
    for role in (0, 1):
        side = of.client[connection] ^ role
        end = 2 * connection + side
        last = np.maximum.accumulate(np.where(told["end"] == end, place, -1)) if len(told) else place
        there = last >= begins
        at = np.maximum(last, 0)
        for name, otherwise in (("state", state[end]), ("packet", 0), ("second", second[end]), ("proof", proof[end])):
            columns[name].append(np.where(there, told[name][at].astype(np.int64), otherwise))
    until = np.append(told["time"][1:], 0)
    final = np.append(connection[1:] != connection[:-1], True)[: len(told)]
    until = np.where(final, closed[connection], until[: len(told)])
    kept = (until > told["time"]) | final
    state_pair = (columns["state"][0][kept], columns["state"][1][kept])
    return Pairs(
        connection[kept],
        told["time"][kept],
        until[kept],
        state_pair,
        (columns["packet"][0][kept], columns["packet"][1][kept]),
        (columns["second"][0][kept] > 0, columns["second"][1][kept] > 0),
        (columns["proof"][0][kept], columns["proof"][1][kept]),
        _verdicts(state_pair),
    )


def _verdicts(states: tuple[Rows, Rows]) -> Rows:
    unknown = (states[0] == State.UNKNOWN) | (states[1] == State.UNKNOWN)
    gone = [np.isin(one, (State.CLOSED, State.LISTEN)) for one in states]
    waits = [np.isin(one, OPEN) for one in states]
    half = (gone[0] & waits[1]) | (gone[1] & waits[0])
    return np.select([unknown, half], [UNKNOWN, HALF_OPEN], AGREED)
