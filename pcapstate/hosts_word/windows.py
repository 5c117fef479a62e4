"""What ``netstat`` prints on Windows: -ano and others, in any of its languages, also with the programs of -b."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..tcp.states import State
from .host_socket import HostSocket
from .places import place, socket_of
from .states import host_state

BEGINS = re.compile(r"\s+(?:TCP|UDP)\s+\S")
ROW = re.compile(r"\s*(TCP|UDP)\s+(\S+)\s+(\S+)(?:\s+(.*\S))?\s*$")
PROGRAM = re.compile(r"\s*\[(.+)\]\s*$")
"""The program that -b has below its sockets."""
HEADING = re.compile(
    r"\s+(?:Proto|プロトコル)\s.*PID|\s*(?:Active Connections|アクティブな接続|Aktive Verbindungen)\s*$"
)


def is_row(line: str) -> bool:
    """Tell whether a line is a row of TCP or UDP, whole or not."""
    return BEGINS.match(line) is not None


def sockets(lines: Sequence[str]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each row's line, and its socket, or None where it cannot be read."""
    last: tuple[int, HostSocket | None] | None = None
    for number, line in enumerate(lines, 1):
        if is_row(line):
            if last is not None:
                yield last
            last = number, _read(line)
        elif (program := PROGRAM.match(line)) and last is not None and last[1] is not None:
            last = last[0], last[1]._replace(program=program[1])
    if last is not None:
        yield last


def _read(line: str) -> HostSocket | None:
    try:
        return _socket(line)
    except ValueError:
        return None


def _socket(line: str) -> HostSocket:
    found = ROW.match(line)
    if found is None:
        raise ValueError(line)
    udp = found[1] == "UDP"
    local, foreign = place(found[2], udp), place(found[3], udp)
    words, pid = [], None
    for word in (found[4] or "").split():
        if word.isascii() and word.isdecimal() and len(word) <= 10:
            pid = int(word)
            break
        words.append(word)
    state = None
    if not udp:
        try:
            state = host_state("_".join(words))
        except ValueError:
            # In a language that is not known: only a port that listens has no peer.
            if foreign.address is not None or foreign.port or not words:
                raise
            state = State.LISTEN
    return socket_of(udp, local, foreign, state, pid=pid)
