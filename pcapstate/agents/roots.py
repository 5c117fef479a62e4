"""The folders that may be read, and the captures in them: nothing else is within reach of a client."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import CallError, PcapstateError
from ..escaping import quoted, safe
from ..messages import of_name, reason
from ..sources.compression import compression
from ..sources.formats import PCAP_LAYOUTS, PCAPNG_MAGIC

MOST_ENTRIES = 20_000
"""Entries of folders that a list looks at; what lies behind them is not listed."""
MOST_CAPTURES = 5_000
"""Captures of a list."""
LONGEST_NAME = 1_000
"""Characters of a capture's name in a call."""
HEAD = 16
"""Bytes that tell what a file is."""
MAGICS = (*PCAP_LAYOUTS, PCAPNG_MAGIC)
"""How captures begin."""
SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp", ".ntar")
"""What a compressed capture's name has, beside the suffix of its compression."""


class Refused(PcapstateError):
    """What a client asks for cannot be answered; the text says why, in one line."""


class Found(NamedTuple):
    """A capture within reach."""

    name: str
    """As clients name it."""
    path: str
    """Its real path."""
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    inode: int


class Roots:
    """Folders and files, by their real paths. Raises CallError for one that is not there."""

    def __init__(self, named: Sequence[str]) -> None:
        self.paths = tuple(dict.fromkeys(_real(one) for one in named))

    def find(self, name: str) -> Found:
        """Return the capture of a name: a path, absolute or below a folder. Raises Refused.

        The answer is the same for a file that is not there and for one out of reach.
        """
        if len(name) <= LONGEST_NAME and "\0" not in name:
            for root in self.paths:
                found = self._within(os.path.join(_folder(root), name), name)
                if found is not None:
                    return found
            if "\\" in name:
                # Lists have names with what is no plain text in them as escapes.
                for found in self.captures()[0]:
                    if safe(found.name) == name:
                        return found
        raise Refused(f"there is no capture {quoted(name)} in the folders of this server; list_captures has the names")

    def _within(self, path: str, name: str) -> Found | None:
        """Return a file if its real path is within reach."""
        try:
            real = os.path.realpath(path, strict=True)
            if not any(real == root or real.startswith(os.path.join(root, "")) for root in self.paths):
                return None
            status = os.stat(real, follow_symlinks=False)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Found(name, real, status.st_size, status.st_mtime_ns, status.st_ino)

    def captures(self) -> tuple[list[Found], bool]:
        """Return the captures in the order of their names, and whether the list is whole."""
        found: dict[str, Found] = {}
        looked = 0
        whole = True
        for root in self.paths:
            for path in _files(root):
                looked += 1
                if looked > MOST_ENTRIES or len(found) == MOST_CAPTURES:
                    whole = False
                    break
                name = self._name(root, path)
                one = self._within(path, name)
                if one is not None and one.path not in found and _is_capture(one.path):
                    found[one.path] = one
        return sorted(found.values(), key=lambda one: one.name), whole

    def _name(self, root: str, path: str) -> str:
        """Return the name that ``find`` finds a file by: below its folder, or the path where another has that name."""
        name = os.path.relpath(path, _folder(root))
        found = (self._within(os.path.join(_folder(one), name), name) for one in self.paths)
        first = next((one for one in found if one is not None), None)
        return name if first is not None and first.path == os.path.realpath(path) else path


def _real(named: str) -> str:
    try:
        path = os.path.realpath(named, strict=True)
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
    except (OSError, ValueError) as error:
        raise CallError(of_name(safe(named), reason(error))) from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise CallError(of_name(safe(named), "neither a folder nor a file"))
    return path


def _folder(root: str) -> str:
    return root if os.path.isdir(root) else os.path.dirname(root)


def _files(root: str) -> Iterator[str]:
    """Yield the files of a folder and its subfolders, hidden ones left out, or the file itself."""
    if not os.path.isdir(root):
        yield root
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (os.path.join(folder, one) for one in sorted(files) if not one.startswith("."))


def _is_capture(path: str) -> bool:
    """Tell whether a file begins as a capture does, or is compressed and has a capture's name."""
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD) or b""
    except OSError:
        return False
    if head.startswith(MAGICS):
        return True
    return compression(head) is not None and any(one in os.path.basename(path).lower() for one in SUFFIXES)
