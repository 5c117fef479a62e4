"""Every transition, with the packet that proves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..query.selection import Choice
from ..rows import Rows
from ..table import Batch, Batches, Column, Table, cells, slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.settling import certainties
from ..tcp.sides import where
from .connections import NOTHING, Beside, Connections, Words
from .reading_aids import Manner, in_language, readable
from .timeline_columns import AGE, BY_NAME, COLUMNS, CONNECTIONS, PEOPLE, WORDED

Address = tuple[Rows, Rows, Rows]
"""High and low halves, and port."""
Runs = Iterable[Rows]
"""Transitions (TRANSITION) in runs, each overwritten by the next one where they are given out as they come."""


def view(
    table: FlowTable,
    batches: Runs,
    connection: int | None,
    manner: Manner | None,
    final: bool,
    names: Sequence[str] | None = None,
    choose: Choice | None = None,
    beside: Beside = NOTHING,
) -> Table:
    """Return the transitions in ``batches`` (TRANSITION), of all connections or of one.

    ``manner``: how they are written for people, or None for programs. ``final``: they are settled, so a row that
    replaced a wrong assumption counts as seen. ``names``: of the columns; ``choose``: returns the rows to show, of
    each batch where rows still come. The column AGE needs all transitions in one batch, in time order.
    """
    default = [column.name for column in COLUMNS] if manner is None else PEOPLE
    columns = tuple(BY_NAME[name] for name in names or default)
    worded = not WORDED.isdisjoint(column.name for column in columns)

    def batch(found: Transitions) -> Batch:
        shown, given = [], {}
        for column in columns:
            one, value = found.shown(column.name)
            if manner is not None:
                one, value = readable(one, value, manner)
            given[column.name] = value
            shown.append(one)
        # The same columns for each batch of programs where words allow it: then one layout does for all.
        words = (tuple(shown) if worded else columns) if manner is None else in_language(shown, manner.lang)
        return Batch(words, cells(words, len(found), **given))

    def shown() -> Iterator[Batch]:
        for rows in batches:
            for some in _chosen(Transitions(table, rows, final, beside), connection, choose):
                yield batch(some)

    names_of = batch(Transitions(table, np.zeros(0, dtype=c.TRANSITION), final, beside)).columns
    return Table(names_of, shown() if isinstance(batches, Iterator) else Batches(shown))


def count(table: FlowTable, rows: Rows, connection: int | None) -> int:
    """Return how many transitions there are, of all connections or of one."""
    if connection is None:
        return len(rows)
    return int(np.count_nonzero(table.numbers(rows["endpoint"] // 2) == connection))


def _chosen(all_: Transitions, connection: int | None, choose: Choice | None) -> Iterator[Transitions]:
    """Yield those of the transitions that are to be shown, some at a time."""
    if choose is None:
        for part in slices(len(all_)):
            some = all_.some(part)
            if connection is not None:
                some = some.of(connection)
            if len(some):
                yield some
        return
    if connection is not None:
        all_ = all_.of(connection)
    chosen = choose(lambda part: all_.some(part).compared, len(all_))
    for part in slices(len(chosen)):
        yield all_.some(chosen[part])


class Transitions:
    """The columns of some transitions, each worked out where it is asked for."""

    def __init__(self, table: FlowTable, rows: Rows, final: bool, beside: Beside) -> None:
        self._table, self._rows, self._final, self._beside = table, rows, final, beside
        self._whole: Transitions = self
        self._which: slice | Rows = slice(None)
        self._ages: Rows | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def some(self, which: slice | Rows) -> Transitions:
        """Return some of them (a slice, indices or a mask)."""
        found = Transitions(self._table, self._rows[which], self._final, self._beside)
        whole = self._whole is self
        found._whole, found._which = self._whole, which if whole else np.arange(len(self._whole))[self._which][which]
        return found

    def of(self, connection: int) -> Transitions:
        """Return those of one connection."""
        return self.some(np.flatnonzero(self.value("connection") == connection))

    @property
    def _ends(self) -> Rows:
        return self._rows["endpoint"].astype(np.int64)

    def shown(self, name: str) -> tuple[Column, Any]:
        """Return a column by its name, with the words of these rows, and its values."""
        if name in CONNECTIONS:
            return self._connections().shown(name)
        if name in WORDED:
            words, found = self._name(name)
            return BY_NAME[name]._replace(words=words), found
        return BY_NAME[name], self.value(name)

    def compared(self, name: str) -> Any:
        """Return the values of a column as filters want them: text as its words, and the indices into them."""
        if name in CONNECTIONS:
            return self._connections().compared(name)
        return self._name(name) if name in WORDED else self.value(name)

    def _name(self, name: str) -> Words:
        """Return the name of each endpoint's host, or of its peer's."""
        connections = self._connections()
        (clients, of_client), (servers, of_server) = map(connections.compared, ("client_name", "server_name"))
        is_client = self.value("endpoint") == 0
        own = is_client if name == "local_name" else ~is_client
        return (*clients, *servers), np.where(own, of_client, len(clients) + of_server)

    def _connections(self) -> Connections:
        return Connections(self._table, self._ends >> 1, self._beside)

    def value(self, name: str) -> Any:
        """Return the values of a column of transitions by its name."""
        rows = self._rows
        end, _, part = name.partition("_")
        if end in ("address", "local"):
            return _part_of(self._own, part)
        if end in ("peer", "foreign"):
            return _part_of(self._peer, part)
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
        if name == AGE.name:
            return self._whole._age()[self._which]
        return certainties(rows, self._final)

    @cached_property
    def _own(self) -> Address:
        return where(self._table, self._ends)

    @cached_property
    def _peer(self) -> Address:
        return where(self._table, self._ends ^ 1)

    def _age(self) -> Rows:
        """Return how long each endpoint had been in the state that it left, in ns; -1 for its first change."""
        if self._ages is None:
            ends, times = self._rows["endpoint"], self._rows["time"]
            order = np.argsort(ends, kind="stable")
            again = ends[order][1:] == ends[order][:-1]
            self._ages = np.full(len(ends), -1, dtype=np.int64)
            lasted = np.maximum(times[order][1:] - times[order][:-1], 0)
            self._ages[order[1:][again]] = lasted[again]
        return self._ages


def _part_of(end: Address, part: str) -> Any:
    """Return the address and port of ends, or one of them."""
    return {"": end, "address": end[:2], "port": end[2]}[part]
