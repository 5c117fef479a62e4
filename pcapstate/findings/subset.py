"""Some connections of the tracker's tables, in the form of tables of their own."""

from __future__ import annotations

import numpy as np

from ..compaction import endpoints_of
from ..rows import Rows
from ..tcp.sides import Flows


class SomeFlows:
    """Copies of the rows of some connections; ``rows``: theirs in the whole table, ascending."""

    def __init__(self, table: Flows, rows: Rows) -> None:
        rows = rows.astype(np.int64)
        ends = endpoints_of(rows) if len(rows) else rows
        self._table, self._rows = table, rows
        self.connections, self.extras = table.connections[rows], table.extras[rows]
        self.seldom, self.endpoints = table.seldom[ends], table.endpoints[ends]
        self.details = None if table.details is None else table.details[ends]
        self.troubles = None if table.troubles is None else table.troubles[ends]
        # The connection before on the same 4-tuple, where that was chosen, too.
        before = self.extras["previous"].astype(np.int64) - 1
        place = np.searchsorted(rows, before)
        there = np.append(rows, -1)[place] == before
        self.extras["previous"] = np.where((before >= 0) & there, place + 1, 0)

    def numbers(self, rows: Rows) -> Rows:
        """Return the numbers (Wireshark's tcp.stream) of the connections with these rows."""
        return self._table.numbers(self._rows[rows])
