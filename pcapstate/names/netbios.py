"""Names that hosts have in NetBIOS over TCP/IP: answers to queries, and registrations (RFC 1002 §4.2)."""

from __future__ import annotations

from typing import Any

from ..addresses import Address, written
from .dissecting import dissected
from .host_names import host_name

LONGEST = 576
"""Bytes of a message that is read: what RFC 1002 §4.2.1 allows."""
HOSTS = (0x4141, 0x4341)
"""What a name ends with that is one host's: workstation (0x00) and file server (0x20), half a byte a letter."""


def claims(message: bytes) -> list[tuple[Address, str]]:
    """Return the addresses in a message, each with its host's name; groups and domains are no hosts."""
    return dissected("netbios", "NBNSHeader", message, _claims, list) if len(message) <= LONGEST else []


def _claims(packet: Any) -> list[tuple[Address, str]]:
    said = packet.payload
    name, entries = getattr(said, "RR_NAME", None), getattr(said, "ADDR_ENTRY", None)
    if entries is None:
        name, entries = getattr(said, "QUESTION_NAME", None), [said]
    if not isinstance(name, bytes) or getattr(said, "SUFFIX", None) not in HOSTS:
        return []
    # NetBIOS fills a name up to 15 characters with spaces.
    host = host_name(name.rstrip(b" \0"))
    addresses = [one.NB_ADDRESS for one in entries if getattr(one, "NB_ADDRESS", None) and not one.G]
    return [(written(one), host) for one in addresses] if host else []
