"""What ``netstat`` of net-tools prints (Linux): -tunap and others, with the columns of -e and -o, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .host_socket import HostSocket
from .places import place, socket_of
from .states import host_state

BEGINS = re.compile(r"(?:tcp|udp)6?\s+\d+\s+\d+\s")
ROW = re.compile(r"(tcp|udp)(6?)\s+\d+\s+\d+\s+(\S+:\S+)\s+(\S+:\S+)(?:\s+([A-Z][A-Z_0-9]+))?(?=\s|$)(.*)")
OWNER = re.compile(r"(?:^|\s)(\d{1,10})/(.*?)\s*(?:(?:off|on|keepalive|timewait|probe|unkn-\d+) \([\d./]+\)\s*)?$")
"""Process and program, and the timer of -o behind it; -e has user and inode before it, without a slash."""
HEADING = re.compile(r"Proto Recv-Q Send-Q ")


def is_row(line: str) -> bool:
    """Tell whether a line is a row of TCP or UDP, whole or not."""
    return BEGINS.match(line) is not None


def sockets(lines: Sequence[str]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each row's line, and its socket, or None where it cannot be read.

    Without -W an address that is too long is cut off, and cannot be read.
    """
    for number, line in enumerate(lines, 1):
        if is_row(line):
            try:
                yield number, _socket(line)
            except ValueError:
                yield number, None


CUT = len("2001:db8:1234:5678:9:80")
"""Characters that an address with its port takes at most without -W."""


def _socket(line: str) -> HostSocket:
    found = ROW.match(line)
    if found is None:
        raise ValueError(line)
    udp = found[1] == "udp"
    local, foreign = place(found[3], udp), place(found[4], udp)
    if found[2] and any(len(text) == CUT and "::" in text for text in (found[3], found[4])):
        # What is left of an address may be one by itself, of somebody else.
        raise ValueError(line)
    state = None if udp else host_state(found[5] or "")
    owner = OWNER.search(found[6])
    pid, program = (None, None) if owner is None else (int(owner[1]), owner[2])
    return socket_of(udp, local, foreign, state, bool(found[2]), pid, program)
