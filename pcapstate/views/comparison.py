"""Two captures, compared: one line per connection, or the pairs of states of all over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..comparing import fates as f
from ..comparing.comparison import Comparison
from ..comparing.pairs import PROOFS, VERDICTS
from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..query.selection import Choice
from ..rows import Rows
from ..table import (
    ADDRESS,
    DURATION,
    ENDPOINT_ADDRESS,
    NEVER,
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
from ..tcp.states import STATES, State
from .reading_aids import Manner, in_language, readable

CAPTURES = ("first", "second")
TRANSLATED = (None, "client", "server", "both")
PLACES = (
    Column("connection", "Conn", NUMBER_OR_NOTHING, nothing="-"),
    Column("other_connection", "Conn 2", NUMBER_OR_NOTHING, nothing="-", rank=2),
    Column("client_address", "Client Address", ADDRESS),
    Column("client_port", "Client Port", NUMBER),
    Column("server_address", "Server Address", ADDRESS),
    Column("server_port", "Server Port", NUMBER),
)
STATE_COLUMNS = (
    Column("client_state", "Client State", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("pair", "Pair", WORD, VERDICTS, rank=1),
)
PACKETS = (
    Column("client_sent", "Sent >", NUMBER, rank=5),
    Column("server_sent", "Sent <", NUMBER, rank=5),
    Column("client_lost", "Lost >", NUMBER, rank=1),
    Column("server_lost", "Lost <", NUMBER, rank=1),
    Column("client_not_captured", "Not Captured >", NUMBER, rank=4),
    Column("server_not_captured", "Not Captured <", NUMBER, rank=4),
    Column("client_not_sent", "Not Sent >", NUMBER, rank=3),
    Column("server_not_sent", "Not Sent <", NUMBER, rank=3),
    Column("client_repeated", "Repeated >", NUMBER, rank=3),
    Column("server_repeated", "Repeated <", NUMBER, rank=3),
    Column("client_reordered", "Reordered >", NUMBER, rank=4),
    Column("server_reordered", "Reordered <", NUMBER, rank=4),
    Column("client_changed", "Changed >", NUMBER, rank=2),
    Column("server_changed", "Changed <", NUMBER, rank=2),
)
TRANSITS = (
    Column("client_transit_least", "Least Transit >", DURATION, nothing="-", rank=4),
    Column("server_transit_least", "Least Transit <", DURATION, nothing="-", rank=4),
    Column("client_transit_median", "Transit >", DURATION, nothing="-", rank=4),
    Column("server_transit_median", "Transit <", DURATION, nothing="-", rank=4),
    Column("client_transit_most", "Most Transit >", DURATION, nothing="-", rank=4),
    Column("server_transit_most", "Most Transit <", DURATION, nothing="-", rank=4),
)
COLUMNS = (
    *PLACES,
    Column("client_capture", "Client In", WORD, CAPTURES),
    *STATE_COLUMNS,
    Column("since", "Since", TIME),
    *PACKETS,
    *TRANSITS,
    Column("translated", "NAT", WORD, TRANSLATED, nothing="-", rank=2),
    Column("other_client_address", "Client Address 2", ADDRESS),
    Column("other_client_port", "Client Port 2", NUMBER),
    Column("other_server_address", "Server Address 2", ADDRESS),
    Column("other_server_port", "Server Port 2", NUMBER),
)
SOCKETS = (Column("client", "Client", ENDPOINT_ADDRESS), Column("server", "Server", ENDPOINT_ADDRESS))
"""What people are shown in place of addresses and ports."""
BY_NAME = {column.name: column for column in (*COLUMNS, *SOCKETS)}
PEOPLE = (
    *("connection", "other_connection", "client", "server", "client_state", "server_state", "pair"),
    *("client_lost", "server_lost", "client_transit_median", "server_transit_median", "translated"),
)
PAIR_COLUMNS = (
    *PLACES,
    Column("from", "From", TIME),
    Column("until", "Until", TIME),
    Column("duration", "Duration", DURATION),
    *STATE_COLUMNS,
    Column("client_packet", "Packet >", NUMBER_OR_NOTHING, nothing="-"),
    Column("server_packet", "Packet <", NUMBER_OR_NOTHING, nothing="-"),
    Column("client_known", "Client Known", WORD, PROOFS, nothing="-", rank=2),
    Column("server_known", "Server Known", WORD, PROOFS, nothing="-", rank=2),
    Column("client_packet_in", "Client Packet In", WORD, CAPTURES),
    Column("server_packet_in", "Server Packet In", WORD, CAPTURES),
)
PAIRS_BY_NAME = {column.name: column for column in (*PAIR_COLUMNS, *SOCKETS)}
PAIRS_PEOPLE = (
    *("connection", "from", "until", "client_state", "server_state", "pair", "client_packet", "server_packet"),
    *("client_known", "server_known"),
)
Values = Callable[[str], Any]


def fields_of(columns: Sequence[Column], read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: columns, and those that mean either end; ``read`` reads times."""
    found = plain_fields(columns, read)
    for end in ("client", "server"):
        found[end] = Field(Kind.ADDRESS, (f"{end}_address",))
        found[f"{end}_port"] = Field(Kind.PORT, (f"{end}_port",))
    return {
        **found,
        "state": Field(Kind.STATE, ("client_state", "server_state"), STATES),
        "host": Field(Kind.ADDRESS, ("client_address", "server_address")),
        "port": Field(Kind.PORT, ("client_port", "server_port")),
    }


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of a table of connections."""
    return fields_of(COLUMNS, read)


def pair_fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of a table of pairs of states."""
    return fields_of(PAIR_COLUMNS, read)


def view(
    of: Comparison, at: int | None, names: Sequence[str] | None, manner: Manner | None, choose: Choice | None
) -> Table:
    """Return the connections, with both states at a moment (ns since the epoch; None: at the end).

    ``names``: of the columns; ``manner``: as people read it; None for programs.
    """
    names = names or (tuple(column.name for column in COLUMNS) if manner is None else PEOPLE)
    told = Connections(of, at)
    return laid_out(BY_NAME, names, told.rows, told.values, manner, choose)


def view_of_pairs(
    of: Comparison, names: Sequence[str] | None, manner: Manner | None, choose: Choice | None, connection: int | None
) -> Table:
    """Return the pairs of states over time, of all connections or of one (of the first capture)."""
    names = names or (tuple(column.name for column in PAIR_COLUMNS) if manner is None else PAIRS_PEOPLE)
    rows = np.arange(len(of.pairs.since))
    if connection is not None:
        rows = rows[of.joined.numbers[0][of.pairs.connection] == connection]
    places = Places(of)
    return laid_out(PAIRS_BY_NAME, names, rows, lambda some: _PairRows(of, places, some).value, manner, choose)


def laid_out(
    by_name: dict[str, Column],
    names: Sequence[str],
    rows: Rows,
    values: Callable[[Rows], Values],
    manner: Manner | None,
    choose: Choice | None,
) -> Table:
    """Return rows as a table; ``values`` gives the columns of some of them."""
    chosen = rows if choose is None else rows[choose(lambda part: values(rows[part]), len(rows))]
    columns = tuple(by_name[name] for name in names)

    def batch(some: Rows) -> Batch:
        value = values(some)
        shown, given = [], {}
        for column in columns:
            one, given[column.name] = column, value(column.name)
            if manner is not None:
                one, given[column.name] = readable(column, given[column.name], manner)
            shown.append(one)
        words = tuple(shown) if manner is None else in_language(shown, manner.lang)
        return Batch(words, cells(words, len(some), **given))

    def batches() -> Iterator[Batch]:
        for part in slices(len(chosen)):
            yield batch(chosen[part])

    return Table(batch(chosen[:0]).columns, Batches(batches))


class Places:
    """The addresses of some connections (of ``Joined``), as the first capture has them, or else the second."""

    def __init__(self, of: Comparison) -> None:
        joined = of.joined
        first, second = ([joined.places(of.reads, which, joined.client ^ role) for role in (0, 1)] for which in (0, 1))
        alone = (joined.rows[0] < 0, joined.rows[1] < 0)
        self.first = [_either(alone[0], other, one) for one, other in zip(first, second, strict=True)]
        self.second = [_either(alone[1], one, other) for one, other in zip(first, second, strict=True)]
        differs = [_unlike(one, other) for one, other in zip(self.first, self.second, strict=True)]
        self.translated = np.where(differs[0], np.where(differs[1], 3, 1), np.where(differs[1], 2, 0))

    def value(self, name: str, connections: Rows) -> Any:
        """Return addresses or ports by the name of a column."""
        places = self.second if name.startswith("other_") else self.first
        end, _, part = name.removeprefix("other_").partition("_")
        high, low, port = (one[connections] for one in places[("client", "server").index(end)])
        return {"address": (high, low), "port": port, "": (high, low, port)}[part]


def _either(alone: Rows, one: tuple[Rows, ...], other: tuple[Rows, ...]) -> tuple[Rows, ...]:
    return tuple(np.where(alone, a, b) for a, b in zip(one, other, strict=True))


def _unlike(one: tuple[Rows, ...], other: tuple[Rows, ...]) -> Rows:
    found: Rows = np.logical_or.reduce([a != b for a, b in zip(one, other, strict=True)])
    return found


ENDS = ("client", "server")
PLACE_NAMES = frozenset(
    f"{which}{end}{part}" for which in ("", "other_") for end in ENDS for part in ("", "_address", "_port")
)


class Connections:
    """The columns of the connections of a comparison, as of a moment."""

    def __init__(self, of: Comparison, at: int | None) -> None:
        self.rows = of.shown
        self._of, self._places = of, Places(of)
        count = len(of.joined.turned)
        self._counts = _counts(of, count)
        self._transits = _transits(of, count)
        self._states, self._verdict, self._since = _at(of, at, count)

    def values(self, rows: Rows) -> Values:
        """Return what gives the columns of some connections."""
        return lambda name: self._value(name, rows)

    def _value(self, name: str, rows: Rows) -> Any:
        joined = self._of.joined
        if name in PLACE_NAMES:
            return self._places.value(name, rows)
        if name in ("connection", "other_connection"):
            return joined.numbers[name != "connection"][rows]
        if name == "translated":
            return self._places.translated[rows]
        if name == "client_capture":
            return (self._of.places.near != joined.client).astype(np.int64)[rows]
        if name == "pair":
            return self._verdict[rows]
        if name == "since":
            return self._since[rows]
        end, _, what = name.partition("_")
        role = ENDS.index(end)
        if what == "state":
            return self._states[role][rows]
        ends = 2 * rows + (joined.client[rows] ^ role)
        return (self._transits if what.startswith("transit") else self._counts)[what][ends]


def _counts(of: Comparison, count: int) -> dict[str, Rows]:
    """Return how many packets of each end fared how."""
    told = of.fates

    def number(chosen: Rows) -> Rows:
        return np.bincount(told.ends[chosen], minlength=2 * count)

    return {
        "sent": number(told.rows[0] >= 0) - number(told.fate == f.REPEATED),
        "lost": number(told.fate == f.LOST),
        "not_captured": number(told.fate == f.MISSED),
        "not_sent": number(told.fate == f.UNSENT),
        "repeated": number(told.fate == f.REPEATED),
        "reordered": number(told.reordered),
        "changed": number(told.changed > 0),
    }


def _transits(of: Comparison, count: int) -> dict[str, Rows]:
    told = of.fates
    there = np.flatnonzero(told.fate == f.DELIVERED)
    order = there[np.lexsort((told.transit[there], told.ends[there]))]
    ends, transit = told.ends[order], told.transit[order]
    starts = np.flatnonzero(np.diff(ends, prepend=-1))
    counts = np.diff(np.append(starts, len(ends)))
    found = {}
    for name, at in (("least", starts), ("median", starts + (counts - 1) // 2), ("most", starts + counts - 1)):
        found[f"transit_{name}"] = np.full(2 * count, -1, dtype=np.int64)
        found[f"transit_{name}"][ends[starts]] = transit[at]
    return found


def _at(of: Comparison, at: int | None, count: int) -> tuple[list[Rows], Rows, Rows]:
    """Return both states of each connection at a moment, the verdict, and since when the pair is that."""
    pairs = of.pairs
    states = [np.full(count, int(State.UNKNOWN)) for _ in ENDS]
    verdict, since = np.full(count, VERDICTS.index("unknown")), np.full(count, NEVER)
    chosen = np.arange(len(pairs.since)) if at is None else np.flatnonzero(pairs.since <= at)
    # Of those of a connection the last one is written last.
    where = pairs.connection[chosen]
    for role in (0, 1):
        states[role][where] = pairs.states[role][chosen]
    verdict[where], since[where] = pairs.verdict[chosen], pairs.since[chosen]
    return states, verdict, since


class _PairRows:
    """The columns of some pairs of states."""

    def __init__(self, of: Comparison, places: Places, rows: Rows) -> None:
        self._of, self._places, self._rows = of, places, rows

    def value(self, name: str) -> Any:
        """Return the values of a column by its name."""
        pairs, rows = self._of.pairs, self._rows
        connections = pairs.connection[rows]
        if name in PLACE_NAMES:
            return self._places.value(name, connections)
        if name in ("connection", "other_connection"):
            return self._of.joined.numbers[name != "connection"][connections]
        if name in ("from", "until"):
            return (pairs.since if name == "from" else pairs.until)[rows]
        if name == "duration":
            return pairs.until[rows] - pairs.since[rows]
        if name == "pair":
            return pairs.verdict[rows]
        end, _, what = name.partition("_")
        role = ENDS.index(end)
        if what == "packet":
            numbers = pairs.packets[role][rows]
            return np.where(numbers == 0, -1, numbers)
        if what == "packet_in":
            return pairs.second[role][rows].astype(np.int64)
        return {"state": pairs.states, "known": pairs.proofs}[what][role][rows]
