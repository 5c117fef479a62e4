"""The routing table of the local host, as far as its traffic shows it: what ``netstat -r`` and ``arp -a`` list."""

from __future__ import annotations

from ..traffic.local import LocalTraffic
from .gateways import through_gateways
from .neighbours import neighbours, networks_on_link
from .next_hops import StationNames, next_hops
from .reachability import latest, station_addresses
from .route import Route


def routes(local: LocalTraffic) -> list[Route]:
    """Return the rows: IPv4 before IPv6, networks before neighbours, each in order of their addresses."""
    said = local.traffic.announcements.routes(local.traffic.clock)
    announced = [one for one in said if one.host is None or not local.single or local.is_local(one.host)]
    names = StationNames(local, announced)
    rows = latest(station_addresses(local))
    hops = next_hops(rows, local, announced, names)
    found = [
        *networks_on_link(rows, hops, announced, local),
        *through_gateways(rows, hops, announced, names, local),
        *neighbours(rows, hops, local),
    ]
    return sorted(found, key=_order)


def _order(route: Route) -> tuple[int, bool, int, int, str]:
    one = route.network
    return one.version, route.neighbour, int(one.network_address), one.prefixlen, f"{route.gateway} {route.mac}"
