"""Rings of files: a capture that goes on in another file, as dumpcap (-b) and tcpdump (-C, -G, -W) write it.

Which files belong together is told by their names, and their order by when they were last written: names may be used
again.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from ..errors import CaptureError
from ..escaping import safe
from ..messages import of_name, reason
from .growing import BEGINNING, Growing
from .paths import WILD

NUMBERED = r"(?:(?P<number>\d{5,})_\d{14}|\d{14}_(?P<number_last>\d{5,}))"
"""What dumpcap puts into names: a number and the time, in either order."""
DUMPCAP = re.compile(rf"(?P<name>.*)_{NUMBERED}(?P<ending>(\..*)?)", re.DOTALL)
COUNTED = re.compile(r"(?P<name>.+\.(?:pcap|pcapng|cap|dmp|dump|trace|trc))\d+", re.DOTALL | re.IGNORECASE)
"""tcpdump -C and -W: a number behind the name."""
DATED = re.compile(r"\d{6}|(?:19|20)\d\d[-_.]\d\d[-_.]\d\d|(?<!\d)\d\d[-_:]\d\d[-_:]\d\d(?!\d)", re.ASCII)
"""A date or a time of day in a name, as of tcpdump -G."""
DIRECTIVE = re.compile(r"%[-_0^#]?[A-Za-z%]")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4")
"""Endings of what is packed once it is written (tcpdump -z): it was read by then."""
HEADER = 24
"""Bytes of a pcap file without packets."""


class Seen(NamedTuple):
    """A file as it was when it was read, or passed over."""

    identity: tuple[int, int]
    changed: int  # ns since the epoch
    size: int
    beginning: bytes
    read: bool


class _Entry(NamedTuple):
    changed: int
    order: list[tuple[int, str]]
    name: str
    status: os.stat_result


class Ring:
    """The files in which a capture goes on; ``path`` is the one that is read, ``next`` goes on to another.

    ``named``: a file, a folder, a pattern, or the name that was given to what captures (with -w). A file that is there
    is begun with, otherwise the one that was written first. ``complaints`` tell what was not read, and ``lone`` whether
    it is just a file. Raises CaptureError where there is none.
    """

    def __init__(self, named: str) -> None:
        self.complaints: list[str] = []
        self._folder, name = os.path.split(named)
        self.lone = False
        self._shown = safe(named)
        start: str | None = None
        try:
            mode: int | None = os.stat(named).st_mode
        except FileNotFoundError:
            mode = None
        except (OSError, ValueError) as error:
            raise CaptureError(of_name(self._shown, reason(error))) from None
        if mode is None:
            self._fits = _meant(name)
        elif stat.S_ISDIR(mode):
            self._folder, self._fits = named, re.compile(r"[^.].*", re.DOTALL)
        elif stat.S_ISREG(mode):
            start, self._fits, self.lone = name, _siblings(name), True
        else:
            raise CaptureError(of_name(self._shown, "not a file that could be followed"))
        self._seen: dict[str, Seen] = {}
        entries = sorted(self._entries())
        if start is None:
            if not entries:
                raise CaptureError(of_name(self._shown, "no such file" if mode is None else "no file in it"))
            start = entries[0].name
        else:
            for one in entries[: [one.name for one in entries].index(start)]:
                self._note(one.name, one.status, False)
        self._name = start

    @property
    def path(self) -> str:
        """The file that is read."""
        return os.path.join(self._folder, self._name)

    def goes_on(self) -> bool:
        """Tell whether there is another file by now that was begun after this one."""
        return any(one.name != self._name for one in self._news())

    def next(self, stream: Growing | None = None) -> bool:
        """Go on to the file that was begun after this one, or anew under its name; tell whether there is one.

        ``stream``: by which it was read, where it could be opened.
        """
        before = self._name
        self._seen.pop(before, None)
        with suppress(OSError):
            status = os.stat(self.path)
            if stream is None:
                self._note(before, status, False)
            elif not stream.begun_anew(status):
                self._seen[before] = Seen(
                    stream.identity, status.st_mtime_ns, stream.position, _beginning(self.path), True
                )
        news = sorted(self._news())
        if not news:
            return False
        self._name = news[0].name
        self.lone &= self._name == before
        missed = _number(self._name) - _number(before) - 1
        if missed > 0 and _number(before) and DUMPCAP.sub(r"\g<name>", self._name) == DUMPCAP.sub(r"\g<name>", before):
            files = "1 file" if missed == 1 else f"{missed:,} files"
            self.complaints.append(f"{files} before {safe(self._name)}, gone before they could be read")
        return True

    # --- what is there

    def _entries(self) -> Iterator[_Entry]:
        with suppress(OSError), os.scandir(self._folder or ".") as entries:
            for entry in entries:
                if self._fits.fullmatch(entry.name):
                    with suppress(OSError):
                        status = entry.stat()
                        if stat.S_ISREG(status.st_mode):
                            yield _Entry(status.st_mtime_ns, _natural(entry.name), entry.name, status)

    def _news(self) -> Iterator[_Entry]:
        """Yield the files that were not read, nor passed over, as they are now."""
        for one in self._entries():
            known = self._seen.get(one.name)
            if known is None:
                stem, ending = os.path.splitext(one.name)
                if ending not in PACKED or not (stem == self._name or stem in self._seen):
                    yield one
            elif (one.status.st_dev, one.status.st_ino) != known.identity:
                yield one
            elif one.changed != known.changed or one.status.st_size != known.size:
                if self._begun_anew(one, known):
                    yield one
                else:
                    if known.read and one.status.st_size > known.size:
                        self.complaints.append(f"what was written to {safe(one.name)} once another file was begun")
                    self._seen[one.name] = known._replace(changed=one.changed, size=one.status.st_size)

    def _begun_anew(self, one: _Entry, known: Seen) -> bool:
        if known.size <= HEADER or one.status.st_size < known.size:
            return True
        return not _beginning(os.path.join(self._folder, one.name)).startswith(known.beginning)

    def _note(self, name: str, status: os.stat_result, read: bool) -> None:
        identity = status.st_dev, status.st_ino
        beginning = _beginning(os.path.join(self._folder, name))
        self._seen[name] = Seen(identity, status.st_mtime_ns, status.st_size, beginning, read)


def _beginning(path: str) -> bytes:
    with suppress(OSError), open(path, "rb") as file:
        return file.read(BEGINNING)
    return b""


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what orders names by the numbers in them."""
    return [(int(one), "") if one.isdecimal() else (-1, one) for one in re.split(r"(\d+)", name, flags=re.ASCII)]


def _number(name: str) -> int:
    """Return the number that dumpcap gave a file; 0 for others."""
    found = DUMPCAP.fullmatch(name)
    return int(found["number"] or found["number_last"]) if found else 0


def _siblings(name: str) -> re.Pattern[str]:
    """Return which names a file that is there may go on under, its own among them."""
    if found := DUMPCAP.fullmatch(name):
        return _numbered(found["name"], found["ending"])
    if found := COUNTED.fullmatch(name):
        return re.compile(re.escape(found["name"]) + r"\d*", re.ASCII)
    if DATED.search(name):
        parts = re.split(r"(\d+)", name, flags=re.ASCII)
        same = (rf"\d{{{len(one)}}}" if one.isdecimal() else re.escape(one) for one in parts)
        return re.compile("".join(same) + r"\d*", re.ASCII)
    return re.compile(re.escape(name) + r"\d*", re.ASCII)


def _meant(name: str) -> re.Pattern[str]:
    """Return which names are meant by one that no file has."""
    if WILD & set(name):
        return re.compile(("" if name.startswith(".") else r"(?!\.)") + fnmatch.translate(name))
    if DIRECTIVE.search(name):
        literal = (re.escape(one) for one in DIRECTIVE.split(name))
        return re.compile(".+".join(literal) + r"\d*", re.ASCII | re.DOTALL)
    stem, ending = os.path.splitext(name)
    return re.compile(f"{_numbered(stem, ending).pattern}|{re.escape(name)}\\d+", re.ASCII)


def _numbered(name: str, ending: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(name)}_(?:\d{{5,}}_\d{{14}}|\d{{14}}_\d{{5,}}){re.escape(ending)}", re.ASCII)
