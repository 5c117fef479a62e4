"""Virtual networks of frames: the stack of VLAN ids and overlay identifiers.

From the outermost to the innermost: VLAN ids (IEEE 802.1Q, 802.1ad), I-SIDs (802.1ah), VNIs (VXLAN, RFC 7348; Geneve,
RFC 8926), VSIDs (NVGRE, RFC 7637). Values that may differ between the directions of a conversation do not count:
priorities, MPLS labels, TEIDs of GTP, session ids of PPPoE and L2TP.

A decoder keeps all of it in one array of int64, ``networks``: the number of stacks, the stack of the current frame, the
rows of known stacks, and a hash table of their numbers; then the fragmented datagrams that are tunnel packets.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import be16, i64, inner, rare

STACKS = 16_384
"""Most stacks with numbers of their own; all others share one more number."""
DEPTH = 6
"""Most identifiers of a stack; inner ones beyond that do not count."""
VLAN, I_SID, VNI, VSID, OTHERS = (kind << 24 for kind in range(1, 6))
"""Kinds of identifiers, above the 24 bits of the number, so no identifier is 0."""
NAMES = {VLAN: "VLAN", I_SID: "I-SID", VNI: "VNI", VSID: "VSID"}

COUNT, SHARED, OUTSIDE, NOTED, STACK = range(5)
"""Cells: how many stacks there are; the number shared by stacks without room (0: none yet); how many identifiers are
outside all frames being decoded; how many are noted; and the first of these."""
ROWS = STACK + DEPTH
"""Stack number n is at ``ROWS + (n - 1) * DEPTH``, padded with zeros."""
SLOTS = 4 * STACKS
PLACES = ROWS + (STACKS + 1) * DEPTH
"""The hash table: SLOTS numbers, 0 where empty."""
EARLY = PLACES + SLOTS
"""How many more fragments may be collected before the first one of their datagram, which may be a tunnel packet."""
EARLY_FIRST, EARLY_MORE = 10_000, 100
"""The initial number, and the addition for each tunnel packet; a fragment costs as much as a hundred packets."""
FRAGMENTS, FRAGMENTS_SIZE = EARLY + 1, 4_093
"""Cells for the latest fragmented datagrams: a number for each, negative for a tunnel packet (see ``tunnels``)."""
SIZE = FRAGMENTS + FRAGMENTS_SIZE
PROBES = 32
"""Slots probed for a stack: the most stacks with the same hash."""
_FACTOR = 0x5E3779B1


# --- while frames are decoded


@inner
def forget(networks: Any) -> None:
    """Begin a frame: only identifiers outside it stay noted."""
    networks[NOTED] = networks[OUTSIDE]


@inner
def note(networks: Any, identifier: int) -> None:
    """Note an identifier (kind and number) inside those noted before."""
    depth = i64(networks[NOTED])
    if depth < DEPTH:
        networks[STACK + depth] = identifier
        networks[NOTED] = depth + 1


@rare
def note_tags(networks: Any, data: Any, at: int, end: int) -> None:
    """Note the VLAN tags, four bytes each, in ``data[at:end]``; id 0 is a priority tag."""
    for tag in range(at, end, 4):
        vlan = be16(data, tag) & 0xFFF
        if vlan != 0:
            note(networks, VLAN | vlan)


@inner
def network_of(networks: Any) -> int:
    """Return the number of the noted stack, from 1 in order of appearance; 0 if nothing is noted."""
    if networks[NOTED] == 0:
        return 0
    return numbered(networks)


@rare
def numbered(networks: Any) -> int:
    """Return the number of the noted stack; a new one gets the next number."""
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
    """Append the noted stack to the known ones; return its number."""
    count = i64(networks[COUNT])
    for index in range(i64(networks[NOTED])):
        networks[ROWS + count * DEPTH + index] = networks[STACK + index]
    networks[COUNT] = count + 1
    return count + 1


# --- for others


def empty() -> np.ndarray[Any, Any]:
    """Return the array without any stack."""
    networks = np.zeros(SIZE, dtype=np.int64)
    networks[EARLY] = EARLY_FIRST
    return networks


def surround(networks: Any, number: int) -> None:
    """Put the stack with a number (0: none) outside all frames decoded from now on."""
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
