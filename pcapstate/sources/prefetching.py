"""Read ahead in a thread: decompressors release the interpreter's lock, so both run at the same time."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import Any

from .streams import Stream, read_into

AT_ONCE = 4 << 20
"""Bytes read without a thread: for less, starting one is not worth it."""
PIECE, PIECES = 1 << 18, 16
"""Bytes of a piece, and most pieces that wait."""
PATIENCE = 0.5
"""Seconds to wait for the thread at the end; it may be blocked in a read of standard input."""


class Prefetched:
    """A stream whose bytes are read by a thread, a few pieces ahead."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._passed = 0
        self._thread: threading.Thread | None = None
        self._pieces: queue.Queue[memoryview | BaseException] = queue.Queue(maxsize=PIECES)
        self._piece = memoryview(b"")
        self._end: memoryview | BaseException | None = None
        self._stop = threading.Event()

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer; return how many, 0 at the end. Waits only for the first piece."""
        if self._thread is None:
            if self._passed < AT_ONCE:
                count = read_into(self._stream, buffer)
                self._passed += count
                return count
            self._thread = threading.Thread(target=self._run, name="pcapstate-unpack", daemon=True)
            self._thread.start()
        done = 0
        while done < len(buffer):
            if not self._piece:
                if self._end is None:
                    try:
                        got = self._pieces.get(block=done == 0)
                    except queue.Empty:
                        break
                    if isinstance(got, BaseException) or not got:
                        self._end = got
                    else:
                        self._piece = got
                        continue
                if done == 0 and isinstance(self._end, BaseException):
                    raise self._end
                break
            count = min(len(self._piece), len(buffer) - done)
            buffer[done : done + count] = self._piece[:count]
            self._piece = self._piece[count:]
            done += count
        return done

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                piece = memoryview(bytearray(PIECE))
                count = read_into(self._stream, piece)
                self._put(piece[:count])
                if not count:
                    return
        except BaseException as error:
            self._put(error)

    def _put(self, piece: memoryview | BaseException) -> None:
        while not self._stop.is_set():
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=0.1)
                return

    def close(self) -> None:
        """End the thread and close the stream."""
        self._stop.set()
        if self._thread is not None:
            with suppress(queue.Empty):
                while True:
                    self._pieces.get_nowait()
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                return
        self._stream.close()
