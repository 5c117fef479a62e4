"""Find payloads that open a conversation by their first bytes, and copy the part that matters.

TLS hellos (RFC 8446 §4), HTTP requests and responses (RFC 9112), SSH's identification (RFC 4253 §4.2), greetings of
servers (SMTP and FTP, IMAP, POP3, RFB). A client's hello is often longer than a segment; then the next segments of its
4-tuple are copied, too, as long as each has the next sequence number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import RST, SEGMENT, SYN
from ..kernels.source import COMPILING, be16, be32, entry, i64, inner, rare, u8
from ..names.payload_copies import copy
from ..sources.framing import FRAME

NOTHING, CLIENT_HELLO, SERVER_HELLO, REQUEST, RESPONSE, SSH, GREETING, CONTINUATION = range(8)
"""What a payload opens with; CONTINUATION: what follows a client's hello."""

LONGEST = 4096
"""Bytes copied of one segment at most."""
LONGEST_LINE = 255
"""Bytes of a line (SSH, greetings) at most, as RFC 4253 §4.2 has it."""
LONGEST_HELLO = 16_384
"""Bytes of a hello over all its segments at most."""

PIECE = np.dtype([("row", "i8"), ("kind", "i8"), ("offset", "i8"), ("length", "i8")])
"""A copied payload: the row of its segment, what it is, and where its bytes stand in the pool."""

PENDING = np.dtype(
    [
        ("source_high", "i8"),
        ("source_low", "i8"),
        ("target_high", "i8"),
        ("target_low", "i8"),
        ("ports", "i8"),
        ("next", "i8"),  # sequence number of the segment that is waited for
        ("missing", "i8"),  # bytes of the hello that are not there yet; 0 where nothing is waited for
    ]
)
SLOTS = 1024
"""Hellos that may be waited for at once, at most; of two with one slot the newer stays."""

PIECES, BYTES = range(2)
"""Cells of ``result``."""

_MASK = 0xFFFFFFFF
_GET, _PUT, _PRI = (int.from_bytes(word, "big") for word in (b"GET ", b"PUT ", b"PRI "))
_POST, _HEAD, _DELE, _OPTI = (int.from_bytes(word, "big") for word in (b"POST", b"HEAD", b"DELE", b"OPTI"))
_PATC, _CONN, _TRAC, _HTTP = (int.from_bytes(word, "big") for word in (b"PATC", b"CONN", b"TRAC", b"HTTP"))
_ETE, _ONS, _TCH, _ECT, _ACE = (int.from_bytes(word, "big") for word in (b"ETE ", b"ONS ", b"TCH ", b"ECT ", b"ACE "))
_SSH, _RFB, _220, _220_MORE = (int.from_bytes(word, "big") for word in (b"SSH-", b"RFB ", b"220 ", b"220-"))
_IMAP, _POP, _VERSION_1 = (int.from_bytes(word, "big") for word in (b"* OK", b"+OK", b"/1."))
_SPACE, _CR = 0x20, 0x0D


@entry(np.uint8, FRAME, SEGMENT, int, int, PENDING, PIECE, np.uint8, np.int64)
def pick_openings(
    data: Any, frames: Any, segments: Any, start: int, count: int, pending: Any, pieces: Any, pool: Any, result: Any
) -> int:
    """Copy what opens a conversation in rows ``start`` to ``count`` of ``segments`` to ``pool``; return where it stops.

    It stops where ``pieces`` or ``pool`` is full. ``frames``: those of the batch, at least one. ``pending`` (SLOTS
    rows, zero at first) carries over from batch to batch. ``result``: rows of ``pieces`` and bytes of ``pool`` used.
    """
    found = used = 0
    first = frames[0]["number"]
    for row in range(start, count):
        if found == len(pieces) or len(pool) - used < LONGEST:
            result[PIECES], result[BYTES] = found, used
            return row
        segment = segments[row]
        flags = i64(segment["flags"])
        length = i64(segment["length"])
        at = i64(segment["payload"])
        if flags < 0 or length <= 0 or at < 0 or flags & RST != 0:
            continue
        index = segment["number"] - first
        if index < 0 or index >= len(frames):
            continue
        frame = frames[index]
        captured = min(length, frame["offset"] + i64(frame["captured"]) - at)
        if captured <= 0:
            continue
        seq = (i64(segment["seq"]) + (1 if flags & SYN != 0 else 0)) & _MASK
        slot = pending[slot_of(segment)]
        if slot["missing"] > 0 and slot["next"] == seq and is_same(slot, segment):
            kind = CONTINUATION
            size = min(captured, slot["missing"], LONGEST)
            slot["missing"] = slot["missing"] - size if size == length else 0
            slot["next"] = (seq + length) & _MASK
        else:
            kind = kind_of(data, at, captured)
            if kind == NOTHING:
                continue
            size = min(captured, LONGEST)
            if kind in (CLIENT_HELLO, SERVER_HELLO):
                whole = hello_size(data, at, captured)
                if kind == CLIENT_HELLO and whole > length and size == length:
                    await_more(slot, segment, (seq + length) & _MASK, whole - length)
                size = min(size, whole)
            elif kind in (REQUEST, RESPONSE):
                size = head_size(data, at, size)
            else:
                size = line_size(data, at, min(size, LONGEST_LINE))
        copy(data, at, size, pool, used)
        piece = pieces[found]
        piece["row"] = row
        piece["kind"] = kind
        piece["offset"] = used
        piece["length"] = size
        found += 1
        used += size
    result[PIECES], result[BYTES] = found, used
    return count


@inner
def kind_of(data: Any, at: int, size: int) -> int:
    """Tell what the ``size`` payload bytes at an offset open with."""
    if size < 4:
        return NOTHING
    word = be32(data, at)
    if word >> 16 == 0x1603:
        return hello_kind(data, at, size, word)
    if word in (_GET, _PUT, _PRI):
        return REQUEST
    if word == _SSH:
        return SSH
    if word in (_220, _220_MORE, _RFB):
        return GREETING
    if word >> 8 == _POP:
        return GREETING if word & 0xFF == _SPACE or word & 0xFF == _CR else NOTHING
    if size < 8:
        return NOTHING
    if word == _HTTP:
        return RESPONSE if be32(data, at + 4) >> 8 == _VERSION_1 else NOTHING
    if word in (_POST, _HEAD):
        return REQUEST if u8(data, at + 4) == _SPACE else NOTHING
    if word == _IMAP:
        return GREETING if u8(data, at + 4) == _SPACE else NOTHING
    if (
        (word == _DELE and be32(data, at + 3) == _ETE)
        or (word == _OPTI and be32(data, at + 4) == _ONS)
        or (word == _PATC and be32(data, at + 2) == _TCH)
        or (word == _CONN and be32(data, at + 4) == _ECT)
        or (word == _TRAC and be32(data, at + 2) == _ACE)
    ):
        return REQUEST
    return NOTHING


@inner
def hello_kind(data: Any, at: int, size: int, word: int) -> int:
    """Tell which hello a TLS handshake record (its first four bytes in ``word``) holds, if any."""
    # Version 3.0 to 3.4, and the type of the handshake message is there.
    if size < 6 or word >> 8 & 0xFF > 4:
        return NOTHING
    record = (word & 0xFF) << 8 | u8(data, at + 4)
    kind = u8(data, at + 5)
    if record < 1 or record > 0x4800 or kind < 1 or kind > 2:
        return NOTHING
    # A hello has less than 65,536 bytes.
    if record > 1 and size > 6 and u8(data, at + 6) != 0:
        return NOTHING
    return CLIENT_HELLO if kind == 1 else SERVER_HELLO


@rare
def hello_size(data: Any, at: int, size: int) -> int:
    """Return the bytes of a hello with its record headers, ``LONGEST_HELLO`` at most, by what its first bytes say."""
    record = be16(data, at + 3)
    if size < 9 or record < 4:
        return LONGEST_HELLO
    message = 4 + be16(data, at + 7)
    return min(message + 5 * ((message + record - 1) // record), LONGEST_HELLO)


@inner
def slot_of(segment: Any) -> int:
    """Return the slot in the table of pending hellos for a segment's 4-tuple."""
    source, target = i64(segment["source_low"]) & _MASK, i64(segment["target_low"]) & _MASK
    ports = i64(segment["source_port"]) * 7919 + i64(segment["target_port"])
    return (source * 31 + target * 17 + ports) & (SLOTS - 1)


@inner
def is_same(slot: Any, segment: Any) -> bool:
    """Tell whether a segment has the 4-tuple that a slot waits for."""
    return (
        slot["source_low"] == segment["source_low"]
        and slot["target_low"] == segment["target_low"]
        and slot["source_high"] == segment["source_high"]
        and slot["target_high"] == segment["target_high"]
        and slot["ports"] == i64(segment["source_port"]) << 16 | i64(segment["target_port"])
    )


@rare
def await_more(slot: Any, segment: Any, following: int, missing: int) -> None:
    """Wait in a slot for the segment that goes on where this one ends."""
    slot["source_low"] = segment["source_low"]
    slot["target_low"] = segment["target_low"]
    slot["source_high"] = segment["source_high"]
    slot["target_high"] = segment["target_high"]
    slot["ports"] = i64(segment["source_port"]) << 16 | i64(segment["target_port"])
    slot["next"] = following
    slot["missing"] = missing


# Where a head or a line ends: a loop where compiled, a search where plain.
if COMPILING:

    @rare
    def head_size(data: Any, at: int, size: int) -> int:  # noqa: D103
        for index in range(at + 3, at + size):
            if data[index] == 10 and data[index - 1] == 13 and data[index - 2] == 10 and data[index - 3] == 13:
                return index + 1 - at
        return size

    @rare
    def line_size(data: Any, at: int, size: int) -> int:  # noqa: D103
        for index in range(at, at + size):
            if data[index] == 10:
                return index + 1 - at
        return size

else:

    def head_size(data: Any, at: int, size: int) -> int:
        """Return the bytes of an HTTP head with the empty line behind it, or ``size`` where that is not there."""
        end = bytes(data[at : at + size]).find(b"\r\n\r\n")
        return size if end < 0 else end + 4

    def line_size(data: Any, at: int, size: int) -> int:
        """Return the bytes of a line with its end, or ``size`` where that is not there."""
        end = bytes(data[at : at + size]).find(b"\n")
        return size if end < 0 else end + 1
