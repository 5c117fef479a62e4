"""What nearly all segments are: the next of their sender in order, on an open connection, and the ACK of what it got.

Such a segment steps through no event, and what it changes is little. ``continues`` asks in one go what the modules
for all other segments ask one after the other: branches that nothing predicts take longer than all the rest. These
modules would come to the same result, which tests/tcp/test_order.py holds.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner
from .sequence import LOW_32, after, at_or_after
from .states import State
from .tables import (
    CELL_DETAILS,
    KNOWN_ASSUMED_NOW,
    KNOWN_BASE,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SPOKE,
    KNOWN_UNSEEN_TAIL,
    MORE_PREVIOUS,
    NOTE_DOUBTFUL,
    NOTE_GAVE_UP,
    World,
)
from .troubles import note_details
from .windows import edge_of

KNOWN = KNOWN_BASE | KNOWN_SENT_ACK
UNUSUAL = KNOWN_SENT_FIN | KNOWN_CLOSED_BY_RST | KNOWN_UNSEEN_TAIL
"""Bits of ``known`` that an endpoint has which sends the next segment in order, and those that it does not have."""


@inner
def continues(w: World, number: int, side: int, segment: Any) -> bool:
    """Return whether a segment is the next in order of endpoint ``side``, on an open connection, and acknowledges no
    more than the capture has.
    """
    connection, me, peer = w.connections[number], w.endpoints[2 * number + side], w.endpoints[2 * number + 1 - side]
    seq, ack = segment["seq"], segment["ack"]
    found = segment["flags"] & (SYN | FIN | RST | ACK) == ACK
    found &= (i64(me["state"]) == State.ESTABLISHED) & (i64(peer["state"]) == State.ESTABLISHED)
    found &= i64(me["known"]) & (KNOWN | UNUSUAL) == KNOWN
    found &= i64(peer["known"]) & (KNOWN_BASE | KNOWN_SENT_FIN | KNOWN_UNSEEN_TAIL) == KNOWN_BASE
    found &= (i64(me["next"]) == seq) & (i64(me["contiguous"]) == seq)
    found &= at_or_after(ack, i64(me["acked"]))
    found &= at_or_after(i64(peer["next"]), ack) & at_or_after(i64(peer["contiguous"]), ack)
    found &= (me["packets"] != 0) & (peer["packets"] != 0)
    found &= (connection["notes"] & (NOTE_DOUBTFUL | NOTE_GAVE_UP) == 0) & (connection["more"] & MORE_PREVIOUS == 0)
    # On virtual networks it may be the first on another. With equal ports it may be connected to itself.
    found &= (segment["network"] == 0) & (connection["port_0"] != connection["port_1"])
    return found


@inner
def go_on(w: World, number: int, side: int, segment: Any) -> None:
    """Follow a segment that ``continues``."""
    e = 2 * number + side
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    segment["endpoint"] = e
    time, length = segment["time"], i64(segment["length"])
    if w.cells[CELL_DETAILS] != 0:
        detail = w.details[e]
        if segment["window"] == 0 or detail["closed_since"] != 0:
            note_details(w, e, segment)
        if length > 0:
            detail["data"] = time
    me["next"] = me["contiguous"] = (segment["seq"] + length) & LOW_32
    me["acked"] = segment["ack"]
    edge, before = edge_of(e, segment, w.connections[number]), i64(me["edge"])
    # As ``offer`` has it, without a branch.
    me["edge"] = edge if after(edge, before) else before
    me["last"] = time
    me["packets"] += 1
    me["bytes"] += length
    # It spoke for itself, and answered its peer: see KNOWN_ASSUMED_NOW and KNOWN_TRIES_SHIFT.
    me["known"] = i64(me["known"]) & ~KNOWN_ASSUMED_NOW | KNOWN_SPOKE
    peer["known"] = i64(peer["known"]) & (KNOWN_ASSUMED_NOW - 1)
