"""Keyed hashes of addresses and numbers, and the growth of hash tables.

The keys are random in each run, so nobody can prepare a capture whose rows collide.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import entry, i64, inner, rare
from .tables import CANDIDATES, DROPPED, KEYS, LIMIT, PAIRS, USED, Tables

MASK = 0xFFFFFFFF


@inner
def mixed(word: int, memory: Any, which: int) -> int:
    """Return 32 bits of a hash of 32 bits; ``which`` (0 to 14): two keys, another pair for each word of a row."""
    product = ((word & MASK) ^ memory[KEYS + which]) * memory[KEYS + which + 1]
    return (product ^ product >> 32) & MASK


@inner
def mixed_address(high: int, low: int, memory: Any, which: int) -> int:
    """Return a hash of an address, to be added to the hashes of other words; IPv4 takes one step."""
    total = mixed(low, memory, which)
    if high != 0 or low >> 32 != 0xFFFF:
        total += (
            mixed(low >> 32, memory, which + 1) + mixed(high, memory, which + 2) + mixed(high >> 32, memory, which + 3)
        )
    return total


@inner
def finished(total: int, memory: Any) -> int:
    """Return the final 32 bits of a sum of hashes."""
    return mixed(total ^ total >> 32, memory, 14)


@rare
def taken(t: Tables, table: int, quota: int, key: int) -> int:
    """Return the index of a new row of a table, or -1 where its quota is used up.

    Once half of a quota is used up, a key gets a row only when it comes a second time. A flood, whose keys do not
    repeat, thus leaves room for lasting traffic. Pairs have other rows to count in. ``key``: the row's hash.
    """
    m = t.memory
    used, limit = m[USED + quota], m[LIMIT + quota]
    if used >= limit or (2 * used >= limit and quota != PAIRS):
        place = (key + quota) & (CANDIDATES - 1)
        if used >= limit or t.candidates[place] != key + 1:
            t.candidates[place] = key + 1
            m[DROPPED + quota] += 1
            return -1
    m[USED + quota] += 1
    row = m[table]
    m[table] += 1
    return row


@entry(np.int64, int, np.int32)
def fill_slots(keys: Any, count: int, slots: Any) -> int:
    """Fill empty ``slots`` (a power of two) with the first ``count`` rows, whose hashes are ``keys``; return count."""
    mask = len(slots) - 1
    for row in range(count):
        slot = i64(keys[row]) & mask
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = row + 1
    return count
