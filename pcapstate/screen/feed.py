"""The reading behind the screen: it goes on in a thread of its own, whatever the screen shows."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque

from ..errors import PcapstateError
from ..reading import Reading
from ..replay.log import PacketLog

SAMPLES = 120
"""Seconds of which packets a second are known."""


class _Stopped(Exception):
    """Reading is to end."""


class Feed:
    """Reads to the end in a thread, and keeps packets and transitions in the log."""

    def __init__(self, reading: Reading, log: PacketLog) -> None:
        self.reading, self._log = reading, log
        log.attach(reading.capture.table)
        self.failure = ""
        """Why reading ended before its time."""
        self.ended = False
        """Nothing more is read."""
        self.position = 0
        """Bytes that were read."""
        self._stopping = False
        self._samples: deque[tuple[float, int, int]] = deque([(time.monotonic(), 0, 0)], maxlen=SAMPLES)
        self._thread = threading.Thread(target=self._run, name="pcapstate-feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        following = self.reading.capture.follow(self._at)
        try:
            for rows in following:
                self._log.changed(rows)
        except _Stopped:
            pass
        except (PcapstateError, OSError, MemoryError) as error:
            self.failure = str(error) or type(error).__name__
        finally:
            following.close()
            self.ended = True

    def _at(self, position: int) -> None:
        if self._stopping:
            raise _Stopped
        self.position = position

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

    def stop(self) -> None:
        """End reading, and wait until it has ended."""
        self._stopping = True
        if stop := getattr(self.reading.capture.source, "stop", None):
            stop()
        self._thread.join(timeout=5)
