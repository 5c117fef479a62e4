"""What pcapstate says of a run against what the kernels did.

Some of it no packet on the interface tells, and it is not judged:

* A socket that ends without a packet: a SYN that is given up, TIME_WAIT and FIN_WAIT_2 that time out.
* Of a close by both whose first FINs are dropped: the states of the peer. The packets have neither its FIN nor whether
  the other one arrived.
* When a state is entered that a dropped segment only seems to cause, at the host that it did not arrive at.
* Listeners before a SYN to them was answered, and those on ports that nobody connects to.

Where the evidence itself disagrees, as it does where a program did not get to run for long, the connection is left out;
``Judgement.doubtful`` counts these.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from kernel_lab.compare import differences
from kernel_lab.document import Recorded, captured_connections, connections_of, entry_of
from kernel_lab.recorder import StateEvent
from kernel_lab.segments import Segment, endpoint
from kernel_lab.truth import HostEvidence, Life, TruthError, lives_of_pair

from live_run.fates import closed_by_both
from live_run.recording import OURS, Evidence, Look

_RACE = 0.05
"""How much later a capture or the trace may have something than the socket table (seconds)."""
_TWO_MSL = 55.0
"""Seconds after which the kernel may have ended TIME_WAIT or FIN_WAIT_2, or pcapstate."""

Pair = frozenset[str]


@dataclass
class Judgement:
    """What is wrong, and how much was looked at."""

    problems: list[str] = field(default_factory=list)
    connections: Counter[float] = field(default_factory=Counter)
    """Connections judged, by the rate that they were opened at."""
    ways: Counter[str] = field(default_factory=Counter)
    """The states that endpoints went through."""
    doubtful: list[str] = field(default_factory=list)


@dataclass
class Truth:
    """What the kernels did."""

    evidence: Evidence
    lives: dict[Pair, list[Life]] = field(default_factory=dict)
    doubtful: dict[Pair, str] = field(default_factory=dict)
    segments: dict[Pair, list[Segment]] = field(default_factory=dict)
    """Of the host that pcapstate captured on."""


def truth(evidence: Evidence) -> Truth:
    """Derive the states of all sockets from the evidence."""
    segments = {name: _by_pair(capture.segments) for name, capture in evidence.own.items()}
    events: dict[Pair, list[StateEvent]] = defaultdict(list)
    for event in evidence.events:
        events[frozenset((event.local, event.remote))].append(event)
    hosts = {own.rpartition(":")[0]: name for name, looks in evidence.looks.items() for own, _ in looks[0].table}
    found = Truth(evidence, segments=segments[OURS])
    for played in evidence.played:
        pair, lives = played.pair, []
        try:
            for local in pair:
                (remote,) = pair - {local}
                name = hosts[local.rpartition(":")[0]]
                looks = evidence.looks[name]
                tables = [((look.begin + look.end) / 2, look.table) for look in looks]
                of_pair = HostEvidence(local, segments[name][pair], [], events[pair], tables)
                own = lives_of_pair(of_pair, local, remote)
                _hold_against(own, looks, (local, remote))
                lives += own
            connections_of(lives)
        except TruthError as error:
            found.doubtful[pair] = str(error)
        found.lives[pair] = lives
    return found


def _by_pair(segments: list[Segment]) -> dict[Pair, list[Segment]]:
    found: dict[Pair, list[Segment]] = defaultdict(list)
    for segment in segments:
        found[frozenset((segment.source, segment.destination))].append(segment)
    return found


def _hold_against(lives: list[Life], looks: list[Look], pair: tuple[str, str]) -> None:
    """Every look at the kernel's table must show a state that a socket had then."""
    for look in looks:
        since, until = look.begin - _RACE, look.end + _RACE
        had = {life.state_at(since) or "CLOSED" for life in lives} or {"CLOSED"}
        had |= {one.state for life in lives for one in life.transitions if since <= one.time <= until}
        if look.table.get(pair, "CLOSED") not in had:
            raise TruthError(f"{pair} at {look.begin:.6f}: {sorted(had)}, ss lists {look.table.get(pair)}")


def judge_transitions(known: Truth) -> Judgement:
    """Hold the transitions of all connections against those of the kernels."""
    evidence, judgement = known.evidence, Judgement()
    timeline, connections = defaultdict(list), defaultdict(list)
    for row in evidence.timeline:
        timeline[frozenset((row["address"], row["peer"]))].append(row)
    for row in evidence.connections:
        connections[frozenset((row["client"], row["server"]))].append(row)
    for played in evidence.played:
        pair = played.pair
        if pair in known.doubtful:
            judgement.doubtful.append(f"{played.fate}: {known.doubtful[pair]}")
            continue
        entries = _entries(known, pair)
        if played.fate == closed_by_both.__name__:
            for entry in entries:
                _leave_out_peer(known, entry)
        wrong = differences({"connections": entries}, timeline[pair], connections[pair])
        judgement.problems += [f"{played.fate} {sorted(pair)}: {problem}" for problem in wrong]
        judgement.connections[played.rate.per_second] += len(entries)
        for entry in entries:
            for end in ("client", "server"):
                judgement.ways[" ".join(row[1] for row in entry[f"{end}_transitions"])] += 1
    return judgement


def _entries(known: Truth, pair: Pair) -> list[dict[str, Any]]:
    evidence = known.evidence
    capture = evidence.own[OURS]
    recorded = Recorded(
        scenario="",
        description="",
        vantage="",
        label="",
        local="",
        file="",
        start=evidence.start - 1,
        end=evidence.end,
        capture=type(capture)(capture.linktype, 0, known.segments[pair]),
        lives=known.lives[pair],
        tables=[],
        lost=[],
        notes=[],
    )
    found = captured_connections(recorded)
    entries = [entry_of(recorded, connection, index, []) for index, connection in enumerate(found)]
    for entry in entries:
        for end in ("client", "server"):
            transitions = entry[f"{end}_transitions"]
            if transitions and transitions[-1][1] == "TIME_WAIT" and evidence.end - transitions[-1][0] > _TWO_MSL:
                late = {"inferable": False, "reason": "the kernel's timer is late"}
                transitions.append([evidence.end, "CLOSED", late])
    return entries


def _leave_out_peer(known: Truth, entry: dict[str, Any]) -> None:
    own = {local for local, _ in known.evidence.looks[OURS][0].table}
    addresses = {local.rpartition(":")[0] for local in own}
    for end in ("client", "server"):
        if entry[end].rpartition(":")[0] not in addresses:
            entry[f"{end}_inferable"] = False


@dataclass
class Tables:
    """The tables against ``ss``."""

    problems: list[str] = field(default_factory=list)
    same: Counter[str] = field(default_factory=Counter)
    """Endpoints whose state is that of ``ss``, by state; over all moments."""
    moments: int = 0
    changing: int = 0
    """Endpoints that ``ss`` listed differently before and after a moment: not compared."""
    unknowable: Counter[str] = field(default_factory=Counter)
    """Endpoints that ended without a packet."""


def judge_tables(known: Truth) -> Tables:
    """Hold each table against what ``ss`` listed before and after its moment alike."""
    evidence, found = known.evidence, Tables()
    looks = evidence.looks[OURS]
    by_moment: dict[float, dict[tuple[str, str], str]] = defaultdict(dict)
    for row in evidence.tables:
        if row["change"] != "gone":
            by_moment[row["at"]][_ends(row)] = row["state"]
    first, last = evidence.start, evidence.end
    for moment, shown in sorted(by_moment.items()):
        before = [look for look in looks if look.end <= moment]
        after = [look for look in looks if look.begin >= moment]
        if not (before and after and first <= moment <= last):
            continue
        found.moments += 1
        earlier, later = before[-1].table, after[0].table
        for ends in sorted(set(earlier) | set(later) | set(shown)):
            states = {table.get(ends, "") for table in (earlier, later)}
            if ends[1].endswith(":*"):
                # A listener is known once a SYN to it was answered.
                states |= {""}
            elif len(states) == 2 or _changes(known, ends, before[-1].begin, after[0].end):
                found.changing += 1
                continue
            state = shown.get(ends, "")
            if state in states:
                found.same[state] += 1
            elif reason := _unknowable(known, ends, moment):
                found.unknowable[reason] += 1
            else:
                found.problems.append(f"{ends} at {moment:.3f}: {state or 'no row'}, ss lists {sorted(states)}")
    return found


def _ends(row: dict[str, Any]) -> tuple[str, str]:
    local = endpoint(row["local_address"], row["local_port"])
    if row["foreign_port"]:
        return local, endpoint(row["foreign_address"], row["foreign_port"])
    return local, "[::]:*" if ":" in row["local_address"] else "0.0.0.0:*"


def _changes(known: Truth, ends: tuple[str, str], since: float, until: float) -> bool:
    """Whether the endpoint entered a state between two looks, or about then."""
    return any(
        since - _RACE <= one.time <= until + _RACE
        for life in known.lives.get(frozenset(ends), [])
        if life.local == ends[0]
        for one in life.transitions
    )


def _unknowable(known: Truth, ends: tuple[str, str], moment: float) -> str:
    """Why no packet tells the state of an endpoint; empty if one does."""
    own = [life for life in known.lives.get(frozenset(ends), []) if life.local == ends[0] and life.start <= moment]
    if not own:
        return ""
    *_, before, last = [None, *(one for one in own[-1].transitions if one.time <= moment)]
    if last.silent or (before and before.state == "SYN_SENT" and last.state == "CLOSED" and not last.reset):
        return f"{before.state} ends"
    if last.state in ("TIME_WAIT", "FIN_WAIT_2") and moment - last.time > _TWO_MSL:
        return f"{last.state} times out"
    return ""
