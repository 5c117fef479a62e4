"""What ``ss`` prints (iproute2, Linux): a line for each socket, with or without columns of protocol and state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .host_socket import HostSocket
from .places import place, socket_of
from .states import host_state

STATES = "ESTAB|SYN-SENT|SYN-RECV|FIN-WAIT-1|FIN-WAIT-2|TIME-WAIT|UNCONN|CLOSE-WAIT|LAST-ACK|LISTEN|CLOSING"
BEGINS = re.compile(rf"(?:(?:tcp|udp)\s+)?(?:{STATES})\s")
"""A row of TCP or UDP, whole or not. Lines that begin with a blank go on with the row before (-i, -m)."""
OF_A_PROTOCOL = re.compile(r"(?:tcp|udp)\s")
STATELESS = re.compile(r"(?:(?:tcp|udp)\s+)?\d+\s+\d+\s+\S+:\S+\s+\S+:\S+(\s|$)")
"""A row where one state was asked for: ``ss -tn state established``."""
ROW = re.compile(
    r"(?:(?P<proto>tcp|udp)\s+)?(?:(?P<state>[A-Z][A-Z0-9-]+)\s+)?\d+\s+\d+\s+(?P<local>\S+)\s+(?P<foreign>\S+)"
    r"(?:\s+(?P<rest>.*))?"
)
USER = re.compile(r'\("((?:[^"\\]|\\.)*)",(?:pid=)?(\d{1,10}),')
HEADING = re.compile(r"\s*(Netid\s+)?(State\s+)?Recv-Q\s+Send-Q\s+Local Address:")
UNCONNECTED = re.compile(r"UNCONN\s")
"""Without a column of protocols: a table of UDP."""


def is_row(line: str) -> bool:
    """Tell whether a line is a row of TCP or UDP, whole or not."""
    return BEGINS.match(line) is not None or (STATELESS.match(line) is not None and line[0].isdecimal())


def sockets(lines: Sequence[str]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each row's line, and its socket, or None where it cannot be read."""
    of_udp = any(UNCONNECTED.match(line) for line in lines)
    for number, line in enumerate(lines, 1):
        if any(one.match(line) for one in (BEGINS, OF_A_PROTOCOL, STATELESS)):
            try:
                yield number, _socket(line, of_udp)
            except ValueError:
                yield number, None


def _socket(line: str, of_udp: bool) -> HostSocket:
    found = ROW.match(line)
    if found is None:
        raise ValueError(line)
    udp = of_udp if found["proto"] is None else found["proto"] == "udp"
    state = None if found["state"] is None else host_state(found["state"])
    user = USER.search(found["rest"] or "")
    pid, program = (None, None) if user is None else (int(user[2]), user[1])
    local, foreign = place(found["local"], udp), place(found["foreign"], udp)
    # "*:22" is a socket of both families.
    return socket_of(udp, local, foreign, state, True if local.ipv6 is None else None, pid, program)
