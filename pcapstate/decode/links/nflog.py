"""The log of netfilter in Linux."""

from __future__ import annotations

from typing import Any

from ...kernels.source import be16, u8
from ..encapsulations import NO_IP
from ..protocols import BY_VERSION
from .registry import link_type

VALUES = 64
"""Limit of values in the list before the packet."""
PAYLOAD = 9
"""The kind of the value that is the packet."""


@link_type(239, name="NFLOG")
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
        if kind == PAYLOAD:
            return BY_VERSION, at + 4
        at += (length + 3) & ~3
    return NO_IP, at
