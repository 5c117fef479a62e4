"""How a connection opens: SYN, SYN-ACK, and the acknowledgment that completes the handshake.

As in ``tracker``, ``e`` is the endpoint that sent the segment and ``p`` its peer.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import FIN
from ..kernels.source import i64, inner, rare
from .machine import Event
from .sequence import LOW_32, after, at_or_after, in_range
from .states import State
from .tables import (
    KNOWN_ASSUMED_NOW,
    KNOWN_BASE,
    KNOWN_CLOSED_BY_RST,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    NOTE_ACK_DROPPED,
    NOTE_ACKS_DROPPED,
    NOTE_ANSWERED_TWICE,
    NOTE_CLIENT_GUESSED,
    NOTE_CLIENT_IS_1,
    NOTE_FAST_OPEN,
    NOTE_GAVE_UP,
    NOTE_HANDSHAKE_ACKED,
    NOTE_LOSSY,
    NOTE_REFUSED,
    NOTE_RESET_BY_0,
    NOTE_RESET_BY_1,
    NOTE_SCALE,
    NOTE_SCALE_0,
    NOTE_SCALE_1,
    NOTE_SENT_AFTER_RST,
    NOTE_UNREACHABLE,
    PLACE_AGAIN,
    PLACE_AGAIN_AT_ONCE,
    World,
)
from .transition import step
from .windows import note_scale, offer


@inner
def set_client(e: int, connection: Any) -> None:
    """Note that the handshake shows endpoint ``e`` to be the client."""
    notes = connection["notes"] & ~(NOTE_CLIENT_GUESSED | NOTE_CLIENT_IS_1)
    connection["notes"] = notes | NOTE_CLIENT_IS_1 if e & 1 == 1 else notes


@inner
def covers_syn(ack: int, peer: Any) -> bool:
    """Tell whether an acknowledgment number covers the peer's SYN and nothing it has not sent."""
    return in_range(ack, (i64(peer["base"]) + 1) & LOW_32, i64(peer["next"]))


@rare
def syn(w: World, e: int, p: int, place: int, segment: Any, connection: Any) -> None:
    """Weigh a SYN: it proves SYN_SENT of its sender and nothing of its target."""
    me = w.endpoints[e]
    known = i64(me["known"])
    # A late copy of the SYN does not reopen a connection that is in use, unless its peer answers it as a new SYN.
    if known & (KNOWN_SPOKE | KNOWN_SENT_ACK) != 0 and i64(me["state"]) != State.UNKNOWN:
        if known & i64(w.endpoints[p]["known"]) & KNOWN_CLOSED_BY_RST != 0:
            connection["notes"] |= NOTE_SENT_AFTER_RST
        return
    if known & KNOWN_SENT_SYN == 0:
        known |= KNOWN_SENT_SYN
        me["known"] = known
        note_scale(w, e, i64(w.endpoints[p]["known"]) & KNOWN_SENT_SYN, segment)
        if i64(w.endpoints[p]["known"]) & KNOWN_SENT_SYN == 0:
            set_client(e, connection)
    if connection["notes"] & (NOTE_UNREACHABLE | NOTE_REFUSED | NOTE_GAVE_UP) != 0 or place == PLACE_AGAIN:
        # The attempt goes on: what seemed to end or answer it did not.
        if step(w, e, Event.SENT_SYN_AGAIN, segment):
            connection["notes"] &= ~(NOTE_UNREACHABLE | NOTE_REFUSED | NOTE_GAVE_UP)
            me["known"] = known & ~KNOWN_CLOSED_BY_RST
    elif step(w, e, Event.SENT_SYN, segment):
        connection["notes"] &= ~(NOTE_RESET_BY_0 | NOTE_RESET_BY_1)


@rare
def syn_ack(w: World, e: int, p: int, place: int, segment: Any, connection: Any) -> None:
    """Weigh a SYN-ACK: a listener's answer, or half of a simultaneous open."""
    me, peer = w.endpoints[e], w.endpoints[p]
    known, others = i64(me["known"]), i64(peer["known"])
    seq, ack = segment["seq"], segment["ack"]
    if others & KNOWN_SENT_SYN != 0 and not covers_syn(ack, peer):
        return  # it answers the SYN of another connection
    if known & KNOWN_SENT_SYN != 0 and (
        seq != i64(me["base"]) or others & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK) == KNOWN_SENT_SYN_ACK
    ):
        return  # a client answers a SYN-ACK with an ACK, so this one is a stray
    if (
        i64(me["state"]) >= State.ESTABLISHED
        and seq != i64(me["base"])
        and known & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK) != 0
    ):
        return  # its peer challenges it (RFC 5961 §4)
    if known & KNOWN_SENT_SYN_ACK != 0 and seq == i64(me["base"]):
        # A second SYN, perhaps a duplicate, is answered by a second SYN-ACK at once: no contradiction.
        if place != PLACE_AGAIN_AT_ONCE:
            syn_ack_again(w, e, segment, connection)
        return
    refused = connection["notes"] & NOTE_REFUSED != 0 and known & KNOWN_SENT_SYN_ACK == 0
    if i64(me["state"]) == State.CLOSED and i64(peer["state"]) != State.SYN_SENT and not refused:
        if connection["notes"] & NOTE_SENT_AFTER_RST == 0 or ack != (i64(peer["base"]) + 1) & LOW_32:
            return
        # A device restarted with the same initial sequence number; its peer answers it as any new SYN.
        begin_anew(w, e, p, segment, connection)
        known, others = i64(me["known"]), i64(peer["known"])
    if known & KNOWN_SENT_SYN == 0:
        # A listener whose first request was reset starts over, with a new initial sequence number.
        if known & KNOWN_SENT_SYN_ACK != 0 and i64(me["state"]) == State.SYN_RECEIVED:
            connection["notes"] |= NOTE_ANSWERED_TWICE
            w.extras[e >> 1]["earlier_base"] = me["base"]
        me["base"] = seq
        me["next"] = me["contiguous"] = (seq + 1 + segment["length"]) & LOW_32
        if others & KNOWN_SENT_SYN == 0:
            set_client(p, connection)
    me["known"] = (known | KNOWN_SENT_SYN_ACK | KNOWN_SENT_ACK) & ~KNOWN_CLOSED_BY_RST
    me["acked"] = ack
    note_scale(w, e, others & KNOWN_SENT_SYN, segment)
    offer(me, e, True, segment, connection)
    if others & KNOWN_SENT_SYN != 0 and after(ack, (i64(peer["base"]) + 1) & LOW_32):
        connection["notes"] |= NOTE_FAST_OPEN
    step(w, e, Event.SENT_SYN_ACK, segment)
    if others & KNOWN_SENT_SYN_ACK != 0:
        connection["notes"] |= NOTE_HANDSHAKE_ACKED
        # Simultaneous open: two SYN-ACKs have crossed.
        step(w, p, Event.GOT_SYN_ACK, segment)
        step(w, e, Event.GOT_SYN_ACK, segment)


@rare
def syn_ack_again(w: World, e: int, segment: Any, connection: Any) -> None:
    """Weigh a retransmitted SYN-ACK: the ACK or RST that answered it did not arrive."""
    me = w.endpoints[e]
    known = i64(me["known"])
    if known & KNOWN_CLOSED_BY_RST != 0:
        me["known"] = known & ~KNOWN_CLOSED_BY_RST
        connection["notes"] &= ~(NOTE_RESET_BY_0 | NOTE_RESET_BY_1)
        step(w, e, Event.STILL_SENDS, segment)
    elif known & KNOWN_SPOKE == 0 and step(w, e, Event.SENT_SYN_ACK_AGAIN, segment):
        notes = connection["notes"]
        connection["notes"] = notes | (NOTE_ACK_DROPPED if notes & NOTE_ACK_DROPPED == 0 else NOTE_ACKS_DROPPED)


@rare
def begin_anew(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Restart a connection that a RST ended: its client sent the same SYN, and ``e`` answers it as a new one.

    It stays the same stream, as in Wireshark, since the client's initial sequence number is the same.
    """
    me, peer = w.endpoints[e], w.endpoints[p]
    me["known"] = KNOWN_BASE
    peer["known"] = KNOWN_BASE | KNOWN_SENT_SYN
    me["first"] = peer["first"] = segment["time"]
    peer["next"] = peer["contiguous"] = (i64(peer["base"]) + 1) & LOW_32
    connection["notes"] &= NOTE_CLIENT_IS_1 | NOTE_SCALE << NOTE_SCALE_0 | NOTE_SCALE << NOTE_SCALE_1 | NOTE_LOSSY
    step(w, p, Event.SENT_SAME_SYN, segment)


@inner
def opens(w: World, e: int, p: int, segment: Any, connection: Any) -> bool:
    """Weigh a segment with ACK as part of the handshake; return whether it belongs to this connection."""
    me, peer = w.endpoints[e], w.endpoints[p]
    ack = segment["ack"]
    known, others = i64(me["known"]), i64(peer["known"])
    mine, theirs = i64(me["state"]), i64(peer["state"])
    bare = segment["length"] == 0 and segment["flags"] & FIN == 0
    if theirs == State.SYN_RECEIVED and connection["notes"] & NOTE_ANSWERED_TWICE != 0:
        earlier = i64(w.extras[p >> 1]["earlier_base"])
        if ack == (earlier + 1) & LOW_32:
            # The client accepted the first of two SYN-ACKs; it challenges the second (RFC 5961 §4).
            peer["base"] = earlier
            peer["next"] = peer["contiguous"] = ack
    if theirs == State.SYN_RECEIVED and bare and not covers_syn(ack, peer):
        return False  # it draws a RST and changes nothing (RFC 9293 §3.10.7.4)
    if mine == State.SYN_RECEIVED and theirs == State.SYN_SENT and bare and ack == (i64(peer["base"]) + 1) & LOW_32:
        return False  # its answer to a SYN that comes again (RFC 9293 §3.10.7.4, RFC 5961 §4) opens nothing
    if (known | others) & KNOWN_SENT_FIN != 0 and (mine == State.UNKNOWN or theirs == State.UNKNOWN):
        return True  # a gap hides which end closed first; neither end is open any more
    if mine == State.UNKNOWN:
        if others & KNOWN_SENT_SYN != 0:
            # No SYN-ACK in the capture. An ACK that does not cover the SYN is about an older connection.
            if not covers_syn(ack, peer):
                return False
            step(w, e, Event.MISSED_SYN_ACK, segment)
        step(w, e, Event.SENT_ACK, segment)
    elif mine == State.SYN_SENT:
        next_one = in_range(segment["seq"], (i64(me["base"]) + 1) & LOW_32, i64(me["contiguous"]))
        data = segment["length"] > 0 and segment["seq"] != i64(me["base"])
        if others & KNOWN_SENT_SYN_ACK == 0 and not next_one and not data:
            return False  # its SYN is unanswered, and this is not the next segment
        if others & KNOWN_SENT_SYN_ACK != 0:
            if not at_or_after(ack, (i64(peer["base"]) + 1) & LOW_32):
                return False
        elif others & KNOWN_SENT_SYN != 0:
            # Simultaneous open: it acknowledges a SYN, so it has sent its SYN-ACK.
            step(w, e, Event.MISSED_SYN_ACK, segment)
        step(w, e, Event.SENT_ACK, segment)
    elif mine == State.SYN_RECEIVED and connection["notes"] & NOTE_FAST_OPEN == 0:
        # A bare ACK of the SYN alone may be a challenge ACK, which a server sends in SYN_RECEIVED too.
        more = not bare or ack != (i64(peer["base"]) + 1) & LOW_32
        if (known & KNOWN_SENT_SYN == 0 and more) or (known & KNOWN_SENT_SYN != 0 and segment["flags"] & FIN == 0):
            step(w, e, Event.SENT_ACK, segment)

    if theirs == State.UNKNOWN:
        if known & KNOWN_SENT_SYN != 0:
            step(w, p, Event.MISSED_SYN_ACK, segment)
        else:
            step(w, p, Event.GOT_ACK, segment)
    elif theirs == State.SYN_SENT and connection["notes"] & NOTE_FAST_OPEN == 0:
        step(w, p, Event.MISSED_ACK_OF_SYN_ACK, segment)
    if i64(peer["state"]) == State.SYN_RECEIVED:
        connection["notes"] |= NOTE_HANDSHAKE_ACKED
        if connection["notes"] & NOTE_ACKS_DROPPED == 0 and step(w, p, Event.GOT_ACK_OF_SYN, segment):
            peer["known"] = i64(peer["known"]) & ~KNOWN_SPOKE | KNOWN_ASSUMED_NOW
    return True
