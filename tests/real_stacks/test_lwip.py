"""The inferred states against those of two stacks: the Linux kernel and lwIP, situation by situation.

Needs root on Linux, a C compiler and lwIP; skipped elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernel_lab import runner
from kernel_lab.inference import lines
from lwip_lab import stack
from lwip_lab.recording import Played, names, play
from random_lab.judging import judge

Answer = tuple[dict[str, Played], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What came of each situation, and what the program says of all."""
    if reason := runner.reason_to_skip() or stack.reason_to_skip():
        pytest.skip(reason)
    capture, situations = play(tmp_path_factory.mktemp("lwip"))
    return situations, lines("timeline", Path(capture))


@pytest.mark.parametrize("name", names())
def test_states_are_those_of_both_stacks(name: str, played: Answer) -> None:
    situations, timeline = played
    situation = situations[name]
    assert not situation.failure, f"the situation itself failed:\n{situation.failure}"
    ends = {entry[end] for entry in situation.truth["connections"] for end in ("client", "server")}
    found = judge(situation.truth, [row for row in timeline if row["address"] in ends])
    assert found.connections
    assert not found.differences, "\n".join(map(str, found.differences))
