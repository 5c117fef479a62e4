"""Find the frames in capture bytes: records of pcap, blocks of pcapng.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Nothing is copied; a frame is an offset in the buffer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import entry, inner, u32
from .packet_options import DECLARED, LABEL, LAST, LEFT_OUT, NUMBERED, PASSED, ROWS, WHY, read_options

FRAME = np.dtype(
    [
        ("time", "i8"),  # nanoseconds since the epoch
        ("number", "i8"),  # 1-based, as Wireshark's frame.number
        ("offset", "i8"),  # of the first captured byte in the buffer
        ("captured", "i4"),  # captured bytes
        ("length", "i4"),  # bytes on the wire
        ("linktype", "u2"),  # LINKTYPE_ value
        ("process", "u2"),  # 1 + index in the source's table of processes, or 0; upper two bits: direction
        ("effective", "u2"),  # the same for the process on whose behalf it was sent or received
        ("interface", "u2"),  # number of the pcapng interface in its section, at most 0xFFFF; 0 for pcap
    ],
    align=True,
)

INTERFACE = np.dtype(
    [
        ("linktype", "i8"),
        ("snaplen", "i8"),  # 0 means no limit
        ("power", "i8"),  # time stamps count 1/2**power seconds; -1 where they are decimal:
        ("multiply", "i8"),  # then nanoseconds = stamp * multiply // divide
        ("divide", "i8"),
        ("shift", "i8"),  # if_tsoffset in nanoseconds
    ]
)

MAXIMUM_CAPTURED = 262_144
"""Most captured bytes of a valid frame: libpcap's MAXIMUM_SNAPLEN."""
MAXIMUM_BLOCK = 16 * 1024 * 1024
"""Longest pcapng block that is read; longer ones are skipped, unless they are packets."""
INTERFACES = 1 << 16
"""Most interfaces of a section; packets on later ones are left out."""
LATEST = 2**62
"""Later times (after the year 2116) are clamped to this, so that no sum overflows."""

(
    RECORDS_DONE, BLOCK_TO_PARSE, DAMAGED_LENGTH, DAMAGED_BLOCK, DAMAGED_INTERFACE, FRAMES_FULL, ANOTHER_FILE,
    LARGE_BLOCK,
) = range(8)  # fmt: skip
"""Reasons why an index kernel stopped: ``result[1]``."""

MAGICS = (0xA1B2C3D4, 0xA1B23C4D, 0xD4C3B2A1, 0x4D3CB2A1)
"""Magic numbers of pcap, in either byte order."""
VERSIONS = (0x00020004, 0x00040002, 0x02000400, 0x04000200)
"""Version 2.4, which follows, in either order of its numbers and of their bytes."""

SECTION_HEADER, INTERFACE_DESCRIPTION, OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
NAME_RESOLUTION, INTERFACE_STATISTICS = 4, 5
PROCESS_EVENT = 0x80000001
"""The process event block of macOS, with a process id and name; not in the specification."""
CUSTOM, CUSTOM_NOT_COPIED, WIRESHARK = 0x00000BAD, 0x40000BAD, 32622
"""Custom blocks of both kinds, and the Private Enterprise Number of those of Wireshark."""
JOURNAL, SYSDIG, SYSDIG_2, SYSDIG_2_LARGE = 9, 0x204, 0x216, 0x221
"""systemd journal entries and system calls. Wireshark numbers these, and custom blocks, as frames."""


@entry(np.uint8, int, int, FRAME, np.int64, np.int64)
def index_pcap(data: Any, start: int, end: int, frames: Any, layout: Any, result: Any) -> int:
    """Index the pcap records in ``data[start:end]``; return the offset of the first unread one.

    ``layout``: big-endian?, bytes of a record header, nanoseconds per unit of its fraction, linktype, number of the
    first frame, either order of lengths?, most captured bytes of a frame. ``result``: frames found, reason it stopped.
    """
    big, header, unit, linktype, number, either = layout[0], layout[1], layout[2], layout[3], layout[4], layout[5]
    most = layout[6]
    count = 0
    result[WHY] = RECORDS_DONE
    while end - start >= header:
        captured = u32(data, start + 8, big)
        length = u32(data, start + 12, big)
        seconds, fraction = u32(data, start, big), u32(data, start + 4, big)
        if seconds in MAGICS and fraction in VERSIONS:
            result[WHY] = ANOTHER_FILE
            break
        if captured > length:
            # Before version 2.4 either came first. Later, a program truncated the packet and adjusted one length only.
            captured, length = (length, captured) if either != 0 else (captured, captured)
        if captured > most:
            result[WHY] = DAMAGED_LENGTH
            break
        if end - start < header + captured:
            break
        if count == len(frames):
            result[WHY] = FRAMES_FULL
            break
        frame = frames[count]
        frame["time"] = seconds * 1_000_000_000 + fraction * unit
        frame["number"] = number + count
        frame["offset"] = start + header
        frame["captured"] = captured
        frame["length"] = min(length, 0x7FFFFFFF)
        frame["linktype"] = linktype
        frame["process"] = frame["effective"] = frame["interface"] = 0
        count += 1
        start += header + captured
    result[ROWS] = count
    return start


@inner
def stamp_time(interface: Any, high: int, low: int) -> int:
    """Convert a 64-bit time stamp (two u32) to nanoseconds since the epoch by its interface's resolution."""
    stamp = (high & 0x7FFFFFFF) << 32 | low
    power = interface["power"]
    if power >= 0:
        if power > 62:
            time = 0
        else:
            seconds = min(stamp >> power, LATEST // 1_000_000_000)
            rest = stamp & ((1 << power) - 1)
            # Thirty bits of the fraction are finer than a nanosecond, and the product fits into 64 bits.
            if power > 30:
                rest >>= power - 30
                power = 30
            time = seconds * 1_000_000_000 + (rest * 1_000_000_000 >> power)
    else:
        time = min(stamp, LATEST // interface["multiply"]) * interface["multiply"] // interface["divide"]
    return min(time, LATEST) + interface["shift"]


@entry(np.uint8, int, int, FRAME, INTERFACE, np.uint16, LABEL, np.int64, np.int64)
def index_pcapng(
    data: Any,
    start: int,
    end: int,
    frames: Any,
    interfaces: Any,
    processes: Any,
    labels: Any,
    layout: Any,
    result: Any,
) -> int:
    """Index the packet blocks in ``data[start:end]``; return the offset of the first unread one.

    Stops before a block that Python reads (``BLOCK_TO_PARSE``): a section header or interface description, perhaps
    incomplete, or another block that is complete. Other blocks are skipped, and so are interface descriptions beyond
    the limit. ``processes``: the numbers of the section's process blocks; ``labels``: as long as ``frames``, see
    ``packet_options``. ``layout``: big-endian?, interfaces declared, process blocks, number of the frame in row 0,
    first free row, whether blocks other than section headers and interface descriptions are read. ``result``: see
    ``packet_options``.
    """
    big, declared, known, number, count, reading = layout[0], layout[1], layout[2], layout[3], layout[4], layout[5]
    last = result[LAST]
    result[WHY] = RECORDS_DONE
    while end - start >= 12:
        kind = u32(data, start, big)
        # The length of a section header is in the byte order of its own section, which only Python determines.
        if kind == SECTION_HEADER or (kind == INTERFACE_DESCRIPTION and declared < INTERFACES):
            result[WHY] = BLOCK_TO_PARSE
            break
        total = u32(data, start + 4, big)
        if total < 12 or total > MAXIMUM_BLOCK:
            result[WHY] = DAMAGED_LENGTH if is_packet(kind) or total < 12 or total & 3 != 0 else LARGE_BLOCK
            break
        padded = (total + 3) & ~3
        if end - start < padded:
            break
        if u32(data, start + padded - 4, big) != total:
            result[WHY] = DAMAGED_BLOCK
            break
        if not is_packet(kind):
            if is_read(data, start, total, kind, big):
                if reading != 0:
                    result[WHY] = BLOCK_TO_PARSE
                    break
                result[PASSED] += 1
            if kind == INTERFACE_DESCRIPTION:
                declared += 1
            if is_numbered(kind):
                number += 1
                result[NUMBERED] += 1
            start += padded
            continue
        if count == len(frames):
            result[WHY] = FRAMES_FULL
            break
        head = 12 if kind == SIMPLE_PACKET else 28
        if total < head + 4:
            result[WHY] = DAMAGED_BLOCK
            break
        which = 0
        if kind == ENHANCED_PACKET:
            which = u32(data, start + 8, big)
        elif kind == OBSOLETE_PACKET:
            word = u32(data, start + 8, big)
            which = word >> 16 if big else word & 0xFFFF
        if which >= declared:
            result[WHY] = DAMAGED_INTERFACE
            break
        if which >= INTERFACES:
            result[LEFT_OUT] += 1
            number += 1
            result[NUMBERED] += 1
            start += padded
            continue
        interface = interfaces[which]
        said = 0
        if kind == SIMPLE_PACKET:
            length = u32(data, start + 8, big)
            captured = min(length, total - head - 4)
            if interface["snaplen"] > 0:
                captured = min(captured, interface["snaplen"])
            time = last
        else:
            captured = u32(data, start + 20, big)
            length = u32(data, start + 24, big)
            time = stamp_time(interface, u32(data, start + 12, big), u32(data, start + 16, big))
        if captured > total - head - 4:
            result[WHY] = DAMAGED_BLOCK
            break
        options = start + head + ((captured + 3) & ~3)
        # Shorter than an option with a value, or just the end of options: no information.
        if start + total - 4 - options >= 8 and kind != SIMPLE_PACKET:
            said = read_options(data, options, start + total - 4, big, processes, known, labels, count, result)
        frame = frames[count]
        frame["time"] = time
        frame["number"] = number + count
        frame["offset"] = start + head
        frame["captured"] = captured
        frame["length"] = min(max(length, captured), 0x7FFFFFFF)
        frame["linktype"] = interface["linktype"]
        frame["process"] = said & 0xFFFF
        frame["effective"] = said >> 16
        frame["interface"] = min(which, 0xFFFF)
        last = time
        count += 1
        start += padded
    result[ROWS] = count
    result[LAST] = last
    result[DECLARED] = declared
    return start


@inner
def is_read(data: Any, start: int, total: int, kind: int, big: int) -> bool:
    """Tell whether Python reads a block that is no packet."""
    if kind in (CUSTOM, CUSTOM_NOT_COPIED):
        return total >= 16 and u32(data, start + 8, big) == WIRESHARK
    return kind in (NAME_RESOLUTION, INTERFACE_STATISTICS, PROCESS_EVENT)


@inner
def is_numbered(kind: int) -> bool:
    """Tell whether a block that is no packet takes one of Wireshark's frame numbers."""
    return kind in (CUSTOM, CUSTOM_NOT_COPIED, JOURNAL, SYSDIG, SYSDIG_2, SYSDIG_2_LARGE)


@inner
def is_packet(kind: int) -> bool:
    """Tell whether a block is a packet."""
    return kind in (ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET)


@inner
def whole_block(data: Any, start: int, end: int, big: int) -> int:
    """Return how long the block at ``start`` is, with its padding; 0 or less: minus the reason to stop in front of it.

    Section headers are not read.
    """
    kind = u32(data, start, big)
    if kind == SECTION_HEADER:
        return -BLOCK_TO_PARSE
    total = u32(data, start + 4, big)
    if total < 12 or total > MAXIMUM_BLOCK:
        return -DAMAGED_LENGTH if total < 12 or is_packet(kind) else -LARGE_BLOCK
    size = (total + 3) & ~3
    if end - start < size:
        return -RECORDS_DONE
    return size if u32(data, start + size - 4, big) == total else -DAMAGED_BLOCK
