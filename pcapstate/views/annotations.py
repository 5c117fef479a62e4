"""What stands beside a row of netstat: the names of its hosts, and the program that has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ..application.data import ApplicationData
from ..application.hints import Hint, hint, server_names
from ..moving import endpoints_after
from ..names.addresses import Address
from ..names.book import NameBook
from ..names.resolver import resolve
from ..names.services import TCP as SERVICES
from ..names.services import UDP
from ..processes.watcher import Processes
from ..sources.processes import Process
from ..tcp.flow_table import FlowTable
from .endpoints import Rows, sides
from .netstat import CLIENT, NOBODY, TCP, Netstat
from .table import NEVER

ASKED_BY_NAME = 4
"""Connections to an address without a name of which it is looked at by what name they asked for the server."""


class Annotations:
    """Names and programs for rows of netstat, from whatever was gathered of them; what nobody tells is None.

    ``resolver``: this machine's resolver is asked for the names that the capture does not tell. ``hints``: what
    packets say of the application stands in for a program that is not known.
    """

    def __init__(
        self,
        processes: Processes | None = None,
        data: ApplicationData | None = None,
        names: NameBook | None = None,
        resolver: bool = False,
        hints: bool = True,
    ) -> None:
        self._hints = hints
        self._owners, self._data, self._names, self._resolver = processes, data, names, resolver
        self._hinted: set[int] = set()
        self._asked: set[Address] = set()

    def moved(self, kept: Rows) -> None:
        """Follow the table, which let connections go: its row n is now what was row ``kept[n]``."""
        hinted = 2 * np.array(sorted(self._hinted), dtype=np.int64)
        self._hinted = {end // 2 for end in endpoints_after(kept, hinted).tolist() if end >= 0}

    # --- programs

    def pid(self, rows: Netstat) -> Rows:
        """Return the number of each row's process, -1 where it is not known."""
        found = self._processes(rows)
        return np.array([NOBODY if one is None or one.pid is None else one.pid for one in found], dtype=np.int64)

    def program(self, rows: Netstat) -> list[str | None]:
        """Return each row's program: its process, or in brackets what its packets say of the application."""
        found = [None if one is None else _unbracketed(one.name) or None for one in self._processes(rows)]
        if self._data is None or not self._hints:
            return found
        clients = rows.values("role") == CLIENT
        # The service is that of the server's port: the foreign one where this end is the client.
        ports = np.where(clients, rows.foreign[2], rows.local[2]).tolist()
        # The client's side: this row's own, or the other one.
        sides_ = (rows.endpoint & 1 ^ ~clients & 1).tolist()
        ends, protocols = rows.row.tolist(), rows.proto.tolist()
        return [
            name or self._hint(end, side, port, proto != TCP)
            for name, end, side, port, proto in zip(found, ends, sides_, ports, protocols, strict=True)
        ]

    def _hint(self, connection: int, side: int, port: int, udp: bool) -> str | None:
        assert self._data is not None
        found: Hint | None
        if udp:
            found = Hint(UDP[port], "", "", "port") if port in UDP else None
        else:
            found = hint(self._data, connection, side, port) if connection >= 0 else None
            if found is None and port in SERVICES:
                found = Hint(SERVICES[port], "", "", "port")
        return None if found is None else found.text

    def _processes(self, rows: Netstat) -> list[Process | None]:
        owners = self._owners
        if owners is None or not owners.any:
            return [None] * len(rows)
        servers = _server_endpoints(rows.table)
        high, low, port = (one.tolist() for one in rows.local)
        found = []
        for end, proto, *where in zip(rows.endpoint.tolist(), rows.proto.tolist(), high, low, port, strict=True):
            if end >= 0:
                found.append(owners.process_of(end))
            elif proto == TCP:
                found.append(owners.process_listening(servers[tuple(where)]))
            else:
                found.append(owners.process_of_socket((where[0], where[1]), where[2]))
        return found

    # --- names

    def foreign_name(self, rows: Netstat) -> list[str | None]:
        """Return the name of each row's foreign address, as it was when the connection began."""
        return self._named(rows, rows.foreign, rows.local)

    def local_name(self, rows: Netstat) -> list[str | None]:
        """Return the name of each row's local address."""
        return self._named(rows, rows.local, None)

    def _named(
        self, rows: Netstat, whose: tuple[Rows, Rows, Rows], asker: tuple[Rows, Rows, Rows] | None
    ) -> list[str | None]:
        book = self._names
        if book is None:
            return [None] * len(rows)
        addresses = list(zip(whose[0].tolist(), whose[1].tolist(), strict=True))
        book.prepare(addresses)
        self._take_hints(rows, addresses, book)
        if self._resolver:
            self._resolve(rows, addresses, book)
        opened = rows.values("opened")
        times = np.where(opened == NEVER, rows.moment, opened).tolist()
        askers: list[Address | None] = [None] * len(rows)
        if asker is not None:
            askers = list(zip(asker[0].tolist(), asker[1].tolist(), strict=True))
        found = [book.name(*question) for question in zip(addresses, times, askers, strict=True)]
        return [None if one is None else one.fqdn for one in found]

    def _take_hints(self, rows: Netstat, addresses: list[Address], book: NameBook) -> None:
        """Give the book the names by which clients asked for servers, of addresses that have no other name."""
        if self._data is None:
            return
        unnamed = set(book.unnamed(addresses, rows.moment))
        if not unnamed:
            return
        own = {
            connection
            for connection, address in zip(rows.row.tolist(), addresses, strict=True)
            if connection >= 0 and address in unnamed
        }
        of = sides(rows.table)
        high, low, port = of.server_address
        # A part of the addresses' bits finds the connections in question fast; the rest is compared below.
        lows = np.array([address[1] for address in unnamed], dtype=np.int64)
        others: dict[Address, list[int]] = defaultdict(list)
        for connection in np.flatnonzero(np.isin(low, lows))[::-1].tolist():
            address = int(high[connection]), int(low[connection])
            if address in unnamed and len(others[address]) < ASKED_BY_NAME:
                others[address].append(connection)
        wanted = sorted(own.union(*others.values()) - self._hinted)
        self._hinted.update(wanted)
        asked = ((connection, int(port[connection])) for connection in wanted)
        for name in server_names(self._data, asked):
            is_server = name.server == (0 if of.turned[name.connection] else 1)
            where = of.server_address if is_server else of.client_address
            # Endpoint 0 sent the first packet.
            began = int(rows.table.endpoints["first"][2 * name.connection])
            one = name.connection
            book.add_hint(int(where[0][one]), int(where[1][one]), began, name.name, name.kind, name.number)

    def _resolve(self, rows: Netstat, addresses: Iterable[Address], book: NameBook) -> None:
        new = [one for one in book.unnamed(addresses, rows.moment) if one not in self._asked]
        self._asked.update(new)
        for (high, low), name in resolve(new).items():
            book.add_resolved(high, low, name)


def _unbracketed(name: str) -> str:
    """Return a process's name so that it cannot be taken for a hint, which is what stands in brackets."""
    return f"({name[1:].removesuffix(']')})" if name.startswith("[") else name


def _server_endpoints(table: FlowTable) -> dict[tuple[int, ...], list[int]]:
    """Return the server endpoints (2 * connection + side) of each address and port."""
    of = sides(table)
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    ends = (2 * np.arange(len(of.notes)) + ~of.turned).tolist()
    for end, *where in zip(ends, *(part.tolist() for part in of.server_address), strict=True):
        found[tuple(where)].append(end)
    return found
