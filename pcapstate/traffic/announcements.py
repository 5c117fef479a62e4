"""Announcements of routers and DHCP servers in a capture: copies of their packets, without repetitions."""

from __future__ import annotations

from .announced import Announcement, Route, ipv4_header
from .dhcp_leases import leased
from .router_messages import advertised, redirected
from .tables import DHCP, REDIRECT, REDIRECT_IPV6, ROUTER_ADVERTISEMENT

LONGEST = 2048
"""Bytes kept of a packet; announcements are shorter."""
KEPT = 256
"""Most announcements of each kind; the oldest is evicted."""
ROUTES = 512
"""Most routes taken from them; the oldest are evicted."""


class Announcements:
    """Keeps one copy of each announcement; a repetition only extends its lifetime."""

    def __init__(self) -> None:
        self._by_kind: tuple[dict[bytes, Announcement], ...] = ({}, {}, {}, {})
        self.evicted = 0

    def add(self, kind: int, number: int, time: int, mac: int, packet: bytes) -> None:
        """Add a packet, from its IP header on."""
        kept = self._by_kind[kind]
        key = mac.to_bytes(7, "big", signed=True) + _content(kind, packet)
        before = kept.pop(key, None)
        if len(kept) >= KEPT:
            del kept[next(iter(kept))]
            self.evicted += 1
        kept[key] = Announcement(kind, before.number if before else number, time, mac, packet)

    def routes(self, clock: int) -> list[Route]:
        """Return the routes valid at a time (ns since the epoch), in the order of their last announcement."""
        found: list[Route] = []
        by_routers: dict[object, Route] = {}
        for heard in sorted((one for kept in self._by_kind for one in kept.values()), key=lambda one: one.time):
            if heard.kind == ROUTER_ADVERTISEMENT:
                # A router's later advertisement replaces its earlier route to the same network.
                for route in advertised(heard):
                    by_routers[heard.mac, route.said_by, route.network, route.gateway is None] = route
            elif heard.kind == DHCP:
                found += leased(heard)
            else:
                found += redirected(heard)
        found += by_routers.values()
        return [route for route in found if route.until is None or route.until >= clock][-ROUTES:]


def _content(kind: int, packet: bytes) -> bytes:
    """Return the bytes that identify an announcement: without identification, hop limit and checksums."""
    if kind == DHCP:
        start = ipv4_header(packet) + 8
        # Without transaction id, seconds and flags.
        return packet[12:20] + packet[start : start + 4] + packet[start + 12 :]
    if kind == REDIRECT:
        start = ipv4_header(packet)
        # Only the addresses of the quoted header: its identification differs in every redirected packet.
        return packet[12:20] + packet[start + 4 : start + 8] + packet[start + 24 : start + 28]
    if kind == REDIRECT_IPV6:
        return packet[8:80]
    return packet[8:40] + packet[44:]
