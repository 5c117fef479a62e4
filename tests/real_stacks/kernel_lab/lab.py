"""What a scenario is given to work with: two hosts, the wire between them, and captures."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from kernel_lab.document import Note
from kernel_lab.hosts import PATIENCE, Connection, Host, receive, unacknowledged
from kernel_lab.namespaces import Namespace
from kernel_lab.recorder import Capture, Table, socket_table
from kernel_lab.segments import Segment, forge, forge_error
from kernel_lab.wire import Choice, Wire

INTERFACE = "tap0"
_BRIDGE = "br0"
# Part of all addresses, so that sockets of an earlier run that have not quite ended yet are not taken for ours.
_RUN = 64 + os.getpid() % 128
# Nothing must have moved for this long before states are noted (seconds).
_QUIET = 0.025


@dataclass(frozen=True)
class Scenario:
    """A scenario: what happens, and from where it is captured."""

    name: str
    description: str
    run: Callable[[Lab], None]
    at: tuple[str, ...]
    ipv6: bool
    loopback: bool
    bridge: bool
    syn_cookies: bool


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    description: str,
    *,
    at: tuple[str, ...] = ("client",),
    ipv6: bool = False,
    loopback: bool = False,
    bridge: bool = False,
    syn_cookies: bool = False,
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Register a function as a scenario, captured on these hosts' interfaces unless it records by itself."""

    def register(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        name = run.__name__
        SCENARIOS[name] = Scenario(name, description, run, at, ipv6, loopback, bridge, syn_cookies)
        return run

    return register


@dataclass
class Recording:
    """A capture that the truth is told for."""

    label: str
    vantage: str
    capture: Capture
    packets: int | None = None


class Lab:
    """Two hosts joined by a wire, for one scenario."""

    def __init__(self, scenario: Scenario, number: int, directory: Path) -> None:
        self.scenario = scenario
        self.directory = directory
        self.notes: list[Note] = []
        self.tables: list[tuple[float, dict[str, Table]]] = []
        self.recordings: list[Recording] = []
        self._listeners: dict[int, socket.socket] = {}
        self._next_port = 40000
        self._resources = ExitStack()
        try:
            self._build(number)
        except BaseException:
            self.close()
            raise

    def _build(self, number: int) -> None:
        network, width = (f"fd77:{_RUN}:{number}::", 64) if self.scenario.ipv6 else (f"10.{_RUN}.{number}.", 24)
        names = [f"{network}{host}" for host in (1, 2)]
        spaces = [Namespace(), Namespace()]
        bridges = [_BRIDGE if self.scenario.bridge else "", ""]
        taps = []
        for space, address, bridge in zip(spaces, names, bridges, strict=True):
            self._resources.callback(space.close)
            taps.append(space.add_tap(INTERFACE, [f"{address}/{width}"], bridge))
        self.wire = Wire(*taps)
        self._resources.callback(self.wire.close)
        self.client, self.server = (Host(n, s, a) for n, s, a in zip(("client", "server"), spaces, names, strict=True))
        if self.scenario.loopback:
            address = "::1" if self.scenario.ipv6 else f"127.{_RUN}.{number}.1"
            self.client, self.server = Host("client", spaces[0], address), Host("server", spaces[0], address)
        self.interface = "lo" if self.scenario.loopback else INTERFACE
        self.own_captures = {host.name: self._own_capture(host) for host in self.hosts}
        self._carried_before = {name: self._carried(name) for name in self.own_captures}

    @property
    def hosts(self) -> list[Host]:
        """The hosts with a network of their own: one where everything is on the loopback interface."""
        return [self.client] if self.scenario.loopback else [self.client, self.server]

    def _own_capture(self, host: Host) -> Capture:
        """Each host's own interface is always captured: that is part of the evidence."""
        path = self.directory / f"{self.scenario.name}.own-{host.name}.pcap"
        return self.capture(host, path, self.interface)

    def capture(self, host: Host, path: Path, interface: str, *options: str) -> Capture:
        """Start a capture that is ended with the lab at the latest."""
        capture = Capture(host.namespace, path, interface, options)
        self._resources.callback(capture.kill)
        return capture

    def _carried(self, name: str) -> int:
        return self.wire.frames[self.wire.ends[name]]

    # Sockets.

    def listen(self, port: int = 80, backlog: int = 16, *options: tuple[int, int, int]) -> socket.socket:
        """Listen on the server; the options are those of setsockopt."""
        listener = self.server.socket(port)
        for option in options:
            listener.setsockopt(*option)
        listener.listen(backlog)
        self.keep(listener)
        self._listeners[port] = listener
        return listener

    def start(self, port: int = 80, client_port: int | None = None, *options: tuple[int, int, int]) -> Connection:
        """Begin to connect, without waiting for anything."""
        client = self.client.socket(client_port or self.free_port())
        self.keep(client)
        for option in options:
            client.setsockopt(*option)
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.connect((self.server.address, port))
        client.settimeout(PATIENCE)
        return self.connection(client, port)

    def connection(self, client: socket.socket, port: int) -> Connection:
        """The connection that a client's socket is opening to that port."""
        own_end = self.client.at(client.getsockname()[1])
        return Connection(own_end, self.server.at(port), client, self.keep, self._listeners.get(port))

    def open(self, port: int = 80, client_port: int | None = None) -> Connection:
        """Connect, and wait until both ends are ESTABLISHED; listens first if nobody does."""
        if port not in self._listeners:
            self.listen(port)
        connection = self.start(port, client_port)
        self.states(connection, client="ESTABLISHED", server="ESTABLISHED")
        assert connection.server
        return connection

    def exchange(self, connection: Connection, request: int = 18, answer: int = 1500) -> None:
        """A request and its answer, both read to the end and acknowledged, so that nothing will be sent again."""
        connection.client.sendall(b"q" * request)
        receive(connection.server, request)
        connection.server.sendall(b"a" * answer)
        receive(connection.client, answer)
        deadline = time.monotonic() + PATIENCE
        while any(unacknowledged(end) for end in (connection.client, connection.server)):
            if time.monotonic() > deadline:
                raise TimeoutError("data was never acknowledged")
            time.sleep(0.003)

    def free_port(self) -> int:
        """A client port not used before."""
        self._next_port += 1
        return self._next_port

    def close_listener(self, port: int = 80) -> None:
        """Close a listener, and wait until it is gone: a program being started may share the socket for a moment."""
        self._listeners[port].close()
        self._await_quiet(lambda tables: "LISTEN" not in tables["server"].values(), "the listener to be gone")

    def keep(self, opened: socket.socket) -> None:
        """Close this socket with the lab at the latest."""
        self._resources.callback(opened.close)

    # Time and states.

    def states(self, connection: Connection, *, client: str | None = None, server: str | None = None) -> None:
        """Wait until the kernel lists these states and nothing moves; this makes a checkpoint."""
        wanted = {"client": client, "server": server}
        pairs = {
            "client": (connection.client_end, connection.server_end),
            "server": (connection.server_end, connection.client_end),
        }

        def reached(tables: dict[str, Table]) -> bool:
            return all(state is None or tables[end].get(pairs[end], "CLOSED") == state for end, state in wanted.items())

        self._await_quiet(reached, f"{wanted}")

    def checkpoint(self) -> None:
        """Note the states of all sockets once nothing moves."""
        self._await_quiet(lambda _: True, "quiet")

    def _await_quiet(self, reached: Callable[[dict[str, Table]], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        last, since = None, time.monotonic()
        while True:
            if self.wire.failure:
                raise self.wire.failure
            tables, now = self._read_tables(), time.monotonic()
            current = (self.wire.activity(), tables)
            if current != last:
                last, since = current, now
            elif reached(tables) and now - since >= _QUIET:
                self.tables.append((time.time(), tables))
                return
            if now > deadline:
                raise TimeoutError(f"{self.scenario.name}: waited for {what}, the kernel lists {tables}")
            time.sleep(0.003)

    def _read_tables(self) -> dict[str, Table]:
        tables = {host.name: socket_table(host.namespace) for host in self.hosts}
        return tables if len(tables) == 2 else {"client": tables["client"], "server": tables["client"]}

    # Packets.

    def send_forged(self, sender: Host, packet: bytes) -> None:
        """Send a forged IP packet from a host past its TCP, seen by its own interface as sent."""
        target = self.server if sender is self.client else self.client
        with sender.namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((INTERFACE, 0))
            raw.send(self.wire.link_header(target.name, packet) + packet)

    def inject(
        self, to: Host, flags: str, *, like: Segment, shift: int = 0, ack: int | None = None, payload: bytes = b""
    ) -> None:
        """Deliver to a host a segment its peer never sent, that continues after the segment `like`."""
        seq, ack = (like.end + shift) & 0xFFFFFFFF, like.ack if ack is None else ack
        self.wire.inject(forge(like.source, like.destination, flags, seq, ack, payload), to.name)

    def answer(self, segment: Segment, kind: int, code: int, *, shift: int = 0) -> None:
        """Deliver to the sender of a segment an ICMP error that quotes it, with a sequence number moved by `shift`."""
        seq = (segment.seq + shift) & 0xFFFFFFFF
        quoted = forge(segment.source, segment.destination, segment.letters, seq, segment.ack)
        to = next(host.name for host in self.hosts if segment.source.startswith(host.at(0).removesuffix("0")))
        self.wire.inject(forge_error(quoted, kind, code), to)

    def replay(self, segment: Segment, to: Host) -> None:
        """Deliver an old segment once more (its header alone, and as many bytes as it had)."""
        ends, payload = (segment.source, segment.destination), bytes(segment.length)
        self.wire.inject(forge(*ends, segment.letters, segment.seq, segment.ack, payload), to.name)

    def last(self, choice: Choice) -> Segment:
        """The last chosen segment that was sent."""
        return [segment for segment in self.wire.seen if choice(segment)][-1]

    def meet(self) -> None:
        """Let the hosts learn each other's link addresses without TCP."""
        with self.client.namespace.entered(), socket.socket(self.client.family, socket.SOCK_DGRAM) as greeting:
            greeting.sendto(b"hello", (self.server.address, 9))
        deadline = time.monotonic() + PATIENCE
        while not {"client", "server"} <= self.wire.reachable():
            if time.monotonic() > deadline:
                raise TimeoutError("the hosts never met")
            time.sleep(0.003)

    # Captures.

    def record(self, label: str, host: Host, interface: str | None = None, *options: str) -> Recording:
        """Start a capture of the scenario's own, instead of those of the two interfaces from beginning to end."""
        path = self.directory / f"{self.scenario.name}.{label}.pcap"
        recording = Recording(label, host.name, self.capture(host, path, interface or self.interface, *options))
        self.recordings.append(recording)
        return recording

    def unknowable(
        self, end: str, reason: str, state: str | None = None, *, at: str | None = None, connection: int | None = None
    ) -> None:
        """Note that an endpoint, or one state of it, cannot be inferred from the capture `at` that vantage."""
        self.notes.append(Note(end, reason, state, at=at, connection=connection))

    def may_seem(
        self, end: str, state: str, reason: str, *, at: str | None = None, connection: int | None = None
    ) -> None:
        """Note that the packets look as if an endpoint had been in a state it never was in."""
        self.notes.append(Note(end, reason, state, seems=True, at=at, connection=connection))

    def finish(self) -> None:
        """Note the last states, and end the captures once they have everything."""
        self.checkpoint()
        for recording in self.recordings:
            recording.capture.stop()
        for name, capture in self.own_captures.items():
            capture.stop(None if self.scenario.loopback else self._carried(name) - self._carried_before[name])
        if not self.recordings:
            self.recordings = [
                Recording("" if len(self.scenario.at) == 1 else f"at_{vantage}", vantage, self.own_captures[vantage])
                for vantage in self.scenario.at
            ]

    def close(self) -> None:
        """End everything that still runs."""
        self._resources.close()


def close_client_first(lab: Lab, connection: Connection) -> None:
    """The normal end: the client closes, then the server."""
    connection.client.close()
    lab.states(connection, client="FIN_WAIT_2", server="CLOSE_WAIT")
    connection.server.close()
    lab.states(connection, client="TIME_WAIT", server="CLOSED")
