"""What a view gives to an output: rows of integers, and what each column means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .working_ahead import ahead

Cells = np.ndarray[Any, Any]

NUMBER, NUMBER_OR_NOTHING, TIME, WORD, ADDRESS, DURATION, ENDPOINT_ADDRESS, SOCKET, CLOCK = range(9)
"""Kinds of column. NUMBER; NUMBER_OR_NOTHING: below 0 is nothing; TIME: nanoseconds, written as seconds with nine
decimals, NEVER is nothing; WORD: an index into the column's words; ADDRESS: two cells, the bits of an IPv6 or
IPv4-mapped address; DURATION: as TIME, but below 0 is nothing; ENDPOINT_ADDRESS: three cells, an address and a port,
as 10.0.0.1:80 or [2001:db8::1]:80; SOCKET: five cells, an address, a port, and the words that stand in their place
(-1: none does), as the column's ``before_port`` and ``brackets`` say; CLOCK: two cells, the word of a second and the
microseconds of a time in it, written behind it with six digits; below 0 there are none."""


NEVER = -(2**63)
"""A time that there is not."""


PLAIN, LIVE, WAITING, MOVING, LEFT, OVER, ALARM, CAUTION = range(8)
"""Tones of words, which colour tells apart where there is any. Of states: open; waiting for connections; on the way to
the next one; left half-closed by its own end; over, or not known. Of findings: a problem, and a warning."""


class Column(NamedTuple):
    """One column: its name for programs, its title for people, and what its cells mean (the kinds above)."""

    name: str
    title: str
    kind: int
    words: tuple[str | bool | None, ...] = ()
    """For WORD, CLOCK, SOCKET: what each value stands for; for programs True and False are booleans, None nothing."""
    nothing: str = ""
    """What people see where there is nothing."""
    right: bool = False
    """Flush right, as numbers always are."""
    before_port: str = ":"
    """For SOCKET: what stands between an address and its port."""
    brackets: bool = True
    """For SOCKET: addresses of IPv6 stand in brackets."""
    rank: int = 0
    """Where a terminal is too narrow: 0 stays; others go, the highest first, 1 where closer columns do not help."""
    least: int = 0
    """For WORD: columns of a terminal that its words may be cut to; 0: never."""
    dated: bool = False
    """Its words begin with a date and a blank."""
    tones: tuple[int, ...] = ()
    """For WORD: the tone of each word (PLAIN …), where they differ."""
    texts: bool = False
    """For WORD: its words are the texts of these rows, not all that there can be."""

    @property
    def width(self) -> int:
        """How many cells a value takes."""
        return {ADDRESS: 2, ENDPOINT_ADDRESS: 3, SOCKET: 5, CLOCK: 2}.get(self.kind, 1)


BATCH = 1 << 14
"""Rows that are worked out together: so few that what they need stays in the processor's cache."""


class Batch(NamedTuple):
    """Rows of a table as cells (int64, one row a line), with its columns: their words are those of these rows."""

    columns: tuple[Column, ...]
    cells: Cells


ALONE = 2
"""Batches for which no thread is started."""


class Batches:
    """Batches that are worked out anew each time they are gone through, so that none needs to be kept."""

    def __init__(self, work_out: Callable[[], Iterator[Batch]]) -> None:
        self._work_out = work_out

    def __iter__(self) -> Iterator[Batch]:
        return self._work_out()


class Table(NamedTuple):
    """The answer of a view: columns, and the rows in batches; an iterator where they can be gone through just once."""

    columns: tuple[Column, ...]
    batches: Iterable[Batch]


def ahead_of_writing(table: Table) -> Table:
    """Return a table of which all batches but the first two are worked out in a thread, while others are written."""

    def batches() -> Iterator[Batch]:
        rest = iter(table.batches)
        for count, batch in enumerate(rest, 1):
            yield batch
            if count == ALONE:
                yield from ahead(batch for batch in rest)

    return table._replace(batches=Batches(batches))


def single(columns: tuple[Column, ...], cells: Cells) -> Table:
    """Return the table of a single batch."""
    return Table(columns, [Batch(columns, cells)])


def staying(table: Table) -> Table:
    """Return a table none of whose columns gives way on a narrow terminal."""
    return table._replace(columns=tuple(column._replace(rank=0) for column in table.columns))


def slices(count: int, size: int = BATCH) -> Iterator[slice]:
    """Yield the slices in which so many rows are looked at."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def worded(texts: Sequence[str | None]) -> tuple[tuple[str | None, ...], Cells]:
    """Return the distinct texts, as the words of a WORD column, and its cells: the index of each text."""
    places: dict[str | None, int] = {}
    indices = np.fromiter((places.setdefault(text, len(places)) for text in texts), dtype=np.int64, count=len(texts))
    return tuple(places) or (None,), indices


def without_nothing(column: Column, values: Any) -> Any:
    """Return values of a column as filters and sorts want them: -1 where a word stands for nothing."""
    if column.kind != WORD or None not in column.words:
        return values
    return np.where(values == column.words.index(None), np.int16(-1), values.astype(np.int16))


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


def beside(table: Table, more: Sequence[tuple[Column, Any]], *, first: bool = False) -> Table:
    """Return a table with more columns behind the others, or ``first``; each with one value for all, or an array."""
    added = tuple(column for column, _ in more)

    def joined(columns: tuple[Column, ...]) -> tuple[Column, ...]:
        return (*added, *columns) if first else (*columns, *added)

    def batches() -> Iterator[Batch]:
        done = 0
        for batch in table.batches:
            rows = slice(done, done + len(batch.cells))
            done = rows.stop
            given = {column.name: values[rows] if isinstance(values, np.ndarray) else values for column, values in more}
            parts = [batch.cells, cells(added, len(batch.cells), **given)]
            yield Batch(joined(batch.columns), np.hstack(parts[::-1] if first else parts))

    return Table(joined(table.columns), Batches(batches))
