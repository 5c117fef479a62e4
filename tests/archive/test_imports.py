"""Scapy and Spark, whose licenses exclude each other, are never loaded by the same process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.driving_spark import loaded
from tests.helpers.paths import ROOT

PACKAGE = ROOT / "pcapstate"
OF_SPARK = ("archive/on_spark.py", "archive/spark_source.py")
NAMES = {
    path.relative_to(PACKAGE).as_posix(): ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
}
WITH_SCAPY = [name for path, name in NAMES.items() if "scapy_module" in (PACKAGE / path).read_text("utf-8")]
IN_ARCHIVE = [name for path, name in NAMES.items() if path.startswith("archive/") and path not in OF_SPARK]


def run(script: str) -> str:
    """Return what a script prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def roots_after(modules: list[str]) -> set[str]:
    """Return the packages that are loaded once modules are."""
    imports = "\n".join(f"import {one}" for one in modules)
    return set(run(f"import sys\n{imports}\nprint(*sorted({{one.partition('.')[0] for one in sys.modules}}))").split())


@pytest.mark.xdist_group("spark")
def test_spark_loads_no_scapy(spark_home: Path, spark_driver: ProcessPoolExecutor) -> None:
    assert spark_driver.submit(loaded, "local[1]").result(300) == {"driver": [], "worker": []}


def test_the_source_of_spark_loads_no_scapy(spark_home: Path) -> None:
    found = roots_after(["pcapstate.archive.spark_source", "pcapstate.api"])
    assert "pyspark" in found
    assert "scapy" not in found


def test_what_uses_scapy_loads_no_spark() -> None:
    assert "pcapstate.sources.interfaces" in WITH_SCAPY
    found = roots_after([*WITH_SCAPY, "scapy.all"])
    assert "scapy" in found
    assert found & {"pyspark", "py4j", "pyarrow"} == set()


def test_archives_load_neither() -> None:
    assert roots_after([*IN_ARCHIVE, "pcapstate.archive.on_spark"]) & {"scapy", "pyspark", "py4j"} == set()


def test_nothing_else_names_spark_or_loads_scapy_itself() -> None:
    for path in NAMES:
        text = (PACKAGE / path).read_text("utf-8")
        assert path in OF_SPARK or not re.search(r"^\s*(import|from) (pyspark|py4j)\b", text, re.MULTILINE), path
        assert not re.search(r"^\s*(import|from) scapy\b", text, re.MULTILINE), path


def test_spark_excludes_scapy(spark_home: Path) -> None:
    why = run(
        "import sys, pyspark\n"
        "from pcapstate.errors import CallError\n"
        "from pcapstate.scapy_modules import scapy_module\n"
        "try:\n    scapy_module('config')\n"
        "except CallError as error:\n    print(error)\n"
        "print('scapy' in sys.modules)"
    )
    told = "this process has loaded Spark, whose license excludes Scapy; use another process to capture"
    assert why.splitlines() == [told, "False"]
