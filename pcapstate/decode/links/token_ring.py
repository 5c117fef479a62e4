"""Token Ring (IEEE 802.5)."""

from __future__ import annotations

from typing import Any

from ...kernels.source import u8
from ..encapsulations import NO_IP
from ..protocols import ETHERTYPE_LLC
from .registry import link_type


@link_type(6, name="Token Ring", least=16)
def token_ring(data: Any, at: int, end: int) -> tuple[int, int]:
    """Skip the addresses, and the source route that may follow them."""
    # With this bit in the source address a source route follows; its first byte has its length.
    route = u8(data, at + 14) & 0x1F if u8(data, at + 8) & 0x80 else 0
    return (ETHERTYPE_LLC, at + 14 + route) if u8(data, at + 1) & 0xC0 == 0x40 else (NO_IP, at)
