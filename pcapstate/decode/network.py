"""IP headers: IPv6 addresses as numbers, and what stands between an IP header and its payload."""

from __future__ import annotations

from typing import Any

from ..kernel import be16, be32, inner, u8
from .kinds import (
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
    ROUTING,
    SHIM6,
)


@inner
def signed64(data: Any, at: int) -> int:
    """Return the 64 bits at an offset as a signed number, which int64 fields can hold."""
    high = be32(data, at)
    return (high - ((high & 0x80000000) << 1)) << 32 | be32(data, at + 4)


@inner
def upper_layer(data: Any, at: int, end: int, protocol: int) -> tuple[int, int, int]:
    """Walk IPv6 extension headers (RFC 8200 §4): protocol behind them (-1 where cut off), its offset, fragment bits.

    The fragment bits (offset and more-fragments flag) are 0 where the packet is whole; a fragment's walk ends at
    its fragment header, with the protocol TCP where that is the next header.
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
