"""What a segment tells of both endpoints: its events, derived from flags and sequence numbers.

Throughout, ``e`` is the endpoint that sent the segment and ``p`` its peer. The rules are explained in
docs/inference.md; the state that follows an event is looked up in the table of ``machine``.
"""

from __future__ import annotations

from typing import Any

from ..decode.contracts import ACK, FIN, RST, SYN
from ..kernel import i64, inner, rare
from .clock import step, wait
from .contracts import (
    ACK_DROPPED,
    ACKS_DROPPED,
    AGAIN,
    AGAIN_AT_ONCE,
    ANSWERED_TWICE,
    ASSUMED_NOW,
    CLIENT_GUESSED,
    CLIENT_IS_1,
    CLOSED_BY_RST,
    DETAILS,
    DOUBTFUL,
    FAST_OPEN,
    FILLED,
    FRESH,
    HANDSHAKE_ACKED,
    NO_GUESS,
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
    UNSEEN_TAIL,
    World,
)
from .counting import FAR
from .machine import Event
from .sequence import MASK, after, at_or_after, in_range
from .states import State
from .troubles import note_arrived, note_cut


@inner
def weigh(w: World, number: int, side: int, what: int, segment: Any) -> None:
    """Step through the events of a segment that endpoint ``side`` of connection ``number`` sent.

    ``what``: what the segment is to those before it, as ``counting`` found.
    """
    e, p = 2 * number + side, 2 * number + 1 - side
    flags = segment["flags"]
    connection = w.connections[number]
    if connection["notes"] & DOUBTFUL != 0:
        if flags & RST != 0 or (flags & SYN == 0 and segment["length"] == 0):
            if flags & FIN != 0:
                # It closed, whatever else may have been before.
                w.endpoints[e]["known"] = i64(w.endpoints[e]["known"]) | SENT_FIN
            return
        connection["notes"] &= ~DOUBTFUL
    if flags & RST != 0:
        reset(w, e, p, segment, connection)
    elif flags & (SYN | ACK) == SYN | ACK:
        syn_ack(w, e, p, what, segment, connection)
    elif flags & SYN != 0:
        syn(w, e, p, segment, connection)
    elif flags & ACK != 0:
        if not still_there(w, e, what, segment, connection):
            return
        if not opens(w, e, p, segment, connection):
            return
        acknowledges_and_closes(w, e, p, what, segment, connection)
    # A segment with none of the three is valid in no state (RFC 9293 §3.10.7.4): a scan, and no evidence.


@inner
def set_client(e: int, connection: Any) -> None:
    """Note that endpoint ``e`` is the client, now that the handshake tells."""
    notes = connection["notes"] & ~(CLIENT_GUESSED | CLIENT_IS_1)
    connection["notes"] = notes | CLIENT_IS_1 if e & 1 == 1 else notes


@inner
def covers_syn(ack: int, peer: Any) -> bool:
    """Tell whether an acknowledgment number covers the peer's SYN and nothing it has not sent."""
    return in_range(ack, (i64(peer["base"]) + 1) & MASK, i64(peer["next"]))


@rare
def syn(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Weigh a SYN: it proves SYN_SENT of its sender and nothing of its target."""
    me = w.endpoints[e]
    known = i64(me["known"])
    # A late copy of the SYN does not open anew what has talked since.
    if i64(me["state"]) == State.CLOSED and known & (SPOKE | SENT_ACK) != 0:
        return
    if known & SENT_SYN == 0:
        me["known"] = known | SENT_SYN
        if i64(w.endpoints[p]["known"]) & SENT_SYN == 0:
            set_client(e, connection)
    if connection["notes"] & UNREACHABLE != 0:
        connection["notes"] &= ~UNREACHABLE
        me["known"] = i64(me["known"]) & ~CLOSED_BY_RST
        step(w, e, Event.SENT_SYN_AGAIN, segment)
    elif step(w, e, Event.SENT_SYN, segment):
        connection["notes"] &= ~REFUSED


@rare
def syn_ack(w: World, e: int, p: int, what: int, segment: Any, connection: Any) -> None:
    """Weigh a SYN-ACK: a listener's answer, or half of a simultaneous open."""
    me, peer = w.endpoints[e], w.endpoints[p]
    known, others = i64(me["known"]), i64(peer["known"])
    seq, ack = segment["seq"], segment["ack"]
    if others & SENT_SYN != 0 and not covers_syn(ack, peer):
        return  # it answers another SYN than the one of this connection
    if known & SENT_SYN_ACK != 0 and seq == i64(me["base"]):
        # A second SYN, perhaps a copy of the first, draws a second SYN-ACK at once: that contradicts nothing.
        if what != AGAIN_AT_ONCE:
            syn_ack_again(w, e, segment, connection)
        return
    if i64(me["state"]) == State.CLOSED and i64(peer["state"]) != State.SYN_SENT:
        return
    if known & SENT_SYN == 0:
        # A listener whose first request was reset begins again, with a new initial sequence number.
        if known & SENT_SYN_ACK != 0 and i64(me["state"]) == State.SYN_RECEIVED:
            connection["notes"] |= ANSWERED_TWICE
            w.seldom[e]["island"] = me["base"]
        me["base"] = seq
        me["next"] = me["contiguous"] = (seq + 1 + segment["length"]) & MASK
        if others & SENT_SYN == 0:
            set_client(p, connection)
    me["known"] = (known | SENT_SYN_ACK | SENT_ACK) & ~CLOSED_BY_RST
    me["acked"] = ack
    if others & SENT_SYN != 0 and after(ack, (i64(peer["base"]) + 1) & MASK):
        connection["notes"] |= FAST_OPEN
    step(w, e, Event.SENT_SYN_ACK, segment)
    if others & SENT_SYN_ACK != 0:
        connection["notes"] |= HANDSHAKE_ACKED
        # Simultaneous open: two SYN-ACKs have crossed.
        step(w, p, Event.GOT_SYN_ACK, segment)
        step(w, e, Event.GOT_SYN_ACK, segment)


@rare
def syn_ack_again(w: World, e: int, segment: Any, connection: Any) -> None:
    """Weigh a repeated SYN-ACK: the ACK, or the RST, that was sent to its sender did not arrive."""
    me = w.endpoints[e]
    known = i64(me["known"])
    if known & CLOSED_BY_RST != 0:
        me["known"] = known & ~CLOSED_BY_RST
        connection["notes"] &= ~(RESET_BY_0 | RESET_BY_1)
        step(w, e, Event.STILL_SENDS, segment)
    elif known & SPOKE == 0 and step(w, e, Event.SENT_SYN_ACK_AGAIN, segment):
        notes = connection["notes"]
        connection["notes"] = notes | (ACK_DROPPED if notes & ACK_DROPPED == 0 else ACKS_DROPPED)


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
def give_way(w: World, number: int, side: int, event: int, segment: Any) -> None:
    """Let an endpoint end its connection because its 4-tuple is used anew."""
    me = w.endpoints[2 * number + side]
    before = i64(me["state"])
    if step(w, 2 * number + side, event, segment) and before != State.TIME_WAIT:
        me["known"] = i64(me["known"]) | CLOSED_BY_RST
        w.connections[number]["notes"] |= SUPERSEDED


@inner
def opens(w: World, e: int, p: int, segment: Any, connection: Any) -> bool:
    """Weigh what a segment with ACK tells of the handshake; tell whether it belongs to this connection."""
    me, peer = w.endpoints[e], w.endpoints[p]
    ack = segment["ack"]
    known, others = i64(me["known"]), i64(peer["known"])
    mine, theirs = i64(me["state"]), i64(peer["state"])
    bare = segment["length"] == 0 and segment["flags"] & FIN == 0
    if theirs == State.SYN_RECEIVED and connection["notes"] & ANSWERED_TWICE != 0:
        if ack == (i64(w.seldom[p]["island"]) + 1) & MASK:
            # Of two answers it took the first; to the second it sends a challenge ACK (RFC 5961 §4).
            peer["base"] = w.seldom[p]["island"]
            peer["next"] = peer["contiguous"] = ack
    if theirs == State.SYN_RECEIVED and bare and not covers_syn(ack, peer):
        return False  # it draws a RST and changes nothing (RFC 9293 §3.10.7.4)
    if (known | others) & SENT_FIN != 0 and (mine == State.UNKNOWN or theirs == State.UNKNOWN):
        return True  # a gap in the capture hides which of them closed first; it is open to neither any more
    if mine == State.UNKNOWN:
        if others & SENT_SYN != 0:
            # No SYN-ACK in the capture. An ACK that does not cover the SYN is about an older connection.
            if not covers_syn(ack, peer):
                return False
            step(w, e, Event.MISSED_SYN_ACK, segment)
        step(w, e, Event.SENT_ACK, segment)
    elif mine == State.SYN_SENT:
        if others & SENT_SYN_ACK != 0:
            if not at_or_after(ack, (i64(peer["base"]) + 1) & MASK):
                return False
        elif others & SENT_SYN != 0:
            # Simultaneous open: it acknowledges a SYN, so it has sent its SYN-ACK.
            step(w, e, Event.MISSED_SYN_ACK, segment)
        step(w, e, Event.SENT_ACK, segment)
    elif mine == State.SYN_RECEIVED and connection["notes"] & FAST_OPEN == 0:
        # A bare ACK of the SYN alone may be a challenge ACK, which a server sends in SYN_RECEIVED too.
        more = not bare or ack != (i64(peer["base"]) + 1) & MASK
        if (known & SENT_SYN == 0 and more) or (known & SENT_SYN != 0 and segment["flags"] & FIN == 0):
            step(w, e, Event.SENT_ACK, segment)

    if theirs == State.UNKNOWN:
        if known & SENT_SYN != 0:
            step(w, p, Event.MISSED_SYN_ACK, segment)
        else:
            step(w, p, Event.GOT_ACK, segment)
    elif theirs == State.SYN_SENT and connection["notes"] & FAST_OPEN == 0:
        step(w, p, Event.MISSED_ACK_OF_SYN_ACK, segment)
    if i64(peer["state"]) == State.SYN_RECEIVED:
        connection["notes"] |= HANDSHAKE_ACKED
        if connection["notes"] & ACKS_DROPPED == 0 and step(w, p, Event.GOT_ACK_OF_SYN, segment):
            peer["known"] = i64(peer["known"]) & ~SPOKE | ASSUMED_NOW
    return True


@inner
def acknowledges_and_closes(w: World, e: int, p: int, what: int, segment: Any, connection: Any) -> None:
    """Weigh what a segment acknowledges, then what it closes: both may stand in one segment, in this order."""
    me, peer = w.endpoints[e], w.endpoints[p]
    ack, flags, length = segment["ack"], segment["flags"], segment["length"]
    known, others = i64(me["known"]), i64(peer["known"])
    newest = known & SENT_ACK == 0 or at_or_after(ack, i64(me["acked"]))
    if newest:
        me["acked"] = ack
    known |= SENT_ACK | SPOKE
    me["known"] = known
    if peer["packets"] == 0:
        unseen_fin(w, e, p, segment, connection)
        others = i64(peer["known"])
    covers_fin = others & SENT_FIN != 0 and ack == i64(peer["next"])
    if covers_fin:
        if w.memory[DETAILS] != 0:
            note_arrived(w, p, ack, segment)
        peer["contiguous"] = ack
        if i64(peer["state"]) == State.LAST_ACK:
            # It closed second, so its FIN acknowledges the one of this endpoint: whoever got the one got the other.
            step(w, e, Event.GOT_ACK_OF_FIN, segment)
        step(w, e, Event.SENT_ACK_OF_FIN, segment)
        step(w, p, Event.GOT_ACK_OF_FIN, segment)
        if what == FRESH and (length > 0 or flags & FIN != 0) and step(w, e, Event.SENT_MORE, segment):
            step(w, p, Event.GOT_MORE, segment)
            step(w, p, Event.GOT_ACK_OF_FIN, segment)
    elif others & SENT_FIN == 0 and after(ack, i64(peer["contiguous"])):
        arrived(w, p, ack, segment)

    if flags & FIN != 0:
        end = (segment["seq"] + length + 1) & MASK
        if end != i64(me["next"]):
            return  # a FIN in the middle of what was sent is none
        if known & SENT_FIN == 0:
            me["known"] = known | SENT_FIN
            # Either it does not cover the peer's FIN, or it was sent, unseen, before what covered it.
            crossed = not covers_fin or what == FILLED
            gap = i64(peer["known"]) & UNSEEN_TAIL != 0 and peer["packets"] > 0
            if connection["notes"] & FAST_OPEN != 0 and closes_early(me, peer, segment):
                step(w, e, Event.SENT_FIN_EARLY, segment)
            elif gap and i64(me["state"]) == State.ESTABLISHED:
                step(w, e, Event.SENT_FIN_UNSURE, segment)
                step(w, p, Event.GOT_FIN_UNSURE, segment)
            elif others & SENT_FIN != 0 and crossed and i64(me["state"]) == State.CLOSE_WAIT:
                step(w, e, Event.SENT_FIN_WITHOUT_ACK, segment)
                # The peer's FIN is still under way to it.
                step(w, e, Event.GOT_FIN, segment)
            else:
                step(w, e, Event.SENT_FIN, segment)
        elif newest and known & CLOSED_BY_RST == 0 and what != AGAIN_AT_ONCE:
            # Sent again by its timer, while what acknowledges it may be under way to it for less than that; and no
            # late copy: that would have an older acknowledgment number.
            crossed = i64(me["state"]) == State.TIME_WAIT and i64(me["before"]) == State.CLOSING
            if not covers_fin and not crossed:
                step(w, e, Event.SENT_FIN_AGAIN, segment)
            elif i64(me["state"]) != State.CLOSED or i64(me["before"]) == State.LAST_ACK:
                step(w, e, Event.SENT_FIN_AGAIN_WITH_ACK, segment)
    # A FIN counts for its receiver once all before it has been sent, as captured: with it, or by what fills the hole.
    if i64(me["known"]) & SENT_FIN != 0 and i64(me["contiguous"]) == i64(me["next"]):
        if flags & FIN != 0 or length > 0:
            if step(w, p, Event.GOT_FIN, segment):
                peer["known"] = i64(peer["known"]) | ASSUMED_NOW
            if i64(peer["state"]) == State.TIME_WAIT:
                wait(w, p, segment["time"])


@rare
def unseen_fin(w: World, e: int, p: int, segment: Any, connection: Any) -> None:
    """Guess the FIN of a peer whose side is not captured at all: an ACK that moves on by one."""
    peer = w.endpoints[p]
    others = i64(peer["known"])
    if others & SENT_FIN != 0:
        if after(segment["ack"], i64(peer["next"])):
            peer["known"] = others & ~SENT_FIN
            connection["notes"] |= NO_GUESS
            step(w, e, Event.SENT_ACK_BEYOND_FIN, segment)
            step(w, p, Event.MISSED_NO_FIN, segment)
    elif connection["notes"] & NO_GUESS != 0 or segment["ack"] != (i64(peer["next"]) + 1) & MASK:
        return
    elif step(w, p, Event.MISSED_FIN, segment):
        peer["known"] = others | SENT_FIN
        peer["next"] = segment["ack"]
        # It answers whatever FIN was sent to it.
        if i64(w.endpoints[e]["known"]) & SENT_FIN != 0:
            step(w, e, Event.GOT_ACK_OF_FIN, segment)
        step(w, e, Event.GOT_FIN, segment)


@inner
def closes_early(me: Any, peer: Any, segment: Any) -> bool:
    """Tell whether a fast-open server's FIN was sent before the ACK of its SYN-ACK can have reached it.

    Seen from the client, SYN to SYN-ACK is the round trip that its ACK and anything caused by it take as well.
    """
    if i64(me["known"]) & SENT_SYN_ACK == 0 or peer["retransmissions"] != 0:
        return False
    return segment["time"] - me["first"] < me["first"] - peer["first"]


@inner
def arrived(w: World, p: int, ack: int, segment: Any) -> None:
    """Note that all the peer sent before ``ack``, of this segment, has arrived, captured or not."""
    if w.memory[DETAILS] != 0:
        note_arrived(w, p, ack, segment)
    peer = w.endpoints[p]
    top = i64(peer["next"])
    if i64(peer["contiguous"]) != top and not at_or_after(ack, i64(w.seldom[p]["island"])):
        peer["contiguous"] = ack
        return
    if after(ack, top):
        top = ack
        peer["next"] = ack
        peer["known"] = i64(peer["known"]) | UNSEEN_TAIL
    peer["contiguous"] = top
