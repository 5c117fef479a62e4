"""Runs the commands of the program under test on recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from click.testing import CliRunner

from kernel_lab.compare import differences
from kernel_lab.runner import Result
from pcapstate.cli.main import cli

_ALONE = Lock()
"""CliRunner takes stdout and stderr of the whole process."""


@dataclass
class Inferred:
    """What is wrong with what was inferred from the captures of a scenario, by capture."""

    failure: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)


def infer(results: dict[str, Result]) -> dict[str, Inferred]:
    """Hold what the program says of every recording against the truth."""
    inferred = {name: Inferred(failure=result.failure) for name, result in results.items()}
    for name, result in results.items():
        inferred[name].problems = {path.name: _problems(path, truth) for path, truth in result.recordings}
    return inferred


def _problems(path: Path, truth: dict[str, Any]) -> list[str]:
    try:
        return differences(truth, lines("timeline", path), lines("connections", path))
    except RuntimeError as error:
        return [str(error)]


def lines(command: str, path: Path, *options: str) -> list[dict[str, Any]]:
    """What a command prints of a capture, line by line; in this process, since a start takes longer than an answer."""
    with _ALONE:
        done = CliRunner().invoke(cli, [command, str(path), "--format", "jsonl", *options])
    if done.exit_code:
        said = done.stderr.strip()[-500:] or repr(done.exception)
        raise RuntimeError(f"pcapstate {command} ended with {done.exit_code}: {said}")
    return [json.loads(line) for line in done.stdout.splitlines()]
