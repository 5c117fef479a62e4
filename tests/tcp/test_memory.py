"""Where there is no room for more connections: who gives way, and that what is shown remains right."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.capture import Capture
from pcapstate.cli.main import cli
from pcapstate.compaction import endpoints_after, move_up
from pcapstate.decode.segment import SEGMENT, SYN
from pcapstate.kernels.running import Kernels
from pcapstate.memory import LEAST, connections_within, default_bound
from pcapstate.processes.watcher import Processes
from pcapstate.sockets.rows import SocketRows
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp import tables as c
from pcapstate.tcp.eviction import EVICTION_ORDER, choose_evicted
from pcapstate.tcp.flow_table import FlowTable, bytes_each
from pcapstate.tcp.history import History
from pcapstate.tcp.perspective import perspective
from pcapstate.tcp.states import State
from pcapstate.views import connections, timeline
from tests.helpers.paths import PCAPS, ROOT
from tests.helpers.stories import Variant, parse, segment
from tests.helpers.story_texts import OPEN, STORIES, SUPPORTED, TALK

ENDS = ("source", "target")
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
CLOSE = "C FA 101 501 0 -> FW1, CW\nS A 501 102 0 -> FW2, CW\nS FA 501 102 0 -> TW, LACK\nC A 102 502 0 -> TW, CLOSED\n"
SYN_STORY = "C S 0 0 0 -> SENT, -\n"
HALF = "C FA 101 501 0 -> FW1, CW\nS A 501 102 0 -> FW2, CW\n"


def flood(count: int, start: int = START, first: int = 0) -> np.ndarray:
    """Return a SYN each from so many addresses, a microsecond apart."""
    found = np.zeros(count, dtype=SEGMENT)
    numbers = first + np.arange(count)
    found["time"], found["number"], found["flags"] = start + numbers * 1_000, numbers + 1, SYN
    found["source_low"], found["target_low"] = 0xFFFF_0B00_0000 + numbers, 0xFFFF_C000_0250
    found["source_port"], found["target_port"], found["seq"] = 1_024 + numbers % 50_000, 443, numbers * 77 % 2**32
    return found


def story(text: str, port: int, start: int = START) -> np.ndarray:
    """Return the segments of a story, a millisecond apart, of a client with this port."""
    found = []
    for packet in parse(text):
        start += 1_000_000 if packet.flags is not None else packet.length * SECOND
        if packet.flags is not None:
            row = segment(packet, len(found) + 1, start, Variant())
            row["source_port" if packet.side == "C" else "target_port"] = port
            found.append(row)
    return np.concatenate(found)


def run(table: FlowTable, segments: np.ndarray) -> list[np.ndarray]:
    """Follow segments; return the transitions."""
    return [batch.copy() for batch in table.follow(segments, len(segments))]


def states(table: FlowTable) -> dict[tuple[tuple[int, int], ...], tuple[State, ...]]:
    """Return the states of the latest connection on each 4-tuple, by its ends in order."""
    found = {}
    for one, pair in zip(table.connections, table.endpoints["state"].reshape(-1, 2).tolist(), strict=True):
        ends = [(int(one[f"low_{end}"]), int(one[f"port_{end}"])) for end in (0, 1)]
        ordered = sorted(zip(ends, map(State, pair), strict=True))
        found[tuple(end for end, _ in ordered)] = tuple(state for _, state in ordered)
    return found


def test_embryonic_connections_give_way_first_and_open_ones_last() -> None:
    texts = [OPEN, OPEN + TALK + HALF, OPEN + TALK + CLOSE, SYN_STORY + "S RA 0 1 0 -> CLOSED, -\n", SYN_STORY]
    table = FlowTable(Kernels())
    for port, text in enumerate(texts):
        run(table, story(text, 50_000 + port))
    gone = []
    for wanted in range(1, 6):
        going, kinds = choose_evicted(table.endpoints, table.extras["previous"], wanted)
        gone.append(np.flatnonzero(going).tolist())
        assert kinds.sum() == wanted
    assert gone == [[4], [3, 4], [2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert EVICTION_ORDER == ("embryonic", "closed", "in TIME_WAIT", "closing", "open")


def test_those_silent_longest_give_way_first() -> None:
    table = FlowTable(Kernels())
    for port, later in enumerate((3, 1, 2)):
        run(table, story(OPEN, 50_000 + port, START + later * SECOND))
    assert np.flatnonzero(choose_evicted(table.endpoints, table.extras["previous"], 1)[0]).tolist() == [1]
    assert np.flatnonzero(choose_evicted(table.endpoints, table.extras["previous"], 2)[0]).tolist() == [1, 2]


def test_no_connection_goes_without_those_before_it_on_its_4_tuple() -> None:
    table = FlowTable(Kernels())
    run(table, story(OPEN + TALK, 50_000))
    again = story(OPEN, 50_000, START + SECOND)
    again["seq"] += 1 << 20
    again["ack"][1:] += 1 << 20
    run(table, again[:1])
    assert table.extras["previous"].tolist() == [0, 1]
    going, _ = choose_evicted(table.endpoints, table.extras["previous"], 1)
    assert going.tolist() == [True, True]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(STORIES)), min_size=1, max_size=5),
    st.integers(0, 2**32),
    st.integers(20, 60),
    st.booleans(),
)
def test_states_remain_right_under_a_flood(names: list[str], seed: int, most: int, details: bool) -> None:
    """What remains is as in a table with room for all, whatever batches the packets come in."""
    parts = [story(STORIES[name], 50_000 + port, START + port) for port, name in enumerate(names)]
    parts.append(flood(200))
    whole = np.concatenate(parts)
    # The flood comes at any time among the stories.
    random = np.random.default_rng(seed)
    whole["time"][-200:] = np.sort(random.integers(START, int(whole["time"].max()) + 1, 200))
    whole = whole[np.argsort(whole["time"], kind="stable")]
    roomy, tight = FlowTable(Kernels(), details=details), FlowTable(Kernels(), details=details, most=most)
    run(roomy, whole.copy())
    cuts = sorted(random.integers(0, len(whole), 6).tolist())
    for some in np.split(whole.copy(), cuts):
        run(tight, some)
    expected, found = states(roomy), states(tight)
    assert len(tight.connections) <= most
    if not tight.evicted.any():
        assert found == expected
    elif not tight.evicted[1:].any():
        # Whoever comes back after it was let go is as if its first packets had not been captured.
        for port, name in enumerate(names):
            packets = parse(STORIES[name])
            # What both ends pass between two packets.
            between = {State.UNKNOWN, State.CLOSED, State.ESTABLISHED}
            if "simultaneous" in name:
                between.add(State.SYN_RECEIVED)
            for (story_, _), some in SUPPORTED.items():
                between |= set(some) if story_ == name else set()
            for ends, pair in found.items():
                if any(port_ == 50_000 + port for _, port_ in ends):
                    client, server = pair if ends[0][1] == 50_000 + port else pair[::-1]
                    assert client in {packet.states[0] for packet in packets} | between
                    assert server in {packet.states[1] for packet in packets} | between
    assert tight.count == len(tight.connections) + int(tight.evicted.sum())
    numbers = tight.numbers(np.arange(len(tight.connections)))
    assert (np.diff(numbers) > 0).all()
    assert numbers.max(initial=0) < tight.count


def test_open_connections_outlive_any_flood() -> None:
    table = FlowTable(Kernels(), most=40)
    talks = [story(OPEN + TALK, 50_000 + port) for port in range(8)]
    for talk in talks:
        run(table, talk[:4].copy())
    run(table, flood(2_000, START + SECOND))
    for talk in talks:
        run(table, talk[4:].copy())
    assert list(states(table).values()).count((State.ESTABLISHED, State.ESTABLISHED)) == 8
    assert table.numbers(np.arange(8)).tolist() == list(range(8))
    assert table.evicted.tolist()[1:] == [0, 0, 0, 0]
    assert table.evicted[0] == 2_008 - len(table.connections)


def test_segments_name_their_connections_by_the_rows_that_they_have_now() -> None:
    table = FlowTable(Kernels(), most=40)
    segments = np.concatenate([flood(100), story(OPEN, 50_000, START + SECOND), flood(100, START + 2 * SECOND, 100)])
    run(table, segments)
    there = segments["endpoint"] >= 0
    rows = table.connections[segments["endpoint"][there] // 2]
    assert (
        rows["low_0"].tolist()
        == np.where(
            segments["source_port"][there] == 80, segments["target_low"][there], segments["source_low"][there]
        ).tolist()
    )
    assert there.sum() > len(table.connections)


def test_packets_of_an_evicted_connection_open_nothing() -> None:
    """The FIN sent again of a connection that is over, and its ACK, are no sign of an open one."""
    table = FlowTable(Kernels(), most=8)
    for port in range(20):
        run(table, story(OPEN + TALK + CLOSE, 50_000 + port, START + port * SECOND))
    assert table.evicted.sum() > 0
    late = story(OPEN + TALK + CLOSE, 50_000, START + 21 * SECOND)[-2:]
    run(table, late)
    assert states(table)[tuple(sorted((int(late[f"{end}_low"][0]), int(late[f"{end}_port"][0])) for end in ENDS))] == (
        State.UNKNOWN,
        State.UNKNOWN,
    )


def test_time_wait_ends_on_time_for_those_that_remain() -> None:
    table = FlowTable(Kernels(), most=16)
    run(table, story(OPEN + TALK + CLOSE, 50_000))
    run(table, flood(200, START + SECOND))
    assert any(State.TIME_WAIT in pair for pair in states(table).values())
    found = [batch.copy() for batch in table.pass_time(START + 100 * SECOND)]
    assert [(State(row["from"]), State(row["to"])) for row in np.concatenate(found)] == [
        (State.TIME_WAIT, State.CLOSED)
    ]


def test_timers_that_are_started_again_take_no_more_room() -> None:
    table = FlowTable(Kernels())
    whole = story(OPEN + TALK + CLOSE, 50_000)
    run(table, whole)
    again = np.repeat(whole[-2:-1], 50_000)
    again["mark"] = np.arange(50_000)
    again["time"] += np.arange(50_000) * 1_000
    for some in np.split(again, 100):
        run(table, some)
    assert len(table._world.timers) <= 4_096


def test_the_history_follows_its_table() -> None:
    history = History(1 << 20)
    table = FlowTable(Kernels(), most=40, history=history)
    for some in (
        story(OPEN + TALK, 50_000),
        *np.split(flood(1_000, START + SECOND), 10),
        story(OPEN, 50_001, START + 9 * SECOND),
    ):
        for batch in table.follow(some, len(some)):
            history.add(batch)
    rows = history.take()
    assert rows["endpoint"].max() < 2 * len(table.connections)
    of_first = rows[rows["endpoint"] // 2 == 0]
    assert [State(row["to"]) for row in of_first] == [
        State.SYN_SENT, State.SYN_RECEIVED, State.ESTABLISHED, State.ESTABLISHED,
    ]  # fmt: skip
    assert sorted(set((rows["endpoint"] // 2).tolist())) == list(range(len(table.connections)))


def test_a_history_without_room_lets_connections_go() -> None:
    history = History(70_000)
    table = FlowTable(Kernels(), history=history)
    for some in np.split(flood(200_000), 20):
        for batch in table.follow(some, len(some)):
            history.add(batch)
    assert table.evicted.sum() > 0
    rows = history.take()
    assert len(rows) < 200_000
    assert (rows["endpoint"] // 2).tolist() == list(range(len(rows)))


@given(st.integers(1, 300), st.data())
def test_rows_move_up(count: int, data: st.DataObject) -> None:
    kept = np.array(sorted(data.draw(st.sets(st.integers(0, count - 1)))), dtype=np.int64)
    rows = np.zeros((2 * count,), dtype=c.SELDOM)
    rows["copies"] = np.arange(2 * count) + 1
    endpoints = np.arange(-1, 2 * count)
    after = endpoints_after(kept, endpoints)
    before = rows.copy()
    move_up(rows, kept, 2)
    for endpoint, now in zip(endpoints.tolist(), after.tolist(), strict=True):
        assert (now >= 0) == (endpoint >= 0 and endpoint // 2 in kept)
        assert now < 0 or rows[now] == before[endpoint]
    assert not rows["copies"][2 * len(kept) :].any()


# --- through the program


def test_processes_stay_with_their_connections() -> None:
    for path in ("processes-by-id.pcapng", "processes-in-comments.pcapng", "processes-macos.pcapng"):
        source = CaptureReader(PCAPS / path, Kernels())
        processes = Processes(source)
        capture = Capture(source, watchers=[processes])
        for _ in capture.follow():
            pass
        count = len(capture.table.connections)
        before = [processes.process_of(endpoint) for endpoint in range(2 * count)]
        assert any(before)
        kept = np.arange(1, count, 2)
        processes.moved(kept)
        for row, old in enumerate(kept.tolist()):
            assert [processes.process_of(2 * row + side) for side in (0, 1)] == before[2 * old : 2 * old + 2]
        assert processes.process_of(2 * len(kept)) is None


MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=sys.stdin, capture_output=True, text=True)
lines = done.stdout.splitlines()
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([len(lines) - 1, lines[1], done.stderr, done.returncode, peak]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system does not tell a process's memory")
def test_a_flood_in_a_pipe_stays_within_the_bound(tmp_path: Path) -> None:
    """The whole process, as the system counts its memory."""
    count = 1_200_000
    path = tmp_path / "flood.pcap"
    subprocess.run([sys.executable, "benchmarks/generate.py", "flood", str(count), str(path)], cwd=ROOT, check=True)
    # Compiled before, so that the compiler's memory is not taken for the program's.
    Kernels()
    command = [sys.executable, "-m", "pcapstate", "connections", "-", "--format", "csv", "--memory", "256M"]
    with path.open("rb") as source:
        done = subprocess.run([sys.executable, "-c", MEASURE, *command], stdin=source, capture_output=True, cwd=ROOT)
    kept, first, said, code, peak = json.loads(done.stdout)
    gone = count - kept
    assert code == 0
    assert 0 < kept < count
    assert f"{gone:,} connections were evicted to stay within 256 MB (--memory): {gone:,} embryonic" in said
    assert int(first.split(",")[0]) > 0
    assert peak < 256_000_000


def test_numbers_are_those_of_wireshark_where_earlier_ones_are_gone() -> None:
    table = FlowTable(Kernels(), most=40)
    run(table, flood(100))
    rows = run(table, story(OPEN + TALK, 50_000, START + SECOND))
    assert connections.Connections(table, np.arange(len(table.connections))).value("connection").tolist()[-1] == 100
    for number, count in ((100, len(rows[0])), (len(table.connections) - 1, 0)):
        shown = timeline.view(table, rows, number, None, True, ["connection"])
        assert [len(batch.cells) for batch in shown.batches] == ([count] if count else [])


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        ("12M", '"12M" is too low; the program needs at least 234 MB'),
        ("much", "is not a number"),
        ("1Q", "is not a unit"),
        ("-1G", "too low"),
    ],
)
def test_bounds_that_make_no_sense(given_: str, complaint: str) -> None:
    result = CliRunner().invoke(cli, ["connections", str(PCAPS / "example.pcapng"), "--memory", given_])
    assert result.exit_code == 2
    assert complaint in " ".join(result.stderr.split())


def test_what_there_is_decides_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "sysconf"):
        pytest.skip("this system has no sysconf")
    for gigabytes, bound in ((64, 1_000_000_000), (2, 500_000_000), (0.5, LEAST)):
        monkeypatch.setattr(os, "sysconf", lambda name, size=gigabytes: int(size * 10**9) if "PAGES" in name else 1)
        assert default_bound() == bound


def test_how_many_connections_fit() -> None:
    for bound in (LEAST, 10**9, 10**11):
        for details in (False, True):
            each = bytes_each(details)
            assert 50_000 < connections_within(bound, each) < bound // each
    assert connections_within(10**9, 300, beside=10**8) == (10**9 - 10**8 - 170_000_000) // 300
    with pytest.raises(ValueError, match="needs at least 534 MB"):
        connections_within(LEAST, 300, beside=300_000_000)


def test_what_is_asked_may_need_more() -> None:
    result = CliRunner().invoke(cli, ["netstat", "-s", str(PCAPS / "example.pcapng"), "--memory", "240M"])
    assert result.exit_code == 2
    assert "the memory limit is too low: this needs at least 464 MB" in result.stderr
    assert CliRunner().invoke(cli, ["netstat", "-s", str(PCAPS / "example.pcapng")]).exit_code == 0


def test_tables_are_gone_with_what_read_them() -> None:
    """Nothing holds them in a circle: that would keep many megabytes until Python looks for circles."""
    gc.disable()
    try:
        source = CaptureReader(PCAPS / "example.pcapng", Kernels())
        history = History(1 << 20)
        capture = Capture(source, watchers=[Processes(source)], history=history)
        for batch in capture.follow():
            history.add(batch)
        rows = SocketRows(capture.table, perspective(capture.table, ()), 0, listening=True)
        assert len(rows.some(slice(2))) == 2
        assert len(history.take())
        table = weakref.ref(capture.table)
        del source, capture, history, rows
        assert table() is None
    finally:
        gc.enable()
