"""Per-packet information: a header with fields of its own before a frame of another link type."""

from __future__ import annotations

from typing import Any

from ...kernels.source import inner, le32
from ..encapsulations import TOO_SHORT
from .wlan import le16

PPI = 192
SHORTEST = 8


@inner
def held(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return the link type of the frame behind the header, and its offset; the header's first bytes are there."""
    # All numbers are in little-endian order, that of the link type behind it too.
    length, inside = le16(data, at + 2), le32(data, at + 4)
    if length < SHORTEST or end - at < length:
        return TOO_SHORT, at
    return inside if inside <= 0xFFFF else PPI, at + length
