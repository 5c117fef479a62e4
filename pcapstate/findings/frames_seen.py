"""What frames tell about the capture itself: cut off, out of order in time, larger than any network carries."""

from __future__ import annotations

import os

import numpy as np

from ..kernels.running import Kernels
from ..rows import Rows
from ..sources.reader import Batch
from .first_syns import FirstSyns
from .last_data import LastData
from .looking import KEYS
from .marked import Marked
from .stored_again import StoredAgain

COLUMNS = 5
"""Numbers that are kept of each segment of a batch."""
LARGE = 1_460
"""Bytes of payload that a segment can have where the network carries 1,500 bytes, as Ethernet does."""
LOOPBACK = 0xFFFF7F
"""The upper bits of 127.0.0.0/8, IPv4-mapped: there packets are as large as the host likes."""


class FramesSeen:
    """A watcher (``capture.Watcher``) that looks at the frames of a capture as such."""

    datagrams = False

    def __init__(self) -> None:
        self._kernels = Kernels()
        self._keys = np.frombuffer(os.urandom(4 * KEYS), dtype=np.uint32).astype(np.int64) >> 2 | 1
        self._columns = np.zeros((COLUMNS, 0), dtype=np.int64)
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
        self.other_large = 0
        """Such segments for which there is a good reason: within one host, or put together from fragments."""
        self.last_data = LastData()
        self.first_syns = FirstSyns()
        self.stored_again = StoredAgain()
        self._last: int | None = None

    def watch(self, batch: Batch, segments: Rows) -> tuple[Rows, Rows]:
        """Look at a batch; what it has again is taken out of its segments."""
        if len(segments) > self._columns.shape[1]:
            self._columns = np.zeros((COLUMNS, len(segments)), dtype=np.int64)
        rows, prints, times, numbers, data_rows = (column[: len(segments)] for column in self._columns)
        shorts, count = np.empty(len(segments), dtype=np.uint8), np.zeros(1, dtype=np.int64)
        found = self._kernels.look_through(
            batch.data, segments, self._keys, rows, prints, times, numbers, data_rows, shorts, count
        )
        begins = self.stored_again.watch(segments, rows[:found], prints[:found], times[:found], numbers[:found])
        if len(batch.frames):
            self._look_at_frames(batch.frames, segments, begins)
        rows, shorts = data_rows[: count[0]], shorts[: count[0]]
        # Others than those that are there again.
        still = segments["flags"][rows] >= 0
        return rows[still], shorts[still].astype(bool)

    def _look_at_frames(self, frames: Rows, segments: Rows, begins: list[tuple[int, int]]) -> None:
        times = frames["time"]
        if self._last is None:
            self.start = self._last = int(times[0])
        steps = np.diff(times, prepend=self._last)
        self._last = int(times[-1])
        self.frames += len(frames)
        cut = frames["captured"] < frames["length"]
        self.cut.add(frames["number"][cut], times[cut])
        back = steps < 0
        for before, first in begins:
            # That a part which is stored again begins with earlier times is no fault of a clock.
            back &= (frames["number"] <= before) | (frames["number"] > first)
        if back.any():
            self.back.add(frames["number"][back], times[back])
            self.step_back = max(self.step_back, -int(steps[back].min()))
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
        self.other_large += int(np.count_nonzero(within | ~whole))
        large = large[whole & ~within]
        if len(large):
            self.large.add(large["number"], large["time"])
            self.largest = max(self.largest, int(large["length"].max()))

    def tracked(self, segments: Rows, seen: tuple[Rows, Rows]) -> None:
        """Look at segments whose connections are known."""
        self.last_data.tracked(segments, seen)
        self.first_syns.tracked(segments)

    def moved(self, kept: Rows) -> None:
        """Follow the tracker, which let connections go."""
        self.last_data.moved(kept)
        self.first_syns.moved(kept)
