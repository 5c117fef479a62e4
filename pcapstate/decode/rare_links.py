"""Link layers that few captures have: from the link type to an EtherType, each in some lines.

Layouts: https://www.tcpdump.org/linktypes.html and what it names.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, inner, le32, rare, u8
from .encapsulations import NO_IP, TOO_SHORT, logical_link, of_nlpid, point_to_point
from .protocols import (
    BY_VERSION,
    ETHERNET,
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_LLC,
    ETHERTYPE_PPP,
    ETHERTYPE_PPPOE,
    RAW,
    RAW_BSD,
    RAW_OPENBSD,
    SKIPPED_LINKTYPE,
    SLL,
)
from .wlan import AVS, PPI, PRISM, RADIOTAP, WLAN, le16, wlan_header, wlan_link

TOKEN_RING, ARCNET_BSD, SLIP, PPP, FDDI, ATM_BSD, PPP_HDLC, PPP_ETHER, ATM = 6, 7, 8, 9, 10, 11, 50, 51, 100
ATM_CLIP = 106
CISCO_HDLC, FRAME_RELAY, ENC, PFLOG, FIBRE_CHANNEL, SUNATM, ARCNET_LINUX, IEEE_1394 = (
    104,
    107,
    109,
    117,
    122,
    123,
    129,
    138,
)
JUNIPER_MULTILINK, JUNIPER_ATM_2, JUNIPER_ATM_1, JUNIPER_PPPOE, JUNIPER_PPP, JUNIPER_FRAME_RELAY, JUNIPER_HDLC = (
    130, 135, 137, 167, 179, 180, 181,
)  # fmt: skip
JUNIPER_VOICE = 183
ERF = 197
ERF_IPV4, ERF_IPV6 = 22, 23
"""Types of records of Endace's cards that hold IP alone."""
PPP_PPPD, JUNIPER_ETHERNET, PPP_WITH_DIRECTION, IPNET, NFLOG, NETANALYZER, NETANALYZER_PREAMBLE = (
    166, 178, 204, 226, 239, 240, 241,
)  # fmt: skip
IPOIB, INFINIBAND, EXPORTED_PDU, MPACKET, DSA_BROADCOM, DSA_BROADCOM_FIRST, DSA, DSA_ETHERTYPE = (
    242, 247, 252, 274, 281, 282, 284, 285,
)  # fmt: skip

ARCNET_IPV4, ARCNET_IPV6, ARCNET_IPV4_OLD = 212, 196, 240
"""Of RFC 1201, and of RFC 1051, which has no sequence numbers."""
NFLOG_PAYLOAD, EXPORTED_NAME = 9, 12
"""The kinds of values wanted of the lists that these begin with."""
ARPHRD_WLAN, ARPHRD_PRISM, ARPHRD_RADIOTAP = 801, 802, 803
"""Linux' kinds of hardware whose cooked headers have 802.11 behind them."""
VALUES = 64
"""Values of such a list at most."""


@rare
def rare_link(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Return EtherType (or BY_VERSION) and offset for the link types that few captures have."""
    if linktype == PPI:
        if end - at < 8:
            return TOO_SHORT, at
        # All numbers of its header are in little-endian order, that of the link type behind it too.
        length, inside = le16(data, at + 2), le32(data, at + 4)
        if length < 8 or end - at < length:
            return TOO_SHORT, at
        at += length
        linktype = inside if inside <= 0xFFFF else PPI
    size = end - at
    if linktype in (WLAN, RADIOTAP, PRISM, AVS):
        return wlan_link(data, at, end, linktype)
    if size < 4:
        return TOO_SHORT, at
    if linktype == ETHERNET:
        return ETHERTYPE_BRIDGED, at
    if linktype in (RAW, RAW_BSD, RAW_OPENBSD):
        return BY_VERSION, at
    if linktype == SLL:
        return (be16(data, at + 14), at + 16) if size >= 16 else (TOO_SHORT, at)
    if linktype in (PPP, PPP_HDLC):
        # Cisco's framing is told by its address byte.
        if be16(data, at) == 0x0F00 or be16(data, at) == 0x8F00:
            return be16(data, at + 2), at + 4
        return point_to_point(data, at, end)
    if linktype == PPP_WITH_DIRECTION:
        return point_to_point(data, at + 1, end)
    if linktype == PPP_PPPD:
        return point_to_point(data, at + 2, end)
    if linktype == PPP_ETHER:
        return ETHERTYPE_PPPOE, at
    if linktype == CISCO_HDLC:
        return be16(data, at + 2), at + 4
    if linktype == FRAME_RELAY:
        return frame_relay(data, at, end)
    if linktype in (ATM, ATM_BSD, ATM_CLIP):
        return multiplexed(data, at, end)
    if linktype == SUNATM:
        # LAN emulation: two bytes before a frame.
        return (ETHERTYPE_BRIDGED, at + 6) if u8(data, at) & 0x0F == 1 else (ETHERTYPE_LLC, at + 4)
    if linktype in (ARCNET_LINUX, ARCNET_BSD):
        return arcnet(data, at, end, linktype)
    if linktype == TOKEN_RING:
        if size < 16:
            return TOO_SHORT, at
        # A source address with this bit has a route behind it, whose length is in its first byte.
        route = u8(data, at + 14) & 0x1F if u8(data, at + 8) & 0x80 else 0
        return (ETHERTYPE_LLC, at + 14 + route) if u8(data, at + 1) & 0xC0 == 0x40 else (NO_IP, at)
    if linktype == FDDI:
        return ETHERTYPE_LLC, at + 13
    if linktype == FIBRE_CHANNEL:
        return ETHERTYPE_LLC, at + 16
    if linktype == IEEE_1394:
        return (be16(data, at + 16), at + 18) if size >= 18 else (TOO_SHORT, at)
    if linktype == SLIP:
        return BY_VERSION, at + 16
    if linktype == ENC:
        return BY_VERSION, at + 12
    if linktype == IPNET:
        return BY_VERSION, at + 24
    if linktype == PFLOG:
        return BY_VERSION, at + ((u8(data, at) + 3) & ~3)
    if linktype == NFLOG:
        return nflog(data, at, end)
    if linktype == EXPORTED_PDU:
        return exported(data, at, end)
    if linktype in (IPOIB, INFINIBAND):
        return infiniband(data, at, end, linktype)
    if linktype in (JUNIPER_ETHERNET, JUNIPER_MULTILINK, JUNIPER_ATM_2, JUNIPER_ATM_1, JUNIPER_PPPOE, JUNIPER_PPP,
                    JUNIPER_FRAME_RELAY, JUNIPER_HDLC, JUNIPER_VOICE):  # fmt: skip
        return juniper(data, at, end, linktype)
    if linktype == ERF:
        return extensible_record(data, at, end)
    if linktype in (NETANALYZER, DSA_BROADCOM_FIRST):
        return ETHERTYPE_BRIDGED, at + 4
    if linktype == MPACKET:
        return ETHERTYPE_BRIDGED, at + 8
    if linktype == NETANALYZER_PREAMBLE:
        return ETHERTYPE_BRIDGED, at + 12
    if linktype in (DSA, DSA_BROADCOM):
        return (be16(data, at + 16), at + 18) if size >= 18 else (TOO_SHORT, at)
    if linktype == DSA_ETHERTYPE:
        return (be16(data, at + 20), at + 22) if size >= 22 else (TOO_SHORT, at)
    return -1 - SKIPPED_LINKTYPE - (linktype & 0xFFFF), at


@rare
def cooked_radio(data: Any, at: int, end: int, hardware: int) -> tuple[int, int]:
    """Read what Linux cooked headers hold of such hardware: 802.11 frames as they are, or behind one of two headers."""
    if hardware == ARPHRD_RADIOTAP:
        return wlan_link(data, at, end, RADIOTAP)
    return wlan_link(data, at, end, PRISM if hardware == ARPHRD_PRISM else WLAN)


@rare
def multiplexed(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read what an ATM cell stream carries (RFC 2684): an LLC header, or IP alone."""
    if end - at >= 2 and (be16(data, at) == 0xAAAA or be16(data, at) == 0xFEFE):
        kind, at = logical_link(data, at, end)
        # Two bytes make the frame behind a bridge's header begin on a multiple of four.
        return kind, at + 2 if kind == ETHERTYPE_BRIDGED else at
    return BY_VERSION, at


@rare
def frame_relay(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read a Frame Relay header: Q.922 address, then RFC 2427 or Cisco's way, an EtherType."""
    for _ in range(4):
        at += 1
        if u8(data, at - 1) & 1 != 0:
            break
    if end - at < 3:
        return TOO_SHORT, at
    if u8(data, at) != 3:
        return be16(data, at), at + 2
    at += 2 if u8(data, at + 1) == 0 else 1
    return of_nlpid(data, at, end)


@inner
def arcnet(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Read an ARCNET header (RFC 1201, RFC 1051): of whole packets and of the first part of others."""
    at += 4 if linktype == ARCNET_LINUX else 2
    if end - at < 8:
        return TOO_SHORT, at
    kind = u8(data, at)
    if kind == ARCNET_IPV4_OLD:
        return ETHERTYPE_IPV4, at + 1
    if kind != ARCNET_IPV4 and kind != ARCNET_IPV6:
        return NO_IP, at
    # An exception packet repeats its type; the flag of a later part is even.
    if linktype == ARCNET_BSD and u8(data, at + 1) == 0xFF:
        at += 4
    if end - at < 4 or (u8(data, at + 1) != 0 and u8(data, at + 1) & 1 == 0):
        return NO_IP, at
    return ETHERTYPE_IPV4 if kind == ARCNET_IPV4 else ETHERTYPE_IPV6, at + 4


@inner
def nflog(data: Any, at: int, end: int) -> tuple[int, int]:
    """Find the packet among the values of a Linux netfilter log; their numbers are in the order of that host."""
    little = end - at >= 6 and u8(data, at + 5) <= u8(data, at + 4)
    at += 4
    for _ in range(VALUES):
        if end - at < 4:
            break
        length = u8(data, at) | u8(data, at + 1) << 8 if little else be16(data, at)
        kind = u8(data, at + 2) | u8(data, at + 3) << 8 if little else be16(data, at + 2)
        if length < 4:
            break
        if kind == NFLOG_PAYLOAD:
            return BY_VERSION, at + 4
        at += (length + 3) & ~3
    return NO_IP, at


@inner
def exported(data: Any, at: int, end: int) -> tuple[int, int]:
    """Pass over the values that Wireshark writes before an exported PDU; it names what follows."""
    known = NO_IP
    for _ in range(VALUES):
        if end - at < 4:
            break
        kind, length = be16(data, at), be16(data, at + 2)
        at += 4
        if kind == 0:
            if known == WLAN:
                return wlan_header(data, at, end, 0)
            return known, at
        if end - at < length:
            break
        if kind == EXPORTED_NAME and length >= 3:
            # "ip", "ipv6", "raw_ip"; "eth" and "wlan" with or without "_withoutfcs" and the like; "ppp".
            name = be32(data, at) if length >= 4 else be16(data, at) << 16 | u8(data, at + 2) << 8
            if name in (0x69700000, 0x69707636, 0x7261775F):
                known = BY_VERSION
            elif name >> 8 == 0x657468:
                known = ETHERTYPE_BRIDGED
            elif name == 0x776C616E:
                known = WLAN
            elif name == 0x70707000:
                known = ETHERTYPE_PPP
        at += length
    return NO_IP, at


@inner
def infiniband(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Read the headers before the EtherType of IP over InfiniBand (RFC 4391)."""
    if linktype == INFINIBAND:
        # Local route header, global route header where that says so, base and datagram transport header.
        at += 8 + (40 if u8(data, at + 1) & 3 == 3 else 0)
        if end - at < 24:
            return TOO_SHORT, at
        if u8(data, at) != 0x64:
            return NO_IP, at
        at += 20
    elif be16(data, at + 2) != 0 or be16(data, at) < 0x600:
        at += 40
    return (be16(data, at), at + 4) if end - at >= 4 else (TOO_SHORT, at)


@rare
def extensible_record(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the header of an Endace record: its type, extension headers as long as one says that another follows."""
    if end - at < 16:
        return TOO_SHORT, at
    kind, more = u8(data, at + 8) & 0x7F, u8(data, at + 8) & 0x80
    at += 16
    for _ in range(VALUES):
        if more == 0 or end - at < 8:
            break
        more = u8(data, at) & 0x80
        at += 8
    if kind in (2, 11, 16, 20):
        # Ethernet, with different fields beside; two bytes of padding stand before each frame.
        return ETHERTYPE_BRIDGED, at + 2
    return (BY_VERSION, at) if kind in (ERF_IPV4, ERF_IPV6) else (NO_IP, at)


@rare
def juniper(data: Any, at: int, end: int, linktype: int) -> tuple[int, int]:
    """Read a Juniper header: a magic number, flags, perhaps a list with its length; then what the link type says."""
    if be32(data, at) >> 8 != 0x4D4743:
        return NO_IP, at
    flags = u8(data, at + 3)
    at += 4
    if flags & 0x80 != 0:
        if end - at < 2:
            return TOO_SHORT, at
        at += 2 + be16(data, at)
    if flags & 2 != 0:
        return BY_VERSION, at + 4
    if end - at < 4:
        return TOO_SHORT, at
    if linktype == JUNIPER_PPP:
        return point_to_point(data, at, end)
    if linktype == JUNIPER_MULTILINK:
        return point_to_point(data, at + 2, end)
    if linktype == JUNIPER_FRAME_RELAY:
        return frame_relay(data, at, end)
    if linktype == JUNIPER_HDLC:
        return be16(data, at + 2), at + 4
    if linktype == JUNIPER_VOICE:
        return BY_VERSION, at + 18
    # Cookies of both kinds of ATM interfaces.
    if linktype == JUNIPER_ATM_1:
        return multiplexed(data, at + 4, end)
    if linktype == JUNIPER_ATM_2:
        return multiplexed(data, at + 8, end)
    return ETHERTYPE_BRIDGED, at
