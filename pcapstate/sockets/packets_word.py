"""What the packets say of a host's sockets, row by row: a table that stays while the reading goes on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..hosts_word.packets_word import PacketSocket, PacketsWord
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..tcp.states import State
from .gathering import Gathering
from .rows import NO_STATE, UDP, SocketRows, udp_ports

MOST_ROWS = 200_000
"""Rows that are kept; a flood may have more."""


def packets_word(gathering: Gathering, table: FlowTable, whose: Perspective, moment: int, *, udp: bool) -> PacketsWord:
    """Return the rows that netstat would have at the moment that was read to; ``udp``: ports of UDP, too."""
    ports = udp_ports(gathering.the_traffic, whose) if udp else None
    rows = SocketRows(table, whose, moment, listening=True, ports=ports)
    left_out = max(len(rows) - MOST_ROWS, 0)
    if left_out:
        rows.keep(np.arange(MOST_ROWS))
    return PacketsWord(moment, whose, list(_sockets(rows)), left_out)


def _sockets(rows: SocketRows) -> Iterator[PacketSocket]:
    for part in rows.parts():
        columns = [part.proto, part.ipv6, *part.local, *part.foreign, part.state, part.connection, part.endpoint]
        last = part.values("last").tolist()
        for at, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            proto, ipv6, high, low, port, other_high, other_low, other_port, state, connection, endpoint = row
            yield PacketSocket(
                proto == UDP,
                ipv6,
                (high, low),
                port,
                (other_high, other_low),
                other_port,
                None if state == NO_STATE else State(state),
                connection,
                endpoint & 1,
                last[at],
            )
