"""What a packet adds to its endpoint's counters, and how far its sender's sequence numbers have come."""

from __future__ import annotations

from typing import Any

from ..decode.contracts import ACK, FIN, RST, SYN
from ..kernel import i64, inner
from .contracts import (
    AGAIN,
    AGAIN_AT_ONCE,
    ASSUMED_NOW,
    BELATED,
    FILLED,
    FRESH,
    HAS_BASE,
    SENT_ACK,
    SENT_FIN,
    SENT_SYN,
    SENT_SYN_ACK,
    TRIES,
    TRIES_SHIFT,
    UNSEEN_TAIL,
    World,
)
from .copies import AT_ONCE
from .sequence import MASK, after, at_or_after

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
    known = i64(me["known"])
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
    elif occupies > 0:
        top = i64(me["next"])
        if after(end, top):
            known &= ~UNSEEN_TAIL
            if known & SENT_FIN == 0:
                if seq == top or not after(seq, top):
                    if i64(me["contiguous"]) == top:
                        me["contiguous"] = end
                else:
                    w.seldom[e]["island"] = seq
                me["next"] = end
        elif known & UNSEEN_TAIL != 0 and i64(me["contiguous"]) == top and at_or_after(seq, i64(w.seldom[e]["island"])):
            # Its peer's acknowledgment was written down before it, or it was sent again though it had arrived.
            if seq == i64(w.seldom[e]["island"]):
                w.seldom[e]["island"] = end
                if end == top:
                    known &= ~UNSEEN_TAIL
            what = BELATED if segment["time"] - peer["last"] < AT_ONCE else AGAIN
        elif (
            length == occupies == 1 and end == top and i64(peer["known"]) & SENT_ACK != 0 and i64(peer["acked"]) == top
        ):
            pass  # a keep-alive repeats a byte that was acknowledged (RFC 9293 §3.8.4)
        else:
            whole = i64(me["contiguous"])
            if at_or_after(whole, end):
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
        me["next"] = w.seldom[e]["island"] = seq
    elif known & UNSEEN_TAIL != 0 and seq == (i64(me["next"]) - 1) & MASK:
        known &= ~UNSEEN_TAIL  # a keep-alive: what was acknowledged was sent before the capture began
    if what == AGAIN and flags & (SYN | ACK) == SYN | ACK and known & SENT_SYN_ACK == 0:
        what = FRESH  # simultaneous open: its SYN, now with an ACK
    if what == AGAIN:
        me["retransmissions"] += 1
        if known >> TRIES_SHIFT < TRIES:
            known += 1 << TRIES_SHIFT
    if what == AGAIN and 0 <= gap < AT_ONCE:
        what = AGAIN_AT_ONCE
    me["known"] = known
    others = i64(peer["known"])
    if others & ~(ASSUMED_NOW - 1) != 0:
        # Its peer has spoken: no more tries without an answer, and a later packet than any assumption rests on.
        others &= ASSUMED_NOW - 1
        peer["known"] = others
    if flags & ACK != 0 and others & HAS_BASE == 0:
        peer["known"] = others | HAS_BASE
        peer["base"] = (segment["ack"] - 1) & MASK
        peer["next"] = peer["contiguous"] = segment["ack"]
    return what
