"""The rows of netstat on a host: listening ports, connections with their states, UDP ports."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from ..addresses import IPV4_MAPPED, is_ipv4
from ..compaction import endpoints_after
from ..hosts_word.host_socket import ANY
from ..hosts_word.owners import Owners
from ..rows import Rows
from ..table import NEVER, slices
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import NOBODYS, Perspective
from ..tcp.round_trips import UNKNOWN, round_trips
from ..tcp.sides import where
from ..tcp.states import State
from ..traffic.traffic import Traffic
from .ends import listening_ends, open_ends

TCP, UDP = range(2)
"""Values of ``proto``."""
CLIENT, SERVER = range(2)
"""Values of ``role``."""
NOBODY = -1
"""The connection, endpoint or process of a row without one."""
FREE = -2
"""This and all lower numbers stand for ports without a connection."""
NO_STATE = len(State)
"""The state of a UDP port, which has none: an index behind the last state."""


IDLE = 60 * 10**9
"""Nanoseconds without a sent datagram after which a port is taken to be closed."""


class Ports(NamedTuple):
    """UDP ports in use, a row each."""

    high: Rows
    low: Rows
    port: Rows
    first: Rows  # times of the first and the last sent datagram, ns since the epoch
    last: Rows
    sent_packets: Rows
    received_packets: Rows
    sent_bytes: Rows
    received_bytes: Rows


NO_PORTS = Ports(*(np.zeros(0, dtype=np.int64) for _ in Ports._fields))


def udp_ports(traffic: Traffic, whose: Perspective) -> Ports:
    """Return the local UDP ports in use by address and port; without a single host those of all hosts.

    A port is in use once a datagram was sent from it, until its host sends an ICMP port unreachable for it. A port that
    only receives may be closed. No packet tells that a port was closed quietly; one that has sent nothing for a minute
    nearly always was, since it belonged to a single name query.
    """
    rows = traffic.ports
    high, low = rows["high"], rows["low"]
    chosen = (rows["number"] > 0) & (rows["closed"] == 0)
    # A client has no address yet when it asks for one by DHCP.
    chosen &= (high != 0) | ((low != IPV4_MAPPED) & (low != 0))
    if whose.networks:
        chosen &= whose.holds(high, low)
    rows = rows[chosen]
    rows = rows[np.lexsort((rows["port"], rows["low"].view(np.uint64), rows["high"].view(np.uint64)))]
    return Ports(*(rows[name].copy() for name in Ports._fields))


class SocketRows:
    """The rows of netstat at a moment: listening ports, then connections, then UDP ports.

    As in netstat, endpoints in CLOSED have no row, nor have those that never answered a SYN; with ``both`` they have
    one if the other end is not closed, with ``ended`` in any case. A connection with two local ends has two rows.
    ``moment``: ns since the epoch, from which ages count. ``told``: what the host itself says is open: its ports that
    listen stand in place of those that packets prove.

    A row is kept in five bytes: its endpoint or port, and its state. Everything else is computed on demand, for
    ``some`` rows at a time.
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
        ended: bool = False,
        ports: Ports | None = None,
        told: Owners | None = None,
    ) -> None:
        self.table, self.moment = table, moment
        self._whole: SocketRows | None = None
        self._listening = listening_ends(table, whose) if listening else np.zeros(0, dtype=np.int32)
        """A server's endpoint for each port that listens; below 0 those that the host tells of."""
        self._ports = NO_PORTS if ports is None else ports
        self._told = None if told is None else told.listening
        if told is not None:
            self._tell(told, listening)
        ends = open_ends(table, whose, both, ended) if connections else np.zeros(0, dtype=np.int32)
        counts = len(self._listening), len(self._ports.port)
        free = (FREE - np.arange(sum(counts))).astype(np.int32)
        self._what = np.concatenate([free[: counts[0]], ends, free[counts[0] :]])
        """Endpoints (2 * connection + side); FREE - n for the nth of the ports that listen and then of UDP's."""
        self.state = np.empty(len(self._what), dtype=np.uint8)
        self.state[: counts[0]] = State.LISTEN
        self.state[counts[0] : counts[0] + len(ends)] = table.endpoints["state"][ends]
        self.state[counts[0] + len(ends) :] = NO_STATE

    @classmethod
    def of_ends(cls, table: FlowTable, ends: Rows, moment: int) -> SocketRows:
        """Return a row for each of some endpoints (2 * connection + side), whatever their state."""
        rows = cls(table, NOBODYS, moment, connections=False)
        rows._what, rows.state = ends.astype(np.int32), table.endpoints["state"][ends]
        return rows

    def _tell(self, told: Owners, listening: bool) -> None:
        """Take over the ports that the host tells of."""
        if listening and len(told.listening.port):
            self._listening = self._listening[~told.covers(False, *where(self.table, self._listening))]
            added = -1 - np.arange(len(told.listening.port), dtype=np.int32)
            self._listening = np.concatenate([self._listening, added])
        if self._ports is not NO_PORTS:
            shown = set(zip(*(part.tolist() for part in self._ports[:3]), strict=True))
            sent = {port for _, _, port in shown}
            rows = [
                place
                for place in zip(*(part.tolist() for part in told.datagrams), strict=True)
                if place not in shown and not (place[2] in sent and place[:2] in ANY.values())
            ]
            more = np.array(rows, dtype=np.int64).reshape(-1, 3)
            nothing = np.full(len(more), NOBODY, dtype=np.int64)
            added_ports = [*more.T, *[nothing] * (len(Ports._fields) - 3)]
            self._ports = Ports(
                *(np.concatenate([one, another]) for one, another in zip(self._ports, added_ports, strict=True))
            )

    @property
    def told(self) -> Rows:
        """Whether each row is a port that no packet shows: the host tells of it."""
        listens, sends = self._free()
        found = np.zeros(len(self), dtype=bool)
        found[listens] = self._listening[FREE - self._what[listens]] < 0
        found[sends] = self._ports.first[self._port_of(sends)] == NOBODY
        return found

    def _listening_places(self, which: Rows) -> tuple[Rows, Rows, Rows]:
        """Return address and port of some of the ports that listen."""
        ends = self._listening[which]
        there = ends >= 0
        found = tuple(np.empty(len(ends), dtype=np.int64) for _ in range(3))
        told = NO_PORTS[:3] if self._told is None else self._told
        for column, proven, known in zip(found, where(self.table, ends[there]), told, strict=True):
            column[there] = proven
            column[~there] = known[-1 - ends[~there]]
        return found  # type: ignore[return-value]

    def keep(self, which: Rows) -> None:
        """Keep only these rows (a mask, or indices in the order wanted)."""
        self._what, self.state = self._what[which], self.state[which]

    def some(self, part: slice | Rows) -> SocketRows:
        """Return some of the rows; both may share memory, so arrays are never changed in place."""
        other = copy(self)
        other._whole = self.whole
        other.keep(part)  # type: ignore[arg-type]
        return other

    def alone(self, part: slice | Rows) -> SocketRows:
        """Return some of the rows as if there were no others."""
        other = self.some(part)
        other._whole = None
        return other

    @property
    def whole(self) -> SocketRows:
        """The rows from which these were taken by ``some``, or these."""
        return self if self._whole is None else self._whole

    def parts(self) -> Iterator[SocketRows]:
        """Yield all rows in slices."""
        return map(self.some, slices(len(self)))

    def of_family(self, ipv6: bool) -> Rows:
        """Tell of each row whether its family is that asked for."""
        return np.concatenate([np.zeros(0, dtype=bool), *(part.ipv6 == ipv6 for part in self.parts())])

    def group(self) -> None:
        """Sort the rows by protocol and family, TCP and IPv4 first; the sort is stable."""
        key = self.of_family(True).view(np.uint8) + 2 * self._free()[1].view(np.uint8)
        if (key[1:] < key[:-1]).any():
            # An argsort would take eight bytes a row.
            kinds = range(4)
            self._what, self.state = (
                np.concatenate([values[key == kind] for kind in kinds]) for values in (self._what, self.state)
            )

    def idle_ports(self, longer: int) -> Rows:
        """Tell of each row whether it is a UDP port that has sent nothing for more than so many nanoseconds."""
        idle = self._free()[1]
        last = self._ports.last[self._port_of(idle)]
        # The host says that the port is open, whatever it has sent.
        idle[idle] = (last != NOBODY) & (self.moment - last > longer)
        return idle

    def append(self, other: SocketRows, which: Rows) -> None:
        """Append rows of another moment, in the states that they had then."""
        what = other._what[which].copy()
        free = FREE - what
        listens, sends = (free >= 0) & (free < len(other._listening)), free >= len(other._listening)
        before, more = len(self._listening), int(np.count_nonzero(listens))
        what[listens] = FREE - before - np.arange(more)
        what[sends] = FREE - before - more - len(self._ports.port) - np.arange(np.count_nonzero(sends))
        sent = free[sends] - len(other._listening)
        self._listening = np.concatenate([self._listening, other._listening[free[listens]]])
        self._ports = Ports(
            *(np.concatenate([one, old[sent]]) for one, old in zip(self._ports, other._ports, strict=True))
        )
        own = len(self)
        self._what = np.concatenate([self._what, what])
        # UDP ports come behind all listening ports.
        self._what[:own][self._what[:own] <= FREE - before] -= more
        self.state = np.concatenate([self.state, other.state[which]])

    def __len__(self) -> int:
        return len(self._what)

    @property
    def endpoint(self) -> Rows:
        """The endpoint of each row, 2 * connection + side, or -1."""
        return np.maximum(self._what, NOBODY).astype(np.int64)

    @property
    def connection(self) -> Rows:
        """The number of each row's connection (Wireshark's tcp.stream), or -1."""
        row = self.row
        return np.where(row < 0, NOBODY, self.table.numbers(np.maximum(row, 0)))

    @property
    def row(self) -> Rows:
        """The row of each row's connection in the table, or -1."""
        return self.endpoint >> 1

    @property
    def proto(self) -> Rows:
        """TCP or UDP."""
        return np.where(self._what <= FREE - len(self._listening), UDP, TCP)

    @property
    def local(self) -> tuple[Rows, Rows, Rows]:
        """High half, low half and port of each row's own address."""
        there = self._what >= 0
        if there.all():
            return where(self.table, self._what)
        found = tuple(np.empty(len(self), dtype=np.int64) for _ in range(3))
        listens, sends = self._free()
        for rows, values in (
            (there, where(self.table, self._what[there])),
            (listens, self._listening_places(FREE - self._what[listens])),
            (sends, tuple(one[self._port_of(sends)] for one in self._ports[:3])),
        ):
            for column, given in zip(found, values, strict=True):
                column[rows] = given
        return found  # type: ignore[return-value]

    @property
    def foreign(self) -> tuple[Rows, Rows, Rows]:
        """The same of the other end; a port without one has the unspecified address and port 0."""
        there = self._what >= 0
        if there.all():
            return where(self.table, self._what ^ 1)
        low = np.where(self.ipv6, 0, IPV4_MAPPED)
        found = np.zeros_like(low), low, np.zeros_like(low)
        for column, given in zip(found, where(self.table, self._what[there] ^ 1), strict=True):
            column[there] = given
        return found

    @property
    def client(self) -> tuple[Rows, Rows, Rows]:
        """The same of the client; a port without a connection has none: the unspecified address and port NOBODY."""
        return self._end_of(CLIENT)

    @property
    def server(self) -> tuple[Rows, Rows, Rows]:
        """The same of the server; a port that listens is one, a UDP port has none."""
        return self._end_of(SERVER)

    def has(self, role: int) -> tuple[Rows, Rows]:
        """Tell of each row whether its local end is the client, or the server; and whether either of its ends is."""
        listens, sends = self._free()
        own = np.where(listens, SERVER, self._role()) == role
        return own, own | ~(listens | sends)

    def _end_of(self, role: int) -> tuple[Rows, Rows, Rows]:
        own, there = self.has(role)
        ends = zip(self.local, self.foreign, strict=True)
        high, low, port = (np.where(own, local, foreign).astype(np.int64) for local, foreign in ends)
        return high, low, np.where(there, port, NOBODY)

    def _free(self) -> tuple[Rows, Rows]:
        """Tell of each row whether it is a listening port, and whether it is a UDP port."""
        sends = self._what <= FREE - len(self._listening)
        return (self._what < 0) & ~sends, sends

    def _port_of(self, sends: Rows) -> Rows:
        return FREE - len(self._listening) - self._what[sends]

    def moved(self, kept: Rows) -> None:
        """Follow the table, which evicted connections: its row n is the former row ``kept[n]``."""
        there = self._what >= 0
        listens, sends = self._free()
        place = FREE - self._what[listens]
        told = self._listening < 0
        servers = self._listening.astype(np.int64)
        servers[~told] = endpoints_after(kept, self._listening[~told])
        left = told | (servers >= 0)
        what = self._what.copy()
        what[there] = endpoints_after(kept, self._what[there])
        what[listens] = np.where(left[place], FREE - (np.cumsum(left)[place] - 1), NOBODY)
        what[sends] += np.count_nonzero(~left)
        self._what, self._listening = what, servers[left].astype(np.int32)
        self.keep(what != NOBODY)

    @property
    def ipv6(self) -> Rows:
        """Whether each row is of IPv6."""
        high, low = self.local[:2]
        ipv6: Rows = ~is_ipv4(high, low)
        return ipv6

    def values(self, name: str) -> Any:
        """Return the values of a column by its name, one a row; a tuple of arrays for an address."""
        if name in ("proto", "state", "connection"):
            return getattr(self, name)
        end, _, part = name.partition("_")
        if part in ("address", "port"):
            given: tuple[Rows, Rows, Rows] = getattr(self, end)
            return given[:2] if part == "address" else given[2]
        return getattr(self, f"_{name}")()

    # --- columns that are computed on demand; below 0, or NEVER: no value

    def _of(self, field: str, peer: bool = False, details: bool = False, none: int = NOBODY) -> Rows:
        """Return a field of each row's endpoint, or of its peer."""
        source = self.table.details if details else self.table.endpoints
        there = self._what >= 0
        values = np.full(len(self), none, dtype=np.int64)
        if source is not None:
            values[there] = source[field][self._what[there] ^ peer]
        return values

    def _of_port(self, field: str) -> Rows:
        values = np.full(len(self), NOBODY, dtype=np.int64)
        sends = self._free()[1]
        values[sends] = getattr(self._ports, field)[self._port_of(sends)]
        return values

    def _counted(self, field: str, of_port: str, peer: bool = False) -> Rows:
        return np.where(self.proto == UDP, self._of_port(of_port), self._of(field, peer))

    def _foreign_state(self) -> Rows:
        return self._of("state", peer=True, none=NO_STATE)

    def _role(self) -> Rows:
        there = self._what >= 0
        ends = self._what[there]
        notes = self.table.connections["notes"][ends >> 1]
        roles = np.full(len(self), 2, dtype=np.int64)
        roles[there] = np.where((notes & c.NOTE_CLIENT_IS_1 != 0) == (ends & 1 == 1), CLIENT, SERVER)
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
        found = np.full(len(self), UNKNOWN, dtype=np.int64)
        there = self._what >= 0
        found[there] = round_trips(self.table.details, self._what[there] ^ (self._role()[there] == SERVER))
        return found

    def _duration(self) -> Rows:
        opened = self._opened()
        return np.where(opened == NEVER, NOBODY, np.maximum(self._last() - opened, 0))

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
        """Return how many bytes were sent and not acknowledged, SYN and FIN counted as one each."""
        answered = self._of("known", peer=True, none=0) & c.KNOWN_SENT_ACK != 0
        began = self._of("known", none=0) & c.KNOWN_SENT_SYN != 0
        # Before the peer's first ACK everything from the SYN on is unacknowledged.
        acked = np.where(answered, self._of("acked", peer=True), self._of("base"))
        sent = self._of("next") - acked & 0xFFFFFFFF
        return np.where((answered | began) & (sent < 1 << 31), sent, NOBODY)


def _sum(one: Rows, other: Rows) -> Rows:
    return np.where(one < 0, NOBODY, one + other)
