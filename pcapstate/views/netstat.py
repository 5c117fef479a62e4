"""What netstat would have said on a host: its connections and their states, the ports it listens on or uses."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np

from ..moving import endpoints_after
from ..tcp import contracts as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from .endpoints import Rows, sides
from .perspective import Perspective
from .table import NEVER

TCP, UDP = range(2)
"""Values of ``proto``."""
CLIENT, SERVER = range(2)
"""Values of ``role``."""
ANYWHERE_IPV4 = 0xFFFF << 32
NOBODY = -1
"""Where a row has no connection, no endpoint, no process; the endpoint of UDP port n is -2 - n."""
NO_STATE = len(State)
"""The state of what has none, a UDP port: an index behind the last state."""


class Ports(NamedTuple):
    """Local ports in use, one row each: the UDP ports of ``views.udp``."""

    high: Rows
    low: Rows
    port: Rows
    first: Rows  # times of the first and last datagram sent, ns since the epoch
    last: Rows
    sent_packets: Rows
    received_packets: Rows
    sent_bytes: Rows
    received_bytes: Rows


class Netstat:
    """The rows of netstat at a moment, as arrays: what is listening, then connections, then UDP ports.

    An endpoint that is CLOSED has no row, as netstat shows none; with ``both`` it has one where the other end is not
    closed. Where both ends are local there are two rows. ``moment``: ns since the epoch, from which ages count.
    """

    def __init__(
        self,
        table: FlowTable,
        whose: Perspective,
        moment: int,
        *,
        listening: bool = False,
        both: bool = False,
        connections: bool = True,
        ports: Ports | None = None,
    ) -> None:
        self.table, self.moment = table, moment
        parts = []
        if listening:
            parts.append(_listening(table, whose))
        if connections:
            parts.append(_connections(table, whose, both))
        if ports is not None:
            parts.append(_ports(ports))
        self._ports = ports
        self.keep(np.concatenate([np.zeros((0, WIDTH), dtype=np.int64), *parts]))

    def keep(self, rows: Rows) -> None:
        """Let ``rows`` be the rows from now on: some of those before, in whatever order."""
        self.rows = rows
        self.proto, self.state, self.endpoint = rows[:, 6], rows[:, 7], rows[:, 8]
        self.local: tuple[Rows, Rows, Rows] = (rows[:, 0], rows[:, 1], rows[:, 2])
        self.foreign: tuple[Rows, Rows, Rows] = (rows[:, 3], rows[:, 4], rows[:, 5])

    def copy(self) -> Netstat:
        """Return these rows as they are now."""
        other = copy(self)
        other.keep(self.rows.copy())
        return other

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def connection(self) -> Rows:
        """The number of each row's connection (Wireshark's tcp.stream), or -1."""
        row = self.row
        return np.where(row == NOBODY, NOBODY, self.table.numbers(np.maximum(row, 0)))

    @property
    def row(self) -> Rows:
        """The row of each row's connection in the table, or -1."""
        return np.where(self.endpoint < 0, NOBODY, self.endpoint // 2)

    def moved(self, kept: Rows) -> None:
        """Follow the table, which let connections go: its row n is now what was row ``kept[n]``."""
        there = self.endpoint >= 0
        after = np.where(there, endpoints_after(kept, self.endpoint), self.endpoint)
        self.rows[:, 8] = after
        self.keep(self.rows[~there | (after >= 0)])

    @property
    def ipv6(self) -> Rows:
        """Whether each row is of IPv6."""
        high, low = self.local[:2]
        return (high != 0) | (low >> 32 != 0xFFFF)

    def values(self, name: str) -> Any:
        """Return the values of a column by its name, one a row; a tuple of arrays for an address."""
        simple = {
            "proto": self.proto,
            "local_address": self.local[:2],
            "local_port": self.local[2],
            "foreign_address": self.foreign[:2],
            "foreign_port": self.foreign[2],
            "state": self.state,
            "connection": self.connection,
        }
        if name in simple:
            return simple[name]
        return getattr(self, f"_{name}")()

    # --- columns that are worked out only where they are asked for; below 0, or NEVER: there is none

    def _of(self, field: str, peer: bool = False, details: bool = False, none: int = NOBODY) -> Rows:
        """Return a field of each row's endpoint, or of its peer."""
        source = self.table.details if details else self.table.endpoints
        there = self.endpoint >= 0
        values = np.full(len(self), none, dtype=np.int64)
        if source is not None:
            values[there] = source[field][self.endpoint[there] ^ peer]
        return values

    def _of_port(self, field: str) -> Rows:
        values = np.full(len(self), NOBODY, dtype=np.int64)
        if self._ports is not None:
            udp = self.endpoint < NOBODY
            values[udp] = getattr(self._ports, field)[NOBODY - 1 - self.endpoint[udp]]
        return values

    def _counted(self, field: str, of_port: str, peer: bool = False) -> Rows:
        return np.where(self.proto == UDP, self._of_port(of_port), self._of(field, peer))

    def _foreign_state(self) -> Rows:
        return self._of("state", peer=True, none=NO_STATE)

    def _role(self) -> Rows:
        there = self.endpoint >= 0
        notes = self.table.connections["notes"][self.endpoint[there] // 2]
        roles = np.full(len(self), 2, dtype=np.int64)
        roles[there] = np.where((notes & c.CLIENT_IS_1 != 0) == (self.endpoint[there] & 1 == 1), CLIENT, SERVER)
        return roles

    def _since(self) -> Rows:
        since = self._of("since", details=True, none=0)
        return np.where(since == 0, NEVER, since)

    def _age(self) -> Rows:
        since = self._since()
        return np.where(since == NEVER, NOBODY, np.maximum(self.moment - since, 0))

    def _packet(self) -> Rows:
        packet = self._of("packet", details=True)
        return np.where(packet <= 0, NOBODY, packet)

    def _opened(self) -> Rows:
        ends = [np.where(self._of("packets", peer) > 0, self._of("first", peer), 2**62) for peer in (False, True)]
        opened = np.where(self.proto == UDP, self._of_port("first"), np.minimum(*ends))
        return np.where((opened == NOBODY) | (opened == 2**62), NEVER, opened)

    def _last(self) -> Rows:
        ends = [np.where(self._of("packets", peer) > 0, self._of("last", peer), NOBODY) for peer in (False, True)]
        last = np.where(self.proto == UDP, self._of_port("last"), np.maximum(*ends))
        return np.where(last == NOBODY, NEVER, last)

    def _idle(self) -> Rows:
        last = self._last()
        return np.where(last == NEVER, NOBODY, np.maximum(self.moment - last, 0))

    def _rtt(self) -> Rows:
        """Return the round trip of the handshake: from the client's SYN to its ACK of the SYN-ACK."""
        client = self._role() == CLIENT
        opening, done = (
            np.where(client, self._of(field, details=True, none=0), self._of(field, peer=True, details=True, none=0))
            for field in ("opening", "established")
        )
        return np.where((opening == 0) | (done < opening), NOBODY, done - opening)

    def _sent_packets(self) -> Rows:
        return self._counted("packets", "sent_packets")

    def _received_packets(self) -> Rows:
        return self._counted("packets", "received_packets", peer=True)

    def _sent_bytes(self) -> Rows:
        return self._counted("bytes", "sent_bytes")

    def _received_bytes(self) -> Rows:
        return self._counted("bytes", "received_bytes", peer=True)

    def _packets(self) -> Rows:
        return _sum(self._sent_packets(), self._received_packets())

    def _bytes(self) -> Rows:
        return _sum(self._sent_bytes(), self._received_bytes())

    def _retransmissions(self) -> Rows:
        return self._of("retransmissions")

    def _send_queue(self) -> Rows:
        """Return what was sent and not acknowledged, in bytes as the sequence numbers count (SYN and FIN are one)."""
        answered = self._of("known", peer=True, none=0) & c.SENT_ACK != 0
        began = self._of("known", none=0) & c.SENT_SYN != 0
        # Nothing is acknowledged yet where its peer has sent no ACK: all counts from its SYN on.
        acked = np.where(answered, self._of("acked", peer=True), self._of("base"))
        sent = self._of("next") - acked & 0xFFFFFFFF
        return np.where((answered | began) & (sent < 1 << 31), sent, NOBODY)


WIDTH = 9


def _sum(one: Rows, other: Rows) -> Rows:
    return np.where(one < 0, NOBODY, one + other)


def _stack(*values: Any) -> Rows:
    count = max(len(one) for one in values if isinstance(one, np.ndarray))
    out = np.empty((count, WIDTH), dtype=np.int64)
    for index, value in enumerate(values):
        out[:, index] = value
    return out


def _connections(table: FlowTable, whose: Perspective, both: bool) -> Rows:
    of = sides(table)
    count = len(of.notes)
    if whose.networks:
        mine = [whose.holds(one[0], one[1]) for one in (of.client_address, of.server_address)]
    else:
        mine = [np.ones(count, dtype=bool), np.zeros(count, dtype=bool)]
    alive = [side["state"] != State.CLOSED for side in (of.client, of.server)]
    numbers = 2 * np.arange(count)
    parts = []
    for side, own, peer, wanted, shown, endpoint in (
        (of.client, of.client_address, of.server_address, mine[0], alive[0], numbers + of.turned),
        (of.server, of.server_address, of.client_address, mine[1], alive[1], numbers + ~of.turned),
    ):
        wanted = wanted & ((alive[0] | alive[1]) if both else shown)
        values = [one[wanted] for one in (*own, *peer)]
        parts.append(_stack(*values, TCP, side["state"][wanted], endpoint[wanted]))
    rows = np.concatenate(parts)
    return rows[np.argsort(rows[:, 8] // 2, kind="stable")]


def _listening(table: FlowTable, whose: Perspective) -> Rows:
    """Return the ports that a SYN-ACK proves to listen, unless a later RST to a SYN says that they closed."""
    of = sides(table)
    high, low, port = of.server_address
    answered = (of.server["known"] & c.SENT_SYN_ACK != 0) & (of.server["known"] & c.SENT_SYN == 0)
    refused = of.notes & c.REFUSED != 0
    told = np.flatnonzero(answered | refused)
    if whose.networks:
        told = told[whose.holds(high[told], low[told])]
    keys = np.stack([high[told], low[told], port[told].astype(np.int64)], axis=1)
    # The last word on each port counts: look from the end.
    _, last = np.unique(keys[::-1], axis=0, return_index=True)
    chosen = told[::-1][last]
    chosen = chosen[answered[chosen]]
    chosen = chosen[np.lexsort((port[chosen], low[chosen], high[chosen]))]
    return _unconnected(high[chosen], low[chosen], port[chosen], TCP, State.LISTEN, NOBODY)


def _ports(ports: Ports) -> Rows:
    return _unconnected(ports.high, ports.low, ports.port, UDP, NO_STATE, NOBODY - 1 - np.arange(len(ports.port)))


def _unconnected(high: Rows, low: Rows, port: Rows, proto: int, state: int, endpoint: Any) -> Rows:
    is4 = (high == 0) & (low >> 32 == 0xFFFF)
    return _stack(high, low, port, 0, np.where(is4, ANYWHERE_IPV4, 0), 0, proto, state, endpoint)
