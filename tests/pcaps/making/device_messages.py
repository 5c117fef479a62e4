"""What devices in an office say: clocks, switches, printers, telephones, and what asks them how they are."""

from __future__ import annotations

import struct

NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


def ntp(mode: int, stratum: int, *times: int, reference: bytes = bytes(4)) -> bytes:
    """Return an NTP message (RFC 5905 §7.3): reference, origin, receive and transmit times, ns since 1970 or 0."""
    stamps = b"".join(
        struct.pack("!II", time // 10**9 + NTP_EPOCH, (time % 10**9 << 32) // 10**9) if time else bytes(8)
        for time in times
    )
    precision = 0xE9 if stratum else 0
    root = struct.pack("!II", 0x0000_0021, 0x0000_0318) if stratum else bytes(8)
    return bytes([0x20 | mode, stratum, 6 if stratum else 0, precision]) + root + reference + stamps


def lldp(mac: bytes, port: str, name: str) -> bytes:
    """Return what a switch tells of itself (IEEE 802.1AB)."""
    lifetime, bridge = struct.pack("!H", 120), struct.pack("!HH", 4, 4)
    parts = ((1, b"\x04" + mac), (2, b"\x05" + port.encode()), (3, lifetime), (5, name.encode()), (7, bridge), (0, b""))
    return b"".join(struct.pack("!H", kind << 9 | len(value)) + value for kind, value in parts)


def snmp_question(identification: int) -> bytes:
    """Return an SNMPv2c request for sysName.0 (RFC 3416)."""
    variable = _tagged(0x30, _tagged(0x06, bytes.fromhex("2b06010201010500")) + b"\x05\x00")
    numbers = _tagged(0x02, identification.to_bytes(4, "big")) + b"\x02\x01\x00" * 2
    question = _tagged(0xA0, numbers + _tagged(0x30, variable))
    return _tagged(0x30, b"\x02\x01\x01" + _tagged(0x04, b"public") + question)


def _tagged(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def sip(first: str, via: str, to: str, sender: str, call: str, *more: str) -> bytes:
    """Return a SIP message without a body (RFC 3261)."""
    lines = [first, f"Via: SIP/2.0/UDP {via}", f"From: {sender}", f"To: {to}", f"Call-ID: {call}"]
    return "\r\n".join([*lines, "CSeq: 102 OPTIONS", *more, "Content-Length: 0", "", ""]).encode()


def discovery() -> bytes:
    """Return an SSDP search (UPnP)."""
    lines = ["M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 3", "ST: ssdp:all"]
    return "\r\n".join([*lines, "", ""]).encode()


def ipp(operation: int, number: int, *more: tuple[int, str, str]) -> bytes:
    """Return an IPP message (RFC 8010): version 1.1, an operation or a status, attributes (tag, name, value)."""
    attributes = ((0x47, "attributes-charset", "utf-8"), (0x48, "attributes-natural-language", "en"), *more)
    out = struct.pack("!BBHI", 1, 1, operation, number) + b"\x01"
    for tag, name, value in attributes:
        out += struct.pack("!BH", tag, len(name)) + name.encode() + struct.pack("!H", len(value)) + value.encode()
    return out + b"\x03"


def http(first: str, *headers: str, body: bytes = b"") -> bytes:
    """Return an HTTP message."""
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([first, *headers, *length, "", ""]).encode() + body


def postgres(kind: bytes, content: bytes) -> bytes:
    """Return a message of PostgreSQL's protocol; the first one has no kind."""
    return kind + struct.pack("!I", 4 + len(content)) + content
