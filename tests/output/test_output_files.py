"""``--output``: a file is there as a whole, or stays what it was."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pcapstate.cli.main import cli
from pcapstate.errors import OutputError
from pcapstate.output.whole_files import output_to
from tests.helpers.captures import pcap, story_frames
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

COMMAND = [sys.executable, "-m", "pcapstate"]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "talk.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["half_close"]))))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def process(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["timeline", "connections", "netstat", "diagnose", "states", "completion"])
def test_every_command_writes_to_a_file(command: str, capture: Path, folder: Path) -> None:
    arguments = {"states": [], "completion": ["bash"]}.get(command, [capture])
    shown = run(command, *arguments)
    written = run(command, *arguments, "--output", folder / "new")
    assert (written.stdout, written.exit_code) == ("", 0)
    assert (folder / "new").read_text() == shown.stdout
    assert [one.name for one in folder.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("suffix", "format_"),
    [
        (".csv", "csv"), (".CSV", "csv"), (".json", "json"), (".jsonl", "jsonl"), (".ndjson", "jsonl"),
        (".txt", "table"), ("", "table"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["timeline", "connections", "netstat", "diagnose", "states"])
def test_the_suffix_chooses_the_format(command: str, suffix: str, format_: str, capture: Path, folder: Path) -> None:
    arguments = [] if command == "states" else [capture]
    path = folder / f"out{suffix}"
    assert run(command, *arguments, "--output", path).exit_code == 0
    assert path.read_bytes() == run(command, *arguments, "--format", format_).stdout_bytes
    run(command, *arguments, "--output", path, "--format", "table")
    assert path.read_bytes() == run(command, *arguments).stdout_bytes


def test_modes_and_links_stay(capture: Path, folder: Path) -> None:
    old, link = folder / "old.csv", folder / "link.csv"
    old.write_text("before")
    old.chmod(0o640)
    link.symlink_to(old)
    assert run("connections", capture, "--format", "csv", "--output", link).exit_code == 0
    assert link.is_symlink()
    assert old.read_text().startswith("connection,")
    assert old.stat().st_mode & 0o777 == 0o640
    mask = os.umask(0o027)
    try:
        run("connections", capture, "--output", folder / "new.csv")
    finally:
        os.umask(mask)
    assert (folder / "new.csv").stat().st_mode & 0o777 == 0o640


def test_what_fails_leaves_the_file_as_it_was(capture: Path, folder: Path) -> None:
    path = folder / "old"
    path.write_text("before")
    for arguments in (
        ["timeline", capture, "--connection", "9"],
        ["connections", folder / "none"],
        ["netstat", "--no"],
    ):
        assert run(*arguments, "--output", path).exit_code != 0
        assert path.read_text() == "before"
    with pytest.raises(RuntimeError), output_to(str(path)):
        raise RuntimeError
    assert path.read_text() == "before"
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_capture_is_written_and_code_1(capture: Path, folder: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:-3])
    assert run("connections", capture, "--output", folder / "new").exit_code == 1
    assert "LAST_ACK" in (folder / "new").read_text()


def test_a_file_that_cannot_be_written_is_one_line(capture: Path, folder: Path) -> None:
    for path, message in ((folder / "no" / "file", b"No such file"), (folder, b"Is a directory")):
        done = process("connections", capture, "--output", path)
        assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
        assert message in done.stderr


def test_a_full_disk_leaves_no_file(capture: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"), output_to(str(folder / "new")):
        pass
    assert list(folder.iterdir()) == []
    monkeypatch.undo()
    if Path("/dev/full").exists():
        done = process("connections", capture, "--output", "/dev/full")
        assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
        assert b"No space left" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_writes_what_is_known(capture: Path, folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "connections", "-", "--output", str(folder / "new")], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ours:
        assert ours.stdin is not None
        ours.stdin.write(capture.read_bytes())
        ours.stdin.flush()
        time.sleep(1.5)
        ours.send_signal(signal.SIGINT)
        _, err = ours.communicate(timeout=30)
    assert b"interrupted" in err
    assert ours.returncode == 1
    assert "TIME_WAIT" in (folder / "new").read_text()


SLOW = """
import signal, sys, time
from pcapstate.cli import session
from pcapstate.cli.main import main

def write(self, pieces):
    print("writing", file=sys.stderr, flush=True)
    time.sleep(30)

session.Session.write = write
sys.argv = ["pcapstate", *sys.argv[1:]]
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("to_file", [False, True])
def test_a_second_ctrl_c_ends_at_once(capture: Path, folder: Path, to_file: bool) -> None:
    output = ["--output", str(folder / "new")] if to_file else []
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, "connections", "-", *output],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as ours:  # fmt: skip
        assert ours.stdin is not None
        assert ours.stderr is not None
        ours.stdin.write(capture.read_bytes())
        ours.stdin.flush()
        time.sleep(1.5)
        ours.send_signal(signal.SIGINT)
        assert ours.stderr.readline() == b"writing\n"
        ours.send_signal(signal.SIGINT)
        assert ours.wait(5) == -signal.SIGINT
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_sigterm_leaves_nothing_behind(capture: Path, folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "connections", "-", "--output", str(folder / "new")], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ours:
        deadline = time.monotonic() + 20
        while not list(folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        ours.send_signal(signal.SIGTERM)
        assert ours.wait(10) == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/fd/1"), reason="needs /dev/fd")
def test_what_is_open_already_is_written_on(capture: Path, folder: Path) -> None:
    shown = process("connections", capture).stdout
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        done = process("connections", capture, "--output", name)
        assert (done.stdout, done.stderr, done.returncode) == (shown, b"", 0)
        with (folder / "log").open("wb") as log:
            log.write(b"before\n")
            log.flush()
            subprocess.run([*COMMAND, "connections", str(capture), "--output", name], stdout=log, check=True)
        assert (folder / "log").read_bytes() == b"before\n" + shown


def test_the_capture_is_not_replaced(capture: Path, folder: Path) -> None:
    data = capture.read_bytes()
    (folder / "link").symlink_to(capture)
    for arguments in ([capture, "--output", capture], [capture.parent, "--output", folder / "link"]):
        result = run("connections", *arguments)
        assert result.exit_code == 2
        assert f"--output would replace the capture {capture}" in result.stderr
        assert capture.read_bytes() == data


def test_the_capture_on_standard_input_is_not_replaced(capture: Path, folder: Path) -> None:
    packed = folder / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(capture.read_bytes()))
    (folder / "link").symlink_to(capture)
    (folder / "hard").hardlink_to(capture)
    for path, other in ((capture, capture), (capture, folder / "link"), (capture, folder / "hard"), (packed, packed)):
        before = path.read_bytes()
        for command in ("connections", "netstat"):
            for captures in (["-"], [packed, "-"], ["/dev/stdin"]):
                if not os.path.exists(captures[-1]) and captures[-1] != "-":
                    continue
                with path.open("rb") as source:
                    arguments = [*COMMAND, command, *map(str, captures), "--output", str(other)]
                    done = subprocess.run(arguments, stdin=source, capture_output=True, timeout=60, check=False)
                assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
                assert b"--output would replace the capture " in done.stderr
                assert path.read_bytes() == before
    # What comes through a pipe has been read when the output takes a file's place.
    done = subprocess.run(
        [*COMMAND, "connections", "-", "--output", str(folder / "new")], input=capture.read_bytes(), check=False
    )
    assert done.returncode == 0


def test_nothing_is_written_into_a_capture(capture: Path, folder: Path) -> None:
    """As with ``>>``, which leaves the file as it is until something is written."""
    before = capture.read_bytes()
    for arguments in ([str(capture)], ["-"], [str(capture), "--output", "/dev/stdout"]):
        with capture.open("ab") as log, capture.open("rb") as source:
            done = subprocess.run(
                [*COMMAND, "connections", *arguments],
                stdin=source, stdout=log, stderr=subprocess.PIPE, timeout=60, check=False,
            )  # fmt: skip
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
        assert capture.read_bytes() == before
    # In a folder, a log is just another file.
    (folder / "talk.pcap").write_bytes(before)
    with (folder / "log").open("ab") as log:
        assert subprocess.run([*COMMAND, "connections", str(folder)], stdout=log, check=False).returncode == 0
    assert b"TIME_WAIT" in (folder / "log").read_bytes()


def test_an_empty_name_is_no_file(capture: Path) -> None:
    result = run("connections", capture, "--output", "")
    assert isinstance(result.exception, OutputError)
    assert "the name is empty" in str(result.exception)
