"""How much memory a run may take, what each question needs of it, and how many connections fit in the rest.

Figures in bytes for each connection are upper bounds of the peak (``tests/test_memory.py``). docs/performance.md says
what they consist of.
"""

from __future__ import annotations

import os
import sys

DEFAULT = 1_000_000_000
"""Bytes that a run may take, unless told: this, or a quarter of the machine's memory where that is less."""
PROGRAM = 170_000_000
"""Bytes of the program itself: Python, libraries, buffers for reading and decoding."""
LEAST_FOR_CONNECTIONS = 64_000_000
"""Bytes that there must be for connections, or it is not worth it."""
PACKETS_WAITING = 96_000_000
"""Bytes that packets of an interface take, which wait to be worked off, or are."""
LEAST = PROGRAM + LEAST_FOR_CONNECTIONS
"""Bytes below which nothing can be done."""
SHOWN = 0
"""For each connection in ``connections`` and ``timeline``: rows are worked out some at a time and kept nowhere."""
CHOSEN = 40
"""For each connection with --filter or --sort (``timeline``: for each transition): the numbers of the rows, and during
the sort one column and its order."""
DIAGNOSE = 168
"""For each connection in ``diagnose``: arrays of the rules, groups of related connections, and the rows of its
watcher."""
DIAGNOSE_CHOSEN = 800
"""For each connection in ``diagnose`` with --filter and the like: copies of the chosen connections, and of those that
explain them."""
FRAMES_SEEN = 24_000_000
"""For ``diagnose``: the packets by which it recognizes those that are stored again."""


def default_bound(beside: int = 0) -> int:
    """Return how many bytes a run may take, unless told, where ``beside`` is needed for more than connections."""
    return max(LEAST + beside, min(DEFAULT, _installed() // 4))


def connections_within(bound: int, each: int, beside: int = 0) -> int:
    """Return how many connections of ``each`` bytes fit in ``bound`` where ``beside`` is needed for other things.

    Raises ValueError where there is too little for the others.
    """
    if bound < LEAST + beside:
        raise ValueError(f"this needs at least {-(-(LEAST + beside) // 1_000_000)} MB")
    return (bound - PROGRAM - beside) // each


def _installed() -> int:
    """Return the bytes of memory of this machine; where it does not tell, four times what is taken by default."""
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
