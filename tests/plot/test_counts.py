"""How many connections are in each state over time, against a count of what the timeline lists."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapstate
from pcapstate.tcp.states import State
from pcapstate.views import states_over_time as view
from tests.helpers.paths import PCAPS
from tests.helpers.running import run

CAPTURES = sorted(path.name for path in PCAPS.glob("*.pcap*") if (PCAPS / f"{path.name}.expected").exists())
ALL = ",".join(state.name for state in State)
Counts = list[tuple[int, Counter[str]]]


def nanoseconds(text: str) -> int:
    whole, part = text.split(".")
    return int(whole + part)


def timeline(path: Path) -> list[dict[str, Any]]:
    """Return the rows of the timeline, with times as text."""
    return [
        json.loads(line, parse_float=str) for line in run("timeline", path, "--format", "jsonl").stdout.splitlines()
    ]


def naive(rows: list[dict[str, Any]], *sides: str) -> Counts:
    """Return the number of ends in each state at each moment at which one changes, by the rows of the timeline."""
    states: dict[tuple[int, str], str] = {}
    found: Counts = []
    clock = 0
    for row in rows:
        clock = max(clock, nanoseconds(row["time"]))
        if row["endpoint"] in sides:
            states[row["connection"], row["endpoint"]] = row["to"]
            if found and found[-1][0] == clock:
                found.pop()
            found.append((clock, Counter(states.values())))
    return found


def steps(counts: Counts, state: str) -> list[tuple[int, int]]:
    """Return the changes of the number in a state."""
    before, changes = 0, []
    for time, now in counts:
        if now[state] != before:
            changes.append((time, now[state]))
            before = now[state]
    return changes


@pytest.mark.parametrize("name", CAPTURES)
def test_each_count_is_that_of_the_timeline(name: str) -> None:
    path = PCAPS / name
    wanted = naive(timeline(path), "client", "server")
    out = run("plot", path, "--side", "both", "--state", ALL, "--format", "jsonl").stdout
    rows = [json.loads(line, parse_float=str) for line in out.splitlines()]
    times = [nanoseconds(row["time"]) for row in rows]
    assert times == sorted(times)
    for state in State:
        found = [(time, row) for time, row in zip(times, rows, strict=True) if row["state"] == state.name]
        assert [(time, row["count"]) for time, row in found] == steps(wanted, state.name)
        assert all(row["largest"] == row["count"] for _, row in found)


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "time-steps-back.pcap", "syn-flood.pcap"])
def test_counts_at_intervals_and_the_largest_between(name: str) -> None:
    path = PCAPS / name
    wanted = naive(timeline(path), "server")
    times = [row.time for row in pcapstate.transitions(path)]
    every = max((max(times) - min(times)) // 23, 1)
    with pcapstate.open(path) as session:
        found = session.states_over_time(every / 1e9, side="server")
        end = max(session.moment or 0, *times)
    moments = sorted({one.time for one in found})
    assert {later - sooner for sooner, later in pairwise(moments)} == {every}
    assert len(found) == len(moments) * len({one.state for one in found})
    for one in found:
        until = one.time + every
        place = bisect_right([time for time, _ in wanted], one.time)
        now = wanted[place - 1][1][one.state.name] if place else 0
        later = [counts[one.state.name] for time, counts in wanted if one.time < time <= min(until - 1, end)]
        assert (one.count, one.largest) == (now, max([now, *later]))


@pytest.mark.parametrize("name", ["example.pcapng", "close-by-client.pcap", "half-close.pcap"])
def test_netstat_at_a_moment_has_as_many_rows_in_each_state(name: str) -> None:
    path = PCAPS / name
    with pcapstate.open(path) as session:
        start, end = min(one.opened or 0 for one in session.connections()), session.moment or 0
        found = session.states_over_time((end - start) / 7 / 1e9)
        for moment in sorted({one.time for one in found}):
            rows = session.netstat(at=f"@{moment // 10**9}.{moment % 10**9:09d}")
            known = Counter(row.state for row in rows)
            counts = {one.state: one.count for one in found if one.time == moment}
            assert counts == {state: known[state] for state in counts}
            assert sum(counts.values()) == sum(count for state, count in known.items() if state != "UNKNOWN")


def test_only_connections_that_are_chosen_count() -> None:
    path = PCAPS / "example.pcapng"
    rows = run("connections", path, "--filter", "server_port = 443", "--format", "jsonl").stdout.splitlines()
    numbers = {json.loads(row)["connection"] for row in rows}
    with pcapstate.open(path) as session:
        wanted: dict[str, int] = Counter(one.client_state for one in session.connections() if one.connection in numbers)
        found = session.states_over_time(side="client", filter="server_port = 443", states=["CLOSE_WAIT", "TIME_WAIT"])
    last = {one.state: one.count for one in found}
    assert last == {state: wanted[state] for state in last}
    assert last
    assert set(wanted) & {"CLOSE_WAIT", "TIME_WAIT"} == {one.value for one in last if last[one]}


def test_of_a_later_beginning_what_is_there_counts() -> None:
    whole = run("plot", PCAPS / "example.pcapng", "--format", "jsonl").stdout.splitlines()
    later = run("plot", PCAPS / "example.pcapng", "--format", "jsonl", "--from", "8.5").stdout.splitlines()
    begin = min(json.loads(row)["time"] for row in later)
    at_first = {row["state"]: row["count"] for row in map(json.loads, later) if row["time"] == begin}
    before = {row["state"]: row["count"] for row in map(json.loads, whole) if row["time"] <= begin}
    assert at_first == {state: count for state, count in before.items() if count}
    assert [row for row in later if json.loads(row)["time"] > begin] == [
        row for row in whole if json.loads(row)["time"] > begin
    ]


CHANGES = st.lists(st.tuples(st.integers(0, 50), st.integers(-3, 3)), max_size=30)


@given(CHANGES, st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_steps_are_asked_between_any_edges(changes: list[tuple[int, int]], edges: list[int]) -> None:
    edges.sort()
    times = sorted({time for time, _ in changes})
    counts = [sum(change for when, change in changes if when <= time) for time in times]
    steps = view.Steps(np.array(times, dtype=np.int64), np.array(counts, dtype=np.int64))

    def at(moment: int) -> int:
        return sum(change for when, change in changes if when <= moment)

    places = np.array(edges, dtype=np.int64)
    assert steps.at(places).tolist() == [at(one) for one in edges]
    spans = [
        range(first, max(last, first + 1) if number < len(edges) - 2 else last + 1)
        for number, (first, last) in enumerate(pairwise(edges))
    ]
    assert steps.largest(places).tolist() == [max(map(at, span)) for span in spans]
    assert [at(one) for one in steps.highest(places).tolist()] == [max(map(at, span)) for span in spans]


def test_too_many_moments_are_refused() -> None:
    assert view.moments(0, view.MOST, 1) is None
    found = view.moments(0, view.MOST - 1, 1)
    assert found is not None
    assert len(found) == view.MOST
