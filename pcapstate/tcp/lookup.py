"""Which connection a segment belongs to: a hash table keyed by 4-tuple.

Connections are numbered in order of first appearance, like Wireshark's ``tcp.stream``.
"""

from __future__ import annotations

from typing import Any

from ..decode.segment import ACK, SYN
from ..kernels.source import entry, i64, inner
from .sequence import LOW_32
from .tables import CELL_DOUBT_UNTIL, CELL_KEYS, CELL_SPLIT, NOTE_CLIENT_GUESSED, NOTE_CLIENT_IS_1, NOTE_DOUBTFUL, World


@inner
def folded(product: int) -> int:
    """Fold the upper half of a 63-bit product into its lower half, so that every bit of the input counts."""
    return (product ^ product >> 32) & LOW_32


@inner
def endpoint_key(high: int, low: int, port: int, cells: Any) -> int:
    """Hash an address and port with the keys of this run, so that collisions cannot be prepared."""
    key = folded(((low & LOW_32) ^ cells[CELL_KEYS]) * cells[CELL_KEYS + 1])
    if high != 0 or low >> 32 != 0xFFFF:
        key = folded((((low >> 32) & LOW_32) ^ key) * cells[CELL_KEYS + 2])
        key = folded(((high & LOW_32) ^ key) * cells[CELL_KEYS + 3])
        key = folded((((high >> 32) & LOW_32) ^ key) * cells[CELL_KEYS + 4])
    return folded((key ^ port) * cells[CELL_KEYS + 5])


@inner
def pair_key(one: int, other: int, network: int, cells: Any) -> int:
    """Combine the hashes of both ends, whichever comes first, and the network where it counts (else 0)."""
    both = one + other
    if network != 0:
        both += folded(network * cells[CELL_KEYS + 7])
    return folded((both & LOW_32) * cells[CELL_KEYS + 6])


@inner
def first_slot(w: World, segment: Any) -> int:
    """Return the slot at which the search for a segment's connection begins."""
    network = i64(segment["network"]) if w.cells[CELL_SPLIT] != 0 else 0
    one_end = endpoint_key(segment["source_high"], segment["source_low"], segment["source_port"], w.cells)
    other_end = endpoint_key(segment["target_high"], segment["target_low"], segment["target_port"], w.cells)
    return pair_key(one_end, other_end, network, w.cells) & (len(w.slots) - 1)


@inner
def find(w: World, segment: Any, slot: int) -> int:
    """Return the slot of the segment's 4-tuple, either direction: it holds a connection's number + 1, or 0.

    ``slot``: the first that it can be in.
    """
    high_0, low_0, port_0 = segment["source_high"], segment["source_low"], segment["source_port"]
    high_1, low_1, port_1 = segment["target_high"], segment["target_low"], segment["target_port"]
    slots, split = w.slots, w.cells[CELL_SPLIT] != 0
    network = i64(segment["network"]) if split else 0
    mask = len(slots) - 1
    while slots[slot] != 0:
        number = i64(slots[slot]) - 1
        one = w.connections[number]
        if one["low_0"] == low_0 and one["low_1"] == low_1 and one["port_0"] == port_0 and one["port_1"] == port_1:
            extra = w.extras[number]
            if extra["high_0"] == high_0 and extra["high_1"] == high_1:
                if not split or i64(extra["network_0"]) == network:
                    return slot
        if one["low_0"] == low_1 and one["low_1"] == low_0 and one["port_0"] == port_1 and one["port_1"] == port_0:
            extra = w.extras[number]
            if extra["high_0"] == high_1 and extra["high_1"] == high_0:
                if not split or i64(extra["network_0"]) == network:
                    return slot
        slot = (slot + 1) & mask
    return slot


@entry(int, World)
def rehash(count: int, w: World) -> int:
    """Fill empty ``slots`` with ``connections[:count]``; of those on one 4-tuple, the latest stays. Return count."""
    slots, cells, mask = w.slots, w.cells, len(w.slots) - 1
    for number in range(count):
        one = w.connections[number]
        extra = w.extras[number]
        one_end = endpoint_key(extra["high_0"], one["low_0"], i64(one["port_0"]), cells)
        other_end = endpoint_key(extra["high_1"], one["low_1"], i64(one["port_1"]), cells)
        network = i64(extra["network_0"]) if cells[CELL_SPLIT] != 0 else 0
        slot = pair_key(one_end, other_end, network, cells) & mask
        # A later connection on the same 4-tuple takes the place of the one before it.
        while slots[slot] != 0 and slots[slot] != extra["previous"]:
            slot = (slot + 1) & mask
        slots[slot] = number + 1
    return count


@inner
def side_of(w: World, segment: Any, number: int) -> int:
    """Return which endpoint of its connection sent the segment: 0 or 1."""
    one = w.connections[number]
    if one["low_0"] == segment["source_low"] and one["port_0"] == segment["source_port"]:
        if w.extras[number]["high_0"] == segment["source_high"]:
            return 0
    return 1


@inner
def begin(w: World, number: int, previous: int, segment: Any) -> None:
    """Write the row of a new connection whose first packet is ``segment``; its sender becomes endpoint 0.

    ``previous``: the connection before it on its 4-tuple, or -1. Rows are zero until then, and zeros are not written.
    """
    one = w.connections[number]
    one["low_0"], one["port_0"] = segment["source_low"], segment["source_port"]
    one["low_1"], one["port_1"] = segment["target_low"], segment["target_port"]
    if segment["source_high"] != 0 or segment["target_high"] != 0:
        w.extras[number]["high_0"] = segment["source_high"]
        w.extras[number]["high_1"] = segment["target_high"]
    if segment["network"] != 0:
        w.extras[number]["network_0"] = segment["network"]
    if previous >= 0:
        w.extras[number]["previous"] = previous + 1
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
    return w.extras[number]["high_0"] == w.extras[number]["high_1"]
