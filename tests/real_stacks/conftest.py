"""Runs the scenarios asked for, all side by side, before the first test of the kernel laboratory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# The laboratory is a package beside the tests; it is found whatever the import mode, and by record.py too.
sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from kernel_lab.inference import Inferred


@pytest.fixture(scope="session")
def inferred(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inferred]:
    """What the kernel did and what the program says it did, for each scenario that a selected test asks for."""
    from kernel_lab.inference import infer
    from kernel_lab.runner import reason_to_skip, run_scenarios

    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "inferred" in item.fixturenames
    ]
    results = run_scenarios(names, tmp_path_factory.mktemp("kernel"))
    return infer(results)
