"""Where the machine code of kernels is kept, so that only what this program wrote there, whole, is ever loaded.

Each part of the kernels has a folder, named by all that its code depends on: object files, and ``symbols.json``, which
has the digest of each of them, and begins with its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SYMBOLS = "symbols.json"
FAILED = ".failed"
"""How the names of files end that tell why a part could not be compiled."""
REMEMBERED = 86_400
"""Seconds after which compiling is tried again: what was in its way may be gone."""

WITH_KERNELS = ("kernels", "sources", "decode", "tcp", "traffic", "names", "application", "output")
"""The folders in which kernels, and what they are made of, stand."""

CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")
"""Whether Numba checks every index in what is compiled and loaded: for tests, since it takes time."""


class Built(NamedTuple):
    """The object code of a part, verified: of each kernel the symbol and its parameters (JSON), and an object file."""

    symbols: dict[str, tuple[str, list[Any]]]
    objects: list[bytes]


@cache
def key() -> str:
    """Name the object code by all that it depends on: the sources, the compiler, the processor, and CHECKED.

    Raises ImportError where llvmlite cannot be imported.
    """
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    # Of whole folders, not just the modules with kernels: whoever keeps a list forgets something once.
    for source in sorted(one for folder in WITH_KERNELS for one in package.joinpath(folder).rglob("*.py")):
        digest.update(f"{source.relative_to(package).as_posix()}\0{source.stat().st_size}\0".encode())
        digest.update(source.read_bytes())
    for part in (
        llvmlite.__version__,
        _version("numba"),
        np.__version__,
        sys.version,
        platform.machine(),
        llvm.get_host_cpu_name(),
        json.dumps(sorted(llvm.get_host_cpu_features().items())),
        "checked" if CHECKED else "",
    ):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:24]


def _version(name: str) -> str:
    """Return what tells the version of a package that takes too long to import."""
    spec = importlib.util.find_spec(name)
    for folder in (spec and spec.submodule_search_locations) or ():
        with contextlib.suppress(OSError):
            return Path(folder, "_version.py").read_text("utf-8")
    return ""


# --- folders


def folders() -> Iterator[Path]:
    """Yield the folders that may hold object code, best first; of root, none of another user."""
    for folder in _named():
        if not hasattr(os, "getuid") or os.getuid() != 0 or _roots_own(folder):
            yield folder


def _named() -> Iterator[Path]:
    if named := os.environ.get("PCAPSTATE_CACHE_DIR"):
        yield Path(named)
    elif sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        yield Path(base) / "pcapstate" / "cache"
    elif base := os.environ.get("XDG_CACHE_HOME"):
        yield Path(base) / "pcapstate"
    else:
        with contextlib.suppress(RuntimeError):
            yield Path.home() / ".cache" / "pcapstate"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    yield Path(tempfile.gettempdir()) / f"pcapstate-{user}"


def _roots_own(folder: Path) -> bool:
    """Tell whether a folder and all above it are root's, as far as they are there.

    With ``sudo`` HOME may be the calling user's: what root makes there that user cannot use, and could change.
    """
    try:
        whole = folder.absolute().resolve()
        return all(one.stat().st_uid == 0 for one in (whole, *whole.parents) if one.exists())
    except OSError:
        return False


def private(folder: Path) -> bool:
    """Tell whether only this user can have written there: what is loaded from it will be run."""
    if not hasattr(os, "getuid"):
        return True
    try:
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


# --- object code


def folder_of(part: str) -> Path | None:
    """Return the folder with a part's object code for this machine and these sources, or None.

    Raises ImportError, as ``key`` does.
    """
    name = f"{key()}-{part}"
    for base in folders():
        # Whose folder it is comes first: one of somebody else may not even be looked into.
        if private(base) and private(base / name) and os.path.isfile(base / name / SYMBOLS):
            return base / name
    return None


def seal(folder: Path) -> None:
    """Write what ``read`` verifies, from what the processes that compiled wrote into a folder."""
    symbols = {}
    for one in sorted(folder.glob("symbols-*.json")):
        for name, (symbol, parameters) in json.loads(one.read_text()).items():
            symbols[name] = symbol, parameters, _digest((folder / f"{name}.o").read_bytes())
    body = json.dumps(symbols).encode()
    (folder / SYMBOLS).write_bytes(_digest(body).encode() + b"\n" + body)


def read(folder: Path) -> Built | None:
    """Return the object code in a folder; None where it is not, bit for bit, what was written there."""
    try:
        digest, _, body = (folder / SYMBOLS).read_bytes().partition(b"\n")
        if _digest(body).encode() != digest:
            return None
        symbols, objects = {}, []
        for name, (symbol, parameters, expected) in json.loads(body).items():
            code = (folder / f"{name}.o").read_bytes()
            if _digest(code) != expected:
                return None
            symbols[name] = symbol, parameters
            objects.append(code)
        return Built(symbols, objects)
    except (OSError, ValueError):
        return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- what cannot be compiled


def note_failure(part: str, base: Path, why: str) -> None:
    """Remember that a part cannot be compiled."""
    with contextlib.suppress(OSError):
        (base / f"{key()}-{part}{FAILED}").write_text(why + "\n", "utf-8")


def failed(part: str) -> bool:
    """Tell whether compiling a part failed not long ago. Raises ImportError, as ``key`` does."""
    for base in folders():
        with contextlib.suppress(OSError):
            note = base / f"{key()}-{part}{FAILED}"
            if private(base) and time.time() - note.stat().st_mtime < REMEMBERED:
                return True
    return False
