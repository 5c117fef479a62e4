"""What a segment tells of both endpoints: its events, derived from flags and sequence numbers.

Throughout, ``e`` is the endpoint that sent the segment and ``p`` its peer. The rules are explained in
docs/inference.md; the state that follows an event is looked up in the table of ``machine``.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .fin import acknowledges_and_closes
from .handshake import opens, syn, syn_ack
from .machine import Event
from .rst import reset, still_there
from .tables import (
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_FIN,
    NOTE_DOUBTFUL,
    NOTE_GAVE_UP,
    PLACE_BEHIND_FIN,
    PLACE_STRAY,
    World,
)
from .transition import step


@inner
def weigh(w: World, number: int, side: int, place: int, segment: Any) -> None:
    """Step through the events of a segment that endpoint ``side`` of connection ``number`` sent.

    ``place``: what the segment is to those before it, as ``counting`` found.
    """
    e, p = 2 * number + side, 2 * number + 1 - side
    flags = segment["flags"]
    connection = w.connections[number]
    if connection["notes"] & NOTE_DOUBTFUL != 0:
        if flags & RST != 0 or (flags & SYN == 0 and segment["length"] == 0):
            if flags & FIN != 0:
                # It closed, whatever else may have been before.
                w.endpoints[e]["known"] = i64(w.endpoints[e]["known"]) | KNOWN_SENT_FIN
            return
        connection["notes"] &= ~NOTE_DOUBTFUL
    if connection["notes"] & NOTE_GAVE_UP != 0:
        goes_on(w, e, p, segment, connection)
    if place == PLACE_STRAY:
        return  # its receiver drops it, and who sent it is not known for sure
    if place == PLACE_BEHIND_FIN:
        step(w, e, Event.SENT_MORE_THAN_FIN, segment)
        step(w, p, Event.GOT_MORE_THAN_FIN, segment)
    if flags & RST != 0:
        reset(w, e, p, segment, connection)
    elif flags & (SYN | ACK) == SYN | ACK:
        syn_ack(w, e, p, place, segment, connection)
    elif flags & SYN != 0:
        syn(w, e, p, place, segment, connection)
    elif flags & ACK != 0:
        if not still_there(w, e, place, segment, connection):
            return
        if not opens(w, e, p, segment, connection):
            return
        acknowledges_and_closes(w, e, p, place, segment, connection)
    # A segment with none of the three is valid in no state (RFC 9293 §3.10.7.4): a scan, and no evidence.


@rare
def goes_on(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Take back that endpoints gave up: the connection goes on, so nothing hangs on whether somebody looked before."""
    connection["notes"] &= ~NOTE_GAVE_UP
    for one, event in ((e, Event.STILL_SENDS), (p, Event.GOT_MORE_AFTER_ALL)):
        known = i64(w.endpoints[one]["known"])
        if known & KNOWN_CLOSED_BY_RST != 0 and step(w, one, event, segment):
            w.endpoints[one]["known"] = known & ~KNOWN_CLOSED_BY_RST
