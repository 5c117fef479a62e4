"""A socket as a host's own table has it, and the table as a whole."""

from __future__ import annotations

from typing import NamedTuple

from ..addresses import IPV4_MAPPED, Address
from ..tcp.states import State

PORTS = 1 << 16
ANY = {False: (0, IPV4_MAPPED), True: (0, 0)}
"""The unspecified address of IPv4, and of IPv6 (True)."""


class HostSocket(NamedTuple):
    """A row of a host's table of sockets."""

    udp: bool
    ipv6: bool
    local: Address | None
    """None: any address."""
    local_port: int
    """0: none."""
    foreign: Address | None = None
    """None: no peer."""
    foreign_port: int = 0
    state: State | None = None
    """None: a socket of UDP, or a table that leaves the states out."""
    pid: int | None = None
    program: str | None = None
    """Not escaped."""

    @property
    def listens(self) -> bool:
        """Whether it is a port of TCP that waits for connections."""
        return not self.udp and self.state is State.LISTEN

    @property
    def owned(self) -> bool:
        """Whether the table tells its process."""
        return self.pid is not None or bool(self.program)

    @property
    def connected(self) -> bool:
        """Whether both its ends are known."""
        return None not in (self.local, self.foreign) and bool(self.local_port and self.foreign_port)


class HostsWord(NamedTuple):
    """A host's table of sockets, read from a file."""

    name: str
    """The file's, for people."""
    form: str
    """What printed it: a name of ``reading.FORMS``, or ``reading.JSON``."""
    sockets: tuple[HostSocket, ...]
    unread: int = 0
    """Lines, or entries, about sockets of TCP or UDP that could not be read."""
    first_unread: int = 0
    """The number of the first of these, from 1."""
    saved: int | None = None
    """When the file was last written, ns since the epoch."""

    @property
    def has_udp(self) -> bool:
        """Whether it tells of UDP at all."""
        return any(one.udp for one in self.sockets)

    @property
    def has_listeners(self) -> bool:
        """Whether it tells of ports that listen at all."""
        return any(one.listens for one in self.sockets)

    @property
    def has_connections(self) -> bool:
        """Whether it tells of connections at all."""
        return any(not one.udp and one.connected for one in self.sockets)
