"""What a host says of its sockets beside what the packets say: a row for each socket, and how many agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..findings.finding import Text
from ..hosts_word.comparing import AGREES, VERDICTS, Compared, count
from ..hosts_word.reasons import CHANGED_BEFORE, CHANGED_LATER, CODES
from ..query.column_fields import ReadTime, plain_fields
from ..query.fields import Field, Kind
from ..query.selection import Choice
from ..rows import Rows
from ..table import (
    ADDRESS,
    ALARM,
    CAUTION,
    NUMBER,
    NUMBER_OR_NOTHING,
    PLAIN,
    SOCKET,
    WORD,
    Column,
    Table,
    cells,
    single,
    worded,
)
from ..tcp.machine import Certainty
from ..tcp.states import STATES
from ..wording.counts import Count
from ..wording.languages import translate
from .reading_aids import Manner, readable

NONE = len(STATES)
CERTAINTIES = (*(one.word for one in Certainty), None)
LEAST = 16
"""Columns of a terminal that texts are cut to."""

COLUMNS = {
    column.name: column
    for column in (
        Column("verdict", "Verdict", WORD, VERDICTS, tones=(PLAIN, ALARM, CAUTION, CAUTION)),
        Column("proto", "Proto", WORD, ("tcp", "udp")),
        Column("local_address", "Local Address", ADDRESS),
        Column("local_port", "Local Port", NUMBER),
        Column("foreign_address", "Foreign Address", ADDRESS),
        Column("foreign_port", "Foreign Port", NUMBER),
        Column("host_state", "Host", WORD, (*STATES, None), nothing="-"),
        Column("packet_state", "Packets", WORD, (*STATES, None), nothing="-"),
        Column("reason", "Reason", WORD, (*CODES, None), nothing="-"),
        Column("why", "Why", WORD, (None,), nothing="-", least=LEAST),
        Column("pid", "PID", NUMBER_OR_NOTHING, nothing="-"),
        Column("program", "Program", WORD, (None,), nothing="-", least=LEAST),
        Column("connection", "Conn", NUMBER_OR_NOTHING, nothing="-"),
        Column("packet", "Packet", NUMBER_OR_NOTHING, nothing="-"),
        Column("certainty", "Certainty", WORD, CERTAINTIES, nothing="-"),
    )
}
"""All columns by name, in the order of programs."""
PEOPLE = ("verdict", "proto", "local", "foreign", "host_state", "packet_state", "connection", "why")
SOCKETS = {
    "local": Column("local", "Local Address", SOCKET),
    "foreign": Column("foreign", "Foreign Address", SOCKET),
}


def fields(read: ReadTime) -> dict[str, Field]:
    """Return the fields of ``--filter``: the columns, and those for either end or either state."""
    found = plain_fields(COLUMNS.values(), read)
    for name in ("local_port", "foreign_port"):
        found[name] = Field(Kind.PORT, (name,))
    return {
        **found,
        "state": Field(Kind.STATE, ("host_state", "packet_state"), (*STATES, None)),
        "host": Field(Kind.ADDRESS, ("local_address", "foreign_address")),
        "port": Field(Kind.PORT, ("local_port", "foreign_port")),
    }


def chosen(rows: Sequence[Compared], choose: Choice | None, lang: str) -> list[Compared]:
    """Return the rows that a selection chooses, in its order."""
    if choose is None:
        return list(rows)

    def look_up(part: slice) -> Callable[[str], Any]:
        def compared_to(name: str) -> Any:
            column, found = values(rows[part], name, lang)
            return (column.words, found) if name in ("why", "program") else found

        return compared_to

    return [rows[at] for at in choose(look_up, len(rows)).tolist()]


def view(rows: Sequence[Compared], names: Iterable[str] | None, lang: str) -> Table:
    """Return the rows with these columns, as programs get them; ``lang``: of the sentences."""
    return _table(values(rows, name, lang) for name in names or COLUMNS)


def view_for_people(rows: Sequence[Compared], names: Iterable[str] | None, manner: Manner) -> Table:
    """Return the rows with these columns, as people read them."""

    def shown(name: str) -> tuple[Column, Any]:
        if name in SOCKETS:
            column, found = _socket(rows, name, manner)
        else:
            column, found = values(rows, name, manner.lang)
        if name in ("verdict", "reason", "certainty", "proto"):
            words = tuple(one if one is None else translate(str(one), manner.lang) for one in column.words)
            column = column._replace(words=words)
        else:
            column, found = readable(column, found, manner)
        return column._replace(title=translate(column.title, manner.lang)), found

    return _table(shown(name) for name in names or PEOPLE)


def _table(parts: Iterable[tuple[Column, Any]]) -> Table:
    found = list(parts)
    columns = tuple(column for column, _ in found)
    size = max((len(given[0] if isinstance(given, tuple) else given) for _, given in found), default=0)
    return single(columns, cells(columns, size, **{column.name: given for column, given in found}))


def values(rows: Sequence[Compared], name: str, lang: str) -> tuple[Column, Any]:
    """Return a column by its name, and its values."""
    column = COLUMNS[name]
    end, _, part = name.partition("_")
    if end in ("local", "foreign"):
        places = [getattr(one, end) for one in rows]
        if part == "port":
            return column, _numbers(port for _, port in places)
        return column, (_numbers(place[0][0] for place in places), _numbers(place[0][1] for place in places))
    if name in ("why", "program"):
        words, found = worded([_text(one, name, lang) for one in rows])
        return column._replace(words=words), found
    return column, _numbers(VALUES[name](one) for one in rows)


def _text(one: Compared, name: str, lang: str) -> str | None:
    if name == "why":
        return None if one.why is None else one.why.told(lang)
    return None if one.host is None else one.host.program


def _socket(rows: Sequence[Compared], name: str, manner: Manner) -> tuple[Column, Any]:
    """Return the column of an end as the style's netstat has it."""
    style, places = manner.style, [getattr(one, name) for one in rows]
    high, low = (_numbers(place[0][half] for place in places) for half in (0, 1))
    port = _numbers(place[1] for place in places)
    words: list[str | None] = [style.any_port]
    column = SOCKETS[name]._replace(words=tuple(words), before_port=style.before_port, brackets=style.brackets)
    return column, (high, low, port, np.full(len(rows), -1), np.where(port == 0, 0, -1))


def _numbers(given: Iterable[int]) -> Rows:
    return np.fromiter(given, dtype=np.int64)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else int(value)


VALUES: dict[str, Callable[[Compared], int]] = {
    "verdict": lambda one: one.verdict,
    "proto": lambda one: int(one.udp),
    "host_state": lambda one: NONE if one.host is None else _or(one.host.state, NONE),
    "packet_state": lambda one: _or(one.packet_state, NONE),
    "reason": lambda one: len(CODES) if one.reason is None else CODES.index(one.reason),
    "pid": lambda one: -1 if one.host is None else _or(one.host.pid, -1),
    "connection": lambda one: _or(one.connection, -1),
    "packet": lambda one: _or(one.packet, -1),
    "certainty": lambda one: _or(one.certainty, len(Certainty)),
}


def summary(rows: Sequence[Compared], lang: str) -> str:
    """Return in one line how many rows agree, and how many do not for which reason."""
    counts = count(list(rows))
    fields = {"agree": Count(counts[AGREES]), "all": Count(len(rows))}
    moment = sum(one.reason in (CHANGED_LATER, CHANGED_BEFORE) for one in rows)
    parts = [Text("{agree} of {all:row|rows} agree", fields)]
    parts += [
        Text(template, {"count": Count(counts[verdict])})
        for verdict, template in enumerate(
            ("", "{count:differs|differ}", "{count} only the host has", "{count} only the packets have")
        )
        if template and counts[verdict]
    ]
    if moment:
        parts.append(Text("{count} of these changed around the moment", {"count": Count(moment)}))
    whole = parts[0]
    for one in parts[1:]:
        whole = Text("{one}, {more}", {"one": whole, "more": one})
    return whole.told(lang)
