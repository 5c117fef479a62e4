"""What goes wrong on a connection, if asked for: retransmissions, duplicates, gaps, unread and lost data."""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, FIN, RST, SYN
from ..kernels.source import i64, inner, rare
from .duplicates import MIN_RTO
from .sequence import LOW_32, after, at_or_after
from .sequence_tracking import MAX_WINDOW
from .states import State
from .tables import (
    KNOWN_SENT_ACK,
    KNOWN_SENT_FIN,
    KNOWN_SENT_SYN,
    KNOWN_SENT_SYN_ACK,
    KNOWN_SPOKE,
    PLACE_AGAIN,
    PLACE_BEHIND_FIN,
    PLACE_BELATED,
    PLACE_IN_HOLE,
    PLACE_STRAY,
    World,
)

PROMPT = 3_000_000_000
"""Nanoseconds within which a RST answers a segment: longer than any round trip."""


@rare
def note_details(w: World, e: int, segment: Any) -> None:
    """Add a segment of endpoint ``e`` to its row of DETAIL."""
    mine = w.details[e]
    flags = i64(segment["flags"])
    time = segment["time"]
    if flags & SYN != 0:
        mine["opening"] = time
        mine["syns"] += 1
    if flags & RST != 0:
        mine["resets"] += 1
        return  # the window of a RST means nothing
    if flags & FIN != 0:
        mine["fins"] += 1
    if i64(segment["window"]) == 0:
        if mine["closed_since"] == 0:
            mine["closed_since"] = time
            mine["closed_windows"] += 1
            w.troubles[e]["closing"] = segment["number"]
    elif mine["closed_since"] != 0:
        closed = time - mine["closed_since"]
        mine["closed_for"] += closed
        mine["closed_since"] = 0
        if closed > w.troubles[e]["closed_longest"]:
            w.troubles[e]["closed_longest"] = closed
            w.troubles[e]["closed_at"] = w.troubles[e]["closing"]


@rare
def note_troubles(w: World, e: int, p: int, place: int, top: int, segment: Any) -> None:
    """Add a segment of endpoint ``e`` to its row of TROUBLE, once its sequence numbers are followed.

    ``place``: what it is to those before it; ``top``: the sequence number after the last that ``e`` had sent. Comes
    before the segment is counted and before it changes any state.
    """
    flags = i64(segment["flags"])
    if place == PLACE_STRAY:
        return
    if flags & RST != 0:
        note_answer(w, e, p, segment)
        return
    me = w.endpoints[e]
    time, seq, length = segment["time"], segment["seq"], segment["length"]
    end = (seq + length + (1 if flags & SYN != 0 else 0) + (1 if flags & FIN != 0 else 0)) & LOW_32
    if me["packets"] == 0:
        if length > 0:
            w.details[e]["data"] = time
        if flags & SYN == 0 and w.troubles[e]["unseen"] != 0:
            # Joined late: data sent before the capture began is not a gap.
            w.troubles[e]["unseen"] = 0
        return
    if length > 0 and (place in (PLACE_IN_HOLE, PLACE_BELATED) or (place <= PLACE_BEHIND_FIN and after(end, top))):
        w.details[e]["data"] = time
    if place >= PLACE_BELATED:
        note_belated(w, e, segment)
        if place >= PLACE_AGAIN:
            w.troubles[e]["again"] = segment["number"]
        return
    if flags & SYN != 0:
        return
    if 0 < ((seq - top) & LOW_32) < MAX_WINDOW:
        if i64(me["known"]) & KNOWN_SENT_FIN == 0 or flags & FIN != 0:
            one = w.troubles[e]
            one["missing"] = min(i64(one["missing"]) + ((seq - top) & LOW_32), LOW_32)
            one["hole"] = seq
    elif end != seq and after(top, seq):
        if i64(w.troubles[e]["missing"]) != 0:
            filled = min((top - seq) & LOW_32, (end - seq) & LOW_32)
            w.troubles[e]["missing"] = max(i64(w.troubles[e]["missing"]) - filled, 0)
    if length <= 1 and flags & FIN == 0 and seq == (i64(me["next"]) - 1) & LOW_32:
        note_probe(w, e, p, segment)


@inner
def note_belated(w: World, e: int, segment: Any) -> None:
    """Note that a segment was captured after its acknowledgment."""
    one = w.troubles[e]
    time, length = segment["time"], segment["length"]
    if one["unseen"] != 0 and 0 <= time - one["gap_time"] < MIN_RTO:
        one["unseen"] = max(one["unseen"] - length, 0)


@inner
def note_probe(w: World, e: int, p: int, segment: Any) -> None:
    """Count a keep-alive or window probe, which repeats the last number that its peer acknowledged."""
    me, peer, one = w.endpoints[e], w.endpoints[p], w.troubles[e]
    if i64(peer["known"]) & KNOWN_SENT_ACK == 0 or i64(peer["acked"]) != i64(me["next"]):
        return
    if segment["time"] - me["last"] < MIN_RTO:
        return  # sooner than any probe
    if one["probes"] == 0 or peer["last"] > one["probed"]:
        one["probes"] = 0
        one["probed"] = segment["time"]
    one["probes"] += 1
    one["again"] = segment["number"]


@inner
def note_answer(w: World, e: int, p: int, segment: Any) -> None:
    """Note a RST without ACK that answers a segment (RFC 9293 §3.5.2), of an endpoint that had not closed."""
    me, peer = w.endpoints[e], w.endpoints[p]
    known = i64(me["known"])
    if segment["flags"] & ACK != 0 or known & KNOWN_SENT_FIN != 0 or me["packets"] == 0:
        return
    if known & KNOWN_SPOKE == 0 and known & (KNOWN_SENT_SYN | KNOWN_SENT_SYN_ACK) != 0:
        return  # it never was open: refused, or given up in the handshake
    if i64(me["state"]) != State.ESTABLISHED and i64(me["state"]) != State.CLOSE_WAIT:
        return
    if peer["last"] > me["last"] and 0 <= segment["time"] - peer["last"] < PROMPT:
        if segment["seq"] == i64(peer["acked"]):
            w.troubles[e]["silence"] = segment["time"] - me["last"]


@rare
def note_arrived(w: World, p: int, ack: int, segment: Any) -> None:
    """Note what an ACK shows to have arrived from ``p`` without being captured."""
    one = w.troubles[p]
    unseen = 0
    if i64(one["missing"]) != 0 and at_or_after(ack, i64(one["hole"])):
        unseen = i64(one["missing"])
        one["missing"] = 0
    top = i64(w.endpoints[p]["next"])
    if after(ack, top):
        unseen += (ack - top) & LOW_32
    if unseen > 0:
        one["unseen"] += unseen
        one["gap"] = segment["number"]
        one["gap_time"] = segment["time"]


@rare
def note_cut(w: World, e: int, p: int, segment: Any) -> None:
    """Note the unacknowledged bytes of both ends when the RST of ``e`` ended their connection."""
    w.troubles[e]["reset"] = segment["number"]
    ack = segment["ack"] if segment["flags"] & ACK != 0 else -1
    w.troubles[p]["cut"] = outstanding(w, p, e, ack)
    w.troubles[e]["cut"] = outstanding(w, e, p, -1)


@inner
def outstanding(w: World, e: int, p: int, ack: int) -> int:
    """Return how many bytes endpoint ``e`` has sent that ``p`` has not acknowledged, nor ``ack`` (-1: none)."""
    me, peer = w.endpoints[e], w.endpoints[p]
    if me["packets"] == 0 or i64(peer["known"]) & KNOWN_SENT_ACK == 0:
        return 0
    acked = i64(peer["acked"])
    if ack >= 0 and after(ack, acked):
        acked = ack
    left = (i64(me["next"]) - acked) & LOW_32
    if left >= MAX_WINDOW:
        return 0
    if left > 0 and i64(me["known"]) & KNOWN_SENT_FIN != 0:
        left -= 1
    return left
