"""Packets that are in the capture more than once: several interfaces, mirrored ports, several points on the way.

A copy tells nothing new, so it changes no state and counts as no retransmission.
"""

from __future__ import annotations

from typing import Any

from ..decode.contracts import TELLING
from ..kernel import i64, inner, rare
from .contracts import DETAILS, MIXED, World
from .flows import folded
from .sequence import MASK

AT_ONCE = 100_000_000
"""Nanoseconds: no retransmission timer is shorter (RFC 6298 wants a second, real stacks take 200 ms). Within them a
packet may also turn up behind what answers it: interfaces and queues are written down one after the other."""
SOON = 1_000_000
"""Nanoseconds within which the same bytes are a copy, though nothing in them tells it from a segment sent again."""
WAYS = 4
"""Cells among which a packet's place is: the oldest, where it is in none."""
SPREAD = 0x5E3779B1
"""What spreads packets over the buckets: the same in each run, as its answers are to be."""
FAR_APART = 1 << 24
"""Bytes between sequence numbers that are too many for two packets of one connection."""


@inner
def is_copy(w: World, e: int, segment: Any) -> bool:
    """Tell whether endpoint ``e`` has sent this very packet before, and not the same segment again; remember it."""
    time, mark = segment["time"], i64(segment["mark"])
    told = mark ^ i64(segment["flags"]) << 23 ^ i64(segment["length"])
    high, low = segment["seq"] ^ (e + 1 << 7 & MASK), (segment["ack"] ^ told) & MASK
    print = high << 31 ^ low
    bucket = folded((folded(high * SPREAD) ^ low) * SPREAD) & (len(w.recent) - WAYS)
    place = bucket
    for at in range(bucket, bucket + WAYS):
        if w.recent[at]["print"] == print:
            place = at
            break
        if w.recent[at]["time"] < w.recent[place]["time"]:
            place = at
    one = w.recent[place]
    if one["print"] == print:
        telling, gap = mark & TELLING != 0, abs(time - one["time"])
        if gap < (AT_ONCE if telling else SOON):
            # Over IPv4 the identification is another. Over IPv6 there is none, and within SOON not even time tells.
            if gap >= SOON or (telling and segment["source_high"] == 0) or not sent_anew(w, e, one):
                one["times"] += 1
                return True
    one["time"] = time
    one["print"] = print
    one["times"] = 1
    return False


@rare
def sent_anew(w: World, e: int, one: Any) -> bool:
    """Tell whether endpoint ``e`` has sent this segment again: after an answer, and more often than copies explain.

    Fast retransmission answers its peer's acknowledgments (RFC 5681 §3.2). Where there are copies, all packets have
    about as many.
    """
    me, peer = w.endpoints[e], w.endpoints[e ^ 1]
    if peer["packets"] == 0 or peer["last"] <= one["time"]:
        return False
    copies = i64(w.seldom[e]["copies"])
    packets = i64(me["packets"]) - copies
    return i64(one["times"]) * packets > copies + (packets >> 1)


@rare
def count_copy(w: World, e: int, segment: Any) -> None:
    """Count a copy of a packet that endpoint ``e`` sent."""
    w.seldom[e]["copies"] += 1
    if w.memory[DETAILS] != 0:
        w.troubles[e]["copied"] = segment["number"]


@rare
def note_network(w: World, number: int, side: int, segment: Any) -> None:
    """Note the VLAN, or the like, on which an endpoint sends; and where it is another, whether that can be."""
    extra, me = w.extras[number], w.endpoints[2 * number + side]
    network = i64(segment["network"])
    own = i64(extra["network_1"] if side == 1 else extra["network_0"])
    if own == 0:
        if side == 1:
            extra["network_1"] = network
        else:
            extra["network_0"] = network
    elif own != network and me["packets"] != 0:
        ahead = (segment["seq"] - i64(me["next"])) & MASK
        if FAR_APART < ahead < MASK - FAR_APART:
            w.connections[number]["notes"] |= MIXED
