"""Frames with payloads, and the messages of application protocols to put into them, for tests."""

from __future__ import annotations

import ipaddress
import struct

from tests.helpers import packets

CLIENT, SERVER = "10.0.0.1", "192.0.2.7"


def ip_frame(source: str, target: str, protocol: int, body: bytes) -> bytes:
    """Return an Ethernet frame with IPv4 or IPv6."""
    ends = [ipaddress.ip_address(one) for one in (source, target)]
    addresses = ends[0].packed, ends[1].packed
    if ends[0].version == 4:
        return packets.ethernet(packets.ipv4(*addresses, protocol, body, fragment=0x4000))
    return packets.ethernet(packets.ipv6(*addresses, protocol, body), 0x86DD)


def udp_frame(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """Return a frame with a UDP datagram between addresses and ports."""
    return ip_frame(source[0], target[0], 17, packets.udp((source[1], target[1]), payload))


def tcp_frame(
    source: tuple[str, int], target: tuple[str, int], payload: bytes, seq: int = 1, flags: int = 0x18
) -> bytes:
    """Return a frame with a TCP segment between addresses and ports."""
    segment = packets.tcp((source[1], target[1]), flags, seq=seq & 0xFFFFFFFF, payload=payload)
    return ip_frame(source[0], target[0], 6, segment)


# --- DNS


def dns_name(name: str) -> bytes:
    """Return a name as DNS writes it, without compression."""
    return b"".join(bytes([len(one)]) + one.encode("latin-1") for one in name.split(".") if one) + b"\0"


def record(owner: str, kind: int, data: bytes) -> bytes:
    """Return a resource record of the class IN."""
    return dns_name(owner) + struct.pack("!HHIH", kind, 1, 300, len(data)) + data


def answer(
    question: str | None, *records: bytes, kind: int = 1, additional: tuple[bytes, ...] = (), flags: int = 0x8180
) -> bytes:
    """Return a DNS answer to a question, or to none."""
    asked = b"" if question is None else dns_name(question) + struct.pack("!HH", kind, 1)
    counts = (0 if question is None else 1, len(records), 0, len(additional))
    return struct.pack("!6H", 7, flags, *counts) + asked + b"".join(records) + b"".join(additional)


def a(owner: str, address: str) -> bytes:
    """Return an A or AAAA record."""
    one = ipaddress.ip_address(address)
    return record(owner, 1 if one.version == 4 else 28, one.packed)


def cname(owner: str, target: str) -> bytes:
    """Return a CNAME record."""
    return record(owner, 5, dns_name(target))


# --- DHCP


def dhcp(kind: int, options: dict[int, bytes], given: str = "0.0.0.0", own: str = "0.0.0.0", client: int = 1) -> bytes:
    """Return a DHCP message of a client with options by their codes."""
    addresses = ipaddress.ip_address(own).packed + ipaddress.ip_address(given).packed + bytes(8)
    head = struct.pack("!BBBBIHH", 1 if kind in (1, 3) else 2, 1, 6, 0, client, 0, 0) + addresses
    head += bytes([client]) * 6 + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63"
    parts = {53: bytes([kind]), **options}
    return head + b"".join(bytes([code, len(data)]) + data for code, data in parts.items()) + b"\xff"


# --- NetBIOS


def netbios_name(name: str, suffix: int) -> bytes:
    """Return a name as NetBIOS writes it: half a byte a letter (RFC 1001 §14.1)."""
    octets = name.encode().ljust(15) + bytes([suffix])
    return b" " + b"".join(bytes([0x41 + (one >> 4), 0x41 + (one & 15)]) for one in octets) + b"\0"


def netbios_answer(name: str, address: str, suffix: int = 0, group: bool = False) -> bytes:
    """Return a positive answer to a NetBIOS name query."""
    entry = struct.pack("!H", 0x8000 if group else 0) + ipaddress.ip_address(address).packed
    return (
        struct.pack("!6H", 1, 0x8500, 0, 1, 0, 0)
        + netbios_name(name, suffix)
        + struct.pack("!HHIH", 0x20, 1, 300, len(entry))
        + entry
    )


def netbios_registration(name: str, address: str, suffix: int = 0) -> bytes:
    """Return a registration of a NetBIOS name, as it is broadcast."""
    return (
        struct.pack("!6H", 2, 0x2910, 1, 0, 0, 1)
        + netbios_name(name, suffix)
        + struct.pack("!HHHHHIH", 0x20, 1, 0xC00C, 0x20, 1, 300, 6)
        + bytes(2)
        + ipaddress.ip_address(address).packed
    )


# --- TLS


def extension(kind: int, data: bytes) -> bytes:
    """Return an extension of a hello."""
    return struct.pack("!HH", kind, len(data)) + data


def server_name(name: bytes) -> bytes:
    """Return the extension with the server's name."""
    return extension(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name)


def alpn(*protocols: bytes) -> bytes:
    """Return the extension with the application's protocols."""
    listed = b"".join(bytes([len(one)]) + one for one in protocols)
    return extension(16, struct.pack("!H", len(listed)) + listed)


def tls_hello(*extensions: bytes, server: bool = False, record_size: int = 16_384) -> bytes:
    """Return a hello in records of at most so many bytes."""
    listed = b"".join(extensions)
    middle = b"\x13\x01\x00" if server else b"\x00\x04\x13\x01\x13\x02\x01\x00"
    body = b"\x03\x03" + bytes(range(32)) + b"\x20" + bytes(32) + middle + struct.pack("!H", len(listed)) + listed
    message = (b"\x02" if server else b"\x01") + len(body).to_bytes(3, "big") + body
    pieces = [message[at : at + record_size] for at in range(0, len(message), record_size)]
    return b"".join(b"\x16\x03\x01" + struct.pack("!H", len(one)) + one for one in pieces)
