"""The tasks of a build: done by workers, counted for whoever watches, with what failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..escaping import safe
from ..messages import Message
from . import manifest as m
from .decoding import Decoding
from .naming import Naming
from .workers import Workers

DECODED, TRACKED, PUBLISHED, NAMING = "decoding", "tracking", "writing tables", "looking for names"
"""The stages of a build."""


class Step(NamedTuple):
    """How far a stage is."""

    stage: str
    done: int
    """Tasks."""
    total: int
    packets: int
    """Packets of the tasks that ended."""
    size: int
    """Bytes of captures that are done with, and of all, in the first stage."""
    whole: int


class Running:
    """Runs the tasks of each stage; ``missing``: those that failed, by name, with why."""

    def __init__(self, workers: Workers, progress: Callable[[Step], None]) -> None:
        self._workers, self._progress = workers, progress
        self.missing: list[tuple[str, str]] = []

    def run(
        self,
        stage: str,
        work: Callable[[Any], Any],
        tasks: Sequence[Any],
        sizes: Sequence[int] = (),
        needed: bool = False,
    ) -> list[Any]:
        """Do tasks; return their results in order. One that failed is missing (None), or ends all if it is needed."""
        results: list[Any] = [None] * len(tasks)
        if not tasks:
            return results
        failed: list[tuple[str, str]] = []
        whole, packets, size = sum(sizes), 0, 0
        self._progress(Step(stage, 0, len(tasks), 0, 0, whole))
        for done, one in enumerate(self._workers.do(work, tasks), 1):
            if one.failure:
                failed.append((_named(tasks[one.index]), one.failure))
            else:
                results[one.index] = one.result
                if isinstance(one.result, dict):
                    packets += one.result.get("packets") or one.result.get("segments") or 0
            size += sizes[one.index] if sizes else 0
            self._progress(Step(stage, done, len(tasks), packets, size, whole))
        if failed and needed:
            name, why = failed[0]
            raise m.Failed(
                Message(
                    "{stage} failed for {count} of {total} parts ({name}: {why}); the same command goes on from there",
                    stage=Message(stage),
                    count=len(failed),
                    total=len(tasks),
                    name=name,
                    why=why,
                )
            )
        self.missing += failed
        return results


def _named(task: Any) -> str:
    """Return what a task is about: a capture, a file of segments, or a bucket."""
    if isinstance(task, Decoding):
        return safe(task.url)
    return task.part if isinstance(task, Naming) else Message("bucket {number}", number=task.bucket)
