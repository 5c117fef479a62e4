"""The window scale option of a SYN (RFC 7323 §2.2): the shift of its sender's windows."""

from __future__ import annotations

from typing import Any

from ..kernels.source import rare, u8

END_OF_OPTIONS, NO_OPERATION, WINDOW_SCALE = 0, 1, 3
MAX_SHIFT = 14
"""The largest shift; a larger one counts as this (RFC 7323 §2.3)."""


@rare
def scale_of(data: Any, at: int, end: int) -> int:
    """Return 1 + the shift in the options of a SYN, ``data[at:end]``; 0 without the option."""
    while at + 2 < end:
        kind = u8(data, at)
        if kind == END_OF_OPTIONS:
            return 0
        if kind == NO_OPERATION:
            at += 1
            continue
        length = u8(data, at + 1)
        if kind == WINDOW_SCALE and length == 3:
            return 1 + min(u8(data, at + 2), MAX_SHIFT)
        if length < 2:
            return 0
        at += length
    return 0
