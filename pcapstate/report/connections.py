"""The connections of a report as columns: what the filter can ask about, and every change of their ends."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..addresses import address
from ..findings.finding import Finding
from ..query.fields import Kind
from ..rows import Rows
from ..table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NEVER, NUMBER_OR_NOTHING, TIME
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import NAMES
from ..tcp.settling import Judged, certainties
from ..tcp.sides import where
from ..views import connection_columns as columns
from ..views import connections as view
from .measures import outcomes_of_all
from .packing import Packed
from .reuse import shown_from

CLOSED = NAMES.index("closed")


class Limits(NamedTuple):
    """How much of a capture a report holds; what is beyond it is counted only."""

    connections: int = 30_000
    changes: int = 230_000
    """Transitions of these connections."""
    ladders: int = 600
    """Connections whose packets are shown."""
    packets: int = 300_000
    """Packets of these, those that ladders fold included."""
    steps: int = 40_000
    """Packets that ladders show."""


def by_interest(table: FlowTable, findings: list[Finding]) -> Rows:
    """Return the rows of all connections: first those that findings name, then those that did not just close."""
    rows = np.arange(len(table.connections))
    named = np.array(sorted({one for finding in findings for one in finding.connections}), dtype=np.int64)
    plain = outcomes_of_all(table) == CLOSED
    rank = np.where(np.isin(table.numbers(rows), named), 0, np.where(plain, 2, 1))
    return rows[np.argsort(rank, kind="stable")]


def within(rows: Rows, sizes: Rows, most: int) -> Rows:
    """Return the first of some rows whose sizes are together no more than ``most``; larger ones are passed over."""
    fitting = sizes <= most
    rows, sizes = rows[fitting], sizes[fitting]
    return rows[: int(np.searchsorted(np.cumsum(sizes), most, side="right"))]


class Chosen(NamedTuple):
    """Connections of a table, and their changes."""

    table: FlowTable
    rows: Rows
    """Ascending."""
    judged: Judged
    """All transitions of the table."""
    moment: int
    """The time of the states, ns since the epoch."""

    @property
    def whole(self) -> bool:
        """Whether they are all that there are."""
        return len(self.rows) == self.table.count

    @property
    def clients(self) -> Rows:
        """The endpoints of their clients."""
        notes = self.table.connections["notes"][self.rows]
        return 2 * self.rows + (notes & c.NOTE_CLIENT_IS_1 != 0)

    def pack(self, packed: Packed, start: int, names: dict[int, tuple[int, int]]) -> None:
        """Add the columns of the connections, and of their changes.

        ``start``: the time from which all times count (ns since the epoch); ``names``: the indices of the names of
        client and server, by the row of a connection.
        """
        self._pack_fields(packed, start)
        for side, role in enumerate(("client", "server")):
            packed.add(f"{role}_name", [names.get(row, (0, 0))[side] for row in self.rows.tolist()])
        self._pack_changes(packed, start)

    def _pack_fields(self, packed: Packed, start: int) -> None:
        found = view.Connections(self.table, self.rows, view.Beside(self.moment))
        for name, column in columns.BY_NAME.items():
            if column.kind in (ADDRESS, ENDPOINT_ADDRESS) or name in columns.NAMES | columns.STORIES:
                continue
            values = np.asarray(found.value(name))
            if column.kind == TIME:
                values = _since(values, start)
            elif column.kind in (DURATION, NUMBER_OR_NOTHING):
                values = np.where(values < 0, np.nan, values.astype(np.float64))
            packed.add(name, values)
        places = [where(self.table, self.clients ^ side) for side in (0, 1)]
        high, low = (np.concatenate([one[half] for one in places]) for half in (0, 1))
        known, which = np.unique(np.stack([high, low], axis=1), axis=0, return_inverse=True)
        count = len(self.rows)
        for side, role in enumerate(("client", "server")):
            packed.add(f"{role}_address", which.reshape(-1)[side * count : (side + 1) * count])
            packed.add(f"{role}_port", places[side][2])
        packed.values["networks"] = [None, *self.table.network_names()]
        packed.values["service_names"] = found.shown("service")[0].words
        packed.values["addresses"] = [str(address(*one)) for one in known.tolist()]

    def _pack_changes(self, packed: Packed, start: int) -> None:
        rows, held = self.judged.rows, self.judged.held
        place = np.full(2 * len(self.table.connections), -1, dtype=np.int64)
        for side in (0, 1):
            place[self.clients ^ side] = 2 * np.arange(len(self.rows)) + side
        of = place[rows["endpoint"]]
        own = np.flatnonzero(of >= 0)
        own = own[np.argsort(of[own], kind="stable")]
        rows, held, of = rows[own], held[own], of[own]
        packed.add("change_ends", np.searchsorted(of, np.arange(2 * len(self.rows) + 1)))
        packed.add("change_time", rows["time"] - start)
        packed.add("change_packet", rows["packet"])
        packed.add("change_from", rows["from"])
        packed.add("change_to", rows["to"])
        packed.add("change_row", rows["row"])
        packed.add("change_certainty", certainties(rows, final=True))
        packed.add("change_held", held)
        packed.add("shown", (shown_from(self.table, self.rows, self.judged.rows) - start).astype(np.float64))


def _since(times: Rows, start: int) -> Rows:
    """Return times counted from a start; NaN where there is none."""
    return np.where(times == NEVER, np.nan, (times - np.where(times == NEVER, times, start)).astype(np.float64))


def fields() -> dict[str, dict[str, Any]]:
    """Return the fields of the filter as the page needs them: kind, columns and words of each.

    Those in Zeek's terms are not among them: each packet would have to be looked at once more.
    """
    found = columns.fields(lambda text: 0)
    return {
        name: {
            "kind": field.kind.value,
            "columns": field.columns,
            "words": field.words if field.kind is Kind.WORD else [],
        }
        for name, field in found.items()
        if columns.STORIES.isdisjoint(field.columns)
    }
