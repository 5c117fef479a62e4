"""What routers and DHCP servers say of networks and gateways, read from the packets themselves.

Router advertisements (RFC 4861 §4.2, RFC 4191), redirects (RFC 792, RFC 4861 §4.5) and DHCP acknowledgements (RFC 2131,
RFC 3442). What does not fit in its packet, or contradicts itself, tells nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import NamedTuple

from ..decode.frames import upper_layer
from .contracts import DHCP, NO_MAC, REDIRECT, REDIRECT_IPV6, ROUTER_ADVERTISEMENT

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SECOND = 1_000_000_000
FOREVER = 0xFFFFFFFF
"""A lifetime that does not end (RFC 4861 §4.6.2)."""
LONGEST = 2048
"""Bytes kept of a packet: more than any of these has."""
KEPT = 256
"""Announcements of each kind at most; the oldest gives way."""
ROUTES = 512
"""Routes at most that they are believed to tell; the oldest give way."""

SOURCE_LINK_LAYER, TARGET_LINK_LAYER, PREFIX_INFORMATION, ROUTE_INFORMATION = 1, 2, 3, 24
ON_LINK = 0x80
DHCP_REPLY, DHCP_ACK = 2, 5
DHCP_MAGIC = b"\x63\x82\x53\x63"
PAD, MASK, ROUTERS, STATIC_ROUTES, LEASE_TIME, MESSAGE_TYPE, CLASSLESS_ROUTES, CLASSLESS_ROUTES_MICROSOFT, END = (
    0, 1, 3, 33, 51, 53, 121, 249, 255,
)  # fmt: skip


class Heard(NamedTuple):
    """A packet with an announcement, as it was copied."""

    kind: int
    number: int  # of the first frame that said the same
    time: int  # of the last one, ns since the epoch
    mac: int  # the station that sent it
    packet: bytes  # from the IP header on


class Route(NamedTuple):
    """That a network is reached through a gateway, or is on the link (no gateway)."""

    network: Network
    gateway: Address | None
    mac: int  # of the gateway, or NO_MAC
    until: int | None  # ns since the epoch; None: no end
    kind: str  # RA, DHCP or redirect
    number: int
    host: Address | None  # the one host that it was said to; None: all on the link
    said_by: Address | None


class Announcements:
    """Keeps copies of announcements, one of each: what says the same again only lasts longer."""

    def __init__(self) -> None:
        self._heard: tuple[dict[bytes, Heard], ...] = ({}, {}, {}, {})
        self.let_go = 0

    def add(self, kind: int, number: int, time: int, mac: int, packet: bytes) -> None:
        """Take a packet, from its IP header on."""
        kept = self._heard[kind]
        key = mac.to_bytes(7, "big", signed=True) + _content(kind, packet)
        before = kept.pop(key, None)
        if len(kept) >= KEPT:
            del kept[next(iter(kept))]
            self.let_go += 1
        kept[key] = Heard(kind, before.number if before else number, time, mac, packet)

    def routes(self, clock: int) -> list[Route]:
        """Return what holds at a time (ns since the epoch), in the order in which it was last said."""
        found: list[Route] = []
        advertised: dict[object, list[Route]] = {}
        for heard in sorted((one for kept in self._heard for one in kept.values()), key=lambda one: one.time):
            if heard.kind == ROUTER_ADVERTISEMENT:
                # A later advertisement of a router takes the place of what it said of the same network.
                for route in _advertised(heard):
                    advertised[heard.mac, route.said_by, route.network, route.gateway is None] = [route]
            elif heard.kind == DHCP:
                found += _leased(heard)
            else:
                found += _redirected(heard)
        found += [route for routes in advertised.values() for route in routes]
        return [route for route in found if route.until is None or route.until >= clock][-ROUTES:]


def _content(kind: int, packet: bytes) -> bytes:
    """Return what tells one announcement from another: without identification, hop limit and checksums."""
    if kind == DHCP:
        start = _header4(packet) + 8
        # Without transaction number, seconds and flags.
        return packet[12:20] + packet[start : start + 4] + packet[start + 12 :]
    if kind == REDIRECT:
        start = _header4(packet)
        # The quoted header's addresses alone: each packet that draws a redirect has another identification.
        return packet[12:20] + packet[start + 4 : start + 8] + packet[start + 24 : start + 28]
    if kind == REDIRECT_IPV6:
        return packet[8:80]
    return packet[8:40] + packet[44:]


def _header4(packet: bytes) -> int:
    return (packet[0] & 0x0F) << 2


def _mac(octets: bytes) -> int:
    return int.from_bytes(octets, "big") if len(octets) == 6 else NO_MAC


# --- IPv6: neighbour discovery


def _icmpv6(packet: bytes) -> bytes:
    _, at, _ = upper_layer(packet, 40, len(packet), packet[6])
    return packet[at : 40 + int.from_bytes(packet[4:6], "big")]


def _options(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while len(message) - at >= 8:
        length = message[at + 1] * 8
        if length == 0 or length > len(message) - at:
            return
        yield message[at], message[at + 2 : at + length]
        at += length


def _prefix(octets: bytes, length: int) -> Network | None:
    return ipaddress.IPv6Network((octets.ljust(16, b"\0")[:16], length), strict=False) if length <= 128 else None


def _until(time: int, lifetime: int) -> int | None:
    return None if lifetime == FOREVER else time + lifetime * SECOND if lifetime else time - 1


def _advertised(heard: Heard) -> Iterator[Route]:
    message = _icmpv6(heard.packet)
    if len(message) < 16:
        return
    router = ipaddress.IPv6Address(heard.packet[8:24])
    if not router.is_link_local:
        return
    options = list(_options(message, 16))
    mac = next((_mac(value[:6]) for kind, value in options if kind == SOURCE_LINK_LAYER), heard.mac)

    def route(network: Network, gateway: Address | None, lifetime: int) -> Route:
        until = _until(heard.time, lifetime)
        station = mac if gateway is not None else NO_MAC
        return Route(network, gateway, station, until, "RA", heard.number, None, router)

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


# --- redirects


def _redirected(heard: Heard) -> Iterator[Route]:
    packet = heard.packet
    if heard.kind == REDIRECT:
        at = _header4(packet)
        if len(packet) < at + 28 or packet[at + 8] >> 4 != 4:
            return
        gateway: Address = ipaddress.IPv4Address(packet[at + 4 : at + 8])
        target: Address = ipaddress.IPv4Address(packet[at + 24 : at + 28])
        host: Address = ipaddress.IPv4Address(packet[16:20])
        by: Address = ipaddress.IPv4Address(packet[12:16])
        mac = NO_MAC
        if ipaddress.IPv4Address(packet[at + 20 : at + 24]) != host:
            return  # it is not about a packet of the host that it was sent to
    else:
        message = _icmpv6(packet)
        if len(message) < 40:
            return
        gateway, target = ipaddress.IPv6Address(message[8:24]), ipaddress.IPv6Address(message[24:40])
        host, by = ipaddress.IPv6Address(packet[24:40]), ipaddress.IPv6Address(packet[8:24])
        mac = next((_mac(value[:6]) for kind, value in _options(message, 40) if kind == TARGET_LINK_LAYER), NO_MAC)
    network = ipaddress.ip_network(target)
    on_link = gateway == target
    yield Route(network, None if on_link else gateway, mac, None, "redirect", heard.number, host, by)


# --- DHCP


def _leased(heard: Heard) -> Iterator[Route]:
    packet = heard.packet
    message = packet[_header4(packet) + 8 :]
    if len(message) < 240 or message[0] != DHCP_REPLY or message[236:240] != DHCP_MAGIC:
        return
    options = _dhcp_options(message[240:])
    if options.get(MESSAGE_TYPE) != bytes([DHCP_ACK]):
        return
    # In the answer to an INFORM, the host already has its address.
    own = ipaddress.IPv4Address(message[16:20] if any(message[16:20]) else message[12:16])
    server = ipaddress.IPv4Address(packet[12:16])
    lease = options.get(LEASE_TIME, b"")
    until = _until(heard.time, int.from_bytes(lease, "big")) if len(lease) == 4 else None

    def route(network: Network, gateway: Address | None) -> Route:
        if gateway is not None and not int(gateway):
            gateway = None
        return Route(network, gateway, NO_MAC, until, "DHCP", heard.number, own, server)

    mask = options.get(MASK, b"")
    length = _prefix_length(mask)
    if length is not None:
        yield route(ipaddress.IPv4Network((own, length), strict=False), None)
    classless = options.get(CLASSLESS_ROUTES) or options.get(CLASSLESS_ROUTES_MICROSOFT)
    if classless:
        # They replace the other two options (RFC 3442).
        for network, gateway in _classless(classless):
            yield route(network, gateway)
        return
    for octets in _fours(options.get(ROUTERS, b""))[:1]:
        yield route(ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv4Address(octets))
    pairs = _fours(options.get(STATIC_ROUTES, b""))
    for target, via in zip(pairs[::2], pairs[1::2], strict=False):
        if any(target):
            yield route(ipaddress.IPv4Network(target), ipaddress.IPv4Address(via))


def _dhcp_options(octets: bytes) -> dict[int, bytes]:
    """Return options by number; one that comes again goes on (RFC 3396)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(octets) and octets[at] != END:
        if octets[at] == PAD:
            at += 1
            continue
        if at + 2 > len(octets) or at + 2 + octets[at + 1] > len(octets):
            break
        found[octets[at]] = found.get(octets[at], b"") + octets[at + 2 : at + 2 + octets[at + 1]]
        at += 2 + octets[at + 1]
    return found


def _prefix_length(mask: bytes) -> int | None:
    if len(mask) != 4:
        return None
    text = f"{int.from_bytes(mask, 'big'):032b}"
    return text.count("1") if "01" not in text else None


def _fours(octets: bytes) -> list[bytes]:
    return [octets[at : at + 4] for at in range(0, len(octets) - 3, 4)]


def _classless(octets: bytes) -> Iterator[tuple[Network, Address]]:
    at = 0
    while at < len(octets):
        length = octets[at]
        significant = (length + 7) // 8
        if length > 32 or at + 5 + significant > len(octets):
            return
        target = octets[at + 1 : at + 1 + significant].ljust(4, b"\0")
        gateway = ipaddress.IPv4Address(octets[at + 1 + significant : at + 5 + significant])
        yield ipaddress.IPv4Network((target, length), strict=False), gateway
        at += 5 + significant
