"""Comments on packets: options of their pcapng blocks (draft-ietf-opsawg-pcapng, opt_comment)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from ..rows import Rows
from .framing import ENHANCED_PACKET, OBSOLETE_PACKET

COMMENT, END = 1, 0
"""Codes of options."""
PACKET_HEADER = 28
"""Bytes in front of the data of a packet, in a block of either kind that has options."""
LONGEST = 65_532
"""Bytes of an option at most, without its padding."""


class Comments(Iterator[Sequence[bytes]]):
    """The texts for some packets of a file, one packet after the other.

    ``numbers``: of the packets, ascending; ``texts``: returns those of the packet at a place in
    ``numbers``, in UTF-8.
    """

    def __init__(self, numbers: Rows, texts: Callable[[int], Sequence[bytes]]) -> None:
        self._places, self._texts = iter(range(len(numbers))), texts
        self.bits = np.zeros((int(numbers[-1]) >> 3) + 1 if len(numbers) else 0, dtype=np.uint8)
        """A bit for each packet, 1 where it has a comment."""
        np.bitwise_or.at(self.bits, numbers >> 3, (1 << (numbers & 7)).astype(np.uint8))

    def __next__(self) -> Sequence[bytes]:
        return self._texts(next(self._places))


LITTLE, BIG = struct.Struct("<I"), struct.Struct(">I")


def with_comments(block: bytes, texts: Sequence[bytes], big: bool) -> bytes | None:
    """Return the block of a packet with comments (UTF-8) behind its other options; None: it can have no options."""
    number = BIG if big else LITTLE
    if number.unpack_from(block)[0] not in (ENHANCED_PACKET, OBSOLETE_PACKET):
        return None
    captured, total = number.unpack_from(block, 20)[0], number.unpack_from(block, 4)[0]
    end = PACKET_HEADER + captured + (-captured & 3)
    if end < total - 4:
        end = _end_of_options(block, end, total - 4, "big" if big else "little")
    added = b"".join([_comment(text, big) for text in texts]) + NO_MORE
    length = number.pack(end + len(added) + 4)
    return b"".join((block[:4], length, block[8:end], added, length))


NO_MORE = bytes(4)
"""The option that ends options."""


def _comment(text: bytes, big: bool) -> bytes:
    if len(text) > LONGEST:
        # Half a character at the end is none.
        text = text[:LONGEST].decode(errors="ignore").encode()
    head = (COMMENT << 16 | len(text)).to_bytes(4, "big") if big else (len(text) << 16 | COMMENT).to_bytes(4, "little")
    return head + text + bytes(-len(text) & 3)


def _end_of_options(block: bytes, at: int, end: int, order: Literal["little", "big"]) -> int:
    """Return where the last option of a block ends; options that do not fit into it count for nothing."""
    while end - at >= 4:
        code, length = int.from_bytes(block[at : at + 2], order), int.from_bytes(block[at + 2 : at + 4], order)
        if code == END or at + 4 + length > end:
            break
        at += 4 + length + (-length & 3)
    return min(at, end)
