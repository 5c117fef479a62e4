"""What ``compare`` says of a run, against what happened: every packet, and the pair of states at many moments.

A moment counts as right where both states are those of the kernels. Some changes no packet tells: a timer, a close
behind data that is still to be sent. Until a packet tells of it, the state before is no error, but "unknown".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

import numpy as np
from kernel_lab.document import Connection
from kernel_lab.segments import Segment
from kernel_lab.truth import Life, TruthError
from random_lab.truth import Hosts
from random_lab.views import Own

from compare_lab.recording import Recorded
from pcapstate.addresses import socket_text
from pcapstate.comparing.comparison import Comparison
from pcapstate.comparing.fates import FATES, REPEATED
from pcapstate.tcp.states import State

_TOGETHER = 0.010
"""Seconds within which a change of state and its packet are."""
_MARGIN = 0.002
"""Seconds around a change in which neither state is asked for."""
_LOOKS = 0.05
"""Seconds by which the end of a small socket is known: only the table tells of it, which is looked at now and then."""
_SMALL = {"SYN_RECEIVED", "FIN_WAIT_2", "TIME_WAIT"}
_NOT_CLOSED = {"FIN_WAIT_1": "ESTABLISHED", "CLOSING": "CLOSE_WAIT", "LAST_ACK": "CLOSE_WAIT"}
"""What a state is to everybody else before the FIN of its end has left, which waits behind data."""
_ENDS = ("client", "server")
_IDLE = {"CLOSED", "LISTEN"}


@dataclass
class Judged:
    """What came of comparing; the numbers of several can be added up."""

    connections: int = 0
    translated: int = 0
    uncertain: int = 0
    """Connections of which the kernels' evidence does not agree."""
    pairs: Counter[str] = field(default_factory=Counter)
    """Moments: right, wrong, unknown."""
    packets: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What became of packets, and what is said of them."""
    copies: tuple[int, int] = (0, 0)
    """How often packets were repeated, and how often that is said."""
    clock_error: float = 0.0
    """Seconds by which the clock is wrong at most, and what it says it may be."""
    clock_uncertainty: float = 0.0
    transit_error: list[float] = field(default_factory=list)
    """Seconds by which transit times are wrong, beside what they are."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Judged) -> None:
        """Add another judgement to this one."""
        self.connections += other.connections
        self.translated += other.translated
        self.uncertain += other.uncertain
        self.pairs += other.pairs
        self.packets += other.packets
        self.copies = self.copies[0] + other.copies[0], self.copies[1] + other.copies[1]
        self.clock_error = max(self.clock_error, other.clock_error)
        self.clock_uncertainty = max(self.clock_uncertainty, other.clock_uncertainty)
        self.transit_error += other.transit_error
        self.wrong += other.wrong


def judged(run: Recorded, found: Comparison) -> Judged:
    """Compare what is said of a run with what happened."""
    own = Own.of(run.evidence)
    result = Judged()
    _clock(result, run, found)
    _packets(result, run, own, found)
    _States(result, run, own, found).judge()
    return result


def _clock(result: Judged, run: Recorded, found: Comparison) -> None:
    for time in (run.evidence.start, run.evidence.end):
        true = run.offset + run.drift * (time - run.evidence.start)
        error = abs(found.clock.ahead(round(time * 1e9)) / 1e9 - true)
        result.clock_error = max(result.clock_error, error)
    length = run.evidence.end - run.evidence.start
    result.clock_uncertainty = (found.clock.uncertainty or 0) / 1e9 + length * (found.clock.drift_uncertainty or 0)


def _packets(result: Judged, run: Recorded, own: Own, found: Comparison) -> None:
    told = found.fates
    said: dict[tuple[int, int], int] = {}
    repeated: Counter[tuple[int, int]] = Counter()
    for row, (place, fate) in enumerate(zip(told.rows[0].tolist(), told.fate.tolist(), strict=True)):
        if place < 0:
            continue
        key = int(told.sent.second[place]), int(told.sent.packets["number"][place])
        if fate == REPEATED:
            repeated[key] += 1
        else:
            said[key] = row
    result.copies = 0, repeated.total()
    for which, name in enumerate(_ENDS):
        addresses = run.evidence.addresses[name]
        for number, packet in enumerate(own.packets[name], start=1):
            passage = packet.passage
            if passage is None or packet.segment.source.rpartition(":")[0].strip("[]") not in addresses:
                continue
            fate = "repeated" if len(passage.delivered) > 1 else "delivered" if passage.delivered else "lost"
            result.copies = result.copies[0] + max(len(passage.delivered) - 1, 0), result.copies[1]
            row = said.get((which, number), -1)
            word = FATES[int(told.fate[row])] if row >= 0 else "nothing"
            if word == "delivered" and repeated[which, number]:
                word = "repeated"
            result.packets[fate, word] += 1
            if fate == word == "delivered":
                result.transit_error.append(abs(told.transit[row] / 1e9 - (passage.delivered[0] - packet.time)))


class _States:
    """Pairs of states at moments between changes."""

    def __init__(self, result: Judged, run: Recorded, own: Own, found: Comparison) -> None:
        self._result, self._run, self._found = result, run, found
        self._hosts = Hosts(run.evidence, own)
        pairs = found.pairs
        self._rows: dict[int, list[int]] = defaultdict(list)
        for row, connection in enumerate(pairs.connection.tolist()):
            self._rows[connection].append(row)
        self._said: dict[frozenset[str], list[tuple[int, int, tuple[str, str]]]] = defaultdict(list)
        of = found.joined
        places = [of.places(found.reads, 0, of.client ^ role) for role in (0, 1)]
        for connection in found.shown.tolist():
            if of.rows[0][connection] < 0 or not self._rows[connection]:
                continue
            client, server = (socket_text(*(int(part[connection]) for part in place)) for place in places)
            begin = int(pairs.since[self._rows[connection][0]])
            self._said[frozenset((client, server))].append((begin, connection, (client, server)))

    def judge(self) -> None:
        """Judge all connections that the client's capture has."""
        for pair, said in self._said.items():
            try:
                connections = self._hosts.connections(pair)
            except TruthError:
                self._result.uncertain += len(said)
                continue
            for number, connection in enumerate(connections):
                near = [one for one in said if abs(one[0] / 1e9 - connection.opened) < 2 * _TOGETHER]
                if not near:
                    # A server that answers a SYN of before: the client's capture has it with another one.
                    continue
                until = min([one.opened for one in connections[number + 1 :]] + [self._run.evidence.end])
                self._connection(connection, near[0][1], near[0][2], until)

    def _connection(self, truth: Connection, number: int, names: tuple[str, str], until: float) -> None:
        lives = [truth.client_life, truth.server_life]
        if names[0] != truth.client:
            lives.reverse()
        result, pairs, rows = self._result, self._found.pairs, self._rows[number]
        result.connections += 1
        second = self._found.joined
        if second.rows[1][number] >= 0:
            other = second.places(self._found.reads, 1, second.client)
            result.translated += socket_text(*(int(part[number]) for part in other)) != names[0]
        since = pairs.since[rows]
        changes = sorted({t.time for life in lives if life for t in life.transitions if t.time < until} | {until})
        for begin, end in pairwise(changes):
            if end - begin < 2 * _MARGIN:
                continue
            for moment in (begin + _MARGIN, (begin + end) / 2, end - _MARGIN):
                row = rows[max(int(np.searchsorted(since, round(moment * 1e9), side="right")) - 1, 0)]
                words = []
                for role, life in enumerate(lives):
                    said = State(int(pairs.states[role][row])).name
                    was, could = self._truth(life, names[role], truth.pair, moment, until)
                    words.append(_word(said, was, could))
                    if words[-1] == "wrong":
                        at = moment - truth.opened
                        result.wrong.append(f"{number} {names}: {_ENDS[role]} {said}, was {was} at {at:.4f}")
                result.pairs[max(words, key=("right", "unknown", "wrong").index)] += 1

    def _truth(
        self, life: Life | None, name: str, pair: frozenset[str], moment: float, until: float
    ) -> tuple[str, set[str]]:
        """The state of an end, and those that it could be in as far as packets tell."""
        state, could = "CLOSED", {"CLOSED"}
        host = self._hosts.name(name)
        settings = self._run.evidence.run.settings[host]
        segments = [s for s in self._hosts.segments[host][pair] if s.time < until - _MARGIN]
        left = any(s.source == name and s.has("F") and life and life.start <= s.time <= moment for s in segments)
        for change in life.transitions if life else []:
            small = change.state == "CLOSED" and state in _SMALL
            if small and abs(change.time - moment) < _LOOKS:
                could = could | {"CLOSED", state}
            if change.time > moment:
                break
            told = _told(change.time, segments)
            could = {change.state} if told <= moment else could | {change.state}
            if small and moment - change.time < _LOOKS:
                could = could | {state}
            if change.reset and moment < change.reset.time + _MARGIN:
                # The tracepoint tells a small socket's begin as CLOSED; a RST right behind it ends that one.
                could = could | {"TIME_WAIT", state}
            state = change.state
        if state in _NOT_CLOSED and not left:
            could = could | {_NOT_CLOSED[state]}
        if (
            "SYN_RECEIVED" in could
            and life
            and any(
                s.destination == name and s.covers((life.isn + 1) & 0xFFFFFFFF) and s.time <= moment for s in segments
            )
        ):
            # A full backlog, and a deferred accept, drop the ACK that has come.
            could = could | {"ESTABLISHED"}
        if state == "TIME_WAIT" and settings.get("tcp_rfc1337"):
            # Whether a RST ends it, no packet tells.
            could = could | {"CLOSED"}
        return state, could


def _told(time: float, segments: list[Segment]) -> float:
    """When packets tell of a change: at once, or never."""
    return time if any(abs(s.time - time) < _TOGETHER for s in segments) else inf


def _word(said: str, was: str, could: set[str]) -> str:
    if said == was or {said, was} <= _IDLE:
        return "right"
    if said == "UNKNOWN" or said in could or (said in _IDLE and could & _IDLE):
        return "unknown"
    return "wrong"
