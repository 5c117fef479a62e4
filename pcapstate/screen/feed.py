"""The reading behind the screen: it goes on in a thread of its own, whatever the screen shows."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque

from ..messages import reason
from ..reading import Reading
from .board import Board

LOOK = 0.5
"""Seconds between two looks at whose packets they are."""
SAMPLES = 120
"""Seconds of which packets a second are known."""


class _Stopped(Exception):
    """Reading is to end."""


class Feed:
    """Reads to the end in a thread, and keeps packets and transitions in the log."""

    def __init__(self, reading: Reading, board: Board) -> None:
        self.reading, self._board = reading, board
        board.begin(reading.capture)
        self.failure = ""
        """Why reading ended before its time."""
        self.ended = False
        """Nothing more is read."""
        self.position = 0
        """Bytes that were read."""
        self._stopping = False
        self._looked = 0.0
        self._samples: deque[tuple[float, int, int]] = deque([(time.monotonic(), 0, 0)], maxlen=SAMPLES)
        self._thread = threading.Thread(target=self._run, name="pcapstate-feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        following = self.reading.capture.follow(self._at)
        try:
            for rows in following:
                self._board.log.changed(rows)
        except _Stopped:
            pass
        except Exception as error:
            # A thread has nobody above it to tell.
            self.failure = reason(error) if str(error) else type(error).__name__
        finally:
            following.close()
            self._board.look(self.reading.capture.table)
            self.ended = True

    def _at(self, position: int) -> None:
        if self._stopping:
            raise _Stopped
        self.position = position
        if (now := time.monotonic()) - self._looked > LOOK:
            self._board.look(self.reading.capture.table)
            self._looked = now

    def sample(self) -> list[int]:
        """Return packets a second in each of the last seconds; to be called once a second."""
        self._samples.append((time.monotonic(), self.reading.capture.frames, self.position))
        samples = list(self._samples)
        return [
            round((later[1] - one[1]) / max(later[0] - one[0], 0.001)) for one, later in itertools.pairwise(samples)
        ]

    @property
    def bytes_a_second(self) -> int:
        """Bytes read a second of late."""
        one, later = self._samples[max(len(self._samples) - 2, 0)], self._samples[-1]
        return round((later[2] - one[2]) / max(later[0] - one[0], 0.001))

    def wait(self) -> None:
        """Wait until reading has ended by itself."""
        self._thread.join()

    def stop(self) -> None:
        """End reading, and wait until it has ended."""
        self._stopping = True
        if stop := getattr(self.reading.capture.source, "stop", None):
            stop()
        self._thread.join(timeout=5)
