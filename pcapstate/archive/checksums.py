"""Checksums of captures: SHA-256 of pieces, so that several tasks can take the checksum of one capture."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from ..sources.streams import Stream, read_into

PIECE = 256 << 20
"""Bytes of a piece."""
AT_ONCE = 1 << 20
"""Bytes read at a time."""


class HashingStream:
    """A stream that takes the checksum of the bytes that are read through it, in one pass.

    A reader may stop before the end: ``finish`` reads the rest, before the stream is closed.
    """

    def __init__(self, stream: Stream, piece: int = PIECE) -> None:
        self.name = getattr(stream, "name", "<stream>")
        self._stream = stream
        self._size = piece
        self._left = piece
        self._piece = sha256()
        self._digests: list[bytes] = []
        # A decompressor's thread may still be reading when ``finish`` is called.
        self._lock = threading.Lock()

    def readinto(self, buffer: Any, /) -> int | None:
        """Read bytes into a buffer; return how many, 0 at the end."""
        with self._lock:
            count = self._stream.readinto(buffer)
            if count:
                self._add(memoryview(buffer)[:count])
            return count

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes or fewer, none at the end; all that are left if ``size`` is negative."""
        if size < 0:
            parts = []
            while part := self.read(AT_ONCE):
                parts.append(part)
            return b"".join(parts)
        buffer = bytearray(size)
        return bytes(buffer[: read_into(self, buffer)])

    def _add(self, data: memoryview) -> None:
        while data:
            if not self._left:
                self._digests.append(self._piece.digest())
                self._piece, self._left = sha256(), self._size
            part = data[: self._left]
            self._piece.update(part)
            self._left -= len(part)
            data = data[len(part) :]

    def finish(self) -> None:
        """Read what is left. Raises OSError."""
        buffer = bytearray(AT_ONCE)
        while read_into(self, buffer):
            pass

    def hexdigest(self) -> str:
        """Return the checksum of the bytes read so far."""
        return combined([*self._digests, self._piece.digest()])

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def combined(digests: Sequence[bytes]) -> str:
    """Return the checksum of a capture from the SHA-256 of each of its pieces, which are PIECE bytes but the last.

    It is that of the only piece, or else the SHA-256 of the digests in order.
    """
    return (digests[0] if len(digests) == 1 else sha256(b"".join(digests)).digest()).hex()


def checksum(stream: Stream) -> str:
    """Return the checksum of all bytes of a stream. Raises OSError."""
    hashing = HashingStream(stream)
    hashing.finish()
    return hashing.hexdigest()
