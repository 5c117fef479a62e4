"""The answer of each tool about one capture: rows of plain values, with the packets that prove them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..objects import records as rows_of
from ..query.column_fields import ReadTime
from ..query.fields import Field
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..rows import Rows
from ..sockets.absent import hosts
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.outcomes import NAMES, outcomes
from ..tcp.sides import sides_of
from ..tcp.states import STATES
from ..views import connections as connections_view
from ..views import timeline as timeline_view
from ..views.connections import Beside
from .asked_about import CONNECTIONS, TIMELINE, fields_of_connections, fields_of_timeline
from .cited import Json, capture_of, change, losses_of, page, proofs, seconds
from .ending import NOBODY, ends
from .kept import Kept, Records
from .roots import Found, Refused

SIDES = ("client", "server")
CONNECTION = (
    *(
        "connection",
        "client_address",
        "client_port",
        "server_address",
        "server_port",
        "client_state",
        "server_state",
        "outcome",
        "opened",
        "last",
    ),
    *("handshake_seen", "client_guessed", "client_packets", "server_packets", "client_bytes", "server_bytes"),
    *("client_retransmissions", "server_retransmissions"),
)
"""The columns of a connection in an answer."""
TIMES = frozenset(("opened", "last"))


class Asked(NamedTuple):
    """A question about a capture: the arguments of the tool, checked."""

    kept: Kept
    capture: Found
    arguments: Mapping[str, Any]
    limit: int
    """Rows of the answer, at most."""

    def get(self, name: str) -> Any:
        """Return an argument; None without it."""
        return self.arguments.get(name)

    @property
    def offset(self) -> int:
        """The rows that the answer leaves out in front."""
        return int(self.arguments.get("offset", 0))


def answered(asked: Asked, reading: Any, rows: list[Json], paging: Json, **more: Any) -> Json:
    """Return an answer."""
    return {"capture": capture_of(asked.capture, reading), **more, "rows": rows, **paging, "losses": losses_of(reading)}


def selection(
    asked: Asked, fields: Callable[[ReadTime], Mapping[str, Field]], columns: Any, by_default: str | None = None
) -> Selection:
    """Return the rows that a question chooses. Raises QueryError."""
    options = SelectionOptions(filter=asked.get("filter"), sort=asked.get("sort") or by_default)
    return Selection(options, fields, columns, utc=True)


# --- describe_capture


def describe(asked: Asked) -> Json:
    """Answer describe_capture."""
    found = asked.kept.records(asked.capture, asked.get("at"))
    table = found.reading.capture.table
    every = np.arange(len(table.connections))
    sides = sides_of(table, every)
    went = Counter(NAMES[one] for one in outcomes(sides).tolist())
    states = {
        name: dict(sorted(Counter(STATES[one] for one in getattr(sides, name)["state"].tolist()).items()))
        for name in SIDES
    }
    return {
        "capture": capture_of(asked.capture, found.reading),
        "outcomes": dict(went.most_common()),
        "client_states": states["client"],
        "server_states": states["server"],
        "busiest_hosts": list(hosts(table)) if len(every) else [],
        "losses": losses_of(found.reading),
    }


# --- connections


def connections(asked: Asked) -> Json:
    """Answer connections."""
    chosen = selection(asked, fields_of_connections, CONNECTIONS)
    found = asked.kept.records(asked.capture, asked.get("at"))
    rows = rows_chosen(found, chosen)
    part, paging = page(len(rows), asked.offset, asked.limit)
    return answered(asked, found.reading, connections_of(found, rows[part]), paging)


def rows_chosen(found: Records, chosen: Selection) -> Rows:
    """Return the rows of the connections that a selection has, in its order."""
    table, choose = found.reading.capture.table, chosen.choice(found.reading.span)
    return (
        np.arange(len(table.connections))
        if choose is None
        else connections_view.chosen(table, choose, Beside(found.reading.moment))
    )


def connections_of(found: Records, rows: Rows) -> list[Json]:
    """Return connections with what proves the states of both ends."""
    table, start = found.reading.capture.table, found.reading.start
    shown = connections_view.view(table, CONNECTION, lambda values, count: rows)
    client = 2 * rows + turned(table, rows)
    given = zip(rows_of(shown), proofs(found, client), proofs(found, client ^ 1), strict=True)
    return [
        {
            **{name: seconds(value, start) if name in TIMES else _plain(value) for name, value in one.items()},
            "client_proof": of_client,
            "server_proof": of_server,
        }
        for one, of_client, of_server in given
    ]


def turned(table: FlowTable, rows: Rows) -> Rows:
    """Tell of connections whether endpoint 1 is the client."""
    return (table.connections["notes"][rows] & c.NOTE_CLIENT_IS_1 != 0).astype(np.int64)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


# --- timeline


def timeline(asked: Asked) -> Json:
    """Answer timeline."""
    chosen = selection(asked, fields_of_timeline, TIMELINE)
    found = asked.kept.records(asked.capture, asked.get("at"))
    table, start, number = found.reading.capture.table, found.reading.start, asked.get("connection")
    if number is not None:
        row_of(found, number)
    choose, paging = chosen.choice(found.reading.span), dict[str, Any]()

    def shown(values: Any, count: int) -> Rows:
        places = np.arange(count) if choose is None else choose(values, count)
        part, told = page(len(places), asked.offset, asked.limit)
        paging.update(told)
        return places[part]

    view = timeline_view.view(
        table, [found.transitions], number, None, True, choose=shown, beside=Beside(found.reading.moment)
    )
    rows = [
        {
            "connection": one["connection"],
            "endpoint": one["endpoint"],
            "address": one["local_address"],
            "port": one["local_port"],
            "from": str(one["from"]),
            "to": str(one["to"]),
            "packet": one["packet"],
            "time": seconds(one["time"], start),
            "certainty": one["certainty"],
            "cause": one["cause"],
        }
        for one in rows_of(view)
    ]
    return answered(asked, found.reading, rows, paging)


def row_of(found: Records, number: int) -> int:
    """Return the row of a connection by its number. Raises CallError."""
    # Loaded where it is asked for, with all that explaining needs.
    from ..ladder.gathering import row_of

    return row_of(found.reading.capture.table, number)


# --- who_ended


def who_ended(asked: Asked) -> Json:
    """Answer who_ended."""
    number = asked.get("connection")
    if number is not None and (asked.get("filter") or asked.get("sort")):
        raise Refused("connection and filter or sort exclude each other")
    chosen = selection(asked, fields_of_connections, CONNECTIONS)
    found = asked.kept.records(asked.capture, asked.get("at"))
    rows = rows_chosen(found, chosen) if number is None else np.array([row_of(found, number)])
    part, paging = page(len(rows), asked.offset, asked.limit)
    shown = list(_endings(found, rows[part]))
    by = Counter(one["ended_by"] for one in shown)
    return answered(asked, found.reading, shown, paging, ended_by={str(end): count for end, count in by.items()})


def _endings(found: Records, rows: Rows) -> Iterator[Json]:
    table = found.reading.capture.table
    of = found.transitions["endpoint"] >> 1
    places = np.flatnonzero(np.isin(of, rows))
    by_row: dict[int, list[int]] = {}
    for at, row in zip(places.tolist(), of[places].tolist(), strict=True):
        by_row.setdefault(row, []).append(at)
    given = zip(rows.tolist(), turned(table, rows).tolist(), connections_of(found, rows), strict=True)
    for row, client_is_1, connection in given:
        own = np.array(by_row.get(row, []), dtype=np.int64)
        told = [
            {"by": None if one.side == NOBODY else SIDES[one.side], "how": one.how, **change(found, int(own[one.at]))}
            for one in ends(found.transitions[own], bool(client_is_1))
        ]
        first = told[0] if told else None
        sockets = {
            name: connection[name] for name in ("client_address", "client_port", "server_address", "server_port")
        }
        yield {
            "connection": connection["connection"],
            **sockets,
            "outcome": connection["outcome"],
            "ended_by": "none" if first is None else first["by"] or "unknown",
            "first": first,
            "then": told[1] if len(told) > 1 else None,
            "client_state": connection["client_state"],
            "server_state": connection["server_state"],
        }
