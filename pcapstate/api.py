"""The library: connections, transitions and netstat rows of a capture as typed objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from .addresses import address, socket_text
from .capture import Capture, open_source
from .errors import CaptureDamaged
from .moments import parse_moment
from .sockets.rows import NOBODY, SocketRows
from .stops import Stops
from .tcp import tables as c
from .tcp.machine import TABLE, Certainty
from .tcp.outcomes import NAMES, handshakes
from .tcp.outcomes import outcomes as outcomes_of
from .tcp.perspective import perspective
from .tcp.settling import certainties
from .tcp.sides import sides
from .tcp.states import State
from .tcp.time_wait import TWO_MSL, TimeWait

Path = str | os.PathLike[str] | IO[bytes]


@dataclass(frozen=True, slots=True)
class Transition:
    """One state change of one endpoint (the fields of ``pcapstate timeline --format jsonl``)."""

    time: int
    """Nanoseconds since the epoch."""
    packet: int | None
    """Number of the packet that proves it, 1-based as in Wireshark; None where a timer ran out."""
    connection: int
    """0-based, as Wireshark's tcp.stream."""
    endpoint: str
    """``client`` or ``server``."""
    address: str
    """Of the endpoint, as ``10.0.0.1:51000`` or ``[2001:db8::1]:80``."""
    peer: str
    from_state: State
    to_state: State
    cause: str
    certainty: str
    """``seen``, ``assumed``, ``doubtful``, ``timer`` or ``revised``."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a connection."""

    address: str
    state: State
    packets: int
    bytes: int
    """Payload bytes sent, retransmissions included."""
    retransmissions: int
    """Segments sent again."""
    first: int | None
    """Time of its first packet, nanoseconds since the epoch; None where it sent none."""
    last: int | None


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection (the fields of ``pcapstate connections --format jsonl``)."""

    number: int
    """0-based, as Wireshark's tcp.stream."""
    client: Endpoint
    server: Endpoint
    outcome: str
    """One of ``pcapstate.tcp.outcomes.OUTCOMES``."""
    handshake_seen: bool
    client_guessed: bool
    """No handshake tells which side is the client; the ports suggested it."""

    @property
    def client_state(self) -> State:
        """The state of the client's end."""
        return self.client.state

    @property
    def server_state(self) -> State:
        """The state of the server's end."""
        return self.server.state


@dataclass(frozen=True, slots=True)
class Netstat:
    """One row of netstat (the fields of ``pcapstate netstat --format json``)."""

    proto: str
    local_address: str
    local_port: int
    foreign_address: str
    foreign_port: int
    state: State
    connection: int | None
    """None for a port that listens."""


class Session:
    """A capture being read, up to a moment or its end. ``transitions`` reads it lazily; the rest reads on to there."""

    def __init__(self, *paths: Path, two_msl: float = TWO_MSL, at: str | float | None = None) -> None:
        stops = None if at is None else Stops(parse_moment(str(at)))
        self._capture = Capture(open_source(paths), TimeWait(two_msl), stops=stops)
        self._reading = self._capture.follow()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the capture."""
        self._reading.close()
        self._capture.source.close()

    @property
    def damages(self) -> list[CaptureDamaged]:
        """What was damaged or cut short, as far as it was read."""
        return self._capture.damages

    def transitions(self) -> Iterator[Transition]:
        """Read on, and yield each transition as its packet is reached, ``revised`` ones included."""
        for batch in self._reading:
            for row in batch.copy():
                yield self._transition(row)

    def connections(self) -> list[Connection]:
        """Read to the end and return all connections in the order of their numbers."""
        self._read()
        table = self._capture.table
        of = sides(table)
        outcomes = outcomes_of(of)
        complete = handshakes(of)
        result = []
        for number in range(len(of.notes)):
            notes = int(of.notes[number])
            ends = [
                _endpoint(side[number], tuple(part[number] for part in where))
                for side, where in ((of.client, of.client_address), (of.server, of.server_address))
            ]
            outcome = NAMES[outcomes[number]]
            guessed = bool(notes & c.CLIENT_GUESSED)
            result.append(Connection(number, ends[0], ends[1], outcome, bool(complete[number]), guessed))
        return result

    def netstat(self, local: str | None = None, listening: bool = False) -> list[Netstat]:
        """Read on and return the rows of ``netstat`` on a host (an address or network; None: inferred)."""
        self._read()
        table = self._capture.table
        whose = perspective(table, () if local is None else (local,))
        rows = SocketRows(table, whose, self._capture.moment or 0, listening=listening)
        ends = [
            [(str(address(high, low)), port) for high, low, port in zip(*(one.tolist() for one in end), strict=True)]
            for end in (rows.local, rows.foreign)
        ]
        return [
            Netstat("tcp", own[0], own[1], peer[0], peer[1], State(state), None if number == NOBODY else number)
            for own, peer, state, number in zip(*ends, rows.state.tolist(), rows.connection.tolist(), strict=True)
        ]

    def _read(self) -> None:
        for _ in self._reading:
            pass

    def _transition(self, row: Any) -> Transition:
        number, side = divmod(int(row["endpoint"]), 2)
        one = self._capture.table.connections[number]
        client = 1 if one["notes"] & c.CLIENT_IS_1 else 0
        extra = self._capture.table.extras[number]
        ends = [
            socket_text(int(extra[f"high_{end}"]), int(one[f"low_{end}"]), int(one[f"port_{end}"]))
            for end in (side, 1 - side)
        ]
        certainty = certainties(row, False)
        return Transition(
            int(row["time"]),
            int(row["packet"]) or None,
            number,
            "client" if side == client else "server",
            ends[0],
            ends[1],
            State(row["from"]),
            State(row["to"]),
            TABLE[row["row"]].cause,
            Certainty(int(certainty)).word,
        )


def _endpoint(row: Any, where: tuple[Any, ...]) -> Endpoint:
    packets = int(row["packets"])
    return Endpoint(
        socket_text(*map(int, where)),
        State(row["state"]),
        packets,
        int(row["bytes"]),
        int(row["retransmissions"]),
        int(row["first"]) if packets else None,
        int(row["last"]) if packets else None,
    )


def open(*paths: Path, two_msl: float = TWO_MSL, at: str | float | None = None) -> Session:
    """Open a capture (several: as one in time order).

    ``two_msl``: seconds of TIME_WAIT. ``at``: the moment at which to stop: seconds since the start, or as text what
    ``--at`` takes, but for what counts from the end. Raises CaptureError, MomentError.
    """
    return Session(*paths, two_msl=two_msl, at=at)


def transitions(*paths: Path, two_msl: float = TWO_MSL) -> Iterator[Transition]:
    """Open a capture and yield its transitions lazily, in the order of its packets. Raises CaptureError."""
    return _closing(Session(*paths, two_msl=two_msl))


def _closing(session: Session) -> Iterator[Transition]:
    with session:
        yield from session.transitions()


def connections(*paths: Path, two_msl: float = TWO_MSL) -> list[Connection]:
    """Read a capture and return its connections in the order of their numbers. Raises CaptureError."""
    with Session(*paths, two_msl=two_msl) as session:
        return session.connections()


def netstat(
    *paths: Path,
    local: str | None = None,
    listening: bool = False,
    two_msl: float = TWO_MSL,
    at: str | float | None = None,
) -> list[Netstat]:
    """Read a capture and return what netstat says on a host at a moment (see ``open``), or at its end.

    Raises CaptureError, MomentError, and ValueError where ``local`` is neither an address nor a network.
    """
    with Session(*paths, two_msl=two_msl, at=at) as session:
        return session.netstat(local, listening)
