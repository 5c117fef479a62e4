"""Host names in NetBIOS over TCP/IP: answers to queries, and registrations (RFC 1002 §4.2)."""

from __future__ import annotations

from ..addresses import Address, packed
from ..kernels.source import be16
from .host_names import host_name

LONGEST = 576
"""Most bytes of a message (RFC 1002 §4.2.1)."""
HEAD, NAME = 12, 34
"""Bytes of the header of a message, and of a name with its length and terminator."""
HOSTS = (0x00, 0x20)
"""Last bytes of host names: workstation and file server."""
QUERY, REGISTRATION = 0, 5
AUTHORITATIVE = 0x04
NB, POINTER = 0x20, 0xC00C
"""The type of records with addresses, and a pointer to the name in the question."""
GROUP = 0x8000
ENTRY = 6
"""Bytes of a flags field and an address."""


def claims(message: bytes) -> list[tuple[Address, str]]:
    """Return the addresses in a message with their host names, without names of groups and domains."""
    if not HEAD + NAME + 4 <= len(message) <= LONGEST:
        return []
    response, operation = message[2] & 0x80, message[2] >> 3 & 0xF
    questions, answers, additional = be16(message, 4), be16(message, 6), be16(message, 10)
    # The record follows the name in an answer, and the question in a registration.
    at = HEAD + NAME
    if not response and operation == REGISTRATION and questions == additional == 1:
        at += 6
        if at > len(message) or be16(message, at - 2) != POINTER:
            return []
    elif not (response and message[2] & AUTHORITATIVE and operation == QUERY and not questions and answers == 1):
        return []
    if at + 10 > len(message) or be16(message, at) != NB:
        return []
    host = _host(message[HEAD : HEAD + NAME])
    end = min(at + 10 + be16(message, at + 8), len(message))
    entries = range(at + 10, end - ENTRY + 1, ENTRY)
    found = [packed(message[one + 2 : one + ENTRY]) for one in entries if not be16(message, one) & GROUP]
    return [(one, host) for one in found] if host else []


def _host(encoded: bytes) -> str | None:
    """Decode a host name: 16 bytes, each written as two letters from "A" on (RFC 1001 §14.1)."""
    letters = encoded[1:-1]
    if encoded[0] != len(letters) or encoded[-1] != 0 or not all(0x41 <= one <= 0x50 for one in letters):
        return None
    name = bytes((high - 0x41) << 4 | low - 0x41 for high, low in zip(letters[::2], letters[1::2], strict=True))
    # Names are padded with spaces to 15 characters; the last byte is the type of the name.
    return host_name(name[:15].rstrip(b" \0")) if name[15] in HOSTS else None
