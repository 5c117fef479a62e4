"""Fingerprints of packets, to tell duplicates in the capture from retransmissions."""

from __future__ import annotations

from typing import Any

from ..kernels.source import be16, be32, inner
from .segment import TELLING

TIMESTAMPS = 0x0101080A
"""Two bytes of padding, then kind and length of the option (RFC 7323, appendix A)."""
SYN_OPTIONS, TIMESTAMPS_OF_SYN = 0x0204, 0x0402080A
"""The options of a SYN: maximum segment size first; then SACK permitted, before the time stamps."""


@inner
def mark_of(data: Any, at: int, end: int, header: int, identification: int) -> int:
    """Return the mark of the TCP segment at an offset, whose header has ``header`` bytes: 31 bits and TELLING.

    It is made of fields that routers preserve and that change in a retransmission: the IP identification (16 bits,
    0: none) and the time stamp, where it is in its usual place. Without both, it is the checksum, which may differ if
    the sender itself captures: network cards fill it in.
    """
    stamp = 0
    stamped = False
    if header >= 32 and end - at >= 32:
        options = be32(data, at + 20)
        if options == TIMESTAMPS:
            stamp = be32(data, at + 24)
            stamped = True
        elif options >> 16 == SYN_OPTIONS and be32(data, at + 24) == TIMESTAMPS_OF_SYN:
            stamp = be32(data, at + 28)
            stamped = True
    if not stamped and identification == 0:
        return be16(data, at + 16) if end - at >= 18 else 0
    mixed = stamp * 0x5E3779B1 ^ identification * 0x45EBCA6B
    return (mixed ^ mixed >> 31) & 0x7FFFFFFF | TELLING
