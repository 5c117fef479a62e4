"""The program in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.helpers.running import COMMAND

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

    def press(self, key: bytes) -> None:
        """Press a key once the program waits for one, which it does without echo."""
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.slave)[3] & termios.ICANON:
            assert time.monotonic() < end, self.output[-2000:]
            self.read(0.01)
        self.write(key)

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
