"""Rows of netstat as people read them, or exactly as one system's netstat prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..addresses import IPV4_MAPPED
from ..application.hints import GUESS
from ..names.host_names import short
from ..names.services import TCP as SERVICES
from ..names.services import UDP as UDP_SERVICES
from ..rows import Rows
from ..sockets.annotations import Annotations
from ..sockets.columns import LEAST, PROTOCOLS
from ..sockets.rows import NOBODY, TCP, SocketRows
from ..sockets.table import table_of, values
from ..table import NUMBER, SOCKET, WORD, Column, Table
from ..tcp.states import State
from ..wording.languages import translate
from ..wording.styles import Style, process_text, protocol_text
from .reading_aids import Manner, readable

WITHOUT_QUEUES = (State.LISTEN, State.SYN_RECEIVED, State.TIME_WAIT)
"""States for which systems show empty queues, whatever is in flight."""
UNOWNED = "Can not obtain ownership information"
"""Windows' -b for a socket of an unknown program."""


class Wording(NamedTuple):
    """How rows of netstat are written for people."""

    manner: Manner
    names: bool
    """Hosts and ports have names; else numbers."""
    full_names: bool
    """Fully qualified names, not just their first labels."""
    exact: bool = False
    """Exactly as the system's netstat prints them, for scripts."""
    shared: frozenset[str] = frozenset()
    """First labels of several names in the table, which are written in full."""

    @property
    def local_names(self) -> bool:
        """Whether local hosts have names: Windows' netstat names foreign ones only."""
        return self.names and self.manner.style.name != "windows"

    def host(self, name: str) -> str:
        """Return a host's name as the table shows it."""
        label = short(name)
        return name if self.full_names or label in self.shared else label


def for_people(rows: SocketRows, names: tuple[str, ...], notes: Annotations, wording: Wording) -> Table:
    """Return the rows with these columns, as people read them.

    Besides those of ``COLUMNS`` there are ``local`` and ``foreign``, an address and port in one, and ``process`` and
    ``recv_queue``, as netstat on Linux and macOS has them.
    """

    if wording.names and not wording.full_names and not {"local", "foreign"}.isdisjoint(names):
        wording = wording._replace(shared=_shared(rows, notes, wording))

    def shown(part: SocketRows) -> Iterator[tuple[Column, Any]]:
        for name in names:
            column, found = _for_people(part, name, notes, wording)
            yield column._replace(title=translate(column.title, wording.manner.lang)), found

    return table_of(rows, shown)


def _shared(rows: SocketRows, notes: Annotations, wording: Wording) -> frozenset[str]:
    """Return the first labels that several hosts of the rows share."""
    named: dict[str, str] = {}
    shared: set[str] = set()
    for part in rows.parts():
        names = set(notes.foreign_name(part)[0])
        if wording.local_names:
            names.update(notes.local_name(part)[0])
        shared.update(label for name in names if name and named.setdefault(label := short(name), name) != name)
    return frozenset(shared)


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


def _for_people(rows: SocketRows, name: str, notes: Annotations, wording: Wording) -> tuple[Column, Any]:
    style = wording.manner.style
    title = next((one.title for one in (*style.titles, style.process) if one.column == name), "")
    if wording.exact and (known := _exact(rows, name, notes, style)) is not None:
        return known[0]._replace(title=title), known[1]
    if name == "proto":
        words = tuple(protocol_text(style, protocol, ipv6) for protocol in PROTOCOLS for ipv6 in (False, True))
        return Column(name, title, WORD, words), 2 * rows.proto + rows.ipv6
    if name in ("local", "foreign"):
        return _socket(rows, name, title, notes, wording)
    if name == "process":
        programs, which = notes.program(rows)
        pairs, found = np.unique(np.stack([notes.pid(rows), which], axis=1), axis=0, return_inverse=True)
        texts = tuple(_process(style, pid, programs[one]) for pid, one in pairs.tolist())
        return Column(name, title, WORD, texts or ("",), nothing="-", least=LEAST), found.reshape(-1)
    if name == "recv_queue":
        # No packet tells how much the application has not read yet.
        return Column(name, title, WORD, ("-",), nothing="-"), 0
    column, given = values(rows, name, notes)
    return readable(column._replace(title=title or column.title), given, wording.manner)


def _process(style: Style, pid: int, program: str | None) -> str:
    return process_text(style, pid, program) if pid != NOBODY else program or "-"


def _socket(rows: SocketRows, name: str, title: str, notes: Annotations, wording: Wording) -> tuple[Column, Any]:
    """Return the column of addresses with ports; its words are names, services, and the sign for any."""
    style = wording.manner.style
    high, low, port = rows.local if name == "local" else rows.foreign
    hosts = np.full(len(rows), -1, dtype=np.int64)
    words: list[str | None] = []
    if wording.names if name == "foreign" else wording.local_names:
        names, hosts = notes.foreign_name(rows) if name == "foreign" else notes.local_name(rows)
        words += [None if one is None else wording.host(one) for one in names]
        hosts = np.where(np.array([one is None for one in names])[hosts], -1, hosts)
    if style.any_host is not None:
        any_host = (hosts < 0) & (high == 0) & ((low == 0) | (low == IPV4_MAPPED))
        hosts[any_host] = len(words)
        words.append(style.any_host)
    ports = np.full(len(rows), -1, dtype=np.int64)
    udp = rows.proto != TCP
    if wording.names:
        known, which = np.unique(port.astype(np.int64) << 1 | udp, return_inverse=True)
        found = [(UDP_SERVICES if one & 1 else SERVICES).get(one >> 1) for one in known.tolist()]
        places = [-1 if text is None else len(words) + at for at, text in enumerate(found)]
        ports = np.array(places, dtype=np.int64)[which]
        words += found
    ports[port == 0] = len(words)
    words.append(style.any_port)
    if name == "foreign" and style.any_udp is not None:
        # A socket of UDP has no peer.
        alone = udp & (rows.endpoint < 0)
        host, _, any_port = style.any_udp.rpartition(style.before_port)
        hosts[alone], ports[alone] = len(words), len(words) + 1
        words += [host, any_port]
    column = Column(
        name, title, SOCKET, tuple(words), nothing="-", before_port=style.before_port, brackets=style.brackets
    )
    return column, (high, low, port, hosts, ports)


def _exact(rows: SocketRows, name: str, notes: Annotations, style: Style) -> tuple[Column, Any] | None:
    """Return a column as a system prints it, and its values; None if that is no different from the usual column."""
    if name == "recv_queue":
        return Column(name, "", NUMBER), 0
    if name == "send_queue":
        waiting = np.maximum(rows.values("send_queue"), 0)
        return Column(name, "", NUMBER), np.where(np.isin(rows.state, WITHOUT_QUEUES), 0, waiting)
    if name == "process":
        return _exact_processes(rows, notes, style)
    if name == "program" and style.name == "windows":
        words, which = notes.program(rows)
        return Column(name, "", WORD, tuple(map(_in_brackets, words))), which
    return None


def _exact_processes(rows: SocketRows, notes: Annotations, style: Style) -> tuple[Column, Rows]:
    """Return process and program in one column: a dash without a known process, whatever the packets hint."""
    programs, which = notes.program(rows)
    pairs, found = np.unique(np.stack([notes.pid(rows), which], axis=1), axis=0, return_inverse=True)
    texts = tuple(process_text(style, None if pid == NOBODY else pid, programs[one]) for pid, one in pairs.tolist())
    return Column("process", "", WORD, texts or ("-",), nothing="-"), found.reshape(-1)


def _in_brackets(program: str | None) -> str:
    if program is None:
        return UNOWNED
    return program if program.startswith(GUESS) else f"[{program}]"
