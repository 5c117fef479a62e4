"""What a flow table held at a moment: all of it, or the connections that changed since the checkpoint before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..compaction import endpoints_of
from ..rows import Rows
from .tables import CELL_CLOCK


class Checkpoint(NamedTuple):
    """The rows of some connections, and what all of them share. Arrays are copies."""

    whole: bool
    """It has all connections, and needs no checkpoint before it."""
    connections: int
    """Connections that the table had."""
    rows: Rows
    """The connections whose rows follow, ascending."""
    tables: dict[str, Rows]
    """Rows of each table by its name (``flow_table.ROWS_EACH``), as int64: one line a row."""
    timers: Rows
    """The timers (TIMER) of these connections."""
    recent: Rows
    cells: Rows
    """All cells."""
    moved: Rows
    evicted: Rows
    retired: int
    """How rows become numbers of connections (``FlowTable.numbers``)."""

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        shared = (self.rows, self.timers, self.recent, self.cells, self.moved, self.evicted)
        return sum(one.nbytes for one in (*shared, *self.tables.values()))


def merged(before: Checkpoint, after: Checkpoint) -> Checkpoint:
    """Return a checkpoint that stands for two in a row."""
    if after.whole:
        return after
    rows = np.union1d(before.rows, after.rows)
    tables = {}
    for table, given in after.tables.items():
        ends = len(given) // max(len(after.rows), 1) or len(before.tables[table]) // max(len(before.rows), 1)
        together = np.empty((ends * len(rows), given.shape[1]), dtype=np.int64)
        for one in (before, after):
            at = np.searchsorted(rows, one.rows)
            together[endpoints_of(at) if ends == 2 else at] = one.tables[table]
        tables[table] = together
    timers = running([before.timers, after.timers], after.cells)
    return after._replace(whole=before.whole, rows=rows, tables=tables, timers=timers)


def running(timers: Sequence[Rows], cells: Rows) -> Rows:
    """Return the timers (TIMER) that end after the time in the cells."""
    found = np.concatenate(timers)
    return found[found["deadline"] > cells[CELL_CLOCK]]
