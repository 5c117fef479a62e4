"""Connections from client to server: the tracker's rows, turned the right way round."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ..rows import Rows, gathered
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
    notes = table.connections["notes"][chosen]
    turned = notes & c.NOTE_CLIENT_IS_1 != 0
    client = 2 * numbers + turned
    server = client ^ 1
    ends = gathered(table.endpoints, client), gathered(table.endpoints, server)
    return Sides(*ends, where(table, client), where(table, server), notes, turned)


def where(table: Flows, endpoints: Rows) -> tuple[Rows, Rows, Rows]:
    """Return high half, low half and port of the addresses of endpoints (2 * connection + side)."""
    endpoints = endpoints.astype(np.int64)
    numbers, side = endpoints >> 1, endpoints & 1
    connections, extras = table.connections, table.extras
    return (
        _of_side(extras, "high", side, numbers),
        _of_side(connections, "low", side, numbers),
        _of_side(connections, "port", side, numbers),
    )


def _of_side(rows: Rows, name: str, side: Rows, numbers: Rows) -> Rows:
    """Return the field ``name_0`` or ``name_1``, as ``side`` tells, of the rows of ``numbers``.

    It is looked up in an array of numbers, several times faster than a choice between two columns.
    """
    assert rows.dtype.fields is not None
    (kind, first, *_), (_, second, *_) = (rows.dtype.fields[f"{name}_{end}"] for end in (0, 1))
    size = kind.itemsize
    at = numbers * (rows.dtype.itemsize // size) + side * ((second - first) // size)
    at += first // size
    return np.ascontiguousarray(rows).view(kind)[at]
