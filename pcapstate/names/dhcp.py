"""Names that hosts give themselves where they get their address: DHCP (RFC 2131, 2132, 4702), DHCPv6 (8415, 4704)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..addresses import Address, written
from .dissecting import dissected
from .host_names import host_name

LONGEST = 1_500
"""Bytes of a message that is read: no larger one is sent, and a message may hold an option in every third byte."""
REQUEST, ACK, NAK = 3, 5, 6
ASSOCIATION, ADDRESS, FQDN = 3, 5, 39
"""Options of DHCPv6 (RFC 8415 §21, RFC 4704): an association of addresses, one of these, the client's name."""


class Lease(NamedTuple):
    """What one message says of one client."""

    kind: int  # message type (RFC 2132 §9.6)
    address: Address | None  # that it asks for, or is given
    name: str | None


def lease(message: bytes) -> Lease | None:
    """Return what a DHCP message says, or None where it is none that counts."""
    return dissected("dhcp", "BOOTP", message, _lease, lambda: None) if len(message) <= LONGEST else None


def _lease(packet: Any) -> Lease | None:
    # The options are a list of (name, value, ...), and words such as "end".
    options: dict[Any, Any] = {}
    for one in packet.payload.options:
        if isinstance(one, tuple) and len(one) > 1:
            options.setdefault(one[0], one[1])
    kind = options.get("message-type")
    if kind not in (REQUEST, ACK, NAK):
        return None
    # RFC 2131 §4.3.2: who has no address yet asks for one in an option; who renews gives its own.
    given = packet.yiaddr if kind == ACK else options.get("requested_addr")
    address = next((text for text in (given, packet.ciaddr) if isinstance(text, str) and text != "0.0.0.0"), None)
    name = _full_name(options.get("client_FQDN")) or _option_name(options.get("hostname"))
    return Lease(kind, written(address) if address else None, name)


def client(message: bytes) -> bytes:
    """Return what a DHCP message's client and transaction are known by."""
    return message[4:8] + message[28:44]


def claims6(message: bytes) -> list[tuple[Address, str]]:
    """Return the addresses in a DHCPv6 message, each with the name that the client goes by in it."""
    return dissected("dhcp6", "DHCP6", message, _claims6, list) if len(message) <= LONGEST else []


def _claims6(option: Any) -> list[tuple[Address, str]]:
    name = None
    addresses = []
    # Each option is the payload of the one before it.
    while option:
        # As a field of its own: a packet's attribute may be its payload's.
        code = option.fields.get("optcode")
        if code == FQDN:
            name = host_name(option.fqdn)
        elif code == ASSOCIATION:
            addresses += [one.addr for one in option.ianaopts if one.fields.get("optcode") == ADDRESS]
        option = option.payload
    return [(written(one), name) for one in addresses] if name else []


def _full_name(raw: Any) -> str | None:
    """Return the name of option 81: flags and two old codes, then the name, as text or as DNS has it (RFC 4702 §2)."""
    if not isinstance(raw, bytes) or len(raw) < 4:
        return None
    flags, rest = raw[0], raw[3:]
    if not flags & 4:
        return host_name(rest)
    labels, at = [], 0
    while at < len(rest) and 0 < rest[at] < 0x40:
        labels.append(rest[at + 1 : at + 1 + rest[at]])
        at += 1 + rest[at]
    return host_name(b".".join(labels))


def _option_name(raw: Any) -> str | None:
    # Some clients end it with a NUL (RFC 2132 §2 tells them not to).
    return host_name(raw.rstrip(b"\0")) if isinstance(raw, bytes) else None
