"""Duplicates: packets captured on several interfaces, mirrored ports, or points of the path.

A copy brings no news: it changes no state and is no retransmission.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import TELLING
from ..kernels.source import i64, inner, rare
from .lookup import folded
from .sequence import LOW_32
from .tables import CELL_DETAILS, NOTE_MIXED, World

MIN_RTO = 100_000_000
"""Nanoseconds: no retransmission timer is shorter (RFC 6298 wants a second, real stacks take 200 ms). Within them a
packet may also turn up behind what answers it: interfaces and queues are written down one after the other."""
COPIED_WITHIN = 1_000_000
"""Nanoseconds within which identical bytes are a copy, though a retransmission would look the same."""
WAYS = 4
"""Cells in which a packet is searched, the latest first: 64 bytes, one cache line."""
TIMES_BITS = 8
TIMES = (1 << TIMES_BITS) - 1
"""The bits that count how often a packet was captured, and the highest count."""
HASH_FACTOR, MARK_FACTOR = 0x5E3779B1, 0x45EBCA6B
"""What spreads packets over the buckets, and their numbers over the bits: the same in each run, as its answers are
to be."""
FAR_APART = 1 << 24
"""Bytes between sequence numbers: too many for two packets of one connection."""


@inner
def header_hash(segment: Any) -> int:
    """Return 32 bits that distinguish a packet from others of its sender, apart from its sequence number."""
    # Where the mark is the checksum, it is smaller by one where the acknowledgment is larger by one: both are spread.
    kind = i64(segment["flags"]) << 23 ^ i64(segment["length"])
    return (folded(segment["ack"] * HASH_FACTOR) ^ folded(i64(segment["mark"]) * MARK_FACTOR) ^ kind) & LOW_32


@inner
def bucket_of(w: World, segment: Any, told: int) -> int:
    """Return the first of the cells in which a packet is searched."""
    ports = i64(segment["source_port"]) << 16 ^ i64(segment["target_port"])
    return folded((folded((segment["seq"] ^ ports) * HASH_FACTOR) ^ told) * HASH_FACTOR) & (len(w.recent) - WAYS)


@inner
def is_copy(w: World, e: int, segment: Any) -> bool:
    """Return whether this is a copy of a packet of endpoint ``e``, not a retransmission; remember it."""
    time, telling = segment["time"], i64(segment["mark"]) & TELLING != 0
    told = header_hash(segment)
    print = (segment["seq"] ^ (e + 1 << 7 & LOW_32)) << 23 ^ told
    bucket = bucket_of(w, segment, told)
    place = bucket
    found = w.recent[place]["print"] >> TIMES_BITS
    while found != print and found != 0 and place < bucket + WAYS - 1:
        place += 1
        found = w.recent[place]["print"] >> TIMES_BITS
    one = w.recent[place]
    if found == print:
        gap = abs(time - one["time"])
        if gap < (MIN_RTO if telling else COPIED_WITHIN):
            # Over IPv4 the identification is another. Over IPv6 there is none, and within SOON not even time tells.
            if gap >= COPIED_WITHIN or (telling and segment["source_high"] == 0) or not sent_anew(w, e, one):
                if one["print"] & TIMES != TIMES:
                    one["print"] += 1
                return True
    # The latest comes first, and the one that was the last goes.
    while place > bucket:
        w.recent[place]["time"] = w.recent[place - 1]["time"]
        w.recent[place]["print"] = w.recent[place - 1]["print"]
        place -= 1
    w.recent[bucket]["time"] = time
    w.recent[bucket]["print"] = print << TIMES_BITS | 1
    return False


@rare
def sent_anew(w: World, e: int, one: Any) -> bool:
    """Return whether endpoint ``e`` retransmitted this segment: after an answer, and more often than copies explain.

    Fast retransmission answers its peer's acknowledgments (RFC 5681 §3.2). Where there are copies, all packets have
    about as many.
    """
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    if peer["packets"] == 0 or peer["last"] <= one["time"]:
        return False
    copies = i64(w.seldom[e]["copies"])
    packets = i64(me["packets"]) - copies
    return (one["print"] & TIMES) * packets > copies + (packets >> 1)


@rare
def count_copy(w: World, e: int, segment: Any) -> None:
    """Count a copy of a packet that endpoint ``e`` sent."""
    w.seldom[e]["copies"] += 1
    if w.cells[CELL_DETAILS] != 0:
        w.troubles[e]["copied"] = segment["number"]


@rare
def note_network(w: World, number: int, side: int, segment: Any) -> None:
    """Note the virtual network on which an endpoint sends, and whether a change of it is possible."""
    extra, me = w.extras[number], w.endpoints[2 * number + side]
    network = i64(segment["network"])
    own = i64(extra["network_1"] if side == 1 else extra["network_0"])
    if own == 0:
        if side == 1:
            extra["network_1"] = network
        else:
            extra["network_0"] = network
    elif own != network and me["packets"] != 0:
        ahead = (segment["seq"] - i64(me["next"])) & LOW_32
        if FAR_APART < ahead < LOW_32 - FAR_APART:
            w.connections[number]["notes"] |= NOTE_MIXED
