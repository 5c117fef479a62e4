"""One line per connection: both states, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..query.selection import Choice
from ..rows import Rows
from ..table import DURATION, ENDPOINT_ADDRESS, NEVER, NUMBER, TIME, WORD, Batch, Batches, Column, Table, cells, slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import NAMES, handshakes, outcomes
from ..tcp.sides import sides_of
from ..tcp.states import STATES
from .reading_aids import Manner, in_language, readable

BOOLEANS = (False, True)

COLUMNS = (
    Column("connection", "Conn", NUMBER),
    Column("client", "Client", ENDPOINT_ADDRESS),
    Column("server", "Server", ENDPOINT_ADDRESS),
    Column("client_state", "Client State", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("opened", "Opened", TIME),
    Column("last", "Last", TIME),
    Column("outcome", "Outcome", WORD, NAMES, rank=1, least=len("reset by s..")),
    Column("handshake_seen", "Handshake", WORD, BOOLEANS),
    Column("client_packets", "Packets >", NUMBER),
    Column("server_packets", "Packets <", NUMBER),
    Column("client_bytes", "Bytes >", NUMBER),
    Column("server_bytes", "Bytes <", NUMBER),
    Column("retransmissions", "Retrans", NUMBER, rank=4),
    Column("client_guessed", "Guessed", WORD, BOOLEANS, rank=5),
    Column("client_retransmissions", "Retrans >", NUMBER),
    Column("server_retransmissions", "Retrans <", NUMBER),
    Column("client_first", "Client First", TIME),
    Column("client_last", "Client Last", TIME),
    Column("server_first", "Server First", TIME),
    Column("server_last", "Server Last", TIME),
)
"""The fields for programs; those that people see are fewer."""


def view(table: FlowTable, names: Sequence[str] | None = None, choose: Choice | None = None) -> Table:
    """Return the connections, in the order of their numbers, as programs get them.

    ``names``: of the columns, all unless told; ``choose``: returns the indices of the rows to show.
    """
    columns = _worded(COLUMNS if names is None else tuple(BY_NAME[name] for name in names), table)

    def batch(rows: Rows) -> Batch:
        found = Connections(table, rows)
        given = {column.name: found.value(column.name) for column in columns}
        return Batch(columns, cells(columns, len(rows), **given))

    return Table(columns, _batches(table, choose, batch))


def _worded(columns: tuple[Column, ...], table: FlowTable) -> tuple[Column, ...]:
    """Return columns with the words that only the capture tells: the names of virtual networks."""
    words = (None, *table.network_names())
    return tuple(column._replace(words=words) if column.name == "network" else column for column in columns)


def _batches(table: FlowTable, choose: Choice | None, batch: Callable[[Rows], Batch]) -> Batches:
    rows = None if choose is None else chosen(table, choose)

    def batches() -> Iterator[Batch]:
        for part in slices(len(table.connections) if rows is None else len(rows)):
            yield batch(_rows(part) if rows is None else rows[part])

    return Batches(batches)


def chosen(table: FlowTable, choose: Choice) -> Rows:
    """Return the rows of the connections that are chosen, in the order to show."""
    return choose(lambda part: Connections(table, _rows(part)).value, len(table.connections))


def _rows(part: slice) -> Rows:
    return np.arange(part.start, part.stop)


class Connections:
    """The columns of some connections, each worked out where it is asked for; ``rows``: theirs in the table."""

    def __init__(self, table: FlowTable, rows: Rows) -> None:
        self._table, self._of, self._rows = table, sides_of(table, rows), rows

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
        return getattr(self, f"_{name}")()

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

    def _network(self) -> Rows:
        extra = self._table.extras[self._rows]
        return np.where(extra["network_0"] != 0, extra["network_0"], extra["network_1"])

    def _packets(self) -> Rows:
        return self._both("packets")

    def _bytes(self) -> Rows:
        return self._both("bytes")

    def _retransmissions(self) -> Rows:
        return self._both("retransmissions")


MORE = (
    Column("packets", "Packets", NUMBER, rank=2),
    Column("bytes", "Bytes", NUMBER, rank=3),
    Column("duration", "Duration", DURATION),
    Column("copies", "Copies", NUMBER),
    Column("network", "Network", WORD, (None,), rank=1, least=12),
)
"""Columns that programs get where they ask for them."""
BY_NAME = {column.name: column for column in (*COLUMNS, *MORE)}

PEOPLE = (
    *("connection", "client", "server", "client_state", "server_state", "outcome"),
    *("packets", "bytes", "retransmissions", "client_guessed"),
)
"""The columns that fit a terminal."""
IN_WORDS = {"client_guessed": ("seen", "a guess")}


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and those that mean either end; ``read`` reads times."""
    found = plain_fields(BY_NAME.values(), read)
    for name in ("client", "server"):
        found[name] = Field(Kind.ADDRESS, (f"{name}_address",))
        found[f"{name}_port"] = Field(Kind.PORT, (f"{name}_port",))
    return {
        **found,
        "state": Field(Kind.STATE, ("client_state", "server_state"), STATES),
        "host": Field(Kind.ADDRESS, ("client_address", "server_address")),
        "port": Field(Kind.PORT, ("client_port", "server_port")),
    }


def view_for_people(
    table: FlowTable, manner: Manner, names: Sequence[str] | None = None, choose: Choice | None = None
) -> Table:
    """Return the connections with what fits a terminal, or the columns of these names."""

    def batch(rows: Rows) -> Batch:
        found = Connections(table, rows)
        columns, given = [], {}
        for name in PEOPLE if names is None else names:
            column = _worded((BY_NAME[name],), table)[0]
            if name in IN_WORDS:
                column = column._replace(title="Client Is", words=IN_WORDS[name])
            column, given[name] = readable(column, found.value(name), manner)
            columns.append(column)
        return Batch(in_language(columns, manner.lang), cells(tuple(columns), len(rows), **given))

    return Table(batch(np.zeros(0, dtype=np.int64)).columns, _batches(table, choose, batch))
