"""The rows that are kept of the traffic: paths, tallies, UDP ports, and who has which address.

Every table has room for a fixed number of rows (``LIMITS``), so that no flood exhausts the memory; what found no room
is counted in ``memory`` and told.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

PATH = np.dtype(
    [
        ("source_low", "i8"),  # addresses: the lower of two u64 each, IPv4 as ::ffff:a.b.c.d; 0 where there is none
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
"""Frames from one station and address to another: 64 bytes, a line of the processor's cache."""

PATH_REST = np.dtype(
    [
        ("source_high", "i8"),  # the upper halves of both addresses; 0 for IPv4
        ("target_high", "i8"),
        ("first", "i8"),  # number of the first frame
        ("hops", "i8"),  # its hop limit (TTL)
        ("udp", "i8"),  # whole UDP datagrams
    ]
)
"""What is seldom wanted of a path, a row for each."""

KIND_BITS = 2
PAIR, FROM, TO = range(3)
"""Kinds of path. PAIR has both addresses. Once there is no room for more pairs, a packet of a new one counts in two
rows: FROM has no target address and tells what its source sent, TO has no source address."""

NO_ETHERTYPE = -1
"""The EtherType of a frame that has none, or of an unknown link type."""
UNREADABLE = 0x10000
"""Added to the EtherType of a frame whose IP header is cut off or invalid; it has no addresses."""
NO_MAC = -1
"""The station of a frame whose link type tells none."""

TALLY = np.dtype(
    [
        ("path", "i8"),  # index into the paths
        ("code", "i8"),  # what is counted: the variants below
        ("count", "i8"),
        ("first", "i8"),  # number of the first frame
        ("key", "i8"),  # its hash
    ]
)
"""What few packets of a path are: ICMP messages by type, fragments."""

WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT, REASSEMBLED, NO_LISTENER = (variant << 24 for variant in range(5))
"""Variants of a tally's code. Added to the first four: protocol << 16, and of ICMP and ICMPv6 type << 8 | code.
NO_LISTENER: port unreachable about a UDP datagram that had been sent to the address that says so."""
PROTOCOL_SHIFT, VARIANT_SHIFT = 16, 24

PORT = np.dtype(
    [
        ("low", "i8"),
        ("high", "i8"),
        ("port", "i8"),
        ("first", "i8"),  # times of the first and last datagram it sent, ns since the epoch
        ("last", "i8"),
        ("sent_packets", "i8"),
        ("sent_bytes", "i8"),  # of payload
        ("received_packets", "i8"),
        ("received_bytes", "i8"),
        ("number", "i8"),  # of the first frame it sent; 0: it has sent none
        ("closed", "i8"),  # number of the frame in which its host said that it is closed; 0: none, or it sent since
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
        ("first", "i8"),  # number of the first and last frame that says so
        ("last", "i8"),
        ("key", "i8"),
    ]
)
"""What ARP or neighbour discovery says of a station and an address."""

BOUND, ASKED = range(2)
"""Kinds of binding. BOUND: the station has that address. ASKED: it asked which station has it, so it takes it to be
on the link."""

DATAGRAM = np.dtype(
    [
        ("path", "i8"),  # index into the paths
        ("identity", "i8"),  # identification << 8 | protocol
        ("since", "i8"),  # time of its first fragment
        ("open", "i8"),  # 0: the row is free
        ("code", "i8"),  # protocol and ICMP type from its first fragment; -1: not seen yet
        ("have", "i8"),  # units of eight bytes that have come
        ("total", "i8"),  # units it has; -1: its last fragment has not come
    ]
)
"""An IP datagram whose fragments are being collected."""

DATAGRAMS = 1024
"""Datagrams collected at a time, a power of two; a newer one takes the place of an older."""
UNITS = 8192
"""Units of eight bytes that a datagram has at most."""
BITS = 32
"""Units that a cell of ``units`` has a bit for."""

PATHS, TALLIES, PORTS, BINDINGS = range(4)
"""The tables: ``memory[table]`` is how many of its rows are used."""
CLOCK, FRAMES, ETHERNET_FRAMES = range(4, 7)
"""Further cells of ``memory`` (int64): the latest time of a frame, how many frames came, and how many of them with an
Ethernet header."""

PAIRS, FROMS, TOS, PAIR_TALLIES, FROM_TALLIES, TO_TALLIES, SENDING_PORTS, OTHER_PORTS, BOUNDS, ASKEDS = range(10)
"""Quotas: what there can be a limited number of rows of. SENDING_PORTS: whose first datagram was one they sent."""
QUOTAS = 10
USED = 7
LIMIT = USED + QUOTAS
DROPPED = LIMIT + QUOTAS
"""``memory[USED + quota]``: rows; ``LIMIT``: how many there can be; ``DROPPED``: packets that found no room."""
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
"""How many rows there can be, by quota."""
TABLE_QUOTAS = {
    PATHS: (PAIRS, FROMS, TOS),
    TALLIES: (PAIR_TALLIES, FROM_TALLIES, TO_TALLIES),
    PORTS: (SENDING_PORTS, OTHER_PORTS),
    BINDINGS: (BOUNDS, ASKEDS),
}
"""The quotas that share a table."""

CANDIDATES = 1 << 16
"""Cells, a power of two, that remember what found no room."""
MARKS = 256
"""Packets of a batch at most that are copied to be read later."""
ROUTER_ADVERTISEMENT, REDIRECT, REDIRECT_IPV6, DHCP = range(4)
"""Why a packet is marked to be read later."""


class Tables(NamedTuple):
    """What the kernels of this stage work on; ``..._slots``: hash tables, 1 + the number of a row or 0."""

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
    units: Any  # int64, UNITS // BITS a datagram: a bit for each unit that has come
    candidates: Any  # int64, CANDIDATES cells: 1 + the hash of what found no room the last time
    marks: Any  # int64, three cells a mark: index of the frame, offset of its IP header, why
    memory: Any  # int64
