"""What frames tell about the capture itself: cut off, out of order in time, larger than any network carries."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sources.reader import Batch
from .finding import LISTED

Rows = np.ndarray[Any, Any]

LARGE = 1_460
"""Bytes of payload that a segment can have where the network carries 1,500 bytes, as Ethernet does."""
LOOPBACK = 0xFFFF7F
"""The upper bits of 127.0.0.0/8, IPv4-mapped: there packets are as large as the host likes."""


class Marked:
    """Frames of one kind: how many, and the numbers of the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.numbers: tuple[int, ...] = ()

    def add(self, numbers: Rows) -> None:
        """Count these frames."""
        self.count += len(numbers)
        if len(self.numbers) < LISTED:
            self.numbers += tuple(int(one) for one in numbers[: LISTED - len(self.numbers)])


class FramesSeen:
    """A watcher (``capture.Watcher``) that looks at the frames of a capture as such."""

    datagrams = False

    def __init__(self) -> None:
        self.frames = 0
        self.segments = 0
        """TCP segments among them."""
        self.start: int | None = None
        """Time of the first frame, ns since the epoch."""
        self.cut = Marked()
        """Frames of which only the first bytes were captured."""
        self.back = Marked()
        """Frames that are dated before the one that they follow."""
        self.step_back = 0
        """How far, at most, in ns."""
        self.large = Marked()
        """Frames with a segment larger than LARGE."""
        self.largest = 0
        """Payload bytes of the largest."""
        self._last: int | None = None

    def watch(self, batch: Batch, segments: Rows) -> None:
        """Look at a batch."""
        frames = batch.frames
        if not len(frames):
            return
        times = frames["time"]
        if self._last is None:
            self.start = self._last = int(times[0])
        steps = np.diff(times, prepend=self._last)
        self._last = int(times[-1])
        self.frames += len(frames)
        self.cut.add(frames["number"][frames["captured"] < frames["length"]])
        back = steps < 0
        if back.any():
            self.back.add(frames["number"][back])
            self.step_back = max(self.step_back, -int(steps.min()))
        self._look_at_segments(frames, segments)

    def _look_at_segments(self, frames: Rows, segments: Rows) -> None:
        is_segment = segments["flags"] >= 0
        self.segments += int(np.count_nonzero(is_segment))
        large = segments[is_segment & (segments["length"] > LARGE)]
        if not len(large):
            return
        within = (large["source_low"] == large["target_low"]) & (large["source_high"] == large["target_high"])
        within |= large["target_low"] >> 24 == LOOPBACK
        # What was put together from fragments is larger than the frame that completed it.
        whole = frames["length"][np.searchsorted(frames["number"], large["number"])] >= large["length"]
        large = large[whole & ~within]
        if len(large):
            self.large.add(large["number"])
            self.largest = max(self.largest, int(large["length"].max()))

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Nothing more is to be seen in what the tracker has followed."""
