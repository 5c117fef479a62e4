"""A stream over a file that is still being written: at its end, it waits for more."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

PAUSE = 0.05
"""Seconds between two checks of a file that does not grow."""
BEGINNING = 512
"""Bytes that identify a file: up to the first packet's time."""


class Growing:
    """A stream over a file, which ends when the file was replaced or begun anew.

    ``over``: called at the end of the file; the stream also ends if it tells that the capture continues elsewhere.
    ``identity`` and ``position``, the bytes read, identify the file. Raises OSError.
    """

    endless = True

    def __init__(self, path: str, over: Callable[[], bool] = lambda: False) -> None:
        self.name = path
        self._over = over
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed by close)
        status = os.fstat(self._file.fileno())
        self.identity = status.st_dev, status.st_ino
        self.position = 0
        self._beginning = b""
        self._changed = status.st_mtime_ns
        self._closed = threading.Event()

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer, waiting for some; return how many, 0 if another file begins."""
        while not self._closed.is_set():
            count = self._file.readinto(buffer) or 0
            if count and self._begun_anew():
                return 0
            if not count and (self._replaced() or self._over()):
                # Bytes written to the old file just before that still count.
                count = self._file.readinto(buffer) or 0
                self.position += count
                return count
            if count:
                self.position += count
                return count
            self._closed.wait(PAUSE)
        return 0

    def _begun_anew(self) -> bool:
        """Tell whether the file's first bytes have changed: a new file may be longer than what was read."""
        here = self._file.seek(0, os.SEEK_CUR)
        self._file.seek(0)
        beginning = self._file.read(BEGINNING) or b""
        self._file.seek(here)
        known, self._beginning = self._beginning, beginning
        return not beginning.startswith(known)

    def _replaced(self) -> bool:
        try:
            status = os.stat(self.name)
        except OSError:
            return False  # between two files; the old one may still grow
        changed, self._changed = status.st_mtime_ns != self._changed, status.st_mtime_ns
        if (status.st_dev, status.st_ino) != self.identity or status.st_size < self.position:
            return True
        # The new file may be as long as what was read of the old one.
        return changed and status.st_size == self.position and self._begun_anew()

    def begun_anew(self, status: os.stat_result) -> bool:
        """Tell whether the file with this status is not the one that was read."""
        if (status.st_dev, status.st_ino) != self.identity or status.st_size < self.position:
            return True
        try:
            with open(self.name, "rb") as file:
                return not file.read(BEGINNING).startswith(self._beginning)
        except OSError:
            return True

    def close(self) -> None:
        """Stop waiting, and close the file."""
        self._closed.set()
        self._file.close()
