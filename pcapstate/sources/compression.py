"""Compressed captures: gzip, bzip2, xz, zstd and lz4, recognized by their first bytes and decompressed while read.

Formats: RFC 1952, RFC 8878, the frame formats of lz4 and xz. Consecutive members or frames are one stream; padding
zeros between them and skippable frames are skipped.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from ..errors import PACKED_CUT_SHORT, to_unpack
from ..messages import Message
from .streams import Stream, read_into

PACKED = 1 << 17
"""Compressed bytes read at a time."""
FIRST, MOST = 1 << 12, 1 << 18
"""Bytes requested from a decompressor: few at first, so that damage costs little. Also the bytes given to it: data
after a member comes back as a copy, which is to be short for short members."""
XZ_MEMORY = 1 << 30
"""Most bytes of memory for decompressing xz; its largest preset takes 65 MiB."""
SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a skippable frame of zstd or lz4; byte 0 is 0x50 to 0x5f."""


class Decompressor(Protocol):
    """A decompressor for one member."""

    @property
    def eof(self) -> bool:
        """Whether the member ended."""

    @property
    def needs_input(self) -> bool:
        """Whether it needs more input before it returns more."""

    @property
    def unused_data(self) -> bytes:
        """The input after the end of the member."""

    def decompress(self, data: bytes | memoryview, max_length: int = -1, /) -> bytes:
        """Return decompressed bytes, not necessarily all."""


class GzipMember:
    """A decompressor for one member of gzip, with the interface of those of bz2 and lzma.

    Data before damage is returned before the error is raised, also if only the checksum at the end is wrong.
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._error: zlib.error | None = None

    @property
    def eof(self) -> bool:
        """Whether the member ended."""
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        """Whether all input is decompressed."""
        return self._error is None and not self._member.eof and not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """The input after the end of the member."""
        return self._member.unused_data

    def decompress(self, data: bytes | memoryview, max_length: int = -1, /) -> bytes:
        """Return decompressed bytes, not necessarily all."""
        if self._error is not None:
            raise self._error
        before = self._member.copy()
        tail = self._member.unconsumed_tail
        whole = tail + bytes(data) if tail else data
        try:
            return self._member.decompress(whole, max_length)
        except zlib.error as error:
            self._error = error
        # Again byte by byte, up to the one that raises the error.
        found = bytearray()
        with suppress(zlib.error):
            for byte in bytes(whole):
                found += before.decompress(bytes([byte]))
        if not found:
            raise self._error
        return bytes(found)


def _bzip2() -> Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> Decompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)


def _zstd() -> Decompressor:
    from .zstd import ZstdFrame

    return ZstdFrame()


def _lz4() -> Decompressor:
    import lz4.frame

    member: Decompressor = lz4.frame.LZ4FrameDecompressor()
    return member


MEMBERS: dict[bytes, tuple[str, Callable[[], Decompressor]]] = {
    b"\x1f\x8b": ("gzip", GzipMember),
    b"BZh": ("bzip2", _bzip2),
    b"\xfd7zXZ\x00": ("xz", _xz),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    b"\x04\x22\x4d\x18": ("lz4", _lz4),
}
"""Name and decompressor of each compression, by its first bytes."""


def compression(head: bytes) -> str | None:
    """Return the name of the compression at the start of data; None if it is not compressed."""
    if _skippable(head):
        return "zstd or lz4"
    return next((name for magic, (name, _) in MEMBERS.items() if head.startswith(magic)), None)


def _skippable(head: bytes) -> bool:
    return len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == SKIPPABLE


class Unpacked:
    """The decompressed bytes of a stream. Data before damage is returned before the error is raised."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._raw = memoryview(bytearray(PACKED))
        self._data = b""
        self._at = 0
        """Offset of the unread part of ``_data``."""
        self._rest = b""
        self._member: Decompressor | None = None
        self._asked = self._given = FIRST
        self._error: OSError | None = None

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer; return how many, 0 at the end. Raises OSError if the data is damaged."""
        most = min(len(buffer), self._asked)
        self._asked = min(2 * self._asked, MOST)
        done = 0
        # Many small members make one piece, unless that means waiting.
        while done == 0 or (done < most and self._at_hand()):
            try:
                if self._error is not None:
                    raise self._error
                if self._member is None and not self._begin():
                    break
                found = self._unpack(most - done)
            except OSError as error:
                if done == 0:
                    raise
                self._error = error
                break
            # A zstd block may be larger than requested.
            count = min(len(found), len(buffer) - done)
            buffer[done : done + count] = found[:count]
            self._rest = found[count:]
            done += count
        return done

    def _at_hand(self) -> bool:
        """Tell whether there is data to decompress without reading more."""
        return self._at < len(self._data) or (self._member is not None and not self._member.needs_input)

    def _unpack(self, most: int) -> bytes:
        if self._rest:
            found, self._rest = self._rest, b""
            return found
        member = self._member
        assert member is not None
        part: bytes | memoryview = b""
        if member.needs_input:
            if not self._have(1):
                raise OSError(PACKED_CUT_SHORT)
            part = memoryview(self._data)[self._at : self._at + self._given]
            self._at += len(part)
            self._given = min(2 * self._given, MOST)
        try:
            found = member.decompress(part, most)
        except OSError:
            raise
        except Exception as error:
            # Each decompressor raises an exception of its own.
            what = str(error)
            if "Memory usage limit" in what:
                what = to_unpack("decompressing it takes more than 1 GiB of memory", "xz -d")
            raise OSError(what) from None
        if member.eof:
            # Unused input is the end of what was given.
            self._at -= len(member.unused_data or b"")
            self._member = None
        return found

    def _begin(self) -> bool:
        """Find the next member; False at the end of the stream."""
        if self._rest:
            return True
        while True:
            if not self._have(1):
                return False
            if self._data[self._at] == 0:
                self._data, self._at = self._data[self._at :].lstrip(b"\0"), 0
                continue
            if not self._have(4) or not _skippable(self._ahead(4)):
                break
            if not self._have(8):
                raise OSError(PACKED_CUT_SHORT)
            self._skip(8 + int.from_bytes(self._ahead(8)[4:], "little"))
        self._have(6)
        for magic, (_, member) in MEMBERS.items():
            if self._data.startswith(magic, self._at):
                self._member = member()
                self._given = FIRST
                return True
        raise OSError(Message("other data follows the compressed data"))

    def _ahead(self, count: int) -> bytes:
        return self._data[self._at : self._at + count]

    def _skip(self, count: int) -> None:
        while count > len(self._data) - self._at:
            count -= len(self._data) - self._at
            self._at = len(self._data)
            if not self._have(1):
                raise OSError(PACKED_CUT_SHORT)
        self._at += count

    def _have(self, count: int) -> bool:
        """Ensure that ``count`` bytes are read ahead; False at the end of the stream."""
        while len(self._data) - self._at < count:
            got = read_into(self._stream, self._raw)
            if not got:
                return False
            self._data, self._at = self._data[self._at :] + bytes(self._raw[:got]), 0
        return True

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
