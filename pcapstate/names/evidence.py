"""Evidence of names by address, time and recipient: rows in arrays, since a capture may have very many."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..rows import Rows, unique

EACH = 64
"""Bytes of memory of a row, including those for sorting."""

# An odd number (Knuth, volume 3, §6.4): multiplication by it keeps different values different.
_SPREAD = np.int64(-0x61C8864680B583EB)


def recipients(high: Rows, low: Rows) -> Rows:
    """Return a number for each address (given as halves); two IPv6 addresses hardly ever share one."""
    return low ^ high * _SPREAD


class Evidence:
    """Rows of a key (from 0 on), a time, the number of a message, and its recipient, up to a limit of rows.

    ``most``: the limit; later rows are dropped.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new = tuple(array("q") for _ in range(4))
        self._rows = tuple(np.zeros(0, dtype=np.int64) for _ in range(4))
        self._by_recipient = self._starts = np.zeros(0, dtype=np.int32)
        self.dropped = 0
        """Rows beyond the limit."""

    @property
    def room(self) -> int:
        """The number of rows up to the limit."""
        return self._most - len(self._rows[0]) - len(self._new[0])

    def add(self, keys: Rows, times: Rows, messages: Rows, recipients: Rows) -> None:
        """Add rows up to the limit: arrays of int64 of the same length."""
        room = max(0, self.room)
        self.dropped += max(0, len(keys) - room)
        for new, some in zip(self._new, (keys, times, messages, recipients), strict=True):
            new.frombytes(np.ascontiguousarray(some[:room], dtype=np.int64).tobytes())

    def add_one(self, key: int, time: int, message: int, to: int = 0) -> None:
        """Add a row, unless the limit is reached."""
        if self.room <= 0:
            self.dropped += 1
            return
        for new, value in zip(self._new, (key, time, message, to), strict=True):
            new.append(value)

    def forget(self, before: int | None = None) -> None:
        """Remove all rows, or those of messages with a number below ``before``."""
        self._settle()
        if before is None:
            self.dropped = 0
        kept = self._rows[2] >= before if before is not None else np.zeros(len(self._rows[0]), dtype=bool)
        if not kept.all():
            self._take([row[kept] for row in self._rows])

    def keys(self) -> Rows:
        """Return the keys that have rows, without duplicates."""
        self._settle()
        return unique(self._rows[0])

    def around(self, key: int, time: int, to: int | None) -> Iterator[int]:
        """Yield messages about a key in order of preference: those up to a time, latest first; then later ones.

        In both groups messages to the recipient ``to`` come first; they come again among the messages to all.
        """
        self._settle()
        if key + 1 >= len(self._starts):
            return
        start, end = self._starts.item(key), self._starts.item(key + 1)
        if start == end:
            return
        _, times, messages, recipients = self._rows
        own = [] if to is None else self._to(recipients, start, end, to)
        own_at = bisect_right(own, time, key=lambda at: times[at])
        at = start + int(np.searchsorted(times[start:end], time, side="right"))
        for place in range(own_at - 1, -1, -1):
            yield int(messages[own[place]])
        for place in range(at - 1, start - 1, -1):
            yield int(messages[place])
        for place in range(own_at, len(own)):
            yield int(messages[own[place]])
        for place in range(at, end):
            yield int(messages[place])

    def _to(self, recipients: Rows, start: int, end: int, to: int) -> Any:
        """Return the indices of the rows in ``start:end`` with a recipient, in time order."""
        order = self._by_recipient[start:end]
        first = bisect_left(order, to, key=lambda at: recipients[at])
        return order[first : bisect_right(order, to, lo=first, key=lambda at: recipients[at])]

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
        # The sort is stable and the rows are in time order, so those of one recipient are, too.
        self._by_recipient = np.lexsort((rows[3], rows[0])).astype(np.int32)
        keys = rows[0]
        self._starts = np.searchsorted(keys, np.arange(int(keys[-1]) + 2) if len(keys) else keys).astype(np.int32)
