"""The memory bound of a run, the share of each question, and the number of connections that fit in the rest.

Figures in bytes for each connection are upper bounds of the peak (``tests/test_memory.py``). docs/performance.md says
what they consist of.
"""

from __future__ import annotations

import os
import sys

from .messages import Message

DEFAULT = 1_000_000_000
"""The default bound in bytes: this, or a quarter of the machine's memory if that is less."""
PROGRAM = 170_000_000
"""Bytes of the program itself: Python, libraries, buffers for reading and decoding."""
LEAST_FOR_CONNECTIONS = 64_000_000
"""Fewest bytes for connections."""
PACKETS_WAITING = 96_000_000
"""Bytes of captured packets from an interface that wait or are being processed."""
LEAST = PROGRAM + LEAST_FOR_CONNECTIONS
"""The smallest possible bound in bytes."""
SHOWN = 0
"""For each connection in ``connections`` and ``timeline``: rows are made in batches and not kept."""
CHOSEN = 40
"""For each connection with --filter or --sort (``timeline``: for each transition): the numbers of the rows, and during
the sort one column and its order."""
TRACED = 64
"""For each transition in a trace: when its state ends, the order by endpoint, and by time where a clock steps back."""
DIAGNOSE = 168
"""For each connection in ``diagnose``: arrays of the rules, groups of related connections, and the rows of its
watcher."""
DIAGNOSE_CHOSEN = 800
"""For each connection in ``diagnose`` with --filter and the like: copies of the chosen connections, and of those that
explain them."""
REPORT = DIAGNOSE + 100
"""For each connection or transition in ``report``: what ``diagnose`` takes, and transitions in order."""
PLOTTED = 160
"""For each connection or transition in ``plot``: its changes in order, and the counts that they make of all states."""
CHECK = 64
"""For each connection or transition in ``check``: transitions in the order of their endpoints, and how certain they
are."""
FRAMES_SEEN = 24_000_000
"""For ``diagnose``: the packets kept to recognize duplicates."""


def default_bound(beside: int = 0) -> int:
    """Return the default bound of a run in bytes; ``beside``: bytes needed for data other than connections."""
    return max(LEAST + beside, min(DEFAULT, _installed() // 4))


def connections_within(bound: int, each: int, beside: int = 0) -> int:
    """Return how many connections of ``each`` bytes fit in ``bound``, with ``beside`` bytes for other data.

    Raises ValueError if ``bound`` is too small for the other data.
    """
    if bound < LEAST + beside:
        raise ValueError(Message("this needs at least {least} MB", least=-(-(LEAST + beside) // 1_000_000)))
    return (bound - PROGRAM - beside) // each


def _installed() -> int:
    """Return the bytes of memory of this machine; if unknown, four times the default bound."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):  # MEMORYSTATUSEX
            _fields_ = (
                ("length", ctypes.c_uint32),
                ("load", ctypes.c_uint32),
                ("total", ctypes.c_uint64),
                ("others", ctypes.c_uint64 * 6),
            )

        status = Status(length=ctypes.sizeof(Status))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.total)
        return 4 * DEFAULT
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 4 * DEFAULT
