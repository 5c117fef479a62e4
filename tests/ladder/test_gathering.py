"""The packets of a connection, gathered from a file, tell the same as those that a screen keeps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pcapstate.capture import Watcher
from pcapstate.errors import CallError
from pcapstate.ladder.gathering import Gathered, KeptPackets, gathered, most_telling
from pcapstate.moments import parse_moment
from pcapstate.reading import Origin, Reading
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.states import State
from tests.helpers.paths import PCAPS
from tests.ladder.test_steps import ladders


def read(*paths: Path, at: str | None = None, memory: int | None = None) -> Reading:
    found = opened(paths, at, memory)
    found.read()
    return found


def opened(paths: Sequence[Path], at: str | None, memory: int | None, watchers: Sequence[Watcher] = ()) -> Reading:
    moment = None if at is None else parse_moment(at)
    return Reading(Origin(tuple(paths)), at=moment, memory=memory, watchers=lambda _: watchers)


def gather(*paths: Path, number: int, at: str | None = None) -> Gathered:
    return gathered(read(*paths, at=at), lambda watchers: opened(paths, at, None, watchers), number)


@pytest.mark.parametrize(
    "name", ["example.pcapng", "office.pcapng", "reused-ports.pcap", "superseded.pcap", "unreachable.pcap"]
)
def test_steps_are_those_of_the_screen(name: str) -> None:
    for row, known in ladders(PCAPS / name).items():
        one = gather(PCAPS / name, number=row)
        assert list(one.steps()) == list(known)
        assert one.changes().each == tuple((step.number, change) for step in known for change in step.changes)
        assert one.changes().last == known[-1].after


def test_no_packets_no_changes() -> None:
    # As after Ctrl-C before the first of them.
    one = gather(PCAPS / "close-by-client.pcap", number=0)
    empty = one._replace(story=one.story._replace(segments=one.story.segments[:0]))
    assert list(empty.steps()) == []
    assert empty.changes() == ((), (State.UNKNOWN, State.UNKNOWN))


def test_connections_on_the_same_4_tuple_are_gathered_with_it() -> None:
    story = gather(PCAPS / "reused-ports.pcap", number=1).story
    assert len(story.rows) > 1
    assert set((story.segments["endpoint"] >> 1).tolist()) == set(story.rows.tolist())


def test_only_packets_up_to_the_moment() -> None:
    one = gather(PCAPS / "close-by-client.pcap", number=0, at="#4")
    assert [step.number for step in one.steps()] == [1, 2, 3, 4]


def test_ends_are_client_and_server() -> None:
    assert gather(PCAPS / "close-by-server.pcap", number=0).ends == ("[2001:db8::5]:51813", "[2001:db8:80::1]:80")


def test_a_number_that_the_capture_does_not_have() -> None:
    path = PCAPS / "close-by-client.pcap"
    with pytest.raises(CallError, match="there is no connection 7; the capture has 1"):
        gathered(read(path), lambda watchers: opened([path], None, None, watchers), 7)


def test_the_most_telling_connection_has_a_whole_life() -> None:
    table = read(PCAPS / "example.pcapng").capture.table
    assert most_telling(table, np.arange(len(table.connections))) == 1
    assert most_telling(table, np.array([0, 7, 11])) == 11
    assert most_telling(table, np.array([0, 12])) == 0


def test_packets_stay_with_their_connection_when_others_are_evicted() -> None:
    numbers = np.array([3, 12])
    expected: dict[int, list[int]] = {3: [], 12: []}
    with closing(Reading(Origin((PCAPS / "port-scan.pcap",)))) as reading:
        table = FlowTable(reading.capture.source.kernels, most=8)
        watcher = KeptPackets(numbers)
        watcher.attach(table)
        for batch in reading.capture.source.batches():
            segments = reading.capture.decoder.decode(batch)
            for at in range(len(segments)):
                one = segments[at : at + 1]
                for _ in table.follow(one, 1):
                    pass
                watcher.tracked(one, None)
                number = int(table.numbers(one["endpoint"] >> 1)[0])
                expected.get(number, []).append(int(one["number"][0]))
    found = watcher.segments
    assert table.evicted.any()
    assert all(expected.values())
    for place, number in enumerate(numbers.tolist()):
        assert found["number"][found["endpoint"] >> 1 == place].tolist() == expected[number]
