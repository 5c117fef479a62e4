"""The figure comes from the table of transitions, and paths lie on it."""

from __future__ import annotations

import json

import pytest

from pcapstate.diagram import svg, text
from pcapstate.diagram.figure import END, FIGURE, NOT_IN_FIGURE, Box, boxes, connection, figure, with_moves
from pcapstate.tcp.machine import CERTAINTY, EVENT_COUNT, NEXT, STAY, TABLE, Certainty
from pcapstate.tcp.states import State
from tests.helpers.paths import PCAPS
from tests.helpers.running import run
from tests.ladder.test_gathering import gather

FIGURE_5 = """
CLOSED SYN_SENT, SYN_SENT CLOSED, LISTEN SYN_RECEIVED, SYN_SENT SYN_RECEIVED, SYN_SENT ESTABLISHED,
SYN_RECEIVED ESTABLISHED, SYN_RECEIVED FIN_WAIT_1, ESTABLISHED FIN_WAIT_1, ESTABLISHED CLOSE_WAIT,
FIN_WAIT_1 FIN_WAIT_2, FIN_WAIT_1 CLOSING, FIN_WAIT_2 TIME_WAIT, CLOSING TIME_WAIT, CLOSE_WAIT LAST_ACK,
LAST_ACK CLOSED, TIME_WAIT CLOSED
"""
"""The arrows of RFC 9293's figure 5 that packets show, and the refusal."""


def test_arrows_are_those_of_the_rfc() -> None:
    expected = {tuple(one.split()) for one in FIGURE_5.replace("\n", " ").split(",")}
    assert {(start.state.name, end.state.name) for start, end in figure()} == expected


def test_each_row_of_the_figure_is_one_of_the_table() -> None:
    for (start, end), rows in figure().items():
        for row in rows:
            assert start.state in TABLE[row].states
            assert TABLE[row].next is end.state
            assert CERTAINTY[TABLE[row].event] is not Certainty.REVISED


def test_what_is_left_out_is_in_the_table() -> None:
    assert {row.event for row in TABLE} >= FIGURE
    for state, event in NOT_IN_FIGURE:
        assert NEXT[state * EVENT_COUNT + event] != STAY


def test_every_arrow_has_a_route_in_text_and_every_state_a_place() -> None:
    assert {(start.state, end.state) for start, end in figure()} == set(text.ROUTES)
    assert {*text.PLACES, Box(State.UNKNOWN)} == set(svg.PLACES) == {*map(Box, State), END}


def test_closed_has_two_boxes() -> None:
    assert boxes(State.CLOSED, State.SYN_SENT)[0] == boxes(State.SYN_SENT, State.CLOSED)[1] == Box(State.CLOSED)
    assert boxes(State.LAST_ACK, State.CLOSED)[1] == boxes(State.CLOSED, State.LAST_ACK)[0] == END


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "lost-last-ack.pcap", "gap-then-more.pcap"])
def test_moves_are_the_rows_of_timeline(name: str) -> None:
    path = PCAPS / name
    rows = json.loads(run("timeline", path, "--revisions", "--format", "json").stdout)
    for number in {row["connection"] for row in rows}:
        one = gather(path, number=number)
        moves = connection(number, one.ends, one.changes()).moves
        found = [
            (("client", "server")[one.side], one.before.name, one.after.name, one.number or None, TABLE[one.row].cause)
            for one in moves
        ]
        expected = [
            (row["endpoint"], row["from"], row["to"], row["packet"], row["cause"])
            for row in rows
            if row["connection"] == number
        ]
        assert sorted(found, key=str) == sorted(expected, key=str)


def test_each_move_lies_on_one_arrow() -> None:
    one = gather(PCAPS / "lost-last-ack.pcap", number=0)
    moves = connection(0, one.ends, one.changes()).moves
    arrows = with_moves(moves)
    assert sorted(move for arrow in arrows for move in arrow.moves) == sorted(moves)
    back = next(arrow for arrow in arrows if arrow.start == END)
    assert (back.end, back.rows, [move.text for move in back.moves]) == (Box(State.LAST_ACK), (), ["#8"])
