"""The states that the kernels went through in a run, as seen from a view."""

from __future__ import annotations

import json
from collections import defaultdict
from math import inf
from pathlib import Path
from typing import Any

from kernel_lab.document import Connection, Recorded, captured_connections, connections_of, entry_of, evidence_of
from kernel_lab.recorder import Table
from kernel_lab.segments import CaptureFile, Segment
from kernel_lab.truth import HostEvidence, Life, TruthError, lives_of_pair

from random_lab.deciding import Case, undecidable
from random_lab.plans import Plan, View
from random_lab.recording import Evidence
from random_lab.views import Own, Seen

_RACE = 0.03
"""How much earlier or later than noted a look at a socket table may have been (seconds)."""
_MOMENTS = 0.9
"""A moment to ask for states at, at most every so many seconds."""
_UNDER_WAY = 2.0
"""Seconds after the end of a capture in which what it shows may still arrive."""
_OPENING = 0.010

_ENDS = ("client", "server")


class Hosts:
    """What the two hosts of a run know of each pair of endpoints."""

    def __init__(self, evidence: Evidence, own: Own) -> None:
        self.evidence = evidence
        self.segments: dict[str, dict[frozenset[str], list[Segment]]] = {}
        for name, packets in own.packets.items():
            self.segments[name] = defaultdict(list)
            for packet in packets:
                self.segments[name][_pair(packet.segment)].append(packet.segment)
        self._events = defaultdict(list)
        for event in evidence.events:
            self._events[frozenset((event.local, event.remote))].append(event)
        self._plans: dict[int, Plan] = {plan.server_port: plan for plan in evidence.run.plans}

    def plan(self, pair: frozenset[str]) -> Plan:
        """The plan that a pair of endpoints belongs to."""
        ports = {int(end.rpartition(":")[2]) for end in pair}
        return next(self._plans[port] for port in ports if port in self._plans)

    def name(self, end: str) -> str:
        """The host that an endpoint is on."""
        address = end.rpartition(":")[0].strip("[]")
        return next(name for name, own in self.evidence.addresses.items() if address in own)

    def connections(self, pair: frozenset[str]) -> list[Connection]:
        """The connections between two endpoints; raises TruthError where the evidence does not agree."""
        lives: list[Life] = []
        for local in sorted(pair):
            (remote,) = pair - {local}
            name = self.name(local)
            evidence = HostEvidence(
                prefix=local,
                segments=self.segments[name][pair],
                errors=[],
                events=self._events[pair],
                tables=self.evidence.tables[name],
            )
            own = lives_of_pair(evidence, local, remote)
            _hold_against(own, evidence.tables, (local, remote))
            lives += _as_one(own)
        return connections_of(lives)


def _as_one(lives: list[Life]) -> list[Life]:
    """Requests that answer the same SYN, one after the other, are one life: to the client they are one connection."""
    joined: list[Life] = []
    for life in lives:
        before = next((one for one in joined if one.how == "passive" and one.peer_isn == life.peer_isn), None)
        if life.how == "passive" and life.peer_isn is not None and before:
            before.transitions += life.transitions
            before.isn = life.isn
        else:
            joined.append(life)
    return joined


def _hold_against(lives: list[Life], tables: list[tuple[float, Table]], pair: tuple[str, str]) -> None:
    """Every look at the kernel's table must show a state that a socket had about then."""
    for time, table in tables:
        had = {life.state_at(at) or "CLOSED" for life in lives for at in (time - _RACE, time + _RACE)} or {"CLOSED"}
        had |= {t.state for life in lives for t in life.transitions if abs(t.time - time) <= _RACE}
        if table.get(pair, "CLOSED") not in had:
            raise TruthError(f"{pair[0]} to {pair[1]} at {time:.6f}: {sorted(had)}, the kernel lists {table.get(pair)}")


def document(evidence: Evidence, hosts: Hosts, shown: Seen, name: str) -> dict[str, Any]:
    """The truth of a run for one view; what cannot be told from it is marked."""
    by_pair: dict[frozenset[str], list[Segment]] = defaultdict(list)
    for packet in shown.packets:
        by_pair[_pair(packet.segment)].append(packet.segment)
    looks = [look for of_host in evidence.tables.values() for look in of_host]
    listeners = sorted({local for _, table in looks for (local, _), state in table.items() if state == "LISTEN"})
    entries = []
    for pair, segments in by_pair.items():
        entries += _entries(evidence, hosts, shown, pair, segments, listeners)
    view = shown.view
    vantage = view.place if view.place in _ENDS else "middle"
    return {
        "scenario": name,
        "description": f"run {evidence.run.seed}, seen as {view.name}; settings {evidence.run.settings}",
        "vantage": vantage,
        "view": _kind_of_view(view),
        "local": evidence.addresses["server" if vantage == "server" else "client"][0],
        "linktype": 1,
        "packets": len(shown.packets),
        "capture": {"start": round(shown.start, 6), "end": round(shown.end, 6)},
        "listeners": listeners,
        "file": f"{name}.pcap",
        "connections": entries,
    }


def write(truth: dict[str, Any], path: Path) -> None:
    """Store a truth as JSON, a connection a line."""
    rest = {key: value for key, value in truth.items() if key != "connections"}
    rows = ",\n".join("  " + json.dumps(row) for row in truth["connections"])
    path.write_text(f'{json.dumps(rest, indent=1)[:-2]},\n "connections": [\n{rows}\n ]\n}}\n', encoding="utf-8")


def _entries(
    evidence: Evidence,
    hosts: Hosts,
    shown: Seen,
    pair: frozenset[str],
    segments: list[Segment],
    listeners: list[str],
) -> list[dict[str, Any]]:
    plan = hosts.plan(pair)
    note = {
        "plan": {
            "index": plan.index,
            "kind": plan.kind,
            "ending": plan.rounds[0].name,
            "box": _words(plan),
            "suffers": _suffers(plan),
        }
    }
    recorded = Recorded(
        scenario="",
        description="",
        vantage=shown.view.place,
        label="",
        local="",
        file="",
        start=shown.start,
        end=shown.end,
        capture=CaptureFile(1, len(shown.packets), segments),
        lives=[],
        tables=_moments(evidence, shown),
        lost=_lost(evidence, shown, pair),
        notes=[],
    )
    try:
        connections = hosts.connections(pair)
        recorded.lives = [life for c in connections for life in (c.client_life, c.server_life) if life]
        captured = captured_connections(recorded)
    except TruthError as error:
        return [_doubtful(segments, f"the truth is not certain: {error}") | note]
    if any(c.opened > shown.start and not c.segments[0].has("S") for c in captured):
        return [_doubtful(segments, "segments come before its SYN") | note]
    begins = [c.opened for c in captured]
    siblings = max(len(connections), 1)
    syns = {s.seq for s in segments if s.has("S") and not s.has("A")}
    entries = []
    for index, connection in enumerate(captured):
        entry = entry_of(recorded, connection, index, listeners)
        until = begins[index + 1] - _OPENING if index + 1 < len(begins) else inf
        ends = (("client", connection.client), ("server", connection.server))
        of_hosts = {end: hosts.segments[hosts.name(address)][pair] for end, address in ends}
        own = {end: [s for s in of if connection.opened - _OPENING <= s.time < until] for end, of in of_hosts.items()}
        case = Case(
            connection,
            recorded,
            begin=shown.start if shown.view.late else 0.0,
            own=own,
            siblings=siblings,
            opening_shown=len(captured) == siblings and len(syns) >= siblings,
            only=next((end for end, at in ends if shown.view.only == hosts.name(at)), ""),
        )
        for end in _ENDS:
            _mark(case, end, entry)
        entries.append(entry | note)
    return entries + _forged_openings(evidence, shown, connections, pair, note)


def _forged_openings(
    evidence: Evidence, shown: Seen, connections: list[Connection], pair: frozenset[str], note: dict[str, Any]
) -> list[dict[str, Any]]:
    """Connections that a forged SYN makes believe, where none goes on that it could disturb; they are not judged."""
    lives = [life for c in connections for life in (c.client_life, c.server_life) if life]
    forged = [
        packet.segment
        for packet in shown.packets
        if packet.passage and packet.passage.forged and packet.segment.has("S") and _pair(packet.segment) == pair
    ]
    over = [s for s in forged if all(life.state_at(s.time) in (None, "CLOSED", "TIME_WAIT") for life in lives)]
    reason = "a SYN that nobody sent"
    return [_doubtful([s], reason) | note for s in over if not s.has("A")]


def _mark(case: Case, end: str, entry: dict[str, Any]) -> None:
    """Say of an endpoint what cannot be told."""
    reason = undecidable(case, end)
    if reason:
        entry[f"{end}_inferable"], entry[f"{end}_reason"] = False, reason
    life = case.life(end)
    for index, transition in enumerate(life.transitions if life else []):
        assert life is not None
        if not case.recorded.end < transition.time < case.recorded.end + _UNDER_WAY:
            continue
        if evidence_of(case.recorded, case.connection, life, index) is not None:
            late = {"inferable": False, "reason": "shown, but still under way when the capture ended"}
            entry[f"{end}_transitions"].append([round(transition.time, 6), transition.state, late])


def _doubtful(segments: list[Segment], reason: str) -> dict[str, Any]:
    first = next((s for s in segments if s.has("S") and not s.has("A")), segments[0])
    unknown = dict.fromkeys(_ENDS, "CLOSED")
    return {
        "client": first.source,
        "server": first.destination,
        "how": dict.fromkeys(_ENDS, "none"),
        "client_transitions": [],
        "server_transitions": [],
        "final": unknown,
        "checkpoints": [],
        **{f"{end}_inferable": False for end in _ENDS},
        **{f"{end}_reason": reason for end in _ENDS},
        "doubtful": True,
    }


def _moments(evidence: Evidence, shown: Seen) -> list[tuple[float, Table]]:
    """Looks at both hosts' tables at about the same time, as one."""
    chosen: list[tuple[float, Table]] = []
    for (time, client), (_, server) in zip(evidence.tables["client"], evidence.tables["server"], strict=False):
        if shown.start <= time <= shown.end and (not chosen or time - chosen[-1][0] >= _MOMENTS):
            chosen.append((time, {**client, **server}))
    return chosen


def _lost(evidence: Evidence, shown: Seen, pair: frozenset[str]) -> list[Segment]:
    """What was lost in the box, behind where the view is."""
    if shown.view.place == "behind":
        return []
    own = evidence.addresses[shown.view.place] if shown.view.place in _ENDS else None
    return [
        p.segment
        for p in evidence.passages
        if not p.delivered
        and _pair(p.segment) == pair
        and (own is None or p.segment.source.rpartition(":")[0].strip("[]") in own)
    ]


def _kind_of_view(view: View) -> str:
    if view.only:
        return "one direction"
    if view.twice or view.place == "both":
        return "packets twice"
    return "begun late or ended early" if view.late or view.early else "whole"


def _suffers(plan: Plan) -> str:
    """The worst that the box does to a connection, in a word."""
    policy = plan.policy
    if policy.forgeries or (policy.idle and policy.idle_resets):
        return "forged segments"
    if policy.holes or policy.idle:
        return "silence"
    others = (*policy.loss, policy.reorder[0], policy.repeat[0], *policy.drops)
    return "loss" if any(others) else "nothing"


def _words(plan: Plan) -> str:
    """What the box does to a connection, in words."""
    policy = plan.policy
    words = ["delay"] * any(policy.delay) + ["loss"] * any(policy.loss)
    words += ["reorder"] * bool(policy.reorder[0]) + ["repeat"] * bool(policy.repeat[0])
    words += [f"drop {drop.flags} x{drop.times}" for drop in policy.drops]
    words += [f"forge {one.flags} {one.shift:+} by {one.sender}" for one in policy.forgeries]
    words += ["hole"] * bool(policy.holes) + ["idle"] * bool(policy.idle)
    return ", ".join(words)


def _pair(segment: Segment) -> frozenset[str]:
    return frozenset((segment.source, segment.destination))
