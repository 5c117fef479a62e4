"""TCP conversations to IP packets, with correct checksums and the same bytes on each run."""

from __future__ import annotations

import ipaddress
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
STEP = SECOND // 64
"""Time between packets: a whole number of microseconds and of 1/1024 seconds, so every format can hold it."""

FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10}
SYN_OPTIONS = bytes.fromhex("020405b4 0101 0402 01 030307")
"""Maximum segment size 1460, selective acknowledgments, window scale 7."""

REQUEST = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
LINE = b"one line of text\n"


class Packet(NamedTuple):
    """An IP packet at a moment (ns since the epoch)."""

    time: int
    ip: bytes
    outgoing: bool  # the client sent it


@dataclass(frozen=True)
class Segment:
    """What was sent, so that it can be sent again."""

    flags: str
    data: bytes
    seq: int
    ack: int
    window: int
    options: bytes


class Side:
    """One end of a conversation; each method sends one segment."""

    peer: Side

    def __init__(self, talk: Talk, endpoint: tuple[str, int], isn: int, ttl: int) -> None:
        self.talk, self.ttl, self.isn, self.next = talk, ttl, isn, isn
        self.address, self.port = ipaddress.ip_address(endpoint[0]), endpoint[1]
        self.identification = isn >> 8 & 0xFFFF

    def send(
        self,
        flags: str,
        data: bytes = b"",
        *,
        seq: int | None = None,
        ack: int | None = None,
        window: int = 502,
        options: bytes = b"",
        captured: bool = True,
    ) -> Segment:
        """Send any segment; ``seq`` and ``ack`` are the next in order unless given."""
        seq = self.next if seq is None else seq & 0xFFFFFFFF
        if ack is None:
            ack = self.peer.next if "A" in flags else 0
        end = seq + len(data) + ("S" in flags) + ("F" in flags)
        if end != seq and 0 < (end - self.next) & 0xFFFFFFFF < 0x80000000:
            self.next = end & 0xFFFFFFFF
        segment = Segment(flags, data, seq, ack & 0xFFFFFFFF, window, options)
        self.emit(segment, captured)
        return segment

    def emit(self, segment: Segment, captured: bool = True) -> None:
        """Put a segment on the wire, perhaps again."""
        self.identification = self.identification + 1 & 0xFFFF
        if captured:
            self.talk.packets.append(Packet(self.talk.time, self.packet(segment), self is self.talk.client))
        self.talk.time += self.talk.step

    def syn(self, data: bytes = b"", options: bytes = SYN_OPTIONS) -> Segment:
        """Open."""
        return self.send("S", data, window=64_240, options=options)

    def syn_ack(self, **more: int) -> Segment:
        """Answer a SYN; the sequence number is the initial one, also where a SYN was sent before."""
        return self.send("SA", seq=self.isn, window=65_160, options=SYN_OPTIONS, ack=more.get("ack"))

    def ack(self, **more: int) -> Segment:
        """Acknowledge all that the peer has sent, or up to ``ack``."""
        return self.send("A", seq=more.get("seq"), ack=more.get("ack"), window=more.get("window", 502))

    def data(self, data: bytes) -> Segment:
        """Send data."""
        return self.send("PA", data)

    def fin(self, data: bytes = b"", **more: int) -> Segment:
        """Close this direction."""
        return self.send("FPA" if data else "FA", data, seq=more.get("seq"), ack=more.get("ack"))

    def packet(self, segment: Segment) -> bytes:
        """Return the IP packet of a segment."""
        options = segment.options + b"\x01" * (-len(segment.options) % 4)
        flags = sum(FLAGS[letter] for letter in segment.flags)
        header = struct.pack(
            "!HHIIBBHHH", self.port, self.peer.port, segment.seq, segment.ack,
            (20 + len(options)) << 2, flags, segment.window, 0, 0,
        )  # fmt: skip
        return ip_packet(
            self.address, self.peer.address, header + options + segment.data, self.ttl, self.identification
        )


class Talk:
    """One conversation between a client and a server."""

    def __init__(
        self,
        client: tuple[str, int] = ("10.0.0.5", 51_812),
        server: tuple[str, int] = ("192.0.2.80", 80),
        *,
        isn: tuple[int, int] = (0x1A2B3C00, 0x5E6F7000),
        start: int = START,
        step: int = STEP,
    ) -> None:
        self.packets: list[Packet] = []
        self.time, self.step = start, step
        self.client, self.server = Side(self, client, isn[0], 64), Side(self, server, isn[1], 57)
        self.client.peer, self.server.peer = self.server, self.client

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time += round(seconds * SECOND)

    def opened(self) -> Talk:
        """Do the three-way handshake."""
        self.client.syn()
        self.server.syn_ack()
        self.client.ack()
        return self

    def exchange(self, request: bytes = REQUEST, answer: bytes = ANSWER) -> Talk:
        """Send a request and an answer, each acknowledged."""
        self.client.data(request)
        self.server.ack()
        self.server.data(answer)
        self.client.ack()
        return self

    def closed_by(self, first: Side) -> Talk:
        """Close in four segments; ``first`` closes first."""
        first.fin()
        first.peer.ack()
        first.peer.fin()
        first.ack()
        return self


def whole_talk() -> list[Packet]:
    """Return handshake, request, answer, and a close by the client: what the formats are shown with."""
    talk = Talk().opened().exchange()
    return talk.closed_by(talk.client).packets


def whole_talk_ipv6() -> list[Packet]:
    """Return the same over IPv6."""
    talk = Talk(("2001:db8::5", 51_812), ("2001:db8:80::1", 80)).opened().exchange()
    return talk.closed_by(talk.client).packets


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source: Address, target: Address, tcp: bytes, ttl: int, identification: int) -> bytes:
    """Return an IP packet around a TCP segment, whose checksum it fills in."""
    if source.version == 4:
        pseudo = source.packed + target.packed + struct.pack("!HH", 6, len(tcp))
    else:
        pseudo = source.packed + target.packed + struct.pack("!II", len(tcp), 6)
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    if source.version == 6:
        return ipv6(source.packed + target.packed, tcp, ttl, 6)
    return ipv4(source.packed + target.packed, tcp, ttl, identification, 0x4000)


def ipv4(addresses: bytes, payload: bytes, ttl: int, identification: int, fragment: int, protocol: int = 6) -> bytes:
    """Return an IPv4 packet; ``fragment`` is its field of flags and fragment offset."""
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, fragment, ttl, protocol, 0)
    header += addresses
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(addresses: bytes, payload: bytes, hops: int, protocol: int) -> bytes:
    """Return an IPv6 packet."""
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + addresses + payload


def fragments(packet: Packet, size: int, order: Iterable[int] | None = None) -> list[Packet]:
    """Cut a packet into fragments with ``size`` bytes (a multiple of 8) each, in order or in the order given."""
    ip = packet.ip
    header = 20 if ip[0] >> 4 == 4 else 40
    payload = ip[header:]
    pieces = []
    for offset in range(0, len(payload), size):
        part, more = payload[offset : offset + size], offset + size < len(payload)
        if header == 20:
            bits = offset >> 3 | more << 13
            pieces.append(ipv4(ip[12:20], part, ip[8], int.from_bytes(ip[4:6], "big"), bits, ip[9]))
        else:
            extension = struct.pack("!BBHI", ip[6], 0, offset | more, zlib.crc32(payload))
            pieces.append(extended(ip[:40] + part, 44, extension))
    chosen = range(len(pieces)) if order is None else order
    return [Packet(packet.time + 1000 * turn, pieces[index], packet.outgoing) for turn, index in enumerate(chosen)]


def extended(ip: bytes, kind: int, extension: bytes) -> bytes:
    """Put an extension header, whose first byte names what follows it, behind an IPv6 header."""
    return ip[:4] + struct.pack("!HB", len(ip) - 40 + len(extension), kind) + ip[7:40] + extension + ip[40:]


def merged(*talks: Talk) -> list[Packet]:
    """Return the packets of several conversations in the order of time."""
    return sorted((packet for talk in talks for packet in talk.packets), key=lambda packet: packet.time)


Framing = Callable[[Packet], bytes]
CLIENT_MAC, SERVER_MAC = bytes.fromhex("020000000005"), bytes.fromhex("020000000001")


def ethernet(packet: Packet, tags: bytes = b"") -> bytes:
    """Return an Ethernet frame, padded to its least length; ``tags`` stand before the EtherType."""
    addresses = SERVER_MAC + CLIENT_MAC if packet.outgoing else CLIENT_MAC + SERVER_MAC
    kind = b"\x08\x00" if packet.ip[0] >> 4 == 4 else b"\x86\xdd"
    return (addresses + tags + kind + packet.ip).ljust(60, b"\0")
