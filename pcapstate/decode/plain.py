"""What nearly all frames are: Ethernet without tags, IPv4 without options, a whole TCP segment that is no SYN.

``is_plain`` asks in one go what ``frames`` asks of all other frames one after the other, with the same result, which
tests/decode/test_plain.py holds.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, i64, inner, u8
from .ip import IPV4_HEADER
from .links.ethernet import ETHERNET, HEADER
from .protocols import ETHERTYPE_IPV4, FRAGMENT_BITS, PROTOCOL_TCP
from .segment import SYN
from .virtual_networks import OUTSIDE

TCP_HEADER = 20
IP, TCP = HEADER, HEADER + IPV4_HEADER
"""Offsets of the headers in a plain frame."""
VERSION_4_WITHOUT_OPTIONS = 0x45


@inner
def is_plain(data: Any, frame: Any, networks: Any) -> bool:
    """Return whether a frame is plain, and in no tunnel."""
    captured, length = i64(frame["captured"]), i64(frame["length"])
    if captured < TCP + TCP_HEADER or i64(frame["linktype"]) != ETHERNET:
        return False
    i = frame["offset"]
    total, header = be16(data, i + IP + 2), (u8(data, i + TCP + 12) >> 4) << 2
    found = be16(data, i + 12) == ETHERTYPE_IPV4
    found &= (u8(data, i + IP) == VERSION_4_WITHOUT_OPTIONS) & (u8(data, i + IP + 9) == PROTOCOL_TCP)
    found &= be16(data, i + IP + 6) & FRAGMENT_BITS == 0
    found &= (header >= TCP_HEADER) & (total >= IPV4_HEADER + header) & (length >= TCP + header)
    found &= (u8(data, i + TCP + 13) & SYN == 0) & (networks[OUTSIDE] == 0)
    return found
