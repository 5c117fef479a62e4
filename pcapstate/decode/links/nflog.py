"""The netfilter log of Linux."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, u8
from ..encapsulations import NO_IP
from ..protocols import BY_VERSION
from .registry import link_type

VALUES = 64
"""Most TLVs in the list."""
PAYLOAD = 9
"""The type of the TLV with the packet."""


@link_type(239, name="NFLOG")
def nflog(data: Any, at: int, end: int) -> tuple[int, int]:
    """Find the packet among the TLVs of a netfilter log, in the host's byte order."""
    little = end - at >= 6 and u8(data, at + 5) <= u8(data, at + 4)
    at += 4
    for _ in range(VALUES):
        if end - at < 4:
            break
        length = u8(data, at) | u8(data, at + 1) << 8 if little else be16(data, at)
        kind = u8(data, at + 2) | u8(data, at + 3) << 8 if little else be16(data, at + 2)
        if length < 4:
            break
        if kind == PAYLOAD:
            return BY_VERSION, at + 4
        at += (length + 3) & ~3
    return NO_IP, at
