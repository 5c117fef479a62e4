"""The truth as seen from one capture: connections in order, states, and what no packet there can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

from kernel_lab.recorder import Table
from kernel_lab.segments import CaptureFile, Segment
from kernel_lab.truth import Life, Transition, TruthError

_TOGETHER = 0.005
_OPENING = 0.001


@dataclass(frozen=True)
class Note:
    """What a scenario knows of its own: why something cannot be inferred from a capture.

    Without a `state` it is the whole endpoint that cannot be. `seems` says the opposite: a state the endpoint was never
    in, though the packets look as if it had been. `at` is a vantage, or the label of a capture; without it, and
    without a `connection`, the note is for all.
    """

    endpoint: str
    reason: str
    state: str | None = None
    seems: bool = False
    at: str | None = None
    connection: int | None = None


@dataclass
class Connection:
    """A connection: the sockets at its two ends, where there were any, and its segments in the capture."""

    client: str
    server: str
    client_life: Life | None
    server_life: Life | None
    segments: list[Segment] = field(default_factory=list)

    @property
    def opened(self) -> float:
        """When the first of its sockets was opened."""
        return min((life.start for life in (self.client_life, self.server_life) if life), default=-inf)

    @property
    def pair(self) -> frozenset[str]:
        """Its two endpoints."""
        return frozenset((self.client, self.server))


@dataclass
class Recorded:
    """One capture of a scenario, and all that is known of what happened."""

    scenario: str
    description: str
    vantage: str
    label: str
    local: str
    file: str
    start: float
    end: float
    capture: CaptureFile
    lives: list[Life]
    tables: list[tuple[float, Table]]
    lost: list[Segment]
    notes: list[Note]


def connections_of(lives: list[Life]) -> list[Connection]:
    """The sockets of both hosts joined to connections."""
    active = [life for life in lives if life.how == "active"]
    found = []
    for passive in (life for life in lives if life.how == "passive"):
        other_end = [a for a in active if (a.local, a.remote) == (passive.remote, passive.local)]
        mine = [a for a in other_end if a.isn == passive.peer_isn]
        if not mine and any(a.start < passive.start and a.state_at(passive.start) != "CLOSED" for a in other_end):
            raise TruthError(f"{passive.local}: answers a SYN that {passive.remote} has not sent")
        active = [life for life in active if life not in mine]
        found.append(Connection(passive.remote, passive.local, mine[0] if mine else None, passive))
    while active:
        first, *active = active
        # Two active sockets for each other: a simultaneous open.
        mine = [a for a in active if (a.local, a.remote) == (first.remote, first.local)][:1]
        active = [life for life in active if life not in mine]
        found.append(Connection(first.local, first.remote, first, mine[0] if mine else None))
    return sorted(found, key=lambda connection: connection.opened)


def captured_connections(recorded: Recorded) -> list[Connection]:
    """The connections that have packets in the capture, in order of their first."""
    connections = connections_of(recorded.lives)
    for segment in recorded.capture.segments:
        pair = frozenset((segment.source, segment.destination))
        mine = [c for c in connections if c.pair == pair]
        begun = [c for c in mine if c.opened <= segment.time + _OPENING]
        if not mine:
            # Stray segments, of no socket anywhere.
            connections.append(stray := Connection(segment.source, segment.destination, None, None))
            mine = begun = [stray]
        (begun[-1] if begun else mine[0]).segments.append(segment)
    captured = sorted((c for c in connections if c.segments), key=lambda c: c.segments[0].packet)
    for connection in captured:
        _name_simultaneous(connection)
    return captured


def _name_simultaneous(connection: Connection) -> None:
    """In a simultaneous open, the client is the one whose SYN the capture has first."""
    client, server = connection.client_life, connection.server_life
    if client and server and client.how == server.how == "active":
        syns = [segment for segment in connection.segments if segment.has("S")]
        if syns and syns[0].source == connection.server:
            connection.client, connection.server = connection.server, connection.client
            connection.client_life, connection.server_life = server, client


def document(recorded: Recorded) -> dict[str, Any]:
    """The truth in the form it is stored in."""
    sockets = [socket for _, table in recorded.tables for socket in table.items()]
    listeners = sorted({local for (local, _), state in sockets if state == "LISTEN"})
    return {
        "scenario": recorded.scenario,
        "description": recorded.description,
        "vantage": recorded.vantage,
        "local": recorded.local,
        "linktype": recorded.capture.linktype,
        "packets": recorded.capture.packets,
        "capture": {"start": round(recorded.start, 6), "end": round(recorded.end, 6)},
        "listeners": listeners,
        "file": recorded.file,
        "connections": [
            entry_of(recorded, connection, index, listeners)
            for index, connection in enumerate(captured_connections(recorded))
        ],
    }


def entry_of(recorded: Recorded, connection: Connection, index: int, listeners: list[str]) -> dict[str, Any]:
    """The truth of one connection; `index` is its number in the capture."""
    entry: dict[str, Any] = {"client": connection.client, "server": connection.server}
    ends = {"client": connection.client_life, "server": connection.server_life}
    entry["how"] = {end: life.how if life else "none" for end, life in ends.items()}
    evidence: dict[str, list[float | None]] = {}
    for end, life in ends.items():
        evidence[end] = (
            [evidence_of(recorded, connection, life, i) for i in range(len(life.transitions))] if life else []
        )
        entry[f"{end}_transitions"] = [
            _transition(recorded, transition, seen, _note(recorded, index, end, transition.state))
            for transition, seen in zip(life.transitions if life else [], evidence[end], strict=True)
            if transition.time <= recorded.end
        ]
        whole = _note(recorded, index, end, None)
        if whole:
            entry[f"{end}_inferable"], entry[f"{end}_reason"] = False, whole
        seeming = {note.state: note.reason for note in _notes(recorded, index, end) if note.seems}
        if seeming:
            entry[f"{end}_may_seem"] = seeming
    idle = {"client": "CLOSED", "server": "LISTEN" if connection.server in listeners else "CLOSED"}
    entry["final"] = {end: _state(life, recorded.end, idle[end]) for end, life in ends.items()}
    entry["checkpoints"] = _checkpoints(recorded, connection, ends, evidence, idle)
    if connection.client_life and any(connection.client_life.sent(error) for error in recorded.capture.errors):
        entry["icmp_error"] = "answers the SYN"
    lost = _lost(recorded, connection)
    if lost:
        entry["lost_after_capture_point"] = [
            {"packet": segment.packet, "flags": segment.letters, "to": segment.destination} for segment in lost
        ]
    return entry


def _state(life: Life | None, time: float, idle: str) -> str:
    return (life.state_at(time) if life else None) or idle


def _transition(recorded: Recorded, transition: Transition, seen: float | None, note: str | None) -> list[Any]:
    row: list[Any] = [round(transition.time, 6), transition.state]
    if transition.time < recorded.start:
        row.append({"inferable": False, "reason": "before the capture began"})
    elif note:
        row.append({"inferable": False, "reason": note})
    elif seen is None:
        silent = transition.state == "CLOSED"
        reason = (
            "no segment accompanies it (timer, or the process let go of the socket silently)"
            if silent
            else "the segment that tells of it is not in the capture"
        )
        row.append({"inferable": False, "reason": reason})
    return row


def _notes(recorded: Recorded, index: int, end: str) -> list[Note]:
    """The notes for one end of a connection, in this capture."""
    here = (None, recorded.vantage, recorded.label)
    return [n for n in recorded.notes if n.endpoint == end and n.at in here and n.connection in (None, index)]


def _note(recorded: Recorded, index: int, end: str, state: str | None) -> str | None:
    for note in _notes(recorded, index, end):
        if note.state == state and not note.seems:
            return note.reason
    return None


def _checkpoints(
    recorded: Recorded,
    connection: Connection,
    ends: dict[str, Life | None],
    evidence: dict[str, list[float | None]],
    idle: dict[str, str],
) -> list[dict[str, Any]]:
    rows = []
    for time, _ in recorded.tables:
        if not max(recorded.start, connection.opened) <= time <= recorded.end:
            continue
        row: dict[str, Any] = {"t": round(time, 6)}
        unknown = {}
        for end, life in ends.items():
            row[end] = _state(life, time, idle[end])
            reason = _unknown_at(recorded, connection, end, life, evidence[end], time)
            if reason:
                unknown[end] = reason
        if unknown:
            row["not_inferable"] = unknown
        rows.append(row)
    return rows


def _unknown_at(
    recorded: Recorded, connection: Connection, end: str, life: Life | None, evidence: list[float | None], time: float
) -> str | None:
    """Why an endpoint's state at this moment cannot be known from the capture so far, or None."""
    local = connection.client if end == "client" else connection.server
    for segment in _lost(recorded, connection):
        if segment.destination == local and segment.time <= time:
            again = [
                s
                for s in connection.segments
                if segment.time < s.time <= time and s.end == segment.end and s.destination == local
            ]
            if not again or again[-1] in _lost(recorded, connection):
                return f"a segment ({segment.letters}) to it was lost after the capture point"
    if life is None:
        return None
    entered = [seen for transition, seen in zip(life.transitions, evidence, strict=True) if transition.time <= time]
    if entered and (entered[-1] is None or entered[-1] > time + _TOGETHER):
        return "the segment that tells of it is not in the capture, or comes later"
    return None


def _lost(recorded: Recorded, connection: Connection) -> list[Segment]:
    """The captured segments that were lost on the wire. Only the sender's own interface has them."""
    found = []
    for lost in recorded.lost:
        same = [segment for segment in connection.segments if segment.header == lost.header and segment not in found]
        nearest = min((abs(segment.time - lost.time) for segment in same), default=0.0)
        # More than one where every packet is seen twice.
        found += [segment for segment in same if abs(segment.time - lost.time) < nearest + _OPENING]
    return sorted(found, key=lambda segment: segment.packet)


def evidence_of(recorded: Recorded, connection: Connection, life: Life, index: int) -> float | None:
    """When the capture first tells that this transition has happened; None if it never does."""
    this, before = life.transitions[index], life.transitions[index - 1].state if index else ""
    sent = [s for s in connection.segments if s.source == life.local]
    got = [s for s in connection.segments if s.destination == life.local]
    fin_ends = [s.end for s in sent if s.has("F")]
    acks_of_fin = [s for s in got if fin_ends and s.covers(fin_ends[0])]
    fins = [s for s in got if s.has("F")]
    match this.state:
        case "SYN_SENT":
            telling = [s for s in sent if s.has("S") and not s.has("A") and s.seq == life.isn]
        case "SYN_RECEIVED":
            telling = [s for s in sent if s.has("SA") and s.seq == life.isn]
        case "ESTABLISHED":
            telling = [s for s in got if s.covers((life.isn + 1) & 0xFFFFFFFF)]
            telling += [s for s in sent if s.has("A") and not s.has("S")]
        case "FIN_WAIT_1" | "LAST_ACK":
            telling = [s for s in sent if s.has("F")]
        case "FIN_WAIT_2":
            telling = acks_of_fin
        case "CLOSE_WAIT" | "CLOSING":
            telling = fins
        case "TIME_WAIT":
            telling = acks_of_fin if before == "CLOSING" else fins
        case "CLOSED":
            telling = _endings(recorded, connection, life, this, before, acks_of_fin)
        case _:
            raise TruthError(f"{life.local}: unexpected state {this.state}")
    return min((segment.time for segment in telling), default=None)


def _endings(
    recorded: Recorded, connection: Connection, life: Life, this: Transition, before: str, acks_of_fin: list[Segment]
) -> list[Segment]:
    """What tells of a socket's end: a RST either way, the last ACK, an ICMP error, or a new connection in its place."""
    telling = list(acks_of_fin) if before == "LAST_ACK" else []
    telling += [
        error for error in recorded.capture.errors if abs(error.time - this.time) < _TOGETHER and life.sent(error)
    ]
    for segment in recorded.capture.segments:
        if {segment.source, segment.destination} != set(connection.pair):
            continue
        own = segment.source == life.local and segment.time > this.time - _TOGETHER
        if segment.has("R") and own and segment in connection.segments:
            telling.append(segment)
        if this.reset and segment.header == this.reset.header:
            telling.append(segment)
        if before == "TIME_WAIT" and segment.has("S") and own:
            telling.append(segment)
    return telling
