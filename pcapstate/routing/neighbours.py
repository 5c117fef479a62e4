"""What is on the link: the neighbours, one by one, and the networks that they are in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

import numpy as np

from ..addresses import IPAddress, Network, address, is_ipv4, within
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .next_hops import ON_LINK, UNDECIDED, NextHops
from .reachability import Reached, link_local
from .route import SITE_IPV4, SITE_IPV6, Route, counts, earliest, interface, merged, resolution, sites, written

LOCALS = 16
"""Local addresses of a family at most whose neighbours are told apart."""
SHORTEST = {4: 8, 6: 32}
"""Prefix lengths of the largest networks that hosts are on, by version: 10.0.0.0/8 (RFC 1918), a provider's /32."""
USUAL = {4: SITE_IPV4, 6: SITE_IPV6}
"""The same of a host with several stations: a neighbour farther away may be on another link."""


def neighbours(rows: Reached, hops: NextHops, local: LocalTraffic) -> Iterator[Route]:
    """Yield a row for each address on the link that the host had to do with, and for those that may be there."""
    undecided = (hops.what == UNDECIDED) & (rows.packets > 0)
    for row in np.flatnonzero(_near(rows, hops, local) | undecided).tolist():
        host = address(int(rows.high[row]), int(rows.low[row]))
        evidence = (
            (resolution(host.version == 6), int(rows.told[row])),
            ("hop limit", int(hops.came[row]) if hops.by_hops[row] else 0),
            ("traffic", int(rows.first[row])),
        )
        only = np.array([row])
        yield Route(
            network=ipaddress.ip_network(host),
            stated=True,
            neighbour=True,
            on_link=None if undecided[row] else True,
            gateway=None,
            mac=int(rows.mac[row]),
            interface=interface(rows, only, local),
            **counts(rows, only)._asdict(),
            evidence=written(evidence),
        )


def _near(rows: Reached, hops: NextHops, local: LocalTraffic) -> Rows:
    """Tell of each address whether it is a neighbour of the local host: it sent to it, or met it by ARP or ND."""
    at_link = hops.what == ON_LINK
    sent_to = rows.packets > 0
    if not local.single:
        return at_link & (sent_to | (rows.told > 0))
    bindings = local.traffic.bindings
    asked = bindings[bindings["kind"] == c.ASKED]
    by_own = asked[np.isin(asked["mac"], local.own)]
    for_own = asked[local.holds(asked["high"], asked["low"])]
    wanted = set(zip(by_own["high"].tolist(), by_own["low"].tolist(), strict=True))
    places = zip(rows.high.tolist(), rows.low.tolist(), strict=True)
    was_asked = np.array([place in wanted for place in places], dtype=bool)
    station = rows.mac << 1 | rows.ipv6
    asking = for_own["mac"] << 1 | ~is_ipv4(for_own["high"], for_own["low"])
    met = (hops.came > 0) | was_asked | np.isin(station, asking) | np.isin(station, station[sent_to])
    return at_link & (sent_to | (rows.told > 0) & met)


def networks_on_link(
    rows: Reached, hops: NextHops, announced: Iterable[Announced], local: LocalTraffic
) -> Iterator[Route]:
    """Yield the networks on the link: those that packets name, and the least that hold all other neighbours."""
    near = _near(rows, hops, local) & ~link_local(rows)
    networks = [one for one in announced if one.gateway is None and one.network.prefixlen < one.network.max_prefixlen]
    for one in merged(networks):
        mask = near & within(rows.high, rows.low, (one.network,))
        near &= ~mask
        yield Route(
            network=one.network,
            stated=True,
            neighbour=False,
            on_link=True,
            gateway=None,
            mac=c.NO_MAC,
            interface=one.host or interface(rows, mask, local),
            **counts(rows, mask)._asdict(),
            evidence=written([(one.kind, one.number), ("traffic", earliest(rows.first[mask]))]),
        )
    for ipv6 in (False, True):
        part = rows.chosen(near & (rows.ipv6 == ipv6))
        for network, chosen, own in _least(part, local, ipv6):
            evidence = (
                (resolution(ipv6), earliest(part.told[chosen])),
                ("traffic", earliest(part.first[chosen])),
            )
            yield Route(
                network=network,
                stated=False,
                neighbour=False,
                on_link=True,
                gateway=None,
                mac=c.NO_MAC,
                interface=own,
                **counts(part, chosen)._asdict(),
                evidence=written(evidence),
            )


def _least(rows: Reached, local: LocalTraffic, ipv6: bool) -> Iterator[tuple[Network, Rows, IPAddress | None]]:
    """Yield the smallest networks that hold neighbours, with their indices and the local address on the network."""
    places = np.stack([rows.high, rows.low], axis=1)
    own = np.unique(np.stack([rows.interface_high, rows.interface_low], axis=1)[rows.packets > 0], axis=0)
    if not local.single or not 0 < len(own) <= LOCALS:
        order = np.lexsort((places[:, 1], places[:, 0]))
        ordered = places[order]
        for network, part in sites(ordered[:, 0], ordered[:, 1], ipv6):
            yield network, order[part], None
        return
    # A neighbour is on the network of the local address that it has most leading bits in common with.
    locals_ = [address(*one) for one in own.tolist()]
    shortest = USUAL if len(local.own) > 1 else SHORTEST
    near_to: dict[IPAddress, list[int]] = {}
    for row, place in enumerate(places.tolist()):
        value = int(address(*place))
        nearest = min(locals_, key=lambda one: int(one) ^ value)
        if nearest.max_prefixlen - (int(nearest) ^ value).bit_length() < shortest[nearest.version]:
            # No network is that large, or there are several links: it is reached on one, and why is not told.
            yield ipaddress.ip_network(address(*place)), np.array([row]), nearest
            continue
        near_to.setdefault(nearest, []).append(row)
    for one, some in near_to.items():
        yield _holding(one, [address(*place) for place in places[some].tolist()]), np.array(some), one


def _holding(own: IPAddress, others: Iterable[IPAddress]) -> Network:
    """Return the smallest network that holds a local address and its neighbours."""
    length: int = own.max_prefixlen
    for other in others:
        length = min(length, own.max_prefixlen - (int(own) ^ int(other)).bit_length())
    return ipaddress.ip_network(f"{own}/{length}", strict=False)
