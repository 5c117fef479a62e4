"""Frames to capture files: pcap and the blocks of pcapng."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .packets import Framing, Packet, ethernet

ETHERNET = 1


def pcap(
    packets: Iterable[Packet],
    frame: Framing = ethernet,
    *,
    linktype: int = ETHERNET,
    order: str = "<",
    nanoseconds: bool = False,
    snaplen: int = 262_144,
) -> bytes:
    """Return a pcap file; ``order`` is ``<`` for little-endian, ``>`` for big-endian."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    out = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, snaplen, linktype)]
    for packet in packets:
        raw = frame(packet)
        seconds, rest = divmod(packet.time, 1_000_000_000)
        captured = raw[:snaplen]
        out.append(struct.pack(order + "IIII", seconds, rest if nanoseconds else rest // 1000, len(captured), len(raw)))
        out.append(captured)
    return b"".join(out)


def block(order: str, kind: int, body: bytes) -> bytes:
    """Return a pcapng block."""
    body += b"\0" * (-len(body) % 4)
    total = len(body) + 12
    return struct.pack(order + "II", kind, total) + body + struct.pack(order + "I", total)


def option(order: str, code: int, value: bytes) -> bytes:
    """Return an option of a pcapng block."""
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order: str) -> bytes:
    """Return a section header block, of a section whose length is not told."""
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(
    order: str,
    *,
    linktype: int = ETHERNET,
    snaplen: int = 262_144,
    name: str = "",
    resolution: int | None = None,
    offset: int | None = None,
) -> bytes:
    """Return an interface description block; ``resolution`` is if_tsresol's byte, ``offset`` if_tsoffset's seconds."""
    options = b""
    if name:
        options += option(order, 2, name.encode())
    if resolution is not None:
        options += option(order, 9, bytes([resolution]))
    if offset is not None:
        options += option(order, 14, struct.pack(order + "q", offset))
    if options:
        options += option(order, 0, b"")
    return block(order, 1, struct.pack(order + "HHI", linktype, 0, snaplen) + options)


def enhanced(
    order: str, packet: Packet, *, which: int = 0, unit: int = 1000, offset: int = 0, frame: Framing = ethernet
) -> bytes:
    """Return an enhanced packet block; the stamp counts ``unit`` ns each, or 1/2**-unit s where that is negative."""
    stamp, raw = _stamp(packet.time, unit, offset), frame(packet)
    head = struct.pack(order + "IIIII", which, stamp >> 32, stamp & 0xFFFFFFFF, len(raw), len(raw))
    return block(order, 6, head + raw)


def obsolete(order: str, packet: Packet) -> bytes:
    """Return an obsolete packet block of the first interface."""
    stamp, raw = _stamp(packet.time, 1000, 0), ethernet(packet)
    head = struct.pack(order + "HHIIII", 0, 0xFFFF, stamp >> 32, stamp & 0xFFFFFFFF, len(raw), len(raw))
    return block(order, 2, head + raw)


def simple(order: str, packet: Packet) -> bytes:
    """Return a simple packet block, which has no time."""
    raw = ethernet(packet)
    return block(order, 3, struct.pack(order + "I", len(raw)) + raw)


def _stamp(time: int, unit: int, offset: int) -> int:
    time -= offset * 1_000_000_000
    stamp, rest = divmod(time << -unit, 1_000_000_000) if unit < 0 else divmod(time, unit)
    if rest:
        raise ValueError("this resolution cannot hold the time")
    return stamp
