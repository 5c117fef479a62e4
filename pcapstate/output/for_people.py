"""Tables for people: columns side by side, in files and pipes whole, on a terminal as wide as it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernels.running import Kernels
from ..table import NUMBER, NUMBER_OR_NOTHING, Batch, Table
from . import alignment
from .alignment import Columns, aligned
from .fitting import drawn
from .screen import Screen
from .writer import cell_layout


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
    batches = iter(table.batches)
    held, count = [], 0
    for batch in batches:
        held.append(batch)
        count += len(batch.cells)
        if count > alignment.FEW:
            break
    else:
        yield aligned(titles, [row for batch in held for row in _rows(batch, kernels)], right)
        return
    # What can be gone through again is, first for the widths, so that no row is kept.
    again = table.batches if batches is not table.batches else [*held, *batches]
    del held, batch
    columns.widen(again)
    yield columns.head()
    yield from columns.lines(again)


def _rows(batch: Batch, kernels: Kernels) -> list[list[str]]:
    text = b"".join(cell_layout(batch.columns).write(batch.cells, kernels)).decode()
    return [line.split("\t") for line in text.split("\n")[:-1]]
