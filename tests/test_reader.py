"""Reading: however the bytes come, the frames are the same."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.capture import Capture
from pcapstate.compiled import Kernels
from pcapstate.errors import CaptureError
from pcapstate.sources import reader
from pcapstate.sources.merging import MergedReader
from pcapstate.sources.reader import Batch, CaptureReader
from pcapstate.tcp.states import State

from .captures import answers, pcap, pcapng, story_frames
from .stories import parse
from .story_texts import STORIES

FRAMES = story_frames(parse(STORIES["half_close"]))


class Trickle(io.RawIOBase):
    """A stream that gives as many bytes at a time as it is told."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes, self._turn = data, sizes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(self._sizes[self._turn % len(self._sizes)], len(buffer), len(self._data))
        self._turn += 1
        buffer[:size] = self._data[:size]
        self._data = self._data[size:]
        return size


def read(source: Any) -> tuple[list[tuple[int, int, int, bytes]], str]:
    one = CaptureReader(source, Kernels(0))
    found = []
    for batch in one.batches():
        for frame in batch.frames:
            start = int(frame["offset"])
            data = batch.data[start : start + int(frame["captured"])].tobytes()
            found.append((int(frame["number"]), int(frame["time"]), int(frame["length"]), data))
    return found, str(one.damage or "")


@pytest.mark.parametrize("make", [pcap, pcapng, lambda frames: pcapng(frames, ">")])
@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=9))
def test_however_the_bytes_come(make: Any, sizes: list[int]) -> None:
    data = make(FRAMES)
    expected = [(number, at, len(frame), frame) for number, (at, frame) in enumerate(FRAMES, 1)]
    assert read(Trickle(data, sizes)) == (expected, "")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_as_it_is(pack: Any) -> None:
    data = pcap(FRAMES)
    assert answers(pack(data)) == answers(data)
    with pytest.raises(CaptureError, match="compressed twice"):
        read(io.BytesIO(pack(gzip.compress(data))))


def test_cut_off_compressed_data_gives_what_it_has() -> None:
    found, damage = read(io.BytesIO(gzip.compress(pcap(FRAMES * 4000))[:-2000]))
    assert "byte" in damage
    assert 0 < len(found) < 4000 * len(FRAMES)
    with pytest.raises(CaptureError, match="damaged bzip2 data"):
        read(io.BytesIO(bz2.compress(pcap(FRAMES))[:-30]))


def test_more_than_a_buffer_and_a_block_larger_than_one() -> None:
    many = [(at + index, frame + bytes(1000)) for index in range(600) for at, frame in FRAMES]
    found, damage = read(io.BytesIO(pcap(many)))
    assert damage == ""
    assert [one[3] for one in found] == [frame for _, frame in many]
    size = reader.CHUNK + 1000
    unknown = struct.pack("<II", 0xBAD, size + 12) + bytes(size) + struct.pack("<I", size + 12)
    data = pcapng(FRAMES[:3]) + unknown + pcapng(FRAMES[3:])
    found, damage = read(io.BytesIO(data))
    assert damage == ""
    assert [one[3] for one in found] == [frame for _, frame in FRAMES]


def test_a_block_larger_than_is_believed_is_damage() -> None:
    data = pcapng(FRAMES) + struct.pack("<II", 0xBAD, 1 << 30) + bytes(100)
    found, damage = read(io.BytesIO(data))
    assert len(found) == len(FRAMES)
    assert "a block's length field is impossible" in damage


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=len(FRAMES), max_size=len(FRAMES)))
def test_captures_that_overlap_are_merged_by_time(owners: list[int]) -> None:
    parts = [[frame for frame, owner in zip(FRAMES, owners, strict=True) if owner == which] for which in range(3)]
    merged = MergedReader([CaptureReader(io.BytesIO(pcap(part)), Kernels(0)) for part in parts])
    capture = Capture(merged, record=False)
    for _ in capture.follow():
        pass
    assert capture.frames == len(FRAMES)
    whole = Capture(CaptureReader(io.BytesIO(pcap(FRAMES))), record=False)
    for _ in whole.follow():
        pass
    assert capture.table.connections.tobytes() == whole.table.connections.tobytes()
    assert capture.table.endpoints.tobytes() == whole.table.endpoints.tobytes()


class Silent:
    """A source that gives a capture's batches, then batches without frames, as a quiet interface does."""

    name, size = "quiet", None

    def __init__(self, data: bytes, seconds: int) -> None:
        self._reader = CaptureReader(io.BytesIO(data), Kernels(0))
        self.kernels, self._seconds = self._reader.kernels, seconds

    @property
    def damages(self) -> list[Any]:
        return []

    def batches(self) -> Iterator[Batch]:
        for batch in self._reader.batches():
            yield batch
            yield batch._replace(frames=batch.frames[:0], clock=batch.clock + self._seconds * 10**9)

    def close(self) -> None:
        self._reader.close()


@pytest.mark.parametrize(("seconds", "state"), [(59, State.TIME_WAIT), (61, State.CLOSED)])
def test_silence_lets_time_pass(seconds: int, state: State) -> None:
    capture = Capture(Silent(pcap(FRAMES), seconds))
    last = [batch["to"][-1] for batch in capture.follow()][-1]
    assert capture.table.endpoints["state"].tolist() == [state, State.CLOSED]
    assert last == State.CLOSED
