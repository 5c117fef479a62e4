"""Every transition, with the packet that proves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..query.selection import Choice
from ..rows import Rows
from ..table import (
    ENDPOINT_ADDRESS,
    NUMBER,
    NUMBER_OR_NOTHING,
    TIME,
    WORD,
    Batch,
    Batches,
    Column,
    Table,
    cells,
    slices,
)
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.machine import TABLE, Certainty
from ..tcp.settling import certainties
from ..tcp.sides import where
from ..tcp.states import STATES
from .reading_aids import Manner, in_language, readable

Runs = Iterable[Rows]
"""Transitions (TRANSITION) in runs, each overwritten by the next one where they are given out as they come."""
SIDES = ("client", "server")
CAUSES = tuple(row.cause for row in TABLE)
CERTAINTIES = tuple(one.word for one in Certainty)

COLUMNS = (
    Column("time", "Time", TIME),
    Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-", rank=1),
    Column("connection", "Conn", NUMBER),
    Column("endpoint", "Endpoint", WORD, SIDES, rank=4),
    Column("address", "Address", ENDPOINT_ADDRESS),
    Column("peer", "Peer", ENDPOINT_ADDRESS),
    Column("from", "From", WORD, STATES, rank=1),
    Column("to", "To", WORD, STATES),
    Column("cause", "Cause", WORD, CAUSES, rank=2, least=len("received ACK of SY..")),
    Column("certainty", "Certainty", WORD, CERTAINTIES, rank=3),
)

BY_NAME = {column.name: column for column in COLUMNS}
PEOPLE = tuple(name for name in BY_NAME if name != "peer")
"""The columns that fit a terminal."""


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and those that mean either end; ``read`` reads times."""
    found = plain_fields(COLUMNS, read)
    for name in ("address", "peer"):
        found[name] = Field(Kind.ADDRESS, (f"{name}_host",))
    return {
        **found,
        "state": Field(Kind.STATE, ("to",), STATES),
        "host": Field(Kind.ADDRESS, ("address_host", "peer_host")),
        "port": Field(Kind.PORT, ("address_port", "peer_port")),
    }


def view(
    table: FlowTable,
    batches: Runs,
    connection: int | None,
    manner: Manner | None,
    final: bool,
    names: Sequence[str] | None = None,
    choose: Choice | None = None,
) -> Table:
    """Return the transitions in ``batches`` (TRANSITION), of all connections or of one.

    ``manner``: how they are written for people, or None for programs. ``final``: they are settled, so a row that
    replaced a wrong assumption counts as seen. ``names``: of the columns; ``choose``: returns the rows to show, of
    each batch where rows still come.
    """
    columns = tuple(BY_NAME[name] for name in names or (BY_NAME if manner is None else PEOPLE))

    def batch(rows: Rows) -> Batch:
        found, shown, given = _Transitions(table, rows, final), [], {}
        for column in columns:
            one, given[column.name] = column, found.value(column.name)
            if manner is not None:
                one, given[column.name] = readable(column, given[column.name], manner)
            shown.append(one)
        # The same columns for each batch of programs: then one layout does for all.
        words = columns if manner is None else in_language(shown, manner.lang)
        return Batch(words, cells(words, len(rows), **given))

    def shown() -> Iterator[Batch]:
        for rows in batches:
            for some in _chosen(table, rows, connection, final, choose):
                yield batch(some)

    names_of = batch(np.zeros(0, dtype=c.TRANSITION)).columns
    return Table(names_of, shown() if isinstance(batches, Iterator) else Batches(shown))


def count(table: FlowTable, rows: Rows, connection: int | None) -> int:
    """Return how many transitions there are, of all connections or of one."""
    if connection is None:
        return len(rows)
    return int(np.count_nonzero(table.numbers(rows["endpoint"] // 2) == connection))


def _chosen(table: FlowTable, rows: Rows, connection: int | None, final: bool, choose: Choice | None) -> Iterator[Rows]:
    """Yield those of the rows that are to be shown, some at a time."""
    if choose is None:
        for part in slices(len(rows)):
            some = rows[part]
            if connection is not None:
                some = some[table.numbers(some["endpoint"] // 2) == connection]
            if len(some):
                yield some
        return
    if connection is not None:
        rows = rows[table.numbers(rows["endpoint"] // 2) == connection]
    chosen = choose(lambda part: _Transitions(table, rows[part], final).value, len(rows))
    for part in slices(len(chosen)):
        yield rows[chosen[part]]


class _Transitions:
    """The columns of some transitions, each worked out where it is asked for."""

    def __init__(self, table: FlowTable, rows: Rows, final: bool) -> None:
        self._rows, self._final = rows, final
        self._table, self._ends = table, rows["endpoint"].astype(np.int64)

    def value(self, name: str) -> Any:
        """Return the values of a column by its name."""
        rows = self._rows
        end, _, part = name.partition("_")
        if end in ("address", "peer"):
            found = where(self._table, self._ends if end == "address" else self._ends ^ 1)
            return {"": found, "host": found[:2], "port": found[2]}[part]
        if name in ("time", "from", "to"):
            return rows[name]
        if name == "packet":
            return np.where(rows["packet"] == 0, -1, rows["packet"])
        if name == "connection":
            return self._table.numbers(self._ends >> 1)
        if name == "endpoint":
            turned = self._table.connections["notes"][self._ends >> 1] & c.NOTE_CLIENT_IS_1 != 0
            return self._ends & 1 ^ turned
        if name == "cause":
            return rows["row"]
        return certainties(rows, self._final)
