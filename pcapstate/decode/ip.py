"""IP headers: IPv6 addresses as numbers, and what stands between an IP header and its payload."""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, inner, rare, u8
from .protocols import (
    AUTHENTICATION,
    DESTINATION,
    ETHERTYPE_IPV4,
    FRAGMENT,
    FRAGMENT_BITS,
    HIP,
    HOP_BY_HOP,
    MOBILITY,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_TCP,
    ROUTING,
    SHIM6,
)

SOURCE_ROUTE, MOBILE_ROUTE, SEGMENT_ROUTING = 0, 2, 4
"""Types of IPv6 routing headers that name the target at their end, and at their beginning (RFC 8754)."""
LOOSE_ROUTE, STRICT_ROUTE, HOME_ADDRESS = 0x83, 0x89, 0xC9


@inner
def signed64(data: Any, at: int) -> int:
    """Return the 64 bits at an offset as a signed number, which int64 fields can hold."""
    high = be32(data, at)
    return (high - ((high & 0x80000000) << 1)) << 32 | be32(data, at + 4)


@inner
def upper_layer(data: Any, at: int, end: int, protocol: int) -> tuple[int, int, int]:
    """Walk IPv6 extension headers (RFC 8200 §4): protocol behind them (-1 where cut off), its offset, fragment bits.

    The fragment bits (offset and more-fragments flag) are 0 where the packet is whole; a fragment's walk ends at
    its fragment header, with the protocol that is the next header.
    """
    while True:
        if protocol == FRAGMENT:
            if end - at < 8:
                return -1, at, 0
            bits = be16(data, at + 2) & 0xFFF9
            protocol = u8(data, at)
            if bits != 0:
                return protocol, at, bits
            at += 8
        elif protocol in (HOP_BY_HOP, ROUTING, DESTINATION, AUTHENTICATION, MOBILITY, HIP, SHIM6):
            if end - at < 2:
                return -1, at, 0
            length = u8(data, at + 1)
            following = u8(data, at)
            # The authentication header alone counts its length in units of four bytes (RFC 4302 §2.2).
            at += (length + 2) * 4 if protocol == AUTHENTICATION else (length + 1) * 8
            protocol = following
        else:
            return protocol, at, 0


@inner
def may_hold_tcp(protocol: int, fragment: int) -> bool:
    """Tell whether there may be a TCP segment: of a fragment, headers may stand before it that only the whole has."""
    return protocol == PROTOCOL_TCP or (fragment != 0 and protocol in (AUTHENTICATION, DESTINATION))


@rare
def addresses(data: Any, ethertype: int, at: int, end: int) -> tuple[int, int]:
    """Return the offsets of the source and target addresses that TCP uses, of the IP header at an offset (it is there).

    They are those of the header, unless the packet is routed by its source: then the target is the last one on the
    way, and a mobile host's home address stands in an option (RFC 8200 §4.4, RFC 8754, RFC 6275 §6.3, RFC 791 §3.1).
    """
    if ethertype == ETHERTYPE_IPV4:
        return at + 12, source_route(data, at, min(at + ((u8(data, at) & 0x0F) << 2), end))
    source, target = at + 8, at + 24
    protocol = u8(data, at + 6)
    at += 40
    while protocol in (HOP_BY_HOP, ROUTING, DESTINATION) and end - at >= 8:
        length = (u8(data, at + 1) + 1) * 8
        if at + length > end:
            break
        if protocol == ROUTING and u8(data, at + 3) != 0:
            kind = u8(data, at + 2)
            if kind == SEGMENT_ROUTING and length >= 24:
                target = at + 8
            elif kind in (SOURCE_ROUTE, MOBILE_ROUTE) and length >= 24:
                target = at + length - 16
        elif protocol == DESTINATION:
            source = home_address(data, at + 2, at + length, source)
        protocol = u8(data, at)
        at += length
    return source, target


@rare
def source_route(data: Any, at: int, end: int) -> int:
    """Return the offset of the target address of an IPv4 header: of the last one of a source route not yet done."""
    option = at + 20
    while end - option >= 3 and u8(data, option) != 0:
        if u8(data, option) == 1:
            option += 1
            continue
        length, pointer = u8(data, option + 1), u8(data, option + 2)
        if length < 2 or option + length > end:
            break
        if u8(data, option) in (LOOSE_ROUTE, STRICT_ROUTE) and length >= 7 and pointer <= length:
            return option + 3 + ((length - 3) & ~3) - 4
        option += length
    return at + 16


@rare
def home_address(data: Any, at: int, end: int, source: int) -> int:
    """Return the offset of the home address among the destination options in ``data[at:end]``, or else ``source``."""
    while end - at >= 2:
        length = u8(data, at + 1) + 2
        if u8(data, at) == 0:
            length = 1
        elif u8(data, at) == HOME_ADDRESS and length == 18 and end - at >= length:
            return at + 2
        at += length
    return source


@inner
def network_layer(data: Any, ethertype: int, at: int, end: int, wire: int) -> tuple[int, int, int, int]:
    """Read the IP header at an offset: protocol, offset of the payload, fragment offset, end of the packet on the wire.

    The protocol is -1 where there is no valid header. Of a fragment with others behind it, the end is that of the whole
    packet as far as it can reach.
    """
    if ethertype == ETHERTYPE_IPV4:
        if end - at < 20:
            return -1, at, 0, wire
        header = (u8(data, at) & 0x0F) << 2
        if u8(data, at) >> 4 != 4 or header < 20:
            return -1, at, 0, wire
        total = be16(data, at + 2)
        upper, protocol, fragment = at + header, u8(data, at + 9), be16(data, at + 6) & FRAGMENT_BITS
        offset = fragment & OFFSET_BITS_IPV4
        if protocol == AUTHENTICATION and offset == 0:
            protocol, upper, _ = upper_layer(data, upper, end, protocol)
    else:
        if end - at < 40 or u8(data, at) >> 4 != 6:
            return -1, at, 0, wire
        total = be16(data, at + 4)
        total += 40 if total > 0 else 0
        protocol, upper, fragment = upper_layer(data, at + 40, end, u8(data, at + 6))
        offset = fragment & OFFSET_BITS_IPV6
        upper += 8 if fragment != 0 else 0
    if fragment != 0:
        return protocol, upper, offset, max(wire, upper + 0xFFFF)
    # Segmentation offload leaves the length to the network card: 0 in the capture.
    return protocol, upper, offset, min(at + total, wire) if total > 0 else wire
