"""Rows of traffic: paths, tallies, UDP ports, and bindings of stations to addresses.

Every table has a fixed maximum of rows (``LIMITS``), so no flood exhausts the memory. Packets beyond it are counted in
``memory`` and reported.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

PATH = np.dtype(
    [
        ("source_low", "i8"),  # lower half of the address as u64, IPv4 as ::ffff:a.b.c.d; 0: none
        ("target_low", "i8"),
        ("source_mac", "i8"),  # 48 bits, or NO_MAC
        ("target_mac", "i8"),
        ("packets", "i8"),
        ("bytes", "i8"),  # of frames on the wire, link header included
        ("last", "i8"),  # number of the last frame
        ("key", "u4"),  # its hash
        ("layer", "i4"),  # EtherType of the network layer << KIND_BITS | PAIR, FROM or TO
    ]
)
"""Frames from one station and address to another: 64 bytes, one cache line."""

PATH_REST = np.dtype(
    [
        ("source_high", "i8"),  # upper halves of both addresses; 0 for IPv4
        ("target_high", "i8"),
        ("first", "i8"),  # number of the first frame
        ("hops", "i8"),  # its hop limit (TTL)
        ("udp", "i8"),  # whole UDP datagrams
    ]
)
"""Rarely used fields of a path, one row for each."""

KIND_BITS = 2
PAIR, FROM, TO = range(3)
"""Kinds of path. PAIR has both addresses. Once there is no room for more pairs, a packet of a new pair counts in two
rows: FROM, without target address, has what its source sent; TO, without source address, what its target received."""

NO_ETHERTYPE = -1
"""The EtherType of a frame without one, or with an unknown link type."""
UNREADABLE = 0x10000
"""Added to the EtherType of a frame whose IP header is cut off or invalid; it has no addresses."""
NO_MAC = -1
"""The station of a frame whose link type has none."""
GROUP = 1 << 40
"""The group bit of a MAC address (IEEE 802)."""

TALLY = np.dtype(
    [
        ("path", "i8"),  # index into the paths
        ("code", "i8"),  # kind of packet: the variants below
        ("count", "i8"),
        ("first", "i8"),  # number of the first frame
        ("key", "i8"),  # its hash
    ]
)
"""Tallies of rarer packets on a path: ICMP messages by type, fragments."""

WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT, REASSEMBLED, NO_LISTENER = (variant << 24 for variant in range(5))
"""Variants of a tally's code. Added to the first four: protocol << 16, and of ICMP and ICMPv6 type << 8 | code.
NO_LISTENER: port unreachable, sent by the target of the quoted UDP datagram."""
PROTOCOL_SHIFT, VARIANT_SHIFT = 16, 24

PORT = np.dtype(
    [
        ("low", "i8"),
        ("high", "i8"),
        ("port", "i8"),
        ("first", "i8"),  # times of its first and last sent datagram, ns since the epoch
        ("last", "i8"),
        ("sent_packets", "i8"),
        ("sent_bytes", "i8"),  # of payload
        ("received_packets", "i8"),
        ("received_bytes", "i8"),
        ("number", "i8"),  # of the first frame sent from it; 0: none
        ("closed", "i8"),  # number of the frame in which its host reported it closed; 0: none, or it has sent since
        ("key", "i8"),
    ]
)
"""A UDP port of an address."""

BINDING = np.dtype(
    [
        ("mac", "i8"),
        ("low", "i8"),
        ("high", "i8"),
        ("kind", "i8"),  # BOUND or ASKED
        ("first", "i8"),  # numbers of the first and last frame with this binding
        ("last", "i8"),
        ("key", "i8"),
    ]
)
"""A binding of a station and an address, from ARP or neighbour discovery."""

BOUND, ASKED = range(2)
"""Kinds of binding. BOUND: the station has the address. ASKED: the station resolved the address, so it considers it
on-link."""

DATAGRAM = np.dtype(
    [
        ("path", "i8"),  # index into the paths
        ("identity", "i8"),  # identification << 8 | protocol
        ("since", "i8"),  # time of its first fragment
        ("open", "i8"),  # 0: the row is free
        ("code", "i8"),  # protocol and ICMP type from the first fragment; -1: not seen yet
        ("have", "i8"),  # units of eight bytes received
        ("total", "i8"),  # units in all; -1: the last fragment is missing
    ]
)
"""An IP datagram under reassembly."""

DATAGRAMS = 1024
"""Most datagrams under reassembly, a power of two; a new one evicts an older one."""
UNITS = 8192
"""Most units of eight bytes in a datagram."""
BITS = 32
"""Units in a cell of ``units``: one bit each."""

PATHS, TALLIES, PORTS, BINDINGS = range(4)
"""The tables: ``memory[table]`` is how many of its rows are used."""
CLOCK, FRAMES, ETHERNET_FRAMES = range(4, 7)
"""Further cells of ``memory`` (int64): the latest time of a frame, the number of frames, and of those with an Ethernet
header."""

PAIRS, FROMS, TOS, PAIR_TALLIES, FROM_TALLIES, TO_TALLIES, SENDING_PORTS, OTHER_PORTS, BOUNDS, ASKEDS = range(10)
"""Quotas, each for a kind of row. SENDING_PORTS: ports whose first datagram was a sent one."""
QUOTAS = 10
USED = 7
LIMIT = USED + QUOTAS
DROPPED = LIMIT + QUOTAS
"""``memory[USED + quota]``: rows; ``LIMIT``: most rows; ``DROPPED``: packets that were dropped for lack of room."""
KEYS = DROPPED + QUOTAS
"""From here on, random odd numbers below 2**31 that key the hash tables."""
NUMBER_OF_KEYS = 16
MEMORY_SIZE = KEYS + NUMBER_OF_KEYS

LIMITS = {
    PAIRS: 1 << 19,
    FROMS: 1 << 18,
    TOS: 1 << 18,
    PAIR_TALLIES: 1 << 17,
    FROM_TALLIES: 1 << 16,
    TO_TALLIES: 1 << 16,
    SENDING_PORTS: 1 << 18,
    OTHER_PORTS: 1 << 18,
    BOUNDS: 1 << 16,
    ASKEDS: 1 << 16,
}
"""Most rows, by quota."""
TABLE_QUOTAS = {
    PATHS: (PAIRS, FROMS, TOS),
    TALLIES: (PAIR_TALLIES, FROM_TALLIES, TO_TALLIES),
    PORTS: (SENDING_PORTS, OTHER_PORTS),
    BINDINGS: (BOUNDS, ASKEDS),
}
"""The quotas that share a table."""

STRIDE = 64
"""Frames that are looked at together: their paths are fetched at once, and the room left is checked before."""
ROOM = 8 * STRIDE
"""More rows than STRIDE frames can add to a table."""

SIGHT = np.dtype(
    [
        ("source_high", "i8"),  # as in PATH and PATH_REST
        ("source_low", "i8"),
        ("target_high", "i8"),
        ("target_low", "i8"),
        ("source_mac", "i8"),
        ("target_mac", "i8"),
        ("key", "i8"),  # the hash of its path
        ("at", "i8"),  # offsets of the IP header, of what it carries, and of the packet's end
        ("upper", "i8"),
        ("end", "i8"),
        ("ethertype", "i4"),  # as in PATH's layer
        ("protocol", "i2"),  # or NO_HEADER
        ("hops", "i2"),
        ("fragment", "i8"),
    ]
)
"""What the headers of a frame say."""
NO_HEADER = -2
"""The protocol of a frame without an IP header that could be read; -1 is that of one whose extensions are cut off."""

CANDIDATES = 1 << 16
"""Cells, a power of two, that remember the keys of dropped rows."""
MARKS = 256
"""Most packets of a batch that are copied for later parsing."""
ROUTER_ADVERTISEMENT, REDIRECT, REDIRECT_IPV6, DHCP = range(4)
"""Reasons to mark a packet for later parsing."""


class Tables(NamedTuple):
    """The arrays that the kernels of this stage work on; ``..._slots``: hash tables of 1 + row number, or 0."""

    paths: Any  # PATH
    rests: Any  # PATH_REST
    path_slots: Any  # int32, a power of two of cells
    tallies: Any  # TALLY
    tally_slots: Any
    ports: Any  # PORT
    port_slots: Any
    bindings: Any  # BINDING
    binding_slots: Any
    datagrams: Any  # DATAGRAM
    units: Any  # int64, UNITS // BITS for each datagram: one bit for each unit received
    candidates: Any  # int64, CANDIDATES cells: 1 + the hash of a row that was dropped
    marks: Any  # int64, three cells for each mark: index of the frame, offset of its IP header, reason
    memory: Any  # int64
    sights: Any  # SIGHT, STRIDE rows
