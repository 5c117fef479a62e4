"""Headers that name the payload without an EtherType: LLC, SNAP, NLPID, PPP."""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, inner, rare, u8
from .protocols import (
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_UPSTREAM,
    ETHERTYPE_PPP,
    LENGTHS,
    LLC,
    NOT_IP,
    SHORT_LINK,
    SKIPPED_REASON,
)

TOO_SHORT = -1 - SKIPPED_REASON - SHORT_LINK
"""In place of an EtherType: cut off in the link header."""
NO_IP = -1 - SKIPPED_REASON - NOT_IP
NO_SNAP = -1 - SKIPPED_REASON - LLC
PPP_IPV4, PPP_IPV6, PPP_MPLS, PPP_MPLS_UPSTREAM, PPP_BRIDGED, PPP_MULTILINK = 0x21, 0x57, 0x281, 0x283, 0x31, 0x3D
NLPID_IPV4, NLPID_IPV6, NLPID_SNAP, NLPID_PPP = 0xCC, 0x8E, 0x80, 0xCF


@inner
def of_version(data: Any, at: int) -> int:
    """Return the EtherType for the IP version at an offset."""
    version = u8(data, at) >> 4
    if version == 4:
        return ETHERTYPE_IPV4
    if version == 6:
        return ETHERTYPE_IPV6
    return NO_IP


@rare
def logical_link(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read an LLC header (IEEE 802.2), and the SNAP header after it."""
    if end - at < 4:
        return NO_SNAP, at
    if be16(data, at) == 0x0606 and u8(data, at + 2) == 3:
        return ETHERTYPE_IPV4, at + 3
    if be16(data, at) == 0xFEFE and u8(data, at + 2) == 3:
        return of_nlpid(data, at + 3, end)
    if end - at < 8 or be16(data, at) != 0xAAAA or u8(data, at + 2) != 3:
        return NO_SNAP, at
    return of_snap(data, at + 3)


@inner
def of_snap(data: Any, at: int) -> tuple[int, int]:
    """Read a SNAP header, of which all five bytes are there: organization code and protocol."""
    organization, kind = be32(data, at) >> 8, be16(data, at + 3)
    # RFC 1042; bridge tunnels (IEEE 802.1H).
    if (organization == 0 or organization == 0x0000F8) and kind > LENGTHS:
        return kind, at + 5
    # Bridged frames (RFC 2427, RFC 2684); over ATM, two bytes of padding precede them.
    if organization == 0x0080C2 and (kind == 1 or kind == 7):
        return ETHERTYPE_BRIDGED, at + 5
    return NO_SNAP, at


@rare
def of_nlpid(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a network layer protocol identifier (RFC 2427)."""
    if end - at < 1:
        return TOO_SHORT, at
    kind = u8(data, at)
    if kind == NLPID_IPV4:
        return ETHERTYPE_IPV4, at + 1
    if kind == NLPID_IPV6:
        return ETHERTYPE_IPV6, at + 1
    if kind == NLPID_PPP:
        return point_to_point(data, at + 1, end)
    if kind == NLPID_SNAP and end - at >= 6:
        return of_snap(data, at + 1)
    return NO_IP, at


@rare
def point_to_point(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a PPP header (RFC 1661), with or without address and control bytes (RFC 1662)."""
    if end - at >= 2 and be16(data, at) == 0xFF03:
        at += 2
    if end - at < 2:
        return TOO_SHORT, at
    if u8(data, at) & 1 != 0:
        protocol = u8(data, at)
        at += 1
    else:
        protocol = be16(data, at)
        at += 2
    if protocol == PPP_IPV4:
        return ETHERTYPE_IPV4, at
    if protocol == PPP_IPV6:
        return ETHERTYPE_IPV6, at
    if protocol == PPP_MPLS:
        return ETHERTYPE_MPLS, at
    if protocol == PPP_MPLS_UPSTREAM:
        return ETHERTYPE_MPLS_UPSTREAM, at
    if end - at >= 4:
        # RFC 3518: flags, and MAC type 1 is Ethernet.
        if protocol == PPP_BRIDGED and u8(data, at + 1) == 1:
            return ETHERTYPE_BRIDGED, at + 2
        # RFC 1990: the only fragment, both first and last.
        if protocol == PPP_MULTILINK and u8(data, at) & 0xC0 == 0xC0:
            return ETHERTYPE_PPP, at + 4
    return NO_IP, at
