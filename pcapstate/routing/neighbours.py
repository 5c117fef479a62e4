"""The neighbours on the link, one by one, and their networks."""

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
from .reachability import StationAddresses, link_local
from .route import (
    HOP_LIMIT,
    SITE_IPV4,
    SITE_IPV6,
    TRAFFIC,
    Route,
    counts,
    earliest,
    evidence_text,
    interface,
    merged,
    resolution_protocol,
    sites,
)

LOCALS = 16
"""Local addresses of a family up to which each neighbour is assigned to one of them."""
SHORTEST = {4: 8, 6: 32}
"""Prefix lengths of the largest networks on a link, by version: 10.0.0.0/8 (RFC 1918), a provider's /32."""
USUAL = {4: SITE_IPV4, 6: SITE_IPV6}
"""The same for a host with several stations: a neighbour farther away may be on another link."""


def neighbours(rows: StationAddresses, hops: NextHops, local: LocalTraffic) -> Iterator[Route]:
    """Yield a row for each address on the link that the host dealt with, and for those that may be on the link."""
    undecided = (hops.what == UNDECIDED) & (rows.packets > 0)
    for row in np.flatnonzero(_near(rows, hops, local) | undecided).tolist():
        host = address(int(rows.high[row]), int(rows.low[row]))
        evidence = (
            (resolution_protocol(host.version == 6), int(rows.resolved[row])),
            (HOP_LIMIT, int(hops.arrived[row]) if hops.by_hops[row] else 0),
            (TRAFFIC, int(rows.first[row])),
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
            evidence=evidence_text(evidence),
        )


def _near(rows: StationAddresses, hops: NextHops, local: LocalTraffic) -> Rows:
    """Tell of each address whether it is a neighbour of the local host, which sent to it, or met it in ARP or ND."""
    at_link = hops.what == ON_LINK
    sent_to = rows.packets > 0
    if not local.single:
        return at_link & (sent_to | (rows.resolved > 0))
    bindings = local.traffic.bindings
    asked = bindings[bindings["kind"] == c.ASKED]
    by_own = asked[np.isin(asked["mac"], local.own)]
    for_own = asked[local.holds(asked["high"], asked["low"])]
    wanted = set(zip(by_own["high"].tolist(), by_own["low"].tolist(), strict=True))
    places = zip(rows.high.tolist(), rows.low.tolist(), strict=True)
    was_asked = np.array([place in wanted for place in places], dtype=bool)
    station = rows.mac << 1 | rows.ipv6
    asking = for_own["mac"] << 1 | ~is_ipv4(for_own["high"], for_own["low"])
    met = (hops.arrived > 0) | was_asked | np.isin(station, asking) | np.isin(station, station[sent_to])
    return at_link & (sent_to | (rows.resolved > 0) & met)


def networks_on_link(
    rows: StationAddresses, hops: NextHops, announced: Iterable[Announced], local: LocalTraffic
) -> Iterator[Route]:
    """Yield the networks on the link: those that packets name, then the smallest that hold all other neighbours."""
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
            evidence=evidence_text([(one.kind, one.number), (TRAFFIC, earliest(rows.first[mask]))]),
        )
    for ipv6 in (False, True):
        part = rows.chosen(near & (rows.ipv6 == ipv6))
        for network, chosen, own in _smallest_networks(part, local, ipv6):
            evidence = (
                (resolution_protocol(ipv6), earliest(part.resolved[chosen])),
                (TRAFFIC, earliest(part.first[chosen])),
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
                evidence=evidence_text(evidence),
            )


def _smallest_networks(
    rows: StationAddresses, local: LocalTraffic, ipv6: bool
) -> Iterator[tuple[Network, Rows, IPAddress | None]]:
    """Yield the smallest networks that hold the neighbours, with their indices and the local address on each."""
    places = np.stack([rows.high, rows.low], axis=1)
    own = np.unique(np.stack([rows.interface_high, rows.interface_low], axis=1)[rows.packets > 0], axis=0)
    if not local.single or not 0 < len(own) <= LOCALS:
        order = np.lexsort((places[:, 1], places[:, 0]))
        ordered = places[order]
        for network, part in sites(ordered[:, 0], ordered[:, 1], ipv6):
            yield network, order[part], None
        return
    # A neighbour is on the network of the local address with which it shares the longest prefix.
    locals_ = [address(*one) for one in own.tolist()]
    shortest = USUAL if len(local.own) > 1 else SHORTEST
    near_to: dict[IPAddress, list[int]] = {}
    for row, place in enumerate(places.tolist()):
        value = int(address(*place))
        nearest = min(locals_, key=lambda one: int(one) ^ value)
        if nearest.max_prefixlen - (int(nearest) ^ value).bit_length() < shortest[nearest.version]:
            # No network is that large, or the host has several links: the neighbour is a network of its own.
            yield ipaddress.ip_network(address(*place)), np.array([row]), nearest
            continue
        near_to.setdefault(nearest, []).append(row)
    for own_address, members in near_to.items():
        others = [address(*place) for place in places[members].tolist()]
        yield _holding(own_address, others), np.array(members), own_address


def _holding(own: IPAddress, others: Iterable[IPAddress]) -> Network:
    """Return the smallest network that holds a local address and its neighbours."""
    length: int = own.max_prefixlen
    for other in others:
        length = min(length, own.max_prefixlen - (int(own) ^ int(other)).bit_length())
    return ipaddress.ip_network(f"{own}/{length}", strict=False)
