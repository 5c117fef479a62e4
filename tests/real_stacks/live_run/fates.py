"""What becomes of a connection. A fate yields the seconds until its next step; it never waits itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Protocol

from kernel_lab.hosts import abort

Fate = Callable[["Link", Random], Iterator[float]]

OPEN, CLOSED, DEAF, DEAF_AT_FIRST, LATE_FINS = 8000, 8001, 8002, 8003, 8004
"""Ports: with a listener; without; SYNs to it are dropped; the first SYN is; the first FIN of either end is."""
PORTS = (OPEN, DEAF_AT_FIRST, LATE_FINS)
"""Those with a listener that a SYN arrives at."""
SOON = 0.03
"""Seconds in which what was sent has arrived and is answered."""
AGAIN = 1.2
"""Seconds after which a SYN has been sent again."""


class Link(Protocol):
    """The two sockets of a connection; ``server`` once it is open."""

    client: socket.socket

    def open(self, port: int) -> None:
        """Begin to connect; with the same own port as before, if there was one."""

    @property
    def server(self) -> socket.socket:
        """The server's socket."""


def opened(link: Link, random: Random, port: int = OPEN) -> Iterator[float]:
    """Open, and let data pass both ways."""
    link.open(port)
    yield AGAIN if port == DEAF_AT_FIRST else SOON
    link.client.send(b"question" * random.randrange(1, 100))
    yield SOON
    link.server.recv(4096)
    link.server.send(b"answer" * random.randrange(1, 100))
    yield random.uniform(SOON, 1.5)
    link.client.recv(4096)


def closed_by_client(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.client.close()
    yield random.uniform(SOON, 1.5)
    link.server.close()


def closed_by_server(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.server.close()
    yield random.uniform(SOON, 1.5)
    link.client.close()


def closed_in_three_segments(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    # The ACK waits some 40 ms for the FIN.
    link.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    link.client.close()
    link.server.close()


def closed_at_once(link: Link, random: Random) -> Iterator[float]:
    """A FIN that carries data, right behind the handshake."""
    link.open(OPEN)
    yield SOON
    link.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    link.client.send(b"all of it")
    link.client.close()
    yield SOON
    link.server.recv(4096)
    link.server.close()


def half_closed(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.client.shutdown(socket.SHUT_WR)
    for _ in range(3):
        yield random.uniform(SOON, 0.5)
        link.server.send(b"more" * 100)
    yield SOON
    link.client.recv(4096)
    link.server.close()
    yield SOON
    link.client.close()


def half_closed_for_good(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.server.shutdown(socket.SHUT_WR)


def never_closed_by_server(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.client.close()


def closed_by_both(link: Link, random: Random) -> Iterator[float]:
    """Simultaneously: the first FIN of either is dropped."""
    yield from opened(link, random, LATE_FINS)
    link.client.shutdown(socket.SHUT_WR)
    link.server.shutdown(socket.SHUT_WR)
    yield AGAIN
    link.client.close()
    link.server.close()


def reset_by_client(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    abort(link.client)
    yield SOON
    link.server.close()


def reset_by_server(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    abort(link.server)
    yield SOON
    link.client.close()


def reset_on_unread_data(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.client.send(b"never read")
    yield SOON
    link.server.close()
    yield SOON
    link.client.close()


def reset_while_half_closed(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)
    link.client.close()
    yield random.uniform(SOON, 1.0)
    # Nobody is there who could read it.
    with suppress(OSError):
        link.server.send(b"too late")
    yield SOON
    link.server.close()


def refused(link: Link, random: Random) -> Iterator[float]:
    link.open(CLOSED)
    yield SOON
    link.client.close()


def given_up(link: Link, random: Random) -> Iterator[float]:
    """No packet tells that the client gives up."""
    link.open(DEAF)
    yield random.uniform(1.0, 4.0)
    link.client.close()


def answered_late(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random, DEAF_AT_FIRST)
    link.server.close()
    yield random.uniform(SOON, 0.5)
    link.client.close()


def opened_again(link: Link, random: Random) -> Iterator[float]:
    """The same ports once more, while the server is in TIME_WAIT."""
    yield from opened(link, random)
    link.server.close()
    yield SOON
    link.client.close()
    yield SOON
    yield from closed_by_client(link, random)


def idle(link: Link, random: Random) -> Iterator[float]:
    yield from opened(link, random)


FATES: list[Fate] = [
    closed_by_client, closed_by_server, closed_in_three_segments, closed_at_once, half_closed, half_closed_for_good,
    never_closed_by_server, closed_by_both, reset_by_client, reset_by_server, reset_on_unread_data,
    reset_while_half_closed, refused, given_up, answered_late, opened_again, idle,
]  # fmt: skip
