"""Compressed captures: read as they are, in however many pieces they were packed, and as far as they are sound."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources import prefetching
from pcapstate.sources.compression import Unpacked, compression
from pcapstate.sources.reader import CaptureReader
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.pcapng import pcapng
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

FRAMES = story_frames(parse(STORIES["half_close"]))


def streamed_zstd(data: bytes) -> bytes:
    """Pack without telling the size, with a checksum, in several blocks."""
    packer = zstandard.ZstdCompressor(level=1, write_checksum=True).compressobj()
    parts = [packer.compress(data[at : at + 100]) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
             for at in range(0, len(data), 100)]  # fmt: skip
    return b"".join(parts) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "zstd, streamed": streamed_zstd,
    "lz4": lz4.frame.compress,
    "lz4, linked": lambda data: lz4.frame.compress(data, block_linked=True, content_checksum=True, block_size=4),
}
SKIPPABLE = b"\x5a\x2a\x4d\x18" + struct.pack("<I", 300_000) + bytes(300_000)
packers = pytest.mark.parametrize("name", PACKERS)


def read(data: bytes | Any) -> tuple[int, str]:
    """Return how many frames a capture has, and its damage."""
    one = CaptureReader(io.BytesIO(data) if isinstance(data, bytes) else data, Kernels())
    count = sum(len(batch.frames) for batch in one.batches())
    one.close()
    return count, str(one.damage or "")


@packers
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_read_as_it_is(name: str, make: Callable[[Any], bytes]) -> None:
    data = make(FRAMES)
    assert answers(PACKERS[name](data)) == answers(data)
    with pytest.raises(CaptureError, match="compressed twice"):
        read(PACKERS[name](gzip.compress(data)))


@packers
def test_several_members_are_one_stream(name: str) -> None:
    data = pcap(FRAMES)
    pack = PACKERS[name]
    cuts = [0, 3, 30, 200, len(data)]
    members = [pack(data[start:end]) for start, end in itertools.pairwise(cuts)]
    expected = (len(FRAMES), "")
    assert read(b"".join(members)) == expected
    assert read(bytes(4).join([*members, pack(b""), b""])) == expected
    assert read(members[0] + SKIPPABLE + b"".join(members[1:]) + SKIPPABLE) == expected
    assert read(SKIPPABLE + b"".join(members)) == expected


@packers
def test_cut_short_gives_what_came_before(name: str) -> None:
    noise = random.Random(1)
    many = [(at, frame + noise.randbytes(500)) for _ in range(300) for at, frame in FRAMES]
    packed = PACKERS[name](pcap(many))
    found, damage = read(packed[: len(packed) * 9 // 10])
    assert "the compressed data is cut short" in damage
    # bzip2 gives whole blocks of 900 kB only.
    assert (0.3 if name == "bzip2" else 0.7) * len(many) < found < len(many)
    found, damage = read(packed[:-1])
    assert damage


@packers
def test_damage_gives_what_came_before(name: str) -> None:
    noise = random.Random(2)
    many = [(at, frame + noise.randbytes(500)) for _ in range(300) for at, frame in FRAMES]
    packed = bytearray(PACKERS[name](pcap(many)))
    middle = len(packed) * 3 // 4
    packed[middle : middle + 200] = bytes(200)
    found, damage = read(bytes(packed))
    assert " at byte " in damage
    assert found > len(many) // 5


@packers
def test_what_follows_is_named(name: str) -> None:
    found, damage = read(PACKERS[name](pcap(FRAMES)) + b"something else")
    assert found == len(FRAMES)
    assert "other data follows" in damage


@packers
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damage_never_gives_a_traceback(name: str, data: st.DataObject) -> None:
    packed = bytearray(PACKERS[name](pcap(FRAMES * 5)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(packed) - 1))
        packed[at] = data.draw(st.integers(0, 255))
    with suppress(CaptureError):
        found, _ = read(bytes(packed[: data.draw(st.integers(1, len(packed)))]))
        assert found <= 5 * len(FRAMES)


class Bomb(io.RawIOBase):
    """A gigabyte of zeros behind a pcap header, packed a megabyte a member, made as it is read."""

    def __init__(self, pack: Callable[[bytes], bytes]) -> None:
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
        self._parts = itertools.chain([pack(head)], itertools.repeat(pack(bytes(1 << 20)), 1000))
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
def test_a_bomb_is_streamed(name: str) -> None:
    resource = pytest.importorskip("resource")
    unpacked = Unpacked(Bomb(PACKERS[name]))
    buffer = memoryview(bytearray(1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total = 0
    while count := unpacked.readinto(buffer):
        total += count
    assert total == 24 + 1000 * (1 << 20)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 << (20 if sys.platform == "darwin" else 10)  # bytes there, KiB elsewhere


def test_a_bomb_of_one_zstd_frame_is_unpacked_block_by_block() -> None:
    # A window of 128 KiB, then blocks of four bytes that are each one byte, 131,072 times.
    block = (131_072 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    frame = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x38" + block * 5000
    unpacked = Unpacked(io.BytesIO(frame))
    buffer = memoryview(bytearray(1 << 20))
    assert {unpacked.readinto(buffer) for _ in range(5000 * 131_072 // 262_144 - 1)} <= {131_072, 262_144}


def test_large_ones_are_unpacked_in_a_thread_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetching, "AT_ONCE", 1 << 16)
    many = [(at, frame + bytes(1000)) for _ in range(300) for at, frame in FRAMES]
    packed = gzip.compress(pcap(many), 1)
    assert read(packed) == (len(many), "")
    one = CaptureReader(io.BytesIO(packed), Kernels())
    next(one.batches())
    batches = one.batches()
    next(batches)
    one.close()
    assert [thread.name for thread in threading.enumerate() if thread.name == "pcapstate-unpack"] == []
    found, damage = read(packed[: len(packed) // 2])
    assert 0 < found < len(many)
    assert "cut short" in damage


def test_names_of_compressions() -> None:
    assert [compression(pack(b"x")) for pack in PACKERS.values()] == [
        "gzip", "bzip2", "xz", "zstd", "zstd", "lz4", "lz4",
    ]  # fmt: skip
    assert compression(SKIPPABLE) == "zstd or lz4"
    assert compression(pcap([])) is None


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
def test_from_standard_input_and_under_any_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(PACKERS[name](pcapng(FRAMES)))
    command = [sys.executable, "-m", "pcapstate", "connections", "--format", "jsonl"]
    with path.open("rb") as file:
        piped = subprocess.run([*command, "-"], stdin=file, capture_output=True, timeout=60, check=True)
    named = subprocess.run([*command, os.fspath(path)], capture_output=True, timeout=60, check=True)
    assert piped.stdout == named.stdout
    assert piped.stdout.count(b"\n") == 1
    assert piped.stderr == named.stderr == b""


@pytest.mark.parametrize("size", [1, 2_000])
def test_damage_at_the_end_of_gzip_hides_nothing(size: int) -> None:
    """The checksum is behind all that was packed, so all of it is there."""
    data = pcap(FRAMES * size)
    packed = bytearray(gzip.compress(data))
    packed[-8] ^= 1
    source = CaptureReader(io.BytesIO(bytes(packed)), Kernels())
    assert sum(len(batch.frames) for batch in source.batches()) == len(FRAMES) * size
    assert "incorrect data check" in str(source.damage)


@packers
def test_many_small_members_are_read_in_large_pieces(name: str) -> None:
    data = pcap(FRAMES * 500)
    packed = b"".join(PACKERS[name](data[at : at + 200]) for at in range(0, len(data), 200))
    unpacked, buffer, sizes, whole = Unpacked(io.BytesIO(packed)), memoryview(bytearray(1 << 20)), [], b""
    while count := unpacked.readinto(buffer):
        sizes.append(count)
        whole += buffer[:count]
    assert whole == data
    # A quarter megabyte at a time, or what one read of the stream gives.
    assert len(sizes) <= 12 + len(packed) / (1 << 16)
