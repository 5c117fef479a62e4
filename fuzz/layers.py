"""Fuzzing of what is made of layers: TCP in tunnels in tunnels, and datagrams in fragments."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from . import mutating
from .frames import decoded
from .target import Wrong

IPV4, IPV6, FRAME = 4, 6, 0
"""What a layer carries: an IP packet, or an Ethernet frame."""
Wrapping = Callable[[int, bytes], tuple[int, bytes]]
"""From what is inside, and its bytes, to what it is with another layer around it."""
STATIONS = bytes.fromhex("020000000001 020000000002")
ETHERTYPES = {IPV4: 0x0800, IPV6: 0x86DD, FRAME: 0x6558}
SOURCE_PORT, TARGET_PORT = 4097, 8193
SURE = 8
"""Layers of which each may count as three, and which are found."""


def ipv4(protocol: int, inside: bytes, fragment: int = 0x4000, identification: int = 1) -> bytes:
    """Return an IPv4 packet."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, (20 + len(inside)) & 0xFFFF, identification, fragment, 64, protocol, 0)
    return head + b"\xc6\x33\x64\x01\xcb\0\x71\x02" + inside


def ipv6(protocol: int, inside: bytes) -> bytes:
    """Return an IPv6 packet."""
    addresses = b"\x20\x01\x0d\xb8" + bytes(11) + b"\1" + b"\x20\x01\x0d\xb8" + bytes(11) + b"\2"
    return struct.pack("!IHBB", 0x60000000, len(inside) & 0xFFFF, protocol, 64) + addresses + inside


def framed(kind: int, inside: bytes, tags: bytes = b"") -> bytes:
    """Return an Ethernet frame with tags before what it holds."""
    if kind == FRAME:
        return inside[:12] + tags + inside[12:]
    return STATIONS + tags + struct.pack("!H", ETHERTYPES[kind]) + inside


def _udp(port: int, inside: bytes) -> bytes:
    return struct.pack("!HHHH", 50_000, port, (8 + len(inside)) & 0xFFFF, 0) + inside


def _protocol(kind: int) -> int:
    return {IPV4: 4, IPV6: 41, FRAME: 97}[kind]


def _bare(kind: int, inside: bytes) -> bytes:
    return b"\x30\0" + inside if kind == FRAME else inside


def _gre(kind: int, inside: bytes, flags: int = 0, options: bytes = b"") -> bytes:
    return struct.pack("!HH", flags, ETHERTYPES[kind]) + options + inside


def _ppp(kind: int, inside: bytes) -> bytes:
    # A frame is bridged (RFC 3518).
    number = {IPV4: b"\0\x21", IPV6: b"\0\x57", FRAME: b"\0\x31\0\1"}[kind]
    return number + inside


WRAPPINGS: list[Wrapping] = [
    lambda kind, inside: (IPV4, ipv4(_protocol(kind), _bare(kind, inside))),
    lambda kind, inside: (IPV6, ipv6(_protocol(kind), _bare(kind, inside))),
    lambda kind, inside: (IPV4, ipv4(47, _gre(kind, inside))),
    lambda kind, inside: (IPV6, ipv6(47, _gre(kind, inside, 0x3000, bytes(8)))),
    lambda kind, inside: (IPV4, ipv4(17, _udp(4789, b"\x08\0\0\0\0\0\1\0" + framed(kind, inside)))),
    lambda kind, inside: (IPV6, ipv6(17, _udp(6081, struct.pack("!HHI", 0, ETHERTYPES[kind], 256) + inside))),
    lambda kind, inside: (FRAME, framed(kind, inside, b"\x81\0\0\5")),
    lambda kind, inside: (FRAME, framed(kind, inside, b"\x88\xa8\0\5\x81\0\0\6")),
    lambda kind, inside: (FRAME, STATIONS + b"\x88\xe7\0\0\0\x64" + framed(kind, inside)),
    lambda kind, inside: (FRAME, STATIONS + b"\x88\x47\0\6\x41\x40" + _labelled(kind, inside)),
    lambda kind, inside: (FRAME, STATIONS + b"\x88\x64\x11\0\0\1\0\0" + _ppp(kind, inside)),
    lambda kind, inside: (IPV4, ipv4(17, _udp(1701, b"\0\2\0\1\0\2\xff\3" + _ppp(kind, inside)))),
    lambda kind, inside: (IPV6, ipv6(60, struct.pack("!BB6x", _protocol(kind), 0) + _bare(kind, inside))),
]


def _labelled(kind: int, inside: bytes) -> bytes:
    return bytes(4) + inside if kind == FRAME else inside


def nested(data: bytes) -> None:
    """Put a TCP segment into layers: their number, one byte for each, then changes (a place, two bits of it)."""
    if not data:
        return
    count = data[0] & 63
    tcp = struct.pack("!HHIIBBHHH", SOURCE_PORT, TARGET_PORT, 1, 0, 0x50, 2, 1000, 0, 0)
    kind, frame = IPV4, ipv4(6, tcp)
    used = 0
    for choice in data[1 : 1 + count]:
        kind, frame = WRAPPINGS[choice % len(WRAPPINGS)](kind, frame)
        used += 1
    changed = bytearray(framed(kind, frame))
    changes = data[1 + count :]
    for at in range(0, len(changes) - 2, 3):
        changed[int.from_bytes(changes[at : at + 2], "big") % len(changed)] ^= changes[at + 2]
    segments, _ = decoded(1, [bytes(changed)])
    ports = [(int(one["source_port"]), int(one["target_port"])) for one in segments if one["flags"] >= 0]
    if len(ports) > 1 or (used <= SURE and len(changes) < 3 and ports != [(SOURCE_PORT, TARGET_PORT)]):
        raise Wrong(f"{ports} in {used} layers")


def nested_seeds() -> list[bytes]:
    """Return each layer alone, twice, and as many as there may be; and all of them."""
    ones = range(len(WRAPPINGS))
    found = [bytes([count, *[one] * count]) for one in ones for count in (1, 2, 8, 24, 40)]
    return [*found, bytes([len(ones), *ones]), bytes([len(ones), *reversed(ones)])]


def fragments(data: bytes) -> None:
    """Give fragments to be put together: of each its datagram, offset and flag, length, and how much later it comes."""
    frames, time, times = [], 0, []
    for at in range(0, len(data) - 5, 6):
        which, late = data[at] & 15, data[at + 5]
        place, length = struct.unpack_from("!HH", data, at + 1)
        inside = bytes(12) + b"\x50" + bytes(min(length, 100))
        if which & 1:
            head = struct.pack("!BBHI", 6, 0, place & 0xFFF9, which)
            packet = bytearray(framed(IPV6, ipv6(44, head + inside)))
            struct.pack_into("!H", packet, 18, length)
        else:
            packet = bytearray(framed(IPV4, ipv4(6, inside, place & 0x3FFF, which)))
            struct.pack_into("!H", packet, 16, length)
        frames.append(bytes(packet))
        time += late * 200_000_000
        times.append(time)
    segments, skipped = decoded(1, frames, times)
    if len(segments) + int(skipped) > len(frames):
        raise Wrong(f"{len(frames)} frames are {len(segments)} segments and {skipped} that are none")


def fragment_seeds() -> list[bytes]:
    """Return datagrams in order, backwards, with holes, overlapping, and too many at once."""

    def one(which: int, offset: int, length: int, more: bool, late: int = 0) -> bytes:
        place = offset | more if which & 1 else offset >> 3 | more << 13
        return struct.pack("!BHHB", which, place, length + (8 if which & 1 else 20), late)

    found = []
    for which in (0, 1):
        parts = [one(which, offset, 64, offset < 192) for offset in range(0, 256, 64)]
        found += [b"".join(parts), b"".join(parts[::-1]), b"".join(parts[1:]), b"".join(parts * 2)]
        found.append(b"".join(one(which, offset, 72, offset < 192, 200) for offset in range(0, 256, 64)))
        found.append(b"".join(one(which, offset, 8, True) for offset in range(0, 16_000, 16)))
    return found


def any_layers(data: bytes, chance: random.Random) -> bytes:
    """Return an input with other layers, more of them, or any bytes changed."""
    if chance.random() < 0.5 and data:
        count = chance.choice((1, 2, 3, 5, SURE, 12, 24, 30, 63))
        return bytes([count, *(chance.randrange(len(WRAPPINGS)) for _ in range(count))]) + data[1 + (data[0] & 63) :]
    return mutating.any_bytes(data, chance)
