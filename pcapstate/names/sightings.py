"""What was said of whom, when and to whom: rows in arrays, since a capture may have very many of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..rows import Rows, unique

EACH = 64
"""Bytes of memory that a row takes, also while rows are sorted."""

# An odd number (Knuth, volume 3, §6.4): what it multiplies stays different where it was.
_SPREAD = np.int64(-0x61C8864680B583EB)


def listeners(high: Rows, low: Rows) -> Rows:
    """Return a number for each address (its halves); that of two IPv6 addresses is hardly ever the same."""
    return low ^ high * _SPREAD


class Evidence:
    """Rows of a key (from 0 on), a time, a number of what was said, and to whom; those that come first are kept.

    ``most``: how many rows there is room for.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new = tuple(array("q") for _ in range(4))
        self._rows = tuple(np.zeros(0, dtype=np.int64) for _ in range(4))
        self._by_listener = self._starts = np.zeros(0, dtype=np.int32)
        self.let_go = 0
        """Rows that found no room."""

    @property
    def room(self) -> int:
        """How many more rows there is room for."""
        return self._most - len(self._rows[0]) - len(self._new[0])

    def add(self, keys: Rows, times: Rows, ones: Rows, listeners: Rows) -> None:
        """Take rows, as far as there is room: arrays of int64, as long as each other."""
        room = max(0, self.room)
        self.let_go += max(0, len(keys) - room)
        for new, some in zip(self._new, (keys, times, ones, listeners), strict=True):
            new.frombytes(np.ascontiguousarray(some[:room], dtype=np.int64).tobytes())

    def add_one(self, key: int, time: int, one: int, to: int = 0) -> None:
        """Take a row, where there is room."""
        if self.room <= 0:
            self.let_go += 1
            return
        for new, value in zip(self._new, (key, time, one, to), strict=True):
            new.append(value)

    def forget(self, before: int | None = None) -> None:
        """Let go of all rows, or of those of what has a number before this one."""
        self._settle()
        if before is None:
            self.let_go = 0
        kept = self._rows[2] >= before if before is not None else np.zeros(len(self._rows[0]), dtype=bool)
        if not kept.all():
            self._take([row[kept] for row in self._rows])

    def keys(self) -> Rows:
        """Return the keys of which there are rows, each once."""
        self._settle()
        return unique(self._rows[0])

    def around(self, key: int, time: int, to: int | None) -> Iterator[int]:
        """Yield what was said: the last before a time first, to that listener before others; then the first after it.

        What was said to the listener comes again among what was said to all.
        """
        self._settle()
        if key + 1 >= len(self._starts):
            return
        start, end = self._starts.item(key), self._starts.item(key + 1)
        if start == end:
            return
        _, times, ones, listeners = self._rows
        own = [] if to is None else self._to(listeners, start, end, to)
        own_at = bisect_right(own, time, key=lambda at: times[at])
        at = start + int(np.searchsorted(times[start:end], time, side="right"))
        for place in range(own_at - 1, -1, -1):
            yield int(ones[own[place]])
        for place in range(at - 1, start - 1, -1):
            yield int(ones[place])
        for place in range(own_at, len(own)):
            yield int(ones[own[place]])
        for place in range(at, end):
            yield int(ones[place])

    def _to(self, listeners: Rows, start: int, end: int, to: int) -> Any:
        """Return the places of the rows between two that were said to a listener, in the order of time."""
        order = self._by_listener[start:end]
        first = bisect_left(order, to, key=lambda at: listeners[at])
        return order[first : bisect_right(order, to, lo=first, key=lambda at: listeners[at])]

    def _settle(self) -> None:
        if len(self._new[0]):
            whole = []
            for known, new in zip(self._rows, self._new, strict=True):
                whole.append(np.concatenate([known, np.frombuffer(new, dtype=np.int64)]))
            self._new = tuple(array("q") for _ in range(4))
            self._take(whole)

    def _take(self, rows: list[Rows]) -> None:
        self._rows = ()
        order = np.lexsort((rows[2], rows[1], rows[0])).astype(np.int32)
        for at, row in enumerate(rows):
            rows[at] = row[order]
        self._rows = tuple(rows)
        # In the order of time already, so that it is within what is said to one.
        self._by_listener = np.lexsort((rows[3], rows[0])).astype(np.int32)
        keys = rows[0]
        self._starts = np.searchsorted(keys, np.arange(int(keys[-1]) + 2) if len(keys) else keys).astype(np.int32)
