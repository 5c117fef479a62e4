"""Fuzzing of what reads files: both readers, decompressors, several files as one, a file that grows."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from pcapstate.errors import PcapstateError
from pcapstate.kernels.running import Kernels
from pcapstate.sources import following
from pcapstate.sources.compression import Unpacked, compression
from pcapstate.sources.merging import MergedReader
from pcapstate.sources.packet_options import PROCESS_NUMBER
from pcapstate.sources.paths import Meant
from pcapstate.sources.reader import CaptureReader

from . import mutating
from .target import Wrong, captures

Frames = list[tuple[Any, ...]]


def any_capture(data: bytes, chance: random.Random, change: mutating.Change = mutating.any_bytes) -> bytes:
    """Return a capture changed by what its format is."""
    return (mutating.pcapng if data[:1] == b"\n" else mutating.pcap)(data, chance, change)


def read_frames(source: Any) -> Frames:
    """Return the frames that a source has: number, time, length, link type, processes, bytes."""
    found: Frames = []
    for batch in source.batches():
        _collect(source, batch, found)
    return found


def _collect(source: Any, batch: Any, found: Frames) -> None:
    for frame in batch.frames:
        start, captured = int(frame["offset"]), int(frame["captured"])
        if not 0 <= start <= start + captured <= len(batch.data):
            raise Wrong(f"a frame at {start} of {captured} bytes, in a buffer of {len(batch.data)}")
        fields = (int(frame[name]) for name in ("number", "time", "length", "linktype"))
        # Processes are numbered in an order that may depend on the batches.
        numbers = (int(frame[name]) & PROCESS_NUMBER for name in ("process", "effective"))
        named = (source.processes[number - 1] if number else None for number in numbers)
        found.append((*fields, *named, batch.data[start : start + captured].tobytes()))
    # Blocks that are no packets may have numbers between them.
    order = [one[0] for one in found]
    if order != sorted(set(order)):
        raise Wrong("frames are not numbered in their order")


def _read(data: bytes, **manner: int) -> tuple[Frames, str]:
    source = CaptureReader(io.BytesIO(data), Kernels(), **manner)
    return read_frames(source), str(source.damage)


def readers(data: bytes) -> None:
    """Read a file twice, at once and in small chunks: the same frames must come out."""
    if _read(data) != _read(data, chunk=256, rows=7):
        raise Wrong("the frames depend on the size of the chunks")


# --- compressed files

UNPACKED = 1 << 20
"""Bytes that are unpacked at most: 24,000 can hold a gigabyte."""


def unpacking(data: bytes) -> None:
    """Unpack in large and in small pieces: the same must come out, as far as damage lets it."""
    large, why = _unpacked(data, 1 << 16)
    small, why_small = _unpacked(data, 61)
    if large[: len(small)] != small[: len(large)]:
        raise Wrong("what is unpacked depends on the size of the pieces")
    if max(len(large), len(small)) < UNPACKED:
        if (why is None) != (why_small is None) or (why is None and len(large) != len(small)):
            raise Wrong(f"how it ends depends on the size of the pieces: {why}, {why_small}")
    with closing(CaptureReader(io.BytesIO(data), Kernels(), chunk=1 << 14)) as source:
        for batch in source.batches():
            if batch.position > UNPACKED:
                break


def _unpacked(data: bytes, size: int) -> tuple[bytes, str | None]:
    stream, buffer, found = Unpacked(io.BytesIO(data)), memoryview(bytearray(size)), bytearray()
    try:
        while len(found) < UNPACKED and (count := stream.readinto(buffer)):
            found += buffer[:count]
    except OSError as error:
        return bytes(found), str(error)
    return bytes(found[:UNPACKED]), None


def packed_seeds() -> list[bytes]:
    """Return some captures in each compression, whole and in several pieces."""
    import lz4.frame
    import zstandard

    skipped = b"\x5a\x2a\x4d\x18\x08\0\0\0" + bytes(8)
    found = []
    for data in (one for one in captures() if len(one) < 4000):
        for pack in (gzip.compress, bz2.compress, lzma.compress, zstandard.compress, lz4.frame.compress):
            found += [pack(data), skipped + pack(data[:30]) + bytes(4) + pack(data[30:])]
    return found[::7]


def packed(data: bytes, chance: random.Random, change: mutating.Change = mutating.any_bytes) -> bytes:
    """Return a compressed file changed; seldom what it holds, or put behind another."""
    way = chance.randrange(8)
    if way == 0 and compression(data) is not None:
        inside, _ = _unpacked(data, 1 << 16)
        return gzip.compress(any_capture(inside[:20_000], chance, change), 1)
    return data + change(data, chance) if way == 1 else change(data, chance)


# --- several files

FILES = 8


def merging(data: bytes) -> None:
    """Read several captures as one: each frame of each must come out once, in order of time where they have one."""
    alone: list[Frames] = []
    with tempfile.TemporaryDirectory() as folder:
        meant = []
        for number, (way, part) in enumerate(mutating.parts(data)[:FILES]):
            with suppress(PcapstateError):
                alone.append(_read(part)[0])
            path = Path(folder) / str(number)
            path.write_bytes(part)
            meant.append(Meant(os.fspath(path) if way & 1 else io.BytesIO(part), True))
        with closing(MergedReader(meant)) as source:
            found = read_frames(source)
    if Counter(one[1:] for one in found) != Counter(one[1:] for one in chain(*alone)):
        raise Wrong("not the frames of all files")
    if all(_ascending(one) for one in alone) and not _ascending(found):
        raise Wrong("not in the order of time")


def _ascending(frames: Frames) -> bool:
    times = [one[1] for one in frames]
    return times == sorted(times)


def several_seeds() -> list[bytes]:
    """Return captures by twos and threes."""
    some = captures(largest=4_000)
    numbered = [(number, one) for number, one in enumerate(some)]
    return [mutating.joined(numbered[at : at + 2 + at % 2]) for at in range(0, len(some), 3)]


def parts_of_captures(data: bytes, chance: random.Random, change: mutating.Change = mutating.any_bytes) -> bytes:
    """Return captures of which some are changed."""
    return mutating.in_parts(data, chance, lambda one, chance: any_capture(one, chance, change))


# --- a file that grows

REPLACED, BEGUN_ANEW = 2, 3


class _AllWritten(BaseException):
    """Nothing more will be written."""


class _Writing:
    """In the place of what ends the wait for more: who waits gets the next part written."""

    def __init__(self, path: str, waiting: Iterator[tuple[int, bytes]]) -> None:
        self._path, self._waiting = path, waiting

    def is_set(self) -> bool:
        return False

    def set(self) -> None:
        pass

    def wait(self, _: float) -> None:
        way, part = next(self._waiting, (0, None))
        if part is None:
            raise _AllWritten
        if way & 3 == REPLACED:
            Path(self._path + ".new").write_bytes(part)
            os.replace(self._path + ".new", self._path)
        else:
            with open(self._path, "wb" if way & 3 == BEGUN_ANEW else "ab") as file:
                file.write(part)


def growing(data: bytes) -> None:
    """Follow a file that is written in parts: the same frames must come out as of the whole."""
    written = mutating.parts(data)[:200]
    whole = b"".join(part for _, part in written)
    appended = all(way & 3 < REPLACED for way, _ in written)
    with tempfile.TemporaryDirectory() as folder:
        path = os.fspath(Path(folder) / "growing")
        Path(path).touch()
        found, refused = _followed(path, iter(written)), ""
    if not appended:
        return
    try:
        expected = _read(whole)[0]
    except PcapstateError as error:
        expected, refused = [], str(error)
    if found != expected and not (compression(whole) and found == expected[: len(found)]):
        raise Wrong(f"{len(found)} frames while it grew, {len(expected)} of the whole {refused}")


def _followed(path: str, waiting: Iterator[tuple[int, bytes]]) -> Frames:
    class Growing(following.Growing):
        def __init__(self, path: str, *more: Any) -> None:
            super().__init__(path, *more)
            self._closed: Any = _Writing(path, waiting)

    was, following.Growing = following.Growing, Growing  # type: ignore[misc]
    found: Frames = []
    try:
        with suppress(_AllWritten, PcapstateError), closing(following.FollowingReader(path)) as source:
            for batch in source.batches():
                _collect(source, batch, found)
    finally:
        following.Growing = was  # type: ignore[misc]
    return found


def growing_seeds() -> list[bytes]:
    """Return captures in parts, and some that are replaced by others."""
    some = captures(largest=4_000)
    found = []
    for number, data in enumerate(some):
        size = (7, 40, 300, 1000)[number % 4]
        cut = [(0, data[at : at + size]) for at in range(0, len(data), size)][:60]
        found.append(mutating.joined(cut))
        found.append(mutating.joined([*cut, (number % 3 + 1, some[number - 1])]))
    return found[::2]
