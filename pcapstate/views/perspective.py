"""Whose netstat it is: the host, or hosts, from whose side connections are shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..query.networks import Network, parse_network, within
from ..tcp.flow_table import FlowTable
from .endpoints import Rows, sides


class Perspective(NamedTuple):
    """Whose netstat it is, and how that was found."""

    networks: tuple[Network, ...]  # empty: each connection is shown from its client's side
    why: str
    """A template for people, with ``{host}``."""
    host: str

    def holds(self, high: Rows, low: Rows) -> Rows:
        """Tell of each address whether it is local."""
        return within(high, low, self.networks)


def perspective(table: FlowTable, local: Sequence[str]) -> Perspective:
    """Tell whose netstat to show: the given addresses and networks, or the one host that is in every connection.

    Raises ValueError where one of ``local`` is neither an address nor a network.
    """
    if local:
        return Perspective(tuple(parse_network(one) for one in local), "on {host}", ", ".join(local))
    hosts = _hosts_in_all(table)
    if len(hosts) == 1:
        network = ipaddress.ip_network(hosts[0])
        return Perspective((network,), "on {host}, the one host in every connection", hosts[0])
    return Perspective((), "each connection from its client's side (--local ADDRESS chooses a host)", "")


def is_there(table: FlowTable, whose: Perspective) -> bool:
    """Tell whether any connection has an end in the networks of a perspective."""
    of = sides(table)
    return any(bool(whose.holds(one[0], one[1]).any()) for one in (of.client_address, of.server_address))


def address(high: int, low: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address from the bits that the tracker keeps (IPv4 as ::ffff:a.b.c.d)."""
    value = (high & 0xFFFFFFFFFFFFFFFF) << 64 | low & 0xFFFFFFFFFFFFFFFF
    if value >> 32 == 0xFFFF:
        return ipaddress.IPv4Address(value & 0xFFFFFFFF)
    return ipaddress.IPv6Address(value)


def _hosts_in_all(table: FlowTable) -> list[str]:
    if not len(table.connections):
        return []
    of = sides(table)
    candidates = {tuple(int(part[0]) for part in one[:2]) for one in (of.client_address, of.server_address)}
    found = []
    for high, low in sorted(candidates):
        there = [(one[0] == high) & (one[1] == low) for one in (of.client_address, of.server_address)]
        if np.all(there[0] | there[1]):
            found.append(str(address(high, low)))
    return found
