"""The two hosts, their sockets, and what can be done with one."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass

from kernel_lab.namespaces import Namespace
from kernel_lab.segments import Segment, endpoint
from kernel_lab.wire import Choice

PATIENCE = 8.0
_TCP_REPAIR = 19


class Host:
    """One of the two hosts."""

    def __init__(self, name: str, namespace: Namespace, address: str) -> None:
        self.name, self.namespace, self.address = name, namespace, address
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def at(self, port: int) -> str:
        """The endpoint of this host with that port."""
        return endpoint(self.address, port)

    def socket(self, port: int) -> socket.socket:
        """A TCP socket of this host, bound to the port."""
        with self.namespace.entered():
            made = socket.socket(self.family, socket.SOCK_STREAM)
        made.settimeout(PATIENCE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.address, port))
        return made

    def sends(self, flags: str = "", *, lacks: str = "", data: bool | None = None, port: int | None = None) -> Choice:
        """A choice of segments: sent by this host, with these flags, without those, with or without data."""

        def choice(segment: Segment) -> bool:
            address, _, own_port = segment.source.rpartition(":")
            return (
                address.strip("[]") == self.address
                and segment.has(flags)
                and not any(segment.has(flag) for flag in lacks)
                and data in (None, segment.length > 0)
                and port in (None, int(own_port))
            )

        return choice


@dataclass
class Connection:
    """The two sockets of a connection; `server` once it has been accepted."""

    client_end: str
    server_end: str
    client: socket.socket
    keep: Callable[[socket.socket], None]
    listener: socket.socket | None = None
    accepted: socket.socket | None = None

    @property
    def server(self) -> socket.socket:
        """The server's socket, accepted now if it has not been yet."""
        if self.accepted is None:
            assert self.listener is not None
            self.accepted, _ = self.listener.accept()
            self.accepted.settimeout(PATIENCE)
            self.keep(self.accepted)
        return self.accepted


def receive(from_socket: socket.socket, count: int) -> bytes:
    """Read this many bytes."""
    data = b""
    while len(data) < count:
        part = from_socket.recv(count - len(data))
        if not part:
            raise EOFError(f"{len(data)} bytes came, {count} were expected")
        data += part
    return data


def unacknowledged(sender: socket.socket) -> int:
    """How many bytes sent have not been acknowledged yet."""
    return int.from_bytes(fcntl.ioctl(sender, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def abort(closing: socket.socket) -> None:
    """Close with a RST."""
    closing.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    closing.close()


def vanish(closing: socket.socket) -> None:
    """Close without a word, as if the host had been switched off: a socket under repair says nothing."""
    closing.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    closing.close()
