"""Attempts that were given up: a retransmission was due and did not come; no packet shows it.

No timer runs for them, since nearly all attempts succeed: the table is searched when it is read.
"""

from __future__ import annotations

from ..kernels.source import entry, i64, inner
from .machine import Event
from .states import State
from .tables import (
    CELL_CLOCK,
    CELL_CONNECTIONS,
    CELL_RECORD,
    CELL_TRANSITIONS,
    KNOWN_CLOSED_BY_RST,
    KNOWN_TRIES_SHIFT,
    NOTE_FAST_OPEN,
    NOTE_GAVE_UP,
    World,
)
from .transition import change

HALF_FIRST_RTO = 500_000_000
"""Nanoseconds: half the first timeout of RFC 6298, used until a segment is retransmitted."""
RTO_LATENESS = 700_000_000
"""Nanoseconds by which a retransmission may be late."""
LONGEST_ATTEMPT = 127_000_000_000
"""Nanoseconds after which Linux gives up a SYN by default; Windows does after 21 s, BSD after 75 s."""
FIN_SENT_AGAIN_WITHIN = 3_000_000_000
"""Nanoseconds within which an unacknowledged FIN would have been retransmitted."""


@entry(int, World)
def give_up(first: int, w: World) -> int:
    """End, from endpoint ``first`` on, the attempts that were given up by ``cells[CELL_CLOCK]``.

    Return the endpoint to go on from, where ``transitions`` is full before, or how many endpoints there are.
    """
    endpoints, cells = w.endpoints, w.cells
    count = 2 * cells[CELL_CONNECTIONS]
    for e in range(first, count):
        state = i64(endpoints[e]["state"])
        if state < State.SYN_SENT or state == State.ESTABLISHED or state == State.TIME_WAIT:
            continue
        event, due = end_of_attempt(w, e, state)
        if due < 0 or due > cells[CELL_CLOCK]:
            continue
        if cells[CELL_RECORD] != 0 and cells[CELL_TRANSITIONS] == len(w.transitions):
            return e
        if change(w, e, event, due, 0):
            if event == Event.GAVE_UP:
                endpoints[e]["known"] = i64(endpoints[e]["known"]) | KNOWN_CLOSED_BY_RST
                w.connections[e >> 1]["notes"] |= NOTE_GAVE_UP
    return count


@inner
def state_by_now(w: World, e: int) -> int:
    """Return the state that endpoint ``e`` has once ``give_up`` has ended what was given up by now."""
    state = i64(w.endpoints[e]["state"])
    if state < State.SYN_SENT or state == State.ESTABLISHED or state == State.TIME_WAIT:
        return state
    _, due = end_of_attempt(w, e, state)
    return state if due < 0 or due > w.cells[CELL_CLOCK] else i64(State.CLOSED)


@inner
def end_of_attempt(w: World, e: int, state: int) -> tuple[int, int]:
    """Return the event that ends the attempt of endpoint ``e`` if nothing more comes, and its time (-1: never)."""
    me, answers = w.endpoints[e], w.endpoints[e ^ 1]["packets"]
    again = i64(me["timer"]) * 1_000
    due = me["last"] + 2 * max(again, HALF_FIRST_RTO) + RTO_LATENESS
    if state == State.SYN_SENT or state == State.SYN_RECEIVED:
        if w.connections[e >> 1]["notes"] & NOTE_FAST_OPEN != 0 or me["packets"] == 0:
            return Event.GAVE_UP, -1
        if state == State.SYN_RECEIVED and again == 0 and answers == 0:
            return Event.GAVE_UP, -1  # it may have been answered, in the direction that is not captured
        return Event.GAVE_UP, max(me["last"], min(due, me["first"] + LONGEST_ATTEMPT + RTO_LATENESS))
    if state == State.FIN_WAIT_1 or state == State.CLOSING or state == State.LAST_ACK:
        # If its peer is not captured, nothing shows whether it was answered, or which end closed second.
        if answers == 0:
            return Event.GAVE_UP, -1
        if i64(me["known"]) >> KNOWN_TRIES_SHIFT != 0 and again != 0:
            return Event.GAVE_UP, due
        if state == State.LAST_ACK and me["packets"] != 0:
            return Event.SILENT_AFTER_FIN, me["last"] + FIN_SENT_AGAIN_WITHIN
    return Event.GAVE_UP, -1
