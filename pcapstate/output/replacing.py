"""A process that keeps the privileges which the program gives up, to do one thing: put a file in its place.

Whoever captures as root names files where only root can write, and the program goes on as another user.
That process reads nothing but one byte, and what it replaces is told to it before the first packet is read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from ..messages import Message
from ..sources.privileges import begin_beside

KEEP = b"k"
PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
beside, path = sys.argv[1:]
code = 0
try:
    if sys.stdin.buffer.read(1) == b"k":
        os.replace(beside, path)
    else:
        os.unlink(beside)
except OSError as error:
    code = error.errno
os.write(1, b"%d" % code)
"""


class Replacing:
    """Puts ``beside`` in the place of ``path``, or removes it: the latter also where this program is killed."""

    def __init__(self, beside: str, path: str) -> None:
        command = [sys.executable, "-I", "-S", "-c", PROGRAM, os.path.abspath(beside), os.path.abspath(path)]
        self._process = begin_beside(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def keep(self) -> None:
        """Put the file in its place. Raises OSError."""
        code = self._tell(KEEP)
        if code is None:
            raise OSError(0, Message("the process that was to put it in its place is gone"))
        if code:
            raise OSError(code, os.strerror(code))

    def discard(self) -> None:
        """Remove the file."""
        self._tell(b"")

    def _tell(self, what: bytes) -> int | None:
        answer = b""
        with suppress(OSError, ValueError):
            answer = self._process.communicate(what)[0]
        return int(answer) if answer else None
