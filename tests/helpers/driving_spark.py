"""What tests have done in a process that may load Spark: its answers can be pickled."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

from pcapstate.archive import on_spark
from pcapstate.archive.on_spark import OnSpark
from pcapstate.archive.workers import Done
from pcapstate.errors import CallError
from tests.helpers.tasks import Task, do, lives, modules

SETTINGS = {"spark.executor.memory": "512m", "spark.task.maxFailures": "3"}
KEPT: dict[str, OnSpark] = {}
"""The workers, by master, so that tests need not begin an application each."""


def cluster(master: str) -> OnSpark:
    """Return the workers of a cluster, begun once."""
    if master not in KEPT:
        KEPT[master] = OnSpark(master, settings=SETTINGS)
    return KEPT[master]


def ended(master: str, tasks: list[Task]) -> list[Done]:
    """Do tasks; return them as they ended."""
    return list(cluster(master).do(do, tasks))


def address(master: str) -> str | None:
    """Return where the cluster's work can be watched."""
    return cluster(master).address()


def left_early(master: str, task: Task) -> bool:
    """Leave while a task is done; tell whether its process has ended soon."""
    found = cluster(master).do(do, [task, Task("square", 3)])
    assert next(found).result == 9
    mark = Path(task.folder, str(task.number))
    while not mark.exists():
        time.sleep(0.05)
    found.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 10
    while lives(int(mark.read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    return not lives(int(mark.read_text()))


def of_another_version(master: str, task: Task) -> tuple[Done, str]:
    """Do a task from a process with another version of pcapstate; return its end, and why no application begins."""
    workers = cluster(master)
    with mock.patch.object(on_spark, "__version__", "0.0"):
        (done,) = workers.do(do, [task])
        try:
            workers._check()
        except CallError as error:
            return done, str(error)
    return done, ""


def end(master: str) -> list[str]:
    """End the application; return the processes that it leaves."""
    if master in KEPT:
        KEPT.pop(master).close()
    return [one for one in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split() if lives(int(one))]


def loaded(master: str) -> dict[str, list[str]]:
    """Return the modules of Scapy in the driver, and in a worker."""
    with closing(OnSpark(master)) as workers:
        (there,) = workers.do(modules, ["scapy"])
        (spark,) = workers.do(modules, ["pyspark"])
    assert spark.result
    return {"driver": modules("scapy"), "worker": there.result}


def refused(master: str, settings: dict[str, str] | None = None, executor_within: float = 60) -> str:
    """Return why no application begins."""
    try:
        OnSpark(master, settings=settings, executor_within=executor_within).close()
    except CallError as error:
        return str(error)
    return ""


def rows_of_source(place: str | list[str], **options: str) -> tuple[dict[str, str], list[dict[str, Any]]] | str:
    """Return the columns and the rows that Spark reads of captures, or why it does not."""
    # In a process that may load Spark.
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    from pcapstate.archive.spark_source import register

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {"spark.ui.enabled": "false", "spark.log.level": "OFF", "spark.sql.session.timeZone": "Asia/Tokyo"}
    builder = SparkSession.builder.master("local[2]").config(map=settings)
    with on_spark._environment(SPARK_LOCAL_IP=on_spark.LOOPBACK):
        spark = builder.getOrCreate()
    register(spark)
    try:
        found = spark.read.format("pcapstate").options(**options).load(place)
        return dict(found.dtypes), [row.asDict() for row in found.collect()]
    except PySparkException as error:
        return str(error)


def end_of_session() -> None:
    """End the session that read captures, and its Java: settings of the next one would be those of this one."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession()
    assert spark is not None
    spark.stop()
    on_spark._end(SparkContext._gateway)
