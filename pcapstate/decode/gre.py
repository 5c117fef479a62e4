"""Generic routing encapsulation (GRE), over IP or over UDP."""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, rare, u8
from .encapsulations import of_version
from .links.wlan import wlan_in_tunnel
from .protocols import ETHERTYPE_BRIDGED, ETHERTYPE_IPV4, ETHERTYPE_PPP, NOTHING
from .virtual_networks import VSID, note

ROUTES = 32
"""Most source routes in a header."""
ERSPAN, ERSPAN_3, WCCP, ARUBA_FIRST, ARUBA_LAST, ARUBA_9000 = 0x88BE, 0x22EB, 0x883E, 0x8200, 0x83F0, 0x9000


@rare
def generic(data: Any, at: int, end: int, networks: Any) -> tuple[int, int]:
    """Read a GRE header (RFC 2784, RFC 2890; version 1: RFC 2637), and the header usual after it."""
    flags, kind = be16(data, at), be16(data, at + 2)
    checksum, routing, key, sequence = flags & 0x8000, flags & 0x4000, flags & 0x2000, flags & 0x1000
    at += 4 + (4 if checksum | routing else 0) + (4 if key else 0) + (4 if sequence else 0)
    if flags & 7 == 1:
        # A packet without a sequence number has no payload.
        return (ETHERTYPE_PPP, at + (4 if flags & 0x0080 else 0)) if sequence else (NOTHING, at)
    for _ in range(ROUTES if routing else 0):
        # Source routes (RFC 1701): address family, offset and length for each; an entry of zeros ends them.
        if end - at < 4:
            return NOTHING, at
        last = be32(data, at) == 0
        at += 4 + u8(data, at + 3)
        if last:
            break
    if flags & 7 != 0 or end - at < 8:
        return NOTHING, at
    if kind == ETHERTYPE_BRIDGED and key:
        # NVGRE (RFC 7637): a virtual subnet identifier, which is never 0, then a flow identifier.
        subnet = be32(data, at - (8 if sequence else 4)) >> 8
        if subnet != 0:
            note(networks, VSID | subnet)
    if kind == ERSPAN:
        # Type I has no header and no sequence number.
        return ETHERTYPE_BRIDGED, at + (8 if sequence else 0)
    if kind == ERSPAN_3:
        if end - at < 12:
            return NOTHING, at
        frame, more = be16(data, at + 10) >> 10 & 0x1F, 8 if u8(data, at + 11) & 1 else 0
        at += 12 + more
        if frame == 2:
            return (of_version(data, at), at) if end - at >= 1 else (NOTHING, at)
        return ETHERTYPE_BRIDGED, at
    if kind == WCCP:
        # Version 2 has its own header, which does not look like an IP header.
        return ETHERTYPE_IPV4, at if u8(data, at) >> 4 == 4 else at + 4
    if ARUBA_FIRST <= kind <= ARUBA_LAST or kind == ARUBA_9000:
        return wlan_in_tunnel(data, at, end)
    return kind, at
