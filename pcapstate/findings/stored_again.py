"""Parts of a capture that it has a second time, as where it was joined with itself: they are to count once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..decode.segment import SEGMENT_NONE
from ..rows import Rows
from .finding import LISTED
from .groups import different
from .marked import Marked

REMEMBERED = 1 << 19
"""Segments that are remembered, the first ones; where a part goes on behind them, times tell how far."""
STEP_BACK = 1_000_000
"""Nanoseconds by which time steps back at least where a part begins again with its own times."""
TRIES = 16
"""Segments behind such a step, or behind a part, that are looked for among those before."""
MOST_TRIES = 4_096
SAME_TIMES, OTHER_TIMES = (3, 3), (16, 8)
"""How many segments in a row, and how many different ones, must be there again: with their times, and with others. A
host that sends again does not send all that both hosts sent, in the same order."""
ORIGINS = 8
"""Places that are tried for where a part was before."""


@dataclass
class Part:
    """Segments that are there again."""

    first: int
    """The frames in which they come again."""
    last: int
    origin_first: int
    """The frames in which they were before."""
    origin_last: int
    shift: int
    """How much later they are dated, ns."""


class StoredAgain:
    """Finds segments that are stored again and takes them out, so that nobody follows them: of ``FramesSeen``."""

    def __init__(self) -> None:
        self.again = Marked()
        """Those that were taken out."""
        self.count = 0
        """Of how many parts."""
        self.parts: list[Part] = []
        """The first of these."""
        self.latest = 0
        """The latest time of a segment that is no repetition, ns since the epoch."""
        self.at_end = False
        """Whether the last segment so far is one."""
        self._prints = np.zeros(REMEMBERED, dtype=np.int64)
        self._times = np.zeros(REMEMBERED, dtype=np.int64)
        self._numbers = np.zeros(REMEMBERED, dtype=np.int64)
        self._known = 0
        self._forgot = False
        self._at: int | None = None  # within a part: the place of the segment that is expected next
        self._part = Part(0, 0, 0, 0, 0)
        self._before = 0  # the time of the last segment
        self._fresh = 0  # the frame of the last one that is no repetition
        self._tries = 0
        self._all_tries = 0

    def watch(self, segments: Rows, rows: Rows, prints: Rows, times: Rows, numbers: Rows) -> list[tuple[int, int]]:
        """Take segments that were there before out of a batch (``flags`` become SEGMENT_NONE).

        ``rows`` and so on: as of ``look_through``. Returns of each part that begins there the frame before it and that
        in which it begins.
        """
        if not len(rows):
            return []
        back = np.diff(times, prepend=self._before) < -STEP_BACK
        self._before = int(times[-1])
        again = np.zeros(len(rows), dtype=bool)
        begins: list[tuple[int, int]] = []
        place = 0
        while place < len(rows):
            if self._at is not None:
                end = self._goes_on(self._at, prints, times, numbers, place)
                again[place:end] = True
            else:
                end = self._candidate(prints, back, place)
                self._remember(prints[place:end], times[place:end], numbers[place:end])
                if end == place + 1 == self._known:
                    pass  # the very first segment
                elif end < len(rows) and self._begins(prints[end:], times[end:], numbers[end:]):
                    begins.append((self._fresh, int(numbers[end])))
                elif end < len(rows):
                    self._remember(prints[end : end + 1], times[end : end + 1], numbers[end : end + 1])
                    end += 1
            place = end
        segments["flags"][rows[again]] = SEGMENT_NONE
        self.again.add(numbers[again], times[again])
        self.at_end = bool(again[-1])
        return begins

    def _candidate(self, prints: Rows, back: Rows, place: int) -> int:
        """Return the place of the next segment that may begin a part."""
        if not self._known:
            return place + 1
        if self._all_tries >= MOST_TRIES:
            return len(prints)
        if self._tries:
            return place
        found = np.flatnonzero(back[place:] | (prints[place:] == self._prints[0]))
        return place + int(found[0]) if len(found) else len(prints)

    def _begins(self, prints: Rows, times: Rows, numbers: Rows) -> bool:
        """Tell whether a part begins with the first of these segments."""
        if times[0] < self.latest - STEP_BACK and not self._tries:
            self._tries = TRIES
        self._tries = max(self._tries - 1, 0)
        self._all_tries += 1
        for origin in np.flatnonzero(self._prints[: self._known] == prints[0])[:ORIGINS]:
            alike = _alike(prints, self._prints[origin : self._known])
            same = _alike(times, self._times[origin : self._known])
            for count, (least, kinds) in ((min(alike, same), SAME_TIMES), (alike, OTHER_TIMES)):
                if count >= least and len(different(prints[:count])) >= kinds:
                    self._at, first, before = int(origin), int(numbers[0]), int(self._numbers[origin])
                    self._part = Part(first, first, before, before, int(times[0] - self._times[origin]))
                    self.count += 1
                    if len(self.parts) < LISTED:
                        self.parts.append(self._part)
                    return True
        return False

    def _goes_on(self, at: int, prints: Rows, times: Rows, numbers: Rows, place: int) -> int:
        """Go on with a part; return the place behind what belongs to it."""
        count = _alike(prints[place:], self._prints[at : self._known])
        end, at = place + count, at + count
        beyond = at == self._known and self._forgot
        if beyond:
            # What came next is not remembered: the part ends where times go beyond those that were there.
            later = np.flatnonzero(times[end:] - self._part.shift > self.latest)
            end = end + int(later[0]) if len(later) else len(prints)
        if end > place:
            self._part.last = int(numbers[end - 1])
            self._part.origin_last = int(self._numbers[at - 1])
        ended = end < len(prints) or (at == self._known and not beyond)
        self._at = None if ended else at
        if ended:
            self._tries = TRIES
        return end

    def _remember(self, prints: Rows, times: Rows, numbers: Rows) -> None:
        if not len(prints):
            return
        self.latest, self._fresh = max(self.latest, int(times.max())), int(numbers[-1])
        room = min(REMEMBERED - self._known, len(prints))
        self._forgot |= room < len(prints)
        to = slice(self._known, self._known + room)
        self._prints[to], self._times[to], self._numbers[to] = prints[:room], times[:room], numbers[:room]
        self._known += room


def _alike(some: Rows, others: Rows) -> int:
    """Return how many values at the beginning are the same."""
    count = min(len(some), len(others))
    differ = np.flatnonzero(some[:count] != others[:count])
    return int(differ[0]) if len(differ) else count
