"""Rows of text in columns, as netstat prints them: indented by two, two blanks between columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..kernels.running import Kernels
from ..table import Batch
from .widths import display_width
from .writer import aligned_layout, cell_layout


class Columns:
    """Columns as wide as any of their texts so far, for tables of any length."""

    def __init__(self, titles: Sequence[str], right: Sequence[bool], kernels: Kernels) -> None:
        self._titles = [title.strip() for title in titles]
        self._right, self._kernels = right, kernels
        self._widths = [display_width(title) for title in self._titles]

    def widen(self, batches: Iterable[Batch]) -> None:
        """Make the columns so wide that these rows fit."""
        for batch in batches:
            layout = cell_layout(batch.columns)
            for _ in layout.write(batch.cells, self._kernels):
                pass
            self._widths = list(map(max, self._widths, layout.widest.tolist()))

    def head(self) -> bytes:
        """Return the line of the titles."""
        cells = []
        for title, width, right in zip(self._titles, self._widths, self._right, strict=True):
            blanks = " " * (width - display_width(title))
            cells.append(blanks + title if right else title + blanks)
        return f"  {'  '.join(cells).rstrip()}\n".encode()

    def lines(self, batches: Iterable[Batch]) -> Iterator[bytes]:
        """Yield the lines of rows that the columns are wide enough for."""
        for batch in batches:
            yield from aligned_layout(batch.columns, self._widths, self._right).write(batch.cells, self._kernels)
