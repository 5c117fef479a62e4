"""Ctrl-C while an answer is being written to who reads slowly."""

from __future__ import annotations

import array
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.captures import pcap
from tests.helpers.decoded import ethernet, ip, tcp

fcntl = pytest.importorskip("fcntl", reason="needs signals and pipes of Unix")
termios = pytest.importorskip("termios", reason="needs signals and pipes of Unix")

SYN = 2
MANY = 4000
"""Connections whose rows do not fit into a pipe."""
FULL = 60_000
"""Bytes in a pipe that is full, or nearly so: who writes to it waits."""


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("interruption") / "many.pcap"
    path.write_bytes(pcap([(at * 1_000_000, ethernet(ip(_syn(at)))) for at in range(MANY)]))
    return path


def _syn(number: int) -> bytes:
    segment = tcp(number, SYN)
    return (1024 + number).to_bytes(2, "big") + segment[2:]


class Slow:
    """A command whose output is read only once it has been interrupted while it wrote."""

    def __init__(self, *arguments: str | Path, unbuffered: bool, stdin: Any = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pcapstate", *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""},
        )

    def interrupt_writing(self) -> None:
        assert self.process.stdout is not None
        waiting, deadline = array.array("i", [0]), time.monotonic() + 30
        while waiting[0] < FULL and time.monotonic() < deadline:
            time.sleep(0.05)
            fcntl.ioctl(self.process.stdout, termios.FIONREAD, waiting)
        assert waiting[0] >= FULL
        time.sleep(0.2)
        self.process.send_signal(signal.SIGINT)
        time.sleep(0.3)

    def read(self) -> tuple[bytes, bytes, int]:
        out, err = self.process.communicate(timeout=30)
        return out, err, self.process.returncode


@pytest.fixture(params=[False, True], ids=["buffered", "unbuffered"])
def unbuffered(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_rows_of_a_followed_capture_end_with_a_whole_one(capture: Path, unbuffered: bool) -> None:
    for format in ("table", "json"):
        run = Slow("timeline", capture, "--follow", "--format", format, unbuffered=unbuffered)
        run.interrupt_writing()
        assert run.process.poll() is None
        out, err, code = run.read()
        assert (err, code) == (b"", 0)
        if format == "json":
            assert len(json.loads(out)) > 100
        else:
            assert out.endswith(b"seen\n")


def test_rows_of_a_pipe_end_with_a_whole_one(capture: Path, unbuffered: bool) -> None:
    with subprocess.Popen(["sh", "-c", 'cat "$0"; exec sleep 60', capture], stdout=subprocess.PIPE) as feeding:
        run = Slow("timeline", "-", "--format", "json", unbuffered=unbuffered, stdin=feeding.stdout)
        run.interrupt_writing()
        feeding.kill()
    out, err, code = run.read()
    assert len(json.loads(out)) > 100
    assert b"interrupted after" in err
    assert (err.count(b"\n"), code) == (1, 1)


@pytest.mark.parametrize("command", ["netstat", "connections"])
def test_a_table_of_a_followed_capture_is_written_whole(command: str, capture: Path, unbuffered: bool) -> None:
    """Ctrl-C ends reading; another one, while the table is written, ends the program."""
    run = Slow(command, capture, "--follow", "--format", "jsonl", unbuffered=unbuffered)
    time.sleep(3)
    run.process.send_signal(signal.SIGINT)
    out, err, code = run.read()
    assert len({json.loads(line)["connection"] for line in out.splitlines()}) == MANY
    assert (err, code) == (b"", 0)
    run = Slow(command, capture, "--follow", unbuffered=unbuffered)
    time.sleep(3)
    run.process.send_signal(signal.SIGINT)
    run.interrupt_writing()
    assert run.read()[1:] == (b"", -signal.SIGINT)


def test_a_table_at_an_interval_is_written_whole(capture: Path, unbuffered: bool) -> None:
    run = Slow("netstat", capture, "1", "--follow", "--format", "jsonl", unbuffered=unbuffered)
    run.interrupt_writing()
    out, err, code = run.read()
    assert {json.loads(line)["state"] for line in out.splitlines()} == {"SYN_SENT"}
    assert (err, code) == (b"", 0)


def test_a_table_of_a_file_is_cut_and_code_1(capture: Path, unbuffered: bool) -> None:
    run = Slow("timeline", capture, unbuffered=unbuffered)
    run.interrupt_writing()
    _, err, code = run.read()
    assert err.strip() == b"pcapstate: interrupted"
    assert code == 1


def test_the_second_ctrl_c_ends_at_once(capture: Path, unbuffered: bool) -> None:
    run = Slow("timeline", capture, "--follow", unbuffered=unbuffered)
    run.interrupt_writing()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(5) == -signal.SIGINT
    assert run.read()[1] == b""
