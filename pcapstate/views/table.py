"""What a view gives to an output: rows of integers, and what each column means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Cells = np.ndarray[Any, Any]

NUMBER, NUMBER_OR_NOTHING, TIME, WORD, ADDRESS, DURATION, ENDPOINT_ADDRESS = range(7)
"""Kinds of column. NUMBER; NUMBER_OR_NOTHING: below 0 is nothing; TIME: nanoseconds, written as seconds with nine
decimals, NEVER is nothing; WORD: an index into the column's words; ADDRESS: two cells, the bits of an IPv6 or
IPv4-mapped address; DURATION: as TIME, but below 0 is nothing; ENDPOINT_ADDRESS: three cells, an address and a port,
as 10.0.0.1:80 or [2001:db8::1]:80."""


NEVER = -(2**63)
"""A time that there is not."""


class Column(NamedTuple):
    """One column: its name for programs, its title for people, and what its cells mean (the kinds above)."""

    name: str
    title: str
    kind: int
    words: tuple[str | bool | None, ...] = ()
    """For WORD: what each value stands for; for programs True and False are booleans and None is nothing."""
    nothing: str = ""
    """What people see where there is nothing."""
    right: bool = False
    """Flush right, as numbers always are."""
    rename: Callable[[str], str] | None = None
    """How people see a value, where that is not how programs do."""

    @property
    def width(self) -> int:
        """How many cells a value takes."""
        return {ADDRESS: 2, ENDPOINT_ADDRESS: 3}.get(self.kind, 1)


class Table(NamedTuple):
    """The answer of a view: columns, and the rows in batches of cells (int64, one row a line)."""

    columns: tuple[Column, ...]
    batches: Iterator[Cells]


def worded(texts: Sequence[str | None]) -> tuple[tuple[str | None, ...], Cells]:
    """Return the distinct texts, as the words of a WORD column, and its cells: the index of each text."""
    places: dict[str | None, int] = {}
    indices = np.fromiter((places.setdefault(text, len(places)) for text in texts), dtype=np.int64, count=len(texts))
    return tuple(places) or (None,), indices


def cells(columns: tuple[Column, ...], count: int, /, **values: Any) -> Cells:
    """Lay values side by side as the columns want them; a tuple of arrays is one value of several cells."""
    width = sum(column.width for column in columns)
    out = np.empty((count, width), dtype=np.int64)
    at = 0
    for column in columns:
        given = values[column.name]
        for part in given if isinstance(given, tuple) else (given,):
            out[:, at] = part
            at += 1
    return out
