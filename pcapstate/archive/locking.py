"""One build at a time: a lock that goes with the process that holds it."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import CallError
from ..escaping import safe
from ..messages import Message
from .manifest import FOLDER
from .storage import Storage

NAME = f"{FOLDER}/lock"
LEASE = 60.0
"""Seconds for which a lock in an object store holds without being renewed."""
RENEWED = 15.0


@contextmanager
def locked(storage: Storage) -> Iterator[None]:
    """Hold the lock of a dataset. Raises CallError where another process does.

    In a folder the system lets go of it when the process ends, however it ends. In an object store it is a note that is
    renewed, and that nobody heeds once it is LEASE seconds old; the commit of a manifest is what finally decides.
    """
    with _local(storage) if storage.remote is None else _remote(storage):
        yield


def _taken(storage: Storage, holder: str) -> CallError:
    return CallError(
        Message("another build of {root} is running ({holder})", root=safe(storage.root), holder=safe(holder))
    )


def _holder() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"


@contextmanager
def _local(storage: Storage) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        # Windows: the file cannot be opened a second time for writing while it is locked.
        with _remote(storage):
            yield
        return
    path = storage.path(NAME)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = Path(path).open("a+")  # noqa: SIM115 (it is closed below, with the lock)
    except OSError as error:
        raise CallError(Message("{path}: {why}", path=safe(path), why=safe(error.strerror or ""))) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise _taken(storage, file.read(200).strip() or "?") from None
        file.truncate(0)
        file.write(_holder())
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def _remote(storage: Storage) -> Iterator[None]:
    mine = {"holder": _holder(), "token": os.urandom(8).hex()}

    def write() -> None:
        storage.write(NAME, json.dumps({**mine, "until": time.time() + LEASE}).encode())

    def read() -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(storage.read(NAME))
            return found
        return {}

    found = read()
    if found.get("until", 0) > time.time():
        raise _taken(storage, str(found.get("holder", "?")))
    write()
    if read().get("token") != mine["token"]:
        raise _taken(storage, str(read().get("holder", "?")))
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWED):
            with suppress(Exception):
                write()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        storage.remove(NAME)
