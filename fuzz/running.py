"""Run a target on one input, with a limit of time; keep what was found, each place once."""

from __future__ import annotations

import base64
import hashlib
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pcapstate.errors import PcapstateError

from .target import Target

LIMIT = 5.0
"""Seconds of processor time for an input."""
FINDINGS = Path(__file__).parent / "findings"


class TooSlow(BaseException):
    """An input took longer than the limit; no ``except Exception`` may swallow it."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def late(*_: Any) -> None:
        raise TooSlow(f"more than {seconds:g} s")

    was = signal.signal(signal.SIGVTALRM, late)
    # Again and again, since what is raised in a finalizer gets lost.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, was)


class Trial:
    """Runs a target again and again; ``runs`` and ``places``, of findings, count."""

    def __init__(self, name: str, target: Target, limit: float = LIMIT) -> None:
        self.name, self._target, self._limit = name, target, limit
        self.runs = 0
        self.places: dict[str, str] = {}
        """Of each finding: where it was raised, and its traceback."""

    def __call__(self, data: bytes) -> None:
        """Run an input; a finding is noted, and its input saved."""
        self.runs += 1
        try:
            with _limited(self._limit):
                self._target.run(data)
        except PcapstateError:
            pass
        except (Exception, TooSlow) as error:
            self._found(data, error)

    def _found(self, data: bytes, error: BaseException) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        calls = [one for one in traceback.extract_tb(error.__traceback__) if "fuzz/guarded" not in one.filename]
        last = [f"{Path(one.filename).name}:{one.lineno}" for one in calls[-2:]]
        place = type(error).__name__ if isinstance(error, TooSlow) else f"{type(error).__name__} {' '.join(last)}"
        if place in self.places:
            return
        told = "".join(traceback.format_exception(error))
        self.places[place] = f"{told}The input, in base64: {base64.b64encode(data).decode()}\n"
        FINDINGS.mkdir(exist_ok=True)
        path = FINDINGS / f"{self.name}-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        # The text of an exception may have what UTF-8 cannot write.
        path.with_suffix(".txt").write_text(self.places[place], "utf-8", "backslashreplace")
