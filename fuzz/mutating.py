"""Change captures so that they stay captures: packets and blocks are changed, doubled, left out, swapped."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable
from typing import TypeVar

One = TypeVar("One")
Change = Callable[[bytes, random.Random], bytes]

PCAP = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
TELLING = (0, 1, 2, 4, 5, 6, 8, 16, 17, 20, 41, 44, 47, 50, 51, 60, 69, 88, 96, 127, 128, 129, 192, 254, 255)
"""Bytes that mean something in many headers."""
HEAD = 160
"""Bytes of a packet in which the headers stand."""


def any_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return bytes changed somewhere: some replaced, inserted, left out, doubled, or the rest cut off."""
    out = bytearray(data)
    for _ in range(1 << chance.randrange(4)):
        at = chance.randrange(min(len(out), HEAD if chance.random() < 0.5 else len(out)) + 1) if out else 0
        way = chance.randrange(10)
        if way < 4 and at < len(out):
            out[at] = chance.choice(TELLING)
        elif way < 6 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif way == 6:
            out[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif way == 7:
            del out[at : at + chance.randrange(1, 9)]
        elif way == 8:
            out[at:at] = out[at : at + chance.randrange(1, 65)]
        elif chance.random() < 0.3:
            del out[at:]
        else:
            out[at : at + 4] = struct.pack(">I", chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)))
    return bytes(out)


def pcap(data: bytes, chance: random.Random, change: Change = any_bytes) -> bytes:
    """Return a pcap file with packets changed, whose lengths are right again; seldom with any bytes changed."""
    order = PCAP.get(data[:4])
    if order is None or chance.random() < 0.1:
        return change(data, chance)
    head, at = bytearray(data[:24]), 24
    packets: list[tuple[bytes, bytes, bytes]] = []
    while at + 16 <= len(data) and len(packets) < 2000:
        captured = struct.unpack_from(order + "I", data, at + 8)[0]
        packets.append((data[at : at + 8], data[at + 16 : at + 16 + captured], data[at + 12 : at + 16]))
        at += 16 + captured
    if chance.random() < 0.05 and len(head) == 24:
        head[20:24] = struct.pack(order + "I", chance.choice(LINK_TYPES))
    out = bytes(head)
    for time, packet, length in changed(packets, chance, lambda one: (one[0], change(one[1], chance), one[2])):
        full = max(len(packet), struct.unpack(order + "I", length.ljust(4, b"\0"))[0])
        full = chance.choice((0, len(packet), 0xFFFFFFFF)) if chance.random() < 0.02 else full
        out += time.ljust(8, b"\0") + struct.pack(order + "II", len(packet), full) + packet
    return out


LINK_TYPES = (
    *(0, 1, 6, 7, 8, 9, 10, 11, 12, 14, 50, 51, 99, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 122, 123, 127),
    *(
        129,
        138,
        147,
        149,
        163,
        166,
        178,
        187,
        189,
        192,
        201,
        204,
        220,
        226,
        228,
        229,
        239,
        240,
        241,
        242,
        247,
        252,
        258,
    ),
    *(274, 276, 281, 282, 284, 285),
)


def pcapng(data: bytes, chance: random.Random, change: Change = any_bytes) -> bytes:
    """Return a pcapng file with the bodies of blocks changed, whose lengths are right again; seldom any bytes."""
    if data[:4] != b"\x0a\x0d\x0d\x0a" or chance.random() < 0.1:
        return change(data, chance)
    order, at = "<", 0
    blocks: list[tuple[bytes, bytes, str]] = []
    while at + 12 <= len(data) and len(blocks) < 2000:
        kind = data[at : at + 4]
        if kind == b"\x0a\x0d\x0d\x0a":
            order = ">" if data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
        length = (struct.unpack_from(order + "I", data, at + 4)[0] + 3) & ~3
        blocks.append((kind, data[at + 8 : at + max(length, 12) - 4], order))
        at += max(length, 12)
    out = b""
    for kind, body, order in changed(blocks, chance, lambda one: (one[0], _body(*one, chance, change), one[2])):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        out += kind + size + body + size
    return out


def _body(kind: bytes, body: bytes, order: str, chance: random.Random, change: Change) -> bytes:
    """Return a block's body changed; of an enhanced packet mostly its packet alone."""
    number = struct.unpack(order + "I", kind)[0]
    if number == 6 and len(body) >= 20 and chance.random() < 0.7:
        captured = struct.unpack_from(order + "I", body, 12)[0]
        packet = change(body[20 : 20 + captured], chance)
        padded = packet + bytes(-len(packet) % 4)
        rest = body[20 + (captured + 3 & ~3) :]
        return body[:12] + struct.pack(order + "II", len(packet), len(packet)) + padded + rest
    if number == 1 and len(body) >= 2 and chance.random() < 0.3:
        return struct.pack(order + "H", chance.choice(LINK_TYPES)) + body[2:]
    return change(body, chance)


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """Return the parts of an input: a byte for each, its length (three bytes), itself."""
    found, at = [], 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        found.append((data[at], data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def joined(parts: Iterable[tuple[int, bytes]]) -> bytes:
    """Return an input of parts."""
    return b"".join(bytes([kind & 0xFF]) + len(one).to_bytes(3, "big") + one for kind, one in parts)


def in_parts(data: bytes, chance: random.Random, change: Change = any_bytes) -> bytes:
    """Return an input of parts with some changed, their lengths right."""

    def one(part: tuple[int, bytes]) -> tuple[int, bytes]:
        return (chance.randrange(256), part[1]) if chance.random() < 0.1 else (part[0], change(part[1], chance))

    return joined(changed(parts(data), chance, one))


def changed(parts: list[One], chance: random.Random, change: Callable[[One], One]) -> list[One]:
    """Return some of the parts changed, doubled, left out or swapped."""
    parts = list(parts)
    for _ in range(1 << chance.randrange(4)):
        if not parts:
            break
        at = chance.randrange(len(parts))
        way = chance.randrange(12)
        if way == 0:
            parts.insert(chance.randrange(len(parts) + 1), parts[at])
        elif way == 1:
            del parts[at]
        elif way == 2:
            other = chance.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        elif way == 3 and chance.random() < 0.2:
            del parts[at:]
        else:
            parts[at] = change(parts[at])
    return parts
