"""The screen in a terminal of its own: it is left as it was found, however the program ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.helpers.live_lab import usable
from tests.helpers.paths import PCAPS
from tests.helpers.running import COMMAND, process
from tests.helpers.terminals import ENTERED, LEFT, PATIENCE, in_terminal

OFFICE = PCAPS / "office.pcapng"


def test_keys_and_the_end() -> None:
    with in_terminal("browse", OFFICE) as terminal:
        terminal.until(b"CLOSE_WAIT")
        terminal.until(b"388 packets")
        terminal.write(b"4\r")
        terminal.until(b"connection 8")
        terminal.write(b"q")
        time.sleep(0.5)
        terminal.write(b"q")
        assert terminal.ended() == 0
        assert terminal.is_as_before()
        # What every command says at its end is said below the picture.
        assert b"frames are not TCP" in terminal.output.rpartition(LEFT)[2]


@pytest.mark.parametrize("how", ["interrupt", "terminate"])
def test_ends_in_order(how: str) -> None:
    with in_terminal("browse", OFFICE) as terminal:
        terminal.until(b"388 packets")
        if how == "interrupt":
            terminal.write(b"\x03")
        else:
            terminal.program.send_signal(signal.SIGTERM)
        assert terminal.ended() in (0, 128 + signal.SIGTERM)
        assert terminal.is_as_before()
        assert b"Traceback" not in terminal.output


def test_ends_with_its_terminal() -> None:
    with in_terminal("browse", OFFICE) as terminal:
        terminal.until(b"388 packets")
        os.close(terminal.slave)
        os.close(terminal.master)
        terminal.program.wait(PATIENCE)


def test_capture_from_a_pipe() -> None:
    with OFFICE.open("rb") as capture, in_terminal("live", "-", stdin=capture) as terminal:
        terminal.until(b"388 packets")
        terminal.write(b"q")
        assert terminal.ended() == 0
        assert terminal.is_as_before()


@pytest.mark.parametrize("command", ["live", "browse"])
def test_without_a_terminal(command: str) -> None:
    done = process(command, OFFICE)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("pcapstate: the screen needs a terminal")
    assert done.stdout == b""


def test_a_terminal_that_cannot_move_its_cursor() -> None:
    with in_terminal("browse", OFFICE, term="dumb") as terminal:
        assert terminal.ended() == 2
        assert b"TERM is dumb" in terminal.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["browse", "missing.pcap"], b"missing.pcap"),
        (["browse", OFFICE, "--filter", "state = "], b"--filter"),
        (["browse", OFFICE, "--local", "nobody"], b"--local"),
        (["browse", OFFICE, "--at", "yesterday"], b"yesterday"),
        (["browse", OFFICE, "--history", "1k"], b"--history"),
        (["browse"], b"name a capture"),
        (["live", "-i", "nonexistent0"], b"nonexistent0"),
        (["live", "-"], b"standard input is the keyboard"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str | Path], said: bytes) -> None:
    with in_terminal(*arguments) as terminal:
        assert terminal.ended() == 2
        assert said in terminal.output
        assert b"Traceback" not in terminal.output
        assert ENTERED not in terminal.output


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
def test_in_tmux(columns: int, lines: int, tmp_path: Path) -> None:
    tmux = ["tmux", "-L", f"pcapstate-{os.getpid()}", "-f", "/dev/null"]
    command = " ".join([*COMMAND, "browse", str(OFFICE)])
    size = ["-x", str(columns), "-y", str(lines)]
    subprocess.run([*tmux, "new-session", "-d", "-s", "t", *size, f"{command}; sleep 60"], check=True)
    try:
        for keys, expected in ((), r"ESTABLISHED 9"), (("4",), r"(?m)^.*CLOSE_WAIT.*s"), (("Enter",), r"connection 8"):
            for key in keys:
                subprocess.run([*tmux, "send-keys", "-t", "t", key], check=True)
            end = time.monotonic() + PATIENCE
            picture = ""
            while not re.search(expected, picture):
                assert time.monotonic() < end, picture
                time.sleep(0.2)
                shown = subprocess.run(
                    [*tmux, "capture-pane", "-t", "t", "-p"], capture_output=True, text=True, check=True
                )
                picture = shown.stdout
        assert len(picture.splitlines()) <= lines
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


@pytest.mark.skipif(not usable(), reason="capturing needs root, on Linux")
def test_live_and_back_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with in_terminal("live", "-i", "lo", "0.2", "--filter", f"foreign_port = {port}") as terminal:
            terminal.until(b"packets/s")
            client = socket.create_connection(("127.0.0.1", port))
            accepted, _ = server.accept()
            terminal.until(b"ESTABLISHED")
            time.sleep(1.5)
            client.close()
            terminal.until(b"FIN_WAIT_2")
            time.sleep(0.5)
            accepted.close()
            terminal.until(b"TIME_WAIT")
            terminal.output = b""
            # Before it was closed, while the capture goes on.
            terminal.write(b"\x1b[D\x1b[D")
            terminal.until(b" ago")
            terminal.until(b"ESTABLISHED")
            # Every part of the screen works without the privileges that were given up, and without files.
            for keys, shown in (
                (b"?", b"Keys"),
                (b"q", b" ago"),
                (b"\r", b"SYN seq 0"),
                (b"c", b"copied"),
                (b"w", b"captured packets"),
                (b"q", b" ago"),
                (b"/", b"foreign_port"),
                (b"x\r", b"no port is called"),
            ):
                terminal.output = b""
                terminal.write(keys)
                terminal.until(shown)
                # What is waited for may have stood elsewhere on the screen.
                time.sleep(0.5)
            terminal.write(b"\x03")
            assert terminal.ended() == 0
            assert terminal.output.rfind(LEFT) > 0
            assert b"Traceback" not in terminal.output
