"""Signals. Ctrl-C while packets are read: waiting for them ends at once, but what is being shown is shown whole."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..output.whole_files import end_at_once_on_interrupt


def end_in_order_on_terminate() -> None:
    """Let SIGTERM end the program as an error would: no part of a file stays, nor a hidden cursor, nor a compiler."""

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(128 + number)

    # Where somebody else decides what it does, that stays.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


class Interruption:
    """Notices the first Ctrl-C while it is entered; the next one ends the program.

    Where Ctrl-C is ignored, as in the background of a script, it stays so.
    """

    def __init__(self) -> None:
        self._came = self._held = False

    def __enter__(self) -> Interruption:
        main = threading.current_thread() is threading.main_thread()
        self._noticing = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._noticing:
            signal.signal(signal.SIGINT, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        if self._noticing and not self._came:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _come(self, number: int, frame: Any) -> None:
        end_at_once_on_interrupt()
        self._came = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the first Ctrl-C back; it raises KeyboardInterrupt at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt
