"""Fingerprints of packets and of what they carry, by which the same packet is known in another capture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..decode.segment import SEGMENT
from ..kernels.source import be32, entry, i64, u8
from ..rows import Rows
from ..tcp.sequence import LOW_32

FACTOR = np.uint64(0x9E3779B97F4A7C15)
PRIME = 0x01000193
"""The factor of FNV-1a, which spreads the bytes of a payload over 32 bits."""


def mixed(columns: Sequence[Rows]) -> Rows:
    """Return 64 bits for each row that distinguish it from others."""
    found = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        found ^= column.astype(np.uint64)
        found *= FACTOR
        found ^= found >> np.uint64(31)
    return found


@entry(np.uint8, SEGMENT, np.int64, np.int64, np.int64)
def print_payloads(data: Any, segments: Any, ends: Any, prints: Any, sizes: Any) -> int:
    """Write 32 bits that distinguish the captured payload of each segment, and how many bytes that is.

    ``ends``: where the captured bytes of each segment's frame end. Both results are 0 without any. Returns the count.
    """
    for index in range(len(segments)):
        prints[index] = sizes[index] = 0
        at = i64(segments[index]["payload"])
        end = min(at + i64(segments[index]["length"]), ends[index], len(data))
        if segments[index]["flags"] < 0 or at < 0 or end <= at:
            continue
        sizes[index] = end - at
        found = 0x811C9DC5
        while at + 4 <= end:
            found = (found ^ be32(data, at)) * PRIME & LOW_32
            found ^= found >> 15
            at += 4
        while at < end:
            found = (found ^ u8(data, at)) * PRIME & LOW_32
            at += 1
        prints[index] = found
    return len(segments)
