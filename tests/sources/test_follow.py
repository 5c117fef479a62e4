"""``--follow``: a file that is still being written, replaced or begun anew."""

from __future__ import annotations

import gzip
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pcapstate.errors import CaptureError
from pcapstate.sources import growing
from pcapstate.sources.following import FollowingReader
from tests.helpers.captures import pcap, story_frames
from tests.helpers.pcapng import pcapng
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals, and files replaced while they are open")

FRAMES = story_frames(parse(STORIES["half_close"]))
HEADER = pcap([])
RECORDS = [pcap([one])[len(HEADER) :] for one in FRAMES]


class Run:
    """A command that follows a file, and the lines that it has printed."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pcapstate", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> bytes:
        return self._lines.get(timeout=20)

    def end(self) -> tuple[bytes, str, int]:
        """Press Ctrl-C; return what else it printed, stderr and the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        assert self.process.stderr is not None
        err = self.process.stderr.read().decode()
        self.process.stderr.close()
        assert self.process.stdout is not None
        self._reading.join(20)
        self.process.stdout.close()
        rest = b""
        while not self._lines.empty():
            rest += self._lines.get()
        return rest, err, code


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_timeline_prints_rows_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    path.write_bytes(HEADER + RECORDS[0] + RECORDS[1][:20])
    run = Run("timeline", path, "--follow", "--format", "jsonl")
    assert json.loads(run.line())["to"] == "SYN_SENT"
    append(path, RECORDS[1][20:])
    assert json.loads(run.line())["to"] == "SYN_RECEIVED"
    append(path, RECORDS[2] + RECORDS[3][:7])
    assert [json.loads(run.line())["endpoint"] for _ in range(2)] == ["client", "server"]
    rest, err, code = run.end()
    assert (rest, err, code) == (b"", "", 0)


def test_relative_times_count_from_the_first_packet(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    path.write_bytes(HEADER + RECORDS[0])
    run = Run("timeline", path, "--follow", "--relative")
    assert run.line().split()[0] == b"Time"
    assert run.line().split()[0] == b"0.000000"
    append(path, RECORDS[1])
    assert float(run.line().split()[0]) == (FRAMES[1][0] - FRAMES[0][0]) / 1e9
    assert run.end() == (b"", "", 0)


def test_ctrl_c_prints_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcapng"
    path.write_bytes(b"")
    run = Run("connections", path, "--follow", "--format", "jsonl")
    append(path, pcapng(FRAMES[:4]))
    with pytest.raises(queue.Empty):
        run._lines.get(timeout=3)
    out, err, code = run.end()
    assert json.loads(out)["client_packets"] + json.loads(out)["server_packets"] == 4
    assert (err, code) == ("", 0)


def test_netstat_at_intervals(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    path.write_bytes(HEADER + RECORDS[0])
    run = Run("netstat", path, "1", "--follow", "--format", "jsonl", "--local", "10.0.0.1")
    append(path, b"".join(RECORDS[1:]))
    rows = [json.loads(run.line())["state"] for _ in range(2)]
    assert rows[0] == "ESTABLISHED"
    _, err, code = run.end()
    assert (err, code) == ("", 0)


def dated(start: float) -> list[tuple[int, bytes]]:
    """Return the frames as if the first had been captured at a time."""
    return [(at - FRAMES[0][0] + round(start * 1e9), frame) for at, frame in FRAMES]


@pytest.mark.parametrize("later", [0, 2])
def test_silence_lets_time_pass_where_packets_are_of_now(later: int, tmp_path: Path) -> None:
    """Whether they were written before or only afterwards."""
    path = tmp_path / "growing.pcap"
    now = dated(time.time() - (FRAMES[-1][0] - FRAMES[0][0]) / 1e9)
    path.write_bytes(pcap(now[:later]) if later else pcap(now))
    run = Run("timeline", path, "--follow", "--format", "jsonl", "--time-wait", "1")
    if later:
        assert json.loads(run.line())["to"] == "SYN_SENT"
        append(path, pcap(now[later:])[len(HEADER) :])
    causes = []
    while "2 MSL passed" not in causes:
        causes.append(json.loads(run.line())["cause"])
    assert run.end()[1:] == ("", 0)


def test_silence_prints_tables_at_intervals(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    path.write_bytes(pcap(dated(time.time())[:3]))
    run = Run("netstat", path, "1", "--follow", "--format", "jsonl", "--local", "10.0.0.1")
    assert [json.loads(run.line())["state"] for _ in range(3)] == ["ESTABLISHED"] * 3
    assert run.end()[1:] == ("", 0)


@pytest.mark.parametrize("ago", [10, 100_000, -100_000])
def test_silence_is_nothing_where_packets_are_of_another_time(ago: int, tmp_path: Path) -> None:
    path = tmp_path / "copied.pcap"
    then = dated(time.time() - ago)
    path.write_bytes(pcap(then[:2]))
    run = Run("netstat", path, "1", "--follow", "--format", "jsonl", "--local", "10.0.0.1")
    time.sleep(1)
    append(path, pcap(then[2:3])[len(HEADER) :])
    with pytest.raises(queue.Empty):
        run._lines.get(timeout=3)
    rest, err, code = run.end()
    assert (json.loads(rest)["state"], err, code) == ("ESTABLISHED", "", 0)


class Following:
    """A FollowingReader read by a thread."""

    def __init__(self, path: Path) -> None:
        self.reader = FollowingReader(path)
        self._found: queue.Queue[list[tuple[int, int]] | None] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for batch in self.reader.batches():
            frames = batch.frames
            assert len(frames)
            self._found.put(list(zip(frames["number"].tolist(), frames["time"].tolist(), strict=True)))
        self._found.put(None)

    def frames(self, count: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        while len(found) < count:
            more = self._found.get(timeout=10)
            assert more is not None
            found += more
        return found

    def ended(self) -> bool:
        return self._found.get(timeout=10) is None


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "PAUSE", 0.02)


@pytest.fixture
def opened() -> Iterator[list[Any]]:
    readers: list[Any] = []
    yield readers
    for one in readers:
        one.reader.close()


EXPECTED = [(number, at) for number, (at, _) in enumerate(FRAMES, 1)]


def test_a_replaced_file_is_read_on(tmp_path: Path, opened: list[Any]) -> None:
    path = tmp_path / "ring.pcap"
    path.write_bytes(HEADER + b"".join(RECORDS[:2]))
    run = Following(path)
    opened.append(run)
    assert run.frames(2) == EXPECTED[:2]
    path.rename(tmp_path / "ring.pcap.1")
    append(tmp_path / "ring.pcap.1", RECORDS[2])
    assert run.frames(1) == EXPECTED[2:3]
    new = tmp_path / "new"
    new.write_bytes(pcapng(FRAMES[3:5]))
    new.rename(path)
    assert run.frames(2) == EXPECTED[3:5]
    # Compressed ones are followed, too, also where one is given up in the middle.
    new.write_bytes(gzip.compress(pcap(FRAMES[5:7])) + gzip.compress(b"")[:12])
    new.rename(path)
    assert run.frames(2) == EXPECTED[5:7]
    assert run.reader.damages == []
    new.write_bytes(pcap(FRAMES[7:]))
    new.rename(path)
    assert run.frames(len(FRAMES) - 7) == EXPECTED[7:]
    assert ["compressed data is cut short" in str(damage) for damage in run.reader.damages] == [True]
    assert len(run.reader.interfaces) == 1


def test_a_file_begun_anew_is_read_on(tmp_path: Path, opened: list[Any]) -> None:
    path = tmp_path / "same.pcap"
    path.write_bytes(HEADER + b"".join(RECORDS[:4]) + RECORDS[4][:10])
    run = Following(path)
    opened.append(run)
    assert run.frames(4) == EXPECTED[:4]
    path.write_bytes(HEADER + RECORDS[4])
    assert run.frames(1) == EXPECTED[4:5]
    append(path, RECORDS[5])
    assert run.frames(1) == EXPECTED[5:6]
    assert [damage.cut_short for damage in run.reader.damages] == [True]


def test_a_file_begun_anew_that_grew_at_once_is_read_on(tmp_path: Path, opened: list[Any]) -> None:
    """It is as long as the old one was, or longer, when it is looked at again."""
    path = tmp_path / "same.pcap"
    path.write_bytes(HEADER + b"".join(RECORDS[:3]))
    run = Following(path)
    opened.append(run)
    assert run.frames(3) == EXPECTED[:3]
    path.write_bytes(HEADER + b"".join(RECORDS[3:]))
    assert path.stat().st_size > len(HEADER) + sum(map(len, RECORDS[:3]))
    assert run.frames(len(FRAMES) - 3) == EXPECTED[3:]
    assert run.reader.damages == []


def test_a_file_begun_anew_of_the_same_length_is_read_on(tmp_path: Path, opened: list[Any]) -> None:
    path = tmp_path / "same.pcap"
    path.write_bytes(HEADER + RECORDS[0])
    run = Following(path)
    opened.append(run)
    assert run.frames(1) == EXPECTED[:1]
    assert len(RECORDS[1]) == len(RECORDS[0])
    path.write_bytes(HEADER + RECORDS[1])
    assert run.frames(1) == EXPECTED[1:2]


def test_ctrl_c_before_the_file_begins(tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.touch()
    ours = Run("connections", path, "--follow")
    time.sleep(1.5)
    assert ours.end() == (b"", "", 0)


def test_damage_ends_it(tmp_path: Path, opened: list[Any]) -> None:
    path = tmp_path / "bad.pcap"
    path.write_bytes(HEADER + RECORDS[0] + b"\xff" * 16)
    run = Following(path)
    opened.append(run)
    assert run.frames(1) == EXPECTED[:1]
    assert run.ended()
    assert "length field is impossible" in str(run.reader.damages[0])


def test_a_new_file_that_is_no_capture_ends_it(tmp_path: Path, opened: list[Any]) -> None:
    path = tmp_path / "some.pcap"
    path.write_bytes(HEADER + RECORDS[0])
    run = Following(path)
    opened.append(run)
    assert run.frames(1) == EXPECTED[:1]
    new = tmp_path / "new"
    new.write_bytes(b"This is just text, more than a header.")
    new.rename(path)
    assert run.ended()
    assert "not a capture file" in str(run.reader.damages[0])
    assert "1 packet read before that" in str(run.reader.damages[0])


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    impossible = tmp_path / ("x" * 300)
    for path, message in ((tmp_path, "no file in it"), (tmp_path / "none", "no such file"), (impossible, "too long")):
        with pytest.raises(CaptureError, match=message):
            FollowingReader(path)
    (tmp_path / "text").write_bytes(b"This is just text, more than a header.")
    with pytest.raises(CaptureError, match="not a capture file"):
        FollowingReader(tmp_path / "text")


@pytest.mark.parametrize("arguments", [["-"], ["a.pcap", "b.pcap"], ["-i", "lo"]])
def test_follow_goes_with_one_file(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pcapstate", "connections", "--follow", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert b"only one capture file, folder or pattern" in done.stderr
