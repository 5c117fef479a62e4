"""Reading: however the bytes come, the frames are the same."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.capture import Capture
from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources import reader
from pcapstate.sources.merging import MergedReader
from pcapstate.sources.reader import Batch, CaptureReader
from pcapstate.tcp.states import State
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.pcapng import pcapng
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

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
    one = CaptureReader(source, Kernels())
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


def large_block(kind: int, size: int = 17 << 20) -> bytes:
    return struct.pack("<II", kind, size) + bytes(size - 12) + struct.pack("<I", size)


@pytest.mark.parametrize(("kind", "numbered"), [(0x0A, False), (0x7777, False), (0xBAD, True)])
def test_a_large_block_without_packets_is_passed_over(kind: int, numbered: bool) -> None:
    whole = pcapng(FRAMES[:3]) + large_block(kind)
    found, damage = read(io.BytesIO(whole + pcapng(FRAMES[3:])))
    assert damage == ""
    assert [one[3] for one in found] == [frame for _, frame in FRAMES]
    assert found[-1][0] == len(FRAMES) + numbered
    found, damage = read(io.BytesIO(whole[:-9]))
    assert len(found) == 3
    assert "the file ends in the middle of a block at byte 324; 3 packets read" in damage
    found, damage = read(io.BytesIO(whole[:-1] + b"x" + pcapng(FRAMES[3:])))
    assert "a block contradicts its own length at byte 324; 3 packets read" in damage


@pytest.mark.parametrize(("kind", "size"), [(6, 17 << 20), (0xBAD, (17 << 20) + 2), (0xBAD, 8)])
def test_a_length_that_cannot_be_is_damage(kind: int, size: int) -> None:
    found, damage = read(io.BytesIO(pcapng(FRAMES) + struct.pack("<II", kind, size) + bytes(100)))
    assert len(found) == len(FRAMES)
    assert "a block's length field is impossible" in damage


def test_a_long_frame_of_another_link_type() -> None:
    """A transfer of USB may be larger than any packet: it has a number, and what follows is read."""
    usb = struct.pack("<IIHHI", 1, 20, 249, 0, 0) + struct.pack("<I", 20)
    body = struct.pack("<IIIII", 1, 0, 0, 300_000, 300_000) + bytes(300_000)
    long = struct.pack("<II", 6, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    found, damage = read(io.BytesIO(pcapng(FRAMES) + usb + long + pcapng(FRAMES[:1])))
    assert damage == ""
    assert [len(one[3]) for one in found[-2:]] == [300_000, len(FRAMES[0][1])]
    record = struct.pack("<IIII", 1, 0, 300_000, 300_000) + bytes(300_000)
    found, damage = read(io.BytesIO(pcap([(0, b"")], 249) + record))
    assert damage == ""
    assert len(found[-1][3]) == 300_000
    found, damage = read(io.BytesIO(pcap(FRAMES) + record))
    assert "a packet's length field is impossible" in damage


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_length_on_the_wire_below_what_was_captured(make: Any) -> None:
    data = bytearray(make(FRAMES[:1]))
    (frame,) = [frame for _, frame in FRAMES[:1]]
    at = data.index(frame) - 4
    data[at : at + 4] = bytes(4)
    found, damage = read(io.BytesIO(bytes(data)))
    assert damage == ""
    assert found[0][2] == len(found[0][3]) == len(frame)


@pytest.mark.parametrize("sizes", [[1 << 20], [1, 30, 7]])
def test_pcap_files_one_behind_the_other(sizes: list[int]) -> None:
    """As cat joins them, of different byte orders, resolutions and link types."""
    second = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
    second += struct.pack(">IIII", 7, 5, 14, 20) + bytes(14)
    found, damage = read(Trickle(pcap(FRAMES) + second + pcap(FRAMES[:2]), sizes))
    assert damage == ""
    assert [one[0] for one in found] == list(range(1, len(FRAMES) + 4))
    assert found[len(FRAMES)][1:3] == (7_000_005_000, 20)
    assert [one[3] for one in found[-2:]] == [frame for _, frame in FRAMES[:2]]
    found, damage = read(io.BytesIO(pcap(FRAMES) + second[:20]))
    assert len(found) == len(FRAMES)
    assert "the file ends in the middle of a packet" in damage


def test_a_stream_that_does_not_wait() -> None:
    """Without data for now it is no end; what cannot be waited for is told."""

    class Hesitant(Trickle):
        def readinto(self, buffer: Any) -> int:
            return super().readinto(buffer) if self._turn < 2 else None  # type: ignore[return-value]

    for data in (pcap(FRAMES), gzip.compress(pcap(FRAMES))):
        _, damage = read(Hesitant(data, [100]))
        assert "there is no data now" in damage


def test_standard_input_that_does_not_block(tmp_path: Path) -> None:
    script = "import os, sys; os.set_blocking(0, False); from pcapstate.cli.main import main; main()"
    command = [sys.executable, "-c", script, "connections", "-", "--format", "csv"]
    data = pcap(FRAMES)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ours:
        assert ours.stdin is not None
        for start in range(0, len(data), 450):
            ours.stdin.write(data[start : start + 450])
            ours.stdin.flush()
            time.sleep(0.3)
        out, err = ours.communicate(timeout=30)
    assert (ours.returncode, err) == (0, b"")
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(data)
    assert out == subprocess.run([*command[:4], str(whole), *command[5:]], capture_output=True, check=True).stdout


def test_many_blocks_beside_packets_cost_little() -> None:
    """Each was a call of the kernels."""
    block = struct.pack("<IIHHI", 4, 32, 1, 8, 0x0A00_0001) + b"a.b\0" + bytes(8) + struct.pack("<I", 32)
    data = pcapng(FRAMES[:3]) + block * 20_000 + pcapng(FRAMES[3:])
    source = CaptureReader(io.BytesIO(data), Kernels(1_000_000))
    calls: list[int] = []
    index = source.kernels.index_pcapng
    source.kernels.index_pcapng = lambda *given: calls.append(1) or index(*given)
    assert sum(len(batch.frames) for batch in source.batches()) == len(FRAMES)
    assert len(source.names) == 20_000
    assert len(calls) < 20


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=len(FRAMES), max_size=len(FRAMES)))
def test_captures_that_overlap_are_merged_by_time(owners: list[int]) -> None:
    parts = [[frame for frame, owner in zip(FRAMES, owners, strict=True) if owner == which] for which in range(3)]
    merged = MergedReader([CaptureReader(io.BytesIO(pcap(part)), Kernels()) for part in parts])
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
        self._reader = CaptureReader(io.BytesIO(data), Kernels())
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
