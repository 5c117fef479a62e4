"""The loop over segments and their bytes: are they whole, are their checksums right, how long are their headers.

A segment's row says where its payload begins. The headers are found backwards from there, and known by the numbers
that the row has of them, so that it does not matter what else is around them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import SEGMENT
from ..kernels.source import be16, be32, entry, i64, inner, rare, u8
from ..sources.framing import FRAME
from ..tcp.sequence import LOW_32

BAD_CHECKSUM = 1 << 20
CUT_HEADER = 1 << 21
"""Not all of the TCP header was captured."""
CUT_PAYLOAD = 1 << 22
NO_HEADER = 1 << 23
"""Its headers are not in the batch, as where it was put together from fragments."""
HEADER_BYTES = (1 << 20) - 1
"""The bytes of both headers, IP and TCP."""

IPV4_MAPPED_HIGH, IPV4_MAPPED = 0, 0xFFFF
TCP = 6
LONGEST_EXTENSIONS = 512


@entry(np.uint8, FRAME, SEGMENT, np.int32, int)
def check_packets(data: Any, frames: Any, segments: Any, found: Any, checksums: int) -> int:
    """Write into ``found`` of each segment the bytes of its headers, and what is wrong with it (the bits above).

    ``frames``: of the same batch, ascending by number. ``checksums``: whether to look at them.
    """
    at = 0
    for index in range(len(segments)):
        segment = segments[index]
        found[index] = NO_HEADER
        if segment["flags"] < 0:
            continue
        while at < len(frames) and frames[at]["number"] < segment["number"]:
            at += 1
        if at < len(frames) and frames[at]["number"] == segment["number"]:
            start = frames[at]["offset"]
            found[index] = look(
                data, start, start + frames[at]["captured"], i64(frames[at]["length"]), segment, checksums
            )
    return 0


@inner
def look(data: Any, start: int, end: int, length: int, segment: Any, checksums: int) -> int:
    """Return what there is to say of a segment in the frame ``data[start:end]``, which had ``length`` bytes."""
    payload = i64(segment["payload"])
    behind = payload if payload >= 0 else end
    header = header_length(data, start, behind, segment) if start <= behind <= end else 0
    if header == 0:
        # Cut off, or somewhere else.
        return CUT_HEADER if payload < 0 and end - start < length else NO_HEADER
    tcp = behind - header
    ip = ip_length(data, start, tcp, segment)
    told = header + ip if ip > 0 else NO_HEADER
    whole = header + i64(segment["length"])
    if end - tcp < whole:
        return told | CUT_PAYLOAD
    if checksums != 0 and is_bad(data, tcp, whole, segment):
        return told | BAD_CHECKSUM
    return told


@inner
def header_length(data: Any, start: int, behind: int, segment: Any) -> int:
    """Return the bytes of the TCP header that ends before an offset; 0: there is none."""
    for words in range(5, 16):
        at = behind - 4 * words
        if at < start:
            return 0
        if u8(data, at + 12) >> 4 == words and u8(data, at + 13) == i64(segment["flags"]):
            ports = i64(segment["source_port"]) << 16 | i64(segment["target_port"])
            if be32(data, at) == ports and be32(data, at + 4) == segment["seq"]:
                if be32(data, at + 8) == segment["ack"]:
                    return 4 * words
    return 0


@inner
def ip_length(data: Any, start: int, tcp: int, segment: Any) -> int:
    """Return the bytes of the IP header before an offset, with its extensions; 0: it was not found."""
    if segment["source_high"] == 0 and segment["source_low"] >> 32 == IPV4_MAPPED:
        for words in range(5, 16):
            at = tcp - 4 * words
            if at < start:
                return 0
            if u8(data, at) == 0x40 | words and u8(data, at + 9) == TCP:
                if be32(data, at + 12) == segment["source_low"] & LOW_32:
                    return 4 * words
        return 0
    return ipv6_length(data, start, tcp, segment)


@rare
def ipv6_length(data: Any, start: int, tcp: int, segment: Any) -> int:
    """Return the same for IPv6."""
    low = segment["source_low"]
    for extensions in range(0, LONGEST_EXTENSIONS, 8):
        at = tcp - 40 - extensions
        if at < start:
            return 0
        if u8(data, at) >> 4 == 6 and be32(data, at + 20) == low & LOW_32 and be32(data, at + 16) == low >> 32 & LOW_32:
            return 40 + extensions
    return 0


@inner
def is_bad(data: Any, tcp: int, length: int, segment: Any) -> bool:
    """Tell whether the checksum of a whole segment is wrong.

    The sender's own capture has segments without one yet: 0, or only the sum over the addresses (RFC 9293 §3.1, the
    pseudo-header), which the network card completes. These are not wrong.
    """
    given = be16(data, tcp + 16)
    pseudo = halves(segment["source_high"], segment["source_low"]) + halves(
        segment["target_high"], segment["target_low"]
    )
    if segment["source_high"] == 0 and segment["source_low"] >> 32 == IPV4_MAPPED:
        # The mark of mapped addresses is no part of them.
        pseudo -= 2 * IPV4_MAPPED
    pseudo += TCP
    if given == 0 or given == folded(pseudo + length) or given == folded(pseudo):
        return False
    total = pseudo + length
    at, end = tcp, tcp + (length & ~3)
    while at < end:
        total += be32(data, at)
        at += 4
    if length & 2 != 0:
        total += be16(data, at)
        at += 2
    if length & 1 != 0:
        total += u8(data, at) << 8
    return folded(total) != 0xFFFF


@inner
def halves(high: int, low: int) -> int:
    """Return the sum of an address in parts of 32 bits: folded, it is that of parts of 16 bits."""
    return (high >> 32 & LOW_32) + (high & LOW_32) + (low >> 32 & LOW_32) + (low & LOW_32)


@inner
def folded(total: int) -> int:
    """Return a sum as the 16 bits of a checksum, before they are turned round."""
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total
