"""IP over InfiniBand (RFC 4391)."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, inner, u8
from ..encapsulations import NO_IP, TOO_SHORT
from .registry import link_type

IPOIB, INFINIBAND = 242, 247


@link_type(INFINIBAND, name="InfiniBand")
def infiniband(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip local route header, optional global route header, base and datagram transport header."""
    at += 8 + (40 if u8(data, at + 1) & 3 == 3 else 0)
    if end - at < 24:
        return TOO_SHORT, at
    if u8(data, at) != 0x64:
        return NO_IP, at
    return ethertype(data, at + 20, end)


@link_type(IPOIB, name="IP over InfiniBand")
def ipoib(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the global route header, which some systems omit."""
    if be16(data, at + 2) != 0 or be16(data, at) < 0x600:
        at += 40
    return ethertype(data, at, end)


@inner
def ethertype(data: Any, at: int, end: int) -> tuple[int, int]:
    """Read the EtherType and two reserved bytes."""
    return (be16(data, at), at + 4) if end - at >= 4 else (TOO_SHORT, at)
