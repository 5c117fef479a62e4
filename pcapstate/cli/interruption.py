"""Signals. Ctrl-C while packets are read: waiting for them ends at once, but what is being shown is shown whole.

Where packets come without end, SIGTERM is the same: so ``timeout`` and services end a capture.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..output.whole_files import end_at_once_on_interrupt


def end_in_order_on_terminate() -> None:
    """Let SIGTERM end the program as an error would: no part of a file stays, nor a hidden cursor, nor a compiler."""
    # Where somebody else decides what it does, that stays.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end_in_order)


def _end_in_order(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(128 + number)


class Interruption:
    """Notices the first Ctrl-C while it is entered, which ``came`` tells; the next one ends the program.

    Where Ctrl-C is ignored, as in the background of a script, it stays so. ``endless``: SIGTERM is noticed just so.
    ``stop``: what to call, in place of raising KeyboardInterrupt, so that reading comes to its end.
    """

    def __init__(self, endless: bool = False, stop: Callable[[], None] | None = None) -> None:
        self.came = self._held = False
        self._endless, self._stop = endless, stop
        self._noticed: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            ours: list[tuple[int, Any]] = [(signal.SIGINT, signal.default_int_handler)]
            if self._endless:
                ours.append((signal.SIGTERM, _end_in_order))
            self._noticed = {number: handler for number, handler in ours if signal.getsignal(number) is handler}
            for number in self._noticed:
                signal.signal(number, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        if not self.came:
            for number, handler in self._noticed.items():
                signal.signal(number, handler)

    def _come(self, number: int, frame: Any) -> None:
        for one in self._noticed:
            if one == signal.SIGINT:
                end_at_once_on_interrupt()
            else:
                signal.signal(one, _end_in_order)
        self.came = True
        if self._endless and number == signal.SIGINT and sys.stderr.isatty():
            # The terminal has written ^C, and more is to come.
            os.write(2, b"\n")
        if self._stop is not None:
            self._stop()
        elif not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the first Ctrl-C back; it raises KeyboardInterrupt at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self.came and self._stop is None:
            raise KeyboardInterrupt
