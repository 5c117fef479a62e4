"""What ``netstat`` prints on macOS and BSD: a dot before the port, and with -v the process, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .host_socket import HostSocket
from .places import place, socket_of
from .states import host_state

BEGINS = re.compile(r"(?:tcp|udp)(?:4|6|46|64)?\s+\d+\s+\d+\s")
ROW = re.compile(
    r"(tcp|udp)(4|6|46|64)?\s+\d+\s+\d+\s+(\S+\.[^.:\s]+)\s+(\S+\.[^.:\s]+)(?:[ \t]+([A-Z][A-Z_0-9]+))?(?=\s|$)(.*)"
)
HEADING = re.compile(r"Proto\s+Recv-Q\s+Send-Q\s+Local Address\s+Foreign Address\s+\(state\)(?P<more>.*)")
PROCESS = re.compile(r"(?:^|\s)([^\s:]+):(\d{1,10})(?=\s|$)")
"""Program and process of newer systems' -v."""


def is_row(line: str) -> bool:
    """Tell whether a line is a row of TCP or UDP, whole or not."""
    return BEGINS.match(line) is not None


def sockets(lines: Sequence[str]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each row's line, and its socket, or None where it cannot be read."""
    more: list[str] = []
    for number, line in enumerate(lines, 1):
        if heading := HEADING.match(line):
            more = heading["more"].split()
        elif is_row(line):
            try:
                yield number, _socket(line, more)
            except ValueError:
                yield number, None


def _socket(line: str, more: Sequence[str]) -> HostSocket:
    """Return a row's socket; ``more``: the titles of columns behind the state."""
    found = ROW.match(line)
    if found is None:
        raise ValueError(line)
    udp = found[1] == "udp"
    local, foreign = (place(found[at], udp, before_port=".") for at in (3, 4))
    state = None if udp else host_state(found[5] or "")
    pid, program = None, None
    behind = found[6].split()
    if "pid" in more and len(behind) > (at := more.index("pid")) and behind[at].isdecimal():
        pid = int(behind[at][:10])
    elif "process:pid" in more and (named := PROCESS.search(found[6])):
        pid, program = int(named[2]), named[1]
    ipv6 = found[2] not in (None, "4")
    return socket_of(udp, local, foreign, state, ipv6, pid, program)
