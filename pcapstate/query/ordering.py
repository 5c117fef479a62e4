"""Which rows there are to show, and in which order, as ``--filter`` and ``--sort`` ask for.

Rows are looked at some at a time, so that columns of all rows are never in memory at once, but for the one that is
being sorted by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..rows import Rows
from .columns import SortKey
from .expression import Expression, Lookup

Values = Callable[[slice], Lookup]
"""Gives the look-up of columns for some of the rows: as a filter wants them, integers; words and indices into them; or
the halves of an address."""

SIZE = 1 << 14
"""Rows that are looked at together: what is worked out for them stays in the processor's cache."""


def matching(condition: Expression | None, values: Values, count: int) -> Rows:
    """Return the indices of those of ``count`` rows that a condition lets through."""
    kind = np.int32 if count < 2**31 else np.int64
    if condition is None:
        return np.arange(count, dtype=kind)
    found = [part.start + np.flatnonzero(condition.evaluate(values(part))) for part in _parts_of(count)]
    return np.concatenate([np.zeros(0, dtype=kind), *(one.astype(kind) for one in found)])


def order(keys: Sequence[SortKey], values: Values, rows: Rows) -> Rows:
    """Return rows (indices in ascending order) in the order of ``keys``, those that are equal as they came.

    What is nothing (below 0, or None) comes last, whichever way a column is sorted.
    """
    ordered = np.arange(len(rows), dtype=rows.dtype)
    # What counts most is sorted by last.
    for key in reversed(keys):
        halves = _halves(key.column, values, rows)
        for half in range(halves - 1, -1, -1):
            ranks = _ranks(key, half, values, rows)
            ordered = ordered[np.argsort(ranks[ordered], kind="stable")]
    return rows[ordered]


def _parts_of(count: int) -> Iterator[slice]:
    for start in range(0, count, SIZE):
        yield slice(start, min(start + SIZE, count))


def _halves(column: str, values: Values, rows: Rows) -> int:
    first = values(slice(0, min(len(rows), 1)))(column)
    return len(first) if isinstance(first, tuple) and isinstance(first[0], np.ndarray) else 1


def _ranks(key: SortKey, half: int, values: Values, rows: Rows) -> Rows:
    """Return for each row a number that sorts as the values of a column do, or as one half of its addresses."""
    places: dict[str | None, int] = {}
    ranks = None
    for part in _parts_of(int(rows[-1]) + 1 if len(rows) else 0):
        begin, end = np.searchsorted(rows, (part.start, part.stop)).tolist()
        if begin == end:
            continue
        given = values(part)(key.column)
        if isinstance(given, tuple) and not isinstance(given[0], np.ndarray):
            words, indices = given
            found = np.array([places.setdefault(word, len(places)) for word in words], dtype=np.int32)[indices]
        elif isinstance(given, tuple):
            found = given[half].astype(np.int64).view(np.uint64)
        else:
            found = np.asarray(given)
        if ranks is None:
            ranks = np.empty(len(rows), dtype=found.dtype)
        ranks[begin:end] = found[rows[begin:end] - part.start]
    if ranks is None:
        return np.zeros(len(rows), dtype=np.int8)
    if places:
        ranks = _alphabetic(places)[ranks]
    if ranks.dtype.kind == "i":
        ranks[ranks < 0] = -1 if key.descending else np.iinfo(ranks.dtype).max
    return ~ranks if key.descending else ranks


def _alphabetic(places: dict[str | None, int]) -> Rows:
    """Return the place of each text among all, -1 for none."""
    ranks = np.full(len(places), -1, dtype=np.int32)
    for rank, text in enumerate(sorted(word for word in places if word is not None)):
        ranks[places[text]] = rank
    return ranks
