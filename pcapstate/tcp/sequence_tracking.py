"""What a packet adds to its endpoint's counters, and how far its sender's sequence numbers have come."""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .duplicates import AT_ONCE
from .sequence import MASK, after, at_or_after, in_range
from .states import State
from .tables import (
    AGAIN,
    AGAIN_AT_ONCE,
    ASSUMED_NOW,
    BELATED,
    FILLED,
    FRESH,
    HAS_BASE,
    LOSSY,
    MISSED,
    SENT_ACK,
    SENT_FIN,
    SENT_SYN,
    SENT_SYN_ACK,
    STRAY,
    TRIES,
    TRIES_SHIFT,
    UNSEEN_TAIL,
    WENT_ON,
    World,
)
from .windows import is_beyond

FAR = 1 << 30
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
    """Follow the sequence numbers of endpoint ``e``; return what the packet is to those before it.

    Sets ``next``, ``contiguous`` and the island from what the sender sent; a FIN ends the sequence for good. Comes
    before ``count_packet``, since it looks at the time since the sender's last packet.
    """
    me = w.endpoints[e]
    peer = w.endpoints[p]
    flags = segment["flags"]
    length = segment["length"]
    seq = segment["seq"]
    gap = segment["time"] - me["last"]
    known, others = i64(me["known"]), i64(peer["known"])
    what = FRESH
    occupies = length
    if flags & SYN != 0:
        occupies += 1
    if flags & FIN != 0:
        occupies += 1
    end = (seq + occupies) & MASK

    if known & HAS_BASE == 0:
        known |= HAS_BASE
        me["base"] = seq if flags & SYN != 0 else (seq - 1) & MASK
        me["next"] = me["contiguous"] = seq if flags & RST != 0 else end
    elif flags & RST != 0:
        pass
    elif flags & SYN != 0 and known & (SENT_SYN | SENT_SYN_ACK) == 0:
        # The first SYN from this side: what its peer acknowledged before was a guess, or came out of order.
        me["base"] = seq
        if not after(i64(me["next"]), end):
            me["next"] = me["contiguous"] = end
    elif flags & SYN != 0 and seq != i64(me["base"]):
        pass  # another answer to the SYN, or a stray: ``handshake`` tells
    elif occupies > 0:
        top = i64(me["next"])
        if after(end, top):
            if after(seq, top) and is_beyond(w, e, p, segment, end):
                return STRAY
            known &= ~UNSEEN_TAIL
            if known & SENT_FIN != 0 and after(top, seq) and (others & SENT_ACK == 0 or i64(peer["acked"]) != top):
                # It sends on over the number of what was taken for its FIN.
                known &= ~SENT_FIN
                what = WENT_ON
            if known & SENT_FIN == 0:
                if seq == top or not after(seq, top):
                    if i64(me["contiguous"]) == top:
                        me["contiguous"] = end
                else:
                    w.seldom[e]["island"] = seq
                    w.connections[e >> 1]["notes"] |= LOSSY
                me["next"] = end
        elif flags & FIN != 0 and end != top and is_new_end(w, e, known, seq, end):
            if known & SENT_FIN != 0:
                what = WENT_ON
            known &= ~(UNSEEN_TAIL | SENT_FIN)
            end_at(w, e, p, seq, end)
        elif known & UNSEEN_TAIL != 0 and i64(me["contiguous"]) == top and at_or_after(seq, i64(w.seldom[e]["island"])):
            # Its peer's acknowledgment was written down before it, or it was sent again though it had arrived.
            if seq == i64(w.seldom[e]["island"]):
                w.seldom[e]["island"] = end
                if end == top:
                    known &= ~UNSEEN_TAIL
            what = BELATED if segment["time"] - peer["last"] < AT_ONCE else AGAIN
        elif length == occupies == 1 and end == top and others & SENT_ACK != 0 and i64(peer["acked"]) == top:
            pass  # a keep-alive repeats a byte that was acknowledged (RFC 9293 §3.8.4)
        else:
            whole = i64(me["contiguous"])
            if at_or_after(whole, end):
                if flags & FIN != 0 and known & SENT_FIN == 0 and was_data(w, e, (end - 1) & MASK):
                    return STRAY
                what = AGAIN
            elif not after(seq, whole):
                what = FILLED
                whole = end
                if at_or_after(whole, i64(w.seldom[e]["island"])):
                    whole = top
                me["contiguous"] = whole
            elif at_or_after(seq, i64(w.seldom[e]["island"])):
                what = AGAIN
    elif known & SENT_FIN == 0 and 0 < ((seq - i64(me["next"])) & MASK) < FAR:
        # A bare ACK beyond what was captured: something before it is missing.
        if is_beyond(w, e, p, segment, seq):
            return STRAY
        me["next"] = w.seldom[e]["island"] = seq
        w.connections[e >> 1]["notes"] |= LOSSY
    elif i64(me["contiguous"]) != i64(me["next"]) and flags & ACK != 0:
        # Only the newest of bare ACKs tells for sure how far its sender has come.
        if known & SENT_ACK != 0 and after(segment["ack"], i64(me["acked"])) and is_in_hole(w, e, seq):
            if known & SENT_FIN != 0:
                what = WENT_ON
            known &= ~SENT_FIN
            me["next"] = w.seldom[e]["island"] = seq
    elif known & UNSEEN_TAIL != 0 and seq == (i64(me["next"]) - 1) & MASK:
        known &= ~UNSEEN_TAIL  # a keep-alive: what was acknowledged was sent before the capture began
    if what == AGAIN and flags & (SYN | ACK) == SYN | ACK and known & SENT_SYN_ACK == 0:
        what = FRESH  # simultaneous open: its SYN, now with an ACK
    if what == AGAIN:
        me["retransmissions"] += 1
        if known >> TRIES_SHIFT < TRIES:
            known += 1 << TRIES_SHIFT
        if 0 <= gap < AT_ONCE:
            what = AGAIN_AT_ONCE
        else:
            w.connections[e >> 1]["notes"] |= LOSSY
            if i64(me["state"]) != State.TIME_WAIT:
                me["deadline"] = min(max(gap, 0) // 1_000, MASK)
    elif flags & (SYN | FIN) != 0 and flags & RST == 0 and i64(me["state"]) != State.TIME_WAIT:
        me["deadline"] = 0
    me["known"] = known
    if others & ~(ASSUMED_NOW - 1) != 0:
        # Its peer has spoken: no more tries without an answer, and a later packet than any assumption rests on.
        others &= ASSUMED_NOW - 1
        peer["known"] = others
    if flags & ACK != 0 and others & HAS_BASE == 0:
        peer["known"] = others | HAS_BASE
        peer["base"] = (segment["ack"] - 1) & MASK
        peer["next"] = peer["contiguous"] = segment["ack"]
    return what


@rare
def was_data(w: World, e: int, number: int) -> bool:
    """Tell whether the capture has data of ``e`` with the number of what looks like its FIN."""
    me = w.endpoints[e]
    return me["bytes"] > 0 and number != i64(me["base"]) and i64(w.seldom[e]["odd"]) & MISSED == 0


@rare
def is_new_end(w: World, e: int, known: int, seq: int, end: int) -> bool:
    """Tell whether a FIN of ``e`` in the midst of what it is thought to have sent shows that the rest is not its own.

    Nothing comes behind a FIN. Where that rest is behind a hole, or only its peer's ACK tells of it, it is the less
    likely of the two: a stray segment, or an ACK of what was never sent.
    """
    me = w.endpoints[e]
    if i64(me["contiguous"]) != i64(me["next"]):
        return is_in_hole(w, e, seq) and not after(end, i64(w.seldom[e]["island"]))
    return known & UNSEEN_TAIL != 0 and seq == i64(w.seldom[e]["island"])


@inner
def is_in_hole(w: World, e: int, seq: int) -> bool:
    """Tell whether a number lies in the hole, or at its end, of what ``e`` sent."""
    return in_range(seq, i64(w.endpoints[e]["contiguous"]), i64(w.seldom[e]["island"]))


@rare
def end_at(w: World, e: int, p: int, seq: int, end: int) -> None:
    """Let a FIN from ``seq`` to ``end`` be the last that ``e`` has sent, and forget what was thought to come behind."""
    me, peer = w.endpoints[e], w.endpoints[p]
    if i64(me["contiguous"]) == i64(me["next"]):
        # All up to it has arrived, and no more.
        me["contiguous"] = peer["acked"] = seq
    if i64(me["contiguous"]) == seq:
        me["contiguous"] = end
    else:
        w.seldom[e]["island"] = seq
    me["next"] = end
