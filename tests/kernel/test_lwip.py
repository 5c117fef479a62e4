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


_ANSWERS_DATA = "a RST that answers data and FIN acknowledges the data alone: no TIME_WAIT"
_OUTLIVES_RST = "lwIP stays in TIME_WAIT after a RST: it answers an old FIN"
_OUT_OF_WINDOW = "a FIN beyond the receiver's window changes nothing: the receiver's ACK does not move"
_FORGED_SYN = "a SYN that is challenged, and never comes again, opens nothing"
DIFFERENT = {
    "fin_ahead_opened_by_linux": _OUT_OF_WINDOW,
    "fin_ahead_opened_by_lwip": _OUT_OF_WINDOW,
    "syn_when_open_opened_by_linux": _FORGED_SYN,
    "syn_when_open_opened_by_lwip": _FORGED_SYN,
    "data_with_fin_after_close_opened_by_lwip": _ANSWERS_DATA,
    "rst_in_time_wait_opened_by_lwip": _OUTLIVES_RST,
}
"""What is not inferred as it was, and why it could be."""


def _named(name: str) -> Any:
    marks = [pytest.mark.xfail(reason=DIFFERENT[name], strict=True)] if name in DIFFERENT else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [_named(name) for name in names()])
def test_states_are_those_of_both_stacks(name: str, played: Answer) -> None:
    situations, timeline = played
    situation = situations[name]
    assert not situation.failure, f"the situation itself failed:\n{situation.failure}"
    ends = {entry[end] for entry in situation.truth["connections"] for end in ("client", "server")}
    found = judge(situation.truth, [row for row in timeline if row["address"] in ends])
    assert found.connections
    assert not found.differences, "\n".join(map(str, found.differences))
