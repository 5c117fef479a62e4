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


NOBODYS = Perspective((), "each connection from its client's side (--local ADDRESS chooses a host)", "")


def perspective(table: FlowTable, local: Sequence[str], captured_on: Sequence[tuple[int, int]] = ()) -> Perspective:
    """Tell whose netstat to show: the given addresses and networks, or the one host that is in every connection.

    ``captured_on``: addresses (high and low bits) of the host whose frames these are, where they tell it. Raises
    ValueError where one of ``local`` is neither an address nor a network.
    """
    if local:
        return Perspective(tuple(parse_network(one) for one in local), "on {host}", ", ".join(local))
    hosts = _hosts(table)
    if hosts:
        why = "on {host}, the one host in every connection"
        if len(hosts) > 1:
            why = "on {host}, the one host in every connection of either family"
        return Perspective(tuple(map(ipaddress.ip_network, hosts)), why, " and ".join(hosts))
    captured = tuple(ipaddress.ip_network(address(*one)) for one in captured_on)
    if captured and in_all(table, captured):
        host = ", ".join(str(one.network_address) for one in captured)
        return Perspective(captured, "on {host}, the one host in every frame", host)
    return NOBODYS


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


def in_all(table: FlowTable, networks: tuple[Network, ...]) -> bool:
    """Tell whether every connection has an end in these networks."""
    of = sides(table)
    there = [within(one[0], one[1], networks) for one in (of.client_address, of.server_address)]
    return bool(np.all(there[0] | there[1]))


def _hosts(table: FlowTable) -> list[str]:
    """Return the one address that is in all connections over IPv4, and that over IPv6; [] unless each has just one."""
    of = sides(table)
    ends = [np.stack(one[:2], axis=1).astype(np.int64) for one in (of.client_address, of.server_address)]
    is4 = (ends[0][:, 0] == 0) & (ends[0][:, 1] >> 32 == 0xFFFF)
    found = []
    for family in (is4, ~is4):
        if not family.any():
            continue
        client, server = (end[family] for end in ends)
        there = [
            one for one in np.unique([client[0], server[0]], axis=0)
            if np.all((client == one).all(axis=1) | (server == one).all(axis=1))
        ]  # fmt: skip
        if len(there) != 1:
            return []
        found.append(str(address(int(there[0][0]), int(there[0][1]))))
    return found
