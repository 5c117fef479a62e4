"""What the packets say of a host's sockets at a moment, row by row."""

from __future__ import annotations

from typing import NamedTuple

from ..addresses import Address
from ..tcp.perspective import Perspective
from ..tcp.states import State


class PacketSocket(NamedTuple):
    """A row of netstat, as the packets have it."""

    udp: bool
    ipv6: bool
    local: Address
    local_port: int
    foreign: Address
    foreign_port: int
    state: State | None
    """None: a port of UDP."""
    connection: int
    """Wireshark's tcp.stream; -1: a port without one."""
    side: int
    """The endpoint of the connection, 0 or 1."""
    last: int
    """When it sent or got its last packet, ns since the epoch."""


class PacketsWord(NamedTuple):
    """All rows at a moment."""

    moment: int
    whose: Perspective
    sockets: list[PacketSocket]
    left_out: int
    """Rows beyond those that are kept."""
