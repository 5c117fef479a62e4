"""A socket that is connected to itself: one address, one port, one endpoint, which gets whatever it sends.

A simultaneous open with itself (RFC 9293 figure 7) and a simultaneous close: of two endpoints, the second is the first.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, rare
from .machine import Event
from .sequence import after
from .tables import CLOSED_BY_RST, HANDSHAKE_ACKED, RESET_BY_0, SENT_ACK, SENT_FIN, SENT_SYN, SENT_SYN_ACK, SPOKE, World
from .transition import step


@rare
def weigh_own(w: World, number: int, segment: Any) -> None:
    """Step through the events of a segment that an endpoint has sent to itself."""
    e = 2 * number
    me, connection = w.endpoints[e], w.connections[number]
    flags, known = segment["flags"], i64(me["known"])
    if flags & RST != 0:
        if step(w, e, Event.SENT_RST, segment):
            known |= CLOSED_BY_RST
            connection["notes"] |= RESET_BY_0
    elif flags & (SYN | ACK) == SYN | ACK:
        known |= SENT_SYN_ACK
        step(w, e, Event.SENT_SYN_ACK, segment)
    elif flags & SYN != 0:
        known |= SENT_SYN
        step(w, e, Event.SENT_SYN, segment)
    elif flags & ACK != 0:
        connection["notes"] |= HANDSHAKE_ACKED
        step(w, e, Event.SENT_ACK, segment)
        if known & SENT_FIN != 0 and segment["ack"] == i64(me["next"]):
            step(w, e, Event.GOT_ACK_OF_FIN, segment)
        if flags & FIN != 0 and known & SENT_FIN == 0:
            step(w, e, Event.SENT_FIN, segment)
            step(w, e, Event.GOT_FIN, segment)
            known |= SENT_FIN
        if known & SENT_ACK == 0 or after(segment["ack"], i64(me["acked"])):
            me["acked"] = segment["ack"]
        known |= SENT_ACK | SPOKE
    # The second endpoint is the first: it knows the same. Its state follows in ``clock``.
    me["known"] = known
    w.endpoints[e + 1]["known"] = known
