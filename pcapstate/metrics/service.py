"""Metrics of one capture, from its socket to its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ..capture import Capture
from .families import families
from .meter import Meter
from .serving import Listener, Server
from .text import written


class Metrics:
    """Listens at a place from the start, so before privileges are given up; ``serve`` answers. Raises ListenError.

    ``meter``: one of the capture's watchers, and entered while its tables change. ``local``: as for ``Meter``.
    """

    def __init__(self, place: tuple[str, int], local: Sequence[str] = ()) -> None:
        self.meter = Meter(local)
        self._listener = Listener(*place)
        self._server: Server | None = None

    def serve(self, capture: Capture) -> str:
        """Answer from now on, with the numbers of a capture; return the URL."""
        self.meter.attach(capture)
        self._server = Server(self._listener, self._answer)
        return self._listener.url

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._server is None:
            self._listener.close()
        else:
            self._server.stop()

    def _answer(self, kind: str) -> tuple[str, bytes]:
        return kind, written(families(self.meter.numbers()), kind)
