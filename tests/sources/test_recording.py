"""Packets kept in files while they are captured (-w): what other programs find there, and what ends it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pcapstate.errors import OutputError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.framing import FRAME
from pcapstate.sources.reader import CaptureReader
from pcapstate.sources.recording import WAITING, Recorder, Rotation, rotation_of
from tests.helpers.running import run

ETHERNET, RAW = 1, 101
INTERFACES = [("eth0", ETHERNET), ("tun0", RAW)]


def recorder_of(path: Path, rotation: Rotation, **options: Any) -> Recorder:
    recorder = Recorder(str(path), rotation, INTERFACES, Kernels(), **options)
    recorder.start()
    return recorder


def packets(*sizes: int, start: int = 0) -> tuple[Any, Any]:
    """Return packets of these sizes, by turns on either interface, a second apart."""
    data = np.concatenate([np.full(size, start + at, dtype=np.uint8) for at, size in enumerate(sizes)])
    frames = np.zeros(len(sizes), dtype=FRAME)
    frames["time"] = (np.arange(len(sizes)) + start + 1) * 1_000_000_007
    frames["captured"], frames["length"] = sizes, np.array(sizes) + 1
    frames["offset"] = np.cumsum(sizes) - sizes
    frames["interface"] = (np.arange(len(sizes)) + start) % 2
    frames["linktype"] = np.where(frames["interface"] == 0, ETHERNET, RAW)
    return data, frames


def read(path: Path) -> tuple[list[Any], CaptureReader]:
    reader = CaptureReader(path)
    found = []
    for batch in reader.batches():
        for one in batch.frames:
            octets = batch.data[one["offset"] : one["offset"] + one["captured"]].tobytes()
            found.append((*(int(one[name]) for name in ("time", "length", "linktype", "interface")), octets))
    reader.close()
    return found, reader


def told(data: Any, frames: Any) -> list[Any]:
    return [
        (*(int(one[name]) for name in ("time", "length", "linktype", "interface")),
         data[one["offset"] : one["offset"] + one["captured"]].tobytes())
        for one in frames
    ]  # fmt: skip


def test_packets_interfaces_and_drops_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    recorder = recorder_of(path, Rotation())
    expected = []
    for start, sizes in enumerate([(60, 61, 0, 1_514), (262_144, 64)]):
        data, frames = packets(*sizes, start=10 * start)
        expected += told(data, frames)
        recorder.put(data, frames)
        data[:] = 0
    recorder.close([3, None])
    found, reader = read(path)
    assert found == expected
    assert [(one.name, one.linktype, one.dropped) for one in reader.interfaces] == [("eth0", 1, 3), ("tun0", 101, None)]
    assert recorder.failure == ""


def test_a_ring_of_files(tmp_path: Path) -> None:
    path = tmp_path / "ring.pcapng"
    recorder = recorder_of(path, Rotation(size=3_000, keep=2))
    expected = []
    for start in range(40):
        data, frames = packets(500, start=start)
        expected += told(data, frames)
        recorder.put(data, frames)
    recorder.close([0, 0])
    files = sorted(tmp_path.iterdir())
    numbers = [int(one.name[5:10]) for one in files]
    assert numbers == [numbers[0], numbers[0] + 1]
    assert numbers[0] > 3
    found = [packet for one in files for packet in read(one)[0]]
    assert found == expected[-len(found) :]
    assert len(found) >= 6
    # They are read as one capture, as rings of dumpcap are.
    assert run("connections", *files).exit_code == 0


def test_time_begins_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1_000, 30))
    monkeypatch.setattr("pcapstate.sources.recording.time.monotonic", lambda: next(clock))
    recorder = recorder_of(tmp_path / "a.pcapng", Rotation(seconds=60))
    for start in range(6):
        recorder.put(*packets(60, start=start))
    recorder.close([])
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    assert sum(len(read(one)[0]) for one in files) == 6


def test_a_full_disk_ends_the_file_with_whole_packets(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    recorder = recorder_of(path, Rotation())
    first = packets(100, 100)
    recorder.put(*first)
    while path.stat().st_size < 300:
        pass
    real = recorder._file

    class Full:
        def write(self, octets: memoryview) -> int:
            if len(octets) > 50:
                return real.write(octets[:50])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    recorder._file = Full()  # type: ignore[assignment]
    recorder.put(*packets(100, start=2))
    recorder.put(*packets(100, start=3))
    recorder.close([1, 1])
    assert recorder.failure == f"{path}: No space left on device"
    found, reader = read(path)
    assert found == told(*first)
    assert reader.damage is None


def test_a_ring_whose_next_file_cannot_be_made_ends(tmp_path: Path) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    recorder = recorder_of(folder / "a.pcapng", Rotation(size=1_000))
    shutil.rmtree(folder)
    # More than may wait: whoever captures goes on.
    for start in range(3 * WAITING):
        recorder.put(*packets(500, start=start % 200))
    recorder.close([0, 0])
    assert recorder.failure.endswith(": No such file or directory")


def test_what_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "a.pcapng", tmp_path):
        with pytest.raises(OutputError, match=r"No such file|Is a directory"):
            Recorder(str(path), Rotation(), INTERFACES, Kernels())


@pytest.mark.parametrize(
    ("text", "rotation"),
    [("100M", Rotation(size=100_000_000)), ("10m", Rotation(seconds=600.0)), ("1h", Rotation(seconds=3_600.0))],
)
def test_rotations(text: str, rotation: Rotation) -> None:
    assert rotation_of(text) == rotation


@pytest.mark.parametrize("text", ["", "0M", "100", "M", "1.5h", "1 h"])
def test_what_is_no_rotation(text: str) -> None:
    with pytest.raises(ValueError, match="neither a size"):
        rotation_of(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["capture.pcap", "-w", "x.pcapng"], "only packets of interfaces are kept"),
        (["-i", "lo", "--rotate", "1h"], "--rotate and --keep go with -w"),
        (["-i", "lo", "-w", "x", "--keep", "3"], "--keep goes with --rotate"),
        (["-i", "lo", "-w", "x", "--rotate", "often"], "is neither a size (100M) nor a time (1h)"),
    ],
)
def test_options_that_contradict_each_other(arguments: list[str], said: str) -> None:
    result = run("timeline", *arguments)
    assert result.exit_code == 2
    assert said in result.output
