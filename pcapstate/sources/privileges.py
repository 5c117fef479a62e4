"""What is given up once the sockets are open: handling hostile bytes needs no privilege.

With sudo the program becomes the user who called it; root without sudo becomes ``nobody``. Capabilities go, also those
of the program's file (setcap), and none can be gained. Where Linux has Landlock, files and the network go as well.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from ..errors import CallError
from ..escaping import quoted
from ..messages import Message
from . import landlock

LATE = (
    "bz2",
    "difflib",
    "encodings.idna",
    "faulthandler",
    "lzma",
    "numpy.ma",
    "selectors",
    "shutil",
    "socket",
    "tabulate",
    "tempfile",
    "wcwidth",
)
"""What this program imports once it needs it."""
LATE_ON_SCREENS = ("textual.drivers.linux_driver", "textual.drivers.linux_inline_driver")
"""The same, where there is a screen."""

NOBODY = "nobody"
PR_SET_NO_NEW_PRIVS, LINUX_CAPABILITY_VERSION_3 = 38, 0x20080522
LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/etc/ld.so.cache")
"""What the modules of Python that are not loaded yet may need."""
TIME_ZONES = ("/etc/localtime", "/usr/share/zoneinfo")
FOR_NAMES = ("/etc", "/run", "/usr/lib", "/usr/share", "/var/lib/sss")
"""What this machine's resolver reads."""

Said = tuple[str, dict[str, Any]]
"""A template for people, and its fields."""


class User(NamedTuple):
    """A user by number and name, and the user's group."""

    user: int
    group: int
    name: str


class GivenUp(NamedTuple):
    """How privileges are given up by a program that does nothing else than this."""

    user: str | None = None
    """The user to become (None: the user who called sudo, else ``nobody``)."""
    network: bool = False
    """Names are looked up, so the network and the files of the resolver stay within reach."""
    temporary: bool = False
    """Files can be made in the folder of temporary files."""


def caller() -> User | None:
    """Return the user who called sudo; None where that is nobody else than who runs this."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if not _is_root() or not (user.isdecimal() and group.isdecimal()) or int(user) == 0:
        return None
    return User(int(user), int(group), os.environ.get("SUDO_USER") or user)


def owner(how: GivenUp | None) -> User | None:
    """Return the user whose files are made: the chosen one, or who called sudo. Raises CallError.

    None: whoever runs this.
    """
    return caller() if how is None or how.user is None else _named(how.user)


def successor(how: GivenUp | None) -> User | None:
    """Return the user that the program becomes; None: it stays who it is. Raises CallError.

    ``how`` None: the program is somebody else's, who called the library; only the user who called sudo is meant then.
    """
    found = owner(how)
    if found is None and how is not None and _is_root():
        with suppress(CallError):
            found = _named(NOBODY)
    return found


def _named(name: str) -> User:
    if os.name != "posix":
        raise CallError("only on Linux, macOS and the like can the program become another user")
    import pwd

    try:
        found = pwd.getpwuid(int(name)) if name.isascii() and name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError, ValueError):
        raise CallError(Message("there is no user {name}", name=quoted(name))) from None
    if not _is_root() and found.pw_uid != os.geteuid():
        raise CallError(Message("only root can become the user {name}", name=quoted(name)))
    return User(found.pw_uid, found.pw_gid, found.pw_name)


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def begin_beside(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Begin a process that keeps what is given up later, to do one thing; without root it gets no capability."""
    if sys.platform.startswith("linux") and not _is_root():
        _gain_nothing()
    # A session of its own: Ctrl-C is for the program that captures.
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True, **options)


def prepare_to_give_up(how: GivenUp | None = None) -> None:
    """Import what the user could not, that the program becomes: Python may be in a folder of root's own."""
    if (who := successor(how)) is not None and who.user != 0 and not _can_import(who):
        _import_all()


def give_up_privileges(how: GivenUp | None = None) -> list[Said]:
    """Give up what is not needed once the sockets are open; return what there is to say about that.

    In this thread, and in those that it starts from then on. ``how`` None: the library was called, whose caller has
    other things to do. Then root that did not come by sudo stays root, and files stay within reach.
    """
    said = _become(successor(how))
    if sys.platform.startswith("linux"):
        _gain_nothing()
        if how is not None or os.geteuid() != 0:
            _give_up_capabilities()
            said.append(("gave up all capabilities; programs that it starts gain none", {}))
    if how is not None:
        said.append(_confine(how))
    return said


def _become(who: User | None) -> list[Said]:
    if who is None:
        return [("runs as user {user}, as before", {"user": os.geteuid()})] if os.name == "posix" else []
    import pwd

    if _is_root():
        os.setgroups([])
        os.setgid(who.group)
        os.setuid(who.user)
    try:
        os.environ["HOME"] = pwd.getpwuid(who.user).pw_dir
    except KeyError:
        os.environ.pop("HOME", None)
    return [("runs as user {name} ({user}), group {group}, without other groups", who._asdict())]


def _gain_nothing() -> None:
    """Let no program that is started gain, or inherit, a capability (prctl(2), capset(2)); root's have them."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(one) for one in (1, 0, 0, 0)))
    if os.geteuid() != 0:
        # Twice: effective, permitted, inheritable.
        header, sets = _capabilities()
        library.capget(header, sets)
        sets[2] = sets[5] = 0
        library.capset(header, sets)


def _give_up_capabilities() -> None:
    """Give up all capabilities (capset(2))."""
    ctypes.CDLL(None, use_errno=True).capset(*_capabilities())


def _capabilities() -> tuple[Any, Any]:
    """Return the header and empty sets, as capset(2) takes them of this thread."""
    return (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()


def _confine(how: GivenUp) -> Said:
    """Leave no file within reach but what Python needs, and no network (Landlock)."""
    reads = [*_python(), *LIBRARIES, *TIME_ZONES, *(FOR_NAMES if how.network else ())]
    allowed = dict.fromkeys(reads, landlock.READ)
    allowed[os.devnull] = landlock.READ_FILE | landlock.WRITE_FILE
    if how.temporary:
        import tempfile

        with suppress(OSError):
            allowed[tempfile.gettempdir()] = landlock.READ_FILE | landlock.WRITE_FILE | landlock.MAKE_REG
    try:
        found = landlock.restrict(allowed, how.network)
    except OSError as error:
        return "files and network stay within reach (Landlock: {why})", {"why": error.strerror}
    if not found:
        return "files and network stay within reach (no Landlock in this kernel)", {}
    if how.network:
        text = (
            "reads only Python, libraries and the resolver's files (Landlock {version}); the network stays within reach"
        )
    elif found < landlock.NETWORK_SINCE:
        text = "reads only Python and libraries (Landlock {version}); the network stays within reach"
    else:
        text = "reads only Python and libraries, opens no other file and no TCP connection (Landlock {version})"
    return text, {"version": found}


def _python() -> list[str]:
    """Return the folders of Python's modules, and of this program's."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    others = [one for one in sys.path if os.path.basename(one) in ("site-packages", "dist-packages")]
    return [os.path.dirname(os.__file__), own, os.path.dirname(os.path.dirname(np.__file__)), *others]


def _can_import(who: User) -> bool:
    """Tell whether a user can read Python and this program."""
    if not _is_root():
        return True
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
    # Archives and agents capture nothing, and have libraries of their own, some of which exclude Scapy.
    apart = ("archive", "cli.archive", "agents", "cli.mcp")
    own = [one for one in own if not one.startswith(tuple(f"{package}.{name}" for name in apart))]
    on_screen = "textual" in sys.modules
    if not on_screen:
        own = [one for one in own if "screen" not in one.partition(".")[2]]
    for name in (*LATE, *own, *(LATE_ON_SCREENS if on_screen else ())):
        # What is not there now, is not there later.
        with suppress(ImportError):
            importlib.import_module(name)
