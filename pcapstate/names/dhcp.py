"""Client names in DHCP (RFC 2131, 2132, 4702) and DHCPv6 (RFC 8415, 4704)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..addresses import Address, packed
from ..kernels.source import be16
from .dns import read_name
from .host_names import host_name

LONGEST = 1_500
"""Most bytes of a message that is read; clients and servers send less."""
REQUEST, ACK, NAK = 3, 5, 6
"""Message types (RFC 2132 §9.6)."""
PAD, HOST_NAME, REQUESTED, MESSAGE_TYPE, FULL_NAME, END = 0, 12, 50, 53, 81, 255
"""Options (RFC 2132, RFC 4702)."""
COOKIE = b"\x63\x82\x53\x63"
HEAD = 236
"""Bytes before the magic cookie, which the options follow."""
OWN, GIVEN = slice(12, 16), slice(16, 20)
"""The client's own address (ciaddr), and the assigned one (yiaddr)."""
ASSOCIATION, ADDRESS, FULL_NAME6 = 3, 5, 39
"""Options of DHCPv6 (RFC 8415 §21, RFC 4704): identity association, an address in it, the client's name."""
ASSOCIATION_HEAD = 12
"""Bytes of an identity association before its own options."""
RELAY = (12, 13)
"""Message types of relays, which have another header (RFC 8415 §9)."""


class Lease(NamedTuple):
    """The lease of one client in one message."""

    kind: int
    address: Address | None  # requested or given
    name: str | None


def lease(message: bytes) -> Lease | None:
    """Return the lease in a DHCP message; None unless it is a request, an ACK or a NAK."""
    options = _options(message)
    kind = int.from_bytes(options.get(MESSAGE_TYPE, b"")[:1], "big")
    if kind not in (REQUEST, ACK, NAK):
        return None
    # RFC 2131 §4.3.2: a client without an address requests one in an option; a renewing client sends its own.
    given = message[GIVEN] if kind == ACK else options.get(REQUESTED, b"")[:4]
    address = next((packed(one) for one in (given, message[OWN]) if len(one) == 4 and any(one)), None)
    # Some clients end their name with a NUL, although RFC 2132 §2 forbids it.
    name = _full_name(options.get(FULL_NAME, b"")) or host_name(options.get(HOST_NAME, b"").rstrip(b"\0"))
    return Lease(kind, address, name)


def client(message: bytes) -> bytes:
    """Return the bytes that identify the client and transaction of a DHCP message."""
    return message[4:8] + message[28:44]


def claims6(message: bytes) -> list[tuple[Address, str]]:
    """Return the addresses in a DHCPv6 message, each with the client's name in it."""
    if not 4 <= len(message) <= LONGEST or message[0] in RELAY:
        return []
    name = None
    addresses = []
    for code, value in _options6(message[4:]):
        if code == FULL_NAME6:
            # Flags, then a name as in DNS; a client that knows only a part of it may omit the end.
            name = host_name(read_name(value + b"\0", 1, compressed=False)[0])
        elif code == ASSOCIATION:
            inside = _options6(value[ASSOCIATION_HEAD:])
            addresses += [packed(one[:16]) for kind, one in inside if kind == ADDRESS and len(one) >= 16]
    return [(one, name) for one in addresses] if name else []


def _options(message: bytes) -> dict[int, bytes]:
    """Return the options of a DHCP message up to the first truncated one; of repeated options, the first."""
    options: dict[int, bytes] = {}
    if len(message) > LONGEST or message[HEAD : HEAD + 4] != COOKIE:
        return options
    at = HEAD + 4
    while at < len(message) and message[at] != END:
        if message[at] == PAD:
            at += 1
            continue
        end = at + 2 + message[at + 1] if at + 1 < len(message) else len(message) + 1
        if end > len(message):
            break
        options.setdefault(message[at], message[at + 2 : end])
        at = end
    return options


def _options6(options: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of each complete option."""
    at = 0
    while at + 4 <= len(options):
        end = at + 4 + be16(options, at + 2)
        if end > len(options):
            return
        yield be16(options, at), options[at + 4 : end]
        at = end


def _full_name(raw: bytes) -> str | None:
    """Return the name of option 81: flags and two obsolete codes, then the name as text or as in DNS (RFC 4702 §2)."""
    if len(raw) < 4:
        return None
    if not raw[0] & 4:
        return host_name(raw[3:])
    return host_name(read_name(raw + b"\0", 3, compressed=False)[0])
