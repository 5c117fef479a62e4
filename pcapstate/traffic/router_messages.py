"""Parse router advertisements (RFC 4861 §4.2, RFC 4191) and redirects (RFC 792, RFC 4861 §4.5).

Truncated or contradictory fields are ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ..decode.ip import ip_header
from ..decode.protocols import ETHERTYPE_IPV6
from .announced import Address, Announcement, Network, Route, ipv4_header, until
from .tables import NO_MAC, REDIRECT

SOURCE_LINK_LAYER, TARGET_LINK_LAYER, PREFIX_INFORMATION, ROUTE_INFORMATION = 1, 2, 3, 24
ON_LINK = 0x80


def _mac(octets: bytes) -> int:
    return int.from_bytes(octets, "big") if len(octets) == 6 else NO_MAC


def _icmpv6(packet: bytes) -> bytes:
    _, at, _, end, _, _ = ip_header(packet, ETHERTYPE_IPV6, 0, len(packet), len(packet))
    return packet[at:end]


def _options(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while len(message) - at >= 8:
        length = message[at + 1] * 8
        if length == 0 or length > len(message) - at:
            return
        yield message[at], message[at + 2 : at + length]
        at += length


def _prefix(octets: bytes, length: int) -> Network | None:
    return ipaddress.IPv6Network((octets.ljust(16, b"\0")[:16], length), strict=False) if length <= 128 else None


def advertised(announcement: Announcement) -> Iterator[Route]:
    """Yield the routes in a router advertisement: the default route, on-link prefixes, and more specific routes."""
    message = _icmpv6(announcement.packet)
    if len(message) < 16:
        return
    router = ipaddress.IPv6Address(announcement.packet[8:24])
    if not router.is_link_local:
        return
    options = list(_options(message, 16))
    mac = next((_mac(value[:6]) for kind, value in options if kind == SOURCE_LINK_LAYER), announcement.mac)

    def route(network: Network, gateway: Address | None, lifetime: int) -> Route:
        end = until(announcement.time, lifetime)
        station = mac if gateway is not None else NO_MAC
        return Route(network, gateway, station, end, "RA", announcement.number, None, router)

    yield route(ipaddress.IPv6Network("::/0"), router, int.from_bytes(message[6:8], "big"))
    for kind, value in options:
        if kind == PREFIX_INFORMATION and len(value) == 30:
            network = _prefix(value[14:30], value[0])
            if network is not None and value[1] & ON_LINK and not network.is_link_local:
                yield route(network, None, int.from_bytes(value[2:6], "big"))
        elif kind == ROUTE_INFORMATION:
            network = _prefix(value[6:], value[0])
            if network is not None and len(value) >= 6 + (value[0] + 63) // 64 * 8:
                yield route(network, router, int.from_bytes(value[2:6], "big"))


def redirected(announcement: Announcement) -> Iterator[Route]:
    """Yield the host route that a redirect announces."""
    packet = announcement.packet
    if announcement.kind == REDIRECT:
        at = ipv4_header(packet)
        if len(packet) < at + 28 or packet[at + 8] >> 4 != 4:
            return
        gateway: Address = ipaddress.IPv4Address(packet[at + 4 : at + 8])
        target: Address = ipaddress.IPv4Address(packet[at + 24 : at + 28])
        host: Address = ipaddress.IPv4Address(packet[16:20])
        by: Address = ipaddress.IPv4Address(packet[12:16])
        mac = NO_MAC
        if ipaddress.IPv4Address(packet[at + 20 : at + 24]) != host:
            return  # it quotes no packet of the host that it was sent to
    else:
        message = _icmpv6(packet)
        if len(message) < 40:
            return
        gateway, target = ipaddress.IPv6Address(message[8:24]), ipaddress.IPv6Address(message[24:40])
        host, by = ipaddress.IPv6Address(packet[24:40]), ipaddress.IPv6Address(packet[8:24])
        mac = next((_mac(value[:6]) for kind, value in _options(message, 40) if kind == TARGET_LINK_LAYER), NO_MAC)
    network = ipaddress.ip_network(target)
    on_link = gateway == target
    yield Route(network, None if on_link else gateway, mac, None, "redirect", announcement.number, host, by)
