"""Answers of the library: sequences of objects, and tables of typed columns for pandas, Polars and Arrow."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar, overload

from .data_frames import Frames
from .table import Batch, Column, Table
from .typed import Typed, gathered, names

Row = TypeVar("Row")
Make = Callable[[Table], Iterator[Row]]
"""Yields the rows of a table as objects."""


class Records(Frames, Sequence[Row]):
    """The rows of an answer: a sequence that makes each object when it is asked for, and a table.

    It equals a list of the same objects. As a table, it has the columns of ``--format json``, with addresses and ports
    apart.
    """

    def __init__(self, table: Table, make: Make[Row]) -> None:
        # Worked out now: what a table is worked out from may change, or take more memory.
        self._fill(table.columns, [batch for batch in table.batches if len(batch.cells)], make)

    def _fill(self, columns: tuple[Column, ...], batches: list[Batch], make: Make[Row]) -> None:
        self._columns, self._batches, self._make = columns, batches, make
        self._ends = list(accumulate(len(batch.cells) for batch in batches))

    # --- as a sequence

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Row]:
        for batch in self._batches:
            yield from self._make(Table(batch.columns, [batch]))

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Records[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Records[Row]:
        if isinstance(index, slice):
            return self._some(range(len(self))[index])
        (found,) = self._some(range(range(len(self))[index], len(self))[:1])
        return found

    def _some(self, rows: range) -> Records[Row]:
        """Return some rows, in place if they are consecutive."""
        batches: list[Batch] = []
        while rows:
            at = bisect_right(self._ends, rows[0])
            batch = self._batches[at]
            start, end = self._ends[at] - len(batch.cells), self._ends[at]
            # The rows of the range that are in this batch.
            last = end - 1 if rows.step > 0 else start
            few = rows[: (last - rows[0]) // rows.step + 1]
            stop = few[-1] - start + rows.step
            cells = batch.cells[few[0] - start : stop if stop >= 0 else None : rows.step]
            batches.append(batch._replace(cells=cells))
            rows = rows[len(few) :]
        found: Records[Row] = Records.__new__(Records)
        found._fill(self._columns, batches, self._make)
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | Records):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: list[Row] | Records[Row]) -> list[Row]:
        return [*self, *other] if isinstance(other, list | Records) else NotImplemented

    def __radd__(self, other: list[Row]) -> list[Row]:
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __repr__(self) -> str:
        count = len(self)
        return f"<{count:,} {'row' if count == 1 else 'rows'}: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        # Only notebooks need it.
        from .notebooks import html_of

        return html_of(self)

    # --- as a table

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the table."""
        return names(self._columns)

    def _typed(self) -> list[Typed]:
        return gathered(self._columns, self._batches)


class Arriving(Frames, Iterator[Row]):
    """The rows of an answer that still grows: an iterator of objects, each as soon as it is there.

    Its ``to_*`` methods read all rows that have not been taken yet: until the source ends.
    """

    def __init__(self, columns: tuple[Column, ...], batches: Iterator[Batch], make: Make[Row]) -> None:
        self._columns, self._batches, self._make = columns, batches, make
        self._left: Batch | None = None
        self._objects: Iterator[Row] = iter(())

    def __next__(self) -> Row:
        while True:
            found = next(self._objects, self)
            if found is not self:
                assert self._left is not None
                self._left = self._left._replace(cells=self._left.cells[1:])
                return found  # type: ignore[return-value]
            self._left = next(self._batches)
            self._objects = self._make(Table(self._left.columns, [self._left]))

    def batches(self) -> Iterator[Batch]:
        """Yield the rows that have not been taken yet, as they come."""
        if self._left is not None:
            left, self._left, self._objects = self._left, None, iter(())
            yield left
        yield from self._batches

    def records(self) -> Records[Row]:
        """Read all rows that have not been taken yet, and return them."""
        return Records(Table(self._columns, self.batches()), self._make)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the table."""
        return names(self._columns)

    def _typed(self) -> list[Typed]:
        return self.records()._typed()
