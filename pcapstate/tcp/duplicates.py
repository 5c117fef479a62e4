"""Duplicates: packets captured on several interfaces, mirrored ports, or points of the path.

A copy brings no news: it changes no state and is no retransmission.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import SEGMENT, TELLING
from ..kernels.source import entry, i64, inner, rare
from .lookup import folded
from .sequence import LOW_32
from .tables import CELL_DETAILS, NOTE_MIXED, RECENT_PACKETS, World

MIN_RTO = 100_000_000
"""Nanoseconds: no retransmission timer is shorter (RFC 6298 wants a second, real stacks take 200 ms). Within them a
packet may also turn up behind what answers it: interfaces and queues are written down one after the other."""
COPIED_WITHIN = 1_000_000
"""Nanoseconds within which identical bytes are a copy, though a retransmission would look the same."""
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
    return folded(segment["ack"] * HASH_FACTOR ^ i64(segment["mark"]) * MARK_FACTOR) ^ kind & LOW_32


@inner
def bucket_of(w: World, segment: Any, told: int) -> int:
    """Return the row in which a packet is searched."""
    ports = i64(segment["source_port"]) << 16 ^ i64(segment["target_port"])
    return folded((segment["seq"] ^ ports ^ told) * HASH_FACTOR) & (len(w.recent) - 1)


@inner
def print_of(e: int, segment: Any, told: int) -> int:
    """Return 55 bits by which a packet of endpoint ``e`` is recognised; ``told``: the hash of its header."""
    return (segment["seq"] ^ (e + 1 << 7 & LOW_32)) << 23 ^ told


@inner
def is_unlike(w: World, bucket: int, print: int) -> bool:
    """Return whether no packet of the last moments can be the same."""
    row = w.recent[bucket]
    alike = row["print_0"] >> TIMES_BITS == print
    alike |= row["print_1"] >> TIMES_BITS == print
    alike |= row["print_2"] >> TIMES_BITS == print
    alike |= row["print_3"] >> TIMES_BITS == print
    return not alike


@inner
def remember(w: World, bucket: int, time: int, print: int) -> None:
    """Remember a packet that no packet of the last moments is the same as: the oldest of its row goes."""
    row = w.recent[bucket]
    row["print_3"], row["time_3"] = row["print_2"], row["time_2"]
    row["print_2"], row["time_2"] = row["print_1"], row["time_1"]
    row["print_1"], row["time_1"] = row["print_0"], row["time_0"]
    row["print_0"], row["time_0"] = print << TIMES_BITS | 1, time


@entry(SEGMENT, np.int64, RECENT_PACKETS, World)
def remember_again(segments: Any, ends: Any, before: Any, w: World) -> int:
    """Fill empty ``recent`` from what it was ``before`` connections moved up; return how many segments there are.

    ``segments``: those of the last moments, with the endpoints that they had; ``ends``: the ones they have, or -1.
    """
    for index in range(len(segments)):
        segment, e = segments[index], ends[index]
        if segment["flags"] < 0 or e < 0:
            continue
        told = header_hash(segment)
        bucket = bucket_of(w, segment, told)
        had, has = print_of(i64(segment["endpoint"]), segment, told), print_of(e, segment, told)
        old, new = before[bucket], w.recent[bucket]
        if old["print_0"] >> TIMES_BITS == had:
            new["print_0"], new["time_0"] = has << TIMES_BITS | old["print_0"] & TIMES, old["time_0"]
        elif old["print_1"] >> TIMES_BITS == had:
            new["print_1"], new["time_1"] = has << TIMES_BITS | old["print_1"] & TIMES, old["time_1"]
        elif old["print_2"] >> TIMES_BITS == had:
            new["print_2"], new["time_2"] = has << TIMES_BITS | old["print_2"] & TIMES, old["time_2"]
        elif old["print_3"] >> TIMES_BITS == had:
            new["print_3"], new["time_3"] = has << TIMES_BITS | old["print_3"] & TIMES, old["time_3"]
    return len(segments)


@inner
def is_copy(w: World, e: int, segment: Any, bucket: int, print: int) -> bool:
    """Return whether this is a copy of a packet of endpoint ``e``, not a retransmission; remember it."""
    if is_unlike(w, bucket, print):
        remember(w, bucket, segment["time"], print)
        return False
    return is_copy_of(w, e, segment, bucket, print)


@rare
def is_copy_of(w: World, e: int, segment: Any, bucket: int, print: int) -> bool:
    """Return whether a packet that is the same as one of the last moments is a copy of it; remember it."""
    row = w.recent[bucket]
    time, telling = segment["time"], i64(segment["mark"]) & TELLING != 0
    # The one that it is the same as comes first, as the latest.
    found, when = row["print_0"], row["time_0"]
    if found >> TIMES_BITS != print:
        found, when = row["print_1"], row["time_1"]
        if found >> TIMES_BITS != print:
            found, when = row["print_2"], row["time_2"]
            if found >> TIMES_BITS != print:
                found, when = row["print_3"], row["time_3"]
                row["print_3"], row["time_3"] = row["print_2"], row["time_2"]
            row["print_2"], row["time_2"] = row["print_1"], row["time_1"]
        row["print_1"], row["time_1"] = row["print_0"], row["time_0"]
    row["print_0"], row["time_0"] = print << TIMES_BITS | 1, time
    gap = abs(time - when)
    if gap >= (MIN_RTO if telling else COPIED_WITHIN):
        return False
    # Over IPv4 the identification is another. Over IPv6 there is none, and within SOON not even time tells.
    if gap < COPIED_WITHIN and (not telling or segment["source_high"] != 0) and sent_anew(w, e, when, found & TIMES):
        return False
    row["print_0"], row["time_0"] = min(found + 1, found | TIMES), when
    return True


@rare
def sent_anew(w: World, e: int, when: int, times: int) -> bool:
    """Return whether endpoint ``e`` retransmitted a segment captured ``times`` since a time: after an answer, and more
    often than copies explain.

    Fast retransmission answers its peer's acknowledgments (RFC 5681 §3.2). Where there are copies, all packets have
    about as many.
    """
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    if peer["packets"] == 0 or peer["last"] <= when:
        return False
    copies = i64(w.seldom[e]["copies"])
    packets = i64(me["packets"]) - copies
    return times * packets > copies + (packets >> 1)


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
