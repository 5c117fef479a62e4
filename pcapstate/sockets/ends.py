"""Which ends of connections have a row of netstat: those that are not closed, and listening ports."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..rows import Rows
from ..table import slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..tcp.sides import where
from ..tcp.states import State

SLICE = 1 << 16
"""Connections that are processed together."""


def clients(table: FlowTable) -> Iterator[tuple[Rows, Rows]]:
    """Yield the clients' endpoints and the notes of all connections, a slice at a time."""
    for part in slices(len(table.connections), SLICE):
        notes = table.connections["notes"][part]
        yield 2 * np.arange(part.start, part.stop) + (notes & c.NOTE_CLIENT_IS_1 != 0), notes


def open_ends(table: FlowTable, whose: Perspective, both: bool, ended: bool = False) -> Rows:
    """Return the endpoints that have a row, in the order of the connections, the client's first.

    ``both``: also closed ones whose peer has one; ``ended``: all that ever were open, or tried to be.
    """
    states, found = table.endpoints["state"], [np.zeros(0, dtype=np.int32)]
    for client, notes in clients(table):
        ends = np.stack([client, client ^ 1], axis=1)
        shown = ended | ((states[ends] != State.CLOSED) & ~without_socket(table, ends))
        # Of two connections on one 4-tuple the old one has the socket until the new SYN is answered.
        shown &= (notes & c.NOTE_BESIDE == 0)[:, np.newaxis]
        if both:
            shown[:] = shown.any(axis=1, keepdims=True)
        shown &= of_hosts(table, ends, whose)
        found.append(ends[shown].astype(np.int32))
    return np.concatenate(found)


def of_hosts(table: FlowTable, ends: Rows, whose: Perspective) -> Rows:
    """Tell of the ends of connections, the client's and the server's, which are local; without hosts the clients' are.

    A socket that is connected to itself is one.
    """
    shown = np.zeros(ends.shape, dtype=bool)
    if not whose.networks:
        shown[:, 0] = True
        return shown
    places = [where(table, ends[:, side]) for side in (0, 1)]
    for side in (0, 1):
        shown[:, side] = whose.holds(*places[side][:2])
    own = places[0][2] == places[1][2]
    if own.any():
        # A socket that is connected to itself has one row.
        shown[:, 1] &= ~np.logical_and.reduce([one == other for one, other in zip(*places, strict=True)])
    return shown


def without_socket(table: FlowTable, ends: Rows) -> Rows:
    """Tell of endpoints whether they never answered the SYNs to them, so that no socket is known."""
    endpoints = table.endpoints
    silent = endpoints["state"][ends] == State.UNKNOWN
    unknown = ends[silent]
    silent[silent] = (endpoints["packets"][unknown] == 0) & (endpoints["known"][unknown ^ 1] & c.KNOWN_SENT_ACK == 0)
    return silent


def listening_ends(table: FlowTable, whose: Perspective) -> Rows:
    """Return a server's endpoint for each listening port, by address and port.

    A SYN-ACK proves that a port listens; a later RST in answer to a SYN proves that it no longer does.
    """
    chosen, waiting = np.zeros(0, dtype=np.int32), [np.zeros(0, dtype=np.int32)]
    for client, notes in clients(table):
        server = client ^ 1
        answered = server[_answered(table, server) | (notes & c.NOTE_REFUSED != 0)]
        if whose.networks:
            answered = answered[whose.holds(*where(table, answered)[:2])]
        waiting.append(_last_of_each(table, answered.astype(np.int32)))
        # Reduced now and then, so that memory grows with the ports, not with the connections.
        if sum(map(len, waiting)) > max(len(chosen), SLICE):
            chosen, waiting = _last_of_each(table, np.concatenate([chosen, *waiting])), []
    chosen = _last_of_each(table, np.concatenate([chosen, *waiting]))
    return chosen[_answered(table, chosen)]


def _answered(table: FlowTable, servers: Rows) -> Rows:
    return table.endpoints["known"][servers] & (c.KNOWN_SENT_SYN_ACK | c.KNOWN_SENT_SYN) == c.KNOWN_SENT_SYN_ACK


def _last_of_each(table: FlowTable, ends: Rows) -> Rows:
    """Return the last endpoint of each address and port, in their order."""
    high, low, port = where(table, ends)
    order = np.lexsort((port, low, high))
    high, low, port = high[order], low[order], port[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (high[1:] != high[:-1]) | (low[1:] != low[:-1]) | (port[1:] != port[:-1])
    return ends[order[last]]
