"""Questions in words, with the ladder up to the packet that they are about."""

from __future__ import annotations

from ..ladder.drawing import ASCII_SIGNS, SIGNS, Ladder, Line, Run, segment_text
from ..ladder.explaining import SIDES, Said, Why
from ..ladder.sentences import Sentences
from ..ladder.steps import Step, Steps
from ..output.widths import display_width
from ..tcp.machine import TABLE
from ..tcp.states import State
from ..views.reading_aids import Manner
from ..wording.languages import translate
from ..wording.styles import shown_states
from .questions import Kind, Question, without_marks

SHOWN = 8
"""Packets of the ladder above a question."""
STATE_RUNS = (1, 5)
"""The places of both states in a line of a ladder."""


class Texts:
    """Questions about a connection in a language, ``width`` columns wide."""

    def __init__(self, steps: Steps, width: int, how: Manner, ascii: bool = False) -> None:
        self._how = how
        self._ladder = Ladder(without_marks(steps), width, how, ASCII_SIGNS if ascii else SIGNS)
        self._steps = steps
        self._states = shown_states(how.style)
        self._arrow = "->" if ascii else "→"
        self._sentences = Sentences(how, self._arrow)

    def ladder(self, question: Question) -> list[Line]:
        """Return the packets up to the question, without the states that it asks for."""
        end = question.at if question.kind is Kind.NEXT else question.at + 1
        lines = self._ladder[max(0, end - SHOWN) : end]
        if question.hidden:
            last = list(lines[-1])
            for side in question.hidden:
                run = last[STATE_RUNS[side]]
                last[STATE_RUNS[side]] = Run("?".center(display_width(run.text)))
            lines[-1] = tuple(last)
        return lines

    def number(self, question: Question) -> int:
        """Return the number of the packet that a question is about."""
        return int(self._steps.rows["number"][question.at])

    def question(self, question: Question) -> str:
        """Return what is asked."""
        lang, number = self._how.lang, self.number(question)
        if question.kind is Kind.STATE:
            text = translate("What state is the {end} in after packet #{number}?", lang)
            return text.format(end=translate(SIDES[question.side], lang), number=number)
        if question.kind is Kind.NEXT:
            return translate("Which packet comes next, if nothing is lost?", lang)
        text = translate("Packet #{number} is a retransmission. Which packet was lost, or not acknowledged?", lang)
        return text.format(number=number)

    def choices(self, question: Question) -> list[str]:
        """Return the choices."""
        # The number of the packet that comes next would tell which of them it is.
        return [self._choice(one, question.kind is Kind.LOST) for one in question.choices]

    def state(self, state: State) -> str:
        """Return how a state is spelled."""
        return self._states[state]

    def _choice(self, one: State | Step, numbered: bool) -> str:
        """Return a choice: a state, or a packet with its direction."""
        if isinstance(one, State):
            return self._states[one]
        lang = self._how.lang
        ends = [translate(SIDES[side], lang) for side in (one.side, 1 - one.side)]
        plain = one._replace(again=False, copy=False, gap=0)
        number = f"#{one.number}: " if numbered else ""
        return f"{number}{ends[0]} {self._arrow} {ends[1]}: {segment_text(plain, lang)}"

    def hint(self, question: Question) -> str | None:
        """Return what the end did or got, if the answer is a change of its state."""
        lang = self._how.lang
        for one in told(question):
            if question.kind is Kind.STATE and isinstance(one, Why):
                cause = translate(TABLE[one.change.row].cause, lang)
                return translate("Hint: {end}: {cause}", lang).format(
                    end=translate(SIDES[question.side], lang), cause=cause
                )
        return None

    def explained(self, question: Question) -> list[str]:
        """Return the sentences that explain the answer."""
        return [self._sentences.sentence(one) for one in told(question)]


def told(question: Question) -> tuple[Why | Said, ...]:
    """Return the remarks that matter for a question: of a state, its own changes first."""
    if question.kind is not Kind.STATE:
        return question.remarks
    own = [one for one in question.remarks if isinstance(one, Why) and one.change.side == question.side]
    return (*own, *(one for one in question.remarks if isinstance(one, Said)))
