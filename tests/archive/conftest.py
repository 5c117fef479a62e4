"""A Spark cluster of this machine, and the process that drives it: Spark never shares one with Scapy."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.helpers.spark_clusters import cluster


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
    with cluster(spark_home, tmp_path_factory.mktemp("spark")) as master:
        yield master


@pytest.fixture(scope="session")
def spark_driver(spark_home: Path) -> Iterator[ProcessPoolExecutor]:
    """Return what calls functions in a process that may load Spark."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as made:
        yield made
