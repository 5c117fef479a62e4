"""Every transition, with the packet that proves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..tcp import contracts as c
from ..tcp.flow_table import FlowTable
from ..tcp.machine import CERTAINTY, TABLE, Certainty, Event
from ..tcp.states import State, shown
from .endpoints import Rows
from .table import ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, WORD, Cells, Column, Table, cells

STATES = tuple(state.name for state in State)
SIDES = ("client", "server")
CAUSES = tuple(row.cause for row in TABLE)
CERTAINTIES = tuple(one.word for one in Certainty)
ROW_CERTAINTY = np.array([CERTAINTY[row.event] for row in TABLE])
SETTLED_CERTAINTY = np.array(
    [
        (Certainty.ASSUMED if row.event.name.startswith(("GOT_", "MISSED_")) else Certainty.SEEN)
        if CERTAINTY[row.event] is Certainty.REVISED
        else CERTAINTY[row.event]
        for row in TABLE
    ]
)
"""Where nothing is left of a wrong assumption, what put it right is as sure as any row of its family."""
CONTRADICTS = {
    number: frozenset(int(state) for state in row.states)
    for number, row in enumerate(TABLE)
    if CERTAINTY[row.event] is Certainty.REVISED
}
"""For each row of the table that puts an assumption right: the states that were assumed wrongly."""

COLUMNS = (
    Column("time", "Time", TIME),
    Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-"),
    Column("connection", "Conn", NUMBER),
    Column("endpoint", "Endpoint", WORD, SIDES),
    Column("address", "Address", ENDPOINT_ADDRESS),
    Column("peer", "Peer", ENDPOINT_ADDRESS),
    Column("from", "From", WORD, STATES),
    Column("to", "To", WORD, STATES),
    Column("cause", "Cause", WORD, CAUSES),
    Column("certainty", "Certainty", WORD, CERTAINTIES),
)

SHOWN_STATES = tuple(shown(state) for state in State)


def _seconds(text: str) -> str:
    return text[:-3]


PEOPLE = (
    Column("time", "Time", TIME, rename=_seconds),
    *COLUMNS[1:5],
    Column("from", "From", WORD, SHOWN_STATES),
    Column("to", "To", WORD, SHOWN_STATES),
    *COLUMNS[8:],
)

BATCH = 20_000


def settled(rows: Rows) -> tuple[Rows, int]:
    """Leave out of ``rows`` (TRANSITION) what later rows took back; return the rest and how many were left out.

    A capture that has ended tells of every assumption whether it held. What remains is what the endpoints went
    through; a row that replaced a wrong one stays, as seen, from the state that was right.
    """
    revised = np.isin(rows["row"], list(CONTRADICTS))
    if not revised.any():
        return rows, 0
    rows = rows.copy()
    keep = np.ones(len(rows), dtype=bool)
    concerned = np.isin(rows["endpoint"], np.unique(rows["endpoint"][revised]))
    past: dict[int, list[int]] = {}
    for index in np.flatnonzero(concerned):
        row = rows[index]
        history = past.setdefault(int(row["endpoint"]), [])
        wrong = CONTRADICTS.get(int(row["row"]))
        if wrong is not None:
            answered = TABLE[row["row"]].event is Event.SENT_RST_IN_ANSWER
            packet = rows[history[-1]]["packet"] if history else 0
            while history and int(rows[history[-1]]["to"]) in wrong:
                if answered and rows[history[-1]]["packet"] != packet:
                    break  # only what the answered packet was thought to have done is wrong
                keep[history.pop()] = False
            before = int(rows[history[-1]]["to"]) if history else int(row["from"])
            if before == row["to"]:
                keep[index] = False
                continue
            row["from"] = before
        history.append(int(index))
    return rows[keep], int(np.count_nonzero(revised))


def view(table: FlowTable, batches: Iterable[Rows], connection: int | None, people: bool, final: bool) -> Table:
    """Return the transitions in ``batches`` (TRANSITION), of all connections or of one.

    ``final``: they are settled, so a row that replaced a wrong assumption counts as seen.
    """
    columns = PEOPLE if people else COLUMNS
    return Table(columns, _batches(columns, table, batches, connection, people, final))


def _batches(
    columns: tuple[Column, ...],
    table: FlowTable,
    batches: Iterable[Rows],
    connection: int | None,
    people: bool,
    final: bool,
) -> Iterator[Cells]:
    start: int | None = None
    for batch in batches:
        for begin in range(0, len(batch), BATCH):
            rows = batch[begin : begin + BATCH]
            if start is None:
                start = int(rows["time"][0])
            if connection is not None:
                rows = rows[rows["endpoint"] // 2 == connection]
            if len(rows):
                yield _cells(columns, table, rows, start if people else 0, final)


def _cells(columns: tuple[Column, ...], table: FlowTable, rows: Rows, start: int, final: bool) -> Cells:
    number, side = rows["endpoint"] // 2, rows["endpoint"] % 2
    one, extra = table.connections[number], table.extras[number]
    ends = [(extra[f"high_{end}"], one[f"low_{end}"], one[f"port_{end}"]) for end in (0, 1)]
    own: tuple[Any, ...] = tuple(np.where(side == 1, parts[1], parts[0]) for parts in zip(*ends, strict=True))
    peer: tuple[Any, ...] = tuple(np.where(side == 1, parts[0], parts[1]) for parts in zip(*ends, strict=True))
    certainty = (SETTLED_CERTAINTY if final else ROW_CERTAINTY)[rows["row"]]
    values = {
        "time": rows["time"] - start,
        "packet": np.where(rows["packet"] == 0, -1, rows["packet"]),
        "connection": number,
        "endpoint": side != (one["notes"] & c.CLIENT_IS_1 != 0),
        "address": own,
        "peer": peer,
        "from": rows["from"],
        "to": rows["to"],
        "cause": rows["row"],
        "certainty": certainty,
    }
    return cells(columns, len(rows), **{column.name: values[column.name] for column in columns})
