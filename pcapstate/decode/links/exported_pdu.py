"""PDUs exported by Wireshark."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, be32, u8
from ..encapsulations import NO_IP
from ..protocols import BY_VERSION, ETHERTYPE_BRIDGED, ETHERTYPE_PPP
from .registry import link_type
from .wlan import WLAN, wlan_header

VALUES = 64
"""Most tags before the packet."""
NAME = 12
"""The tag that names the protocol of the packet."""


@link_type(252, name="exported PDU")
def exported(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the tags before a PDU exported by Wireshark; one of them names its protocol."""
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
        if kind == NAME and length >= 3:
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
