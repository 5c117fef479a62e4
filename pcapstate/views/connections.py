"""One line per connection: both states, and how it went."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..tcp import contracts as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State, shown
from .endpoints import Rows, Sides, sides
from .table import ENDPOINT_ADDRESS, NEVER, NUMBER, TIME, WORD, Cells, Column, Table, cells

OUTCOMES = {
    "open": "both ends are ESTABLISHED",
    "opening": "a SYN was answered, but the handshake is not complete (embryonic)",
    "unanswered": "a SYN, perhaps several, and nothing came back",
    "refused": "a RST answered the SYN: the port is closed",
    "half-closed": "one end has sent its FIN, the other has not",
    "closing": "both ends have sent a FIN, and not both FINs are acknowledged yet",
    "closed": "both ends have sent a FIN and both FINs are acknowledged",
    "reset by client": "the client's RST ended it before both had closed",
    "reset by server": "the server's RST ended it before both had closed",
    "timed out": "one end sent the same again at least three times, and nothing came back (R1 of RFC 9293 §3.8.3)",
    "superseded": "a new connection took its 4-tuple while it was not closed",
    "unknown": "the packets do not tell: joined late, or with a gap where it counts",
}
"""Every outcome, and when it is given. The first that holds counts, in the order of ``outcomes``."""

R1 = 3
"""Retransmissions of one segment after which RFC 9293 §3.8.3 has TCP tell that something is wrong."""

NAMES = tuple(OUTCOMES)
STATES = tuple(state.name for state in State)
BOOLEANS = (False, True)

COLUMNS = (
    Column("connection", "Conn", NUMBER),
    Column("client", "Client", ENDPOINT_ADDRESS),
    Column("server", "Server", ENDPOINT_ADDRESS),
    Column("client_state", "Client State", WORD, STATES),
    Column("server_state", "Server State", WORD, STATES),
    Column("opened", "Opened", TIME),
    Column("last", "Last", TIME),
    Column("outcome", "Outcome", WORD, NAMES),
    Column("handshake_seen", "Handshake", WORD, BOOLEANS),
    Column("client_packets", "Packets >", NUMBER),
    Column("server_packets", "Packets <", NUMBER),
    Column("client_bytes", "Bytes >", NUMBER),
    Column("server_bytes", "Bytes <", NUMBER),
    Column("retransmissions", "Retrans", NUMBER),
    Column("client_guessed", "Guessed", WORD, BOOLEANS),
    Column("client_retransmissions", "Retrans >", NUMBER),
    Column("server_retransmissions", "Retrans <", NUMBER),
    Column("client_first", "Client First", TIME),
    Column("client_last", "Client Last", TIME),
    Column("server_first", "Server First", TIME),
    Column("server_last", "Server Last", TIME),
)
"""The fields for programs; those that people see are fewer."""

BATCH = 20_000


def outcomes(of: Sides) -> Rows:
    """Return the index into NAMES of each connection's outcome."""
    client, server, notes = of.client, of.server, of.notes
    fins = [side["known"] & c.SENT_FIN != 0 for side in (client, server)]
    states = [side["state"] for side in (client, server)]
    done = [np.isin(state, (State.CLOSED, State.TIME_WAIT)) for state in states]
    opening = [np.isin(state, (State.SYN_SENT, State.SYN_RECEIVED)) for state in states]
    open_ = [state == State.ESTABLISHED for state in states]
    tries = [side["known"] >> c.TRIES_SHIFT for side in (client, server)]
    closed = fins[0] & fins[1] & done[0] & done[1]
    reset = notes & (c.RESET_BY_0 | c.RESET_BY_1) != 0
    by_client = np.where(of.turned, notes & c.RESET_BY_1, notes & c.RESET_BY_0) != 0
    answered = c.SENT_SYN_ACK | c.SPOKE | c.SENT_SYN
    rules = (
        ("refused", notes & c.REFUSED != 0),
        ("closed", closed),
        ("reset by client", reset & by_client),
        ("reset by server", reset),
        ("superseded", notes & c.SUPERSEDED != 0),
        ("unanswered", (client["known"] & c.SENT_SYN != 0) & (server["known"] & answered == 0) & opening[0]),
        ("timed out", (tries[0] >= R1) | (tries[1] >= R1)),
        ("unknown", (states[0] == State.UNKNOWN) & (states[1] == State.UNKNOWN)),
        ("closing", fins[0] & fins[1]),
        ("half-closed", fins[0] | fins[1]),
        ("opening", opening[0] | opening[1]),
        ("open", open_[0] & open_[1]),
    )
    return np.select([rule for _, rule in rules], [NAMES.index(name) for name, _ in rules], NAMES.index("unknown"))


def handshakes(of: Sides) -> Rows:
    """Tell of each connection whether its SYN, SYN-ACK and the ACK of that were captured."""
    began = (of.client["known"] & c.SENT_SYN != 0) & (of.server["known"] & c.SENT_SYN_ACK != 0)
    return began & (of.notes & c.HANDSHAKE_ACKED != 0)


def view(table: FlowTable) -> Table:
    """Return all connections in the order of their numbers, as programs get them."""
    return Table(COLUMNS, _batches(table))


def _batches(table: FlowTable) -> Iterator[Cells]:
    for start in range(0, len(table.connections), BATCH):
        of = sides(table, start, start + BATCH)
        client, server, notes = of.client, of.server, of.notes
        silent = [side["packets"] == 0 for side in (client, server)]
        firsts = [np.where(quiet, NEVER, side["first"]) for quiet, side in zip(silent, (client, server), strict=True)]
        lasts = [np.where(quiet, NEVER, side["last"]) for quiet, side in zip(silent, (client, server), strict=True)]
        yield cells(
            COLUMNS,
            len(client),
            connection=np.arange(start, start + len(client)),
            client=of.client_address,
            server=of.server_address,
            client_state=client["state"],
            server_state=server["state"],
            # Endpoint 0 sent the first packet.
            opened=np.where(of.turned, firsts[1], firsts[0]),
            last=np.maximum(*lasts),
            outcome=outcomes(of),
            handshake_seen=handshakes(of),
            client_packets=client["packets"],
            server_packets=server["packets"],
            client_bytes=client["bytes"],
            server_bytes=server["bytes"],
            retransmissions=client["retransmissions"].astype(np.int64) + server["retransmissions"],
            client_guessed=notes & c.CLIENT_GUESSED != 0,
            client_retransmissions=client["retransmissions"],
            server_retransmissions=server["retransmissions"],
            client_first=firsts[0],
            client_last=lasts[0],
            server_first=firsts[1],
            server_last=lasts[1],
        )


SHOWN_STATES = tuple(shown(state) for state in State)
PEOPLE = (
    Column("connection", "Conn", NUMBER),
    Column("client", "Client", ENDPOINT_ADDRESS),
    Column("server", "Server", ENDPOINT_ADDRESS),
    Column("client_state", "Client State", WORD, SHOWN_STATES),
    Column("server_state", "Server State", WORD, SHOWN_STATES),
    Column("outcome", "Outcome", WORD, NAMES),
    Column("packets", "Packets", NUMBER),
    Column("bytes", "Bytes", NUMBER),
    Column("retransmissions", "Retrans", NUMBER),
    Column("client_guessed", "Client Is", WORD, ("seen", "a guess")),
)


def view_for_people(table: FlowTable) -> Table:
    """Return all connections with what fits a terminal."""
    of = sides(table)
    client, server = of.client, of.server

    def both(field: str) -> Rows:
        return client[field].astype(np.int64) + server[field]

    rows = cells(
        PEOPLE,
        len(client),
        connection=np.arange(len(client)),
        client=of.client_address,
        server=of.server_address,
        client_state=client["state"],
        server_state=server["state"],
        outcome=outcomes(of),
        packets=both("packets"),
        bytes=both("bytes"),
        retransmissions=both("retransmissions"),
        client_guessed=of.notes & c.CLIENT_GUESSED != 0,
    )
    return Table(PEOPLE, iter([rows]))
