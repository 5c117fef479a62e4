"""What netstat would have said on a host: its connections and their states, and the ports it listens on."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

import numpy as np

from ..names.services import with_service
from ..tcp import contracts as c
from ..tcp.flow_table import FlowTable
from ..tcp.states import State, shown
from .endpoints import Rows, sides
from .table import ADDRESS, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, WORD, Column, Table, cells

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

STATES = tuple(state.name for state in State)
SHOWN_STATES = tuple(shown(state) for state in State)

COLUMNS = (
    Column("proto", "Proto", WORD, ("tcp",)),
    Column("local_address", "Local Address", ADDRESS),
    Column("local_port", "Local Port", NUMBER),
    Column("foreign_address", "Foreign Address", ADDRESS),
    Column("foreign_port", "Foreign Port", NUMBER),
    Column("state", "State", WORD, STATES),
    Column("pid", "PID", WORD, (None,), nothing="-"),
    Column("program", "Program", WORD, (None,), nothing="-"),
    Column("connection", "Conn", NUMBER_OR_NOTHING),
)


class Perspective(NamedTuple):
    """Whose netstat it is, and how that was found."""

    networks: tuple[Network, ...]  # empty: each connection is shown from its client's side
    why: str


def perspective(table: FlowTable, local: str | None) -> Perspective:
    """Tell whose netstat to show: the given address or network, or the one host that is in every connection.

    Raises ValueError where ``local`` is neither an address nor a network.
    """
    if local is not None:
        return Perspective((parse_network(local),), f"on {local}")
    hosts = _hosts_in_all(table)
    if len(hosts) == 1:
        return Perspective((ipaddress.ip_network(hosts[0]),), f"on {hosts[0]}, the one host in every connection")
    return Perspective((), "each connection from its client's side (--local ADDRESS chooses a host)")


def is_there(table: FlowTable, whose: Perspective) -> bool:
    """Tell whether any connection has an end in the networks of a perspective."""
    of = sides(table)
    return any(bool(_within(one[0], one[1], whose.networks).any()) for one in (of.client_address, of.server_address))


def parse_network(text: str) -> Network:
    """Return the network that an address or network in text means; raises ValueError with a clear line."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is neither an IP address nor a network such as 192.168.0.0/16") from None


def _hosts_in_all(table: FlowTable) -> list[str]:
    if not len(table.connections):
        return []
    of = sides(table)
    candidates = {tuple(int(part[0]) for part in one[:2]) for one in (of.client_address, of.server_address)}
    found = []
    for high, low in sorted(candidates):
        there = [(one[0] == high) & (one[1] == low) for one in (of.client_address, of.server_address)]
        if np.all(there[0] | there[1]):
            found.append(str(address(high, low)))
    return found


def address(high: int, low: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address from the bits that the tracker keeps (IPv4 as ::ffff:a.b.c.d)."""
    value = (high & 0xFFFFFFFFFFFFFFFF) << 64 | low & 0xFFFFFFFFFFFFFFFF
    if value >> 32 == 0xFFFF:
        return ipaddress.IPv4Address(value & 0xFFFFFFFF)
    return ipaddress.IPv6Address(value)


def _within(high: Rows, low: Rows, networks: tuple[Network, ...]) -> Rows:
    """Tell of each address whether it is in one of the networks."""
    inside = np.zeros(len(high), dtype=bool)
    for network in networks:
        base, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            base, length = 0xFFFF << 32 | base, length + 96
        mask = ((1 << length) - 1) << (128 - length)
        parts = []
        for values, shift in ((high, 64), (low, 0)):
            part_mask = np.uint64(mask >> shift & 0xFFFFFFFFFFFFFFFF)
            parts.append(
                (values.astype(np.int64).view(np.uint64) & part_mask) == np.uint64(base >> shift & 0xFFFFFFFFFFFFFFFF)
            )
        inside |= parts[0] & parts[1]
    return inside


def view(table: FlowTable, whose: Perspective, all_: bool, people: bool, numeric: bool) -> Table:
    """Return the connections, and with ``all_`` the listening ports first, as rows of netstat.

    An endpoint that is CLOSED has no row, as netstat shows none. Where both ends are local there are two rows.
    """
    of = sides(table)
    count = len(of.notes)
    numbers = np.arange(count)
    if whose.networks:
        mine = [_within(one[0], one[1], whose.networks) for one in (of.client_address, of.server_address)]
    else:
        mine = [np.ones(count, dtype=bool), np.zeros(count, dtype=bool)]
    parts = []
    for side, own, peer, wanted in (
        (of.client, of.client_address, of.server_address, mine[0]),
        (of.server, of.server_address, of.client_address, mine[1]),
    ):
        wanted = wanted & (side["state"] != State.CLOSED)
        parts.append([one[wanted] for one in (*own, *peer, side["state"], numbers)])
    rows = [np.concatenate([part[index] for part in parts]) for index in range(8)]
    order = np.argsort(rows[7], kind="stable")
    rows = [one[order] for one in rows]
    if all_:
        rows = [np.concatenate(pair) for pair in zip(_listening(table, whose), rows, strict=True)]
    if people:
        rename = None if numeric else with_service
        shown_columns = (
            Column("proto", "Proto", WORD, ("TCP",)),
            Column("local", "Local Address", ENDPOINT_ADDRESS, rename=rename),
            Column("foreign", "Foreign Address", ENDPOINT_ADDRESS, rename=rename),
            Column("state", "State", WORD, SHOWN_STATES),
        )
        ends = {"local": tuple(rows[:3]), "foreign": tuple(rows[3:6])}
        batch = cells(shown_columns, len(rows[0]), proto=0, state=rows[6], **ends)
        return Table(shown_columns, iter([batch]))
    batch = cells(
        COLUMNS,
        len(rows[0]),
        proto=0,
        local_address=tuple(rows[:2]),
        local_port=rows[2],
        foreign_address=tuple(rows[3:5]),
        foreign_port=rows[5],
        state=rows[6],
        pid=0,
        program=0,
        connection=rows[7],
    )
    return Table(COLUMNS, iter([batch]))


def _listening(table: FlowTable, whose: Perspective) -> list[Rows]:
    """Return the ports that a SYN-ACK proves to listen, unless a later RST to a SYN says that they closed."""
    of = sides(table)
    high, low, port = of.server_address
    answered = (of.server["known"] & c.SENT_SYN_ACK != 0) & (of.server["known"] & c.SENT_SYN == 0)
    refused = of.notes & c.REFUSED != 0
    told = np.flatnonzero(answered | refused)
    if whose.networks:
        told = told[_within(high[told], low[told], whose.networks)]
    keys = np.stack([high[told], low[told], port[told].astype(np.int64)], axis=1)
    # The last word on each port counts: look from the end.
    _, last = np.unique(keys[::-1], axis=0, return_index=True)
    chosen = told[::-1][last]
    chosen = chosen[answered[chosen]]
    chosen = chosen[np.lexsort((port[chosen], low[chosen], high[chosen]))]
    none = np.zeros(len(chosen), dtype=np.int64)
    is4 = (high[chosen] == 0) & (low[chosen] >> 32 == 0xFFFF)
    anywhere = np.where(is4, 0xFFFF << 32, 0)
    state = np.full(len(chosen), int(State.LISTEN))
    return [high[chosen], low[chosen], port[chosen], none, anywhere, none, state, none - 1]
