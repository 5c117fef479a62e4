"""The inferred states against those the Linux kernel really went through, scenario by scenario.

Needs root on Linux; skipped elsewhere. `record.py` keeps captures and truth files for study.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel_lab.runner import SCENARIOS

if TYPE_CHECKING:
    from kernel_lab.inference import Inferred


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_states_are_those_of_the_kernel(name: str, inferred: dict[str, Inferred]) -> None:
    result = inferred[name]
    assert not result.failure, f"the scenario itself failed:\n{result.failure}"
    problems = [f"{capture}: {problem}" for capture, found in result.problems.items() for problem in found]
    assert not problems, f"{SCENARIOS[name].description}\n" + "\n".join(problems)
