"""A Spark cluster of this machine, and the process that drives it: Spark never shares one with Scapy."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

LOOPBACK = "127.0.0.1"
WORKERS = 2


@pytest.fixture(scope="session")
def spark_home() -> Path:
    """Return the folder of Spark."""
    # Without importing it: this process may capture with Scapy.
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        pytest.skip("needs pyspark")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java")
    return Path(found.origin).parent


@pytest.fixture(scope="session")
def spark_cluster(spark_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a standalone master with two workers of a core each, on loopback."""
    folder = tmp_path_factory.mktemp("spark")
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark_home),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYTHONPATH": str(ROOT),
    }
    begun: list[subprocess.Popen[bytes]] = []

    def begin(name: str, log: Path, *arguments: str) -> None:
        command = [spark_home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", "--host", LOOPBACK]
        with log.open("wb") as file:
            begun.append(
                subprocess.Popen(
                    [*command, "--webui-port", "0", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            )

    log = folder / "master.log"
    try:
        begin("master.Master", log, "--port", "0")
        (master,) = logged(log, r"Starting Spark master at (spark://\S+)", 1)
        for number in range(WORKERS):
            options = ["--cores", "1", "--memory", "1g", "--work-dir", str(folder / f"work{number}")]
            begin("worker.Worker", folder / f"worker{number}.log", *options, master)
        logged(log, "Registering worker", WORKERS)
        yield master
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            for one in begun:
                with suppress(ProcessLookupError):
                    os.killpg(one.pid, how)
            for one in begun:
                with suppress(subprocess.TimeoutExpired):
                    one.wait(5)


def logged(log: Path, pattern: str, count: int) -> list[str]:
    """Wait until a log has so many matches."""
    until = time.monotonic() + 60
    while len(found := re.findall(pattern, log.read_text())) < count:
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
    return found


@pytest.fixture(scope="session")
def spark_driver(spark_home: Path) -> Iterator[ProcessPoolExecutor]:
    """Return what calls functions in a process that may load Spark."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as made:
        yield made
