"""What ``FramesSeen`` has seen of each capture, as JSON, and of all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ..findings.finding import LISTED
from ..findings.frames_seen import FramesSeen
from ..findings.marked import Marked
from ..findings.stored_again import Part

MARKED = ("cut", "back", "large")
COUNTED = ("frames", "segments", "other_large")


def told(seen: FramesSeen) -> dict[str, Any]:
    """Return what was seen of the frames of a capture, for JSON."""
    again = seen.stored_again
    return {
        **{name: vars(getattr(seen, name)) for name in MARKED},
        **{name: getattr(seen, name) for name in (*COUNTED, "start", "step_back", "largest")},
        "again": vars(again.again),
        "parts": [asdict(one) for one in again.parts],
        "part_count": again.count,
        "latest": again.latest,
        "at_end": again.at_end,
    }


def together(captures: Iterable[tuple[dict[str, Any], int, int]]) -> FramesSeen:
    """Return what was seen of several captures in order: what was told, the frames before it, and its clock's offset.

    ``offset``: nanoseconds that its clock is behind.
    """
    seen = FramesSeen()
    again = seen.stored_again
    for one, base, offset in captures:
        for name in MARKED:
            _add(getattr(seen, name), one[name], base, offset)
        _add(again.again, one["again"], base, offset)
        for name in COUNTED:
            setattr(seen, name, getattr(seen, name) + one[name])
        seen.step_back, seen.largest = max(seen.step_back, one["step_back"]), max(seen.largest, one["largest"])
        if one["start"] is not None:
            seen.start = one["start"] + offset if seen.start is None else min(seen.start, one["start"] + offset)
        for part in one["parts"]:
            moved = {name: part[name] + base for name in ("first", "last", "origin_first", "origin_last")}
            again.parts.append(Part(**moved, shift=part["shift"]))
        again.count += one["part_count"]
        again.latest, again.at_end = max(again.latest, one["latest"] + offset), one["at_end"]
    return seen


def _add(marked: Marked, one: dict[str, Any], base: int, offset: int) -> None:
    marked.count += one["count"]
    marked.numbers = (*marked.numbers, *(base + number for number in one["numbers"]))[:LISTED]
    for end, chosen in (("first", min), ("last", max)):
        if one[end] is not None:
            before = getattr(marked, end)
            setattr(marked, end, one[end] + offset if before is None else chosen(before, one[end] + offset))
