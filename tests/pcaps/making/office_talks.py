"""Conversations as the laptop of ``office`` captures them: how long answers take, and what they begin with."""

from __future__ import annotations

from .device_messages import http
from .hellos import (
    CHANGE,
    SSH_NEW_KEYS,
    client_hello,
    finished,
    noise,
    sealed,
    server_hello,
    ssh_algorithms,
    ssh_key,
    ssh_reply,
)
from .lan import Station
from .office_wire import LAPTOP, LAPTOP6, Wire, chance, moment
from .packets import Segment, Side, Talk

LARGEST = 1460
"""Bytes of data in a segment at most, on Ethernet over IPv4."""


class End(Side):
    """One end of a conversation; what it sends is captured after as long as that takes."""

    talk: Conversation

    def emit(self, segment: Segment, captured: bool = True) -> None:
        """Put a segment on the wire, perhaps again."""
        self.talk.pause(self)
        super().emit(segment, captured)

    def syn(self, data: bytes = b"", options: bytes = b"") -> Segment:
        """Open."""
        return super().syn(data, options or self.talk.syn_options)

    def syn_ack(self, **more: int) -> Segment:
        """Answer a SYN."""
        return self.send("SA", seq=self.isn, window=65_160, options=self.talk.syn_options, ack=more.get("ack"))


class Conversation(Talk):
    """A conversation: what the laptop sends follows at once, what it is sent ``round_trip`` ms later."""

    def __init__(
        self, client: tuple[str, int], server: tuple[str, int], at: float, round_trip: float, process: str | None = None
    ) -> None:
        isn = [chance(0, 2**32 - 1, client, server, side) for side in ("client", "server")]
        super().__init__(client, server, isn=(isn[0], isn[1]), start=moment(at), step=0)
        lan = client[0].startswith("10.0.0.") and server[0].startswith("10.0.0.")
        self.client: Side = End(self, client, isn[0], 64)
        self.server: Side = End(self, server, isn[1], 64 if lan else 57)
        self.client.peer, self.server.peer = self.server, self.client
        self.near = self.client if client[0] in (LAPTOP.ip, LAPTOP6) else self.server
        self.name = f"{client[1]} {server[1]}"
        self.process, self.round_trip = process, round(round_trip * 1000)
        self.syn_options = bytes.fromhex(f"0204{1440 if ':' in client[0] else 1460:04x} 0101 0402 01 030307")
        self._last: Side | None = None

    def pause(self, side: Side) -> None:
        """Let the time pass that a segment takes: a moment, or a round trip."""
        turn = len(self.packets)
        if side is self._last:
            micro = chance(7, 23, turn)
        elif side is self.near:
            micro = chance(45, 290, self.name, turn)
        else:
            micro = self.round_trip + chance(0, self.round_trip // 12, self.name, turn)
        if self._last is not None:
            self.time += micro * 1000
        self._last = side

    def until(self, seconds: float) -> Conversation:
        """Let time pass until so many seconds after nine."""
        self.time = max(self.time, moment(seconds))
        return self

    def onto(self, wire: Wire, via: Station | None = None) -> Conversation:
        """Put it on the wire."""
        for packet in self.packets:
            wire.ip_at(packet.time, packet.ip, self.process, via=via)
        return self

    def send(self, side: Side, data: bytes) -> None:
        """Send data in as many segments as it takes; the last of them is pushed."""
        while len(data) > LARGEST:
            side.send("A", data[:LARGEST])
            data = data[LARGEST:]
        side.data(data)

    def answered(self, request: bytes, answer: bytes) -> Conversation:
        """Send a request and an answer, each acknowledged."""
        self.send(self.client, request)
        self.server.ack()
        self.send(self.server, answer)
        self.client.ack()
        return self

    def secured(
        self, name: str, protocols: tuple[bytes, ...] = (b"h2", b"http/1.1"), *, post_quantum: bool = False
    ) -> Conversation:
        """Open, and shake hands with TLS 1.3."""
        self.opened()
        self.send(self.client, client_hello(name, protocols, self.name, post_quantum=post_quantum))
        self.server.ack()
        self.send(self.server, server_hello(self.name) + CHANGE + sealed(842, f"{self.name} certificate"))
        self.client.ack()
        self.client.data(CHANGE + sealed(53, f"{self.name} finished"))
        self.server.ack()
        return self

    def resumed(self, name: str, protocols: tuple[bytes, ...], chosen: bytes) -> Conversation:
        """Open, and take up a session of TLS 1.2."""
        self.opened()
        self.client.data(client_hello(name, protocols, self.name, newest=False))
        self.server.ack()
        self.server.data(server_hello(self.name, chosen, newest=False) + finished(f"{self.name} server"))
        self.client.data(finished(f"{self.name} client"))
        self.server.ack()
        return self

    def secret(self, request: int, answer: int) -> Conversation:
        """Send a request and an answer of so many bytes, encrypted."""
        turn = f"{self.name} {len(self.packets)}"
        return self.answered(sealed(request, f"{turn} request"), sealed(answer, f"{turn} answer"))

    def shell(self, client: bytes, server: bytes) -> Conversation:
        """Open an SSH connection: banners, keys, and what is encrypted from then on."""
        self.opened()
        self.client.data(client + b"\r\n")
        self.server.ack()
        self.server.data(server + b"\r\n")
        self.client.data(ssh_algorithms(f"{self.name} client"))
        self.server.data(ssh_algorithms(f"{self.name} server"))
        self.client.data(ssh_key(self.name))
        self.server.data(ssh_reply(self.name))
        self.client.data(SSH_NEW_KEYS + noise(44, f"{self.name} service"))
        self.server.ack()
        return self.typed(44).typed(68).typed(124)

    def typed(self, length: int) -> Conversation:
        """Send a key that was pressed, and what it shows, in an encrypted session."""
        turn = f"{self.name} {len(self.packets)}"
        self.client.data(noise(36, f"{turn} key"))
        self.server.data(noise(length, f"{turn} shown"))
        self.client.ack()
        return self


def web(host: str, path: str, agent: str, method: str = "GET", body: bytes = b"") -> bytes:
    """Return an HTTP request."""
    return http(f"{method} {path} HTTP/1.1", f"Host: {host}", f"User-Agent: {agent}", "Accept: */*", body=body)


def of_laptop(
    port: int, server: tuple[str, int], at: float, round_trip: float, process: str | None = None
) -> Conversation:
    """Return a conversation that the laptop begins."""
    return Conversation((LAPTOP6 if ":" in server[0] else LAPTOP.ip, port), server, at, round_trip, process)
