"""Which socket of a host's table a row of the packets is, and what the host knows beside them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..addresses import Address, is_ipv4
from ..rows import Rows
from .host_socket import ANY, HostSocket, HostsWord

Ends = tuple[Address, int, Address, int]
"""Local address and port, foreign address and port."""


class Places(NamedTuple):
    """Ports without a connection that a host has open, a row each."""

    high: Rows
    low: Rows
    port: Rows


class Owners:
    """The sockets of a host's table, by what packets show of them."""

    def __init__(self, word: HostsWord) -> None:
        self._connected: dict[Ends, HostSocket] = {}
        self._ports: dict[tuple[bool, int], list[HostSocket]] = {}
        for one in word.sockets:
            if not one.udp and one.connected and one.local is not None and one.foreign is not None:
                self._connected[one.local, one.local_port, one.foreign, one.foreign_port] = one
            elif one.listens or (one.udp and one.local_port):
                self._ports.setdefault((one.udp, one.local_port), []).append(one)
        self.listening = self._places(udp=False)
        """The ports of TCP that listen."""
        self.datagrams = self._places(udp=True)
        """The ports of UDP."""

    def _places(self, udp: bool) -> Places:
        found = {
            (*(ANY[one.ipv6] if one.local is None else one.local), port)
            for (of_udp, port), some in self._ports.items()
            if of_udp == udp
            for one in some
        }
        rows = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
        return Places(rows[:, 0], rows[:, 1], rows[:, 2])

    def connection(self, ends: Ends) -> HostSocket | None:
        """Return the socket of a connection."""
        return self._connected.get(ends)

    def port(self, udp: bool, address: Address, port: int) -> HostSocket | None:
        """Return the socket that has a port open: at this address, or else at any."""
        some = self._ports.get((udp, port), [])
        known = None if address in ANY.values() else address
        if known is None:
            # Of any address: IPv4's and IPv6's may be two sockets.
            some = [one for one in some if one.local is None and ANY[one.ipv6] == address]
            return some[0] if some else None
        exact = [one for one in some if one.local == known]
        # A socket of IPv6 for any address mostly takes IPv4, too.
        others = [one for one in some if one.local is None and (one.ipv6 or is_ipv4(*known))]
        others.sort(key=lambda one: one.ipv6 == is_ipv4(*known))
        return next(iter([*exact, *others]), None)

    def covers(self, udp: bool, high: Rows, low: Rows, port: Rows) -> Rows:
        """Tell of each address and port whether a socket has it open."""
        places = zip(high.tolist(), low.tolist(), port.tolist(), strict=True)
        return np.array([self.port(udp, (one, other), number) is not None for one, other, number in places], dtype=bool)
