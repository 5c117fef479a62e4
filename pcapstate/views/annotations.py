"""What stands beside a row of netstat: the names of its hosts, and the program that has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .endpoints import Rows
from .netstat import CLIENT, NOBODY, TCP, Netstat
from .table import NEVER


class Process(Protocol):
    """A process as the capture tells of it."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def text(self) -> str:
        """Its name, and on whose behalf it acts."""


class Owners(Protocol):
    """Who tells which process has an endpoint (2 * connection + side), or a local port without a connection."""

    def process_of(self, endpoint: int) -> Process | None:
        """Return the process of an endpoint."""

    def process_of_port(self, udp: bool, high: int, low: int, port: int) -> Process | None:
        """Return the process of a UDP port, or of a TCP port that listens."""


class Hints(Protocol):
    """Who tells what the packets of a connection say of the application."""

    def text(self, connection: int, udp: bool, port: int) -> str | None:
        """Return the application of a connection, or of a port (connection -1), such as ``[https: example.org]``."""


class Names(Protocol):
    """Who tells the names of addresses."""

    def prepare(self, addresses: Sequence[tuple[int, int]]) -> None:
        """Look for these addresses (high and low bits), all at once."""

    def fqdn(self, high: int, low: int, time: int, asker: tuple[int, int] | None) -> str | None:
        """Return the name that an address had at a time, for a host that asked for it."""


class Annotations:
    """Names and programs for rows of netstat, from whatever was gathered of them; what nobody tells is None."""

    def __init__(self, owners: Owners | None = None, hints: Hints | None = None, names: Names | None = None) -> None:
        self._owners, self._hints, self._names = owners, hints, names

    def _processes(self, rows: Netstat) -> list[Process | None]:
        owners = self._owners
        if owners is None:
            return [None] * len(rows)
        high, low, port = (one.tolist() for one in rows.local)
        ends, protocols = rows.endpoint.tolist(), rows.proto.tolist()
        return [
            owners.process_of(end) if end >= 0 else owners.process_of_port(proto != TCP, *where)
            for end, proto, *where in zip(ends, protocols, high, low, port, strict=True)
        ]

    def pid(self, rows: Netstat) -> Rows:
        """Return the number of each row's process, -1 where it is not known."""
        found = self._processes(rows)
        return np.array([NOBODY if one is None else one.pid for one in found], dtype=np.int64)

    def program(self, rows: Netstat) -> list[str | None]:
        """Return each row's program: its process, or in brackets what its packets say of the application."""
        found = [None if one is None else one.text for one in self._processes(rows)]
        if self._hints is None:
            return found
        # The service is that of the server's port: the foreign one where this end is the client.
        ports = np.where(rows.values("role") == CLIENT, rows.foreign[2], rows.local[2]).tolist()
        whose = zip(found, rows.connection.tolist(), rows.proto.tolist(), ports, strict=True)
        return [text or self._hints.text(connection, proto != TCP, port) for text, connection, proto, port in whose]

    def foreign_name(self, rows: Netstat) -> list[str | None]:
        """Return the name of each row's foreign address, as it was when the connection began."""
        return self._named(rows, rows.foreign, rows.local)

    def local_name(self, rows: Netstat) -> list[str | None]:
        """Return the name of each row's local address."""
        return self._named(rows, rows.local, None)

    def _named(
        self, rows: Netstat, whose: tuple[Rows, Rows, Rows], asker: tuple[Rows, Rows, Rows] | None
    ) -> list[str | None]:
        names = self._names
        if names is None:
            return [None] * len(rows)
        addresses = list(zip(whose[0].tolist(), whose[1].tolist(), strict=True))
        askers = [None] * len(rows) if asker is None else list(zip(asker[0].tolist(), asker[1].tolist(), strict=True))
        opened = rows.values("opened")
        times = np.where(opened == NEVER, rows.moment, opened).tolist()
        names.prepare(list(dict.fromkeys(addresses)))
        return [
            names.fqdn(*address, time, asker) for address, time, asker in zip(addresses, times, askers, strict=True)
        ]
