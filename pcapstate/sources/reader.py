"""Read a capture as a run of batches: bytes in one reused buffer, and the frames found in them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..compiled import Kernels
from ..errors import CaptureDamaged, CaptureError
from ..naming import safe
from . import framing
from .formats import COMPRESSED, OTHER_FORMATS, PCAP_LAYOUTS, PCAPNG_MAGIC, PCAPNG_ORDER, UNREADABLE, PcapLayout
from .framing import FRAME, INTERFACE

CHUNK = 4 << 20
"""Bytes read at a time: so few that they are still in the processor's cache when they are decoded."""
FRAMES = 1 << 15
"""Frames of a batch at most."""
UNPACKED = 1 << 18
"""Bytes that a decompressor is asked for at a time: what it had before an error is not lost."""


class Batch(NamedTuple):
    """Some frames in order, and the buffer they lie in; both are overwritten by the next batch."""

    data: np.ndarray[Any, Any]  # uint8
    frames: np.ndarray[Any, Any]  # FRAME
    position: int  # bytes of the source read so far
    clock: int  # the time now by the source's clock, ns since the epoch: that of the last frame in a file


class Stream(Protocol):
    """What is read from: a file, a pipe, a decompressor."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Read bytes into a buffer; return how many, 0 at the end."""

    def close(self) -> None:
        """Let go of it."""


class CaptureReader:
    """Reads one capture: pcap or pcapng, from a path, ``-`` for standard input, or an open binary stream.

    Iterate ``batches()``; afterwards ``damage`` tells whether the capture was damaged or cut short. Raises
    CaptureError where it is no capture at all.
    """

    def __init__(self, source: str | os.PathLike[str] | Stream, kernels: Kernels | None = None) -> None:
        self.name, self._stream, self.size = _open(source)
        self.damage: CaptureDamaged | None = None
        self._buffer = np.empty(CHUNK, dtype=np.uint8)
        self._frames = np.empty(FRAMES, dtype=FRAME)
        self._start = self._end = self._passed = 0
        self._ended = False
        self._number = 1
        try:
            self._identify()
        except BaseException:
            self.close()
            raise
        self.kernels = kernels or Kernels(self.size)

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage in a list, or an empty one."""
        return [self.damage] if self.damage else []

    def close(self) -> None:
        """Close the file (standard input stays open)."""
        self._stream.close()

    # --- bytes

    def _fill(self, wanted: int) -> bool:
        """Have at least ``wanted`` bytes from ``_start`` on, and more where they come cheap; False at the end."""
        if self._end - self._start >= wanted:
            return True
        rest = self._end - self._start
        if self._start + max(wanted, CHUNK // 2) > len(self._buffer):
            if wanted > len(self._buffer):
                larger = np.empty(wanted + CHUNK, dtype=np.uint8)
                larger[:rest] = self._buffer[self._start : self._end]
                self._buffer = larger
            else:
                self._buffer[:rest] = self._buffer[self._start : self._end].copy()
            self._passed += self._start
            self._start, self._end = 0, rest
        while self._end - self._start < wanted and not self._ended:
            try:
                got = self._stream.readinto(self._buffer[self._end :].data)
            except UNREADABLE as error:
                # A decompressor's complaint, or a disk's; what came before it counts.
                self._damaged(f"reading failed ({safe(str(error))})", self._end)
                got = 0
            if not got:
                self._ended = True
                break
            self._end += got
        return self._end - self._start >= wanted

    def _damaged(self, what: str, at: int | None = None) -> None:
        if self.damage is None:
            where = self._passed + (self._start if at is None else at)
            self.damage = CaptureDamaged(self.name, where, what, self._number - 1)
        self._ended = True

    def _identify(self) -> None:
        if not self._fill(1):
            raise CaptureError(f"{self.name}: the file is empty" if not self.damage else str(self.damage))
        self._fill(24)
        head = self._buffer[: min(24, self._end)].tobytes()
        for magic, (kind, unpack) in COMPRESSED.items():
            if head.startswith(magic):
                self._unpack(kind, unpack)
                return
        self._layout = PCAP_LAYOUTS.get(head[:4])
        if self._layout is None and head[:4] != PCAPNG_MAGIC:
            for magic, what in OTHER_FORMATS.items():
                if head.startswith(magic):
                    raise CaptureError(f"{self.name}: {what}")
            raise CaptureError(f"{self.name}: not a capture file (neither pcap nor pcapng)")
        if self._layout is not None and len(head) < 24:
            raise CaptureError(f"{self.name}: the file ends inside the pcap header")

    def _unpack(self, kind: str, unpack: Any) -> None:
        head = self._buffer[: self._end].tobytes()
        raw = self._stream
        self._stream = _Unpacked(unpack(io.BufferedReader(_Rejoined(head, raw))))
        self.size = None if self.size is None else self.size * 4
        self._start = self._end = 0
        if not self._fill(1) and self.damage:
            raise CaptureError(f"{self.name}: damaged {kind} data")
        if self._buffer[:2].tobytes() in (b"\x1f\x8b", b"BZ"):
            raise CaptureError(f"{self.name}: compressed twice; unpack it once")
        self._identify()

    # --- frames

    def batches(self) -> Iterator[Batch]:
        """Yield all frames in the order of the capture."""
        return self._pcapng() if self._layout is None else self._pcap(self._layout)

    def _pcap(self, layout: PcapLayout) -> Iterator[Batch]:
        header = self._buffer[:24].tobytes()
        linktype = int.from_bytes(header[20:24], "big" if layout.big else "little")
        # The upper bits tell of a frame check sequence (draft-ietf-opsawg-pcap §4).
        cells = np.array([layout.big, layout.record_header, layout.unit, linktype & 0xFFFF, 0], dtype=np.int64)
        result = np.zeros(3, dtype=np.int64)
        self._start = 24
        while self._fill(layout.record_header):
            cells[4] = self._number
            before = self._start
            stopped_at = self.kernels.index_pcap(self._buffer, self._start, self._end, self._frames, cells, result)
            yield from self._batch(int(result[0]), stopped_at - before)
            self._start = stopped_at
            if result[1] == framing.DAMAGED_LENGTH:
                self._damaged("a packet's length field is impossible")
                return
            if result[1] == framing.RECORDS_DONE and self._end - self._start >= layout.record_header:
                at = self._start + 8
                order = "big" if layout.big else "little"
                captured = int.from_bytes(self._buffer[at : at + 4].tobytes(), order)  # type: ignore[arg-type]
                if not self._fill(layout.record_header + captured):
                    break
        if self._end > self._start:
            self._damaged("the file ends in the middle of a packet")

    def _pcapng(self) -> Iterator[Batch]:
        self._big = False
        self._interfaces = np.zeros(1, dtype=INTERFACE)
        self._declared = 0
        result = np.zeros(3, dtype=np.int64)
        while self._fill(12):
            cells = np.array([self._big, self._declared, self._number, result[2]], dtype=np.int64)
            before = self._start
            stopped_at = self.kernels.index_pcapng(
                self._buffer, self._start, self._end, self._frames, self._interfaces, cells, result
            )
            yield from self._batch(int(result[0]), stopped_at - before)
            self._start = stopped_at
            why = int(result[1])
            if why == framing.BLOCK_TO_PARSE:
                if not self._block():
                    return
            elif why == framing.DAMAGED_LENGTH:
                self._damaged("a block's length field is impossible")
                return
            elif why == framing.DAMAGED_BLOCK:
                self._damaged("a block contradicts its own length")
                return
            elif why == framing.DAMAGED_INTERFACE:
                self._damaged("a packet names an interface that was not described")
                return
            elif why == framing.RECORDS_DONE and self._end - self._start >= 12:
                if not self._fill((self._number_at(4) + 3) & ~3):
                    break
        if self._end > self._start:
            self._damaged("the file ends in the middle of a block")

    def _batch(self, count: int, consumed: int) -> Iterator[Batch]:
        if count:
            self._number += count
            frames = self._frames[:count]
            yield Batch(self._buffer, frames, self._passed + self._start + consumed, int(frames["time"][-1]))
        self.kernels.worked(consumed)

    # --- pcapng blocks other than packets

    def _number_at(self, offset: int) -> int:
        at = self._start + offset
        raw = self._buffer[at : at + 4].tobytes()
        return int.from_bytes(raw, "big" if self._big else "little")

    def _block(self) -> bool:
        """Read the section header or interface description at ``_start``; False where it is damaged."""
        section = self._buffer[self._start : self._start + 4].tobytes() == PCAPNG_MAGIC
        if section:
            big = PCAPNG_ORDER.get(self._buffer[self._start + 8 : self._start + 12].tobytes())
            if big is None:
                self._damaged("a section header without a valid byte-order magic")
                return False
            self._big = big
        total = self._number_at(4)
        least = 28 if section else 20
        if total < least or total > framing.MAXIMUM_BLOCK:
            self._damaged("a block's length field is impossible")
            return False
        padded = (total + 3) & ~3
        if not self._fill(padded):
            self._damaged("the file ends in the middle of a block")
            return False
        if self._number_at(padded - 4) != total:
            self._damaged("a block contradicts its own length")
            return False
        if section:
            self._declared = 0
        else:
            self._describe(self._buffer[self._start + 8 : self._start + total - 4].tobytes())
        self._start += padded
        return True

    def _describe(self, body: bytes) -> None:
        order = "big" if self._big else "little"

        def number(raw: bytes, signed: bool = False) -> int:
            return int.from_bytes(raw, order, signed=signed)  # type: ignore[arg-type]

        if self._declared == len(self._interfaces):
            self._interfaces = np.concatenate([self._interfaces, np.zeros_like(self._interfaces)])
        one = self._interfaces[self._declared]
        self._declared += 1
        one["linktype"], one["snaplen"] = number(body[:2]), number(body[4:8])
        resolution, shift = 6, 0
        at = 8
        while at + 4 <= len(body):
            code, length = number(body[at : at + 2]), number(body[at + 2 : at + 4])
            value = body[at + 4 : at + 4 + length]
            at += 4 + ((length + 3) & ~3)
            if code == 0:
                break
            if code == 9 and length == 1 and len(value) == 1:
                resolution = value[0]
            elif code == 14 and length == 8 and len(value) == 8:
                shift = number(value, signed=True)
        one["power"] = resolution & 0x7F if resolution & 0x80 else -1
        digits = min(resolution & 0x7F, 27)
        one["multiply"] = 10 ** (9 - digits) if digits < 9 else 1
        one["divide"] = 10 ** (digits - 9) if digits > 9 else 1
        limit = framing.LATEST // 2 // 10**9
        one["shift"] = max(-limit, min(limit, shift)) * 10**9


class _Rejoined(io.RawIOBase):
    """The bytes already taken from a stream, then the rest of it."""

    def __init__(self, head: bytes, rest: Stream) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._head:
            part = self._head[: len(buffer)]
            buffer[: len(part)] = part
            self._head = self._head[len(part) :]
            return len(part)
        return self._rest.readinto(buffer)

    def close(self) -> None:
        self._rest.close()
        super().close()


class _Unpacked:
    """A decompressor that gives what it has got before it complains."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readinto(self, buffer: Any, /) -> int:
        data = self._file.read1(min(len(buffer), UNPACKED))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()


class _StandardInput:
    """Standard input, which outlives the reader."""

    def __init__(self) -> None:
        # Unbuffered, so that what a live tcpdump has written is there at once.
        self._raw = io.FileIO(0, closefd=False)

    def readinto(self, buffer: Any, /) -> int | None:
        return self._raw.readinto(buffer)

    def close(self) -> None:
        pass


def _open(source: str | os.PathLike[str] | Stream) -> tuple[str, Stream, int | None]:
    if not isinstance(source, (str, os.PathLike)):
        return safe(str(getattr(source, "name", "<stream>"))), source, None
    name = safe(os.fspath(source))
    if os.fspath(source) == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise CaptureError(
                "standard input is a terminal; pipe a capture into it, as in: tcpdump -w - | pcapstate …"
            )
        return "<standard input>", _StandardInput(), None
    if not name:
        raise CaptureError("the name of the capture is empty")
    path = Path(source)
    try:
        if path.is_dir():
            raise CaptureError(f"{name}: is a directory, not a capture file")
        file = path.open("rb", buffering=0)
        size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise CaptureError(f"{name}: no such file") from None
    except PermissionError:
        raise CaptureError(f"{name}: no permission to read it") from None
    except (OSError, ValueError) as error:
        raise CaptureError(f"{name}: {safe(getattr(error, 'strerror', None) or str(error))}") from None
    return name, file, size or None
