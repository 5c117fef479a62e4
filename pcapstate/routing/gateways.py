"""Routes through gateways: those that router advertisements, DHCP and redirects name, and those that packets took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..addresses import IPAddress, within
from ..messages import Message
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .next_hops import GATEWAY, NextHops, StationNames
from .reachability import StationAddresses
from .route import (
    HOP_LIMIT,
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

CANDIDATES = 4
"""Candidates named at most for the address of a gateway's station."""


def through_gateways(
    rows: StationAddresses, hops: NextHops, announced: Iterable[Announced], names: StationNames, local: LocalTraffic
) -> Iterator[Route]:
    """Yield a row for each route that packets name, then for all other addresses reached through each gateway."""
    far = (hops.what == GATEWAY) & (rows.packets > 0)
    for one in merged(one for one in announced if one.gateway is not None):
        assert one.gateway is not None
        mac, resolved = names.station(one.gateway)
        if one.mac != c.NO_MAC:
            mac = one.mac
        mask = far & (rows.mac == mac) & within(rows.high, rows.low, (one.network,))
        far &= ~mask
        evidence = (
            (one.kind, one.number),
            (resolution_protocol(one.gateway.version == 6), resolved),
            (TRAFFIC, earliest(rows.first[mask])),
        )
        yield Route(
            network=one.network,
            stated=True,
            neighbour=False,
            on_link=False,
            gateway=one.gateway,
            mac=mac,
            interface=interface(rows, mask, local) or one.host,
            **counts(rows, mask)._asdict(),
            evidence=evidence_text(evidence),
        )
    left = np.flatnonzero(far)
    for group in _by_station(rows, left):
        mac, ipv6 = int(rows.mac[group[0]]), bool(rows.ipv6[group[0]])
        gateway, resolved, candidates = names.name(mac, ipv6)
        for network, part in sites(rows.high[group], rows.low[group], ipv6):
            chosen = group[part]
            evidence = (
                (resolution_protocol(ipv6), resolved),
                (HOP_LIMIT, earliest(hops.arrived[chosen[hops.by_hops[chosen]]])),
                (TRAFFIC, earliest(rows.first[chosen])),
            )
            yield Route(
                network=network,
                stated=False,
                neighbour=False,
                on_link=False,
                gateway=gateway,
                mac=mac,
                interface=interface(rows, chosen, local),
                **counts(rows, chosen)._asdict(),
                evidence=_instead(evidence_text(evidence), candidates),
            )


def _by_station(rows: StationAddresses, left: Rows) -> list[Rows]:
    """Return indices in groups of one station and family; rows are in their order."""
    mac, ipv6 = rows.mac[left], rows.ipv6[left]
    return np.split(left, np.flatnonzero((mac[1:] != mac[:-1]) | (ipv6[1:] != ipv6[:-1])) + 1) if len(left) else []


def _instead(evidence: str, candidates: list[IPAddress]) -> str:
    """Return evidence with the addresses one of which is the gateway."""
    if not candidates:
        return evidence
    shown = str(candidates[0])
    for other in candidates[1:CANDIDATES]:
        shown = Message("{addresses} or {address}", addresses=shown, address=other)
    one, many = "{evidence}; the gateway is {addresses}", "{evidence}; the gateway is {addresses} or another"
    return Message(many if len(candidates) > CANDIDATES else one, evidence=evidence, addresses=shown)
