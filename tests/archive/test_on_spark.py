"""Tasks done by a real Spark cluster of this machine: those that die or fail, and clusters that do not begin."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import pcapstate
from pcapstate.archive.workers import Done
from tests.archive.cutting import cut, generated
from tests.archive.test_equal import FILES, PACKETS, QUESTIONS, asked, check
from tests.helpers import driving_spark
from tests.helpers.paths import ROOT
from tests.helpers.tasks import Task, tries

SQUARES = [Task("square", number) for number in range(8)]
pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture(scope="module")
def master(spark_cluster: str, spark_driver: ProcessPoolExecutor) -> Iterator[str]:
    yield spark_cluster
    assert spark_driver.submit(driving_spark.end, spark_cluster).result(300) == []


def test_each_task_is_done(master: str, spark_driver: ProcessPoolExecutor) -> None:
    found = spark_driver.submit(driving_spark.ended, master, SQUARES).result(300)
    assert sorted(found) == [Done(n, n * n) for n in range(8)]
    address = spark_driver.submit(driving_spark.address, master).result(300)
    assert re.fullmatch(r"http://(127\.0\.0\.1|localhost):\d+", address)
    with urllib.request.urlopen(f"{address}/api/v1/applications", timeout=20) as page:
        assert [one["name"] for one in json.load(page)] == ["pcapstate"]


def test_failures_are_of_one_task_and_in_one_line(
    master: str, spark_driver: ProcessPoolExecutor, tmp_path: Path
) -> None:
    bad = [Task(what, 100 + number, str(tmp_path)) for number, what in enumerate(("raise", "final", "die"))]
    found = spark_driver.submit(driving_spark.ended, master, [*bad, *SQUARES]).result(300)
    failures = {one.index: one.failure for one in found if one.failure}
    assert failures == {
        0: "3 attempts failed, the last: ValueError: two lines and \\x1b[31mred",
        1: "one.pcap: no capture file",
        2: "3 attempts failed, the last: Python worker exited unexpectedly (crashed).",
    }
    assert [tries(one) for one in bad] == [3, 1, 3]
    assert sorted(one.result for one in found if not one.failure) == [n * n for n in range(8)]


def test_a_task_whose_executor_is_killed_is_done_again(
    master: str, spark_driver: ProcessPoolExecutor, tmp_path: Path
) -> None:
    lost = Task("lose executor", 9, str(tmp_path), times=1)
    found = spark_driver.submit(driving_spark.ended, master, [lost, *SQUARES]).result(300)
    assert sorted(found) == sorted([Done(0, 81), *(Done(n + 1, n * n) for n in range(8))])
    assert tries(lost) == 2


def test_tasks_come_as_they_end_until_one_leaves(
    master: str, spark_driver: ProcessPoolExecutor, tmp_path: Path
) -> None:
    assert spark_driver.submit(driving_spark.left_early, master, Task("hang", 1, str(tmp_path))).result(300)


def test_a_cluster_without_room_is_told(master: str, spark_driver: ProcessPoolExecutor) -> None:
    # It has an application already.
    spark_driver.submit(driving_spark.address, master).result(300)
    assert "already" in spark_driver.submit(driving_spark.refused, master).result(300)
    with ProcessPoolExecutor(1, mp_context=spark_driver._mp_context) as other:  # type: ignore[attr-defined]
        why = other.submit(driving_spark.refused, master, {"spark.executor.memory": "9g"}, 1).result(300)
    assert why == f"{master} has started no executor within 1 seconds; all may be busy, or too small"


def test_workers_have_the_same_version(master: str, spark_driver: ProcessPoolExecutor) -> None:
    why = f"the worker {socket.gethostname()} has pcapstate {pcapstate.__version__}, this process 0.0"
    found = spark_driver.submit(driving_spark.of_another_version, master, Task("square", 1)).result(300)
    assert found == (Done(0, failure=why), why)


def test_a_master_that_is_not_there_is_told_at_once(spark_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    start = time.monotonic()
    url = f"spark://127.0.0.1:{port}"
    assert call(url) == f"no Spark master answers at {url}: Connection refused"
    assert call("spark://here") == "no Spark master answers at spark://here: its address is spark://HOST:PORT"
    assert time.monotonic() - start < 20


def test_what_is_no_master_is_told(spark_home: Path) -> None:
    assert call("nonsense").startswith("Spark's Java program does not start: Master must ")


def test_missing_java_is_told(spark_home: Path, tmp_path: Path) -> None:
    for name in ("bash", "dirname", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    why = "Spark needs Java 17 or later: install it, or let JAVA_HOME name its folder"
    assert call("local", JAVA_HOME="", PATH=str(tmp_path)) == why
    assert call("local", JAVA_HOME="/nowhere") == why


def test_missing_spark_is_told() -> None:
    why = "Spark is not installed: pip install 'pcapstate[spark]'"
    assert call("local", before="import sys; sys.modules['pyspark'] = None") == why


def test_scapy_excludes_spark() -> None:
    why = "this process captures with Scapy, whose license excludes Spark; use another process for Spark"
    assert call("local", before="import pcapstate.scapy_modules as one; one.scapy_module('config')") == why


def call(master: str, settings: dict[str, str] | None = None, before: str = "", **environment: str) -> str:
    """Return why no application begins, in a process of its own, which prints nothing else."""
    script = f"{before}\nfrom tests.helpers.driving_spark import refused\nprint(refused({master!r}, {settings!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.removesuffix("\n")


def test_a_build_answers_as_one_run_over_all_packets(
    master: str, spark_driver: ProcessPoolExecutor, tmp_path: Path
) -> None:
    """Captures of two sensors, one with a wrong clock; a worker's process is killed meanwhile."""
    # Another application would have all cores.
    spark_driver.submit(driving_spark.end, master).result(300)
    captures = cut(generated(PACKETS, tmp_path), tmp_path, FILES)
    expected = {one: asked(one[0], str(captures.merged), *one[1:]) for one in QUESTIONS}
    dataset = tmp_path / "dataset"
    command = [sys.executable, "-m", "pcapstate", "archive", "build", *map(str, captures.files), "-o", str(dataset)]
    command += ["--sensor", "west=*/west/*", "--sensor", "east=*/east/*", "--skew", "west=0.7", "--spark", master]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 120
        while not list(dataset.glob("segments/*.segments")) and time.monotonic() < until:
            time.sleep(0.05)
        killed = subprocess.run(["pkill", "-KILL", "-f", "pyspark.daemon"], check=False).returncode
        out, said = process.communicate(timeout=300)
    assert (process.returncode, killed) == (0, 0), said
    assert "http://" in said
    assert out.startswith(f"captures added: {FILES} ")
    check(dataset, expected)
