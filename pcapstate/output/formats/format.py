"""What a format for programs is: its name, and how consecutive tables become one text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...kernels.running import Kernels
from ...table import Column, Table
from ..writer import Layout


class Writer:
    """Writes consecutive tables as one text: ``more`` for each table, then ``end``."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table, each piece with whole rows."""
        raise NotImplementedError

    def end(self) -> Iterator[bytes]:
        """Yield the end of the text."""
        return iter(())

    def _rows(self, table: Table, layout_of: Callable[[tuple[Column, ...]], Layout]) -> Iterator[bytes]:
        columns, layout = table.columns, layout_of(table.columns)
        for batch in table.batches:
            if batch.columns is not columns:
                columns, layout = batch.columns, layout_of(batch.columns)
            yield from layout.write(batch.cells, self._kernels)


class Format(NamedTuple):
    """A format for programs."""

    name: str
    """As ``--format`` takes it."""
    place: int
    """Where it stands among the others in help, in ascending order."""
    suffixes: tuple[str, ...]
    """Suffixes of files that stand for it, as of ``--output``."""
    writer: Callable[[Kernels], Writer]
    one_table: bool = False
    """It names the columns once, so all tables need to have the same."""
    command: str = ""
    """The only command that has it, since it says what no other table says; empty: all commands with tables."""
    check: Callable[[], None] | None = None
    """Of a format that is no text: raises CallError if what writes it is not installed."""
