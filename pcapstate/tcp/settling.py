"""Assumptions, once the capture has ended: which of them later packets took back, and how certain the others are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rows import Rows, gathered
from . import tables as c
from .machine import CERTAINTY, TABLE, Certainty, Event

ROW_CERTAINTY = np.array([CERTAINTY[row.event] for row in TABLE])
SETTLED_CERTAINTY = np.array(
    [
        (Certainty.ASSUMED if row.event.name.startswith(("GOT_", "MISSED_")) else Certainty.SEEN)
        if CERTAINTY[row.event] is Certainty.REVISED
        else CERTAINTY[row.event]
        for row in TABLE
    ]
)
"""Where nothing is left of a wrong assumption, what put it right is as sure as any row of its family."""
CONTRADICTS = {
    number: frozenset(int(state) for one in TABLE if one.event is row.event for state in one.states)
    for number, row in enumerate(TABLE)
    if CERTAINTY[row.event] is Certainty.REVISED
}
"""For each row of the table that puts an assumption right: the states that its event contradicts."""
TIMERS = np.array([CERTAINTY[row.event] is Certainty.TIMER for row in TABLE])


def less_certain(words: Rows, doubt: Rows) -> Rows:
    """Return how certain transitions are (Certainty), given what weakens them (``doubt`` of TRANSITION)."""
    weak = (words == Certainty.SEEN) & (doubt & c.DOUBT_WEAK != 0)
    lost = (words == Certainty.ASSUMED) & (doubt & c.DOUBT_LOST != 0)
    return np.select([weak, lost], [Certainty.ASSUMED, Certainty.DOUBTFUL], words)


def in_time(rows: Rows) -> Rows:
    """Put the rows of timers (TRANSITION) where they belong: the end of an attempt shows only later, where none comes.

    All others stay in the order of packets, also where the capture's clock steps back.
    """
    timers = TIMERS[rows["row"]]
    if not timers.any():
        return rows
    times = np.ascontiguousarray(rows["time"])
    when = np.where(timers, np.iinfo(np.int64).min, times)
    np.maximum.accumulate(when, out=when)
    np.copyto(when, times, where=timers)
    return rows if (when[1:] >= when[:-1]).all() else gathered(rows, np.argsort(when, kind="stable"))


def certainties(rows: Rows, final: bool) -> Rows:
    """Return how certain transitions (TRANSITION) are (Certainty); ``final``: they are settled."""
    return less_certain((SETTLED_CERTAINTY if final else ROW_CERTAINTY)[rows["row"]], rows["doubt"])


class Judged(NamedTuple):
    """Transitions, once it is known which of them later ones took back."""

    rows: Rows
    """TRANSITION; a row that replaced a wrong one goes from the state that was right."""
    held: Rows
    """Whether each was true (bool)."""
    revised: int
    """How many of them put an assumption right."""


def settled(rows: Rows) -> tuple[Rows, int]:
    """Leave out of ``rows`` (TRANSITION) what later rows took back; return the rest and how many were left out.

    A capture that has ended tells of every assumption whether it held. What remains is what the endpoints went
    through; a row that replaced a wrong one stays, as seen, from the state that was right.
    """
    found = judged(rows)
    return found.rows if found.held.all() else found.rows[found.held], found.revised


def judged(rows: Rows) -> Judged:
    """Tell of all transitions (TRANSITION) of a capture that has ended whether they were true."""
    revised = np.isin(rows["row"], list(CONTRADICTS))
    keep = np.ones(len(rows), dtype=bool)
    if not revised.any():
        return Judged(rows, keep, 0)
    rows = rows.copy()
    concerned = np.isin(rows["endpoint"], np.unique(rows["endpoint"][revised]))
    past: dict[int, list[int]] = {}
    for index in np.flatnonzero(concerned):
        row = rows[index]
        history = past.setdefault(int(row["endpoint"]), [])
        wrong = CONTRADICTS.get(int(row["row"]))
        if wrong is not None:
            answered = TABLE[row["row"]].event is Event.SENT_RST_IN_ANSWER
            packet = rows[history[-1]]["packet"] if history else 0
            before = int(row["from"])
            while history and int(rows[history[-1]]["to"]) in wrong:
                if answered and rows[history[-1]]["packet"] != packet:
                    break  # only what the answered packet was thought to have done is wrong
                before = int(rows[history[-1]]["from"])
                keep[history.pop()] = False
            if before == row["to"]:
                keep[index] = False
                continue
            row["from"] = before
        history.append(int(index))
    return Judged(rows, keep, int(np.count_nonzero(revised)))
