"""What was reached through gateways, and the routes that router advertisements, DHCP and redirects name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..addresses import IPAddress, within
from ..rows import Rows
from ..traffic import tables as c
from ..traffic.announced import Route as Announced
from ..traffic.local import LocalTraffic
from .next_hops import GATEWAY, NextHops, StationNames
from .reachability import Reached
from .route import Route, counts, earliest, interface, merged, resolution, sites, written

CANDIDATES = 4
"""Addresses named at most where a gateway's station has several."""


def through_gateways(
    rows: Reached, hops: NextHops, announced: Iterable[Announced], names: StationNames, local: LocalTraffic
) -> Iterator[Route]:
    """Yield a row for each route that packets name, and for what else was reached through each gateway."""
    far = (hops.what == GATEWAY) & (rows.packets > 0)
    for one in merged(one for one in announced if one.gateway is not None):
        assert one.gateway is not None
        mac, told = names.station(one.gateway)
        if one.mac != c.NO_MAC:
            mac = one.mac
        mask = far & (rows.mac == mac) & within(rows.high, rows.low, (one.network,))
        far &= ~mask
        evidence = (
            (one.kind, one.number),
            (resolution(one.gateway.version == 6), told),
            ("traffic", earliest(rows.first[mask])),
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
            evidence=written(evidence),
        )
    left = np.flatnonzero(far)
    for group in _by_station(rows, left):
        mac, ipv6 = int(rows.mac[group[0]]), bool(rows.ipv6[group[0]])
        gateway, told, candidates = names.name(mac, ipv6)
        for network, part in sites(rows.high[group], rows.low[group], ipv6):
            chosen = group[part]
            evidence = (
                (resolution(ipv6), told),
                ("hop limit", earliest(hops.came[chosen[hops.by_hops[chosen]]])),
                ("traffic", earliest(rows.first[chosen])),
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
                evidence=written(evidence) + _instead(candidates),
            )


def _by_station(rows: Reached, left: Rows) -> list[Rows]:
    """Return indices in groups of one station and family: rows are in their order."""
    mac, ipv6 = rows.mac[left], rows.ipv6[left]
    return np.split(left, np.flatnonzero((mac[1:] != mac[:-1]) | (ipv6[1:] != ipv6[:-1])) + 1) if len(left) else []


def _instead(candidates: list[IPAddress]) -> str:
    if not candidates:
        return ""
    shown = " or ".join(str(one) for one in candidates[:CANDIDATES])
    return f"; the gateway is {shown}" + (" or another" if len(candidates) > CANDIDATES else "")
