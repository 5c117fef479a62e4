"""Tasks done by local processes: those that die, hang or fail, and what becomes of the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pcapstate.archive.processes import TRIES, Processes
from pcapstate.archive.workers import Done, Workers
from pcapstate.messages import Message
from tests.helpers.paths import ROOT
from tests.helpers.tasks import Task, do, lives, process, tries, unpicklable

SQUARES = [Task("square", number) for number in range(8)]
ATTEMPTS = f"{TRIES} attempts failed, the last: "


@pytest.fixture
def workers() -> Iterator[Processes]:
    made = Processes(2, patience=3)
    yield made
    made.close()


def bad(what: str, folder: Path, times: int = 1_000) -> Task:
    return Task(what, len(SQUARES), str(folder), times)


def done_with_others(workers: Workers, task: Task) -> Done:
    """Do a task between others; these go well."""
    tasks = [*SQUARES[:4], task, *SQUARES[4:]]
    found = {one.index: one for one in workers.do(do, tasks)}
    assert sorted(found) == list(range(len(tasks)))
    one = found.pop(4)
    assert {tasks[index].number: done.result for index, done in found.items()} == {n: n * n for n in range(8)}
    assert not any(done.failure for done in found.values())
    return one


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_each_task_is_done_once_in_a_process_that_is_kept(workers: Processes) -> None:
    for _ in range(2):
        assert sorted(workers.do(do, SQUARES)) == [Done(n, n * n) for n in range(8)]
    assert len(workers._idle) == 2
    assert list(workers.do(do, [])) == []
    assert workers.address() is None


def test_a_single_process_is_another_one_too() -> None:
    one = Processes(1)
    try:
        found = {done.result for done in one.do(process, SQUARES)}
        assert len(found) == 1
        assert os.getpid() not in found
    finally:
        one.close()


@pytest.mark.parametrize("what", ["die", "exit", "raise", "hang"])
def test_what_goes_badly_is_done_again(workers: Processes, tmp_path: Path, what: str) -> None:
    task = bad(what, tmp_path, times=1)
    assert done_with_others(workers, task) == Done(4, 64)
    assert tries(task) == 2
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("die", "its process was killed (SIGKILL); the system does so when memory runs out"),
        ("exit", "its process ended with exit code 7"),
        ("raise", "ValueError: two lines and \\x1b[31mred"),
    ],
)
def test_what_always_goes_badly_is_given_up(workers: Processes, tmp_path: Path, what: str, why: str) -> None:
    task = bad(what, tmp_path)
    done = done_with_others(workers, task)
    assert done == Done(4, failure=ATTEMPTS + why)
    assert isinstance(done.failure, Message)
    assert tries(task) == TRIES


def test_what_always_hangs_is_given_up(tmp_path: Path) -> None:
    workers = Processes(1, patience=1)
    task = bad("hang", tmp_path)
    try:
        assert list(workers.do(do, [task])) == [Done(0, failure=f"{ATTEMPTS}no end after 1 seconds")]
    finally:
        workers.close()


def test_an_error_of_the_capture_is_final(workers: Processes, tmp_path: Path) -> None:
    task = bad("final", tmp_path)
    done = done_with_others(workers, task)
    assert done == Done(4, failure="one.pcap: no capture file")
    # It can be translated.
    assert isinstance(done.failure, Message)
    assert done.failure.fields["name"] == "one.pcap"
    assert tries(task) == 1


def test_a_result_that_cannot_be_pickled_is_a_failure(workers: Processes) -> None:
    (done,) = workers.do(unpicklable, [0])
    assert done.failure.startswith(ATTEMPTS)
    assert "\n" not in done.failure


def test_a_process_that_died_while_it_waited_costs_no_attempt(workers: Processes) -> None:
    list(workers.do(do, SQUARES))
    for one in workers._idle:
        os.kill(one.process.pid or 0, signal.SIGKILL)
        one.process.join()
    assert sorted(workers.do(do, SQUARES)) == [Done(n, n * n) for n in range(8)]


def test_leaving_early_ends_what_is_being_done(tmp_path: Path) -> None:
    workers = Processes(2)
    task = bad("hang", tmp_path)
    found = workers.do(do, [task, SQUARES[3]])
    assert next(found).result == 9
    until((tmp_path / "8.partial").exists)
    found.close()  # type: ignore[attr-defined]
    workers.close()
    assert not lives(int((tmp_path / "8").read_text()))
    assert not (tmp_path / "8.partial").exists()


SCRIPT = """
import sys
from pcapstate.archive.processes import Processes
from tests.helpers.tasks import Task, do

if __name__ == "__main__":
    try:
        for _ in Processes(2).do(do, [Task("hang", 1, sys.argv[1]), Task("hang", 2, sys.argv[1])]):
            pass
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_no_process_outlives_the_one_that_began_it(tmp_path: Path, how: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as parent:
        until(lambda: len(list(tmp_path.glob("*.partial"))) == 2)
        if how == "SIGINT":
            # As a terminal does, to all of them.
            os.killpg(parent.pid, signal.SIGINT)
        else:
            parent.send_signal(getattr(signal, how))
        out, errors = parent.communicate(timeout=20)
    assert (out, errors) == ("interrupted\n" if how == "SIGINT" else "", "")
    until(lambda: not any(lives(int((tmp_path / one).read_text())) for one in "12"), 5)
    assert not list(tmp_path.glob("*.partial"))
