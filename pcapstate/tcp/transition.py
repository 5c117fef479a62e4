"""The one place where a state is written, and the timer that ends TIME_WAIT.

Time comes from the capture; no clock is read.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import i64, inner, rare
from .lookup import is_own_peer
from .machine import EVENT_COUNT, NEVER_WEAK_EVENT, NEXT, ORIGIN_OF_EVENT, RESTORE, ROW, STAY, Event
from .sequence import LOW_32
from .states import State
from .tables import (
    CELL_CLOCK,
    CELL_DETAILS,
    CELL_DROPPED,
    CELL_RECORD,
    CELL_TIMERS,
    CELL_TRANSITIONS,
    CELL_TWO_MSL,
    CELL_WAITS,
    DOUBT_LOST,
    DOUBT_WEAK,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_UNSEEN_TAIL,
    NOTE_FIN_FILLED,
    NOTE_LOSSY,
    WAIT_CELLS,
    World,
)


@inner
def step(w: World, e: int, event: int, segment: Any) -> bool:
    """Apply an event of this segment to endpoint ``e``; return whether its state changed."""
    state = i64(w.endpoints[e]["state"])
    # Most events change nothing, and a call takes long.
    if state != State.UNKNOWN and i64(NEXT[state * EVENT_COUNT + event]) == STAY:
        return False
    return change(w, e, event, segment["time"], segment["number"])


@rare
def change(w: World, e: int, event: int, time: int, packet: int) -> bool:
    """Apply an event to endpoint ``e``: look it up in the table, write the state, record the transition."""
    me = w.endpoints[e]
    state = i64(me["state"])
    if state == State.UNKNOWN and ORIGIN_OF_EVENT[event] != State.UNKNOWN:
        state = i64(ORIGIN_OF_EVENT[event])
        me["state"] = state
    cell = state * EVENT_COUNT + event
    target = i64(NEXT[cell])
    if target == STAY:
        return False
    if target == RESTORE:
        target = i64(me["before"])
    if target == State.CLOSED or target == State.TIME_WAIT:
        me["before"] = state
    if target == State.TIME_WAIT:
        wait(w, e, time)
    elif state == State.TIME_WAIT:
        me["timer"] = 0
    me["state"] = target
    if is_own_peer(w, e >> 1):
        w.endpoints[e ^ 1]["state"] = target
    if w.cells[CELL_DETAILS] != 0:
        w.details[e]["since"] = time
        w.details[e]["packet"] = packet
        # What takes back an end of the connection is no handshake.
        if target == State.ESTABLISHED and w.details[e]["established"] <= w.details[e]["opening"]:
            w.details[e]["established"] = time
    if w.cells[CELL_RECORD] != 0:
        row = w.transitions[w.cells[CELL_TRANSITIONS]]
        w.cells[CELL_TRANSITIONS] += 1
        row["time"] = time
        row["packet"] = packet
        row["endpoint"] = e
        row["from"] = state
        row["to"] = target
        row["row"] = ROW[cell]
        row["doubt"] = doubt_of(w, e, event)
    return True


@inner
def doubt_of(w: World, e: int, event: int) -> int:
    """Return what makes a transition of endpoint ``e`` less certain than its event: WEAK, LOST."""
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    known = i64(me["known"])
    notes = w.connections[e >> 1]["notes"]
    doubt = DOUBT_LOST if notes & NOTE_LOSSY != 0 or has_older_packets(w, e, w.cells[CELL_DROPPED]) else 0
    if i64(NEVER_WEAK_EVENT[event]) != 0:
        return doubt
    handshake = (known | i64(peer["known"])) & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK)
    gap = known & KNOWN_UNSEEN_TAIL != 0 or i64(me["contiguous"]) != i64(me["next"])
    one_sided = me["packets"] == 0 or (peer["packets"] == 0 and not is_own_peer(w, e >> 1))
    if handshake == 0 or one_sided or gap or notes & NOTE_FIN_FILLED != 0:
        doubt |= DOUBT_WEAK
    return doubt


@rare
def has_older_packets(w: World, e: int, time: int) -> bool:
    """Return whether endpoint ``e`` or its peer sent a packet before a time."""
    first, other = w.endpoints[e]["first"], w.endpoints[e ^ 1]["first"]
    return 0 < first < time or 0 < other < time


@inner
def wait(w: World, e: int, time: int) -> None:
    """Start or restart the endpoint's 2 MSL timer."""
    deadline = time + (two_msl_of(w, e) if w.cells[CELL_WAITS] != 0 else w.cells[CELL_TWO_MSL])
    w.endpoints[e]["timer"] = deadline & LOW_32
    at = w.cells[CELL_TIMERS]
    w.cells[CELL_TIMERS] += 1
    # As long as time does not step back, each deadline is the latest so far, and stays where it is.
    while at > 0:
        above = (at - 1) >> 1
        if not earlier(deadline, e, w.timers[above]):
            break
        w.timers[at]["deadline"] = w.timers[above]["deadline"]
        w.timers[at]["endpoint"] = w.timers[above]["endpoint"]
        at = above
    w.timers[at]["deadline"] = deadline
    w.timers[at]["endpoint"] = e


@rare
def two_msl_of(w: World, e: int) -> int:
    """Return how many ns TIME_WAIT lasts on the host of endpoint ``e``."""
    connection, extra = w.connections[e >> 1], w.extras[e >> 1]
    high, low = extra["high_0"], connection["low_0"]
    if e & 1 == 1:
        high, low = extra["high_1"], connection["low_1"]
    for at in range(CELL_WAITS + 1, CELL_WAITS + 1 + WAIT_CELLS * w.cells[CELL_WAITS], WAIT_CELLS):
        if high & w.cells[at + 1] == w.cells[at] and low & w.cells[at + 3] == w.cells[at + 2]:
            return w.cells[at + 4]
    return w.cells[CELL_TWO_MSL]


@inner
def earlier(deadline: int, endpoint: int, timer: Any) -> bool:
    """Return whether a deadline is before that of a timer; of equal ones, that of the lower endpoint."""
    return deadline < timer["deadline"] or (deadline == timer["deadline"] and endpoint < timer["endpoint"])


@rare
def drop_first(w: World) -> None:
    """Take the earliest timer out of the heap."""
    w.cells[CELL_TIMERS] -= 1
    count = w.cells[CELL_TIMERS]
    deadline, endpoint = w.timers[count]["deadline"], w.timers[count]["endpoint"]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        if below + 1 < count:
            if earlier(w.timers[below + 1]["deadline"], w.timers[below + 1]["endpoint"], w.timers[below]):
                below += 1
        if not earlier(w.timers[below]["deadline"], w.timers[below]["endpoint"], w.timers[count]):
            break
        w.timers[at]["deadline"] = w.timers[below]["deadline"]
        w.timers[at]["endpoint"] = w.timers[below]["endpoint"]
        at = below
    w.timers[at]["deadline"] = deadline
    w.timers[at]["endpoint"] = endpoint


@inner
def is_due(w: World) -> bool:
    """Return whether a timer is due."""
    return w.cells[CELL_TIMERS] > 0 and w.timers[0]["deadline"] <= w.cells[CELL_CLOCK]


@rare
def expire(w: World, room: int) -> bool:
    """End the TIME_WAITs whose 2 MSL have passed; return whether ``transitions`` had ``room`` for each."""
    while w.cells[CELL_TIMERS] > 0:
        deadline = w.timers[0]["deadline"]
        if deadline > w.cells[CELL_CLOCK]:
            return True
        if w.cells[CELL_RECORD] != 0 and len(w.transitions) - w.cells[CELL_TRANSITIONS] < room:
            return False
        e = w.timers[0]["endpoint"]
        drop_first(w)
        # A restarted timer has a later deadline further down.
        if i64(w.endpoints[e]["timer"]) == deadline & LOW_32:
            change(w, e, Event.TIME_WAIT_OVER, deadline, 0)
    return True
