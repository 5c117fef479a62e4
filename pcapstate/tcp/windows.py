"""The window that an endpoint offers, and data beyond it, which its receiver drops (RFC 9293 §3.10.7.4)."""

from __future__ import annotations

from typing import Any

from ..decode.segment import FIN, SYN
from ..decode.syn_options import MAX_SHIFT, SHIFT
from ..kernels.source import i64, inner, rare
from .lookup import is_own_peer
from .sequence import LOW_32, after, at_or_after
from .tables import (
    KNOWN_SENT_ACK,
    KNOWN_SPOKE,
    NOTE_SCALE,
    NOTE_SCALE_0,
    NOTE_SCALE_1,
    ODD_MISSED,
    ODD_STRAY_FIN,
    World,
)

UNSCALED = 0
"""The shift of a window without the option."""
NEAR = 1 << 16
"""Bytes after a segment within which the next one continues it."""


@rare
def note_scale(w: World, e: int, answers: int, segment: Any) -> None:
    """Note the window scale of a SYN or SYN-ACK of endpoint ``e``; it counts if both sides offer one.

    ``answers``: whether it answers a SYN that is in the capture, so that both offers are known.
    """
    connection = w.connections[e >> 1]
    mine, theirs = (NOTE_SCALE_1, NOTE_SCALE_0) if e & 1 == 1 else (NOTE_SCALE_0, NOTE_SCALE_1)
    notes = connection["notes"]
    offered = i64(segment["options"]) & SHIFT
    if answers != 0 and (offered == 0 or notes >> theirs & NOTE_SCALE == 1 + UNSCALED):
        connection["notes"] = notes & ~(NOTE_SCALE << mine | NOTE_SCALE << theirs) | 1 << mine | 1 << theirs
        return
    if offered == 0:
        offered = 1 + UNSCALED
    connection["notes"] = notes & ~(NOTE_SCALE << mine) | offered << mine


@inner
def offer(me: Any, e: int, first: bool, segment: Any, connection: Any) -> None:
    """Note the edge of the window that a segment of endpoint ``e`` offers; ``first``: none was noted before."""
    edge = edge_of(e, segment, connection)
    if segment["flags"] & SYN != 0:
        edge = (segment["ack"] + i64(segment["window"])) & LOW_32
    # A shrinking window does not affect data that may be in flight (RFC 9293 §3.8.6).
    if first or after(edge, i64(me["edge"])):
        me["edge"] = edge


@inner
def edge_of(e: int, segment: Any, connection: Any) -> int:
    """Return the sequence number behind the window that a segment of endpoint ``e`` offers, which is no SYN."""
    scale = connection["notes"] >> (NOTE_SCALE_0 + (NOTE_SCALE_1 - NOTE_SCALE_0) * (e & 1)) & NOTE_SCALE
    shift = scale - 1 if scale != 0 else MAX_SHIFT
    return (segment["ack"] + (i64(segment["window"]) << shift)) & LOW_32


@rare
def is_beyond(w: World, e: int, p: int, segment: Any, end: int) -> bool:
    """Return whether a segment of ``e`` after a gap, up to ``end``, is beyond every window that ``p`` has offered.

    If ``e`` continues from there, or retransmits it, it is no stray: the capture lacks the newer window of its peer.
    It also does if it lacks data that the peer acknowledged, or has only the SYN of a peer that sent more.
    """
    peer, one = w.endpoints[p], w.seldom[e]
    seq, fin = segment["seq"], segment["flags"] & FIN != 0
    known = i64(peer["known"])
    if known & KNOWN_SENT_ACK == 0 or not at_or_after(seq, i64(peer["edge"])):
        return False
    if known & KNOWN_SPOKE == 0 and segment["ack"] != i64(peer["next"]):
        return False
    odd = i64(one["odd"])
    if odd & ODD_MISSED != 0 or is_own_peer(w, e >> 1):
        return False
    stray = i64(one["stray"])
    one["stray"] = 0
    if stray != 0 and (stray == end or ((seq - stray) & LOW_32) < NEAR):
        return False
    one["stray"] = end
    one["odd"] = odd | ODD_STRAY_FIN if fin else odd & ~ODD_STRAY_FIN
    return True
