"""The loop over segments for ``FramesSeen``: by what each is recognised, and what data it has."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import SEGMENT
from ..kernels.source import be16, entry, i64, inner
from ..tcp.sequence import LOW_32

KEYS = 14
"""Numbers below 2**30 that key the prints of a run, so that equal ones cannot be prepared."""
SHORT = 64
"""Bytes of a TLS record that hold no more than an alert (close_notify), or HTTP/2's housekeeping."""
RECORDS = 20, 24
"""The types of TLS records (RFC 8446 §5.1), and the major version behind them."""
VERSION = 3


@entry(np.uint8, SEGMENT, np.int64, np.int64, np.int64, np.int64, np.int64, np.int64, np.uint8, np.int64)
def look_through(
    data: Any,
    segments: Any,
    keys: Any,
    rows: Any,
    prints: Any,
    times: Any,
    numbers: Any,
    data_rows: Any,
    shorts: Any,
    count: Any,
) -> int:
    """Write of all segments among ``segments`` rows, prints, times and numbers; return how many there are.

    ``prints``: the same where headers are the same in what tells segments apart. ``data_rows``: those with data, and
    ``shorts``: whether that is a short record of TLS; ``count[0]``: how many. All are as long as ``segments``.
    """
    found = with_data = 0
    for index in range(len(segments)):
        segment = segments[index]
        if segment["flags"] < 0:
            continue
        rows[found], times[found], numbers[found] = index, segment["time"], segment["number"]
        prints[found] = print_of(segment, keys)
        found += 1
        if segment["length"] > 0:
            data_rows[with_data], shorts[with_data] = index, 1 if is_short(data, segment) else 0
            with_data += 1
    count[0] = with_data
    return found


@inner
def print_of(segment: Any, keys: Any) -> int:
    """Return 62 bits for a segment."""
    # A key for each number, so that no two of them can be exchanged.
    out = segment["seq"] * keys[0] ^ segment["ack"] * keys[1] ^ i64(segment["mark"]) * keys[2]
    out ^= (i64(segment["source_port"]) << 16 | i64(segment["target_port"])) * keys[3]
    out ^= (i64(segment["flags"]) << 16 | i64(segment["window"])) * keys[4] ^ i64(segment["length"]) * keys[5]
    out ^= (segment["source_low"] & LOW_32) * keys[6] ^ (segment["target_low"] & LOW_32) * keys[7]
    out ^= (segment["source_low"] >> 32 & LOW_32) * keys[8] ^ (segment["target_low"] >> 32 & LOW_32) * keys[9]
    out ^= (segment["source_high"] & LOW_32) * keys[10] ^ (segment["target_high"] & LOW_32) * keys[11]
    return out ^ (segment["source_high"] >> 32 & LOW_32) * keys[12] ^ (segment["target_high"] >> 32 & LOW_32) * keys[13]


@inner
def is_short(data: Any, segment: Any) -> bool:
    """Return whether the data of a segment is a short record of TLS."""
    at, length = i64(segment["payload"]), i64(segment["length"])
    if at < 0 or length <= 1 or length > SHORT or at + 1 >= len(data):
        return False
    kind = be16(data, at)
    return RECORDS[0] <= kind >> 8 < RECORDS[1] and kind & 0xFF == VERSION
