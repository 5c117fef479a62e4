"""The rules of inference, a packet story each; every story also mirrored, near wrap, doubled, and with gaps."""

from __future__ import annotations

import numpy as np
import pytest

from pcapstate.kernels.running import Kernels
from pcapstate.tcp import lookup, outcomes
from pcapstate.tcp import tables as c
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.settling import settled
from pcapstate.tcp.sides import sides
from pcapstate.tcp.states import State
from tests.helpers.stories import Packet, Variant, parse, play, segment
from tests.helpers.story_texts import NAMES, OPEN, STORIES, SUPPORTED

VARIANTS = {
    "plain": Variant(),
    "mirrored": Variant(mirrored=True),
    "client_near_wrap": Variant(isn=(2**32 - 1, 77)),
    "server_near_wrap": Variant(isn=(77, 2**32 - 1)),
    "both_wrap_in_data": Variant(isn=(2**32 - 50, 2**32 - 300)),
    "half_way": Variant(isn=(2**31 - 5, 2**31 + 5)),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_states_after_each_packet(name: str, variant: str) -> None:
    packets = parse(STORIES[name])
    states, _, _ = play(packets, VARIANTS[variant])
    assert states == [packet.states for packet in packets]


@pytest.mark.parametrize("name", NAMES)
def test_every_packet_twice_gives_the_same_states(name: str) -> None:
    packets = parse(STORIES[name])
    states, _, table = play(packets, times=2)
    assert states == [packet.states for packet in packets]
    assert len(table.connections) == len(play(packets)[2].connections)


def ever(packets: list[Packet]) -> list[set[State]]:
    """Return the states that each side is in at some time of a story."""
    return [{packet.states[side] for packet in packets} | {State.UNKNOWN, State.CLOSED} for side in (0, 1)]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_packet_gives_no_state_that_was_never_there(name: str) -> None:
    packets = parse(STORIES[name])
    allowed = ever(packets)
    for missing, packet in enumerate(packets):
        if packet.flags is None:
            continue
        states, _, _ = play(packets[:missing] + packets[missing + 1 :])
        for side in (0, 1):
            extra = {pair[side] for pair in states} - allowed[side]
            # Whoever is only seen from the middle on is taken to be open, which the story may not show.
            assert extra <= {State.ESTABLISHED, *SUPPORTED.get((name, missing), ())}, (missing, side, extra)


"""States that the packets do support when one is missing, though the full story tells better."""


def changes(rows: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(rows)


@pytest.mark.parametrize("name", NAMES)
def test_transitions_lead_from_state_to_state(name: str) -> None:
    _, rows, _ = play(parse(STORIES[name]))
    if not rows:
        return
    for kept in (changes(rows), settled(changes(rows))[0]):
        last: dict[int, int] = {}
        for row in kept:
            endpoint = int(row["endpoint"])
            assert row["from"] != row["to"]
            assert last.get(endpoint, row["from"]) == row["from"]
            last[endpoint] = int(row["to"])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_settled_has_no_revision_and_ends_the_same(name: str) -> None:
    _, rows, table = play(parse(STORIES[name]))
    if not rows:
        return
    kept, _ = settled(changes(rows))
    for endpoint in np.unique(kept["endpoint"]):
        own = kept[kept["endpoint"] == endpoint]
        assert own["to"][-1] == table.endpoints[endpoint]["state"]
        entered = [int(state) for state in own["to"]]
        reopened = name == "restarted_with_the_same_number"
        assert reopened or len(set(entered)) == len(entered), "a state is entered once"


OUTCOMES = {
    "client_closes_first": "closed",
    "simultaneous_close": "closed",
    "half_close": "closed",
    "fin_behind_a_hole": "half-closed",
    "refused": "refused",
    "unanswered": "unanswered",
    "reset_by_client": "reset by client",
    "reset_by_server": "reset by server",
    "reset_ends_time_wait": "closed",
    "simultaneous_open": "open",
    "keepalive": "open",
    "joined_at_the_syn_ack": "open",
    "wrong_final_ack_changes_nothing": "open",
    "scan_without_flags": "unknown",
}


@pytest.mark.parametrize("name", OUTCOMES)
@pytest.mark.parametrize("mirrored", [False, True])
def test_outcome(name: str, mirrored: bool) -> None:
    _, _, table = play(parse(STORIES[name]), Variant(mirrored=mirrored))
    went = outcomes.outcomes(sides(table))[-1]
    assert outcomes.NAMES[went] == OUTCOMES[name]


def test_timed_out() -> None:
    again = "C PA 1 1 100 -> EST, EST\n" * 4
    _, _, table = play(parse(OPEN + again))
    assert outcomes.NAMES[outcomes.outcomes(sides(table))[0]] == "timed out"


@pytest.mark.parametrize("name", NAMES)
def test_looking_for_attempts_given_up_changes_no_later_state(name: str) -> None:
    """Whatever comes later takes back that an end seemed to have given up, so it does not matter who looked before."""
    packets = [packet for packet in parse(STORIES[name]) if packet.flags is not None]
    tables = FlowTable(Kernels()), FlowTable(Kernels())
    for number, packet in enumerate(packets, 1):
        # Ten seconds lie between packets: all that is due was given up by then.
        one = segment(packet, number, 1_700_000_000_000_000_000 + number * 10_000_000_000, Variant())
        for table in tables:
            list(table.follow(one.copy(), 1))
        if number < len(packets):
            list(tables[1].pass_time(tables[1].clock + 9_000_000_000))
            list(tables[1].give_up())
    once, often = (table.endpoints["state"].tolist() for table in tables)
    assert often == once


def test_a_syn_ack_after_its_own_syn_is_no_retransmission() -> None:
    _, rows, table = play(parse(STORIES["simultaneous_open"]))
    assert table.endpoints["retransmissions"].tolist() == [0, 0]
    assert not table.connections["notes"] & c.NOTE_LOSSY
    assert not changes(rows)["doubt"].any()


def test_retransmissions_are_counted_and_keepalives_are_not() -> None:
    again = "C PA 1 1 100 -> EST, EST\nS A 1 101 0 -> EST, EST\n"
    _, _, table = play(parse(OPEN + again * 3 + "C A 100 1 0 -> EST, EST\nC A 100 1 1 -> EST, EST"))
    assert table.endpoints["retransmissions"].tolist() == [2, 0]
    assert table.endpoints["packets"].tolist() == [2 + 3 + 2, 1 + 3]
    assert table.endpoints["bytes"].tolist() == [301, 0]


def test_a_syn_on_a_live_connection_is_about_a_new_one_and_its_challenge_about_the_old() -> None:
    packets = parse(
        OPEN
        + """
        C S  90000 0 0 -> SENT, -
        S A  1 1 0     -> SENT, -      # challenge ACK: the old connection lives
        C R  1 0 0     -> SENT, -      # the rebooted client ends it
        C S  90000 0 0 -> SENT, -
        S SA 70000 90001 0 -> SENT, RCVD
        C A  90001 70001 0 -> EST, EST
        """
    )
    states, rows, table = play(packets)
    assert states == [packet.states for packet in packets]
    assert len(table.connections) == 2
    assert table.extras["previous"].tolist() == [0, 1]
    assert [State(state) for state in table.endpoints["state"][:2]] == [State.CLOSED, State.CLOSED]
    old = [State(row["to"]) for row in changes(rows) if row["endpoint"] == 1]
    assert old == [State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSED]


def test_an_old_duplicate_syn_takes_nothing_from_a_live_connection() -> None:
    packets = parse(
        OPEN
        + """
        C S  90000 0 0 -> SENT, -
        S A  1 1 0     -> SENT, -      # the challenge ACK, which draws no RST: the client has that connection
        C PA 1 1 100   -> CLOSED, -    # so the SYN was an old copy
        S A  1 101 0   -> CLOSED, -
        """
    )
    states, _, table = play(packets)
    assert states == [packet.states for packet in packets]
    assert len(table.connections) == 2, "numbered as Wireshark does"
    assert [State(state) for state in table.endpoints["state"][:2]] == [State.ESTABLISHED, State.ESTABLISHED]
    assert outcomes.NAMES[outcomes.outcomes(sides(table))[0]] == "open"


def test_a_connection_whose_ports_are_taken_is_superseded() -> None:
    taken = "C S 90000 0 0 -> SENT, -\nS SA 70000 90001 0 -> SENT, RCVD\nC A 90001 70001 0 -> EST, EST"
    for closed, outcome in (("", "superseded"), ("C FA 1 1 0 -> FW1, CW\n", "superseded")):
        _, _, table = play(parse(OPEN + closed + taken))
        assert outcomes.NAMES[outcomes.outcomes(sides(table))[0]] == outcome
        assert [State(state) for state in table.endpoints["state"][:2]] == [State.CLOSED, State.CLOSED]


def test_the_client_of_a_connection_joined_late_is_a_guess() -> None:
    _, _, table = play(parse("S A 501 121 0 -> EST, EST"))
    notes = int(table.connections[0]["notes"])
    assert notes & c.NOTE_CLIENT_GUESSED
    assert notes & c.NOTE_CLIENT_IS_1, "the lower port listens"


def test_a_clock_that_steps_back_ends_no_time_wait() -> None:
    table = FlowTable(Kernels())
    closing = [one for one in parse(STORIES["fin_answered_by_fin"]) if one.flags is not None]
    for start, port in ((3_600, 0), (0, 7)):
        for number, packet in enumerate(closing, 1):
            one = segment(packet, number, (start * 10 + number) * 100_000_000, Variant())
            one["source_port" if packet.side == "C" else "target_port"] += port
            assert list(table.follow(one, 1))
    assert [State(state) for state in table.endpoints["state"]] == [State.TIME_WAIT, State.CLOSED] * 2


def test_one_byte_sent_again_is_no_keepalive() -> None:
    _, _, table = play(parse(OPEN + "C PA 1 1 1 -> EST, EST\n" * 5))
    assert table.endpoints["retransmissions"].tolist() == [4, 0]


@pytest.mark.parametrize("seed", range(4))
def test_neighbouring_addresses_and_ports_do_not_pile_up(seed: int) -> None:
    keys = np.random.default_rng(seed).integers(0, 2**29, 8) * 2 + 1
    memory = [0] * c.CELL_KEYS + [int(key) for key in keys]

    def slots(pairs: list[tuple[tuple[int, int, int], tuple[int, int, int]]]) -> int:
        return len({lookup.tuple_key((*one, *two), 0, memory) & 8191 for one, two in pairs})

    host, ipv4 = (0, 0xFFFF0A000001, 40_000), 0xFFFF01000000
    assert slots([(host, (0, ipv4 + turn, 80)) for turn in range(4_000)]) > 2_900
    assert slots([(host, (0, ipv4, 1_024 + turn)) for turn in range(4_000)]) > 2_900
    assert slots([((0, ipv4 + turn, 0), (0, ipv4 + 99_999 - turn, 0)) for turn in range(4_000)]) > 2_900
    assert slots([(host, (0, turn << 32 | 1, 80)) for turn in range(4_000)]) > 2_900
    assert slots([(host, (turn << 32, 1, 80)) for turn in range(4_000)]) > 2_900
    mapped = 0xFFFF << 32
    assert slots([((0, mapped + 1, turn), (0, mapped + 2, 9_999 - turn)) for turn in range(4_000)]) > 2_900
