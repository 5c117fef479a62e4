"""Paths of frames and their tallies: hash tables keyed by stations and addresses."""

from __future__ import annotations

from typing import Any

from ..decode.protocols import ETHERTYPE_IPV6
from ..kernels.source import fetch, i64, inner, rare
from .hashing import finished, mixed, mixed_address, taken
from .tables import (
    FROM,
    FROM_TALLIES,
    FROMS,
    KIND_BITS,
    PAIR,
    PAIR_TALLIES,
    PAIRS,
    PATHS,
    TALLIES,
    TO,
    TO_TALLIES,
    TOS,
    Tables,
)


@inner
def path_key(
    m: Any,
    source_mac: int,
    target_mac: int,
    source_high: int,
    source_low: int,
    target_high: int,
    target_low: int,
    layer: int,
) -> int:
    """Return the hash of a path; ``m``: the ``memory``."""
    total = mixed_address(source_high, source_low, m, 0) + mixed_address(target_high, target_low, m, 4)
    total += mixed(source_mac, m, 8) + mixed(target_mac, m, 9)
    # The upper 16 bits of both stations.
    total += mixed((source_mac >> 32 & 0xFFFF) << 16 | (target_mac >> 32 & 0xFFFF), m, 10)
    return finished(total + layer, m)


@inner
def find_path(
    t: Tables,
    source_mac: int,
    target_mac: int,
    source_high: int,
    source_low: int,
    target_high: int,
    target_low: int,
    ethertype: int,
    kind: int,
) -> int:
    """Return the row of a path, which is added if it is new; -1 where there is no room."""
    layer = ethertype << KIND_BITS | kind
    key = path_key(t.memory, source_mac, target_mac, source_high, source_low, target_high, target_low, layer)
    return path_of_key(
        t, key, source_mac, target_mac, source_high, source_low, target_high, target_low, layer
    )  # fmt: skip


@inner
def path_of_key(
    t: Tables,
    key: int,
    source_mac: int,
    target_mac: int,
    source_high: int,
    source_low: int,
    target_high: int,
    target_low: int,
    layer: int,
) -> int:
    """Return the row of a path whose hash is known, as ``find_path`` does."""
    ethertype = layer >> KIND_BITS
    mask = len(t.path_slots) - 1
    slot = key & mask
    while t.path_slots[slot] != 0:
        number = i64(t.path_slots[slot]) - 1
        one = t.paths[number]
        if one["source_low"] == source_low and one["target_low"] == target_low and one["layer"] == layer:
            if one["source_mac"] == source_mac and one["target_mac"] == target_mac:
                if ethertype != ETHERTYPE_IPV6:
                    return number
                rest = t.rests[number]
                if rest["source_high"] == source_high and rest["target_high"] == target_high:
                    return number
        slot = (slot + 1) & mask
    return begin_path(
        t, slot, key, source_mac, target_mac, source_high, source_low, target_high, target_low, layer
    )  # fmt: skip


@inner
def foresee_path(t: Tables, key: int) -> None:
    """Fetch the row of a path whose hash is known, as far as its slot tells."""
    number = i64(t.path_slots[key & (len(t.path_slots) - 1)]) - 1
    if number >= 0:
        fetch(t.paths, number)


@rare
def begin_path(
    t: Tables,
    slot: int,
    key: int,
    source_mac: int,
    target_mac: int,
    source_high: int,
    source_low: int,
    target_high: int,
    target_low: int,
    layer: int,
) -> int:
    """Add a path at the free slot that its hash led to, and return its row; -1 where there is no room."""
    kind = layer & ((1 << KIND_BITS) - 1)
    number = taken(t, PATHS, FROMS if kind == FROM else TOS if kind == TO else PAIRS, key)
    if number < 0:
        return -1
    t.path_slots[slot] = number + 1
    one = t.paths[number]
    one["source_low"], one["target_low"] = source_low, target_low
    one["source_mac"], one["target_mac"] = source_mac, target_mac
    one["layer"] = layer
    one["key"] = key
    if source_high != 0 or target_high != 0:
        rest = t.rests[number]
        rest["source_high"], rest["target_high"] = source_high, target_high
    return number


@inner
def count_frame(t: Tables, path: int, number: int, length: int, hops: int) -> None:
    """Count a frame of ``length`` bytes."""
    one = t.paths[path]
    if one["packets"] == 0:
        rest = t.rests[path]
        rest["first"] = number
        rest["hops"] = hops
    one["last"] = number
    one["packets"] += 1
    one["bytes"] += length


@rare
def count_halves(
    t: Tables,
    source_mac: int,
    target_mac: int,
    ends: tuple[int, int, int, int],
    ethertype: int,
    number: int,
    length: int,
    hops: int,
) -> tuple[int, int]:
    """Count a frame whose pair has no room at its source and at its target. Return both rows, or -1.

    ``ends``: the high and low half of the source address, then of the target address.
    """
    sent = find_path(t, source_mac, target_mac, ends[0], ends[1], 0, 0, ethertype, FROM)
    got = find_path(t, source_mac, target_mac, 0, 0, ends[2], ends[3], ethertype, TO)
    if sent >= 0:
        count_frame(t, sent, number, length, hops)
    if got >= 0:
        count_frame(t, got, number, length, hops)
    return sent, got


@rare
def tally(t: Tables, path: int, code: int, number: int) -> None:
    """Tally a packet of a path by its code; in the rows of both ends if the pair has no room."""
    if path < 0:
        return
    layer = i64(t.paths[path]["layer"])
    kind = layer & ((1 << KIND_BITS) - 1)
    if kind != PAIR:
        tally_in(t, path, code, number, FROM_TALLIES if kind == FROM else TO_TALLIES)
    elif not tally_in(t, path, code, number, PAIR_TALLIES):
        pair, rest = t.paths[path], t.rests[path]
        source_mac, target_mac = pair["source_mac"], pair["target_mac"]
        ethertype = layer >> KIND_BITS
        sent = find_path(t, source_mac, target_mac, rest["source_high"], pair["source_low"], 0, 0, ethertype, FROM)
        got = find_path(t, source_mac, target_mac, 0, 0, rest["target_high"], pair["target_low"], ethertype, TO)
        if sent >= 0:
            tally_in(t, sent, code, number, FROM_TALLIES)
        if got >= 0:
            tally_in(t, got, code, number, TO_TALLIES)


@rare
def tally_in(t: Tables, path: int, code: int, number: int, quota: int) -> bool:
    """Count a packet in the row of a path and a code; tell whether there was room."""
    m = t.memory
    key = finished(mixed(path, m, 0) + mixed(code, m, 1), m)
    mask = len(t.tally_slots) - 1
    slot = key & mask
    while t.tally_slots[slot] != 0:
        one = t.tallies[i64(t.tally_slots[slot]) - 1]
        if one["path"] == path and one["code"] == code:
            one["count"] += 1
            return True
        slot = (slot + 1) & mask
    row = taken(t, TALLIES, quota, key)
    if row < 0:
        return False
    t.tally_slots[slot] = row + 1
    one = t.tallies[row]
    one["path"] = path
    one["code"] = code
    one["count"] = 1
    one["first"] = number
    one["key"] = key
    return True
