"""The program's answers against the truth of a view: how many endpoints are right, and how often each word is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kernel_lab.compare import effective_states, matches

_ENDS = ("client", "server")
_IDLE = {"CLOSED", "LISTEN", "UNKNOWN"}


@dataclass(frozen=True)
class Difference:
    """An endpoint about which the program is wrong; `expected` has what may be left out in brackets."""

    view: str
    connection: str
    end: str
    expected: str
    said: str
    kind: str
    circumstances: str


@dataclass
class Judgement:
    """What came of comparing; the numbers of several can be added up."""

    connections: int = 0
    right: int = 0
    endpoints: int = 0
    endpoints_right: int = 0
    undecided: Counter[str] = field(default_factory=Counter)
    """Endpoints that are not judged, by why."""
    words: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Transitions by word of certainty, and whether the kernel went through them."""
    moments: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """States said at some moments, and whether the kernel's table had them."""
    circumstances: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """Endpoints by the kind of view, by what the box did to the connection, and whether they are right."""
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Judgement) -> None:
        """Add another judgement to this one."""
        self.connections += other.connections
        self.right += other.right
        self.endpoints += other.endpoints
        self.endpoints_right += other.endpoints_right
        self.undecided += other.undecided
        self.words += other.words
        self.moments += other.moments
        self.circumstances += other.circumstances
        self.differences += other.differences

    def rate(self) -> float:
        """The part of judged endpoints that is right."""
        return self.endpoints_right / max(self.endpoints, 1)

    def word_rate(self, word: str) -> float:
        """The part of the transitions with this word that the kernel went through."""
        right, wrong = self.words[word, True], self.words[word, False]
        return right / max(right + wrong, 1)


def judge(truth: dict[str, Any], timeline: Iterable[dict[str, Any]]) -> Judgement:
    """Compare the truth of a view with the lines of `pcapstate timeline` for it.

    Connections between the same endpoints are matched in order of appearance. One that never was is a difference.
    """
    said: dict[frozenset[str], dict[int, dict[str, list[dict[str, Any]]]]] = defaultdict(dict)
    for row in timeline:
        numbered = said[frozenset((row["address"], row["peer"]))]
        numbered.setdefault(row["connection"], defaultdict(list))[row["address"]].append(row)
    known: Counter[frozenset[str]] = Counter()
    found = Judgement()
    for entry in truth["connections"]:
        pair = frozenset((entry["client"], entry["server"]))
        rows = list(said[pair].values())[known[pair] : known[pair] + 1]
        known[pair] += 1
        _connection(found, truth, entry, rows[0] if rows else {})
    doubtful = {frozenset((e["client"], e["server"])) for e in truth["connections"] if e.get("doubtful")}
    for pair, numbered in said.items():
        if len(numbered) > known[pair] and pair not in doubtful:
            found.connections += 1
            shown = " - ".join(sorted(pair))
            found.differences.append(
                Difference(truth["scenario"], shown, "both", "", "", "a connection that never was", "")
            )
    return found


def _connection(
    found: Judgement, truth: dict[str, Any], entry: dict[str, Any], rows: dict[str, list[dict[str, Any]]]
) -> None:
    if entry.get("doubtful"):
        found.undecided[entry["client_reason"].partition(":")[0]] += 2
        return
    judged, wrong = 0, 0
    plan = entry.get("plan", {})
    for end in _ENDS:
        own = rows.get(entry[end], [])
        _words(found, entry, end, own)
        if reason := entry.get(f"{end}_reason"):
            found.undecided[reason] += 1
            continue
        judged += 1
        _moments(found, entry, end, own)
        difference = _endpoint(entry, end, own)
        if difference:
            wrong += 1
            name = f"{entry['client']} > {entry['server']}"
            found.differences.append(Difference(truth["scenario"], name, end, *difference, plan.get("box", "")))
        found.circumstances[truth.get("view", ""), plan.get("suffers", ""), not difference] += 1
    found.endpoints += judged
    found.endpoints_right += judged - wrong
    found.connections += bool(judged)
    found.right += bool(judged and not wrong)


def _endpoint(entry: dict[str, Any], end: str, rows: list[dict[str, Any]]) -> tuple[str, str, str] | None:
    """What was expected, what was said, and what kind of difference that is; None if all is right."""
    transitions = _collapsed([(row[1], len(row) == 2) for row in entry[f"{end}_transitions"]])
    states = _collapsed_names(effective_states(rows))
    if matches(transitions, states) or (not states and matches(transitions, ["CLOSED"])):
        return None
    expected = " ".join(state if required else f"({state})" for state, required in transitions)
    return expected or "nothing", " ".join(states) or "nothing", _kind(transitions, states)


def _kind(transitions: list[tuple[str, bool]], states: list[str]) -> str:
    """The first state that differs, after the last that both agree on."""
    agreed = 0
    while agreed < len(states) and any(
        matches(transitions[:cut], states[: agreed + 1]) for cut in range(len(transitions) + 1)
    ):
        agreed += 1
    before = states[agreed - 1] if agreed else "the beginning"
    cut = max((n for n in range(len(transitions) + 1) if matches(transitions[:n], states[:agreed])), default=0)
    wanted = transitions[cut][0] if cut < len(transitions) else "nothing"
    return f"after {before}: said {states[agreed] if agreed < len(states) else 'nothing'}, was {wanted}"


def _collapsed(transitions: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    kept: list[tuple[str, bool]] = []
    for state, required in transitions:
        if kept and kept[-1][0] == state:
            kept[-1] = (state, kept[-1][1] and required)
        else:
            kept.append((state, required))
    return kept


def _collapsed_names(states: list[str]) -> list[str]:
    """States without repetition, and without those that are none: before it takes part, or a listener again."""
    kept: list[str] = []
    for state in states:
        named = "CLOSED" if state == "LISTEN" and kept else state
        if kept[-1:] != [named] and (kept or named not in _IDLE):
            kept.append(named)
    return kept


def _words(found: Judgement, entry: dict[str, Any], end: str, rows: list[dict[str, Any]]) -> None:
    """Which of the transitions said are among those of the kernel, in the same order."""
    real = [row[1] for row in entry[f"{end}_transitions"]]
    told = [row for row in rows if row["certainty"] != "revised" and row["to"] not in ("UNKNOWN", "LISTEN")]
    common = _common([row["to"] for row in told], real)
    for index, row in enumerate(told):
        found.words[row["certainty"], index in common] += 1


def _common(one: list[str], other: list[str]) -> set[int]:
    """Positions in the first list of a longest common subsequence."""
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in reversed(range(len(one))):
        for j in reversed(range(len(other))):
            same = longest[i + 1][j + 1] + 1 if one[i] == other[j] else 0
            longest[i][j] = max(same, longest[i + 1][j], longest[i][j + 1])
    chosen, i, j = set(), 0, 0
    while i < len(one) and j < len(other):
        if one[i] == other[j] and longest[i][j] == longest[i + 1][j + 1] + 1:
            chosen.add(i)
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return chosen


def _moments(found: Judgement, entry: dict[str, Any], end: str, rows: list[dict[str, Any]]) -> None:
    for moment in entry["checkpoints"]:
        if end in moment.get("not_inferable", {}) and moment[end] != "CLOSED":
            continue
        states = [row["to"] for row in rows if row["time"] <= moment["t"]]
        state = states[-1] if states else "CLOSED"
        if state not in _IDLE or moment[end] not in _IDLE:
            found.moments[state, state == moment[end] or {state, moment[end]} <= _IDLE] += 1
