"""A standalone Spark cluster of this machine, for tests and benchmarks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.helpers.paths import ROOT

LOOPBACK = "127.0.0.1"
WORKERS = 2


@contextmanager
def cluster(home: Path, folder: Path) -> Iterator[str]:
    """Start a master with two workers of a core each, on loopback; ``home``: the folder of Spark. Give its URL."""
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYTHONPATH": str(ROOT),
    }
    begun: list[subprocess.Popen[bytes]] = []

    def begin(name: str, log: Path, *arguments: str) -> None:
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", "--host", LOOPBACK]
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
