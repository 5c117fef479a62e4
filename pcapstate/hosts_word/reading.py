"""Read a host's table of sockets from a file: what printed it is told by its rows. All lengths are bounded."""

from __future__ import annotations

import codecs
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..errors import PcapstateError
from ..escaping import safe
from ..messages import of_name, reason
from . import bsd, jc_json, lsof, net_tools, ss, windows
from .host_socket import HostSocket, HostsWord

MOST_BYTES = 1 << 26
"""Bytes of a file at most: a table of half a million sockets."""
LONGEST = 1000
"""Characters of a line that are read; no address, state or process is behind them."""
LOOKED_AT = 10_000
"""Lines by which a form is recognised."""
STANDARD_INPUT = "-"
JAPANESE = "cp932"
MARKS = tuple(text.encode(JAPANESE) for text in ("プロトコル", "アクティブな接続"))
"""What is in a table that Windows' console printed in Japanese."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What files begin with that PowerShell writes."""


class HostsWordError(PcapstateError):
    """A file is no table of sockets, or cannot be read."""


class Form(NamedTuple):
    """A form of tables of sockets."""

    name: str
    """What prints it, for people."""
    is_row: Callable[[str], bool]
    is_heading: Callable[[str], Any]
    sockets: Callable[[Sequence[str]], Iterator[tuple[int, HostSocket | None]]]


FORMS = {
    "ss": Form("ss", ss.is_row, ss.HEADING.match, ss.sockets),
    "windows": Form("netstat (Windows)", windows.is_row, windows.HEADING.match, windows.sockets),
    "bsd": Form("netstat (macOS, BSD)", lambda line: False, bsd.HEADING.match, bsd.sockets),
    "linux": Form("netstat (Linux)", net_tools.is_row, net_tools.HEADING.match, net_tools.sockets),
    "lsof": Form("lsof", lsof.is_row, lsof.HEADING.match, lsof.sockets),
}
"""The forms that consist of lines; of two that fit as well the first."""
JSON = "jc (JSON)"


def read_hosts_word(path: str) -> HostsWord:
    """Read a file, or standard input (``-``). Raises HostsWordError."""
    name = safe(path) if path != STANDARD_INPUT else "standard input"
    raw, saved = _bytes_of(path, name)
    return understood(raw, name)._replace(saved=saved)


def _bytes_of(path: str, name: str) -> tuple[bytes, int | None]:
    """Return the content of a file, and when it was last written where it is a file."""
    try:
        if path == STANDARD_INPUT:
            raw, saved = sys.stdin.buffer.read(MOST_BYTES + 1), None
        else:
            with open(path, "rb") as opened:
                raw = opened.read(MOST_BYTES + 1)
                about = os.fstat(opened.fileno())
                saved = about.st_mtime_ns if stat.S_ISREG(about.st_mode) else None
    except (OSError, ValueError) as error:
        raise HostsWordError(of_name(name, reason(error))) from None
    if len(raw) > MOST_BYTES:
        raise HostsWordError(
            of_name(name, "too large for a table of sockets: more than {most} MB", most=MOST_BYTES >> 20)
        )
    return raw, saved


def understood(raw: bytes, name: str) -> HostsWord:
    """Return the table that the bytes of a file are. Raises HostsWordError."""
    text = decoded(raw)
    if text.lstrip()[:1] in ("[", "{"):
        return _of_json(text, name)
    lines = [line.rstrip("\r")[:LONGEST] for line in text.split("\n")]
    form = recognised(lines)
    if form is None:
        raise HostsWordError(of_name(name, "not a table of sockets as ss, netstat, lsof or jc print it"))
    return _gathered(name, form, FORMS[form].sockets(lines))


def recognised(lines: Sequence[str]) -> str | None:
    """Return the name of the form that most rows have, or whose heading there is; None: it is none."""
    some = [line for line in lines[:LOOKED_AT] if line.strip()]
    if any(map(ss.HEADING.match, some)):
        # Without states its rows could be those of another form.
        return "ss"
    counts = {name: sum(map(form.is_row, some)) for name, form in FORMS.items()}
    # The rows of BSD and net-tools differ in what is before a port alone.
    counts["bsd"] = sum(bsd.ROW.match(line) is not None for line in some)
    counts["linux"] -= counts["bsd"]
    best = max(counts, key=lambda name: counts[name])
    if counts[best] > 0:
        return best
    return next((name for name, form in FORMS.items() if any(map(form.is_heading, some))), None)


def decoded(raw: bytes) -> str:
    """Return bytes as text, in the encoding that they are in: none is refused."""
    if raw.startswith(UTF_16):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode(JAPANESE, "replace") if any(mark in raw for mark in MARKS) else raw.decode("latin-1")


def _of_json(text: str, name: str) -> HostsWord:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise HostsWordError(of_name(name, "not valid JSON")) from None
    if not jc_json.is_table(entries):
        raise HostsWordError(of_name(name, "JSON, but not a list of sockets as jc makes it of ss, netstat or lsof"))
    return _gathered(name, JSON, jc_json.sockets(entries))


def _gathered(name: str, form: str, found: Iterator[tuple[int, HostSocket | None]]) -> HostsWord:
    sockets: dict[tuple[Any, ...], HostSocket] = {}
    unread = first = 0
    for number, one in found:
        if one is None:
            unread += 1
            first = first or number
            continue
        # lsof has a line for each process that shares a socket: the first stands for all.
        sockets.setdefault(one[:7], one)
    return HostsWord(name, form, tuple(sockets.values()), unread, first)


def form_name(word: HostsWord) -> str:
    """Return what printed a table, for people."""
    return FORMS[word.form].name if word.form in FORMS else word.form
