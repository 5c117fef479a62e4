"""The names of hosts and the programs beside rows of netstat."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from ..addresses import IPV4_MAPPED, Address, is_ipv4
from ..application.data import ApplicationData
from ..application.hints import GUESS, Hint, hint, server_names
from ..compaction import endpoints_after
from ..hosts_word.host_socket import HostSocket
from ..hosts_word.owners import Owners
from ..names.book import NameBook, halves, whole
from ..names.resolver import resolve
from ..names.services import TCP as SERVICES
from ..names.services import UDP
from ..processes.watcher import Processes
from ..rows import Rows, among, unique
from ..sources.process_blocks import Process
from ..table import NEVER, slices, worded
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.sides import where
from .columns import BY_CAPTURE, BY_HOST, NO_SOURCE
from .rows import CLIENT, NOBODY, TCP, SocketRows

Words = tuple[tuple[str | None, ...], Rows]
"""Texts, and an index into them for each row."""
Halves = tuple[Rows, Rows]
"""The high and the low bits of addresses."""

ASKED_BY_NAME = 4
"""Connections to an address without a name that are searched for the name by which they asked for the server."""


class Annotations:
    """Names and programs for rows of netstat, from all that was gathered; unknown ones are None.

    ``resolver``: this machine's resolver is asked for names that the capture does not tell. ``hints``: a hint at the
    application, from the packets, stands in for an unknown program. ``told``: what the host itself says, where the
    capture names no process.
    """

    def __init__(
        self,
        processes: Processes | None = None,
        data: ApplicationData | None = None,
        names: NameBook | None = None,
        resolver: bool = False,
        hints: bool = True,
        told: Owners | None = None,
    ) -> None:
        self._hints, self._told = hints, told
        self._owners, self._data, self._names, self._resolver = processes, data, names, resolver
        self._hinted = np.zeros(0, dtype=np.int64)
        self._asked: set[Address] = set()
        self._prepared: dict[bool, SocketRows] = {}
        self._listening: tuple[SocketRows, dict[tuple[int, ...], list[Rows]]] | None = None

    def moved(self, kept: Rows) -> None:
        """Follow the table, which evicted connections: its row n is the former row ``kept[n]``."""
        hinted = endpoints_after(kept, 2 * self._hinted)
        self._hinted = hinted[hinted >= 0] // 2
        self._prepared.clear()
        self._listening = None

    # --- programs

    def pid(self, rows: SocketRows) -> Rows:
        """Return the number of each row's process, or -1."""
        if not self._any_process:
            return np.full(len(rows), NOBODY, dtype=np.int64)
        found = self._processes(rows)
        return np.array([NOBODY if one is None or one.pid is None else one.pid for one in found], dtype=np.int64)

    def program(self, rows: SocketRows) -> Words:
        """Return each row's program: its process, or behind "?" a hint at the application."""
        hints = self._data is not None and self._hints
        if not self._any_process and not hints:
            return no_words(rows)
        found = [None if one is None else _no_guess(one.name) or None for one in self._processes(rows)]
        if not hints:
            return worded(found)
        assert self._data is not None
        clients = rows.values("role") == CLIENT
        # The server's port names the service: the foreign one if this end is the client.
        ports = np.where(clients, rows.foreign[2], rows.local[2]).astype(np.int64)
        # The client's side: this row's own, or the other one.
        sides = np.where(rows.endpoint < 0, 0, rows.endpoint & 1 ^ ~clients & 1)
        udp = rows.proto != TCP
        # Rows with nothing but a port are alike if the port is the same.
        ends = np.where(self._data.told(rows.row), rows.row, NOBODY)
        sides[ends < 0] = 0
        asked = np.stack([ends, sides, ports, udp], axis=1)
        different, which = np.unique(asked, axis=0, return_inverse=True)
        texts = [self._hint(*one) for one in different.tolist()]
        return worded([name or texts[at] for name, at in zip(found, which.reshape(-1).tolist(), strict=True)])

    def source(self, rows: SocketRows) -> Rows:
        """Return who tells of each row's process, or of a port that no packet shows: an index into SOURCES."""
        if not self._any_process:
            return np.full(len(rows), NO_SOURCE, dtype=np.int64)
        captured = self._captured(rows)
        both = zip(captured, self._of_host(rows), rows.told.tolist(), strict=True)
        return np.array(
            [
                BY_CAPTURE if one is not None else BY_HOST if port or (other and other.owned) else NO_SOURCE
                for one, other, port in both
            ],
            dtype=np.int64,
        )

    @property
    def _any_process(self) -> bool:
        return self._told is not None or (self._owners is not None and self._owners.any)

    def _hint(self, connection: int, side: int, port: int, udp: int) -> str | None:
        assert self._data is not None
        found: Hint | None
        if udp:
            found = Hint(UDP[port], "", "", "port") if port in UDP else None
        else:
            found = hint(self._data, connection, side, port) if connection >= 0 else None
            if found is None and port in SERVICES:
                found = Hint(SERVICES[port], "", "", "port")
        return None if found is None else found.text

    def _processes(self, rows: SocketRows) -> list[Process | None]:
        """Return the process of each row: as the capture names it, or else the host."""
        found = self._captured(rows)
        if self._told is None:
            return found
        return [
            one if one is not None or other is None or not other.owned else Process(other.pid, other.program or "")
            for one, other in zip(found, self._of_host(rows), strict=True)
        ]

    def _of_host(self, rows: SocketRows) -> list[HostSocket | None]:
        """Return the socket of each row as the host has it."""
        told = self._told
        if told is None:
            return [None] * len(rows)
        own, other = (zip(*(part.tolist() for part in end), strict=True) for end in (rows.local, rows.foreign))
        kinds = zip(rows.endpoint.tolist(), rows.proto.tolist(), own, other, strict=True)
        return [
            told.connection(((high, low), port, (peer[0], peer[1]), peer[2]))
            if end >= 0
            else told.port(proto != TCP, (high, low), port)
            for end, proto, (high, low, port), peer in kinds
        ]

    def _captured(self, rows: SocketRows) -> list[Process | None]:
        """Return the process of each row as the capture names it."""
        owners = self._owners
        if owners is None or not owners.any:
            return [None] * len(rows)
        high, low, port = (one.tolist() for one in rows.local)
        found = []
        for end, proto, *place in zip(rows.endpoint.tolist(), rows.proto.tolist(), high, low, port, strict=True):
            if end >= 0:
                found.append(owners.process_of(end))
            elif proto == TCP:
                servers = itertools.chain.from_iterable(one.tolist() for one in self._servers(rows.whole, tuple(place)))
                found.append(owners.process_listening(servers))
            else:
                found.append(owners.process_of_socket((place[0], place[1]), place[2]))
        return found

    def _servers(self, rows: SocketRows, place: tuple[int, ...]) -> list[Rows]:
        """Return the server endpoints (2 * connection + side) of an address and port that listens."""
        # Ports that no longer listen may have been appended to the rows since.
        if self._listening is None or self._listening[0] is not rows or place not in self._listening[1]:
            self._listening = rows, _server_endpoints(rows)
        return self._listening[1][place]

    # --- names

    def foreign_name(self, rows: SocketRows) -> Words:
        """Return the name that each row's foreign address had when the connection began."""
        return self._named(rows, foreign=True)

    def local_name(self, rows: SocketRows) -> Words:
        """Return the name of each row's local address."""
        return self._named(rows, foreign=False)

    def _named(self, rows: SocketRows, foreign: bool) -> Words:
        book = self._names
        if book is None:
            return no_words(rows)
        if self._prepared.get(foreign) is not rows.whole:
            self._prepare(rows.whole, foreign, book)
        whose = rows.foreign if foreign else rows.local
        at = np.flatnonzero(book.may_name(whose[0], whose[1]))
        if not len(at):
            return no_words(rows)
        few = rows.some(at)
        opened = few.values("opened")
        times = np.where(opened == NEVER, rows.moment, opened).tolist()
        askers = _addresses(few.local) if foreign else [None] * len(few)
        found: list[str | None] = [None] * len(rows)
        named = _addresses(few.foreign if foreign else few.local)
        for place, one, time, asker in zip(at.tolist(), named, times, askers, strict=True):
            name = book.name(one, time, asker)
            found[place] = None if name is None else name.fqdn
        return worded(found)

    def _prepare(self, rows: SocketRows, foreign: bool, book: NameBook) -> None:
        """Let the book search the messages for all addresses of the rows at once."""
        self._prepared[foreign] = rows
        different = _different(part.foreign if foreign else part.local for part in rows.parts())
        book.prepare_all(*different)
        self._take_hints(rows, foreign, different, book)
        if self._resolver:
            self._resolve(rows, _addresses(different), book)

    def _take_hints(self, rows: SocketRows, foreign: bool, different: Halves, book: NameBook) -> None:
        """Give the book the names by which clients asked for servers, for addresses without another name."""
        if self._data is None:
            return
        asking = np.setdiff1d(self._data.asking(), self._hinted, assume_unique=True)
        # The table may be that of an earlier moment.
        asking = asking[asking < len(rows.table.connections)]
        if not len(asking):
            return
        table = rows.table
        own, ends = [asking[:0]], [whole(asking[:0], asking[:0])]
        for part in rows.parts():
            few = part.some(np.isin(part.row, asking))
            own.append(few.row)
            ends.append(whole(*(few.foreign if foreign else few.local)[:2]))
        of_rows, whose = np.concatenate(own), np.concatenate(ends)
        servers = whole(*where(table, _servers_of(table, asking))[:2])
        servers = servers[among(servers, np.sort(whole(*different)))]
        nameless = _nameless(unique(np.concatenate([whose, servers])), rows.moment, book)
        latest = _latest(table, nameless[among(nameless, unique(servers))])
        wanted = unique(np.concatenate([of_rows[among(whose, nameless)], latest[np.isin(latest, asking)]]))
        self._hinted = unique(np.concatenate([self._hinted, wanted]))
        # The latest first: only old ones may find no room.
        for some in slices(len(wanted)):
            self._take_hints_of(table, wanted[::-1][some], book)

    def _take_hints_of(self, table: FlowTable, connections: Rows, book: NameBook) -> None:
        """Give the book the names by which some connections asked for their servers."""
        assert self._data is not None
        ends = [where(table, 2 * connections + side) for side in (0, 1)]
        ports = where(table, _servers_of(table, connections))[2]
        place = {connection: at for at, connection in enumerate(connections.tolist())}
        for name in server_names(self._data, zip(connections.tolist(), ports.tolist(), strict=True)):
            high, low, _ = ends[name.server]
            at = place[name.connection]
            # Endpoint 0 sent the first packet.
            began = int(table.endpoints["first"][2 * name.connection])
            book.add_hint(int(high[at]), int(low[at]), began, name.name, name.kind, name.number)

    def _resolve(self, rows: SocketRows, addresses: Iterable[Address], book: NameBook) -> None:
        new = [one for one in book.unnamed(addresses, rows.moment) if one not in self._asked]
        self._asked.update(new)
        for (high, low), name in resolve(new).items():
            book.add_resolved(high, low, name)


def no_words(rows: SocketRows) -> Words:
    """Return the words of rows without any."""
    return (None,), np.zeros(len(rows), dtype=np.int64)


def _no_guess(name: str) -> str:
    """Return a process's name so that it cannot be taken for a hint, which begins with a question mark."""
    return f"({name})" if name.startswith(GUESS) else name


def _addresses(halves: tuple[Rows, ...]) -> list[Address]:
    return list(zip(halves[0].tolist(), halves[1].tolist(), strict=True))


def _different(ends: Iterable[tuple[Rows, ...]]) -> Halves:
    """Return the distinct addresses in order; IPv4 addresses take four bytes each on the way."""
    ipv4, others = [np.zeros(0, dtype=np.uint32)], [np.zeros((0, 2), dtype=np.int64)]
    for high, low, *_ in ends:
        is4 = is_ipv4(high, low)
        ipv4.append((low[is4] & 0xFFFFFFFF).astype(np.uint32))
        others.append(np.stack([high[~is4], low[~is4]], axis=1).astype(np.int64))
    few, many = np.concatenate(ipv4), np.concatenate(others)
    del ipv4, others
    few.sort()
    few = few[np.append(few[:1] == few[:1], few[1:] != few[:-1])]
    many = many[np.lexsort((many[:, 1], many[:, 0]))]
    many = many[np.append(np.ones(min(len(many), 1), dtype=bool), (many[1:] != many[:-1]).any(axis=1))]
    high, low = (np.zeros(len(few) + len(many), dtype=np.int64) for _ in range(2))
    low[: len(few)] = few
    low[: len(few)] |= IPV4_MAPPED
    high[len(few) :], low[len(few) :] = many[:, 0], many[:, 1]
    return high, low


def _nameless(addresses: Rows, moment: int, book: NameBook) -> Rows:
    """Return the addresses (in the form of ``whole``) of single hosts that have no name."""
    found = [addresses[:0]]
    for part in slices(len(addresses)):
        some = _addresses(halves(addresses[part]))
        unnamed = set(book.unnamed(some, moment))
        found.append(addresses[part][[one in unnamed for one in some]])
    return np.concatenate(found)


def _servers_of(table: FlowTable, connections: Rows) -> Rows:
    """Return the endpoints of the servers of connections."""
    return 2 * connections + (table.connections["notes"][connections] & c.NOTE_CLIENT_IS_1 == 0)


def _latest(table: FlowTable, servers: Rows) -> Rows:
    """Return the last connections to each of these servers' addresses (``whole``, in order), ASKED_BY_NAME of each."""
    found = [np.zeros(0, dtype=np.int64)]
    left = np.full(len(servers), ASKED_BY_NAME)
    for part in reversed([*slices(len(table.connections))]):
        if not left.any():
            break
        numbers = np.arange(part.start, part.stop)[::-1]
        asked = whole(*where(table, _servers_of(table, numbers))[:2])
        there = among(asked, servers)
        numbers, which = numbers[there], np.searchsorted(servers, asked[there])
        # How many connections to the same server come before each.
        order = np.argsort(which, kind="stable")
        before = np.empty(len(order), dtype=np.int64)
        before[order] = np.arange(len(order)) - np.searchsorted(which[order], which[order])
        wanted = before < left[which]
        found.append(numbers[wanted])
        left -= np.bincount(which[wanted], minlength=len(left))
    return np.concatenate(found)


def _server_endpoints(rows: SocketRows) -> dict[tuple[int, ...], list[Rows]]:
    """Return the server endpoints (2 * connection + side) of each address and port that listens."""
    found: dict[tuple[int, ...], list[Rows]] = {}
    for part in rows.parts():
        free = part.some((part.endpoint < 0) & (part.proto == TCP))
        found.update({key: [] for key in zip(*(half.tolist() for half in free.local), strict=True)})
    table = rows.table
    for one in slices(len(table.connections) if found else 0):
        ends = _servers_of(table, np.arange(one.start, one.stop))
        parts = where(table, ends)
        order = np.lexsort(parts)
        parts = tuple(part[order] for part in parts)  # type: ignore[assignment]
        starts = np.flatnonzero(np.append(True, np.any([part[1:] != part[:-1] for part in parts], axis=0)))
        keys = zip(*(part[starts].tolist() for part in parts), strict=True)
        for key, run in zip(keys, np.split(ends[order], starts[1:]), strict=True):
            if key in found:
                found[key].append(run.astype(np.int32))
    return found
