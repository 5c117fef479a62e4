"""Who does the tasks of a build: processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol


class Done(NamedTuple):
    """A task that ended."""

    index: int  # type: ignore[assignment]  # a tuple has a method of this name
    """Which of the tasks."""
    result: Any = None
    """What it returned; None where it failed."""
    failure: str = ""
    """Why it failed, in one line; empty where it did not."""


class Workers(Protocol):
    """Does tasks in any order, each at least once: a task may be begun again after a worker died.

    A task is a function of a module, and an argument that can be pickled; it leaves its work in files, committed by
    rename, and returns something small.
    """

    def do(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        """Do all tasks; yield each as it ends."""

    def address(self) -> str | None:
        """Return where the work can be watched (a URL), if anywhere."""

    def close(self) -> None:
        """Let go of processes and connections."""
