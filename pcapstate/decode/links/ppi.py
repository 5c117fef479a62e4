"""Per-packet information (PPI): a header before a frame of another link type."""

from __future__ import annotations

from typing import Any

from ...kernels.source import inner, le32
from ..encapsulations import TOO_SHORT
from .wlan import le16

PPI = 192
SHORTEST = 8


@inner
def held(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return the link type of the frame after the header, and its offset; the header's first bytes are there."""
    # All numbers are little-endian, also in the link type that follows.
    length, inside = le16(data, at + 2), le32(data, at + 4)
    if length < SHORTEST or end - at < length:
        return TOO_SHORT, at
    return inside if inside <= 0xFFFF else PPI, at + length
