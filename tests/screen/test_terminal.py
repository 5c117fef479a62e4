"""The screen in a terminal of its own: it is left as it was found, however the program ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.live_lab import usable
from tests.helpers.paths import PCAPS
from tests.helpers.running import COMMAND, process

OFFICE = PCAPS / "office.pcapng"
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE = 30.0


class Terminal:
    """A program in a terminal, at whose other end this is."""

    def __init__(self, master: int, slave: int, program: subprocess.Popen[bytes]) -> None:
        self.master, self.slave, self.program = master, slave, program
        self.output = b""
        self.before: list[Any] = termios.tcgetattr(slave)

    def read(self, seconds: float) -> bool:
        """Take what the program writes; tell whether there was something."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        with suppress(OSError):
            self.output += os.read(self.master, 1 << 16)
        return True

    def until(self, text: bytes) -> None:
        """Wait until the program has written something."""
        end = time.monotonic() + PATIENCE
        while text not in self.output:
            assert time.monotonic() < end, self.output[-2000:]
            self.read(0.1)

    def write(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def ended(self) -> int:
        """Wait for the program's end; return its exit code."""
        end = time.monotonic() + PATIENCE
        while self.program.poll() is None:
            assert time.monotonic() < end, self.output[-2000:]
            self.read(0.1)
        while self.read(0.1):
            pass
        return self.program.returncode

    def is_as_before(self) -> bool:
        """Tell whether the terminal's mode is as before, and the screen was left."""
        return (
            termios.tcgetattr(self.slave) == self.before and self.output.rfind(LEFT) > self.output.rfind(ENTERED) >= 0
        )


@contextmanager
def in_terminal(*arguments: str | Path, term: str = "xterm-256color", stdin: Any = None) -> Iterator[Terminal]:
    """Run the program in a terminal of 100 columns and 30 lines."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

    def own_terminal() -> None:
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)

    program = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=slave if stdin is None else stdin,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=own_terminal,
        env={**os.environ, "TERM": term},
    )
    terminal = Terminal(master, slave, program)
    try:
        yield terminal
    finally:
        if program.poll() is None:
            program.kill()
        program.wait()
        for one in (terminal.master, slave):
            with suppress(OSError):
                os.close(one)


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
