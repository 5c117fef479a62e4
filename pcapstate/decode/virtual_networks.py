"""Which virtual network a frame comes in: the stack of its VLAN ids and of the identifiers of overlays.

From the outermost to the innermost: VLAN ids (IEEE 802.1Q, 802.1ad), I-SIDs (802.1ah), VNIs (VXLAN, RFC 7348; Geneve,
RFC 8926), VSIDs (NVGRE, RFC 7637). What may differ between the directions of one conversation is no part of it:
priorities, MPLS labels, GTP's TEIDs, session ids of PPPoE and L2TP.

All is in one array of int64, ``networks``, which a decoder keeps: how many stacks there are, the stack being noted for
the frame at hand, the rows of the stacks known, and a hash table with their numbers; behind them which datagrams in
fragments are a tunnel's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import be16, i64, inner, rare

STACKS = 16_384
"""Different stacks at most; those that have no room share the number of one more."""
DEPTH = 6
"""Identifiers of a stack at most; those further inside do not count."""
VLAN, I_SID, VNI, VSID, OTHERS = (kind << 24 for kind in range(1, 6))
"""The kinds of identifiers: above the 24 bits of their number, so none is 0."""
NAMES = {VLAN: "VLAN", I_SID: "I-SID", VNI: "VNI", VSID: "VSID"}

COUNT, SHARED, OUTSIDE, NOTED, STACK = range(5)
"""Cells: how many stacks there are, the number that those without room share (0: none yet), how many identifiers stand
around all frames that are decoded now, how many are noted, and the first of these."""
ROWS = STACK + DEPTH
"""The stack with the number n is at ``ROWS + (n - 1) * DEPTH``, filled up with zeros."""
SLOTS = 4 * STACKS
PLACES = ROWS + (STACKS + 1) * DEPTH
"""From here on there are SLOTS numbers, 0 where there is none."""
EARLY = PLACES + SLOTS
"""How many fragments that come before the first of their datagram may still be collected: it may be a tunnel's."""
EARLY_FIRST, EARLY_MORE = 10_000, 100
"""These many, and more for each datagram that is a tunnel's; each costs as much as a hundred packets."""
FRAGMENTS, FRAGMENTS_SIZE = EARLY + 1, 4_093
"""Cells for what ``tunnels`` knows of the latest datagrams in fragments: a number of each, negative of a tunnel's."""
SIZE = FRAGMENTS + FRAGMENTS_SIZE
PROBES = 32
"""Slots looked at for a stack: so many stacks with one hash have room."""
_FACTOR = 0x5E3779B1


# --- while frames are decoded


@inner
def forget(networks: Any) -> None:
    """Begin a frame: nothing is noted but what stands around it."""
    networks[NOTED] = networks[OUTSIDE]


@inner
def note(networks: Any, identifier: int) -> None:
    """Note an identifier (a kind and a number), inside of those noted before."""
    depth = i64(networks[NOTED])
    if depth < DEPTH:
        networks[STACK + depth] = identifier
        networks[NOTED] = depth + 1


@rare
def note_tags(networks: Any, data: Any, at: int, end: int) -> None:
    """Note the VLAN tags, four bytes each, in ``data[at:end]``; the id 0 only gives a priority."""
    for tag in range(at, end, 4):
        vlan = be16(data, tag) & 0xFFF
        if vlan != 0:
            note(networks, VLAN | vlan)


@inner
def network_of(networks: Any) -> int:
    """Return the number of the stack that is noted, from 1 on in order of appearance; 0 where nothing is noted."""
    if networks[NOTED] == 0:
        return 0
    return numbered(networks)


@rare
def numbered(networks: Any) -> int:
    """Return the number of the stack that is noted, which gets the next one where it is new."""
    depth = i64(networks[NOTED])
    mixed = depth
    for index in range(depth):
        mixed = ((mixed ^ i64(networks[STACK + index])) * _FACTOR >> 13) & 0xFFFFFF
    for probe in range(PROBES):
        place = PLACES + ((mixed + probe) & (SLOTS - 1))
        number = i64(networks[place])
        if number == 0:
            if networks[COUNT] >= STACKS:
                break
            number = added(networks)
            networks[place] = number
            return number
        row = ROWS + (number - 1) * DEPTH
        index = 0
        while index < depth and networks[row + index] == networks[STACK + index]:
            index += 1
        if index == depth and (depth == DEPTH or networks[row + depth] == 0):
            return number
    if networks[SHARED] == 0:
        networks[ROWS + i64(networks[COUNT]) * DEPTH] = OTHERS
        networks[COUNT] += 1
        networks[SHARED] = networks[COUNT]
    return i64(networks[SHARED])


@rare
def added(networks: Any) -> int:
    """Put the stack that is noted behind those known; return its number."""
    count = i64(networks[COUNT])
    for index in range(i64(networks[NOTED])):
        networks[ROWS + count * DEPTH + index] = networks[STACK + index]
    networks[COUNT] = count + 1
    return count + 1


# --- for others


def empty() -> np.ndarray[Any, Any]:
    """Return the array, with no stack known."""
    networks = np.zeros(SIZE, dtype=np.int64)
    networks[EARLY] = EARLY_FIRST
    return networks


def surround(networks: Any, number: int) -> None:
    """Let the stack with a number (0: none) stand around all frames decoded from now on."""
    row = ROWS + (number - 1) * DEPTH
    stack = networks[row : row + DEPTH] if number else networks[:0]
    networks[STACK : STACK + len(stack)] = stack
    networks[OUTSIDE] = np.count_nonzero(stack)


def names(networks: Any) -> list[str]:
    """Return the names of all stacks, in the order of their numbers."""
    rows = networks[ROWS : ROWS + int(networks[COUNT]) * DEPTH].reshape(-1, DEPTH)
    return [name([one for one in row if one]) for row in rows.tolist()]


def name(stack: list[int]) -> str:
    """Return the name of a stack of identifiers: ``VLAN 10.20, VNI 5000``."""
    parts: list[str] = []
    before = 0
    for identifier in stack:
        kind, number = identifier >> 24 << 24, identifier & 0xFFFFFF
        if kind == OTHERS:
            parts.append("others")
        elif kind == before:
            parts[-1] += f".{number}"
        else:
            parts.append(f"{NAMES[kind]} {number}")
        before = kind
    return ", ".join(parts)
