"""One line per connection: both states, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..names.services import services
from ..query.selection import Choice
from ..rows import Rows
from ..table import NEVER, Batch, Batches, Column, Table, cells, slices, without_nothing
from ..tcp import tables as c
from ..tcp.endings import closers, resetters
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import handshakes, outcomes
from ..tcp.round_trips import round_trips
from ..tcp.sides import sides_of
from ..zeek.connections import InZeeksTerms
from .connection_columns import BY_NAME, COLUMNS, PEOPLE, WORDED
from .reading_aids import Manner, in_language, readable

Words = tuple[tuple[str | None, ...], Rows]
"""Texts, and an index into them for each row."""

IN_WORDS = {"client_guessed": ("seen", "a guess")}
TITLES = {"client_guessed": "Client Is"}


class Beside(NamedTuple):
    """What columns need beside the table."""

    moment: int | None = None
    """The time of the states, from which ages count; ns since the epoch."""
    names: Callable[[FlowTable, Rows, str], Words] | None = None
    """Returns the names of hosts: of the connections in these rows, the column with this name."""


NOTHING = Beside()


def view(
    table: FlowTable, names: Sequence[str] | None = None, choose: Choice | None = None, beside: Beside = NOTHING
) -> Table:
    """Return the connections, in the order of their numbers, as programs get them.

    ``names``: of the columns, all of COLUMNS unless told; ``choose``: returns the indices of the rows to show.
    """
    columns = COLUMNS if names is None else tuple(BY_NAME[name] for name in names)
    worded = not WORDED.isdisjoint(column.name for column in columns)

    def batch(rows: Rows) -> Batch:
        found = Connections(table, rows, beside)
        given = {column.name: found.shown(column.name) for column in columns}
        # The same columns for each batch where words allow it: then one layout does for all.
        these = tuple(column for column, _ in given.values()) if worded else columns
        return Batch(these, cells(these, len(rows), **{name: value for name, (_, value) in given.items()}))

    return Table(columns, _batches(table, choose, batch, beside))


def view_for_people(
    table: FlowTable,
    manner: Manner,
    names: Sequence[str] | None = None,
    choose: Choice | None = None,
    beside: Beside = NOTHING,
) -> Table:
    """Return the connections with what fits a terminal, or the columns of these names."""

    def batch(rows: Rows) -> Batch:
        found = Connections(table, rows, beside)
        columns, given = [], {}
        for name in PEOPLE if names is None else names:
            column, value = found.shown(name)
            if name in IN_WORDS:
                column = column._replace(title=TITLES[name], words=IN_WORDS[name])
            column, given[name] = readable(column, value, manner)
            columns.append(column)
        return Batch(in_language(columns, manner.lang), cells(tuple(columns), len(rows), **given))

    return Table(batch(np.zeros(0, dtype=np.int64)).columns, _batches(table, choose, batch, beside))


def _batches(table: FlowTable, choose: Choice | None, batch: Callable[[Rows], Batch], beside: Beside) -> Batches:
    rows = None if choose is None else chosen(table, choose, beside)

    def batches() -> Iterator[Batch]:
        for part in slices(len(table.connections) if rows is None else len(rows)):
            yield batch(_rows(part) if rows is None else rows[part])

    return Batches(batches)


def chosen(table: FlowTable, choose: Choice, beside: Beside = NOTHING) -> Rows:
    """Return the rows of the connections that are chosen, in the order to show."""
    return choose(lambda part: Connections(table, _rows(part), beside).compared, len(table.connections))


def _rows(part: slice) -> Rows:
    return np.arange(part.start, part.stop)


class Connections:
    """The columns of some connections, each worked out where it is asked for; ``rows``: theirs in the table."""

    def __init__(self, table: FlowTable, rows: Rows, beside: Beside = NOTHING) -> None:
        self._table, self._of, self._rows, self._beside = table, sides_of(table, rows), rows, beside

    def shown(self, name: str) -> tuple[Column, Any]:
        """Return a column by its name, with the words of these rows, and its values."""
        column = BY_NAME[name]
        if name not in WORDED:
            return column, self.value(name)
        words, found = getattr(self, f"_{name}")()
        return column._replace(words=words), found

    def compared(self, name: str) -> Any:
        """Return the values of a column as filters want them: text as its words, and the indices into them."""
        if name in WORDED:
            return getattr(self, f"_{name}")()
        return without_nothing(BY_NAME[name], self.value(name)) if name in BY_NAME else self.value(name)

    def value(self, name: str) -> Any:
        """Return the values of a column by its name."""
        of = self._of
        side, _, field = name.partition("_")
        if side in ("client", "server") and field in ("state", "packets", "bytes", "retransmissions"):
            return getattr(of, side)[field]
        if side in ("client", "server") and field in ("first", "last"):
            rows = getattr(of, side)
            return np.where(rows["packets"] == 0, NEVER, rows[field])
        if field in ("address", "port"):
            where = getattr(of, f"{side}_address")
            return where[:2] if field == "address" else where[2]
        if field in ("since", "age", "packet"):
            return getattr(self, f"_{field}")(self._ends(side))
        found = getattr(self, f"_{name}")()
        return found[1] if name in WORDED else found

    def _connection(self) -> Rows:
        return self._table.numbers(self._rows)

    def _client(self) -> tuple[Rows, Rows, Rows]:
        return self._of.client_address

    def _server(self) -> tuple[Rows, Rows, Rows]:
        return self._of.server_address

    def _opened(self) -> Rows:
        # Endpoint 0 sent the first packet.
        return np.where(self._of.turned, self.value("server_first"), self.value("client_first"))

    def _last(self) -> Rows:
        return np.maximum(self.value("client_last"), self.value("server_last"))

    def _duration(self) -> Rows:
        return self._last() - self._opened()

    def _outcome(self) -> Rows:
        return outcomes(self._of)

    def _handshake_seen(self) -> Rows:
        return handshakes(self._of)

    def _client_guessed(self) -> Rows:
        return self._of.notes & c.NOTE_CLIENT_GUESSED != 0

    def _both(self, field: str) -> Rows:
        return self._of.client[field].astype(np.int64) + self._of.server[field]

    def _copies(self) -> Rows:
        copies = self._table.seldom["copies"]
        return copies[2 * self._rows].astype(np.int64) + copies[2 * self._rows + 1]

    def _network(self) -> Words:
        extra = self._table.extras[self._rows]
        found = np.where(extra["network_0"] != 0, extra["network_0"], extra["network_1"])
        return (None, *self._table.network_names()), found

    def _conn_state(self) -> Rows:
        return InZeeksTerms(self._table.stories, self._rows).states()

    def _history(self) -> Words:
        return InZeeksTerms(self._table.stories, self._rows).words()

    def _packets(self) -> Rows:
        return self._both("packets")

    def _bytes(self) -> Rows:
        return self._both("bytes")

    def _retransmissions(self) -> Rows:
        return self._both("retransmissions")

    def _idle(self) -> Rows:
        return self._passed(self._last())

    def _passed(self, times: Rows) -> Rows:
        moment = self._beside.moment
        assert moment is not None, "ages count from a moment"
        return np.where(times == NEVER, -1, np.maximum(moment - times, 0))

    def _rtt(self) -> Rows:
        return round_trips(self._table.details, self._ends("client"))

    def _closed_by(self) -> Rows:
        return closers(self._of)

    def _reset_by(self) -> Rows:
        return resetters(self._of)

    def _service(self) -> Words:
        return services(self.value("server_port"))

    def _client_name(self) -> Words:
        return self._names("client_name")

    def _server_name(self) -> Words:
        return self._names("server_name")

    def _names(self, name: str) -> Words:
        assert self._beside.names is not None, "names were not gathered"
        return self._beside.names(self._table, self._rows, name)

    # --- of one end

    def _ends(self, side: str) -> Rows:
        return 2 * self._rows.astype(np.int64) + (self._of.turned ^ (side == "server"))

    def _detail(self, field: str, ends: Rows) -> Rows:
        details = self._table.details
        assert details is not None, "details were not kept"
        return details[field][ends]

    def _since(self, ends: Rows) -> Rows:
        since = self._detail("since", ends)
        return np.where(since == 0, NEVER, since)

    def _age(self, ends: Rows) -> Rows:
        return self._passed(self._since(ends))

    def _packet(self, ends: Rows) -> Rows:
        packet = self._detail("packet", ends)
        return np.where(packet <= 0, -1, packet)
