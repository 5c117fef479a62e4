"""ARCNET."""

from __future__ import annotations

from typing import Any

from ...kernels.source import inner, u8
from ..encapsulations import NO_IP, TOO_SHORT
from ..protocols import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from .registry import link_type

ARCNET_BSD, ARCNET_LINUX = 7, 129
ARCNET_IPV4, ARCNET_IPV6, ARCNET_IPV4_OLD = 212, 196, 240
"""Protocol ids of RFC 1201, and of RFC 1051, which has no sequence numbers."""


@inner
def arcnet(data: Any, at: int, end: int, exceptions: bool) -> tuple[int, int]:
    """Read the ARCNET header of a whole packet, or of the first fragment (RFC 1201, RFC 1051)."""
    if end - at < 8:
        return TOO_SHORT, at
    kind = u8(data, at)
    if kind == ARCNET_IPV4_OLD:
        return ETHERTYPE_IPV4, at + 1
    if kind != ARCNET_IPV4 and kind != ARCNET_IPV6:
        return NO_IP, at
    # An exception packet repeats its type; the split flag of a later fragment is even.
    if exceptions and u8(data, at + 1) == 0xFF:
        at += 4
    if end - at < 4 or (u8(data, at + 1) != 0 and u8(data, at + 1) & 1 == 0):
        return NO_IP, at
    return ETHERTYPE_IPV4 if kind == ARCNET_IPV4 else ETHERTYPE_IPV6, at + 4


@link_type(ARCNET_BSD, name="ARCNET")
def arcnet_bsd(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip source and target."""
    return arcnet(data, at + 2, end, True)


@link_type(ARCNET_LINUX, name="ARCNET of Linux")
def arcnet_linux(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip source, target and offset."""
    return arcnet(data, at + 4, end, False)
