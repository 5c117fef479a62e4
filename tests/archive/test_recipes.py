"""The recipes of docs/archive.md: each engine gives the same answers, which are those of ``pcapstate archive``."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pcapstate.archive.adding import Building
from pcapstate.archive.building import build
from pcapstate.archive.manifest import Options
from pcapstate.archive.storage import Storage
from tests.helpers.datasets import Here
from tests.helpers.paths import PCAPS, ROOT
from tests.helpers.running import run

pytest.importorskip("duckdb")

PAGE = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
RECIPES = PAGE[PAGE.index("\n## Recipes\n") : PAGE.index("\n## How it works\n")]
QUESTIONS = ("open_then", "longest", "resets", "close_wait")
"""In the order of the page, as its blocks name the answers."""
CAPTURES = ("office.pcapng", "example.pcapng", "refused-then-accepted.pcap")
SPARK = """
import json, os
from pyspark.sql import SparkSession
made = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
made.config("spark.sql.shuffle.partitions", "1").config("spark.sql.timestampType", "TIMESTAMP_NTZ").getOrCreate()
told = json.loads(os.environ["TOLD"])
found = {"spark": None}
exec(told["setup"], found)
spark = found["spark"]
answers = [[list(row) for row in spark.sql(query).collect()] for query in told["queries"]]
if told["source"]:
    exec(told["source"], found)
    answers.append([list(row) for row in found["read"].load("captures/*.pcapng").collect()])
with open("answers.json", "w") as file:
    json.dump(answers, file, default=str)
spark.stop()
"""
Answers = list[list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with captures and their dataset, where the recipes run."""
    found = tmp_path_factory.mktemp("recipes")
    (found / "captures").mkdir()
    for name in CAPTURES:
        shutil.copy(PCAPS / name, found / "captures" / name)
    options = Options([("", 60.0)], final_after=3600 * 10**9, bits=1)
    # In two builds, so that some connections are final, and others went on.
    for names in (CAPTURES[1:], CAPTURES):
        asked = Building(tuple(str(found / "captures" / name) for name in names), options)
        assert build(Storage(str(found / "dataset")), asked, Here()).whole
    return found


def blocks(language: str, word: str = "") -> list[str]:
    """Return the blocks of the recipes in a language that have a word in them."""
    return [one for one in re.findall(rf"^```{language}\n(.*?)^```$", RECIPES, re.M | re.S) if word in one]


def queries() -> list[str]:
    """Return the questions in SQL."""
    return [one.rstrip().removesuffix(";") for one in blocks("sql", "SELECT")]


def plain(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return rows of any engine with values of Python: times as text, fractions rounded to nanoseconds."""

    def value(one: Any) -> Any:
        if hasattr(one, "item"):
            one = one.item()
        if isinstance(one, datetime):
            return f"{one:%Y-%m-%d %H:%M:%S}"
        return round(one, 9) if isinstance(one, float) else one

    return [tuple(map(value, row)) for row in rows]


@pytest.fixture(scope="module")
def expected(folder: Path) -> Answers:
    """Return what DuckDB answers, with the views as its command line has them."""
    import duckdb

    with chdir(folder), duckdb.connect() as database:
        (views,) = blocks("sql", "CREATE VIEW")
        database.execute(views)
        return [plain(database.execute(query).fetchall()) for query in queries()]


def test_the_page_has_each_question_for_each_engine() -> None:
    assert len(queries()) == len(QUESTIONS)
    for engine in ("import polars", "import pandas"):
        (code,) = blocks("python", engine)
        assert all(re.search(rf"^{name} = ", code, re.M) for name in QUESTIONS)


@pytest.mark.parametrize("table", ["connections", "states", "names", "captures"])
def test_the_page_has_each_column(folder: Path, table: str) -> None:
    import duckdb

    part = re.split(r"^##", PAGE[PAGE.index(f"\n### {table}\n") + 5 :], maxsplit=1, flags=re.M)[0]
    told = {}
    for names, kinds, meaning in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", part, re.M):
        columns, types = re.findall(r"`(\w+)`", names), kinds.split(", ")
        told |= dict(zip(columns, types if len(types) > 1 else types * len(columns), strict=True))
        if "each with `_ns`" in meaning:
            told |= {f"{one}_ns": "BIGINT" for one in columns}
    with chdir(folder):
        found = duckdb.read_parquet(f"dataset/{table}/**/*.parquet", hive_partitioning=True)
        assert told == {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}


def test_each_question_has_answers(expected: Answers) -> None:
    assert [len(rows) for rows in expected] == [11, 5, 2, 15]
    assert expected[2] == [("198.51.100.7", 443, f"{day}:00:00", 1) for day in ("2023-11-14 22", "2023-11-15 09")]


def asked(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """Return what the program answers of the dataset."""
    command, *rest = arguments
    result = run("archive", command, folder / "dataset", *rest, "--format", "json", "--quiet")
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_netstat_agrees(folder: Path, expected: Answers) -> None:
    rows = asked(folder, "netstat", "--at", "2023-11-14T22:13:30Z", "--local", "10.0.0.5")
    names = ("connection", "local_address", "local_port", "foreign_address", "foreign_port", "state")
    assert [tuple(row[name] for name in names) for row in rows] == expected[0]


def test_connections_agree(folder: Path, expected: Answers) -> None:
    rows = {row["connection"]: row for row in asked(folder, "connections")}
    duration = {number: round(row["last"] - row["opened"], 5) for number, row in rows.items()}
    longest = sorted(duration, key=lambda one: (-duration[one], one))[:5]
    assert [one[0] for one in expected[1]] == longest
    assert [one[4] for one in expected[1]] == [rows[one]["outcome"] for one in longest]
    assert all(math.isclose(one[5], duration[one[0]], abs_tol=1e-4) for one in expected[1])
    resets = asked(folder, "connections", "--filter", "outcome ~ reset*")
    assert sorted(one["server"] for one in resets) == sorted(f"{host}:{port}" for host, port, *_ in expected[2])


def test_close_wait_agrees(folder: Path, expected: Answers) -> None:
    rows = asked(folder, "timeline", "--filter", "to = CLOSE_WAIT")
    assert sorted((row["connection"], row["address"]) for row in rows) == sorted(
        (number, f"[{host}]:{port}" if ":" in host else f"{host}:{port}") for number, host, port, *_ in expected[3]
    )


def test_duckdb_in_python(folder: Path, expected: Answers) -> None:
    (code,) = blocks("python", "import duckdb")
    found: dict[str, Any] = {}
    with chdir(folder):
        exec(code, found)
        assert [plain(found["database"].execute(query).fetchall()) for query in queries()] == expected


def test_polars(folder: Path, expected: Answers) -> None:
    pytest.importorskip("polars")
    (code,) = blocks("python", "import polars")
    found: dict[str, Any] = {}
    with chdir(folder):
        exec(code, found)
    assert [plain(found[name].rows()) for name in QUESTIONS] == expected


def test_pandas(folder: Path, expected: Answers) -> None:
    pytest.importorskip("pyarrow")
    (code,) = blocks("python", "import pandas")
    found: dict[str, Any] = {}
    with chdir(folder):
        exec(code, found)
    assert [plain(list(found[name].itertuples(index=False, name=None))) for name in QUESTIONS] == expected


def test_spark(folder: Path, expected: Answers) -> None:
    # Without importing it: this process may capture with Scapy.
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("needs pyspark")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java")
    (setup,) = blocks("python", "timestampType")
    (source,) = blocks("python", "spark_source")
    there = importlib.util.find_spec("pcapstate.archive.spark_source") is not None
    told = {"setup": setup, "queries": queries(), "source": source if there else ""}
    # In a process of its own: this one may have loaded Scapy.
    environment = {**os.environ, "TOLD": json.dumps(told), "PYTHONPATH": str(ROOT), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment |= {"PYSPARK_PYTHON": sys.executable, "TZ": "America/New_York"}
    done = subprocess.run(
        [sys.executable, "-c", SPARK], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads((folder / "answers.json").read_text())
    assert [plain(rows) for rows in answers[:4]] == expected
    if there:
        assert len(answers[4]) == 2
