"""Rows of netstat as a table with the columns that programs get."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..table import WORD, Batch, Batches, Column, Table, beside, cells
from .annotations import Annotations
from .changes import CHANGES, Changes
from .columns import COLUMNS, NAMES, STATES
from .of_connections import OF_SIDES, host_name, network, of_connections, service
from .rows import SocketRows


def values(rows: SocketRows, name: str, notes: Annotations) -> tuple[Column, Any]:
    """Return a column by its name, and its values; a column of words comes with those that these rows have."""
    column = COLUMNS[name]
    if name == "pid":
        return column, notes.pid(rows)
    if name == "source":
        return column, notes.source(rows)
    if name == "program":
        words, found = notes.program(rows)
    elif name == "service":
        words, found = service(rows)
    elif name == "network":
        words, found = network(rows)
    elif name in OF_SIDES:
        return column, of_connections(rows, name)
    elif name in NAMES:
        words, found = host_name(rows, name, notes)
    else:
        return column, rows.values(name)
    return column._replace(words=words, texts=True), found


def for_programs(rows: SocketRows, names: tuple[str, ...], notes: Annotations, changes: Changes | None = None) -> Table:
    """Return the rows with these columns, as programs get them; with what changed, where that is given."""
    table = table_of(rows, lambda part: [values(part, name, notes) for name in names])
    if changes is None:
        return table
    kind, was = Column("change", "Change", WORD, CHANGES), Column("was", "Was", WORD, STATES)
    return beside(table, [(kind, changes.kind), (was, changes.was)])


def table_of(rows: SocketRows, shown: Callable[[SocketRows], Iterable[tuple[Column, Any]]]) -> Table:
    """Return rows as a table, of whose parts ``shown`` yields the columns and their values."""

    def batch(part: SocketRows) -> Batch:
        found = list(shown(part))
        columns = tuple(column for column, _ in found)
        return Batch(columns, cells(columns, len(part), **{column.name: given for column, given in found}))

    return Table(batch(rows.some(slice(0))).columns, Batches(lambda: map(batch, rows.parts())))
