"""A socket that is connected to itself: one address, one port, one endpoint, which receives all that it sends.

A simultaneous open with itself (RFC 9293 figure 7) and a simultaneous close: of two endpoints, the second is the first.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, rare
from .machine import Event
from .sequence import after
from .tables import (
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    NOTE_HANDSHAKE_ACKED,
    NOTE_RESET_BY_0,
    World,
)
from .transition import step


@rare
def weigh_own(w: World, number: int, segment: Any) -> None:
    """Step through the events of a segment that an endpoint sent to itself."""
    e = 2 * number
    me, connection = w.endpoints[e], w.connections[number]
    flags, known = segment["flags"], i64(me["known"])
    if flags & RST != 0:
        if step(w, e, Event.SENT_RST, segment):
            known |= KNOWN_CLOSED_BY_RST
            connection["notes"] |= NOTE_RESET_BY_0
    elif flags & (SYN | ACK) == SYN | ACK:
        known |= KNOWN_SENT_SYN_ACK
        step(w, e, Event.SENT_SYN_ACK, segment)
    elif flags & SYN != 0:
        known |= KNOWN_SENT_SYN
        step(w, e, Event.SENT_SYN, segment)
    elif flags & ACK != 0:
        connection["notes"] |= NOTE_HANDSHAKE_ACKED
        step(w, e, Event.SENT_ACK, segment)
        if known & KNOWN_SENT_FIN != 0 and segment["ack"] == i64(me["next"]):
            step(w, e, Event.GOT_ACK_OF_FIN, segment)
        if flags & FIN != 0 and known & KNOWN_SENT_FIN == 0:
            step(w, e, Event.SENT_FIN, segment)
            step(w, e, Event.GOT_FIN, segment)
            known |= KNOWN_SENT_FIN
        if known & KNOWN_SENT_ACK == 0 or after(segment["ack"], i64(me["acked"])):
            me["acked"] = segment["ack"]
        known |= KNOWN_SENT_ACK | KNOWN_SPOKE
    # The second endpoint is the first: it knows the same. ``transition`` copies its state.
    me["known"] = known
    w.endpoints[e + 1]["known"] = known
