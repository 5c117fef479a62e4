"""Rows that belong together: by host, by server and port, by pair of hosts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..rows import Rows
from ..table import slices

LARGEST = 5
"""Groups that have a finding of their own; the rest share one, so that a thousand hosts are no thousand findings."""

_KEYS = np.frombuffer(os.urandom(8 * 8), dtype=np.uint64) | np.uint64(1)


class Group(NamedTuple):
    """Some of the rows that were grouped, by index, in ascending order."""

    rows: Rows
    groups: int = 1
    """How many groups it is made of: more than one for the rest behind the largest."""


def labels(*columns: Rows) -> Rows:
    """Return a number for each row, equal where all columns are: 64 bits keyed anew in each run, so collisions do not
    happen by chance, nor on purpose.
    """
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column, key in zip(columns, _KEYS, strict=False):
        for part in slices(len(mixed)):
            one = (mixed[part] ^ column[part].astype(np.int64).view(np.uint64)) * key
            mixed[part] = one ^ one >> np.uint64(32)
    return mixed


def different(values: Rows) -> Rows:
    """Return the different values in ascending order (as np.unique does, which hashes: slowly where all differ)."""
    ordered = np.sort(values)
    return ordered[_begins(ordered)]


def distinct(*columns: Rows) -> int:
    """Return how many different rows there are."""
    keys = labels(*columns)
    keys.sort()
    return int(np.count_nonzero(_begins(keys)))


def sizes(keys: Rows) -> Rows:
    """Return for each row how many rows have the same key."""
    order = _order(keys)
    starts = np.flatnonzero(_begins(keys[order]))
    out = np.empty(len(keys), dtype=np.int64)
    lengths = np.diff(np.append(starts, len(keys)))
    out[order] = np.repeat(lengths, lengths)
    return out


def spread(groups: tuple[Rows, ...], counted: tuple[Rows, ...]) -> Rows:
    """Return for each row how many different values of the ``counted`` columns its group has."""
    keys, values = labels(*groups), labels(*groups, *counted)
    order = np.lexsort((values, keys))
    starts = np.flatnonzero(_begins(keys[order]))
    out = np.empty(len(keys), dtype=np.int64)
    if len(keys):
        totals = np.add.reduceat(_begins(values[order]).astype(np.int64), starts)
        out[order] = np.repeat(totals, np.diff(np.append(starts, len(keys))))
    return out


def grouped(*columns: Rows, least: int = 1) -> Iterator[Group]:
    """Yield the groups of rows with equal columns that have at least ``least`` rows, the largest first."""
    order, starts, sizes = _runs(columns, least)
    del columns
    for start, size in zip(starts, sizes, strict=True):
        yield Group(np.sort(order[start : start + size]))


def largest(*columns: Rows, least: int = 1) -> Iterator[Group]:
    """Yield the largest groups, then all others as one."""
    order, starts, sizes = _runs(columns, least)
    del columns
    for start, size in zip(starts[:LARGEST], sizes[:LARGEST], strict=True):
        yield Group(np.sort(order[start : start + size]))
    if len(starts) > LARGEST:
        begins, lengths = starts[LARGEST:], sizes[LARGEST:]
        places = np.repeat(begins - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        yield Group(np.sort(order[places]), len(begins))


def most_frequent(most: int, *columns: Rows) -> tuple[Rows, int]:
    """Return a row of each of the ``most`` largest groups, and how many groups there are."""
    order, starts, sizes = _runs(columns, 1)
    runs = zip(starts[:most], sizes[:most], strict=True)
    return np.array([order[start : start + size].min() for start, size in runs], dtype=np.int64), len(starts)


def _runs(columns: tuple[Rows, ...], least: int) -> tuple[Rows, Rows, Rows]:
    """Return the rows in an order in which equal ones are neighbours, and where each run begins and how long it is.

    The longest runs come first, equally long ones in the order of their first row.
    """
    none = np.zeros(0, dtype=np.int64)
    if not len(columns[0]):
        return none, none, none
    keys = labels(*columns)
    order = _order(keys)
    starts = np.flatnonzero(_begins(keys[order]))
    del keys
    sizes = np.diff(np.append(starts, len(order)))
    first = np.minimum.reduceat(order, starts)
    kept = np.flatnonzero(sizes >= least)
    ranked = kept[np.lexsort((first[kept], -sizes[kept]))]
    return order, starts[ranked], sizes[ranked]


def _begins(ordered: Rows) -> Rows:
    """Tell of each value in order whether it differs from the one before it."""
    begins = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return begins


def _order(keys: Rows) -> Rows:
    """Return the rows in the order of their keys, four bytes each where that suffices."""
    return np.argsort(keys).astype(np.int32 if len(keys) < 2**31 else np.int64)
