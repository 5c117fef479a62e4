"""Frames of an Ethernet: who has which station address, ARP, UDP and ICMP, with correct lengths and checksums."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from .packets import checksum, extended, ipv4, ipv6

ICMP, IGMP, UDP, ICMPV6 = 1, 2, 17, 58
BROADCAST = b"\xff" * 6
LEAST = 60
"""Bytes of a frame at least. What a host sends is captured before its adapter pads it."""


class Frame(NamedTuple):
    """A frame as the capturing host sees it."""

    time: int  # ns since the epoch
    raw: bytes
    outgoing: bool
    process: str | None  # the name of whose packet it is, where the host tells


class Station(NamedTuple):
    """An Ethernet adapter with its IPv4 address."""

    mac: bytes
    ip: str

    @property
    def link_local(self) -> str:
        """Its IPv6 link-local address, made of its MAC address (RFC 4291 appendix A)."""
        return self.in_network("fe80::")

    def in_network(self, prefix: str) -> str:
        """Return its IPv6 address in a /64."""
        mac = self.mac
        identifier = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
        return str(ipaddress.IPv6Address(packed(prefix)[:8] + identifier))


def packed(address: str) -> bytes:
    """Return the bytes of an address."""
    return ipaddress.ip_address(address).packed


def group_mac(address: str) -> bytes:
    """Return the station address of a multicast group (RFC 1112 §6.4, RFC 2464 §7)."""
    raw = packed(address)
    return b"\x33\x33" + raw[-4:] if len(raw) == 16 else b"\x01\x00\x5e" + bytes([raw[1] & 0x7F]) + raw[2:]


def solicited(address: str) -> str:
    """Return the group that neighbours ask in for an IPv6 address (RFC 4291 §2.7.1)."""
    return str(ipaddress.IPv6Address(packed("ff02::1:ff00:0")[:13] + packed(address)[13:]))


def framed(source: bytes, target: bytes, ethertype: int, content: bytes, outgoing: bool) -> bytes:
    """Return an Ethernet frame."""
    raw = target + source + struct.pack("!H", ethertype) + content
    return raw if outgoing else raw.ljust(LEAST, b"\0")


def arp(operation: int, sender: Station, target: Station) -> bytes:
    """Return an ARP packet (RFC 826): 1 asks for the target's MAC address, 2 tells the sender's."""
    asked = bytes(6) if operation == 1 else target.mac
    return (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender.mac + packed(sender.ip) + asked + packed(target.ip)
    )


def ip(source: str, target: str, protocol: int, payload: bytes, ttl: int, identification: int = 0) -> bytes:
    """Return an IP packet; one of IPv4 without an identification must not be fragmented."""
    addresses = packed(source) + packed(target)
    if len(addresses) == 32:
        return ipv6(addresses, payload, ttl, protocol)
    return ipv4(addresses, payload, ttl, identification, 0 if identification else 0x4000, protocol)


def pseudo_header(source: str, target: str, protocol: int, length: int) -> bytes:
    """Return what a checksum covers beside the packet (RFC 768, RFC 8200 §8.1)."""
    addresses = packed(source) + packed(target)
    return addresses + struct.pack("!HH" if len(addresses) == 8 else "!II", *(
        (protocol, length) if len(addresses) == 8 else (length, protocol)
    ))  # fmt: skip


def udp(source: tuple[str, int], target: tuple[str, int], data: bytes, ttl: int = 64, identification: int = 0) -> bytes:
    """Return a UDP datagram in an IP packet."""
    datagram = struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data
    total = checksum(pseudo_header(source[0], target[0], UDP, len(datagram)) + datagram) or 0xFFFF
    datagram = datagram[:6] + struct.pack("!H", total) + datagram[8:]
    return ip(source[0], target[0], UDP, datagram, ttl, identification)


def icmp(source: str, target: str, kind: int, code: int, rest: bytes, ttl: int = 64, identification: int = 0) -> bytes:
    """Return an ICMP or ICMPv6 message in an IP packet."""
    message = struct.pack("!BBH", kind, code, 0) + rest
    six = ":" in source
    covered = pseudo_header(source, target, ICMPV6, len(message)) if six else b""
    message = message[:2] + struct.pack("!H", checksum(covered + message)) + message[4:]
    return ip(source, target, ICMPV6 if six else ICMP, message, ttl, identification)


def error_about(packet: bytes, most: int = 548) -> bytes:
    """Return what an ICMP error quotes of the packet it is about (RFC 1812 §4.3.2.3)."""
    return packet[:most]


def neighbor_option(kind: int, value: bytes) -> bytes:
    """Return an option of neighbour discovery (RFC 4861 §4.6)."""
    return bytes([kind, (len(value) + 2) // 8]) + value


def igmp_report(source: str, group: str) -> bytes:
    """Return an IGMPv2 membership report, in a packet with the router alert option (RFC 2236 §2)."""
    message = b"\x16\0\0\0" + packed(group)
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    header = struct.pack("!BBHHHBBH", 0x46, 0, 24 + len(message), 0x1D07, 0, 1, IGMP, 0) + packed(source)
    header += packed(group) + bytes.fromhex("94040000")
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + message


def listener_report(source: str, *groups: str) -> bytes:
    """Return an MLDv2 report that joins groups, behind a hop-by-hop header with the router alert (RFC 3810 §5.2)."""
    records = b"".join(struct.pack("!BBH", 4, 0, 0) + packed(group) for group in groups)
    report = icmp(source, "ff02::16", 143, 0, struct.pack("!HH", 0, len(groups)) + records, ttl=1)
    return extended(report, 0, bytes([ICMPV6, 0]) + bytes.fromhex("050200000100"))
