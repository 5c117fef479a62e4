"""Work that is done ahead in a thread, while what came before is worked on."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

Item = TypeVar("Item")
MOST_THREADS = 3
"""Threads at most: one reads and finds frames, one decodes them, one tracks segments. Of two, the second does both."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ahead(items: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """Run a generator in a thread, an item ahead: compiled kernels and reads release the interpreter's lock."""
    passing: queue.Queue[Item | BaseException | None] = queue.Queue(maxsize=1)
    stop = threading.Event()

    def put(item: Item | BaseException | None) -> None:
        while not stop.is_set():
            try:
                passing.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def run() -> None:
        try:
            with closing(items):
                for item in items:
                    put(item)
                    if stop.is_set():
                        break
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=run, name="pcapstate-ahead", daemon=True)
    thread.start()
    try:
        while (item := passing.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
