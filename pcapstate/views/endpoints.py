"""Connections as their client and server have them: the tracker's rows, turned the right way round."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..tcp import contracts as c
from ..tcp.flow_table import FlowTable

Rows = np.ndarray[Any, Any]


class Sides(NamedTuple):
    """The endpoint rows (ENDPOINT) and addresses (high, low, port) of every connection's client and server."""

    client: Rows
    server: Rows
    client_address: tuple[Rows, Rows, Rows]
    server_address: tuple[Rows, Rows, Rows]
    notes: Rows
    turned: Rows  # bool: endpoint 1 is the client


def sides(table: FlowTable, start: int = 0, end: int | None = None) -> Sides:
    """Return connections ``start`` to ``end`` (all, unless told) from client to server."""
    connections, extras, endpoints = table.connections[start:end], table.extras[start:end], table.endpoints
    notes = connections["notes"]
    turned = notes & c.CLIENT_IS_1 != 0
    numbers = 2 * np.arange(start, start + len(connections))

    def addresses(one: Rows) -> tuple[Rows, Rows, Rows]:
        return (
            np.where(one, extras["high_1"], extras["high_0"]),
            np.where(one, connections["low_1"], connections["low_0"]),
            np.where(one, connections["port_1"], connections["port_0"]),
        )

    return Sides(
        endpoints[numbers + turned], endpoints[numbers + ~turned], addresses(turned), addresses(~turned), notes, turned
    )
