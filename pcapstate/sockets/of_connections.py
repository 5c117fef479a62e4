"""Columns of netstat that are about the whole connection of a row, whichever end the row is of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..names.services import services
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.endings import closers, resetters
from ..tcp.outcomes import handshakes, outcomes
from ..tcp.sides import Sides, sides_of
from .annotations import Annotations, Words
from .columns import COLUMNS
from .rows import CLIENT, NOBODY, SERVER, UDP, SocketRows

OF_SIDES: dict[str, Callable[[Sides], Rows]] = {
    "outcome": outcomes,
    "closed_by": closers,
    "reset_by": resetters,
    "handshake_seen": handshakes,
    "client_guessed": lambda of: of.notes & c.NOTE_CLIENT_GUESSED != 0,
}


def of_connections(rows: SocketRows, name: str) -> Rows:
    """Return a column of OF_SIDES: the index of its word for each row, that of None without a connection."""
    found = np.full(len(rows), COLUMNS[name].words.index(None), dtype=np.int64)
    there = rows.row >= 0
    found[there] = OF_SIDES[name](sides_of(rows.table, rows.row[there]))
    return found


def service(rows: SocketRows) -> Words:
    """Return the name of the port that each row's server has, or that a UDP port is."""
    udp = rows.proto == UDP
    ports = np.where(udp, rows.local[2], rows.server[2])
    tcp_names, of_tcp = services(ports)
    if not udp.any():
        return tcp_names, of_tcp
    udp_names, of_udp = services(ports, udp=True)
    return (*tcp_names, *udp_names), np.where(udp, len(tcp_names) + of_udp, of_tcp)


def host_name(rows: SocketRows, name: str, notes: Annotations) -> Words:
    """Return the name of each row's host: of the local one, the foreign one, the client's or the server's."""
    if name == "local_name":
        return notes.local_name(rows)
    if name == "foreign_name":
        return notes.foreign_name(rows)
    own, there = rows.has(CLIENT if name == "client_name" else SERVER)
    (local, of_local), (foreign, of_foreign) = notes.local_name(rows), notes.foreign_name(rows)
    found = np.where(own, of_local, len(local) + of_foreign)
    return (*local, *foreign, None), np.where(there, found, len(local) + len(foreign))


def network(rows: SocketRows) -> Words:
    """Return the virtual network of each row's connection."""
    words = (None, *rows.table.network_names())
    extra = rows.table.extras[np.maximum(rows.row, 0)] if len(rows.table.connections) else None
    if extra is None:
        return words, np.zeros(len(rows), dtype=np.int64)
    found = np.where(extra["network_0"] != 0, extra["network_0"], extra["network_1"])
    return words, np.where(rows.row == NOBODY, 0, found)
