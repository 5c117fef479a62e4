"""The states beside each packet of a ladder are those that ``netstat --at #N`` has for both ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pcapstate.decode.segment import ACK, FIN, SYN
from pcapstate.errors import CaptureError
from pcapstate.ladder.drawing import ASCII_SIGNS, SIGNS, Ladder, Signs
from pcapstate.ladder.steps import NO_PACKET, Steps, Story, on_same_tuple, steps
from pcapstate.moments import parse_moment
from pcapstate.output.widths import display_width
from pcapstate.reading import Origin, Reading
from pcapstate.replay.log import PacketLog
from pcapstate.replay.replay import Replay
from pcapstate.tcp import tables as c
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.states import State
from pcapstate.views.reading_aids import Manner
from pcapstate.wording.styles import STYLES
from pcapstate.wording.times import TimeFormat
from tests.helpers.paths import CAPTURES, PCAPS, SAMPLES

MOST = 400
"""Packets of a capture that are looked at one by one."""
HOW = Manner(STYLES["windows"], "en", TimeFormat(utc=True))


def ladders(path: Path) -> dict[int, Steps]:
    """Return the steps of each connection of a capture, by its row."""
    log = PacketLog(10**9)
    reading = Reading(Origin((path,)), record=True, passing=True, details=True, watchers=lambda _: [log])
    log.attach(reading.capture.table)
    for rows in reading.transitions():
        log.changed(rows)
    replay = Replay(log, reading.capture.source.kernels)
    table = replay.to(max(reading.moment, log.clock))
    found = {}
    for row in range(len(table.connections)):
        rows = on_same_tuple(table, row)
        story = Story(replay.of_connections(rows), rows, row, reading.moment)
        found[row] = steps(story, reading.capture.source.kernels)
    return found


@pytest.mark.parametrize("path", [*CAPTURES, *SAMPLES], ids=lambda path: path.name)
def test_states_after_each_packet(path: Path) -> None:
    with suppress(CaptureError):
        found = ladders(path)
        for number, states in states_after_each_packet(path):
            for row, known in found.items():
                step = next((one for one in known if one.number == number and one.flags != NO_PACKET), None)
                if step is not None and step.after != states[row]:
                    # Packet by packet, nobody asked which attempts were given up by then.
                    assert step.after == states_at(path, number)[row], f"connection {row}, packet {number}"


def states_at(path: Path, number: int) -> dict[int, tuple[State, State]]:
    """Return the states of client and server of each connection, as ``netstat --at #N`` has them."""
    reading = Reading(Origin((path,)), at=parse_moment(f"#{number}"))
    reading.read()
    return states_now(reading.capture.table)


def test_an_attempt_is_given_up_between_the_packets_where_it_ended() -> None:
    known = ladders(PCAPS / "handshakes-left.pcap")[0]
    assert [one.number for one in known] == [1, 2, 5, 0, 7, 9]
    assert [one.after[0] for one in known] == [State.SYN_SENT] * 3 + [State.CLOSED] * 3
    assert known[3].before == (State.SYN_SENT, State.SYN_RECEIVED)
    assert [change.after for change in known[3].changes] == [State.CLOSED]
    assert known[3].time == known[0].time + 1_700_000_000


def states_after_each_packet(path: Path) -> Iterator[tuple[int, dict[int, tuple[State, State]]]]:
    """Yield each frame's number, and the states of client and server of each connection after it."""
    with closing(Reading(Origin((path,)), details=True)) as reading:
        table = reading.capture.table
        for batch in reading.capture.source.batches():
            segments = reading.capture.decoder.decode(batch)
            for at in range(len(segments)):
                one = segments[at : at + 1]
                if one["number"][0] > MOST:
                    return
                for _ in table.follow(one, 1):
                    pass
                yield int(one["number"][0]), states_now(table)


def states_now(table: FlowTable) -> dict[int, tuple[State, State]]:
    """Return the states of client and server of each connection, by its row."""
    found = {}
    for row in range(len(table.connections)):
        client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
        ends = [State(int(table.endpoints["state"][2 * row + (client ^ side)])) for side in (0, 1)]
        found[row] = ends[0], ends[1]
    return found


def test_numbers_are_relative() -> None:
    first, second, third = ladders(PCAPS / "example.pcapng")[0][:3]
    assert (first.flags, first.seq, first.side) == (SYN, 0, 0)
    assert (second.flags, second.seq, second.ack, second.side) == (SYN | ACK, 0, 1, 1)
    assert (third.flags, third.seq, third.ack, third.side) == (ACK, 1, 1, 0)


def test_retransmissions_are_marked() -> None:
    again = {step.number for known in ladders(PCAPS / "office.pcapng").values() for step in known if step.again}
    reading = Reading(Origin((PCAPS / "office.pcapng",)))
    reading.read()
    assert len(again) == int(reading.capture.table.endpoints["retransmissions"].sum())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("signs", [SIGNS, ASCII_SIGNS], ids=["lines", "ascii"])
def test_lines_fit(width: int, lang: str, signs: Signs) -> None:
    for path in (PCAPS / "office.pcapng", PCAPS / "reset-by-server.pcap"):
        for known in ladders(path).values():
            for line in Ladder(known, width, HOW._replace(lang=lang), signs):
                text = "".join(run.text for run in line)
                assert display_width(text) <= max(width, 70)
                assert signs is SIGNS or lang != "en" or text.isascii()


def test_a_reset_as_a_ladder() -> None:
    known = ladders(PCAPS / "reset-by-server.pcap")[0]
    text = ["".join(run.text for run in line).rstrip() for line in Ladder(known, 90, HOW)]
    assert len(text) == len(known)
    assert "SYN_SENT*" in text[0]
    # Nothing tells of the server before its first packet.
    assert text[0].endswith("UNKNOWN")
    assert any("RST" in line and "CLOSED*" in line and "*CLOSED" in line for line in text)


def drawn(known: Steps, width: int, signs: Signs = SIGNS) -> list[str]:
    return ["".join(run.text for run in line).rstrip() for line in Ladder(known, width, HOW, signs)]


def test_what_is_sent_again_without_an_ack_ends_in_a_cross() -> None:
    known = ladders(PCAPS / "given-up.pcap")[2]
    fins = [step for step in known if step.flags >= 0 and step.flags & FIN]
    assert [step.lost for step in fins] == [*(step.number for step in fins[1:]), 0]
    for signs, mark in ((SIGNS, "─✗ "), (ASCII_SIGNS, "-x ")):
        text = drawn(known, 90, signs)
        assert [mark in line for line in text] == [bool(step.lost) for step in known]


def test_what_a_reset_answers_is_not_lost() -> None:
    known = ladders(PCAPS / "refused-then-accepted.pcap")[0]
    assert not any(step.lost for step in known)


def test_the_time_since_the_packet_before_where_there_is_room() -> None:
    known = ladders(PCAPS / "keepalives.pcap")[0]
    assert any("+45.0s" in line for line in drawn(known, 120))
    assert not any("+45.0s" in line for line in drawn(known, 80))


def test_options_of_a_syn_as_far_as_there_is_room() -> None:
    known = ladders(PCAPS / "example.pcapng")[1]
    assert "mss 1460 ws 128 sack" in drawn(known, 140)[0]
    (narrow,) = [line for line in drawn(known, 82) if "SYN ACK" in line]
    assert "win 65160" in narrow
    assert "mss" not in narrow
    assert not any("mss" in line for line in drawn(known, 140)[2:])


def test_a_part_of_the_steps() -> None:
    known = ladders(PCAPS / "example.pcapng")[1]
    part = known[2:6]
    assert list(part) == list(known)[2:6]
    assert known[-1] == list(known)[-1]
    assert [step.number for step in known[::2]] == [step.number for step in list(known)[::2]]
