"""The list of captures, with the times and counts of those that take a moment to read."""

from __future__ import annotations

import time
from typing import Any

from ..errors import PcapstateError
from ..escaping import safe
from ..reading import Reading
from .cited import Json, clock, losses_of, page
from .kept import Kept, brief, of_capture
from .roots import Found, Roots

SMALL, SMALL_PACKED = 32_000_000, 4_000_000
"""Bytes of captures, and of compressed ones, that are read for the list."""
PATIENCE = 5.0
"""Seconds that reading for a list takes, all in all."""
UNREAD = "not read: describe_capture does"
TOO_LONG = "not read to its end: it takes too long for a list"
NOTHING: Json = {"first_packet_time": None, "last_packet_time": None, "packets": None, "connections": None}


def list_captures(roots: Roots, kept: Kept, arguments: Any, limit: int) -> Json:
    """Answer list_captures."""
    found, whole = roots.captures()
    part, paging = page(len(found), int(arguments.get("offset", 0)), limit)
    until = time.monotonic() + PATIENCE
    kept.forget_other()
    return {"rows": [_row(one, kept, until) for one in found[part]], "whole": whole, **paging}


def _row(capture: Found, kept: Kept, until: float) -> Json:
    counts, remark = NOTHING, UNREAD
    packed = not capture.path.lower().endswith((".pcap", ".pcapng", ".cap", ".dmp", ".ntar"))
    if capture.size <= (SMALL_PACKED if packed else SMALL) and time.monotonic() < until:
        try:
            reading = kept.reading(capture, None)
            if brief(reading, until):
                counts, remark = _counts(reading), "; ".join(_remarks(reading))
            else:
                remark = TOO_LONG
        except PcapstateError as error:
            remark = of_capture(error, capture)
    return {
        "name": safe(capture.name),
        "size": capture.size,
        "modified": clock(capture.modified),
        **counts,
        "remark": remark or None,
    }


def _counts(reading: Reading) -> Json:
    read = reading.capture.frames > 0
    return {
        "first_packet_time": clock(reading.start) if read else None,
        "last_packet_time": clock(reading.moment) if read else None,
        "packets": reading.capture.frames,
        "connections": reading.capture.table.count,
    }


def _remarks(reading: Reading) -> list[str]:
    return [one["text"] for one in losses_of(reading) if one["kind"] in ("damaged", "empty", "evicted", "dropped")]
