"""The worker processes of a server: few of them, each ended where a call takes too long, and begun anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from typing import Any

from ..interrupts import without_interrupts
from .roots import Refused
from .worker import FAILED, STARTED, TOO_LARGE, TOO_MUCH, Limits, serve

WORKERS = 2
"""Calls that are worked on at the same time."""
WAITING = 16
"""Calls that wait for a worker at most."""
STARTING = 60.0
"""Seconds that a worker has to start."""
GRACE = 2.0
"""Seconds in which a killed process ends."""
_spawning = get_context("spawn")
"""Spawned, not forked: this process has threads, and what workers must not have."""


class Broken(Exception):
    """A worker failed, or the call was given up."""


class Pool:
    """Workers for the captures in some folders. ``timeout``: seconds that a call may take."""

    def __init__(self, named: tuple[str, ...], limits: Limits, timeout: float) -> None:
        self._named, self._limits, self._timeout = named, limits, timeout
        self._free = threading.Semaphore(WORKERS)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._waiting = 0
        self._closed = False

    def call(self, call: Call, name: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Have a worker answer a call of a tool, and wait for it. Raises Refused, Broken."""
        with self._lock:
            if self._waiting >= WAITING:
                raise Refused("the server is busy: too many calls at once; ask again later")
            self._waiting += 1
        try:
            while not self._free.acquire(timeout=0.5):
                if call.given_up or self._closed:
                    raise Broken("the call was given up")
        finally:
            with self._lock:
                self._waiting -= 1
        try:
            return self._work(call, name, arguments)
        finally:
            self._free.release()

    def _work(self, call: Call, name: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        worker = self._worker(arguments.get("capture"))
        ended = False
        try:
            if not call.begun_by(worker):
                raise Broken("the call was given up")
            kind, value = worker.ask(name, arguments, self._timeout)
            ended = True
        except TimeoutError:
            limit = f"no answer within {self._timeout:g} s (--timeout)"
            raise Refused(f"{limit}; an earlier moment (at) needs less of the capture") from None
        except (EOFError, OSError):
            raise Refused(worker.why_died()) from None
        finally:
            call.begun_by(None)
            with self._lock:
                if ended and not self._closed and worker.alive:
                    self._idle.append(worker)
                else:
                    self._all.discard(worker)
                    worker.kill()
        if kind == FAILED:
            raise Broken(value)
        return kind, value

    def _worker(self, capture: str | None) -> _Worker:
        """Return a worker that is idle: the one that was asked about the same capture before, if it is."""
        with self._lock:
            for worker in [one for one in self._idle if not one.alive]:
                self._idle.remove(worker)
                self._all.discard(worker)
            found = next((one for one in self._idle if one.capture == capture), None)
            if found is None and len(self._all) < WORKERS:
                found = _Worker(self._named, self._limits)
                self._all.add(found)
            elif found is None:
                found = self._idle[0]
            if found in self._idle:
                self._idle.remove(found)
            found.capture = capture or found.capture
            return found

    def close(self) -> None:
        """End all workers, whatever they do."""
        self._closed = True
        with self._lock:
            known, self._all, self._idle = self._all, set(), []
        for one in known:
            one.kill()


class Call:
    """A call that can be given up while it waits or is worked on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self.given_up = False

    def begun_by(self, worker: _Worker | None) -> bool:
        """Take who works on it; tell whether it is still wanted."""
        with self._lock:
            self._worker = worker
            return not self.given_up

    def give_up(self) -> None:
        """End the work on it."""
        with self._lock:
            self.given_up = True
            if self._worker is not None:
                self._worker.kill()


class _Worker:
    """A process, and the way to it."""

    def __init__(self, named: tuple[str, ...], limits: Limits) -> None:
        self.connection, there = _spawning.Pipe()
        self.process = _spawning.Process(target=serve, args=(there, named, limits), name="pcapstate-mcp", daemon=True)
        with there, without_interrupts():
            self.process.start()
        self.capture: str | None = None
        self._started = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.process.is_alive()

    def ask(self, name: str, arguments: Mapping[str, Any], seconds: float) -> tuple[int, Any]:
        """Return what it answers. Raises TimeoutError, and EOFError or OSError if it has died."""
        self.connection.send((name, dict(arguments)))
        if not self._started:
            assert self._receive(STARTING)[0] == STARTED
            self._started = True
        return self._receive(seconds)

    def _receive(self, seconds: float) -> tuple[int, Any]:
        until = time.monotonic() + seconds
        if not self.connection.poll(max(until - time.monotonic(), 0)):
            raise TimeoutError
        found: tuple[int, Any] = self.connection.recv()
        return found

    def why_died(self) -> str:
        """Return why it does not answer."""
        self.process.join(GRACE)
        if self.process.exitcode == TOO_MUCH:
            return TOO_LARGE
        return "the process that read the capture has died; the system may have run out of memory"

    def kill(self) -> None:
        """End it."""
        with suppress(ValueError, OSError):
            self.process.kill()
            self.process.join(GRACE)
