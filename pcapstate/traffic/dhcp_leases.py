"""Parse DHCP acknowledgements (RFC 2131, RFC 2132, RFC 3442).

Truncated or contradictory fields are ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from .announced import Address, Announcement, Network, Route, ipv4_header, until
from .tables import NO_MAC

DHCP_REPLY, DHCP_ACK = 2, 5
DHCP_MAGIC = b"\x63\x82\x53\x63"
PAD, MASK, ROUTERS, STATIC_ROUTES, LEASE_TIME, MESSAGE_TYPE, CLASSLESS_ROUTES, CLASSLESS_ROUTES_MICROSOFT, END = (
    0, 1, 3, 33, 51, 53, 121, 249, 255,
)  # fmt: skip


def leased(announcement: Announcement) -> Iterator[Route]:
    """Yield the network and the routes that an acknowledgement assigns to a host."""
    packet = announcement.packet
    message = packet[ipv4_header(packet) + 8 :]
    if len(message) < 240 or message[0] != DHCP_REPLY or message[236:240] != DHCP_MAGIC:
        return
    options = _dhcp_options(message[240:])
    if options.get(MESSAGE_TYPE) != bytes([DHCP_ACK]):
        return
    # In the answer to an INFORM the host has its address already.
    own = ipaddress.IPv4Address(message[16:20] if any(message[16:20]) else message[12:16])
    server = ipaddress.IPv4Address(packet[12:16])
    lease = options.get(LEASE_TIME, b"")
    end = until(announcement.time, int.from_bytes(lease, "big")) if len(lease) == 4 else None

    def route(network: Network, gateway: Address | None) -> Route:
        if gateway is not None and not int(gateway):
            gateway = None
        return Route(network, gateway, NO_MAC, end, "DHCP", announcement.number, own, server)

    mask = options.get(MASK, b"")
    length = _prefix_length(mask)
    if length is not None:
        yield route(ipaddress.IPv4Network((own, length), strict=False), None)
    classless = options.get(CLASSLESS_ROUTES) or options.get(CLASSLESS_ROUTES_MICROSOFT)
    if classless:
        # Classless routes replace the other two options (RFC 3442).
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
    """Return options by number; a repeated option continues the first (RFC 3396)."""
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
