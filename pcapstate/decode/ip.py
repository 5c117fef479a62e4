"""IP headers: ``ip_header`` parses one with its extension headers and options, for all other modules."""

from __future__ import annotations

from typing import Any

from ..addresses import IPV4_MAPPED
from ..kernels.source import be16, be32, inner, rare, u8
from .protocols import (
    AUTHENTICATION,
    BAD_IP,
    DESTINATION,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FRAGMENT,
    FRAGMENT_BITS,
    FRAGMENT_HEADER,
    HIP,
    HOP_BY_HOP,
    MOBILITY,
    OFFSET_BITS_IPV4,
    OFFSET_BITS_IPV6,
    PROTOCOL_TCP,
    ROUTING,
    SHIM6,
    SHORT_IP,
    SKIPPED_REASON,
)

SOURCE_ROUTE, MOBILE_ROUTE, SEGMENT_ROUTING = 0, 2, 4
"""Types of IPv6 routing headers: the target is their last address; their first one in RFC 8754."""
LOOSE_ROUTE, STRICT_ROUTE, HOME_ADDRESS = 0x83, 0x89, 0xC9
IPV4_HEADER, IPV6_HEADER = 20, 40
CUT_OFF, TOO_SHORT, INVALID = -1, -1 - SKIPPED_REASON - SHORT_IP, -1 - SKIPPED_REASON - BAD_IP
"""In place of a protocol; the last two are -1 minus the index in ``skipped`` of the reason."""


@inner
def signed64(data: Any, at: int) -> int:
    """Return the 64 bits at an offset as a signed number, which fits int64 fields."""
    high = be32(data, at)
    return (high - ((high & 0x80000000) << 1)) << 32 | be32(data, at + 4)


@inner
def upper_layer(data: Any, at: int, end: int, protocol: int) -> tuple[int, int, int]:
    """Walk IPv6 extension headers (RFC 8200 §4): protocol after them (-1 if cut off), its offset, fragment bits.

    The fragment bits (offset and more-fragments flag) are 0 for a whole packet. For a fragment, the walk ends at the
    fragment header and returns its next header.
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
            # Only the authentication header counts its length in units of four bytes (RFC 4302 §2.2).
            at += (length + 2) * 4 if protocol == AUTHENTICATION else (length + 1) * 8
            protocol = following
        else:
            return protocol, at, 0


@inner
def may_hold_tcp(protocol: int, fragment: int) -> bool:
    """Tell whether there may be a TCP segment; in a fragment, further headers may precede it."""
    return protocol == PROTOCOL_TCP or (fragment != 0 and protocol in (AUTHENTICATION, DESTINATION))


@rare
def addresses(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return the offsets of the source and target addresses that TCP uses, of the IPv6 header at an offset.

    They are the addresses in the header, with two exceptions: a source route's last address is the target, and a mobile
    host's home address, in an option, is the source (RFC 8200 §4.4, RFC 8754, RFC 6275 §6.3).
    """
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
    """Return the offset of an IPv4 header's target address: the last one of a source route (RFC 791 §3.1)."""
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
    """Return the offset of the home address in the destination options in ``data[at:end]``; without one, ``source``."""
    while end - at >= 2:
        length = u8(data, at + 1) + 2
        if u8(data, at) == 0:
            length = 1
        elif u8(data, at) == HOME_ADDRESS and length == 18 and end - at >= length:
            return at + 2
        at += length
    return source


@inner
def holds_tcp(data: Any, ethertype: int, at: int, end: int) -> bool:
    """Tell whether TCP follows an IP header directly, or after IPv4 options."""
    if ethertype == ETHERTYPE_IPV4:
        return end - at >= IPV4_HEADER and u8(data, at + 9) == PROTOCOL_TCP and u8(data, at) >> 4 == 4
    return ethertype == ETHERTYPE_IPV6 and end - at >= IPV6_HEADER and u8(data, at + 6) == PROTOCOL_TCP


@inner
def ip_header(data: Any, ethertype: int, at: int, end: int, wire: int) -> tuple[int, int, int, int, int, int]:
    """Read the IP header at an offset, and all headers between it and its payload. No other function reads one.

    Return the protocol of the payload and its offset; the fragment bits, 0 for a whole packet; the end of the packet on
    the wire, ``wire`` at most; and the offsets of the source and target addresses (see ``addresses``).

    The protocol is ``CUT_OFF`` if an extension header is cut off; ``TOO_SHORT`` or ``INVALID`` without an IP header.
    In a fragment, parsing ends at the fragment header, or at the IPv4 header: only the whole packet has the rest.
    """
    if ethertype == ETHERTYPE_IPV4:
        if end - at < IPV4_HEADER:
            return TOO_SHORT, at, 0, wire, at, at
        size = (u8(data, at) & 0x0F) << 2
        if u8(data, at) >> 4 != 4 or size < IPV4_HEADER:
            return INVALID, at, 0, wire, at, at
        protocol, upper, fragment = u8(data, at + 9), at + size, be16(data, at + 6) & FRAGMENT_BITS
        source, target = at + 12, at + 16
        if size > IPV4_HEADER:
            target = source_route(data, at, min(upper, end))
        if protocol == AUTHENTICATION and fragment == 0:
            protocol, upper, _ = upper_layer(data, upper, end, protocol)
        total = be16(data, at + 2)
    else:
        if end - at < IPV6_HEADER:
            return TOO_SHORT, at, 0, wire, at, at
        if u8(data, at) >> 4 != 6:
            return INVALID, at, 0, wire, at, at
        protocol, upper, fragment = upper_layer(data, at + IPV6_HEADER, end, u8(data, at + 6))
        source, target = at + 8, at + 24
        if u8(data, at + 6) != PROTOCOL_TCP:
            source, target = addresses(data, at, end)
        total = be16(data, at + 4)
        total += IPV6_HEADER if total > 0 else 0
    # With segmentation offload the network card fills in the length; it is 0 in the capture.
    return protocol, upper, fragment, min(at + total, wire) if total > 0 else wire, source, target


@inner
def address_at(data: Any, ethertype: int, at: int) -> tuple[int, int]:
    """Return the address at an offset as two numbers, IPv4 as ::ffff:a.b.c.d."""
    if ethertype == ETHERTYPE_IPV4:
        return 0, IPV4_MAPPED | be32(data, at)
    return signed64(data, at), signed64(data, at + 8)


@inner
def hop_limit(data: Any, ethertype: int, at: int) -> int:
    """Return the hop limit (time to live) of the IP header at an offset; the header is there as a whole."""
    return u8(data, at + 8) if ethertype == ETHERTYPE_IPV4 else u8(data, at + 7)


@inner
def network_layer(data: Any, ethertype: int, at: int, end: int, wire: int) -> tuple[int, int, int, int]:
    """Read the IP header at an offset: protocol, offset of the payload, fragment offset, end of the packet on the wire.

    The protocol is negative without a valid header. For a fragment, the end is an upper bound of the end of the whole
    packet; in the first fragment of IPv4, an authentication header is skipped.
    """
    protocol, upper, fragment, packet_end, _, _ = ip_header(data, ethertype, at, end, wire)
    if fragment == 0 or protocol < 0:
        return protocol, upper, 0, packet_end if protocol >= 0 else wire
    if ethertype == ETHERTYPE_IPV4:
        offset = fragment & OFFSET_BITS_IPV4
        if protocol == AUTHENTICATION and offset == 0:
            protocol, upper, _ = upper_layer(data, upper, end, protocol)
    else:
        offset = fragment & OFFSET_BITS_IPV6
        upper += FRAGMENT_HEADER
    return protocol, upper, offset, max(wire, upper + 0xFFFF)
