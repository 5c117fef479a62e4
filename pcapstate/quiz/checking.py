"""Whether an answer is right, what helps before it, and what to look at again behind all of them."""

from __future__ import annotations

from typing import NamedTuple

from ..ladder.steps import Step
from ..tcp.states import State
from ..wording.state_names import state_named
from .questions import Kind, Question

LETTERS = "abcdefgh"


def chosen(question: Question, text: str) -> int | State | None:
    """Return the choice that an answer names, by its index; a state that is none of them; None: it names nothing.

    An answer is the letter of a choice, the number of a packet (4 or #4), or a state in the spelling of any system.
    """
    given = text.strip()
    letter = given.lower().rstrip(".)")
    if len(letter) == 1 and letter in LETTERS[: len(question.choices)]:
        return LETTERS.index(letter)
    if question.kind is Kind.STATE:
        state = state_named(given)
        if state is None:
            return None
        return next((at for at, one in enumerate(question.choices) if one == state), state)
    if question.kind is Kind.LOST:
        digits = given.removeprefix("#")
        if digits.isascii() and digits.isdecimal() and len(digits) < 19:
            numbers = [one.number for one in question.choices if isinstance(one, Step)]
            return numbers.index(int(digits)) if int(digits) in numbers else None
    return None


def excluded(question: Question, hints: int) -> frozenset[int]:
    """Return the wrong choices that so many hints take away: each takes one, and two choices stay."""
    wrong = [at for at in range(len(question.choices)) if at != question.right]
    return frozenset(wrong[: min(hints, len(wrong) - 1)])


class Score(NamedTuple):
    """How many questions were answered, how many at once and without a hint, and which states were not known."""

    asked: int = 0
    right: int = 0
    helped: int = 0
    """Right with a hint."""
    again: tuple[State, ...] = ()

    def with_answer(self, question: Question, right: bool, hints: int) -> Score:
        """Return the score with one more answer."""
        again = self.again
        if not right and isinstance(question.answer, State) and question.answer not in again:
            again = (*again, question.answer)
        return Score(self.asked + 1, self.right + (right and not hints), self.helped + (right and hints > 0), again)
