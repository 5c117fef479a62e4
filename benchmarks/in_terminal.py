"""Run a command in a terminal of 120 columns, ended by Ctrl-C; what it says below its screen goes to stderr."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

LEFT = b"\x1b[?1049l"
"""Ends the alternate screen."""


def main() -> int:
    """Run it; return its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(sys.argv[1], sys.argv[1:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    signal.signal(signal.SIGINT, lambda *_: os.write(terminal, b"\x03"))
    output = b""
    while True:
        try:
            more = os.read(terminal, 1 << 16)
        except OSError:  # its end
            break
        output = (output + more)[-(1 << 16) :]
    sys.stderr.buffer.write(output.rpartition(LEFT)[2])
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    raise SystemExit(main())
