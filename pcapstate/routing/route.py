"""A row of the routing table, and what its cells are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..addresses import IPAddress, Network, address
from ..rows import Rows
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .reachability import Reached


class Route(NamedTuple):
    """A row of the routing table."""

    network: Network
    stated: bool
    """A packet names the network; else it is the least that the addresses seen allow."""
    neighbour: bool
    """It is one address with its station, a row of ``arp -a`` rather than of ``netstat -r``."""
    on_link: bool | None
    """None: packets do not tell."""
    gateway: IPAddress | None
    mac: int
    """The station of the gateway or neighbour, or NO_MAC."""
    interface: IPAddress | None
    """The local address that the last of the packets was sent from."""
    addresses: int
    packets: int
    bytes: int
    evidence: str


class Counts(NamedTuple):
    """What went to some addresses, in the order of the fields of Route."""

    addresses: int
    packets: int
    bytes: int


def counts(rows: Reached, chosen: Rows) -> Counts:
    """Return what was sent to some addresses; ``chosen``: a mask or indices."""
    return Counts(len(rows.mac[chosen]), int(rows.packets[chosen].sum()), int(rows.bytes[chosen].sum()))


def earliest(numbers: Rows) -> int:
    """Return the lowest packet number; 0 where there is none."""
    numbers = numbers[numbers > 0]
    return int(numbers.min()) if len(numbers) else 0


def interface(rows: Reached, chosen: Rows, local: LocalTraffic) -> IPAddress | None:
    """Return the local address that the last packet to some addresses was sent from."""
    places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    if not local.single or not len(places):
        return None
    last: Any = places[np.argmax(rows.last[places])]
    if rows.packets[last] == 0:
        return None
    return address(int(rows.interface_high[last]), int(rows.interface_low[last]))


def written(evidence: Sequence[tuple[str, int]]) -> str:
    """Return kinds of evidence, each with the number of the first packet that gives it; those with 0 are none."""
    return ", ".join(f"{kind} #{number}" for kind, number in evidence if number)


def resolution(ipv6: bool) -> str:
    """Return what the protocol is called that finds stations."""
    return "ND" if ipv6 else "ARP"


def merged(announced: Iterable[Announced]) -> list[Announced]:
    """Return one route for each network and gateway, the longest prefix first, with the first packet that named it."""
    found: dict[tuple[Network, IPAddress | None], Announced] = {}
    for one in announced:
        key = one.network, one.gateway
        before = found.pop(key, None)
        found[key] = one._replace(number=min(one.number, before.number)) if before else one
    return sorted(found.values(), key=lambda one: -one.network.prefixlen)
