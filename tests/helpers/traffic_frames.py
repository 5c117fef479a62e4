"""Ethernet frames with IP, UDP, ICMP, ARP and neighbour discovery, and what is told of them."""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.perspective import Perspective, perspective
from pcapstate.traffic import tables as c
from pcapstate.traffic.counters import Counter, counters
from pcapstate.traffic.local import LocalTraffic
from pcapstate.traffic.traffic import Traffic
from tests.helpers import packets
from tests.helpers.captures import START, pcap

BROADCAST = "ff:ff:ff:ff:ff:ff"
HOST, PEER, ROUTER = "02:00:00:00:00:05", "02:00:00:00:00:09", "02:00:00:00:00:01"


def packed(address: str) -> bytes:
    """Return an IP address as it stands in a packet."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def station(mac: str) -> bytes:
    """Return a MAC address as it stands in a frame."""
    return bytes.fromhex(mac.replace(":", ""))


def ether(source: str, target: str, kind: int, payload: bytes, vlan: int | None = None) -> bytes:
    """Return an Ethernet frame."""
    return packets.ethernet(payload, kind, station(source), station(target), vlan)


def ip(
    source: str,
    target: str,
    protocol: int,
    payload: bytes,
    *,
    hops: int = 64,
    identity: int = 0,
    offset: int = 0,
    more: bool = False,
) -> bytes:
    """Return an IPv4 or IPv6 packet; ``offset`` and ``more`` make a fragment of it."""
    if ":" in source:
        if offset or more:
            payload = struct.pack("!BBHI", protocol, 0, offset | more, identity) + payload
            protocol = 44
        return packets.ipv6(packed(source), packed(target), protocol, payload, hops)
    fragment = offset >> 3 | (0x2000 if more else 0)
    ends = packed(source), packed(target)
    return packets.ipv4(*ends, protocol, payload, identification=identity, fragment=fragment, ttl=hops)


def frame(source: tuple[str, str], target: tuple[str, str], protocol: int, payload: bytes, **more: int) -> bytes:
    """Return a frame with an IP packet; both ends as MAC and IP address."""
    kind = 0x86DD if ":" in source[1] else 0x0800
    return ether(source[0], target[0], kind, ip(source[1], target[1], protocol, payload, **more))  # type: ignore[arg-type]


def udp(source: int, target: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """Return a UDP datagram."""
    return packets.udp((source, target), payload, length)


def tcp(source: int, target: int, flags: int = 0x10) -> bytes:
    """Return a TCP segment without payload."""
    return packets.tcp((source, target), flags, window=100)


def icmp(kind: int, code: int = 0, rest: bytes = bytes(4), payload: bytes = b"") -> bytes:
    """Return an ICMP message."""
    return struct.pack("!BBH", kind, code, 0) + rest + payload


def arp(operation: int, sender: tuple[str, str], target: tuple[str, str], to: str = BROADCAST) -> bytes:
    """Return an ARP frame; sender and target as MAC and IP address."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    body += b"".join(station(mac) + packed(address) for mac, address in (sender, target))
    return ether(sender[0], to, 0x0806, body)


@dataclass
class Told:
    """What was told of a capture."""

    traffic: Traffic
    local: LocalTraffic
    capture: Capture
    whose: Perspective

    @cached_property
    def counters(self) -> list[Counter]:
        """All counters of netstat -s."""
        return list(counters(self.local, self.capture.table, self.whose))

    def counter(self, protocol: str, name: str, direction: str | None = None) -> int | None:
        """Return the value of a counter of netstat -s."""
        (value,) = [
            one.value for one in self.counters if (one.protocol, one.name, one.direction) == (protocol, name, direction)
        ]
        return value


def watched(
    frames: Sequence[bytes],
    local: Sequence[str] = (),
    *,
    linktype: int = 1,
    kernels: Kernels | None = None,
    limits: dict[int, int] | None = None,
    step: int = 1_000_000,
) -> Told:
    """Watch frames, ``step`` nanoseconds apart, from the side of some addresses."""
    data = pcap([(START * 10**9 + step * index, one) for index, one in enumerate(frames)], linktype)
    source = CaptureReader(io.BytesIO(data), kernels or Kernels())
    traffic = Traffic(source.kernels, {**c.LIMITS, **(limits or {})})
    capture = Capture(source, record=False, details=True, watchers=[traffic])
    for _ in capture.follow():
        pass
    whose = perspective(capture.table, list(local))
    return Told(traffic, LocalTraffic(traffic, whose), capture, whose)
