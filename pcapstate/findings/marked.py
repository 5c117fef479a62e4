"""Frames of one kind, counted, the first of them by number."""

from __future__ import annotations

from ..rows import Rows
from .finding import LISTED


class Marked:
    """Frames of one kind: how many, when, and the numbers of the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.numbers: tuple[int, ...] = ()
        self.first: int | None = None
        """The earliest time of one, ns since the epoch."""
        self.last: int | None = None

    def add(self, numbers: Rows, times: Rows) -> None:
        """Count these frames."""
        self.count += len(numbers)
        if len(times):
            first, last = int(times.min()), int(times.max())
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)
        if len(self.numbers) < LISTED:
            self.numbers += tuple(int(one) for one in numbers[: LISTED - len(self.numbers)])
