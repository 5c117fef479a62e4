"""What the screen shows at a moment is what ``netstat --at`` answers."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

import pcapstate
from pcapstate.memory import default_bound
from pcapstate.objects import records
from pcapstate.reading import Origin, Reading
from pcapstate.replay.log import PacketLog
from pcapstate.screen.board import SORTS, Board, View, Wish
from pcapstate.screen.feed import Feed
from pcapstate.sockets.gathering import Gathering
from pcapstate.sockets.question import Question
from pcapstate.sockets.table import for_programs
from pcapstate.tcp.states import State
from tests.helpers.paths import PCAPS

COLUMNS = ("proto", "local_address", "local_port", "foreign_address", "foreign_port", "state", "connection")


def board_of(path: Path, local: tuple[str, ...] = ()) -> tuple[Board, Reading]:
    """Read a capture to its end, in the thread of the screen's reading."""
    gathering = Gathering(Question(local=local, all_=True), frozenset(("age", "program")), True, default_bound())
    reading: list[Reading] = []
    board = Board(PacketLog(10**8), gathering, lambda: reading[0].span(), True)
    reading.append(
        Reading(
            Origin((path,)), record=True, passing=True, details=True, watchers=board.watchers, followers=[board.moved]
        )
    )
    feed = Feed(reading[0], board)
    feed.start()
    feed.wait()
    assert not feed.failure
    return board, reading[0]


def shown(view: View) -> list[dict[str, object]]:
    """Return the rows as programs get them from netstat."""
    return [dict(one) for one in records(for_programs(view.rows, COLUMNS, view.annotations))]


@pytest.mark.parametrize("local", [(), ("10.0.0.5",)])
@pytest.mark.parametrize("name", ["office.pcapng", "example.pcapng"])
@pytest.mark.parametrize("listening", [False, True])
def test_table_is_that_of_netstat_at_200_random_moments(name: str, local: tuple[str, ...], listening: bool) -> None:
    board, reading = board_of(PCAPS / name, local)
    chance = random.Random(name)
    # Whose table it is does not change from moment to moment.
    whose = [str(network) for network in board.at(reading.moment, Wish()).whose.networks]
    with pcapstate.open(PCAPS / name) as capture:
        for _ in range(200):
            offset = chance.randint(0, reading.moment - reading.start)
            view = board.at(reading.start + offset, Wish(listening=listening))
            at = f"{offset // 10**9}.{offset % 10**9:09d}"
            known = capture.netstat(at=at, local=whose, listening=listening)
            assert shown(view) == [
                {column: getattr(one, column) for column in COLUMNS} for one in known if one.proto == "tcp"
            ]


def test_filter_and_states() -> None:
    board, reading = board_of(PCAPS / "office.pcapng")
    whole = board.at(reading.moment, Wish())
    assert sum(whole.counts.values()) == len(whole.rows)
    chosen = board.at(reading.moment, Wish(filter="state = ESTABLISHED and foreign_port = 443"))
    assert 0 < len(chosen.rows) < len(whole.rows)
    assert chosen.counts == whole.counts
    only = board.at(reading.moment, Wish(states=frozenset((State.CLOSE_WAIT,))))
    assert {State(one) for one in only.rows.state.tolist()} == {State.CLOSE_WAIT}
    named = board.at(reading.moment, Wish(filter='program ~ "curl"'))
    assert len(named.rows) == 2


def test_connections_that_have_ended() -> None:
    board, reading = board_of(PCAPS / "office.pcapng")
    whole = board.at(reading.moment, Wish(ended=True))
    assert len(whole.rows) == len(reading.capture.table.connections)
    assert whole.counts[State.CLOSED] > 0
    assert State.CLOSED not in board.at(reading.moment, Wish()).counts


@pytest.mark.parametrize("sort", SORTS)
def test_order_can_be_reversed(sort: str) -> None:
    board, reading = board_of(PCAPS / "office.pcapng")
    one = board.at(reading.moment, Wish(sort=sort)).rows.endpoint.tolist()
    other = board.at(reading.moment, Wish(sort=sort, reverse=True)).rows.endpoint.tolist()
    assert one == other[::-1]
    assert len(one) > 10


def test_largest_come_first() -> None:
    board, reading = board_of(PCAPS / "office.pcapng")
    ages = board.at(reading.moment, Wish(sort="age")).rows.values("age").tolist()
    assert ages == sorted(ages, reverse=True)
    most = 0
    for second in range(1, 79):
        view = board.at(reading.start + second * 10**9, Wish(sort="rate"))
        rates = view.rate(view.rows).tolist()
        # Rows trade places only where one rate is twice the other.
        assert all(2 * (one + 2) > other for one, other in itertools.pairwise(rates))
        most = max([most, *rates])
    assert most > 100


def test_rates_are_bytes_a_second() -> None:
    board, reading = board_of(PCAPS / "example.pcapng")
    moment = reading.start + 6 * 10**9
    view = board.at(moment, Wish(ended=True))
    before, now = (
        {one.connection: one.client_bytes + one.server_bytes for one in connections(second)} for second in ("1", "6")
    )
    expected = {number: (octets - before.get(number, 0)) / 5 for number, octets in now.items()}
    found = dict(zip(view.rows.connection.tolist(), view.rate(view.rows).tolist(), strict=True))
    assert any(expected.values())
    assert found == pytest.approx(expected, abs=2)


def connections(at: str) -> list[pcapstate.Connection]:
    with pcapstate.open(PCAPS / "example.pcapng", at=at) as capture:
        return capture.connections()
