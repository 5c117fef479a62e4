"""Connections from client to server: the tracker's rows, turned the right way round."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ..rows import Rows
from . import tables as c


class Flows(Protocol):
    """The tables of connections: those of ``tcp.flow_table.FlowTable``, or some of their rows."""

    @property
    def connections(self) -> Rows:
        """The rows of CONNECTION."""

    @property
    def extras(self) -> Rows:
        """The rows of EXTRA."""

    @property
    def seldom(self) -> Rows:
        """The rows of SELDOM, two a connection."""

    @property
    def endpoints(self) -> Rows:
        """The rows of ENDPOINT, two a connection."""

    @property
    def details(self) -> Rows | None:
        """The rows of DETAIL, two a connection."""

    @property
    def troubles(self) -> Rows | None:
        """The rows of TROUBLE, two a connection."""

    def numbers(self, rows: Rows) -> Rows:
        """Return the numbers (Wireshark's tcp.stream) of the connections with these rows."""


class Sides(NamedTuple):
    """The endpoint rows (ENDPOINT) and addresses (high, low, port) of every connection's client and server."""

    client: Rows
    server: Rows
    client_address: tuple[Rows, Rows, Rows]
    server_address: tuple[Rows, Rows, Rows]
    notes: Rows
    turned: Rows  # bool: endpoint 1 is the client


def sides(table: Flows, start: int = 0, end: int | None = None) -> Sides:
    """Return connections ``start`` to ``end`` (by default all) from client to server."""
    count = len(table.connections)
    return sides_of(table, np.arange(start, count if end is None else min(end, count)))


def sides_of(table: Flows, numbers: Rows) -> Sides:
    """Return the connections in these rows from client to server, as copies of some 250 bytes each."""
    numbers = numbers.astype(np.int64)
    # Adjacent rows are sliced, several times faster than gathered by index.
    chosen = slice(numbers[0], numbers[-1] + 1) if len(numbers) and (np.diff(numbers) == 1).all() else numbers
    connections, extras, ends = table.connections, table.extras, table.endpoints
    notes = connections["notes"][chosen]
    turned = notes & c.NOTE_CLIENT_IS_1 != 0
    client = 2 * numbers + turned

    def address(one: Rows) -> tuple[Rows, Rows, Rows]:
        return (
            np.where(one, extras["high_1"][chosen], extras["high_0"][chosen]),
            np.where(one, connections["low_1"][chosen], connections["low_0"][chosen]),
            np.where(one, connections["port_1"][chosen], connections["port_0"][chosen]),
        )

    return Sides(ends[client], ends[client ^ 1], address(turned), address(~turned), notes, turned)


def where(table: Flows, endpoints: Rows) -> tuple[Rows, Rows, Rows]:
    """Return high half, low half and port of the addresses of endpoints (2 * connection + side)."""
    numbers, one = endpoints >> 1, endpoints & 1 == 1
    connections, extras = table.connections[numbers], table.extras
    high = np.where(one, extras["high_1"][numbers], extras["high_0"][numbers])
    return (
        high,
        np.where(one, connections["low_1"], connections["low_0"]),
        np.where(one, connections["port_1"], connections["port_0"]),
    )
