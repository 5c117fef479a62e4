"""Blocks of pcapng files that are written, little-endian, and the header of pcap files.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Time stamps count nanoseconds.
"""

from __future__ import annotations

import struct
import time

from .blocks import IF_NAME, IF_RESOLUTION, ISB_INTERFACE_DROPS
from .framing import INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, MAXIMUM_CAPTURED, SECTION_HEADER

LITTLE_ENDIAN = (0x1A2B3C4D).to_bytes(4, "little")
"""The byte-order magic of a section."""
NANOSECONDS = 9
"""if_tsresol of time stamps in nanoseconds."""
PCAP_NANOSECONDS = 0xA1B23C4D


def section_header() -> bytes:
    """Return a section header block without options; the length of its section is not stated."""
    return block(SECTION_HEADER, LITTLE_ENDIAN + struct.pack("<HHq", 1, 0, -1))


def interface_description(linktype: int, name: str = "", snaplen: int = MAXIMUM_CAPTURED) -> bytes:
    """Return an interface description block."""
    named = option(IF_NAME, name.encode()) if name else b""
    body = struct.pack("<HHI", linktype, 0, snaplen) + named + option(IF_RESOLUTION, bytes([NANOSECONDS]))
    return block(INTERFACE_DESCRIPTION, body + option(0, b""))


def interface_statistics(number: int, drops: int) -> bytes:
    """Return an interface statistics block: how many packets were dropped until now."""
    now = time.time_ns()
    body = struct.pack("<III", number, now >> 32, now & 0xFFFFFFFF)
    return block(INTERFACE_STATISTICS, body + option(ISB_INTERFACE_DROPS, struct.pack("<Q", drops)) + option(0, b""))


def pcap_header(linktype: int) -> bytes:
    """Return the header of a pcap file."""
    return struct.pack("<IHHiIII", PCAP_NANOSECONDS, 2, 4, 0, 0, MAXIMUM_CAPTURED, linktype)


def option(code: int, value: bytes) -> bytes:
    """Return an option of a block."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes) -> bytes:
    """Return a block; the length of ``body`` is a multiple of 4."""
    total = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + total + body + total
