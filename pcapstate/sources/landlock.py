"""Landlock: a process gives up access to files and to the network for good (landlock(7)).

It holds for the calling thread and whatever that starts from then on. What is open stays open.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The system calls, on every machine but Alpha."""
VERSION_FLAG, PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG = 1 << 5, 1 << 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Rights to files that are no folders."""
READ = READ_FILE | READ_DIR
HANDLED_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights to files that a version knows, by the version that brought the last of them."""
NETWORK_SINCE, TCP = 4, 0b11
"""To bind a TCP socket, and to connect one."""
SCOPES_SINCE, SCOPES = 6, 0b11
"""Abstract sockets, and signals, of processes outside."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that the kernel has (its ABI); 0: none."""
    if not sys.platform.startswith("linux") or os.uname().machine == "alpha":
        return 0
    return max(0, _call(CREATE_RULESET, None, 0, VERSION_FLAG))


def restrict(allowed: Mapping[str, int], network: bool) -> int:
    """Give up everything but these rights to files and folders, with all beneath them; return the version, 0: none.

    ``network``: TCP and processes outside stay within reach. Paths that are not there are left out. The caller may gain
    no privileges (PR_SET_NO_NEW_PRIVS). Raises OSError.
    """
    found = version()
    if not found:
        return 0
    handled = max(rights for since, rights in HANDLED_FILES.items() if since <= found)
    rules = _Ruleset(handled, 0, 0)
    if not network:
        rules.network = TCP if found >= NETWORK_SINCE else 0
        rules.scopes = SCOPES if found >= SCOPES_SINCE else 0
    size = 24 if found >= SCOPES_SINCE else 16 if found >= NETWORK_SINCE else 8
    ruleset = _checked(_call(CREATE_RULESET, ctypes.byref(rules), size, 0))
    try:
        for path, rights in allowed.items():
            _allow(ruleset, path, rights & handled)
        _checked(_call(RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return found


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        one = _Beneath(rights if os.path.isdir(path) else rights & OF_FILES, opened)
        _checked(_call(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(one), 0))
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    # The compiler would widen them: a variadic call passes whole registers.
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result: int = library.syscall(ctypes.c_long(number), *given)
    return result


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
