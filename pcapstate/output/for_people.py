"""Tables for people: columns side by side, in files and pipes whole, on a terminal as wide as it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernels.running import Kernels
from ..table import NUMBER, NUMBER_OR_NOTHING, Table
from .alignment import Columns
from .fitting import drawn
from .screen import Screen


def table_for_people(
    table: Table, kernels: Kernels, growing: bool = False, screen: Screen | None = None
) -> Iterator[bytes]:
    """Yield the text of a table for people; ``growing``: rows still come, so each batch goes out at once.

    ``screen``: the terminal that it is to fit, if any.
    """
    return _aligned(table, kernels, growing) if screen is None else drawn(table, screen, kernels, growing)


def _aligned(table: Table, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    titles = [column.title for column in table.columns]
    right = [column.right or column.kind in (NUMBER, NUMBER_OR_NOTHING) for column in table.columns]
    columns = Columns(titles, right, kernels)
    if growing:
        # Rows go out as they come, in columns as wide as any so far.
        for number, batch in enumerate(table.batches):
            columns.widen([batch])
            if number == 0:
                yield columns.head()
            yield from columns.lines([batch])
        return
    # What can be gone through again is, first for the widths, so that no row is kept.
    batches = list(table.batches) if isinstance(table.batches, Iterator) else table.batches
    columns.widen(batches)
    yield columns.head()
    yield from columns.lines(batches)
