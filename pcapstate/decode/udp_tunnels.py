"""Tunnels over UDP: their ports and headers."""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, rare, u8
from .encapsulations import of_version
from .gre import generic
from .links.wlan import wlan_in_tunnel
from .protocols import (
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_PPP,
    GATHERED,
    NOTHING,
    UDP_HEADER,
)
from .virtual_networks import VNI, note

(
    L2TP, GTP_U, GTP_OLD, TEREDO, LISP, GRE_IN_UDP, VXLAN, VXLAN_GPE, AYIYA, CAPWAP, GENEVE, MPLS_IN_UDP, VXLAN_LINUX,
    TZSP,
) = 1701, 2152, 3386, 3544, 4341, 4754, 4789, 4790, 5072, 5247, 6081, 6635, 8472, 37_008  # fmt: skip
EXTENSIONS = 16
"""Most extension headers of GTP-U."""
TAGS = 64
"""Most tagged values of TZSP."""
NSH = 0x894F
"""The EtherType of a network service header (RFC 8300)."""


@rare
def behind_udp(data: Any, at: int, end: int, networks: Any) -> tuple[int, int]:
    """Return EtherType and offset of the payload of a tunnel over UDP (its header is there), or NOTHING."""
    source, target = be16(data, at), be16(data, at + 2)
    at += UDP_HEADER
    # The shortest of these headers has four bytes, and a packet follows.
    if end - at < 16:
        return NOTHING, at
    inside, inside_at = behind_port(data, at, end, target, networks)
    if inside < 0 and inside != GATHERED:
        inside, inside_at = behind_port(data, at, end, source, networks)
    return inside, inside_at


@rare
def behind_port(data: Any, at: int, end: int, port: int, networks: Any) -> tuple[int, int]:
    """Read the tunnel header of a port; 16 bytes are there."""
    if port in (VXLAN, VXLAN_LINUX):
        note_identifier(networks, data, at)
        return ETHERTYPE_BRIDGED, at + 8
    if port == VXLAN_GPE:
        inside = of_next(u8(data, at + 3) if u8(data, at) & 0x04 else 3)
        if inside != NOTHING:
            note_identifier(networks, data, at)
        return inside, at + 8
    if port == GENEVE:
        # RFC 8926: version 0, options in units of four bytes.
        if u8(data, at) >> 6 != 0:
            return NOTHING, at
        note(networks, VNI | be32(data, at + 4) >> 8)
        return be16(data, at + 2), at + 8 + ((u8(data, at) & 0x3F) << 2)
    if port == GTP_U:
        return gtp(data, at, end)
    if port == GTP_OLD:
        if u8(data, at) >> 5 == 1:
            return gtp(data, at, end)
        # Version 0 (GSM 09.60): twenty bytes before the packet.
        good = u8(data, at) >> 5 == 0 and u8(data, at + 1) == 255 and end - at > 20
        return (of_version(data, at + 20), at + 20) if good else (NOTHING, at)
    if port == TEREDO:
        return teredo(data, at, end)
    if port == L2TP:
        return l2tp(data, at, end)
    if port == LISP:
        return of_version(data, at + 8), at + 8
    if port == GRE_IN_UDP:
        # RFC 8086; port 4755 is the same with DTLS.
        return generic(data, at, end, networks)
    if port == MPLS_IN_UDP:
        return ETHERTYPE_MPLS, at
    if port == AYIYA:
        # Lengths of identity and signature, operation (1: forward), IP protocol.
        forward = u8(data, at + 2) & 0x0F == 1
        inside = ETHERTYPE_IPV6 if u8(data, at + 3) == 41 else ETHERTYPE_IPV4 if u8(data, at + 3) == 4 else NOTHING
        at += 8 + (1 << (u8(data, at) >> 4)) + (u8(data, at + 1) >> 4 << 2)
        return (inside if forward else NOTHING), at
    if port == CAPWAP:
        return capwap(data, at, end)
    if port == TZSP:
        return sniffed(data, at, end)
    return NOTHING, at


@rare
def note_identifier(networks: Any, data: Any, at: int) -> None:
    """Note the network identifier (VNI) of a VXLAN header if its flag is set."""
    if u8(data, at) & 0x08 != 0:
        note(networks, VNI | be32(data, at + 4) >> 8)


@rare
def of_next(kind: int) -> int:
    """Return the EtherType for a next protocol of VXLAN-GPE or NSH (RFC 8300)."""
    if kind == 1:
        return ETHERTYPE_IPV4
    if kind == 2:
        return ETHERTYPE_IPV6
    if kind == 3:
        return ETHERTYPE_BRIDGED
    if kind == 4:
        return NSH
    if kind == 5:
        return ETHERTYPE_MPLS
    return NOTHING


@rare
def service_header(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a network service header (RFC 8300); four bytes of it are there."""
    return of_next(u8(data, at + 3)), at + ((be16(data, at) & 0x3F) << 2)


@rare
def gtp(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a GTP-U header (3GPP TS 29.281 §5) of version 1 with a packet (message type 255)."""
    flags = u8(data, at)
    if flags & 0xF0 != 0x30 or u8(data, at + 1) != 255:
        return NOTHING, at
    following = u8(data, at + 11) if flags & 0x04 else 0
    at += 12 if flags & 0x07 else 8
    for _ in range(EXTENSIONS):
        if following == 0:
            break
        length = u8(data, at) << 2 if end - at >= 1 else 0
        if length == 0 or end - at <= length:
            return NOTHING, at
        following = u8(data, at + length - 1)
        at += length
    if following != 0 or end - at < 1:
        return NOTHING, at
    return of_version(data, at), at


@rare
def teredo(data: Any, at: int, end: int) -> tuple[int, int]:
    """Pass over authentication and origin indication before the IPv6 packet (RFC 4380 §5.1.1)."""
    if be16(data, at) == 1:
        at += 13 + u8(data, at + 2) + u8(data, at + 3)
    if end - at >= 8 and be16(data, at) == 0:
        at += 8
    return (ETHERTYPE_IPV6, at) if end - at >= 40 and u8(data, at) >> 4 == 6 else (NOTHING, at)


@rare
def l2tp(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of an L2TP data message (RFC 2661 §3.1), which carries a PPP frame."""
    flags = be16(data, at)
    if flags & 0x8000 != 0 or flags & 0x0F != 2:
        return NOTHING, at
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200 != 0:
        if end - at < 2:
            return NOTHING, at
        at += 2 + be16(data, at)
    return ETHERTYPE_PPP, at


@rare
def sniffed(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a TZSP header: version, type, encapsulated protocol, and tagged values up to an end mark."""
    version, kind, inside = u8(data, at), u8(data, at + 1), be16(data, at + 2)
    if version != 1 or kind > 1:
        return NOTHING, at
    at += 4
    for _ in range(TAGS):
        if end - at < 2:
            return NOTHING, at
        tag = u8(data, at)
        if tag == 1:
            break
        at += 1 if tag == 0 else 2 + u8(data, at + 1)
    at += 1
    if inside == 1:
        return ETHERTYPE_BRIDGED, at
    return wlan_in_tunnel(data, at, end) if inside == 18 else (NOTHING, at)


@rare
def capwap(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a CAPWAP data header (RFC 5415 §4.3), which carries an 802.3 or 802.11 frame."""
    bits = be32(data, at) & 0xFFFFFF
    header, radio, native = (bits >> 19) << 2, bits >> 9 & 0x1F, bits & 0x100
    # Without DTLS and keep-alives; of fragments, the first one only.
    first = bits & 0x80 == 0 or be16(data, at + 6) & 0xFFF8 == 0
    if u8(data, at) != 0 or bits & 0x08 != 0 or not first or header < 8 or end - at <= header:
        return NOTHING, at
    at += header
    if native == 0:
        return ETHERTYPE_BRIDGED, at
    return wlan_in_tunnel(data, at, end) if radio == 1 else (NOTHING, at)
