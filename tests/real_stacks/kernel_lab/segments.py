"""TCP segments: read from Ethernet frames and capture files, and forged."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20, "E": 0x40, "C": 0x80}

_ETHERNET, _RAW, _LINUX_COOKED, _LINUX_COOKED_V2 = 1, 101, 113, 276
_LINK_HEADERS = {_ETHERNET: 14, _RAW: 0, _LINUX_COOKED: 16, _LINUX_COOKED_V2: 20}


def endpoint(address: str, port: int) -> str:
    """An address and port as one string: `10.0.0.1:80`, `[2001:db8::1]:80`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def after(a: int, b: int) -> bool:
    """Whether sequence number `a` comes after `b`, modulo 2**32."""
    return 0 < ((a - b) & 0xFFFFFFFF) < 0x80000000


@dataclass(frozen=True)
class Segment:
    """One TCP segment of a capture or on the wire."""

    time: float
    packet: int
    source: str
    destination: str
    seq: int
    ack: int
    flags: int
    length: int
    header: bytes = field(repr=False)

    def has(self, flags: str) -> bool:
        """Whether all these flags, given by their letters, are set."""
        return all(self.flags & FLAGS[letter] for letter in flags)

    @property
    def end(self) -> int:
        """The sequence number after the segment; SYN and FIN count as one each."""
        return (self.seq + self.length + self.has("S") + self.has("F")) & 0xFFFFFFFF

    @property
    def letters(self) -> str:
        """The flags as letters, `SA` for SYN and ACK."""
        return "".join(letter for letter, bit in FLAGS.items() if self.flags & bit)

    def covers(self, sequence_number: int) -> bool:
        """Whether the segment acknowledges everything before this sequence number."""
        return self.has("A") and not after(sequence_number, self.ack)


def from_frame(frame: bytes, time: float = 0.0, packet: int = 0, linktype: int = _ETHERNET) -> Segment | None:
    """The TCP segment in a frame, or None where there is no other than something else."""
    data = frame[_LINK_HEADERS[linktype] :]
    if len(data) < 20:
        return None
    if data[0] >> 4 == 4 and data[9] == 6:
        header_length, total = (data[0] & 15) * 4, int.from_bytes(data[2:4])
        source, destination = data[12:16], data[16:20]
    elif data[0] >> 4 == 6 and data[6] == 6:
        header_length, total = 40, 40 + int.from_bytes(data[4:6])
        source, destination = data[8:24], data[24:40]
    else:
        return None
    tcp = data[header_length:]
    source_port, destination_port, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", tcp)
    tcp_length = (offset >> 4) * 4
    return Segment(
        time=time,
        packet=packet,
        source=endpoint(str(ipaddress.ip_address(source)), source_port),
        destination=endpoint(str(ipaddress.ip_address(destination)), destination_port),
        seq=seq,
        ack=ack,
        flags=flags,
        length=total - header_length - tcp_length,
        # Without the checksum, which the sending host may leave to its interface.
        header=tcp[:16] + tcp[18:tcp_length],
    )


@dataclass(frozen=True)
class CaptureFile:
    """What a capture file holds."""

    linktype: int
    packets: int
    segments: list[Segment]
    errors: list[Segment] = field(default_factory=list)
    """The segments that ICMP errors quote, at the time of the error."""


def read_capture(path: Path) -> CaptureFile:
    """Read a nanosecond pcap file of this machine's byte order; a packet cut off at its end is left out."""
    data = path.read_bytes()
    if len(data) < 24:
        return CaptureFile(linktype=0, packets=0, segments=[])
    magic, linktype = struct.unpack_from("=I16xI", data)
    if magic != 0xA1B23C4D:
        raise ValueError(f"{path}: no nanosecond pcap file")
    segments, errors, packets = [], [], 0
    for packets, (time, frame) in enumerate(frames(data), start=1):
        segment = from_frame(frame, time, packets, linktype)
        if segment:
            segments.append(segment)
        elif quoted := _quoted(frame, time, packets, linktype):
            errors.append(quoted)
    return CaptureFile(linktype, packets, segments, errors)


def _quoted(frame: bytes, time: float, packet: int, linktype: int) -> Segment | None:
    """The segment that the ICMP error in a frame quotes: its endpoints and sequence number."""
    data = frame[_LINK_HEADERS[linktype] :]
    if len(data) > 48 and data[0] >> 4 == 4 and data[9] == 1 and data[37] == 6:
        addresses, tcp = data[40:48], data[48:]
    elif len(data) > 88 and data[0] >> 4 == 6 and data[6] == 58 and data[40] < 128 and data[54] == 6:
        addresses, tcp = data[56:88], data[88:]
    else:
        return None
    half = len(addresses) // 2
    source, destination = (str(ipaddress.ip_address(one)) for one in (addresses[:half], addresses[half:]))
    source_port, destination_port, seq = struct.unpack_from("!HHI", tcp)
    ends = endpoint(source, source_port), endpoint(destination, destination_port)
    return Segment(time, packet, *ends, seq=seq, ack=0, flags=0, length=0, header=b"")


def frames(data: bytes) -> Iterator[tuple[float, bytes]]:
    """Time and bytes of each packet in a nanosecond pcap file of this machine's byte order."""
    at = 24
    while at + 16 <= len(data):
        seconds, nanoseconds, captured, _ = struct.unpack_from("=IIII", data, at)
        if at + 16 + captured > len(data):
            return
        yield seconds + nanoseconds / 1e9, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def forge(source: str, destination: str, flags: str, seq: int, ack: int = 0, payload: bytes = b"") -> bytes:
    """An IP packet (without link header) of one TCP segment; the endpoints are written as `10.0.0.1:80`."""
    (source_address, source_port), (target_address, target_port) = _split(source), _split(destination)
    bits = sum(FLAGS[letter] for letter in flags)
    tcp = struct.pack("!HHIIBBHHH", source_port, target_port, seq, ack, 5 << 4, bits, 1024, 0, 0) + payload
    addresses = source_address.packed + target_address.packed
    pseudo_header = addresses + struct.pack("!II", len(tcp), 6)
    tcp = tcp[:16] + _checksum(pseudo_header + tcp) + tcp[18:]
    if source_address.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + addresses + tcp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + addresses
    return ip[:10] + _checksum(ip) + ip[12:] + tcp


def forge_error(packet: bytes, kind: int, code: int, source: str | None = None) -> bytes:
    """An IP packet with an ICMP error about a packet, to its sender; from its target unless said otherwise."""
    if packet[0] >> 4 == 6:
        sender = ipaddress.ip_address(source).packed if source else packet[24:40]
        addresses, body = sender + packet[8:24], struct.pack("!BBHI", kind, code, 0, 0) + packet
        checksum = _checksum(addresses + struct.pack("!II", len(body), 58) + body)
        return struct.pack("!IHBB", 6 << 28, len(body), 58, 64) + addresses + body[:2] + checksum + body[4:]
    sender = ipaddress.ip_address(source).packed if source else packet[16:20]
    body = struct.pack("!BBHI", kind, code, 0, 0) + packet[:28]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + sender + packet[12:16]
    return ip[:10] + _checksum(ip) + ip[12:] + body[:2] + _checksum(body) + body[4:]


def _split(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    address, _, port = text.rpartition(":")
    return ipaddress.ip_address(address.strip("[]")), int(port)


def _checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
