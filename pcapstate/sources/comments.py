"""Comments on packets: options of their pcapng blocks (draft-ietf-opsawg-pcapng, opt_comment)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Annotated, Any, NamedTuple

import numpy as np

from ..kernels.running import Kernels
from ..kernels.source import copy_bytes, entry, inner, put32, put_number, u32
from ..rows import Rows
from .framing import ENHANCED_PACKET, FRAMES_FULL, OBSOLETE_PACKET, RECORDS_DONE, is_numbered, is_packet, whole_block

COMMENT, END = 1, 0
"""Codes of options."""
PACKET_HEADER = 28
"""Bytes in front of the data of a packet, in a block of either kind that has options."""
LONGEST = 65_532
"""Bytes of an option at most, without its padding."""
MOST_DIGITS = 19
"""Digits of a number at most."""


class Comments(NamedTuple):
    """Comments as columns, by packet. Their texts are few; each may have a place for a number."""

    packets: Annotated[Any, np.int64]
    """The numbers of their packets, ascending."""
    texts: Annotated[Any, np.int64]
    """Which text each one is."""
    values: Annotated[Any, np.int64]
    """The number in it; -1: none."""
    octets: Annotated[Any, np.uint8]
    """The texts one behind the other, in UTF-8."""
    edges: Annotated[Any, np.int64]
    """Of each text: where it begins, and where its number goes; last, where the last one ends."""

    @property
    def packet_count(self) -> int:
        """How many packets have comments."""
        return int(np.count_nonzero(np.diff(self.packets, prepend=0)))

    def some(self, which: Rows, packets: Rows) -> Comments:
        """Return some of the comments, on packets with other numbers."""
        return self._replace(packets=packets, texts=self.texts[which], values=self.values[which])


def in_columns(packets: Rows, texts: Rows, values: Rows, parts: Sequence[tuple[bytes, bytes]]) -> Comments:
    """Return comments on packets in any order; ``parts``: of each text, UTF-8 before and behind its number."""
    pieces: list[bytes] = []
    for before, behind in parts:
        pieces += _cut(before, LONGEST - MOST_DIGITS - len(behind)), behind
    edges = np.array([0, *accumulate(map(len, pieces))], dtype=np.int64)
    order = np.argsort(packets, kind="stable")
    octets = np.frombuffer(b"".join(pieces), dtype=np.uint8)
    return Comments(packets[order], texts[order], values[order], octets, edges)


def _cut(text: bytes, most: int) -> bytes:
    # Half a character at the end is none.
    return text if len(text) <= most else text[:most].decode(errors="ignore").encode()


# What a kernel and its next call know: why it stopped, the bytes in ``out``, the number of the next packet, the first
# comment that is left, and how many packets have none because their blocks can have no options.
STOPPED, WRITTEN, NUMBER, COMMENT_LEFT, UNCOMMENTED = range(5)


class Commenter:
    """Copies the blocks of a file, one part after the other, with comments on its packets.

    ``number``: of the first packet.
    """

    def __init__(self, kernels: Kernels, comments: Comments, number: int = 1) -> None:
        self._kernels, self._comments = kernels, comments
        self._out = np.empty(1 << 20, dtype=np.uint8)
        self._cells = np.array([RECORDS_DONE, 0, number, 0, 0], dtype=np.int64)

    @property
    def uncommented(self) -> int:
        """How many packets have no comment because their blocks can hold none (Simple Packet Block)."""
        return int(self._cells[UNCOMMENTED])

    def copied(self, data: Rows, start: int, end: int, big: int) -> tuple[int, int, memoryview]:
        """Copy blocks from ``data[start:end]``; return where the first that is left begins, why it is left, the copies.

        The next call overwrites these.
        """
        while True:
            stop = self._kernels.add_comments(data, start, end, big, self._comments, self._out, self._cells)
            if stop > start or self._cells[STOPPED] != FRAMES_FULL:
                return stop, int(self._cells[STOPPED]), self._out[: self._cells[WRITTEN]].data
            self._out = np.empty(2 * len(self._out), dtype=np.uint8)

    def of(self, blocks: bytes | memoryview, big: int = 0) -> Iterator[memoryview]:
        """Yield whole blocks, of which none is a section header, with their comments."""
        data, start = np.frombuffer(blocks, dtype=np.uint8), 0
        while start < len(data):
            start, _, made = self.copied(data, start, len(data), big)
            yield made


@entry(np.uint8, int, int, int, Comments, np.uint8, np.int64)
def add_comments(data: Any, start: int, end: int, big: int, comments: Any, out: Any, cells: Any) -> int:
    """Copy the blocks in ``data[start:end]``, comments behind the other options of their packets.

    Return where the first one begins that is not copied. ``cells``: see STOPPED and so on.
    """
    number, place, at = cells[NUMBER], cells[COMMENT_LEFT], 0
    cells[STOPPED] = RECORDS_DONE
    while end - start >= 12:
        size = whole_block(data, start, end, big)
        if size <= 0:
            cells[STOPPED] = -size
            break
        kind = u32(data, start, big)
        following, room = place, size
        if is_packet(kind):
            while following < len(comments.packets) and comments.packets[following] <= number:
                room += room_for(comments, following)
                following += 1
        if len(out) - at < room:
            cells[STOPPED] = FRAMES_FULL
            break
        copy_bytes(out, at, data, start, size)
        begin, at = at, at + size
        if following > place:
            options = end_of_options(data, start, size, big)
            if options == 0:
                cells[UNCOMMENTED] += 1
            else:
                at = begin + options
                for one in range(place, following):
                    at = put_comment(out, at, big, comments, one)
                put32(out, at, END, big)
                at += 8
                put32(out, at - 4, at - begin, big)
                put32(out, begin + 4, at - begin, big)
            place = following
        if is_packet(kind) or is_numbered(kind):
            number += 1
        start += size
    cells[WRITTEN], cells[NUMBER], cells[COMMENT_LEFT] = at, number, place
    return start


@inner
def room_for(comments: Any, place: int) -> int:
    """Return how many bytes a comment needs at most, and the end of options behind it."""
    text = comments.texts[place]
    return comments.edges[2 * text + 2] - comments.edges[2 * text] + MOST_DIGITS + 4 + 3 + 4


@inner
def put_comment(out: Any, at: int, big: int, comments: Any, place: int) -> int:
    """Write a comment as an option; return where it ends."""
    text, value = 2 * comments.texts[place], comments.values[place]
    begin, middle, end = comments.edges[text], comments.edges[text + 1], comments.edges[text + 2]
    copy_bytes(out, at + 4, comments.octets, begin, middle - begin)
    last = at + 4 + middle - begin
    if value >= 0:
        last = put_number(out, last, value)
    copy_bytes(out, last, comments.octets, middle, end - middle)
    last += end - middle
    length = last - at - 4
    put32(out, at, COMMENT << 16 | length if big else length << 16 | COMMENT, big)
    for index in range(last, last + (-length & 3)):
        out[index] = 0
    return last + (-length & 3)


@inner
def end_of_options(data: Any, start: int, size: int, big: int) -> int:
    """Return where the options of a packet's block end, counted from its start; 0: it can have none.

    Options that do not fit into it count for nothing.
    """
    if u32(data, start, big) not in (ENHANCED_PACKET, OBSOLETE_PACKET) or size < PACKET_HEADER + 4:
        return 0
    at, end = PACKET_HEADER + ((u32(data, start + 20, big) + 3) & ~3), size - 4
    if at > end:
        return 0
    while end - at >= 4:
        word = u32(data, start + at, big)
        code, length = (word >> 16, word & 0xFFFF) if big else (word & 0xFFFF, word >> 16)
        if code == END or length > end - at - 4:
            break
        at += 4 + ((length + 3) & ~3)
    return at
