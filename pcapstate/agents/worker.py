"""A process that reads captures: what it may take of memory and reach of files is bounded from its start on.

It has no part of the SDK. Whoever started it ends it where a call takes too long.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from ..errors import PcapstateError
from ..query.errors import QueryError
from ..sources import landlock
from . import answers, moments
from .filter_help import filter_help
from .kept import Kept, of_capture
from .listing import list_captures
from .roots import Found, Refused, Roots
from .tools import ROWS, one_line

ANSWERED, REFUSED, FAILED, STARTED = range(4)
"""What a worker sends: an answer; why there is none, in one line; that it failed; that it has started."""
TOO_LARGE = "the capture needs more memory than this server may take (--memory); an earlier moment (at) needs less"
TOO_MUCH = 70
"""The exit code of a worker that has taken too much memory."""
RESERVED = 4
"""How many times the bound a worker may reserve: tables are reserved for many more connections than there are."""
LOOK = 0.1
"""Seconds between two looks at what it takes."""
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/proc/self",
    "/sys/devices",
)
"""What Python and its libraries read, beside their own folders."""


class Limits(NamedTuple):
    """What a worker may take."""

    memory: int
    """Bytes."""
    rows: int
    """Rows of an answer, at most."""


def serve(connection: Connection, named: tuple[str, ...], limits: Limits) -> None:
    """Answer calls until the other end of the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError):
        # Standard output belongs to the protocol.
        os.dup2(2, 1)
    roots, kept = Roots(named), Kept(limits.memory)
    _bound_memory(limits.memory)
    _confine(roots)
    # What is there now stays: looking for garbage would take its time each time.
    gc.freeze()
    calls: queue.SimpleQueue[tuple[str, Mapping[str, Any]]] = queue.SimpleQueue()
    threading.Thread(target=_watch, args=(connection, calls), daemon=True).start()
    with suppress(OSError):
        connection.send((STARTED, None))
        while True:
            connection.send(answer(roots, kept, limits.rows, *calls.get()))


def _watch(connection: Connection, calls: queue.SimpleQueue[Any]) -> None:
    """Take calls, in a thread: where the other process is gone, this one ends in the middle of its work."""
    with suppress(EOFError, OSError):
        while True:
            calls.put(connection.recv())
    os._exit(1)


def answer(roots: Roots, kept: Kept, most: int, name: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
    """Answer a call of a tool, whose arguments are checked; return ANSWERED and the answer, or why there is none."""
    capture: Found | None = None
    try:
        limit = min(int(arguments.get("limit", ROWS)), most)
        if name == "list_captures":
            return ANSWERED, list_captures(roots, kept, arguments, limit)
        if name == "filter_help":
            return ANSWERED, filter_help(arguments["tool"])
        capture = roots.find(arguments["capture"])
        return ANSWERED, _about(name)(answers.Asked(kept, capture, arguments, limit))
    except QueryError as error:
        return REFUSED, one_line(str(error).removeprefix("--"))
    except PcapstateError as error:
        said = str(error) if capture is None or isinstance(error, Refused) else of_capture(error, capture)
        return REFUSED, one_line(said)
    except MemoryError:
        kept.forget()
        return REFUSED, TOO_LARGE
    except OSError as error:
        return REFUSED, one_line(f"the capture cannot be read: {error.strerror or type(error).__name__}")
    except Exception as error:
        # What it says may be from the capture, so it stays here.
        print(f"pcapstate: {name}: {one_line(repr(error))}", file=sys.stderr)
        return FAILED, f"{name} failed ({type(error).__name__})"


def _about(name: str) -> Callable[[answers.Asked], Any]:
    """Return what answers a tool about a capture."""
    if name == "netstat":
        return moments.netstat
    if name in ("explain_connection", "findings"):
        # Loaded where it is asked for: rules and sentences take their time.
        from . import explaining

        return explaining.explain if name == "explain_connection" else explaining.findings
    return {
        "describe_capture": answers.describe,
        "connections": answers.connections,
        "timeline": answers.timeline,
        "who_ended": answers.who_ended,
    }[name]


def _bound_memory(most: int) -> None:
    """End this process once it takes more memory, and let single allocations far beyond it fail (Linux, macOS)."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = most * RESERVED if hard == resource.RLIM_INFINITY else min(most * RESERVED, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
        threading.Thread(target=_watch_memory, args=(most, _taken()), daemon=True).start()


def _watch_memory(most: int, taken: Callable[[], int]) -> None:
    while taken() <= most:
        time.sleep(LOOK)
    os._exit(TOO_MUCH)


def _taken() -> Callable[[], int]:
    """Return what tells the bytes of memory that this process takes, or has taken at most."""
    import resource

    try:
        # Opened before files are out of reach.
        file, page = os.open("/proc/self/statm", os.O_RDONLY), os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return lambda: int(os.pread(file, 200, 0).split()[1]) * page


def _confine(roots: Roots) -> None:
    """Leave nothing within reach but the captures and what Python reads, no file to write, no network (Landlock)."""
    python = [os.path.dirname(os.__file__), sys.prefix, sys.base_prefix, *(one for one in sys.path if one)]
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    allowed = dict.fromkeys([*python, os.path.join(own, "pcapstate"), *SYSTEM, *roots.paths], landlock.READ)
    allowed[os.devnull] = landlock.READ_FILE | landlock.WRITE_FILE
    with suppress(OSError, ImportError, AttributeError):
        import ctypes

        if landlock.version():
            from ..sources.privileges import PR_SET_NO_NEW_PRIVS

            ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(one) for one in (1, 0, 0, 0)))
            landlock.restrict(allowed, network=False)
