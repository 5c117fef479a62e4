"""What a RST tells, or a new connection on the same 4-tuple, and what takes that back.

As in ``evidence``, ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.contracts import ACK
from ..kernel import i64, inner, rare
from .clock import step
from .contracts import (
    ACK_DROPPED,
    AGAIN,
    ASSUMED_NOW,
    CLOSED_BY_RST,
    DETAILS,
    REFUSED,
    RESET_BY_0,
    RESET_BY_1,
    SENT_ACK,
    SENT_FIN,
    SENT_SYN,
    SENT_SYN_ACK,
    SPOKE,
    SUPERSEDED,
    UNREACHABLE,
    World,
)
from .counting import FAR
from .handshake import covers_syn
from .machine import Event
from .sequence import MASK, after, in_range
from .states import State
from .troubles import note_cut


@rare
def reset(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Weigh a RST: a refusal, an end, an answer to what has no connection, or a stray."""
    me, peer = w.endpoints[e], w.endpoints[p]
    known, theirs = i64(me["known"]), i64(peer["state"])
    if theirs == State.SYN_SENT and known & SENT_SYN_ACK == 0:
        # Only a RST that acknowledges the SYN answers it (RFC 9293 §3.10.7.3).
        if segment["flags"] & ACK != 0 and covers_syn(segment["ack"], peer):
            connection["notes"] |= REFUSED
            step(w, p, Event.GOT_RST_TO_SYN, segment)
            step(w, e, Event.SENT_REFUSAL, segment)
        return
    bare = segment["flags"] & ACK == 0
    if i64(me["state"]) == State.UNKNOWN and theirs == State.UNKNOWN and bare:
        return  # out of the blue, without ACK: an answer to something, or a stray
    if not acceptable(me, peer, segment["seq"]):
        if not behind_a_gap(me, peer, segment):
            return  # a stray RST changes nothing
        # Its numbers tell that data went both ways, which the capture does not have.
        step(w, e, Event.SENT_ACK, segment)
        step(w, p, Event.MISSED_ACK_OF_SYN_ACK, segment)
    # Without ACK it answers a segment (RFC 9293 §3.5.2); one that ends a connection on purpose carries ACK.
    unsure = known & ASSUMED_NOW != 0 or (connection["notes"] & ACK_DROPPED != 0 and known & SPOKE == 0)
    event = Event.SENT_RST_IN_ANSWER if bare and unsure else Event.SENT_RST
    ended = False
    if step(w, e, event, segment):
        me["known"] = known & ~ASSUMED_NOW | CLOSED_BY_RST
        ended = True
    if (theirs != State.UNKNOWN or known & SENT_SYN == 0) and step(w, p, Event.GOT_RST, segment):
        peer["known"] = i64(peer["known"]) | CLOSED_BY_RST
        ended = True
    if ended:
        connection["notes"] |= RESET_BY_1 if e & 1 == 1 else RESET_BY_0
        if w.memory[DETAILS] != 0:
            note_cut(w, e, p, segment)


@inner
def behind_a_gap(me: Any, peer: Any, segment: Any) -> bool:
    """Tell whether a RST is out of the window only because the capture has nothing but SYN, FIN and RST."""
    return (
        segment["flags"] & ACK != 0
        and (i64(me["known"]) | i64(peer["known"])) & SPOKE == 0
        and ((segment["seq"] - i64(me["next"])) & MASK) < FAR
        and ((segment["ack"] - i64(peer["next"])) & MASK) < FAR
    )


@inner
def acceptable(me: Any, peer: Any, seq: int) -> bool:
    """Tell whether a RST from ``me`` can be the one that its peer accepts (RFC 9293 §3.10.7.4, RFC 5961 §3.2)."""
    mine, theirs = i64(me["state"]), i64(peer["state"])
    first = (i64(me["base"]) + 1) & MASK
    high = i64(me["next"])
    if mine == State.UNKNOWN or (theirs == State.UNKNOWN and mine != State.SYN_SENT):
        return True
    if mine == State.SYN_SENT:
        # In SYN_SENT a RST with another number answers a stray segment; the SYN stands.
        return seq in (high, first)
    # The peer's RCV.NXT lies between what it has acknowledged and what was sent to it.
    low = i64(peer["acked"]) if i64(peer["known"]) & SENT_ACK != 0 else first
    if after(low, high):
        high = low
    if in_range(seq, low, high):
        return True
    # Behind a FIN, real stacks also take the FIN's own number.
    closing = theirs == State.CLOSE_WAIT or theirs == State.LAST_ACK or theirs == State.CLOSING
    return closing and i64(me["known"]) & SENT_FIN != 0 and seq == (low - 1) & MASK


@inner
def still_there(w: World, e: int, what: int, segment: Any, connection: Any) -> bool:
    """Take back a RST that its receiver, or alleged sender, has outlived; tell whether the segment is to be weighed."""
    me = w.endpoints[e]
    known = i64(me["known"])
    if i64(me["state"]) != State.CLOSED or known & CLOSED_BY_RST == 0:
        return True
    if connection["notes"] & (RESET_BY_1 if e & 1 == 1 else RESET_BY_0) != 0:
        # Copies of what it sent before its own RST are no sign of life.
        if what >= AGAIN or (segment["length"] == 0 and not after(segment["ack"], i64(me["acked"]))):
            return False
    me["known"] = known & ~CLOSED_BY_RST
    connection["notes"] &= ~(RESET_BY_0 | RESET_BY_1 | SUPERSEDED | UNREACHABLE)
    step(w, e, Event.STILL_SENDS, segment)
    return True


@rare
def supersede(w: World, number: int, side: int, event: int, segment: Any) -> None:
    """Let an endpoint end its connection because its 4-tuple is used anew."""
    me = w.endpoints[2 * number + side]
    before = i64(me["state"])
    if step(w, 2 * number + side, event, segment) and before != State.TIME_WAIT:
        me["known"] = i64(me["known"]) | CLOSED_BY_RST
        w.connections[number]["notes"] |= SUPERSEDED
