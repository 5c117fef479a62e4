"""Which questions a connection answers, and their answers: those of the steps that ``explain`` shows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from ..decode.segment import ACK, FIN, RST, SYN
from ..ladder.explaining import Remarks, Said, Why
from ..ladder.steps import NO_PACKET, Step, Steps
from ..tcp.machine import Certainty
from ..tcp.states import State

CHOICES = 4
ENOUGH = 12
"""Questions about a connection at most, unless asked for more."""
CANDIDATES = 400
"""Places that are looked at: a connection can have millions of retransmissions."""


class Kind(Enum):
    """What a question asks for."""

    STATE = "state"
    NEXT = "next"
    LOST = "lost"


class Question(NamedTuple):
    """A question about a step of a connection."""

    kind: Kind
    at: int
    """The place of the step that it is about; with NEXT, the step is the answer."""
    side: int
    """STATE: whose state."""
    hidden: tuple[int, ...]
    """The sides whose state after the step is not shown."""
    choices: tuple[State, ...] | tuple[Step, ...]
    """LOST and NEXT: packets."""
    right: int
    """The index of the right choice."""
    remarks: tuple[Why | Said, ...]
    """What explains the answer."""

    @property
    def answer(self) -> State | Step:
        """The right choice."""
        return self.choices[self.right]


def questions(steps: Steps, wait: str, most: int = ENOUGH, seed: str = "") -> list[Question]:
    """Return questions about a connection in the order of its packets; the same ones for the same seed."""
    chance = random.Random(seed)
    remarks = Remarks(steps, wait)
    found = list(_all(steps, remarks, chance))
    if len(found) > most:
        found = [found[at] for at in sorted(chance.sample(range(len(found)), most))]
    return found


def without_marks(steps: Steps) -> Steps:
    """Return the steps without what only later packets tell: which of them were sent again."""
    rows = steps.rows.copy()
    rows["lost"] = 0
    return Steps(rows, steps.changes, steps.first)


def _all(steps: Steps, remarks: Remarks, chance: random.Random) -> Iterator[Question]:
    unsure = _taken_back(steps)
    asked_unchanged = 0
    for at in _places(steps):
        step = steps[at]
        told = tuple(remarks.said(at))
        if _follows(steps, at):
            yield _next(steps, at, told, chance)
        if step.flags == NO_PACKET:
            continue
        origin = _origin(steps, at)
        if origin is not None:
            yield from _lost(steps, origin, at, remarks, chance)
        sides = [one.side for one in step.changes if _is_sure(one.row, step, one.side)]
        if at == 0 and step.flags & (SYN | ACK | RST) == SYN and step.flags >= 0 and step.after[1] == State.UNKNOWN:
            # No packet tells of the server yet.
            sides.append(1)
        if any(isinstance(one, Said) and one.name == "fin-behind-gap" for one in told):
            sides.append(1 - step.side)
        if not sides and not step.changes and asked_unchanged < 3 and _stays(told):
            asked_unchanged += 1
            sides = [1 - step.side]
        sides = [side for side in dict.fromkeys(sides) if (at, side) not in unsure]
        for number, side in enumerate(sides):
            yield _state(step, at, side, tuple(sides[number:]), told, chance)


def _places(steps: Steps) -> list[int]:
    """Return the places of steps that may be asked about, ascending."""
    rows = steps.rows
    remarkable = rows["again"] | rows["copy"] | (rows["gap"] > 0) | (rows["window"] == 0)
    found = {*steps.changes, *remarkable.nonzero()[0][:CANDIDATES].tolist(), *range(min(len(steps), 8))}
    found |= {at + 1 for at in steps.changes if at + 1 < len(steps)}
    return sorted(found)[:CANDIDATES]


def _is_sure(row: int, step: Step, side: int) -> bool:
    change = next(one for one in step.changes if one.row == row and one.side == side)
    return Why(change).certainty in (Certainty.SEEN, Certainty.ASSUMED, Certainty.TIMER)


def _taken_back(steps: Steps) -> set[tuple[int, int]]:
    """Return the places and sides whose state a later packet shows to have been another one."""
    found: set[tuple[int, int]] = set()
    for side in (0, 1):
        since = 0
        for at, changes in steps.changes.items():
            own = [one for one in changes if one.side == side]
            if any(Why(one).certainty is Certainty.REVISED for one in own):
                found |= {(place, side) for place in (*range(since, min(at, since + CANDIDATES)), at)}
            if own:
                since = at
    return found


STAYS = frozenset(
    (
        "retransmission",
        "keep-alive",
        "keep-alive-answer",
        "window-probe",
        "zero-window",
        "duplicate",
        "data",
        "fin-behind-gap",
        "rst-out-of-window",
        "rst-challenged",
        "ack-before-fin",
        "half-close",
    )
)
"""Remarks that tell why a state stays as it is."""


BEFORE_ANSWER = (State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)
"""What an end can be in that has sent nothing yet."""


def _stays(told: tuple[Why | Said, ...]) -> bool:
    return any(isinstance(one, Said) and one.name in STAYS for one in told)


def _state(
    step: Step, at: int, side: int, hidden: tuple[int, ...], told: tuple[Why | Said, ...], chance: random.Random
) -> Question:
    right = step.after[side]
    near = [step.before[side], step.after[1 - side], step.before[1 - side]]
    others = [state for state in State if state not in near]
    chance.shuffle(others)
    if right == State.UNKNOWN:
        # What no packet tells may be true all the same.
        near, others = [], [state for state in others if state not in BEFORE_ANSWER]
    wrong = [state for state in dict.fromkeys([*near, *others]) if state != right][: CHOICES - 1]
    choices = [right, *wrong]
    chance.shuffle(choices)
    return Question(Kind.STATE, at, side, hidden, tuple(choices), choices.index(right), told)


def _follows(steps: Steps, at: int) -> bool:
    """Tell whether a packet has to come next, if nothing is lost: one that acknowledges a SYN or FIN at once."""
    if at == 0:
        return False
    before, step = steps[at - 1], steps[at]
    plain = [one.flags >= 0 and not (one.again or one.copy or one.lost or one.flags & RST) for one in (before, step)]
    if not all(plain) or before.side == step.side or not before.flags & (SYN | FIN) or not step.flags & ACK:
        return False
    end = before.seq + before.length + bool(before.flags & SYN) + bool(before.flags & FIN)
    return step.ack == end and not step.length and before.flags & (SYN | FIN) != SYN | FIN


def _next(steps: Steps, at: int, told: tuple[Why | Said, ...], chance: random.Random) -> Question:
    step = steps[at]._replace(options=0)
    other = FIN | ACK if not step.flags & (SYN | FIN) else ACK
    wrong = [
        step._replace(side=1 - step.side),
        step._replace(ack=step.ack - 1),
        step._replace(flags=other),
    ]
    choices = [step, *wrong]
    chance.shuffle(choices)
    return Question(Kind.NEXT, at, step.side, (), tuple(choices), choices.index(step), told)


def _origin(steps: Steps, at: int) -> int | None:
    """Return the place of the packet that a step sends again, if the capture shows no ACK of it in between."""
    if not steps.rows["again"][at]:
        return None
    found = (steps.rows["lost"][:at] == steps.rows["number"][at]).nonzero()[0]
    return int(found[-1]) if len(found) else None


def _lost(steps: Steps, origin: int, at: int, remarks: Remarks, chance: random.Random) -> Iterator[Question]:
    lost = steps[origin]
    known = [place for place in range(max(0, at - 12), at) if steps.rows["flags"][place] >= 0 and place != origin]
    chance.shuffle(known)
    # A packet of the same numbers would be right, too.
    wrong = [steps[place] for place in known if (steps[place].side, steps[place].seq) != (lost.side, lost.seq)]
    if not wrong:
        return
    choices = sorted([lost, *wrong[: CHOICES - 1]], key=lambda one: one.number)
    told = tuple(one for one in remarks.said(origin) if isinstance(one, Said) and one.name == "lost")
    yield Question(Kind.LOST, at, lost.side, (), tuple(choices), choices.index(lost), told)
