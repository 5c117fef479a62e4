"""Whether an address was reached directly (a neighbour) or through a gateway.

ARP and ND prove it. Without them in the capture, hop limits and the number of addresses behind a station tell; the row
names its evidence.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..addresses import IPAddress, Network, address, within
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .reachability import StationAddresses, arrivals, link_local

ON_LINK, GATEWAY, UNDECIDED = range(3)
"""What a station is to an address; UNDECIDED: it is the station's only address, without any evidence."""

INITIAL_HOPS = (32, 64, 128, 255)
"""Hop limits that systems send with: a packet with one of them has crossed no router."""


class NextHops(NamedTuple):
    """For each row of StationAddresses: what the station is to the address, and the evidence."""

    what: Rows
    by_hops: Rows  # bool: the hop limit of packets from the address is the only evidence
    arrived: Rows  # number of the first frame from it; 0: none, or not looked for


def next_hops(rows: StationAddresses, local: LocalTraffic, announced: list[Announced], names: StationNames) -> NextHops:
    """Tell of each address whether its station is its own or a gateway's."""
    at_link = (rows.resolved > 0) | link_local(rows)
    stated: tuple[Network, ...] = tuple(one.network for one in announced if one.gateway is None)
    # A station to which ARP or ND give another address of that family is a gateway, or a proxy.
    others = _resolved_elsewhere(rows)
    if stated:
        at_link |= within(rows.high, rows.low, stated) & ~others
    router = np.isin(rows.mac, sorted(names.routers))
    open_ = ~at_link & (rows.packets > 0)
    several = _counted(rows, open_) > 1
    gateway = open_ & (others | router | several)
    left = open_ & ~gateway
    arrived = arrivals(local, rows, left | (rows.resolved > 0))
    near = left & (arrived.first > 0) & np.isin(arrived.hops, INITIAL_HOPS)
    far = left & (arrived.first > 0) & ~near
    what = np.where(at_link | near, ON_LINK, np.where(gateway | far, GATEWAY, UNDECIDED))
    return NextHops(what, near | far, arrived.first)


def _counted(rows: StationAddresses, mask: Rows) -> Rows:
    """Return for each row how many rows of its station and family are in the mask; rows are in their order."""
    new = np.ones(len(rows.mac), dtype=bool)
    new[1:] = (rows.mac[1:] != rows.mac[:-1]) | (rows.ipv6[1:] != rows.ipv6[:-1])
    station = np.cumsum(new) - 1
    return np.bincount(station[mask], minlength=len(new))[station]


def _resolved_elsewhere(rows: StationAddresses) -> Rows:
    """Tell of each row whether ARP or ND give its station another address that routers forward."""
    resolved = (rows.resolved > 0) & ~link_local(rows)
    return _counted(rows, resolved) - resolved > 0


class StationNames:
    """The addresses of stations that may be gateways, and the stations of gateways that packets name."""

    def __init__(self, local: LocalTraffic, announced: list[Announced]) -> None:
        bindings = local.traffic.bindings
        asked = bindings[(bindings["kind"] == c.ASKED) & (np.isin(bindings["mac"], local.own) | (not local.single))]
        self._asked = set(zip(asked["high"].tolist(), asked["low"].tolist(), strict=True))
        self._addresses: dict[tuple[int, bool], list[tuple[IPAddress, int, bool]]] = {}
        self._stations: dict[IPAddress, tuple[int, int]] = {}
        bound = bindings[bindings["kind"] == c.BOUND]
        bound = bound[np.argsort(bound["last"], kind="stable")]
        columns = (bound[name].tolist() for name in ("mac", "high", "low", "first"))
        for mac, high, low, first in zip(*columns, strict=True):
            named = address(high, low)
            entry = named, first, (high, low) in self._asked
            self._addresses.setdefault((mac, named.version == 6), []).append(entry)
            self._stations[named] = mac, first
        self._announced: dict[tuple[int, bool], IPAddress] = {}
        for route in announced:
            if route.gateway is not None:
                mac = route.mac if route.mac != c.NO_MAC else self.station(route.gateway)[0]
                if mac != c.NO_MAC:
                    self._announced[mac, route.gateway.version == 6] = route.gateway
        self.routers = {mac for mac, _ in self._announced}
        """The stations of gateways that router advertisements, DHCP or redirects name."""

    def station(self, gateway: IPAddress) -> tuple[int, int]:
        """Return the station of an address by the last ARP or ND, and the number of the first frame with it."""
        return self._stations.get(gateway, (c.NO_MAC, 0))

    def name(self, mac: int, ipv6: bool) -> tuple[IPAddress | None, int, list[IPAddress]]:
        """Return the address of a gateway's station, the number of the frame that tells it, and the candidates.

        The address is None if the station has none, or several of which none was asked for.
        """
        bound = self._addresses.get((mac, ipv6), [])
        if (announced := self._announced.get((mac, ipv6))) is not None:
            first = next((number for one, number, _ in bound if one == announced), 0)
            return announced, first, []
        candidates = [one for one in bound if one[2]] or bound
        if len(candidates) == 1:
            return candidates[0][0], candidates[0][1], []
        return None, 0, [one for one, _, _ in candidates]
