"""What a capture file is, told by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple


class PcapLayout(NamedTuple):
    """How the records of a pcap file are laid out."""

    big: bool
    record_header: int
    unit: int  # nanoseconds per unit of a time stamp's fraction


PCAP_LAYOUTS = {
    bytes.fromhex("d4c3b2a1"): PcapLayout(False, 16, 1_000),
    bytes.fromhex("a1b2c3d4"): PcapLayout(True, 16, 1_000),
    bytes.fromhex("4d3cb2a1"): PcapLayout(False, 16, 1),
    bytes.fromhex("a1b23c4d"): PcapLayout(True, 16, 1),
    # "Modified" pcap of Linux 2.2's days: eight more bytes in each record header.
    bytes.fromhex("34cdb2a1"): PcapLayout(False, 24, 1_000),
    bytes.fromhex("a1b2cd34"): PcapLayout(True, 24, 1_000),
}

PCAPNG_MAGIC = bytes.fromhex("0a0d0d0a")
PCAPNG_ORDER = {bytes.fromhex("4d3c2b1a"): False, bytes.fromhex("1a2b3c4d"): True}
"""Byte-order magic of a section header to: big-endian?"""

COMPRESSED: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
}
"""Compression told by its first bytes, and how to read through it."""

UNREADABLE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
"""What reading a file, compressed or not, can raise."""

OTHER_FORMATS = {
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it with: zstd -d",
    b"\x04\x22\x4d\x18": "compressed with lz4; unpack it with: lz4 -d",
    b"snoop\x00\x00\x00": "a snoop capture; convert it with: editcap -F pcapng",
    b"GMBU": "a Microsoft Network Monitor capture; convert it with: editcap -F pcapng",
    b"RTSS": "a Microsoft Network Monitor capture; convert it with: editcap -F pcapng",
    b"XCP\x00": "a NetXRay capture; convert it with: editcap -F pcapng",
    b"TRSNIFF data": "a Sniffer capture; convert it with: editcap -F pcapng",
    b"PK\x03\x04": "a ZIP archive; unpack it first",
}
"""Formats that are known by their first bytes and not read here, and what to do about it."""
