"""The table: every pair of state and event has one defined answer, and the kernel gives it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pcapstate.decode.segment import SEGMENT
from pcapstate.tcp import machine, transition
from pcapstate.tcp import tables as c
from pcapstate.tcp.machine import CERTAINTY, NEXT, ORIGIN, STAY, TABLE, Certainty, Event
from pcapstate.tcp.states import State

PAIRS = list(itertools.product(State, Event))


def world() -> c.World:
    cells = np.zeros(c.FIXED_CELLS, dtype=np.int64)
    cells[c.CELL_RECORD], cells[c.CELL_TWO_MSL] = 1, 60_000_000_000
    return c.World(
        np.zeros(1, c.CONNECTION),
        np.zeros(1, c.EXTRA),
        np.zeros(2, c.SELDOM),
        np.zeros(2, c.ENDPOINT),
        np.zeros(0, c.DETAIL),
        np.zeros(0, c.TROUBLE),
        np.zeros(2, np.int64),
        np.zeros(4, c.TIMER),
        np.zeros(8, c.TRANSITION),
        cells,
        np.zeros(1, c.RECENT_PACKETS),
    )


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=lambda one: one.name)
def test_every_pair(state: State, event: Event) -> None:
    w = world()
    w.endpoints[1]["state"] = state
    w.endpoints[1]["before"] = State.CLOSE_WAIT
    segment = np.zeros(1, SEGMENT)[0]
    segment["time"], segment["number"] = 1_000, 7
    changed = transition.step(w, 1, event, segment)
    was = ORIGIN.get(event, State.UNKNOWN) if state is State.UNKNOWN else state
    rows = [row for row in TABLE if was in row.states and row.event is event]
    if not rows:
        assert not changed
        assert w.endpoints[1]["state"] == was
        assert w.cells[c.CELL_TRANSITIONS] == 0
        return
    (row,) = rows
    following = State.CLOSE_WAIT if row.next is machine.BEFORE_RST else row.next
    assert changed
    assert w.endpoints[1]["state"] == following
    written = w.transitions[0]
    assert (written["from"], written["to"], written["endpoint"], written["packet"]) == (was, following, 1, 7)
    assert TABLE[written["row"]] is row
    assert w.cells[c.CELL_TIMERS] == (1 if following is State.TIME_WAIT else 0)


def test_every_event_has_a_certainty_and_every_row_a_reason() -> None:
    used = {row.event for row in TABLE}
    assert used | {Event.SENT_REFUSAL} == set(Event), "an event without a row decides nothing"
    assert {CERTAINTY[event] for event in used} == set(Certainty) - {Certainty.DOUBTFUL}
    for row in TABLE:
        assert row.cause
        assert row.reason
        assert row.next not in row.states, "a transition leads elsewhere"


def test_states_of_the_rfc_are_all_reached() -> None:
    reached = {row.next for row in TABLE} | set(ORIGIN.values())
    assert reached >= set(State)


def test_time_wait_ends_by_the_timer_alone_or_by_evidence() -> None:
    ways = {Event(event) for event in Event if NEXT[State.TIME_WAIT * machine.EVENT_COUNT + event] != STAY}
    assert Event.TIME_WAIT_OVER in ways
    assert Event.SENT_ACK not in ways
    assert Event.GOT_ACK not in ways
    assert Event.GOT_FIN not in ways


@pytest.mark.parametrize("name", [event.name for event in Event])
def test_names_tell_the_family(name: str) -> None:
    assert name.startswith(("SENT_", "GOT_", "MISSED_")) or name in (
        "STILL_SENDS",
        "TIME_WAIT_OVER",
        "GAVE_UP",
        "SILENT_AFTER_FIN",
    )
