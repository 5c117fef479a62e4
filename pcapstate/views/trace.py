"""State changes as spans of time: which state each end was in, from when until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..query.selection import Choice
from ..rows import Rows, gathered
from ..table import TIME, Batch, Batches, Column, Table, cells
from ..tcp.flow_table import FlowTable
from . import timeline
from .connections import NOTHING, Beside

if TYPE_CHECKING:
    from ..query.ordering import Values

CHANGE = ("time", "packet", "connection", "endpoint", "address", "peer", "from", "to", "cause", "certainty")
SPAN = (Column("until", "", TIME), Column("start", "", TIME))


def view(
    table: FlowTable,
    rows: Rows,
    final: bool,
    start: int,
    end: int,
    choose: Choice | None = None,
    beside: Beside = NOTHING,
) -> Table:
    """Return all transitions (TRANSITION) in the order of time, with ``until``: when the end left the state again.

    ``start``, ``end``: of the capture, ns since the epoch; a state that is not left lasts until its end. ``choose``:
    returns the rows to show; what the others tell of the end of a state stays.
    """
    until = np.maximum(_ends_of_states(rows, end), rows["time"])
    if (np.diff(rows["time"]) < 0).any():
        # The clock of the capture steps back.
        in_time = np.argsort(rows["time"], kind="stable")
        rows, until = gathered(rows, in_time), until[in_time]
    if len(rows):
        start = min(start, int(rows["time"][0]))
    order = np.zeros(0, dtype=np.int64)

    def chosen(values: Values, count: int) -> Rows:
        nonlocal order
        order = np.arange(count) if choose is None else np.sort(choose(values, count))
        return order

    changes = timeline.view(table, [rows], None, None, final, CHANGE, chosen, beside)

    def batches() -> Iterator[Batch]:
        done = 0
        for batch in changes.batches:
            count = len(batch.cells)
            spans = cells(SPAN, count, until=until[order[done : done + count]], start=start)
            done += count
            yield Batch((*batch.columns, *SPAN), np.hstack([batch.cells, spans]))

    return Table((*changes.columns, *SPAN), Batches(batches))


def _ends_of_states(rows: Rows, end: int) -> Rows:
    """Return of each transition the time of the next one of the same endpoint; ``end`` where there is none."""
    until = np.full(len(rows), end, dtype=np.int64)
    order = np.argsort(rows["endpoint"], kind="stable")
    same = np.flatnonzero(rows["endpoint"][order[1:]] == rows["endpoint"][order[:-1]])
    until[order[same]] = rows["time"][order[same + 1]]
    return until
