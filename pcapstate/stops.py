"""Cut a run of batches at moments, so that each moment's table rests on just the frames up to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .errors import MomentError
from .messages import Message
from .moments import DAY_TIME, PACKET, SECOND, Moment, moment_of, written
from .rows import Rows
from .sources.reader import Batch

DISORDER = SECOND
"""So much later than its successors a frame may be dated: reading ends this far behind the last moment."""
QUIET = 100
"""Moments in a row without a frame between them; then the rest of the silence is passed over."""


class Stops:
    """Cuts batches at ``at`` (where given), then ``every`` so many nanoseconds, ``count`` times at most.

    Without ``every`` reading ends at the moment. ``end``: time of the source's last frame, where ``at`` counts from
    it. Raises MomentError where ``at`` is before the first frame, or a packet that there is not.
    """

    def __init__(
        self, at: Moment | None = None, every: int | None = None, count: int | None = None, end: int | None = None
    ) -> None:
        self._at, self._every, self._left, self._end = at, every, count, end
        self._next: int | None = None
        self._packet = at.value if at is not None and at.kind == PACKET else None
        self._since = 0
        self._quiet = 0
        self._reached = self._passed = False
        self.start: int | None = None
        """The time of the first frame."""
        self.ended = False
        """All that was asked for has been read."""

    @property
    def unfinished(self) -> int | None:
        """The moment ``at``, where the source ended before it; None where it did not. Raises MomentError."""
        return None if self._passed else self.due

    @property
    def due(self) -> int | None:
        """The moment ``at``, where the clock of the source did not get there; None where it did. Raises MomentError."""
        if self._at is None or self.ended or self._reached:
            return None
        if self._packet is not None:
            empty, fewer = (
                "there is no packet {text}: the capture is empty",
                "there is no packet {text}: the capture has fewer",
            )
            raise MomentError(Message(empty if self.start is None else fewer, text=self._at.text))
        if self._at.kind == DAY_TIME and self.start is not None and self._next is not None:
            days = [moment_of(time, self._at.utc).date() for time in (self.start, self._next)]
            if days[0] != days[1]:
                first = written(self.start, self._at.utc)
                raise MomentError(
                    Message(
                        "{text} is not in the capture, whose first packet came at {first}",
                        text=self._at.text,
                        first=first,
                    )
                )
        return self._next

    def begin(self, start: int) -> None:
        """Take the time of the first frame, ns since the epoch, before there is a batch. Raises MomentError."""
        self._begin(start)

    @property
    def repeats(self) -> bool:
        """Whether there can be more than one moment."""
        return self._every is not None

    @property
    def news(self) -> bool:
        """Whether frames have come since the last moment."""
        return self._since > 0

    def split(self, batch: Batch) -> Iterator[tuple[Batch, int | None]]:
        """Yield the parts of a batch, each with the moment that is reached behind it, or None."""
        if self.start is None:
            if not len(batch.frames):
                yield batch, None
                return
            self._begin(int(batch.frames["time"][0]))
        frames = batch.frames
        while not self.ended:
            kept, rest, moment = self._cut(frames, batch.clock)
            self._since += len(kept)
            clock = batch.clock if self._next is None else min(batch.clock, self._next)
            yield batch._replace(frames=kept, clock=clock if moment is None else moment), moment
            if moment is None:
                return
            frames = rest
            self._advance(moment, int(frames["time"][0]) if len(frames) else batch.clock)

    def _begin(self, start: int) -> None:
        self.start = start
        if self._at is not None and self._packet is None:
            self._next = self._at.time(start, self._end)
            if self._next < start and self._at.within(start):
                self._next = start
            if self._next < start:
                raise MomentError(
                    Message(
                        "{text} is before the capture's first packet ({start})",
                        text=self._at.text,
                        start=written(start, self._at.utc),
                    )
                )
        elif self._every is not None and self._packet is None:
            self._next = start + self._every

    def _cut(self, frames: Rows, clock: int) -> tuple[Rows, Rows, int | None]:
        """Return the frames up to the next moment, those behind it, and the moment where it is reached."""
        if self._packet is not None:
            count = int(np.searchsorted(frames["number"], self._packet, side="right"))
            reached = count > 0 and frames["number"][count - 1] == self._packet
            return frames[:count], frames[count:], int(frames["time"][count - 1]) if reached else None
        if self._next is None:
            return frames, frames[:0], None
        last = self._every is None or self._left == 1
        limit = self._next + (DISORDER if last else 0)
        self._passed = self._passed or bool((frames["time"] > self._next).any())
        late = np.flatnonzero(frames["time"] > limit)
        count = int(late[0]) if len(late) else len(frames)
        # Silence on an interface reaches a moment, too.
        reached = count < len(frames) or clock > limit
        kept = frames[:count]
        if last:
            kept = kept[kept["time"] <= self._next]
        return kept, frames[count:], self._next if reached else None

    def _advance(self, moment: int, following: int) -> None:
        self._packet = None
        self._reached = True
        if self._left is not None:
            self._left -= 1
        if self._every is None or self._left == 0:
            self.ended = True
            return
        self._next = moment + self._every
        self._quiet = 0 if self._since else self._quiet + 1
        self._since = 0
        if self._quiet >= QUIET and following > self._next:
            self._next += (following - self._next) // self._every * self._every
