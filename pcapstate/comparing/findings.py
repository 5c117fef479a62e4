"""What to point at in two captures that were compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..addresses import socket_text
from ..decode.segment import FIN, RST, SYN
from ..findings.filters import of_numbers
from ..findings.finding import Finding, Severity, Text, first_of, share
from ..moments import SECOND
from ..rows import Rows
from ..tcp.states import State, shown
from ..wording.comparing import COMPARED, FIRST
from ..wording.comparing import SECOND as SECOND_ONE
from ..wording.counts import Count
from ..wording.times import duration
from . import fates as f
from .comparison import Comparison
from .pairs import HALF_OPEN, TIMER

NAMES = (FIRST, SECOND_ONE)
MUCH = 0.05
"""The part of packets whose loss is a problem."""
ONE_WAY = 4
"""How many times as much is lost one way as the other, to be worth a sentence."""
APART = SECOND // 1_000
"""ns by which clocks are apart that nobody needs to know."""
LASTING = SECOND
"""ns for which one end may wait, at least, before it is called half-open: what is under way may come late."""
ORDER = {kind: place for place, kind in enumerate(COMPARED)}
DOUBTS = frozenset(("clock-set", "offset-wrong", "missing-from-capture"))


def findings(of: Comparison) -> list[Finding]:
    """Return what there is to point at: first what makes the rest doubtful, then the most important."""
    found = [*_clocks(of), *_half_open(of), *_translated(of)]
    for which in (0, 1):
        found += _packets(of, which)
    return sorted(found, key=lambda one: (one.kind not in DOUBTS, one.severity, ORDER[one.kind], -one.packet_count))


def _capture(which: int) -> Text:
    return Text(NAMES[which], {})


def ahead(offset: int) -> Text:
    """Return by how much the second clock is ahead, or behind."""
    return Text("{time} behind" if offset < 0 else "{time} ahead", {"time": duration(abs(offset))})


def _clocks(of: Comparison) -> Iterator[Finding]:
    clock = of.clock
    early = np.flatnonzero((of.fates.fate == f.DELIVERED) & (of.fates.transit < 0))
    if len(early) and (clock.given or not clock.straight):
        wrong = duration(-int(of.fates.transit[early].min()))
        kind = "offset-wrong" if clock.given else "clock-set"
        fields = {"packets": Count(len(early)), "wrong": wrong, "ahead": ahead(of.places.estimate.offset)}
        yield _about(of, kind, Severity.WARNING, fields, early, 0)
    elif not clock.given and abs(clock.offset) >= APART:
        drift = clock.drift != 0 and clock.drift_uncertainty is not None
        also = ["drift"] if drift else []
        if clock.uncertainty is None:
            also.append("one way")
        fields = {
            "ahead": ahead(clock.offset),
            "uncertainty": "?" if clock.uncertainty is None else duration(clock.uncertainty),
            "packets": Count(of.places.common),
            "drift": f"{clock.drift * 1e6:.1f}",
            "drift_uncertainty": f"{(clock.drift_uncertainty or 0) * 1e6:.1f}",
        }
        yield Finding("clocks-apart", Severity.NOTE, fields, also=also)


def _about(
    of: Comparison, kind: str, severity: Severity, fields: dict[str, Any], rows: Rows, which: int, **more: Any
) -> Finding:
    """Return a finding about packets (of ``fates``), by their frames in one capture; times are of the first clock."""
    told = of.fates
    side = told.sent if more.pop("sent", True) else told.got
    places = told.rows[0 if side is told.sent else 1][rows]
    there = places >= 0
    own = places[there][side.second[places[there]] == bool(which)]
    frames = np.unique(side.packets["number"][own])
    connections = np.unique(of.joined.numbers[0][told.ends[rows] >> 1])
    connections = connections[connections >= 0]
    times = told.times[rows]
    selects = of_numbers(connections)
    return Finding(
        kind,
        severity,
        fields,
        count=len(np.unique(told.ends[rows] >> 1)),
        connections=first_of(connections),
        packet_count=len(rows),
        packets=first_of(frames),
        filter=selects.text,
        selected=selects.selected,
        first=int(times.min()),
        last=int(times.max()),
        **more,
    )


def _packets(of: Comparison, which: int) -> Iterator[Finding]:
    """Yield what became of the packets that one capture's host sent."""
    told = of.fates
    mine = (told.ends & 1 == of.places.near[told.ends >> 1]) != bool(which)
    flags = np.where(
        told.rows[0] >= 0,
        _flags(told.sent.packets, told.rows[0]),
        _flags(told.got.packets, told.rows[1]),
    )

    def rows(chosen: Rows) -> Rows:
        return np.flatnonzero(mine & chosen)

    sent, lost = rows((told.rows[0] >= 0) & (told.fate != f.REPEATED)), rows(told.fate == f.LOST)
    common: dict[str, Any] = {"capture": _capture(which)}
    if len(lost):
        others = ~mine & (told.rows[0] >= 0) & (told.fate != f.REPEATED)
        other = int(np.count_nonzero(others & (told.fate == f.LOST))) / max(int(np.count_nonzero(others)), 1)
        part = len(lost) / len(sent)
        syns, ends = (int(np.count_nonzero(flags[lost] & bits)) for bits in (SYN, FIN | RST))
        fields = common | {
            "packets": Count(len(lost)), "sent": Count(len(sent)), "share": share(len(lost), len(sent)),
            "other_share": f"{100 * other:.1f} %", "syns": Count(syns), "ends": Count(ends),
        }  # fmt: skip
        also = [
            name for name, there in (("one way", part > ONE_WAY * other), ("opening", syns), ("closing", ends)) if there
        ]
        severity = Severity.PROBLEM if part >= MUCH else Severity.WARNING
        yield _about(of, "lost-between", severity, fields, lost, which, also=also)
    if len(missed := rows(told.fate == f.MISSED)):
        fields = {"capture": _capture(1 - which), "packets": Count(len(missed))}
        yield _about(of, "missing-from-capture", Severity.WARNING, fields, missed, which)
    if len(changed := rows(told.changed > 0)):
        counts = {word: int(np.count_nonzero(told.changed[changed] & bit)) for bit, word in f.CHANGES.items()}
        what = ", ".join(word for word, count in counts.items() if count)
        fields = common | {"packets": Count(len(changed)), "what": what} | {k: Count(v) for k, v in counts.items()}
        also = [word for word, count in counts.items() if count]
        yield _about(of, "changed-between", Severity.WARNING, fields, changed, which, also=also)
    if len(strange := rows(told.fate == f.UNSENT)):
        resets = int(np.count_nonzero(flags[strange] & RST))
        fields = common | {"packets": Count(len(strange)), "resets": Count(resets)}
        also = ["resets"] if resets else []
        yield _about(of, "not-sent", Severity.WARNING, fields, strange, 1 - which, also=also, sent=False)
    if len(again := rows(told.fate == f.REPEATED)):
        fields = common | {"packets": Count(len(np.unique(told.rows[0][again])))}
        yield _about(of, "repeated-between", Severity.NOTE, fields, again, which)
    if len(late := rows(told.reordered)):
        fields = common | {"packets": Count(len(late)), "share": share(len(late), len(sent))}
        yield _about(of, "reordered-between", Severity.NOTE, fields, late, which)


def _flags(packets: Rows, rows: Rows) -> Rows:
    return packets["flags"][np.maximum(rows, 0)] if len(packets) else np.zeros(len(rows), dtype=np.uint8)


def _half_open(of: Comparison) -> Iterator[Finding]:
    """Yield what is half-open for longer than packets are under way, by the capture at the closed end."""
    pairs = of.pairs
    rows = np.flatnonzero((pairs.verdict == HALF_OPEN) & (pairs.until - pairs.since >= LASTING))
    closed = np.where(np.isin(pairs.states[0][rows], (State.CLOSED, State.LISTEN)), 0, 1)
    ends = 2 * pairs.connection[rows] + (of.joined.client[pairs.connection[rows]] ^ closed)
    at = (ends & 1 != of.places.near[ends >> 1]).astype(np.int64)
    for which in (0, 1):
        chosen = np.flatnonzero(at == which)
        if len(chosen):
            yield _half_open_at(of, rows[chosen], closed[chosen], ends[chosen], which)


def _half_open_at(of: Comparison, rows: Rows, closed: Rows, ends: Rows, which: int) -> Finding:
    pairs, told = of.pairs, of.fates
    states = np.where(closed == 0, pairs.states[1][rows], pairs.states[0][rows])
    proofs = np.where(closed == 0, pairs.proofs[0][rows], pairs.proofs[1][rows])
    frames = np.where(closed == 0, pairs.packets[0][rows], pairs.packets[1][rows])
    places = np.maximum(told.rows[0], 0)
    telling = (told.fate == f.LOST) & (told.sent.packets["flags"][places] & (FIN | RST) > 0) & np.isin(told.ends, ends)
    lost = np.unique(told.sent.packets["number"][places[telling]])
    # What it was closed by, but that its peer has not sent.
    strange = np.flatnonzero((told.fate == f.UNSENT) & np.isin(told.ends, ends ^ 1))
    made_up = np.isin(frames, told.got.packets["number"][told.rows[1][strange]]) & (frames > 0)
    timers = int(np.count_nonzero(proofs == TIMER))
    names = ", ".join(shown(State(int(one))) for one in np.unique(states))
    numbers = np.unique(of.joined.numbers[0][pairs.connection[rows]])
    numbers = numbers[numbers >= 0]
    selects = of_numbers(numbers)
    causes = (("lost", len(lost)), ("timer", timers), ("not sent", int(made_up.sum())))
    return Finding(
        "half-open-between",
        Severity.PROBLEM,
        {
            "count": Count(len(np.unique(pairs.connection[rows]))),
            "capture": _capture(which),
            "states": names,
            "longest": duration(int((pairs.until - pairs.since)[rows].max())),
            "told": Count(len(lost)),
            "frame": str(lost[0]) if len(lost) else "",
            "timers": Count(timers),
            "forged": Count(int(made_up.sum())),
        },
        also=[name for name, count in causes if count],
        count=len(np.unique(pairs.connection[rows])),
        connections=first_of(numbers),
        packet_count=len(lost),
        packets=first_of(lost),
        filter=selects.text,
        selected=selects.selected,
        first=int(pairs.since[rows].min()),
        last=int(pairs.until[rows].max()),
    )


def _translated(of: Comparison) -> Iterator[Finding]:
    joined = of.joined
    both = np.flatnonzero((joined.rows[0] >= 0) & (joined.rows[1] >= 0))
    differs = np.zeros(len(joined.turned), dtype=bool)
    example: tuple[str, str] | None = None
    for role in (0, 1):
        one, other = (joined.places(of.reads, which, joined.client ^ role) for which in (0, 1))
        unlike = np.logical_or.reduce([a != b for a, b in zip(one, other, strict=True)])
        rows = both[unlike[both]]
        differs[rows] = True
        if len(rows) and example is None:
            inside, outside = (socket_text(*(int(part[rows[0]]) for part in place)) for place in (one, other))
            example = inside, outside
    rows = np.flatnonzero(differs)
    if example is not None:
        fields = {"count": Count(len(rows)), "inside": example[0], "outside": example[1]}
        numbers = np.sort(joined.numbers[0][rows])
        yield Finding("translated-between", Severity.NOTE, fields, count=len(rows), connections=first_of(numbers))
