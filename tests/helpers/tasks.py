"""Tasks of an archive build that go well or badly, for processes and clusters: each has a folder for its marks."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pcapstate.errors import CaptureError
from pcapstate.messages import of_name


class Task(NamedTuple):
    """What to do, and how often it goes badly before it goes well."""

    what: str
    number: int = 0
    folder: str = ""
    times: int = 1_000


def do(task: Task) -> int:
    """Return the square of the task's number, unless it goes badly."""
    if task.what != "square":
        mark = Path(task.folder, str(task.number))
        with mark.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if tries(task) <= task.times:
            badly(task)
    return task.number**2


def tries(task: Task) -> int:
    """Return how often a task has begun."""
    mark = Path(task.folder, str(task.number))
    return len(mark.read_text().splitlines()) if mark.exists() else 0


def badly(task: Task) -> None:
    """Die, hang or raise."""
    if task.what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif task.what == "exit":
        os._exit(7)
    elif task.what == "hang":
        with partial(task):
            time.sleep(600)
    elif task.what == "raise":
        raise ValueError("two\nlines and \x1b[31mred")
    elif task.what == "final":
        raise CaptureError(of_name("one.pcap", "no capture file"))
    elif task.what == "lose executor":
        # This process ← the one that forks for each task ← the Java one.
        os.kill(parent_of(os.getppid()), signal.SIGKILL)
        time.sleep(600)


@contextmanager
def partial(task: Task) -> Iterator[None]:
    """Keep a file for as long as the task is done."""
    file = Path(task.folder, f"{task.number}.partial")
    file.touch()
    try:
        yield
    finally:
        file.unlink()


def parent_of(process: int) -> int:
    """Return the process that began a process."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def lives(process: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def modules(name: str) -> list[str]:
    """Return the modules that are loaded, of a package."""
    return [one for one in sys.modules if one.partition(".")[0] == name]


def process(_: object) -> int:
    """Return the process that does it."""
    return os.getpid()


def unpicklable(_: object) -> object:
    """Return what another process cannot get."""
    return lambda: None
