"""Output to a file, whole or not at all: written beside it, and put in its place once all of it is there."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from ..errors import OutputError
from ..naming import safe

SHOW_CURSOR = b"\x1b[?25h"
DESCRIPTOR = re.compile(r"/dev/(stdout|stderr|fd/(\d{1,9}))|/proc/self/fd/(\d{1,9})")


class WholeFile:
    """A file being written, under a name of its own until ``keep``. Raises OutputError."""

    def __init__(self, path: str) -> None:
        self.name = safe(path)
        # Where the path is a link, it stays one, and what it leads to is replaced.
        self.path = os.path.realpath(path)
        self._beside: str | None = None
        with self._complaining():
            if not path:
                raise ValueError("the name is empty")
            if opened := DESCRIPTOR.fullmatch(path):
                # What is open already is written on, wherever that leads.
                number = {"stdout": 1, "stderr": 2}.get(opened[1]) or int(opened[2] or opened[3])
                self.file: BinaryIO = os.fdopen(os.dup(number), "wb")
                return
            try:
                mode: int | None = os.stat(path).st_mode
            except FileNotFoundError:
                mode = None
            if mode is not None and not stat.S_ISREG(mode):
                # A device, a pipe: nothing to replace. A directory complains.
                self.file = open(path, "wb")  # noqa: SIM115 (closed by keep or discard)
                return
            import tempfile

            descriptor, self._beside = tempfile.mkstemp(
                prefix=f".{os.path.basename(self.path)[:100]}.", dir=os.path.dirname(self.path)
            )
            self.file = os.fdopen(descriptor, "wb")
            if mode is None:
                mask = os.umask(0)
                os.umask(mask)
                mode = 0o666 & ~mask
            os.chmod(self._beside, stat.S_IMODE(mode))

    @property
    def replaces(self) -> bool:
        """Whether it will take the place of another file."""
        return self._beside is not None

    def write(self, piece: bytes) -> None:
        """Write some more."""
        with self._complaining():
            self.file.write(piece)

    def flush(self) -> None:
        """Let others see what was written, where the output is a device or a pipe."""
        with self._complaining():
            self.file.flush()

    def keep(self) -> None:
        """Put the file in its place."""
        with self._complaining():
            self.file.flush()
            if self._beside is not None:
                os.fsync(self.file.fileno())
            self.file.close()
            if self._beside is not None:
                os.replace(self._beside, self.path)
                self._beside = None

    def discard(self) -> None:
        """Leave everything as it was."""
        with suppress(OSError):
            self.file.close()
        if self._beside is not None:
            with suppress(OSError):
                os.unlink(self._beside)
            self._beside = None

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            if hasattr(self, "file"):
                self.discard()
            why = getattr(error, "strerror", None) or str(error)
            raise OutputError(f"{self.name}: writing failed: {safe(why)}") from None


_whole: WholeFile | None = None


def out() -> Any:
    """Return where output goes: the file that was asked for, or standard output."""
    return sys.stdout.buffer if _whole is None else _whole


def overwrites(path: str, named: bool) -> str | None:
    """Return what would become of the capture of a path (``-``: standard input) where output goes to its file.

    None where it goes elsewhere. ``named``: the capture was, and not found in a folder, where a log may stand as well.
    """
    with suppress(OSError, ValueError):
        capture = os.fstat(0) if path == "-" else os.stat(path)
        if stat.S_ISREG(capture.st_mode) and os.path.samestat(capture, _written()):
            what = "on standard input" if path == "-" else path
            if _whole is not None:
                return f"--output would replace the capture {what}"
            return f"the output would be written into the capture {what}" if named else None
    return None


def _written() -> os.stat_result:
    if _whole is None:
        return os.fstat(sys.stdout.fileno())
    return os.stat(_whole.path) if _whole.replaces else os.fstat(_whole.file.fileno())


def is_terminal() -> bool:
    """Tell whether output goes to a terminal."""
    return _whole is None and sys.stdout.isatty()


@contextmanager
def output_to(path: str) -> Iterator[None]:
    """Let output go to a file; it is kept unless an exception ends it."""
    global _whole
    whole = _whole = WholeFile(path)
    try:
        yield
        whole.keep()
    finally:
        whole.discard()
        _whole = None


def end_at_once_on_interrupt() -> None:
    """Let a further Ctrl-C end the program, and leave no part of a file, nor a hidden cursor."""
    whole = _whole

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if whole is not None:
            whole.discard()
        if sys.stderr.isatty():
            # A progress bar hides it.
            os.write(2, SHOW_CURSOR)
        os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, end)
