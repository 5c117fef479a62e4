"""Formats of capture files, recognized by their first bytes."""

from __future__ import annotations

import struct
from typing import NamedTuple


class PcapLayout(NamedTuple):
    """The layout of a pcap file."""

    big: bool
    record_header: int
    unit: int  # nanoseconds per unit of a time stamp's fraction
    header: int = 24  # bytes before the first record


PCAP_LAYOUTS = {
    bytes.fromhex("d4c3b2a1"): PcapLayout(False, 16, 1_000),
    bytes.fromhex("a1b2c3d4"): PcapLayout(True, 16, 1_000),
    bytes.fromhex("4d3cb2a1"): PcapLayout(False, 16, 1),
    bytes.fromhex("a1b23c4d"): PcapLayout(True, 16, 1),
    # "Modified" pcap from the time of Linux 2.2: eight more bytes in each record header.
    bytes.fromhex("34cdb2a1"): PcapLayout(False, 24, 1_000),
    bytes.fromhex("a1b2cd34"): PcapLayout(True, 24, 1_000),
    # IXIA's "lcap", of hardware and of software: the size of all records follows the header.
    bytes.fromhex("ac01001c"): PcapLayout(False, 16, 1, 28),
    bytes.fromhex("1c0001ac"): PcapLayout(True, 16, 1, 28),
    bytes.fromhex("ab01001c"): PcapLayout(False, 16, 1_000, 28),
    bytes.fromhex("1c0001ab"): PcapLayout(True, 16, 1_000, 28),
}

AIX_VERSION = (2, 2)
AIX_LINKTYPES = {6: 1, 9: 6, 15: 10, 24: 0}
"""AIX writes interface types of RFC 1573 (Ethernet, Token Ring, FDDI, loopback), and nanoseconds."""

LONG_FRAMES = {231: 1 << 27, 249: 1 << 27, 279: 1 << 25}
"""Most captured bytes of a frame of D-Bus, USBPcap and Elektrobit's high-speed recorders, as in Wireshark."""

PCAPNG_MAGIC = bytes.fromhex("0a0d0d0a")
PCAPNG_ORDER = {bytes.fromhex("4d3c2b1a"): False, bytes.fromhex("1a2b3c4d"): True}
"""Byte-order magic of a section header to: big-endian?"""

PCAPNG_VERSIONS = ((1, 0), (1, 2))
"""Known versions; 1.2 is the same as 1.0 (draft-ietf-opsawg-pcapng §4.1)."""
LENGTHS_IN_ORDER = (2, 4)
"""Before this version, the two lengths of a record had either order; the smaller one is the captured length."""

Version = tuple[int, int]


def pcap_version(head: bytes, big: bool) -> Version:
    """Return the version in a pcap header."""
    major, minor = struct.unpack(">HH" if big else "<HH", head[4:8])
    return major, minor


def pcapng_version(head: bytes) -> Version | None:
    """Return the version of the first section of pcapng; None if it is cut off or has no valid byte order."""
    big = PCAPNG_ORDER.get(head[8:12])
    if big is None or len(head) < 16:
        return None
    major, minor = struct.unpack(">HH" if big else "<HH", head[12:16])
    return major, minor
