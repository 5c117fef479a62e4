"""Which connection a segment belongs to: a hash table keyed by 4-tuple.

Connections are numbered in order of first appearance, like Wireshark's ``tcp.stream``.
"""

from __future__ import annotations

from typing import Any

from ..addresses import IPV4_MAPPED
from ..decode.segment import ACK, SYN
from ..kernels.source import entry, i64, inner
from .sequence import LOW_32
from .tables import (
    CELL_DOUBT_UNTIL,
    CELL_KEYS,
    CELL_SPLIT,
    MORE_ADDRESSES,
    MORE_PREVIOUS,
    NOTE_CLIENT_GUESSED,
    NOTE_CLIENT_IS_1,
    NOTE_DOUBTFUL,
    SLOT,
    World,
)

KEY = 0x7FFFFFFF
"""The bits of a hash that tell connections apart: as many as a slot has room for."""


@inner
def folded(product: int) -> int:
    """Fold the upper half of a 63-bit product into its lower half, so that every bit of the input counts."""
    return (product ^ product >> 32) & LOW_32


@inner
def tuple_key(ends: tuple[int, int, int, int, int, int], network: int, cells: Any) -> int:
    """Hash a 4-tuple, in either direction, to 31 bits, with the keys of this run: collisions cannot be prepared.

    ``ends``: of one end, then of the other, both halves of the address and the port. ``network``: where it counts.
    """
    high_0, low_0, port_0, high_1, low_1, port_1 = ends
    one = folded((low_0 & LOW_32) * cells[CELL_KEYS] + port_0 * cells[CELL_KEYS + 1])
    other = folded((low_1 & LOW_32) * cells[CELL_KEYS] + port_1 * cells[CELL_KEYS + 1])
    if high_0 | high_1 | (low_0 ^ IPV4_MAPPED | low_1 ^ IPV4_MAPPED) >> 32 != 0:
        one, other = of_ipv6(high_0, low_0, one, cells), of_ipv6(high_1, low_1, other, cells)
    # Each has a key of its own: a mere sum would be the same for ports that go up on one side and down on the other.
    both = folded(min(one, other) * cells[CELL_KEYS + 5] + max(one, other) * cells[CELL_KEYS + 6])
    if network != 0:
        both = folded((both ^ network) * cells[CELL_KEYS + 7])
    return both & KEY


@inner
def of_ipv6(high: int, low: int, key: int, cells: Any) -> int:
    """Add the rest of an IPv6 address to a hash of its low bits."""
    key = folded((((low >> 32) & LOW_32) ^ key) * cells[CELL_KEYS + 2])
    key = folded(((high & LOW_32) ^ key) * cells[CELL_KEYS + 3])
    return folded((((high >> 32) & LOW_32) ^ key) * cells[CELL_KEYS + 4])


@inner
def key_of(w: World, segment: Any) -> int:
    """Return the hash of a segment's 4-tuple, the same for both directions."""
    source = segment["source_high"], segment["source_low"], segment["source_port"]
    target = segment["target_high"], segment["target_low"], segment["target_port"]
    return tuple_key((*source, *target), i64(segment["network"]) if w.cells[CELL_SPLIT] != 0 else 0, w.cells)


@inner
def likely_slot(w: World, key: int) -> int:
    """Return the first slot with a hash, or the empty one behind those that it is not in."""
    slots, mask = w.slots, len(w.slots) - 1
    slot = key & mask
    while slots[slot] != 0 and slots[slot] >> 32 != key:
        slot = (slot + 1) & mask
    return slot


@inner
def number_in(w: World, slot: int) -> int:
    """Return the number of the connection in a slot, or -1."""
    return (w.slots[slot] & LOW_32) - 1


@inner
def put(w: World, slot: int, key: int, number: int) -> None:
    """Put a connection into a slot."""
    w.slots[slot] = key << 32 | number + 1


@inner
def find(w: World, segment: Any, key: int, slot: int) -> int:
    """Return the slot of the segment's 4-tuple, either direction, or the empty one that it would be in.

    ``slot``: the first that it can be in.
    """
    slots, mask = w.slots, len(w.slots) - 1
    while slots[slot] != 0:
        if slots[slot] >> 32 == key and sender(w, segment, number_in(w, slot)) >= 0:
            return slot
        slot = (slot + 1) & mask
    return slot


@inner
def sender(w: World, segment: Any, number: int) -> int:
    """Return which endpoint of a connection sent a segment, 0 or 1; -1 where the segment has another 4-tuple."""
    one = w.connections[number]
    side = side_of(w, segment, number)
    # What differs between the ends, where endpoint 1 is the sender, and nothing where endpoint 0 is: no branch, since
    # nothing could predict it.
    low = (one["low_0"] ^ one["low_1"]) & -side
    port = (i64(one["port_0"]) ^ i64(one["port_1"])) & -side
    differs = (one["low_0"] ^ low ^ segment["source_low"]) | (one["low_1"] ^ low ^ segment["target_low"])
    differs |= i64(one["port_0"]) ^ port ^ segment["source_port"] | i64(one["port_1"]) ^ port ^ segment["target_port"]
    if differs != 0:
        return -1
    if one["more"] & MORE_ADDRESSES == 0 and w.cells[CELL_SPLIT] == 0:
        return side if segment["source_high"] | segment["target_high"] == 0 else -1
    extra = w.extras[number]
    high = (extra["high_0"] ^ extra["high_1"]) & -side
    differs = (extra["high_0"] ^ high ^ segment["source_high"]) | (extra["high_1"] ^ high ^ segment["target_high"])
    if w.cells[CELL_SPLIT] != 0:
        differs |= i64(extra["network_0"]) ^ segment["network"]
    return side if differs == 0 else -1


@inner
def side_of(w: World, segment: Any, number: int) -> int:
    """Return which endpoint of its connection sent the segment: 0 or 1."""
    one = w.connections[number]
    differs = (one["low_0"] ^ segment["source_low"]) | (i64(one["port_0"]) ^ segment["source_port"])
    if one["more"] & MORE_ADDRESSES != 0:
        differs |= w.extras[number]["high_0"] ^ segment["source_high"]
    return 0 if differs == 0 else 1


@entry(int, World)
def rehash(count: int, w: World) -> int:
    """Fill empty ``slots`` with ``connections[:count]``; of those on one 4-tuple, the latest stays. Return count."""
    slots, cells, mask = w.slots, w.cells, len(w.slots) - 1
    for number in range(count):
        one = w.connections[number]
        high_0 = high_1 = network = previous = 0
        if one["more"] != 0 or cells[CELL_SPLIT] != 0:
            extra = w.extras[number]
            high_0, high_1, previous = extra["high_0"], extra["high_1"], i64(extra["previous"])
            network = i64(extra["network_0"]) if cells[CELL_SPLIT] != 0 else 0
        ends = high_0, one["low_0"], i64(one["port_0"]), high_1, one["low_1"], i64(one["port_1"])
        key = tuple_key(ends, network, cells)
        slot = key & mask
        # A later connection on the same 4-tuple takes the place of the one before it.
        while slots[slot] != 0 and slots[slot] & LOW_32 != previous:
            slot = (slot + 1) & mask
        put(w, slot, key, number)
    return count


@entry(SLOT, World)
def refill(smaller: Any, w: World) -> int:
    """Fill empty ``slots`` with all that is in a smaller hash table; return how many slots that has.

    What lay side by side comes to lie so in two places, which is many times faster than ``rehash``.
    """
    slots, mask = w.slots, len(w.slots) - 1
    for before in range(len(smaller)):
        if smaller[before] != 0:
            slot = (smaller[before] >> 32) & mask
            while slots[slot] != 0:
                slot = (slot + 1) & mask
            slots[slot] = smaller[before]
    return len(smaller)


@inner
def begin(w: World, number: int, previous: int, segment: Any) -> None:
    """Write the row of a new connection whose first packet is ``segment``; its sender becomes endpoint 0.

    ``previous``: the connection before it on its 4-tuple, or -1. Rows are zero until then, and zeros are not written.
    """
    one = w.connections[number]
    one["low_0"], one["port_0"] = segment["source_low"], segment["source_port"]
    one["low_1"], one["port_1"] = segment["target_low"], segment["target_port"]
    more = 0
    if segment["source_high"] != 0 or segment["target_high"] != 0:
        w.extras[number]["high_0"] = segment["source_high"]
        w.extras[number]["high_1"] = segment["target_high"]
        more = MORE_ADDRESSES
    if segment["network"] != 0:
        w.extras[number]["network_0"] = segment["network"]
    if previous >= 0:
        w.extras[number]["previous"] = previous + 1
        more |= MORE_PREVIOUS
    one["more"] = more
    notes = 0
    flags = segment["flags"]
    if flags & (SYN | ACK) == SYN | ACK:
        notes = NOTE_CLIENT_IS_1
    elif flags & SYN == 0:
        # Joined late: services listen on low ports, clients use high ones. A guess, and marked as one.
        notes = NOTE_CLIENT_GUESSED
        if segment["source_port"] < segment["target_port"]:
            notes |= NOTE_CLIENT_IS_1
        if segment["length"] == 0 and segment["time"] <= w.cells[CELL_DOUBT_UNTIL]:
            notes |= NOTE_DOUBTFUL
    one["notes"] = notes


@inner
def is_own_peer(w: World, number: int) -> bool:
    """Return whether both ends of a connection are the same."""
    one = w.connections[number]
    if one["port_0"] != one["port_1"] or one["low_0"] != one["low_1"]:
        return False
    if one["more"] & MORE_ADDRESSES == 0:
        return True
    return w.extras[number]["high_0"] == w.extras[number]["high_1"]
