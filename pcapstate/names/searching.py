"""Search bytes for many addresses in one pass, so that few messages need parsing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..rows import Rows

PIECE = 1 << 18
"""Offsets searched at a time: their intermediate arrays stay in the processor's cache."""
SIEVE_BITS = 22
"""Bits of the sieve, as an exponent: with 100,000 addresses, 2 % of other values pass it."""

# Odd numbers near the golden section of 2**32 and 2**64 spread values over the sieve (Knuth, volume 3, §6.4).
_SPREAD32 = np.uint32(0x9E3779B1)
_SPREAD64, _SPREAD64_LOW = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SIEVED = np.uint64(64 - SIEVE_BITS)


class Ipv4Search:
    """Finds 4-byte addresses; ``wanted``: the addresses as numbers (uint32 or wider), without duplicates, not empty."""

    def __init__(self, wanted: Rows) -> None:
        values = wanted.astype(">u4").view(np.uint32)
        self._order = np.argsort(values)
        self._values = values[self._order]
        self._sieve = np.zeros(1 << SIEVE_BITS, dtype=bool)
        self._sieve[self._spread(values)] = True

    def find(self, data: Rows) -> tuple[Rows, Rows]:
        """Return the offsets of all matches in ``data`` (uint8), and their indices in ``wanted``."""
        offsets, found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for start, words in _windows(data, np.dtype(np.uint32)):
            places = np.flatnonzero(self._sieve[self._spread(words)])
            index, exact = _looked_up(self._values, words[places])
            offsets.append(start + places[exact])
            found.append(self._order[index[exact]])
        return np.concatenate(offsets), np.concatenate(found)

    @staticmethod
    def _spread(words: Rows) -> Rows:
        return words * _SPREAD32 >> np.uint32(32 - SIEVE_BITS)


class Ipv6Search:
    """Finds 16-byte addresses; ``wanted``: rows of two int64 (high and low half), without duplicates, not empty."""

    def __init__(self, wanted: Rows) -> None:
        halves = wanted.astype(">i8").view(np.uint64).reshape(-1, 2)
        marks = self._spread(halves[:, 0], halves[:, 1])
        self._order = np.argsort(marks)
        self._marks, self._halves = marks[self._order], halves[self._order]
        self._sieve = np.zeros(1 << SIEVE_BITS, dtype=bool)
        self._sieve[marks >> _SIEVED] = True

    def find(self, data: Rows) -> tuple[Rows, Rows]:
        """Return the offsets of all matches in ``data`` (uint8), and their indices in ``wanted``."""
        offsets, found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for start, words in _windows(data, np.dtype(np.uint64), behind=8):
            high, low = words[:-8], words[8:]
            marks = self._spread(high, low)
            places = np.flatnonzero(self._sieve[marks >> _SIEVED])
            index, exact = _looked_up(self._marks, marks[places])
            exact &= (self._halves[index, 0] == high[places]) & (self._halves[index, 1] == low[places])
            offsets.append(start + places[exact])
            found.append(self._order[index[exact]])
        return np.concatenate(offsets), np.concatenate(found)

    @staticmethod
    def _spread(high: Rows, low: Rows) -> Rows:
        return high * _SPREAD64 ^ low * _SPREAD64_LOW


def _looked_up(values: Rows, sought: Rows) -> tuple[Rows, Rows]:
    """Return the index of each value of ``sought`` in the sorted ``values``, and whether it is there."""
    index = np.minimum(np.searchsorted(values, sought), len(values) - 1)
    return index, values[index] == sought


def _windows(data: Rows, word: np.dtype[Any], behind: int = 0) -> Iterator[tuple[int, Rows]]:
    """Yield the words at all offsets, in pieces: the start of the piece, and its words (``behind`` more at its end)."""
    count = len(data) - word.itemsize + 1 - behind
    for start in range(0, count, PIECE):
        size = min(PIECE, count - start) + behind
        # A word at every byte: the array's step is one byte. The copy aligns the words.
        yield start, np.ndarray((size,), dtype=word, buffer=data.data, offset=start, strides=(1,)).copy()
