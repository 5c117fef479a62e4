"""A row of the routing table, and how its cells are computed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..addresses import IPAddress, Network, address
from ..messages import Message, joined
from ..rows import Rows
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .reachability import StationAddresses

SITES = 16
"""Networks of one gateway that have a row each; more become one row."""
SITE_IPV4, SITE_IPV6 = 24, 64
"""Prefix lengths within which addresses are taken to share a network: the usual ones (RFC 4291 §2.5.1 for IPv6)."""

HOP_LIMIT, TRAFFIC = Message("hop limit"), Message("traffic")
"""Kinds of evidence beside the names of protocols."""


class Route(NamedTuple):
    """A row of the routing table."""

    network: Network
    stated: bool
    """A packet names the network; else it is the smallest that holds the addresses seen, a lower bound."""
    neighbour: bool
    """One address with its station: a row of ``arp -a`` rather than of ``netstat -r``."""
    on_link: bool | None
    """None: packets do not tell."""
    gateway: IPAddress | None
    mac: int
    """The station of the gateway or neighbour, or NO_MAC."""
    interface: IPAddress | None
    """The local address that sent the last of the packets."""
    addresses: int
    packets: int
    bytes: int
    evidence: str


class Counts(NamedTuple):
    """Traffic to some addresses, in the order of the fields of Route."""

    addresses: int
    packets: int
    bytes: int


def counts(rows: StationAddresses, chosen: Rows) -> Counts:
    """Return the traffic to some addresses; ``chosen``: a mask or indices."""
    return Counts(len(rows.mac[chosen]), int(rows.packets[chosen].sum()), int(rows.bytes[chosen].sum()))


def earliest(numbers: Rows) -> int:
    """Return the lowest packet number, or 0."""
    numbers = numbers[numbers > 0]
    return int(numbers.min()) if len(numbers) else 0


def interface(rows: StationAddresses, chosen: Rows, local: LocalTraffic) -> IPAddress | None:
    """Return the local address that sent the last packet to some addresses."""
    places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    if not local.single or not len(places):
        return None
    last: Any = places[np.argmax(rows.last[places])]
    if rows.packets[last] == 0:
        return None
    return address(int(rows.interface_high[last]), int(rows.interface_low[last]))


def evidence_text(evidence: Sequence[tuple[str, int]]) -> Message:
    """Return the kinds of evidence as text, each with the number of its first packet; kinds with 0 are left out."""
    seen = (Message("{kind} #{number}", kind=Message(kind), number=number) for kind, number in evidence if number)
    return joined(seen, ", ")


def resolution_protocol(ipv6: bool) -> str:
    """Return the name of the protocol that resolves addresses to stations."""
    return "ND" if ipv6 else "ARP"


def merged(announced: Iterable[Announced]) -> list[Announced]:
    """Return one route for each network and gateway, the longest prefix first, with the first packet that named it."""
    found: dict[tuple[Network, IPAddress | None], Announced] = {}
    for one in announced:
        key = one.network, one.gateway
        before = found.pop(key, None)
        found[key] = one._replace(number=min(one.number, before.number)) if before else one
    return sorted(found.values(), key=lambda one: -one.network.prefixlen)


def smallest(first: tuple[int, int], last: tuple[int, int]) -> Network:
    """Return the smallest network that holds two addresses (high and low half, IPv4 as ::ffff:a.b.c.d)."""
    low, high = address(*first), address(*last)
    length = low.max_prefixlen - (int(low) ^ int(high)).bit_length()
    return ipaddress.ip_network(f"{low}/{length}", strict=False)


def sites(high: Rows, low: Rows, ipv6: bool) -> Iterator[tuple[Network, slice]]:
    """Yield the networks of these addresses, which are in order, each with the slice of its addresses.

    Addresses of the same /24 or /64 share a network: the smallest that holds them. More than SITES networks become
    one: the smallest that holds all addresses.
    """
    if not len(low):
        return
    site = np.asarray(high if ipv6 else low >> (32 - SITE_IPV4))
    starts = [0, *(np.flatnonzero(site[1:] != site[:-1]) + 1).tolist()]
    if len(starts) > SITES:
        starts = [0]
    for start, end in zip(starts, [*starts[1:], len(low)], strict=True):
        ends = [(int(high[at]), int(low[at])) for at in (start, end - 1)]
        yield smallest(*ends), slice(start, end)
