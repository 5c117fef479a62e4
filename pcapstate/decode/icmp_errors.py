"""ICMP errors about TCP segments: which segment one quotes (RFC 792, RFC 4443).

Errors that ask for smaller packets, and redirects, say nothing against the connection and are passed over.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, rare, u8
from .ip import signed64, upper_layer
from .protocols import (
    AUTHENTICATION,
    FRAGMENT_HEADER,
    ICMP_FRAGMENTATION_NEEDED,
    ICMP_PARAMETER_PROBLEM,
    ICMP_TIME_EXCEEDED,
    ICMP_UNREACHABLE,
    ICMPV6_PARAMETER_PROBLEM,
    ICMPV6_TIME_EXCEEDED,
    ICMPV6_UNREACHABLE,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
)
from .segment import SEGMENT_ICMP, SEGMENT_ICMPV6

HEADER = 8
"""Bytes before the packet that is quoted."""
QUOTED = 8
"""Bytes of the segment that are needed: both ports and the sequence number."""


@rare
def quoted_segment(data: Any, protocol: int, at: int, end: int, target_high: int, target_low: int, row: Any) -> int:
    """Write to ``row`` which TCP segment the ICMP message in ``data[at:end]`` quotes; return 1, or 0 for none.

    ``protocol``: ICMP or ICMPv6. ``target_high``, ``target_low``: to whom it is sent, which is who sent the segment.
    """
    quoted = at + HEADER
    if end - quoted < 20:
        return 0
    kind, code = u8(data, at), u8(data, at + 1)
    error = kind << 8 | code
    if protocol == PROTOCOL_ICMP:
        if (
            kind not in (ICMP_UNREACHABLE, ICMP_TIME_EXCEEDED, ICMP_PARAMETER_PROBLEM)
            or error == ICMP_UNREACHABLE << 8 | ICMP_FRAGMENTATION_NEEDED
        ):
            return 0
        header = (u8(data, quoted) & 0x0F) << 2
        if u8(data, quoted) >> 4 != 4 or header < 20:
            return 0
        source_high = other_high = 0
        source_low = 0xFFFF00000000 | be32(data, quoted + 12)
        other_low = 0xFFFF00000000 | be32(data, quoted + 16)
        offset = be16(data, quoted + 6) & OFFSET_BITS_IPV4
        inside, upper = u8(data, quoted + 9), quoted + header
        if inside == AUTHENTICATION:
            inside, upper, _ = upper_layer(data, upper, end, inside)
    else:
        error |= SEGMENT_ICMPV6
        if kind not in (ICMPV6_UNREACHABLE, ICMPV6_TIME_EXCEEDED, ICMPV6_PARAMETER_PROBLEM):
            return 0
        if end - quoted < 40 or u8(data, quoted) >> 4 != 6:
            return 0
        source_high, source_low = signed64(data, quoted + 8), signed64(data, quoted + 16)
        other_high, other_low = signed64(data, quoted + 24), signed64(data, quoted + 32)
        inside, upper, fragment = upper_layer(data, quoted + 40, end, u8(data, quoted + 6))
        offset = fragment & OFFSET_BITS_IPV6
        if fragment != 0:
            upper += FRAGMENT_HEADER
    if inside != PROTOCOL_TCP or offset != 0 or end - upper < QUOTED:
        return 0
    if source_high != target_high or source_low != target_low:
        return 0
    row["source_high"] = source_high
    row["source_low"] = source_low
    row["target_high"] = other_high
    row["target_low"] = other_low
    row["source_port"] = be16(data, upper)
    row["target_port"] = be16(data, upper + 2)
    row["seq"] = be32(data, upper + 4)
    row["ack"] = error
    row["length"] = 0
    row["window"] = 0
    row["flags"] = SEGMENT_ICMP
    row["endpoint"] = -1
    row["payload"] = -1
    row["mark"] = 0
    return 1
