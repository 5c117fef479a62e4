"""Rows of netstat as a table: with the columns that programs get, or as one system's netstat prints them."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..names.services import service
from ..wording.languages import translate
from ..wording.styles import Style, endpoint_text, no_peer_text, process_text, protocol_text
from .annotations import Annotations
from .netstat import NOBODY, TCP, Netstat
from .netstat_columns import COLUMNS, NAMES
from .perspective import address
from .reading_aids import Manner, readable
from .table import WORD, Column, Table, cells, worded


class Wording(NamedTuple):
    """How rows of netstat are written for people."""

    manner: Manner
    names: bool
    """Names for hosts and ports; else numbers."""
    full_names: bool
    """Fully qualified names, not just their first labels."""


def values(rows: Netstat, name: str, notes: Annotations) -> tuple[Column, Any]:
    """Return a column by its name, and its values; a column of words comes with those that it has."""
    column = COLUMNS[name]
    if name == "pid":
        return column, notes.pid(rows)
    if name == "program":
        words, found = worded(notes.program(rows))
    elif name in NAMES:
        words, found = worded(notes.local_name(rows) if name == "local_name" else notes.foreign_name(rows))
    else:
        return column, rows.values(name)
    return column._replace(words=words), found


def for_programs(rows: Netstat, names: tuple[str, ...], notes: Annotations) -> Table:
    """Return the rows with these columns, as programs get them."""
    found = [values(rows, name, notes) for name in names]
    columns = tuple(column for column, _ in found)
    given = {column.name: value for column, value in found}
    return Table(columns, iter([cells(columns, len(rows), **given)]))


def for_people(rows: Netstat, names: tuple[str, ...], notes: Annotations, wording: Wording) -> Table:
    """Return the rows with these columns, as people read them.

    Besides those of ``COLUMNS`` there are ``local`` and ``foreign``, an address and port in one, and ``process`` and
    ``recv_queue``, as netstat on Linux and macOS has them.
    """
    given: dict[str, Any] = {}
    columns = []
    for name in names:
        column, given[name] = _for_people(rows, name, notes, wording)
        columns.append(column._replace(title=translate(column.title, wording.manner.lang)))
    return Table(tuple(columns), iter([cells(tuple(columns), len(rows), **given)]))


def titles(style: Style, process: bool, program: bool, both: bool) -> tuple[str, ...]:
    """Return the names of the columns that a system's netstat prints, and those that options add."""
    names = [title.column for title in style.titles]
    if both:
        names.append("foreign_state")
    if process or (program and style.process.column == "process"):
        names.append(style.process.column)
    if program and style.process.column != "process":
        names.append("program")
    return tuple(names)


def _for_people(rows: Netstat, name: str, notes: Annotations, wording: Wording) -> tuple[Column, Any]:
    style = wording.manner.style
    title = next((one.title for one in (*style.titles, style.process) if one.column == name), "")
    texts: list[str | None]
    if name == "proto":
        protocols = ("tcp", "udp")
        texts = [
            protocol_text(style, protocols[proto], bool(six))
            for proto, six in zip(rows.proto.tolist(), rows.ipv6.tolist(), strict=True)
        ]
    elif name in ("local", "foreign"):
        texts = [*_endpoints(rows, name, notes, wording)]
    elif name == "process":
        pids, programs = notes.pid(rows).tolist(), notes.program(rows)
        texts = [
            process_text(style, None if pid == NOBODY else pid, program) if pid != NOBODY else program or "-"
            for pid, program in zip(pids, programs, strict=True)
        ]
    elif name == "recv_queue":
        # What the application has not read yet: no packet tells.
        texts = ["-"] * len(rows)
    else:
        column, found = values(rows, name, notes)
        return readable(column._replace(title=title or column.title), found, wording.manner)
    words, found = worded(texts)
    return Column(name, title, WORD, words, nothing="-"), found


def _endpoints(rows: Netstat, name: str, notes: Annotations, wording: Wording) -> list[str]:
    style = wording.manner.style
    where = rows.local if name == "local" else rows.foreign
    high, low, ports = (one.tolist() for one in where)
    known: dict[tuple[int, int], str] = {}
    for one in dict.fromkeys(zip(high, low, strict=True)):
        known[one] = str(address(*one))
    names: list[str | None] = [None] * len(rows)
    # Windows' netstat names foreign hosts only.
    if wording.names and (name == "foreign" or style.name != "windows"):
        names = notes.foreign_name(rows) if name == "foreign" else notes.local_name(rows)
    texts = []
    protocols = ("tcp", "udp")
    for one, port, host, endpoint, proto, six in zip(
        zip(high, low, strict=True), ports, names, rows.endpoint.tolist(), rows.proto.tolist(), rows.ipv6.tolist(),
        strict=True,
    ):  # fmt: skip
        if name == "foreign" and endpoint < 0:
            texts.append(no_peer_text(style, protocols[proto], six))
            continue
        if host is not None and not wording.full_names:
            host = host.partition(".")[0]
        port_text = (service(port, proto != TCP) if wording.names else None) or str(port)
        # Within one connection the families can differ: ::ffff:10.0.0.1 is written as IPv4.
        texts.append(endpoint_text(style, host or known[one], port_text, ":" in known[one]))
    return texts
