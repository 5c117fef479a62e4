"""Whose table a file is: the host that has its local addresses."""

from __future__ import annotations

import ipaddress

from ..addresses import Address, address, is_one_hosts, packed
from ..messages import Message
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective, is_there
from .host_socket import HostsWord

LISTED = 3
"""Addresses that are told of a host that has many."""
BY_FILE = "on {host}, by the local addresses in the file"


def by_file(table: FlowTable, word: HostsWord) -> Perspective | None:
    """Return the host with the file's local addresses; None where no connection of the capture has any of them."""
    networks = tuple(ipaddress.ip_network(address(*one)) for one in local_addresses(word))
    there = [one for one in networks if is_there(table, Perspective((one,), "", ""))]
    if not there:
        return None
    # Loopback addresses are those of any host: they tell nothing where other addresses do.
    telling = [one for one in there if is_one_hosts(packed(one.network_address.packed))] or there
    host = ", ".join(str(one.network_address) for one in telling[:LISTED])
    if len(telling) > LISTED:
        host = Message("{hosts} and {count:,} more", hosts=host, count=len(telling) - LISTED)
    return Perspective(networks, BY_FILE, host, lasting=True)


def local_addresses(word: HostsWord) -> list[Address]:
    """Return the file's local addresses that a single host can have, in order."""
    found = {one.local for one in word.sockets if one.local is not None}
    return sorted(one for one in found if is_one_hosts(one) or is_loopback(one))


def is_loopback(one: Address) -> bool:
    """Tell whether an address is a host's own way to itself."""
    return bool(address(*one).is_loopback)
