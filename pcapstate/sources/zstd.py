"""Decompression of one zstd frame, block by block.

Format: RFC 8878 §3.1.1. The library decompresses all its input, so it gets one block at a time. A block has at most
128 KiB, which bounds the memory for every frame; and a truncated frame is detected.
"""

from __future__ import annotations

from typing import Any

from ..errors import to_unpack

LARGEST_WINDOW = 1 << 27
"""Largest window of a frame in bytes, as ``zstd -d`` allows without ``--long``."""
RLE = 1
"""The type of a block that repeats one byte."""


class ZstdFrame:
    """A decompressor for one frame, with the interface of those of bz2 and lzma; ``max_length`` is only a hint."""

    def __init__(self) -> None:
        import zstandard

        self._error: Any = zstandard.ZstdError
        self._frame: Any = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).decompressobj()
        self._waiting = bytearray()
        self._header = self._last = self._checked = False
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes:
        """Return the content of the next block; nothing if the block is incomplete. Raises OSError."""
        self._waiting += data
        found = b""
        while not found and not self.eof:
            size = self._next()
            if size is None or size > len(self._waiting):
                self.needs_input = True
                return b""
            part = bytes(self._waiting[:size])
            del self._waiting[:size]
            try:
                found = self._frame.decompress(part)
            except self._error as error:
                what = str(error)
                if "too much memory" in what:
                    what = to_unpack("it refers back more than 128 MiB", "zstd -d --long=31")
                raise OSError(what) from None
        self.needs_input = False
        if self.eof:
            self.unused_data = bytes(self._waiting)
        return found

    def _next(self) -> int | None:
        """Return the bytes of the next part, header included; None if there are too few to tell."""
        waiting = self._waiting
        if not self._header:
            size = self._header_size()
            self._header = size is not None and size <= len(waiting)
            return size
        if self._last:
            self.eof = len(waiting) >= 4
            return 4
        if len(waiting) < 3:
            return None
        word = int.from_bytes(waiting[:3], "little")
        size = 3 + (1 if word >> 1 & 3 == RLE else word >> 3)
        if word & 1 and size <= len(waiting):
            self._last = True
            self.eof = not self._checked
        return size

    def _header_size(self) -> int | None:
        if len(self._waiting) < 5:
            return None
        descriptor = self._waiting[4]
        single = descriptor >> 5 & 1
        self._checked = bool(descriptor >> 2 & 1)
        content = (single, 2, 4, 8)[descriptor >> 6]
        return 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + content
