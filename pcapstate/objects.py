"""Rows of tables as objects, with the fields of ``--format json`` under the same names, as Python types.

Times (since the epoch) and durations are integers in nanoseconds; JSON has seconds. An address with a port is there
both as one text, ``10.0.0.1:80`` or ``[2001:db8::1]:80``, and as two fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from .addresses import address
from .table import ADDRESS, ENDPOINT_ADDRESS, NEVER, NUMBER_OR_NOTHING, WORD, Column, Table

OF_STATES = frozenset(
    ("state", "foreign_state", "client_state", "server_state", "client_before", "server_before", "from", "to")
)
"""Columns with states."""


class State(StrEnum):
    """The state of one endpoint (RFC 9293 §3.3.2): a string that equals its name.

    CLOSED: there is no connection. UNKNOWN: the packets do not show it. ``tcp.states.State`` has the same as numbers.
    """

    UNKNOWN = "UNKNOWN"
    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RECEIVED = "SYN_RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN_WAIT_1"
    FIN_WAIT_2 = "FIN_WAIT_2"
    CLOSE_WAIT = "CLOSE_WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"


@dataclass(frozen=True, slots=True)
class Transition:
    """A state change of one endpoint, as in ``pcapstate timeline``."""

    time: int
    packet: int | None
    """Number of the packet that caused it, 1-based (frame.number); None for an expired timer."""
    connection: int
    """Number of its connection (tcp.stream)."""
    endpoint: str
    """``client`` or ``server``."""
    address: str
    """Address of the endpoint, with its port, in one text."""
    local_address: str
    local_port: int
    peer: str
    """The same of the other end."""
    foreign_address: str
    foreign_port: int
    from_state: State
    """``from`` in JSON; a keyword in Python."""
    to_state: State
    """``to`` in JSON."""
    cause: str
    certainty: str
    """``seen``, ``assumed``, ``doubtful``, ``timer`` or ``revised``."""

    @property
    def address_host(self) -> str:
        """The former name of ``local_address``."""
        return self.local_address

    @property
    def address_port(self) -> int:
        """The former name of ``local_port``."""
        return self.local_port

    @property
    def peer_host(self) -> str:
        """The former name of ``foreign_address``."""
        return self.foreign_address

    @property
    def peer_port(self) -> int:
        """The former name of ``foreign_port``."""
        return self.foreign_port


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, as in ``pcapstate connections``."""

    connection: int
    """Its number (tcp.stream)."""
    client: str
    client_address: str
    client_port: int
    server: str
    server_address: str
    server_port: int
    client_state: State
    server_state: State
    opened: int | None
    last: int
    outcome: str
    """One of the outcomes of docs/outcomes.md."""
    handshake_seen: bool
    client_packets: int
    server_packets: int
    client_bytes: int
    """Payload bytes sent, retransmissions included."""
    server_bytes: int
    retransmissions: int
    client_guessed: bool
    """The capture has no handshake; the client is a guess by port numbers."""
    client_retransmissions: int
    server_retransmissions: int
    client_first: int | None
    client_last: int | None
    server_first: int | None
    server_last: int | None


@dataclass(frozen=True, slots=True)
class Netstat:
    """A row of netstat, as in ``pcapstate netstat``."""

    proto: str
    """``tcp`` or ``udp``."""
    local_address: str
    local_port: int
    foreign_address: str
    foreign_port: int
    state: State | None
    """None for UDP."""
    pid: int | None
    program: str | None
    connection: int | None
    """Number of its connection (tcp.stream); None for a listening port, and for UDP."""
    local_name: str | None = None
    """The name of the host, if names were requested and the capture has one."""
    foreign_name: str | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many ends of connections are in a state from a moment on, as in ``pcapstate plot --format json``."""

    time: int
    state: State
    count: int
    largest: int
    """The largest count until the next row of the state, or the end."""


@dataclass(frozen=True, slots=True)
class Step:
    """A packet of a connection, or a timer, as in ``pcapstate explain --format json``."""

    time: int
    packet: int | None
    """Number of the packet, 1-based (frame.number); None for a timer."""
    sender: str | None
    """``client`` or ``server``; None for a timer, and where no packet is told."""
    flags: str | None
    seq: int
    """Relative, as ``ack``."""
    ack: int | None
    length: int
    window: int
    retransmission: bool
    duplicate: bool
    sent_again: int | None
    """Number of the packet that repeats it, because it was lost."""
    missing: int
    """Bytes before it that the capture lacks."""
    client_before: State
    client_state: State
    """After it."""
    server_before: State
    server_state: State
    client_cause: str | None
    server_cause: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """A route or a neighbour, as in ``pcapstate netstat -r``."""

    destination: str
    stated: bool
    """A packet states the network; otherwise it is the smallest one with all addresses seen."""
    type: str
    """``route`` or ``neighbour``."""
    on_link: bool | None
    gateway: str | None
    mac: str | None
    interface: str | None
    metric: int | None
    addresses: int
    packets: int
    bytes: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter, as in ``pcapstate netstat -s``."""

    protocol: str
    counter: str
    direction: str | None
    value: int | None
    """None if packets do not show it."""
    mib: str | None
    """Name in the MIB of RFC 4022, 4113 or 4293."""
    note: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding, as in ``pcapstate diagnose``."""

    finding: str
    severity: str
    """``problem``, ``warning`` or ``note``."""
    host: str | None
    title: str
    text: str
    next: str
    """What to do next."""
    count: int
    """The number of its connections."""
    connections: tuple[int, ...]
    """The first of these connections (tcp.stream)."""
    packet_count: int
    packets: tuple[int, ...]
    """The first of its packets (frame.number)."""
    filter: str | None
    """A Wireshark display filter that selects its packets."""
    filter_selects: int | None
    first: int | None
    last: int | None


def transitions_of(table: Table) -> Iterator[Transition]:
    """Yield the rows of ``views.timeline`` as objects."""
    for one in records(table):
        one["from_state"], one["to_state"] = one.pop("from"), one.pop("to")
        yield Transition(**one)


def connections_of(table: Table) -> Iterator[Connection]:
    """Yield the rows of ``views.connections`` as objects."""
    return (Connection(**one) for one in records(table))


def netstat_of(table: Table) -> Iterator[Netstat]:
    """Yield the rows of netstat as objects."""
    return (Netstat(**one) for one in records(table))


def routes_of(table: Table) -> Iterator[Route]:
    """Yield the rows of ``views.routes`` as objects."""
    return (Route(**one) for one in records(table))


def counters_of(table: Table) -> Iterator[Counter]:
    """Yield the rows of ``views.statistics`` as objects."""
    return (Counter(**one) for one in records(table))


def findings_of(table: Table) -> Iterator[Finding]:
    """Yield the rows of ``views.diagnosis`` as objects."""
    return (Finding(**one) for one in records(table))


def records(table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table for programs as dictionaries."""
    for batch in table.batches:
        parts: dict[str, Any] = {}
        at = 0
        for column in batch.columns:
            cells = batch.cells[:, at : at + column.width]
            at += column.width
            parts.update(_values(column, cells))
        for row in zip(*parts.values(), strict=True):
            yield dict(zip(parts, row, strict=True))


def _values(column: Column, cells: np.ndarray[Any, Any]) -> dict[str, list[Any]]:
    """Return the values of a column by field."""
    name, kind = column.name, column.kind
    if kind == ADDRESS:
        return {name: _addresses(cells)}
    if kind == ENDPOINT_ADDRESS:
        texts = [
            f"[{one}]:{number}" if ":" in one else f"{one}:{number}"
            for one, number in zip(_addresses(cells), cells[:, 2].tolist(), strict=True)
        ]
        return {name: texts}
    values = cells[:, 0].tolist()
    if kind == WORD:
        words: Sequence[Any] = column.words
        if name in OF_STATES:
            words = [None if word is None else State(str(word)) for word in words]
        return {name: [words[value] for value in values]}
    if kind == NUMBER_OR_NOTHING:
        return {name: [None if value < 0 else value for value in values]}
    # DURATION, the other kind that can be None, is in a table for programs only on request.
    return {name: [None if value == NEVER else value for value in values]}


def _addresses(cells: np.ndarray[Any, Any]) -> list[str]:
    """Return addresses as texts; each is written once, which is the slow part."""
    halves = list(zip(cells[:, 0].tolist(), cells[:, 1].tolist(), strict=True))
    texts = {pair: str(address(*pair)) for pair in set(halves)}
    return [texts[pair] for pair in halves]
