"""Packets that the kernel dropped while interfaces were captured on, beside each row for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..table import NUMBER_OR_NOTHING, Batch, Batches, Column, Table, beside

DROPS = Column("drops", "Drops", NUMBER_OR_NOTHING)


def with_drops(table: Table, drops: Callable[[], int | None]) -> Table:
    """Return a table whose rows end with how many packets were dropped by the time they are worked out.

    ``drops``: how many it is by now; None where nobody counts them.
    """

    def batches() -> Iterator[Batch]:
        for batch in table.batches:
            count = drops()
            yield from beside(Table(batch.columns, [batch]), [(DROPS, -1 if count is None else count)]).batches

    return Table((*table.columns, DROPS), Batches(batches))
