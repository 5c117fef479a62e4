"""Arrays of numbers and records: their type, and the different rows of one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

Rows = np.ndarray[Any, Any]

CACHE_LINE = 64
"""Bytes that a processor loads from memory together."""


def unique(rows: Rows) -> Rows:
    """Return the different rows, or values, in ascending order, as ``np.unique`` does.

    ``np.unique`` imports ``numpy.ma`` unless it counts, which takes longer than a small capture.
    """
    found: Rows = np.unique(rows, axis=0 if rows.ndim > 1 else None, return_counts=True)[0]
    return found


def different(values: Rows) -> tuple[Rows, Rows]:
    """Return the different values in ascending order, and the index among them of each: ``np.unique`` sorts them all.

    Of values that are mostly like their neighbours, only where they change.
    """
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    known, which, _ = np.unique(values[starts], return_inverse=True, return_counts=True)
    return known, np.repeat(which, np.diff(starts, append=len(values)))


def aligned(count: int, kind: np.dtype[Any]) -> Rows:
    """Return rows of zeros, aligned to cache lines."""
    octets = np.zeros(count * kind.itemsize + CACHE_LINE, dtype=np.uint8)
    start = -octets.ctypes.data % CACHE_LINE
    return octets[start : start + count * kind.itemsize].view(kind)


def among(some: Rows, ascending: Rows) -> Rows:
    """Return which values are in others, which ascend."""
    if not len(ascending):
        return np.zeros(len(some), dtype=bool)
    found: Rows = ascending[np.minimum(np.searchsorted(ascending, some), len(ascending) - 1)] == some
    return found


def runs_of_equal(values: Rows) -> Iterator[tuple[int, int]]:
    """Yield the runs of equal values."""
    if len(values):
        edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
        yield from pairwise(edges)


def gathered(rows: Rows, places: Rows) -> Rows:
    """Return the rows at some places: as numbers, which NumPy copies many times faster than structures."""
    words = rows.dtype.itemsize // 8
    taken: Rows = np.take(rows.view(np.int64).reshape(len(rows), words), places, axis=0)
    return taken.view(rows.dtype).reshape(-1)
