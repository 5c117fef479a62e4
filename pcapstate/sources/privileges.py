"""Who called: with sudo that is another user than root, as whom everything is done that needs no privilege."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from contextlib import suppress
from typing import NamedTuple

import numpy as np

LATE = (
    "bz2",
    "difflib",
    "encodings.idna",
    "faulthandler",
    "lzma",
    "numpy.ma",
    "shutil",
    "socket",
    "tabulate",
    "tempfile",
    "wcwidth",
)
"""What this program imports once it needs it."""

PR_SET_NO_NEW_PRIVS, LINUX_CAPABILITY_VERSION_3 = 38, 0x20080522


class Caller(NamedTuple):
    """A user by number, and the user's group."""

    user: int
    group: int


def caller() -> Caller | None:
    """Return the user who called sudo; None where that is nobody else than who runs this."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.name != "posix" or os.geteuid() != 0 or not (user.isdecimal() and group.isdecimal()) or int(user) == 0:
        return None
    return Caller(int(user), int(group))


def prepare_to_give_up() -> None:
    """Import what the user who called sudo could not, later on: Python may be in a folder of root's own."""
    if (who := caller()) is not None and not _can_import(who):
        _import_all()


def give_up_privileges() -> None:
    """Become the user who called sudo, without capabilities: handling hostile bytes needs no privilege.

    A program that got its capabilities from its file (setcap) gives them up. On Linux no program started from here on
    gains any (PR_SET_NO_NEW_PRIVS). Root that did not come by sudo stays root.
    """
    _become_the_caller()
    if sys.platform.startswith("linux"):
        _give_up_capabilities()


def _become_the_caller() -> None:
    who = caller()
    if who is None:
        return
    import pwd

    os.setgroups([])
    os.setgid(who.group)
    os.setuid(who.user)
    try:
        os.environ["HOME"] = pwd.getpwuid(who.user).pw_dir
    except KeyError:
        os.environ.pop("HOME", None)


def _give_up_capabilities() -> None:
    """Give up all capabilities, unless this is root, and those that a program could gain (capset(2), prctl(2))."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() != 0:
        nothing = (ctypes.c_uint32 * 6)()
        library.capset((ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0), nothing)


def _can_import(who: Caller) -> bool:
    """Tell whether a user can read Python and this program."""
    os.setegid(who.group)
    os.seteuid(who.user)
    try:
        return all(os.access(one, os.R_OK, effective_ids=True) for one in (os.__file__, np.__file__, __file__))
    finally:
        os.seteuid(0)
        os.setegid(0)


def _import_all() -> None:
    """Import now whatever may be needed later."""
    package = __package__.partition(".")[0]
    paths = importlib.import_module(package).__path__
    own = [one.name for one in pkgutil.walk_packages(paths, f"{package}.") if not one.name.endswith("__main__")]
    for name in (*LATE, *own):
        # What is not there now, is not there later.
        with suppress(ImportError):
            importlib.import_module(name)
