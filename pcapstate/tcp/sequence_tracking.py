"""Counters of an endpoint, and the progress of its sequence numbers."""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .duplicates import MIN_RTO
from .sequence import LOW_32, after, at_or_after, in_range
from .states import State
from .tables import (
    KNOWN_ASSUMED_NOW,
    KNOWN_BASE,
    KNOWN_MOST_TRIES,
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_TRIES_SHIFT,
    KNOWN_UNSEEN_TAIL,
    NOTE_LOSSY,
    ODD_MISSED,
    PLACE_AGAIN,
    PLACE_AGAIN_AT_ONCE,
    PLACE_BEHIND_FIN,
    PLACE_BELATED,
    PLACE_IN_HOLE,
    PLACE_NEW,
    PLACE_STRAY,
    World,
)
from .windows import is_beyond

MAX_WINDOW = 1 << 30
"""The largest window there is (RFC 7323): no valid segment lies further ahead."""


@inner
def count_packet(w: World, e: int, segment: Any) -> None:
    """Count a packet that endpoint ``e`` sent."""
    me = w.endpoints[e]
    if me["packets"] == 0:
        me["first"] = segment["time"]
    me["last"] = segment["time"]
    me["packets"] += 1
    me["bytes"] += segment["length"]


@inner
def follow_sequence(w: World, e: int, p: int, segment: Any) -> int:
    """Follow the sequence numbers of endpoint ``e``; return the packet's place among those before it.

    Sets ``next``, ``contiguous`` and the tail from what the sender sent; a FIN ends the sequence for good. Comes
    before ``count_packet``, since it looks at the time since the sender's last packet.
    """
    me = w.endpoints[e]
    peer = w.endpoints[p]
    flags = segment["flags"]
    length = segment["length"]
    seq = segment["seq"]
    gap = segment["time"] - me["last"]
    known, others = i64(me["known"]), i64(peer["known"])
    place = PLACE_NEW
    occupies = length
    if flags & SYN != 0:
        occupies += 1
    if flags & FIN != 0:
        occupies += 1
    end = (seq + occupies) & LOW_32

    if known & KNOWN_BASE == 0:
        known |= KNOWN_BASE
        me["base"] = seq if flags & SYN != 0 else (seq - 1) & LOW_32
        me["next"] = me["contiguous"] = seq if flags & RST != 0 else end
    elif flags & RST != 0:
        pass
    elif flags & SYN != 0 and known & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK) == 0:
        # The first SYN from this side: an earlier acknowledgment was a guess, or out of order.
        me["base"] = seq
        if not after(i64(me["next"]), end):
            me["next"] = me["contiguous"] = end
    elif flags & SYN != 0 and seq != i64(me["base"]):
        pass  # another answer to the SYN, or a stray: ``handshake`` tells
    elif occupies > 0:
        top = i64(me["next"])
        if after(end, top):
            if after(seq, top) and is_beyond(w, e, p, segment, end):
                return PLACE_STRAY
            known &= ~KNOWN_UNSEEN_TAIL
            if (
                known & KNOWN_SENT_FIN != 0
                and after(top, seq)
                and (others & KNOWN_SENT_ACK == 0 or i64(peer["acked"]) != top)
            ):
                # It sends data with the number that was taken for its FIN.
                known &= ~KNOWN_SENT_FIN
                place = PLACE_BEHIND_FIN
            if known & KNOWN_SENT_FIN == 0:
                if seq == top or not after(seq, top):
                    if i64(me["contiguous"]) == top:
                        me["contiguous"] = end
                else:
                    w.seldom[e]["tail"] = seq
                    w.connections[e >> 1]["notes"] |= NOTE_LOSSY
                me["next"] = end
        elif flags & FIN != 0 and end != top and is_new_end(w, e, known, seq, end):
            if known & KNOWN_SENT_FIN != 0:
                place = PLACE_BEHIND_FIN
            known &= ~(KNOWN_UNSEEN_TAIL | KNOWN_SENT_FIN)
            end_at(w, e, p, seq, end)
        elif (
            known & KNOWN_UNSEEN_TAIL != 0
            and i64(me["contiguous"]) == top
            and at_or_after(seq, i64(w.seldom[e]["tail"]))
        ):
            # Its ACK was captured before it, or it was retransmitted although it had arrived.
            if seq == i64(w.seldom[e]["tail"]):
                w.seldom[e]["tail"] = end
                if end == top:
                    known &= ~KNOWN_UNSEEN_TAIL
            place = PLACE_BELATED if segment["time"] - peer["last"] < MIN_RTO else PLACE_AGAIN
        elif length == occupies == 1 and end == top and others & KNOWN_SENT_ACK != 0 and i64(peer["acked"]) == top:
            pass  # a keep-alive repeats a byte that was acknowledged (RFC 9293 §3.8.4)
        else:
            whole = i64(me["contiguous"])
            if at_or_after(whole, end):
                if flags & FIN != 0 and known & KNOWN_SENT_FIN == 0 and was_data(w, e, (end - 1) & LOW_32):
                    return PLACE_STRAY
                place = PLACE_AGAIN
            elif not after(seq, whole):
                place = PLACE_IN_HOLE
                whole = end
                if at_or_after(whole, i64(w.seldom[e]["tail"])):
                    whole = top
                me["contiguous"] = whole
            elif at_or_after(seq, i64(w.seldom[e]["tail"])):
                place = PLACE_AGAIN
    elif known & KNOWN_SENT_FIN == 0 and 0 < ((seq - i64(me["next"])) & LOW_32) < MAX_WINDOW:
        # A bare ACK with a number beyond the captured data: something before it is missing.
        if is_beyond(w, e, p, segment, seq):
            return PLACE_STRAY
        me["next"] = w.seldom[e]["tail"] = seq
        w.connections[e >> 1]["notes"] |= NOTE_LOSSY
    elif i64(me["contiguous"]) != i64(me["next"]) and flags & ACK != 0:
        # Only the newest bare ACK shows for sure how far its sender has got.
        if known & KNOWN_SENT_ACK != 0 and after(segment["ack"], i64(me["acked"])) and is_in_hole(w, e, seq):
            if known & KNOWN_SENT_FIN != 0:
                place = PLACE_BEHIND_FIN
            known &= ~KNOWN_SENT_FIN
            me["next"] = w.seldom[e]["tail"] = seq
    elif known & KNOWN_UNSEEN_TAIL != 0 and seq == (i64(me["next"]) - 1) & LOW_32:
        known &= ~KNOWN_UNSEEN_TAIL  # a keep-alive: what was acknowledged was sent before the capture began
    if place == PLACE_AGAIN and flags & (SYN | ACK) == SYN | ACK and known & KNOWN_SENT_SYN_ACK == 0:
        place = PLACE_NEW  # simultaneous open: its SYN, now with an ACK
    if place == PLACE_AGAIN:
        me["retransmissions"] += 1
        if known >> KNOWN_TRIES_SHIFT < KNOWN_MOST_TRIES:
            known += 1 << KNOWN_TRIES_SHIFT
        if 0 <= gap < MIN_RTO:
            place = PLACE_AGAIN_AT_ONCE
        else:
            w.connections[e >> 1]["notes"] |= NOTE_LOSSY
            if i64(me["state"]) != State.TIME_WAIT:
                me["timer"] = min(max(gap, 0) // 1_000, LOW_32)
    elif flags & (SYN | FIN) != 0 and flags & RST == 0 and i64(me["state"]) != State.TIME_WAIT:
        me["timer"] = 0
    me["known"] = known
    if others & ~(KNOWN_ASSUMED_NOW - 1) != 0:
        # Its peer was answered: no more unanswered tries, and a packet later than any that an assumption rests on.
        others &= KNOWN_ASSUMED_NOW - 1
        peer["known"] = others
    if flags & ACK != 0 and others & KNOWN_BASE == 0:
        peer["known"] = others | KNOWN_BASE
        peer["base"] = (segment["ack"] - 1) & LOW_32
        peer["next"] = peer["contiguous"] = segment["ack"]
    return place


@rare
def was_data(w: World, e: int, number: int) -> bool:
    """Return whether ``e`` sent data with the number of its apparent FIN."""
    me = w.endpoints[e]
    return me["bytes"] > 0 and number != i64(me["base"]) and i64(w.seldom[e]["odd"]) & ODD_MISSED == 0


@rare
def is_new_end(w: World, e: int, known: int, seq: int, end: int) -> bool:
    """Return whether a FIN of ``e`` in the middle of its apparent data shows that the rest is not its own.

    Nothing follows a FIN. If that rest is after a hole, or known from its peer's ACK only, it is the less
    likely of the two: a stray segment, or an ACK of what was never sent.
    """
    me = w.endpoints[e]
    if i64(me["contiguous"]) != i64(me["next"]):
        return is_in_hole(w, e, seq) and not after(end, i64(w.seldom[e]["tail"]))
    return known & KNOWN_UNSEEN_TAIL != 0 and seq == i64(w.seldom[e]["tail"])


@inner
def is_in_hole(w: World, e: int, seq: int) -> bool:
    """Return whether a number is in the hole of what ``e`` sent, or at its end."""
    return in_range(seq, i64(w.endpoints[e]["contiguous"]), i64(w.seldom[e]["tail"]))


@rare
def end_at(w: World, e: int, p: int, seq: int, end: int) -> None:
    """Make a FIN from ``seq`` to ``end`` the last that ``e`` sent, and drop what seemed to follow it."""
    me, peer = w.endpoints[e], w.endpoints[p]
    if i64(me["contiguous"]) == i64(me["next"]):
        # Everything up to it has arrived, and nothing more.
        me["contiguous"] = peer["acked"] = seq
    if i64(me["contiguous"]) == seq:
        me["contiguous"] = end
    else:
        w.seldom[e]["tail"] = seq
    me["next"] = end
