"""Compressed captures, read as they are: gzip, bzip2, xz, zstd and lz4, told by their first bytes.

Formats: RFC 1952, RFC 8878, the frame format of lz4, that of xz. Several members or frames one behind the other are one
stream; zeros between them (padding) and skippable frames are passed over.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import PACKED_CUT_SHORT
from .streams import Stream

PACKED = 1 << 17
"""Compressed bytes that are read at a time."""
FIRST, MOST = 1 << 12, 1 << 18
"""Bytes that a decompressor is asked for: few at first, so that little is lost where the data is damaged."""
XZ_MEMORY = 1 << 30
"""Bytes of memory that unpacking xz may take: its largest preset takes 65 MiB."""
SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a frame of zstd or lz4 that holds something else; byte 0 is 0x50 to 0x5f."""


class Decompressor(Protocol):
    """What unpacks one member."""

    @property
    def eof(self) -> bool:
        """Whether the member ended."""

    @property
    def needs_input(self) -> bool:
        """Whether more is needed before more can be unpacked."""

    @property
    def unused_data(self) -> bytes:
        """What came behind the member."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Return some of what is unpacked."""


class GzipMember:
    """A decompressor for one member of gzip, with the interface of those of bz2 and lzma."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        """Whether the member ended."""
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        """Whether all that was given is unpacked."""
        return not self._member.eof and not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What came behind the member."""
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Return some of what is unpacked."""
        tail = self._member.unconsumed_tail
        return self._member.decompress(tail + data if tail else data, max_length)


def _zstd() -> Decompressor:
    from .zstd import ZstdFrame

    return ZstdFrame()


def _lz4() -> Decompressor:
    import lz4.frame

    member: Decompressor = lz4.frame.LZ4FrameDecompressor()
    return member


MEMBERS: dict[bytes, tuple[str, Callable[[], Decompressor]]] = {
    b"\x1f\x8b": ("gzip", GzipMember),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    b"\x04\x22\x4d\x18": ("lz4", _lz4),
}
"""Compression told by its first bytes, and what unpacks a member."""


def compression(head: bytes) -> str | None:
    """Return the name of the compression that data begins with; None where it is not compressed."""
    if _skippable(head):
        return "zstd or lz4"
    return next((name for magic, (name, _) in MEMBERS.items() if head.startswith(magic)), None)


def _skippable(head: bytes) -> bool:
    return len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == SKIPPABLE


class Unpacked:
    """The unpacked bytes of a compressed stream. What was unpacked before damage is given before the complaint."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._raw = memoryview(bytearray(PACKED))
        self._data = b""
        self._rest = b""
        self._member: Decompressor | None = None
        self._asked = FIRST

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer; return how many, 0 at the end. Raises OSError where the data is damaged."""
        most = min(len(buffer), self._asked)
        self._asked = min(2 * self._asked, MOST)
        while True:
            if self._member is None and not self._begin():
                return 0
            found = self._unpack(most)
            if found:
                # What a frame holds may come in larger pieces than asked for.
                count = min(len(found), len(buffer))
                buffer[:count] = found[:count]
                self._rest = found[count:]
                return count

    def _unpack(self, most: int) -> bytes:
        if self._rest:
            found, self._rest = self._rest, b""
            return found
        member = self._member
        assert member is not None
        if member.needs_input and not self._data and not self._read():
            raise OSError(PACKED_CUT_SHORT)
        data, self._data = self._data, b""
        try:
            found = member.decompress(data, most)
        except (zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError) as error:
            raise OSError(str(error)) from None
        if member.eof:
            self._data = member.unused_data or b""
            self._member = None
        return found

    def _begin(self) -> bool:
        """Find the next member; False at the end of the stream."""
        if self._rest:
            return True
        while True:
            self._data = self._data.lstrip(b"\0")
            if not self._data:
                if not self._read():
                    return False
                continue
            if not self._have(4):
                break
            if not _skippable(self._data):
                break
            self._have(8)
            self._skip(8 + int.from_bytes(self._data[4:8], "little"))
        self._have(6)
        for magic, (_, member) in MEMBERS.items():
            if self._data.startswith(magic):
                self._member = member()
                return True
        raise OSError("the compressed data is followed by something else")

    def _skip(self, count: int) -> None:
        while count > len(self._data):
            count -= len(self._data)
            self._data = b""
            if not self._read():
                raise OSError(PACKED_CUT_SHORT)
        self._data = self._data[count:]

    def _have(self, count: int) -> bool:
        while len(self._data) < count:
            if not self._read():
                return False
        return True

    def _read(self) -> bool:
        count = self._stream.readinto(self._raw)
        if not count:
            return False
        self._data += bytes(self._raw[:count])
        return True

    def close(self) -> None:
        """Let go of the stream."""
        self._stream.close()
