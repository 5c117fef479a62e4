"""``compare`` against two kernels with a lossy box and NAT between them: every pair of states that packets can tell.

Needs root on Linux; skipped elsewhere. ``python tests/real_stacks/compare_runs.py OUTDIR 1-10`` runs more.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from compare_lab.judging import Judged, judged
from compare_lab.recording import recorded
from compare_runs import tables
from helpers.comparing import compared
from kernel_lab.runner import reason_to_skip

SEED, CONNECTIONS = 2, 240
LEAST = 200
"""Connections that are judged at least, and those of them that are translated."""
TRANSLATED = 50
RIGHT = 0.93
"""Moments at which both states are right at least: of the others no packet tells."""
UNCERTAIN = 0.1
"""The part of connections of which the kernels' own evidence may disagree, where the machine is busy."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    if reason := reason_to_skip():
        pytest.skip(reason)
    directory: Path = tmp_path_factory.mktemp("compared")
    run = recorded(SEED, CONNECTIONS, directory)
    result = judged(run, compared(run.client, run.server))
    print(tables(result))
    return result


def test_no_pair_of_states_is_wrong(found: Judged) -> None:
    assert found.wrong == []
    assert found.pairs["right"] >= RIGHT * found.pairs.total(), tables(found)


def test_there_are_enough_connections_and_translated_ones(found: Judged) -> None:
    assert found.connections >= LEAST
    assert found.translated >= TRANSLATED
    assert found.uncertain <= UNCERTAIN * (found.connections + found.uncertain)


def test_packets_fared_as_the_box_says(found: Judged) -> None:
    lost, said = _sums(found, 0), _sums(found, 1)
    assert lost["lost"] > 100
    assert found.copies[0] > 100
    assert set(said) <= {"delivered", "lost", "repeated", "outside"}
    # What is under way when the capture ends is neither.
    outside = said["outside"]
    assert outside < 0.01 * found.packets.total()
    assert abs(lost["lost"] - said["lost"]) <= outside + 0.01 * lost["lost"], tables(found)
    assert abs(found.copies[0] - found.copies[1]) <= outside + 0.01 * found.copies[0], tables(found)
    # Of packets that are alike to the last bit, only their number is known.
    alike = sum(n for (was, told), n in found.packets.items() if was != told)
    assert alike <= 0.02 * found.packets.total(), tables(found)


def _sums(found: Judged, which: int) -> Counter[str]:
    """What became of packets (0), or what is said of them (1)."""
    sums: Counter[str] = Counter()
    for words, count in found.packets.items():
        sums[words[which]] += count
    return sums


def test_the_clock_is_within_what_it_says_of_itself(found: Judged) -> None:
    assert found.clock_error < 0.001
    assert found.clock_error <= found.clock_uncertainty
    errors = sorted(found.transit_error)
    assert errors[len(errors) // 2] < 0.001
