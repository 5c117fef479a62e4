"""Recordings of real kernels, kept in ``truth``: every state that packets tell of is the kernel's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kernel_lab.compare import differences
from kernel_lab.inference import lines

RECORDINGS = sorted(Path(__file__).parent.joinpath("truth").glob("*.truth.json"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".truth.json"))
def test_states_are_those_of_the_kernel(path: Path) -> None:
    truth = json.loads(path.read_text())
    capture = path.parent / truth["file"]
    assert differences(truth, lines("timeline", capture), lines("connections", capture)) == []
