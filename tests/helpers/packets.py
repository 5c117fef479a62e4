"""Headers of packets, one builder each; what else builds frames for tests puts them together."""

from __future__ import annotations

import struct


def ethernet(
    payload: bytes, kind: int = 0x0800, source: bytes = bytes(6), target: bytes = bytes(6), vlan: int | None = None
) -> bytes:
    """Return an Ethernet frame."""
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return target + source + tag + struct.pack("!H", kind) + payload


def ipv4(
    source: bytes,
    target: bytes,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 0,
    fragment: int = 0,
    ttl: int = 64,
) -> bytes:
    """Return an IPv4 packet; ``fragment`` has the flags and the offset."""
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, identification, fragment, ttl, protocol, 0)
    return head + source + target + payload


def ipv6(source: bytes, target: bytes, protocol: int, payload: bytes, hops: int = 64) -> bytes:
    """Return an IPv6 packet without extension headers."""
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + source + target + payload


def tcp(
    ports: tuple[int, int],
    flags: int,
    *,
    seq: int = 1,
    ack: int = 1,
    window: int = 501,
    checksum: int = 0,
    options: bytes = b"",
    payload: bytes = b"",
) -> bytes:
    """Return a TCP segment."""
    offset = (20 + len(options)) << 2
    return struct.pack("!HHIIBBHHH", *ports, seq, ack, offset, flags, window, checksum, 0) + options + payload


def udp(ports: tuple[int, int], payload: bytes = b"", length: int | None = None) -> bytes:
    """Return a UDP datagram, whose header may have another length than it has."""
    return struct.pack("!HHHH", *ports, 8 + len(payload) if length is None else length, 0) + payload
