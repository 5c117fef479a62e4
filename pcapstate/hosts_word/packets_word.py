"""What the packets say of a host's sockets at a moment, row by row, kept while the reading goes on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..addresses import Address, address, is_one_hosts, packed
from ..messages import Message
from ..sockets.gathering import Gathering
from ..sockets.rows import NO_STATE, UDP, SocketRows, udp_ports
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective, is_there
from ..tcp.states import State
from .host_socket import HostsWord

MOST_ROWS = 200_000
"""Rows that are kept; a flood may have more."""
LISTED = 3
"""Addresses that are told of a host that has many."""

BY_FILE = "on {host}, by the local addresses in the file"


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
    """Rows beyond MOST_ROWS."""


def whose(gathering: Gathering, table: FlowTable, word: HostsWord, local: tuple[str, ...]) -> Perspective:
    """Return whose sockets they are: ``local``; or the host with the file's addresses, where packets have any of them.

    Else the host that the capture shows.
    """
    if not local:
        own = local_addresses(word)
        networks = tuple(ipaddress.ip_network(address(*one)) for one in own)
        there = [one for one in networks if is_there(table, Perspective((one,), "", ""))]
        # Loopback addresses are those of any host: they tell nothing where other addresses do.
        telling = [one for one in there if is_one_hosts(_halves(one))] or there
        if there:
            hosts = ", ".join(str(one.network_address) for one in telling[:LISTED])
            more = Message("{hosts} and {count:,} more", hosts=hosts, count=len(telling) - LISTED)
            host = hosts if len(telling) <= LISTED else more
            return Perspective(networks, BY_FILE, host, lasting=True)
    return gathering.perspective(table)


def _halves(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Address:
    return packed(network.network_address.packed)


def local_addresses(word: HostsWord) -> list[Address]:
    """Return the file's local addresses that a single host can have, in order."""
    found = {one.local for one in word.sockets if one.local is not None}
    return sorted(one for one in found if is_one_hosts(one) or is_loopback(one))


def is_loopback(one: Address) -> bool:
    """Tell whether an address is a host's own way to itself."""
    return bool(address(*one).is_loopback)


def packets_word(gathering: Gathering, table: FlowTable, whose: Perspective, moment: int, *, udp: bool) -> PacketsWord:
    """Return the rows that netstat would have at the moment that was read to; ``udp``: ports of UDP, too."""
    ports = udp_ports(gathering.the_traffic, whose) if udp else None
    rows = SocketRows(table, whose, moment, listening=True, ports=ports)
    left_out = max(len(rows) - MOST_ROWS, 0)
    if left_out:
        rows.keep(np.arange(MOST_ROWS))
    return PacketsWord(moment, whose, list(_sockets(rows)), left_out)


def _sockets(rows: SocketRows) -> Iterator[PacketSocket]:
    for part in rows.parts():
        columns = [part.proto, part.ipv6, *part.local, *part.foreign, part.state, part.connection, part.endpoint]
        last = part.values("last").tolist()
        for at, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            proto, ipv6, high, low, port, other_high, other_low, other_port, state, connection, endpoint = row
            yield PacketSocket(
                proto == UDP,
                ipv6,
                (high, low),
                port,
                (other_high, other_low),
                other_port,
                None if state == NO_STATE else State(state),
                connection,
                endpoint & 1,
                last[at],
            )
