"""Random runs between two real kernels: the states inferred are those of the kernels, but for a known part.

Needs root on Linux; skipped elsewhere. `make kernel-random SEEDS=1-40` runs more of them, and tells figures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_lab.runner import reason_to_skip
from random_lab.judging import Judgement
from random_lab.plans import run_of
from random_runs import run_and_judge, tables

SEEDS = [1, 2, 3]
"""Runs side by side; what happens in them follows from the seed, when it happens does not quite."""
RIGHT, SEEN = 0.95, 0.985
"""Parts of endpoints, and of transitions that are `seen`, that are right at least: somewhat less than in
many runs (`docs/inference.md`), since in three of them chance is large."""
JUDGED, CERTAIN = 400, 0.9
"""How many endpoints are judged at least, and for which part of them what the kernel did is known at least."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """What the program says of some runs, against the kernels' states."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    directory: Path = tmp_path_factory.mktemp("random")
    found, failures = run_and_judge(SEEDS, directory, len(SEEDS))
    assert not failures, "\n".join(failures)
    return found


def test_nearly_all_endpoints_are_as_in_the_kernel(judged: Judgement) -> None:
    assert judged.rate() >= RIGHT, tables(judged)


def test_what_is_said_to_be_seen_happened(judged: Judgement) -> None:
    assert judged.word_rate("seen") >= SEEN, tables(judged)


def test_the_runs_are_worth_judging(judged: Judgement) -> None:
    assert judged.endpoints >= JUDGED
    unknown = judged.undecided["the truth is not certain"]
    assert unknown <= (1 - CERTAIN) * (judged.endpoints + unknown), judged.undecided


def test_everything_follows_from_the_seed() -> None:
    assert run_of(7) == run_of(7)
    assert run_of(7).plans != run_of(8).plans
