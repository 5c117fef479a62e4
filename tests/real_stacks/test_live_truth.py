"""Live: what pcapstate says while connections open, close and fail at a rate is what the kernels and ``ss`` say.

Needs root on Linux; skipped elsewhere. PCAPSTATE_LIVE_CONNECTIONS=300 opens so many at each rate, for six minutes.
"""

from __future__ import annotations

import copy
import os
import shutil
from pathlib import Path

import pytest
from kernel_lab.networks import reason_to_skip as no_networks
from kernel_lab.runner import reason_to_skip
from live_run.fates import FATES
from live_run.judging import Truth, judge_tables, judge_transitions, truth
from live_run.recording import record
from live_run.traffic import Rate

RATES = {1: 3, 10: 25, 100: 150, 500: 300}
"""Connections a second, and how many there are at each rate."""
DOUBTFUL = 0.05
"""The part of connections for which the evidence may disagree, where the machine is busy."""
SEED = 11


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    if reason := reason_to_skip() or no_networks():
        pytest.skip(reason)
    if shutil.which("ss") is None:
        pytest.skip("needs the program ss, of iproute2")
    every = os.environ.get("PCAPSTATE_LIVE_CONNECTIONS")
    rates = [Rate(rate, int(every or count)) for rate, count in RATES.items()]
    folder: Path = tmp_path_factory.mktemp("live")
    return truth(record(rates, SEED, folder))


def test_transitions_are_those_of_the_kernels(known: Truth) -> None:
    found = judge_transitions(known)
    assert found.problems == []
    assert len(found.doubtful) <= DOUBTFUL * len(known.evidence.played), found.doubtful
    for rate in RATES:
        played = sum(one.rate.per_second == rate for one in known.evidence.played)
        assert found.connections[rate] >= (1 - DOUBTFUL) * played


def test_tables_are_those_of_ss(known: Truth) -> None:
    found = judge_tables(known)
    assert found.problems == []
    assert found.moments >= 5
    assert set(found.same) >= {"ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_2", "TIME_WAIT", "SYN_SENT", "LISTEN"}
    # Most connections live for longer than the time between two looks.
    assert found.same.total() > 2 * (found.changing + found.unknowable.total()), (found.changing, found.unknowable)


def test_nothing_is_lost_and_nothing_else_said(known: Truth) -> None:
    assert [line for line in known.evidence.said if "not TCP" not in line] == []
    failed = [one.failure for one in known.evidence.played if one.failure]
    assert len(failed) <= DOUBTFUL * len(known.evidence.played), failed


def test_all_fates_are_met(known: Truth) -> None:
    assert {one.fate for one in known.evidence.played} == {fate.__name__ for fate in FATES}
    ways = judge_transitions(known).ways
    for end in (
        "FIN_WAIT_1 CLOSING TIME_WAIT",
        "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT",
        "FIN_WAIT_2 TIME_WAIT CLOSED",
        "CLOSE_WAIT LAST_ACK CLOSED",
        "CLOSE_WAIT CLOSED",
        "SYN_SENT CLOSED",
        "SYN_RECEIVED ESTABLISHED CLOSED",
    ):
        assert any(way.endswith(end) for way in ways), end


def test_a_wrong_state_is_noticed(known: Truth) -> None:
    evidence = copy.copy(known.evidence)
    wrong = copy.copy(known)
    wrong.evidence = evidence
    (at, *_) = [n for n, row in enumerate(evidence.timeline) if row["to"] == "TIME_WAIT"]
    evidence.timeline = [*evidence.timeline]
    evidence.timeline[at] = evidence.timeline[at] | {"to": "CLOSED"}
    assert len(judge_transitions(wrong).problems) == 1
    moment = evidence.tables[len(evidence.tables) // 2]["at"]
    evidence.tables = [row for row in evidence.tables if row["at"] != moment or row["state"] != "ESTABLISHED"]
    assert judge_tables(wrong).problems
