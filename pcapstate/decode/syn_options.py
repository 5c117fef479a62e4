"""The options of a SYN that matter for a connection, in one number: window scale, MSS, SACK, timestamps, fast open."""

from __future__ import annotations

from typing import Any

from ..kernels.source import rare, u8

END_OF_OPTIONS, NO_OPERATION, MSS, WINDOW_SCALE, SACK_PERMITTED, TIMESTAMPS, FAST_OPEN = 0, 1, 2, 3, 4, 8, 34
MAX_SHIFT = 14
"""The largest shift; a larger one counts as this (RFC 7323 §2.3)."""

SHIFT = 15
"""Bits of 1 + the shift of the sender's windows (RFC 7323 §2.2); 0: no such option."""
HAS_SACK, HAS_TIMESTAMPS, HAS_FAST_OPEN = 1 << 4, 1 << 5, 1 << 6
MSS_AT = 8
"""From this bit on the maximum segment size; 0: no such option."""


@rare
def options_of(data: Any, at: int, end: int) -> int:
    """Return the options of a SYN, ``data[at:end]``; of one that stands there twice, the first counts."""
    found = 0
    while at + 1 < end:
        kind = u8(data, at)
        if kind == END_OF_OPTIONS:
            return found
        if kind == NO_OPERATION:
            at += 1
            continue
        length = u8(data, at + 1)
        if length < 2 or at + length > end:
            return found
        if kind == WINDOW_SCALE and length == 3 and found & SHIFT == 0:
            found |= 1 + min(u8(data, at + 2), MAX_SHIFT)
        elif kind == MSS and length == 4 and found >> MSS_AT == 0:
            found |= (u8(data, at + 2) << 8 | u8(data, at + 3)) << MSS_AT
        elif kind == SACK_PERMITTED:
            found |= HAS_SACK
        elif kind == TIMESTAMPS:
            found |= HAS_TIMESTAMPS
        elif kind == FAST_OPEN:
            found |= HAS_FAST_OPEN
        at += length
    return found
