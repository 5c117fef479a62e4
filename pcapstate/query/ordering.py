"""Put rows in the order that ``--sort`` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .columns import SortKey
from .expression import Lookup

Rows = np.ndarray[Any, Any]


def order(keys: Iterable[SortKey], lookup: Lookup, count: int) -> Rows:
    """Return the indices of ``count`` rows in the order of ``keys``, rows that are equal as they came.

    ``lookup`` gives columns as for a filter: integers; words and indices into them; or the halves of an address. What
    is nothing (below 0, or None) comes last, whichever way a column is sorted.
    """
    ranks: list[Rows] = []
    for key in keys:
        for part, missing in _parts(lookup(key.column)):
            _, rank = np.unique(part, return_inverse=True)
            ranks.append(np.where(missing, count, -rank if key.descending else rank))
    # lexsort takes its last key for the first.
    return np.lexsort(ranks[::-1]) if ranks else np.arange(count)


def _parts(values: Any) -> list[tuple[Rows, Rows]]:
    """Return the arrays that a column sorts by, each with where it is nothing."""
    if isinstance(values, tuple) and not isinstance(values[0], np.ndarray):
        words, indices = values
        texts = np.array([word or "" for word in words] or [""])
        none = np.array([word is None for word in words] or [True])
        return [(texts[indices], none[indices])]
    if isinstance(values, tuple):
        halves = [half.astype(np.int64).view(np.uint64) for half in values]
        return [(half, np.zeros(len(half), dtype=bool)) for half in halves]
    return [(values, np.asarray(values) < 0)]
