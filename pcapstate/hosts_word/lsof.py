"""What ``lsof -i`` prints: a line for each process that has a socket open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .host_socket import HostSocket
from .places import Place, place, socket_of
from .states import host_state

VERSIONS = {"IPv4": "4", "IPv6": "6"}
PROTOCOLS = ("TCP", "UDP")
HEADING = re.compile(r"COMMAND\s+PID\s")
ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
NOBODY = Place(None, None, 0)
FIRST_TYPE, BETWEEN = 3, (2, 3)
"""Words before the type at least, and from the type to the protocol: DEVICE, and mostly SIZE/OFF."""


def is_row(line: str) -> bool:
    """Tell whether a line is a row of TCP or UDP, whole or not."""
    return _protocol_at(line.split()) is not None


def sockets(lines: Sequence[str]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each row's line, and its socket, or None where it cannot be read."""
    for number, line in enumerate(lines, 1):
        words = line.split()
        at = _protocol_at(words)
        if at is not None:
            try:
                yield number, _socket(words, at)
            except (ValueError, IndexError):
                yield number, None


def _protocol_at(words: Sequence[str]) -> int | None:
    """Return where the protocol stands among a line's words; None: it is no row of TCP or UDP."""
    for at in range(FIRST_TYPE, len(words) - BETWEEN[0]):
        if words[at] in VERSIONS:
            return next((at + more for more in BETWEEN if words[at + more : at + more + 1] in (["TCP"], ["UDP"])), None)
    return None


def _socket(words: Sequence[str], at: int) -> HostSocket:
    version = next(VERSIONS[word] for word in words[FIRST_TYPE:at] if word in VERSIONS)
    states = [word[1:-1] for word in words[at + 2 :] if word.startswith("(")]
    return entry(words[0], words[1], version, words[at], words[at + 1], states[0] if states else None)


def entry(program: str, pid: str, version: str, protocol: str, name: str, state: str | None) -> HostSocket:
    """Return the socket of an entry, ``name`` as in 10.0.0.1:51000->10.0.0.2:80; raises ValueError."""
    if protocol not in PROTOCOLS or not (pid.isascii() and pid.isdecimal() and len(pid) <= 10):
        raise ValueError(name)
    udp = protocol == "UDP"
    local, arrow, foreign = name.partition("->")
    own, other = place(local, udp), place(foreign, udp) if arrow else NOBODY
    known = None if udp or state is None else host_state(state)
    program = ESCAPED.sub(lambda match: chr(int(match[1], 16)), program)
    return socket_of(udp, own, other, known, version == "6", int(pid), program)
