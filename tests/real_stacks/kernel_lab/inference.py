"""Runs the program under test on recordings, as its users would."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel_lab.compare import differences
from kernel_lab.runner import Result

_ROOT = Path(__file__).parents[3]


@dataclass
class Inferred:
    """What is wrong with what was inferred from the captures of a scenario, by capture."""

    failure: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)


def infer(results: dict[str, Result]) -> dict[str, Inferred]:
    """Hold what the program says of every recording against the truth."""
    inferred = {name: Inferred(failure=result.failure) for name, result in results.items()}
    recordings = [(name, path, truth) for name, result in results.items() for path, truth in result.recordings]
    with ThreadPoolExecutor() as pool:
        for (name, path, _), problems in zip(recordings, pool.map(_problems, recordings), strict=True):
            inferred[name].problems[path.name] = problems
    return inferred


def _problems(recording: tuple[str, Path, dict[str, Any]]) -> list[str]:
    _, path, truth = recording
    try:
        return differences(truth, lines("timeline", path), lines("connections", path))
    except RuntimeError as error:
        return [str(error)]


def lines(command: str, path: Path, *options: str) -> list[dict[str, Any]]:
    """What a command prints of a capture, line by line."""
    done = subprocess.run(
        [sys.executable, "-m", "pcapstate", command, str(path), "--format", "jsonl", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=_ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"pcapstate {command} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
