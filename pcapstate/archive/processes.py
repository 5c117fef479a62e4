"""Tasks done by processes of this machine, which may die or hang: the others go on."""

from __future__ import annotations

import os
import pickle
import queue
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import PcapstateError
from ..escaping import safe
from ..interrupts import without_interrupts
from ..messages import Message
from ..working_ahead import processors
from .workers import Done

TRIES = 3
"""How often a task is begun at most."""
GRACE = 1.0
"""Seconds that a process has to remove its partial files before it is killed."""
LONGEST = 300
"""Characters of an exception's text that a failure shows at most."""
STARTING = 60.0
"""Seconds more that a process has for its first task, since it starts then."""
RETURNED, FINAL, RAISED, STARTED = range(4)
"""What a process answers: the result; an error that another attempt would have, too; any other exception; that it has
started, before its first task."""


class Processes:
    """Tasks done by processes of this machine, begun at the first task and kept until ``close``.

    Their exceptions of class PcapstateError are final; after any other exception, the death of a process, or
    ``patience`` seconds without an end, a task is done again, three times in all. The processes end with this one,
    however it ends. One ``do`` at a time.
    """

    def __init__(self, count: int | None = None, *, patience: float | None = None) -> None:
        self._count = processors() if count is None else max(count, 1)
        self._patience = patience
        self._idle: list[_Process] = []

    def do(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        """Do all tasks; yield each as it ends."""
        waiting, tries = deque(range(len(tasks))), [0] * len(tasks)
        busy: dict[Connection, _Process] = {}
        ended: deque[Done] = deque()
        try:
            while waiting or busy or ended:
                while waiting and len(busy) < self._count:
                    index = waiting.popleft()
                    tries[index] += 1
                    process = self._process()
                    # Known before it works, so that Ctrl-C ends it.
                    busy[process.connection] = process
                    process.begin(index, (work, tasks[index]), self._patience)
                if ended:
                    yield ended.popleft()
                    continue
                for process in _ready(busy.values()):
                    kind, value = process.answer()
                    if kind == STARTED:
                        process.started()
                        continue
                    del busy[process.connection]
                    if process.alive:
                        self._idle.append(process)
                    else:
                        _end([process])
                    if kind == RETURNED:
                        ended.append(Done(process.index, value))
                    elif kind == FINAL:
                        ended.append(Done(process.index, failure=value))
                    elif tries[process.index] < TRIES:
                        waiting.append(process.index)
                    else:
                        why = Message("{tries} attempts failed, the last: {why}", tries=TRIES, why=value)
                        ended.append(Done(process.index, failure=why))
        finally:
            _end(busy.values())

    def address(self) -> None:
        """Return None: there is nothing to watch."""

    def close(self) -> None:
        """End the processes."""
        idle, self._idle = self._idle, []
        _end(idle)

    def _process(self) -> _Process:
        """Return a process that waits for a task."""
        while self._idle:
            process = self._idle.pop()
            if process.process.is_alive():
                return process
            _end([process])
        return _Process()


class _Process:
    """A process, and the way to it."""

    def __init__(self) -> None:
        self.connection, there = _spawning.Pipe()
        self.process = _spawning.Process(target=_serve, args=(there,), name="pcapstate-worker", daemon=True)
        with there, without_interrupts():
            self.process.start()
        self._more = STARTING
        self.index = -1
        """Which of the tasks it does."""
        self.until: float | None = None
        """When it must have ended."""
        self.alive = True

    def begin(self, index: int, call: tuple[Callable[[Any], Any], Any], patience: float | None) -> None:
        """Have it do a task."""
        self.index, self._patience = index, patience
        self.until = None if patience is None else time.monotonic() + patience + self._more
        data = pickle.dumps(call)
        # If it has died, its end of the connection says so.
        with suppress(OSError):
            self.connection.send_bytes(data)

    def started(self) -> None:
        """Count the seconds of its first task from now on."""
        self._more = 0.0
        if self._patience is not None:
            self.until = time.monotonic() + self._patience

    def answer(self) -> tuple[int, Any]:
        """Return what became of its task, which has ended, or has taken too long."""
        if not self.connection.poll():
            self.alive = False
            return RAISED, Message("no end after {seconds:g} seconds", seconds=self._patience)
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self.process.join(GRACE)
            return RAISED, _why_died(self.process.exitcode)
        except Exception as error:
            return RAISED, in_one_line(error)


def in_one_line(error: BaseException) -> str:
    """Return an exception of a task as text: its class and what it says."""
    return shortened(f"{type(error).__name__}: {error}")


def shortened(text: str) -> str:
    """Return a text from outside as a failure shows it: harmless, in one line, cut where it is long."""
    said = safe(re.sub(r"\s+", " ", text).strip())
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _why_died(code: int | None) -> Message:
    if code is not None and code < 0:
        name = next((one.name for one in signal.Signals if one == -code), str(-code))
        if name == "SIGKILL":
            return Message("its process was killed (SIGKILL); the system does so when memory runs out")
        return Message("its process died of signal {name}", name=name)
    return Message("its process ended with exit code {code}", code=code)


def _ready(processes: Iterable[_Process]) -> list[_Process]:
    """Wait for processes that have an answer, have died, or have taken too long."""
    known = list(processes)
    ends = [one.until for one in known if one.until is not None]
    found = wait([one.connection for one in known], max(min(ends) - time.monotonic(), 0) if ends else None)
    now = time.monotonic()
    return [one for one in known if one.connection in found or (one.until is not None and one.until <= now)]


def _end(processes: Iterable[_Process]) -> None:
    """End processes, whatever they do."""
    known = list(processes)
    for one in known:
        one.process.terminate()
    until = time.monotonic() + GRACE
    for one in known:
        one.process.join(max(until - time.monotonic(), 0))
        if one.process.exitcode is None:
            one.process.kill()
            one.process.join()
        one.process.close()
        one.connection.close()


# --- in the processes

_spawning = get_context("spawn")
"""Spawned, not forked: this process has threads."""


def _serve(connection: Connection) -> None:
    """Do tasks until the other end of the connection is closed."""
    if hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # As an exception, so that partial files are removed.
    signal.signal(signal.SIGTERM, _leave)
    # Standard output belongs to the answer of a command.
    os.dup2(2, 1)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_watch, args=(connection, calls), daemon=True).start()
    # Once the other end is closed, SIGTERM is on its way.
    with suppress(OSError):
        connection.send((STARTED, None))
        while True:
            found = _done(calls.get())
            try:
                connection.send(found)
            except OSError:
                raise
            except Exception as error:
                # A result that cannot be pickled.
                connection.send((RAISED, in_one_line(error)))


def _watch(connection: Connection, calls: queue.SimpleQueue[bytes]) -> None:
    """Take what arrives, in a thread: where the parent process is gone, this one ends in the middle of its task."""
    try:
        while True:
            calls.put(connection.recv_bytes())
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(1)


def _done(data: bytes) -> tuple[int, Any]:
    try:
        work, task = pickle.loads(data)
        return RETURNED, work(task)
    except PcapstateError as error:
        return FINAL, str(error)
    except Exception as error:
        return RAISED, in_one_line(error)
