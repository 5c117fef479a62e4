"""Two hosts, a bridge between them that drops chosen segments, and connections at a rate, either way."""

from __future__ import annotations

import heapq
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from kernel_lab.networks import Host, Networks
from kernel_lab.segments import endpoint

from live_run.fates import DEAF, DEAF_AT_FIRST, FATES, LATE_FINS, PORTS

INTERFACE = "eth0"
FIRST_PORT = {"a": 20_000, "b": 40_000}
"""Own ports of clients, from there on: those of one host are never those of the other."""
FILTER = f"""
table bridge drops {{
    set opened {{ type inet_service; flags dynamic; size 65535; }}
    set closed {{ type inet_service . inet_service; flags dynamic; size 65535; }}
    chain forward {{
        type filter hook forward priority 0;
        tcp dport {DEAF} drop
        tcp dport {DEAF_AT_FIRST} tcp flags syn / syn,ack tcp sport != @opened add @opened {{ tcp sport }} drop
        tcp dport {LATE_FINS} tcp flags & fin == fin tcp sport . tcp dport != @closed \
            add @closed {{ tcp sport . tcp dport }} drop
        tcp sport {LATE_FINS} tcp flags & fin == fin tcp sport . tcp dport != @closed \
            add @closed {{ tcp sport . tcp dport }} drop
    }}
}}
"""


@dataclass
class Caller:
    """A host with its listeners, and the sockets that they have accepted."""

    host: Host
    addresses: dict[socket.AddressFamily, str]
    listeners: dict[tuple[socket.AddressFamily, int], socket.socket] = field(default_factory=dict)
    accepted: dict[tuple[str, int], socket.socket] = field(default_factory=dict)
    ports: Iterator[int] = field(default_factory=count)
    sockets: list[socket.socket] = field(default_factory=list)

    def listen(self) -> None:
        """Open the listeners."""
        for family, address in self.addresses.items():
            for port in PORTS:
                made = self.host.socket(family, socket.SOCK_STREAM)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.bind((address, port))
                made.listen(4096)
                made.setblocking(False)
                self.sockets.append(made)
                self.listeners[family, port] = made

    def accept(self, family: socket.AddressFamily, port: int, client: tuple[str, int]) -> socket.socket:
        """The socket that a client is connected to by now."""
        while client not in self.accepted:
            made, (address, from_port, *_) = self.listeners[family, port].accept()
            made.setblocking(False)
            self.sockets.append(made)
            self.accepted[address, from_port] = made
        return self.accepted[client]

    def close(self) -> None:
        """Close all its sockets."""
        for one in self.sockets:
            one.close()


class Connecting:
    """The two sockets of a connection from one host to the other; see ``fates.Link``."""

    def __init__(self, client: Caller, server: Caller, family: socket.AddressFamily) -> None:
        self._hosts, self._family = (client, server), family
        self._own = (client.addresses[family], next(client.ports))
        self._port = 0
        self.client: socket.socket

    @property
    def pair(self) -> frozenset[str]:
        """Its two endpoints."""
        return frozenset((endpoint(*self._own), endpoint(self._hosts[1].addresses[self._family], self._port)))

    def open(self, port: int) -> None:
        """Begin to connect; with the same own port as before, if there was one."""
        client, server = self._hosts
        server.accepted.pop(self._own, None)
        self._port = port
        self.client = client.host.socket(self._family, socket.SOCK_STREAM)
        client.sockets.append(self.client)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.client.bind(self._own)
        self.client.setblocking(False)
        self.client.connect_ex((server.addresses[self._family], port))

    @property
    def server(self) -> socket.socket:
        """The server's socket."""
        return self._hosts[1].accept(self._family, self._port, self._own)


@dataclass(frozen=True)
class Rate:
    """So many connections, at a rate."""

    per_second: float
    count: int


@dataclass
class Played:
    """A connection that was played: its fate and the rate it was one of."""

    connecting: Connecting
    fate: str
    rate: Rate
    failure: str = ""

    @property
    def pair(self) -> frozenset[str]:
        """The two endpoints."""
        return self.connecting.pair


def join(networks: Networks, addresses: dict[str, dict[socket.AddressFamily, str]]) -> dict[str, Caller]:
    """Make the two hosts and the bridge."""
    hosts = {name: networks.host(name) for name in addresses}
    networks.switch(*hosts.values())
    networks.switches[-1].nft(FILTER)
    callers = {}
    for name, host in hosts.items():
        for family, address in addresses[name].items():
            # Without nodad an IPv6 address cannot be bound to at once.
            length = "24" if family == socket.AF_INET else "64"
            host.ip(f"addr add {address}/{length} dev {INTERFACE}{' nodad' if family == socket.AF_INET6 else ''}")
        callers[name] = Caller(host, addresses[name], ports=count(FIRST_PORT[name]))
        callers[name].listen()
    # The stations learn each other's link addresses.
    for one, other in (("a", "b"), ("b", "a")):
        for family, address in addresses[other].items():
            with hosts[one].socket(family, socket.SOCK_DGRAM) as greeting:
                greeting.sendto(b"hello", (address, 9))
    return callers


def play(callers: dict[str, Caller], rates: list[Rate], seed: int) -> list[Played]:
    """Let connections happen, one rate after the other; return once the last has come to its end."""
    random = Random(seed)
    turns = count()
    waiting: list[tuple[float, int, Iterator[float], Played]] = []
    played: list[Played] = []
    due = time.monotonic()
    for rate in rates:
        fates = [FATES[index % len(FATES)] for index in range(rate.count)]
        random.shuffle(fates)
        for fate in fates:
            client, server = random.sample(sorted(callers), 2)
            family = random.choice([socket.AF_INET, socket.AF_INET6])
            one = Played(Connecting(callers[client], callers[server], family), fate.__name__, rate)
            played.append(one)
            steps = fate(one.connecting, Random(random.random()))
            heapq.heappush(waiting, (due, next(turns), steps, one))
            due += 1 / rate.per_second
    while waiting:
        due, _, steps, one = heapq.heappop(waiting)
        time.sleep(max(due - time.monotonic(), 0))
        try:
            pause = next(steps)
        except StopIteration:
            continue
        except OSError as error:
            one.failure = f"{one.fate}: {error}"
            continue
        # From now on: a step comes no earlier after the last one where the machine is busy.
        heapq.heappush(waiting, (time.monotonic() + pause, next(turns), steps, one))
    return played
