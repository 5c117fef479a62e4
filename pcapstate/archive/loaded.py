"""A table of connections made of rows that were kept, as the tracker left them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rows import Rows
from ..tcp import tables as c
from ..tcp.flow_table import ROWS_EACH, FlowTable
from .tracking import KINDS


def fill(table: FlowTable, tables: Mapping[str, Rows], ids: Rows, clock: int) -> None:
    """Let a table hold these rows (by ``flow_table.ROWS_EACH``), and no others, numbered by ``ids``.

    ``clock``: ns since the epoch. No timer runs: nobody is to be in TIME_WAIT, or no time to pass.
    """
    shared = table.checkpoint(np.zeros(0, dtype=np.int64))
    shared.cells[c.CELL_CONNECTIONS], shared.cells[c.CELL_CLOCK] = len(ids), clock
    kept = {
        name: np.ascontiguousarray(tables[name]).view(np.int64).reshape(-1, KINDS[name].itemsize // 8)
        for name in shared.tables
    }
    table.restore([shared._replace(whole=True, connections=len(ids), rows=np.arange(len(ids)), tables=kept, moved=ids)])


def blobs(tables: Mapping[str, Rows]) -> Rows:
    """Return the rows of each connection as bytes: those of all tables, one behind the other."""
    count = len(tables["connections"])
    parts = [np.ascontiguousarray(tables[name]).view(np.uint8).reshape(count, -1) for name, _ in ROWS_EACH]
    return np.concatenate(parts, axis=1)


def unblobbed(rows: Rows) -> dict[str, Rows]:
    """Return the tables of connections as bytes (``blobs``)."""
    found, at = {}, 0
    for name, each in ROWS_EACH:
        width = each * KINDS[name].itemsize
        found[name] = rows[:, at : at + width].copy().reshape(-1).view(KINDS[name])
        at += width
    return found


WIDTH = sum(each * KINDS[name].itemsize for name, each in ROWS_EACH)
"""Bytes of a connection."""
