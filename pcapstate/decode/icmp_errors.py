"""ICMP errors about TCP segments, and the segments that they quote (RFC 792, RFC 4443).

Requests for smaller packets, and redirects, are no errors of the connection and are ignored.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, rare, u8
from .ip import address_at, ip_header, network_layer
from .protocols import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ICMP_FRAGMENTATION_NEEDED,
    ICMP_PARAMETER_PROBLEM,
    ICMP_TIME_EXCEEDED,
    ICMP_UNREACHABLE,
    ICMPV6_PARAMETER_PROBLEM,
    ICMPV6_TIME_EXCEEDED,
    ICMPV6_UNREACHABLE,
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
)
from .segment import SEGMENT_ICMP, SEGMENT_ICMPV6

HEADER = 8
"""Bytes before the quoted packet."""
QUOTED = 8
"""Bytes required of the segment: both ports and the sequence number."""


@rare
def quoted_segment(data: Any, protocol: int, at: int, end: int, target_high: int, target_low: int, row: Any) -> int:
    """Write the TCP segment that the ICMP message in ``data[at:end]`` quotes to ``row``; return 1, or 0 for none.

    ``protocol``: ICMP or ICMPv6. ``target_high``, ``target_low``: its target, which sent the segment.
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
    else:
        error |= SEGMENT_ICMPV6
        if kind not in (ICMPV6_UNREACHABLE, ICMPV6_TIME_EXCEEDED, ICMPV6_PARAMETER_PROBLEM):
            return 0
    ethertype = ETHERTYPE_IPV4 if protocol == PROTOCOL_ICMP else ETHERTYPE_IPV6
    inside, upper, offset, _ = network_layer(data, ethertype, quoted, end, end)
    if inside != PROTOCOL_TCP or offset != 0 or end - upper < QUOTED:
        return 0
    _, _, _, _, source, other = ip_header(data, ethertype, quoted, end, end)
    source_high, source_low = address_at(data, ethertype, source)
    other_high, other_low = address_at(data, ethertype, other)
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
