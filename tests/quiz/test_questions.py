"""Which questions there are, and that their answers are those of the ladder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from pcapstate.errors import CaptureError
from pcapstate.ladder.drawing import Ladder
from pcapstate.ladder.steps import Step
from pcapstate.quiz.checking import LETTERS, Score, chosen, excluded
from pcapstate.quiz.questions import CHOICES, Kind, Question, questions
from pcapstate.quiz.texts import STATE_RUNS, Texts
from pcapstate.samples.catalogue import SAMPLES, Sample, capture_of, sample_named
from pcapstate.tcp.states import State
from pcapstate.wording.styles import STYLES
from tests.helpers.paths import CAPTURES, PCAPS
from tests.ladder.test_steps import HOW, ladders


def of_sample(name: str, lost: int | None = None) -> list[Question]:
    sample = sample_named(name)
    assert sample is not None
    return questions(ladders(capture_of(sample, lost))[sample.connection], "60s", 100)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_answers_are_those_of_the_ladder(path: Path) -> None:
    found = {}
    with suppress(CaptureError):
        found = ladders(path)
    for steps in found.values():
        texts = Texts(steps, 100, HOW)
        for one in questions(steps, "60s", 1000):
            assert 1 < len(set(one.choices)) == len(one.choices) <= CHOICES
            step = steps[one.at]
            if one.kind is Kind.STATE:
                assert one.answer == step.after[one.side]
                assert one.side in one.hidden
            elif one.kind is Kind.NEXT:
                assert isinstance(one.answer, Step)
                assert one.answer._replace(options=step.options) == step
            else:
                assert isinstance(one.answer, Step)
                assert one.answer.lost == step.number
                assert step.again
            assert len(set(texts.choices(one))) == len(one.choices)
            assert texts.question(one)
            shown = texts.ladder(one)
            for line in shown:
                assert "✗" not in "".join(run.text for run in line)
            if one.kind is Kind.NEXT:
                assert not any(f"#{step.number} " in "".join(run.text for run in line) for line in shown)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_every_sample_asks_something(sample: Sample) -> None:
    assert len(of_sample(sample.name)) >= 3


def test_what_is_asked_is_not_shown() -> None:
    (steps,) = [ladders(PCAPS / "example.pcapng")[3]]
    texts = Texts(steps, 100, HOW)
    plain = Ladder(steps, 100, HOW)
    for one in questions(steps, "60s", 100):
        if one.kind is Kind.STATE:
            last = texts.ladder(one)[-1]
            for side, run in enumerate(STATE_RUNS):
                hidden = last[run].text.strip() == "?"
                assert hidden == (side in one.hidden)
                assert hidden or last[run] == plain[one.at][run]


def test_of_both_ends_each_is_asked_while_the_other_is_hidden() -> None:
    first, second = (one for one in of_sample("client-closes-first") if one.kind is Kind.STATE and one.at == 2)
    assert (first.hidden, second.hidden) == ((0, 1), (1,))


def test_a_state_that_was_not_so_is_not_asked() -> None:
    """Of a FIN that was lost, the packets at first look as if it had arrived."""
    asked = [(one.at + 1, one.side) for one in of_sample("client-closes-first", 8) if one.kind is Kind.STATE]
    assert (8, 0) in asked
    assert (8, 1) not in asked


def test_unknown_is_right_where_no_packet_tells() -> None:
    (one,) = [one for one in of_sample("refused") if one.answer == State.UNKNOWN]
    assert not {State.LISTEN, State.CLOSED, State.SYN_RECEIVED} & set(one.choices)


def test_a_fin_behind_a_hole_changes_nothing() -> None:
    found = [one for one in of_sample("fin-behind-a-hole") if one.kind is Kind.STATE]
    assert [one.answer for one in found if (one.at, one.side) == (7, 1)] == [State.ESTABLISHED]


def test_which_packet_was_lost() -> None:
    (one,) = [one for one in of_sample("client-closes-first", 4) if one.kind is Kind.LOST]
    assert isinstance(one.answer, Step)
    assert one.answer.number == 4
    assert [said.name for said in one.remarks if hasattr(said, "name")] == ["lost"]


def test_the_same_questions_for_the_same_seed() -> None:
    (steps,) = [ladders(PCAPS / "example.pcapng")[3]]
    assert questions(steps, "60s", 4, "x") == questions(steps, "60s", 4, "x")
    assert len({tuple(one.at for one in questions(steps, "60s", 4, str(seed))) for seed in range(9)}) > 1


@pytest.mark.parametrize("style", STYLES)
def test_states_in_any_spelling(style: str) -> None:
    for one in of_sample("client-closes-first"):
        if one.kind is Kind.STATE:
            assert isinstance(one.answer, State)
            spelled = STYLES[style].states[one.answer]
            for text in (spelled, spelled.lower(), f" {spelled} ", spelled.replace("_", "-")):
                assert chosen(one, text) == one.right


def test_other_answers() -> None:
    state = next(one for one in of_sample("client-closes-first") if one.answer == State.FIN_WAIT_1)
    assert [chosen(state, LETTERS[at]) for at in range(CHOICES)] == list(range(CHOICES))
    assert chosen(state, "A)") == 0
    (other,) = [one for one in State if one not in state.choices][:1]
    assert chosen(state, other.name) == other
    assert chosen(state, "e") is None
    assert chosen(state, "") is None
    (lost,) = [one for one in of_sample("client-closes-first", 4) if one.kind is Kind.LOST]
    assert chosen(lost, "#4") == chosen(lost, "4") == lost.right
    assert chosen(lost, "#99") is None
    assert chosen(lost, "٤") is None


def test_hints_take_wrong_choices_away() -> None:
    one = of_sample("client-closes-first")[0]
    for hints in range(5):
        away = excluded(one, hints)
        assert one.right not in away
        assert len(away) == min(hints, CHOICES - 2)


def test_score() -> None:
    known = {one.answer: one for one in of_sample("client-closes-first")}
    score = Score()
    score = score.with_answer(known[State.FIN_WAIT_1], True, 0)
    score = score.with_answer(known[State.FIN_WAIT_2], True, 1)
    score = score.with_answer(known[State.TIME_WAIT], False, 0)
    score = score.with_answer(known[State.TIME_WAIT], False, 2)
    assert score == Score(4, 1, 1, (State.TIME_WAIT,))
