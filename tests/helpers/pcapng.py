"""Blocks of pcapng files."""

from __future__ import annotations

import struct

from tests.helpers.captures import story_frames
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

FRAME = story_frames(parse(STORIES["half_close"]))[0][1]


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order: str = "<", length: int = -1, options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length) + options, order)


def interface(order: str = "<", link: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def option(code: int, value: bytes, order: str = "<", length: int | None = None) -> bytes:
    return struct.pack(order + "HH", code, len(value) if length is None else length) + value + bytes(-len(value) % 4)


def packet(stamp: int, frame: bytes = FRAME, which: int = 0, order: str = "<", options: bytes = b"") -> bytes:
    head = struct.pack(order + "IIIII", which, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame + bytes(-len(frame) % 4) + options, order)


def simple(frame: bytes, length: int | None = None, order: str = "<") -> bytes:
    return block(3, struct.pack(order + "I", len(frame) if length is None else length) + frame, order)


def pcapng(frames: list[tuple[int, bytes]], order: str = "<") -> bytes:
    """Return a pcapng file of frames with their times, with nanoseconds."""
    nanoseconds = option(9, b"\x09", order) + option(0, b"", order)
    out = section(order) + interface(order, options=nanoseconds)
    return out + b"".join(packet(time, frame, order=order) for time, frame in frames)
