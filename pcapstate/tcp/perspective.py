"""Whose netstat it is: the host, or hosts, whose ends of connections are local."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import Network, address, is_ipv4, parse_network, within
from ..messages import Message
from ..rows import Rows, unique
from ..table import slices
from .flow_table import FlowTable
from .sides import where

SLICE = 1 << 16
"""Connections that are processed together."""


class Perspective(NamedTuple):
    """Whose netstat it is, and how that was found."""

    networks: tuple[Network, ...]  # empty: each connection is shown from its client's side
    why: str
    """A template for people, with ``{host}``."""
    host: str
    lasting: bool = False
    """Connections between other hosts do not change it."""

    def holds(self, high: Rows, low: Rows) -> Rows:
        """Tell of each address whether it is local."""
        return within(high, low, self.networks)


OWN = "on {host}, by the addresses of its interface"
NOBODYS = Perspective((), "each connection from its client's side (--local ADDRESS chooses a host)", "")
ALL_PORTS = "each connection from its client's side, ports of all hosts (--local ADDRESS chooses a host)"
"""The same for a table with listening ports and UDP ports."""
MOST = 16
"""Addresses of one family with processes that a host has at most; more belong to several hosts."""


def perspective(
    table: FlowTable,
    local: Sequence[str],
    captured_on: Sequence[tuple[int, int]] = (),
    with_process: Rows | None = None,
    own: Sequence[str] = (),
    everybody: FlowTable | None = None,
) -> Perspective:
    """Return whose netstat to show: the given addresses and networks, or the one host that is in every connection.

    ``captured_on``: addresses (high and low half) of the one host whose station is in every frame. ``with_process``:
    the endpoints whose process the capture names; they belong to the capturing host. ``own``: addresses of the
    interfaces that were captured on; they decide, unless all connections are between other hosts. ``everybody``: a
    table that stands for all connections, where ``table`` has only some. Raises ValueError if one of ``local`` is
    neither an address nor a network.
    """
    if local:
        return Perspective(tuple(parse_network(one) for one in local), "on {host}", ", ".join(local))
    if own:
        there = [one for one in own if _is_there(table, (ipaddress.ip_network(one),))]
        if there or not len(table.connections):
            networks = tuple(map(ipaddress.ip_network, own))
            return Perspective(networks, OWN, ", ".join(there or own), lasting=True)
    found = _without_processes(table if everybody is None else everybody, captured_on)
    owners = () if with_process is None else _addresses(table, with_process)
    if owners and not set(owners).issubset(found.networks):
        host = ", ".join(str(one.network_address) for one in owners)
        return Perspective(owners, "on {host}, the host whose processes the capture names", host, lasting=True)
    return found


def _listed(hosts: Sequence[str]) -> str:
    found = hosts[0]
    for host in hosts[1:]:
        found = Message("{hosts} and {host}", hosts=found, host=host)
    return found


def _without_processes(table: FlowTable, captured_on: Sequence[tuple[int, int]]) -> Perspective:
    hosts = _hosts(table)
    if hosts:
        why = "on {host}, the one host in every connection"
        if len(hosts) > 1:
            why = "on {host}, the one host in every connection of either family"
        return Perspective(tuple(map(ipaddress.ip_network, hosts)), why, _listed(hosts))
    captured = tuple(ipaddress.ip_network(address(*one)) for one in captured_on)
    if captured and in_all(table, captured):
        host = ", ".join(str(one.network_address) for one in captured)
        return Perspective(captured, "on {host}, the one host in every frame", host)
    return NOBODYS


def _addresses(table: FlowTable, endpoints: Rows) -> tuple[Network, ...]:
    """Return the distinct addresses of endpoints in order, IPv4 first; none if there are too many for a single host."""
    high, low, _ = where(table, endpoints)
    different = sorted(
        (address(*one) for one in unique(np.stack([high, low], axis=1)).tolist()),
        key=lambda one: (one.version, int(one)),
    )
    if any(sum(one.version == version for one in different) > MOST for version in (4, 6)):
        return ()
    return tuple(map(ipaddress.ip_network, different))


def others(table: FlowTable, whose: Perspective) -> int:
    """Return how many connections have no end in the networks of a perspective."""
    return sum(int(np.count_nonzero(~(whose.holds(*one) | whose.holds(*other)))) for one, other in _ends(table))


def is_there(table: FlowTable, whose: Perspective) -> bool:
    """Tell whether any connection has an end in the networks of a perspective."""
    return _is_there(table, whose.networks)


def in_all(table: FlowTable, networks: tuple[Network, ...]) -> bool:
    """Tell whether every connection has an end in these networks."""
    return all(bool(np.all(within(*ends[0], networks) | within(*ends[1], networks))) for ends in _ends(table))


def _is_there(table: FlowTable, networks: tuple[Network, ...]) -> bool:
    return any(bool(within(*end, networks).any()) for ends in _ends(table) for end in ends)


def _ends(table: FlowTable) -> Iterator[list[tuple[Rows, Rows]]]:
    """Yield the addresses (halves) of both endpoints, a slice of connections at a time."""
    for part in slices(len(table.connections), SLICE):
        one, extra = table.connections[part], table.extras[part]
        yield [(extra[f"high_{side}"], one[f"low_{side}"]) for side in (0, 1)]


def _hosts(table: FlowTable) -> list[str]:
    """Return the address in all connections over IPv4, and the one over IPv6; [] unless each family has just one."""
    there: dict[bool, set[tuple[int, int]]] = {}
    for ends in _ends(table):
        (high, low), _ = ends
        is4 = is_ipv4(high, low)
        for family in (True, False):
            rows = np.flatnonzero(is4 == family)
            if not len(rows):
                continue
            chosen = [(high[rows], low[rows]) for high, low in ends]
            first = {(int(high[0]), int(low[0])) for high, low in chosen}
            there[family] = {
                one
                for one in there.get(family, first)
                if np.all(np.logical_or(*((high == one[0]) & (low == one[1]) for high, low in chosen)))
            }
            if not there[family]:
                return []
    if any(len(one) != 1 for one in there.values()):
        return []
    return [str(address(*one)) for family in (True, False) for one in there.get(family, ())]
