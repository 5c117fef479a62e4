"""Captures as a data source of Spark: the rows of the library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pcapstate import api
from pcapstate.errors import CaptureError
from tests.helpers.driving_spark import end_of_session, rows_of_source
from tests.helpers.paths import PCAPS

OFFICE = PCAPS / "office.pcapng"
TIMES = ("time", "opened", "last", "client_first", "client_last", "server_first", "server_last")
JSON = {"from_state": "from", "to_state": "to"}
pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture(scope="module")
def source(spark_driver: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    yield spark_driver
    spark_driver.submit(end_of_session).result(300)


def read(source: ProcessPoolExecutor, place: object, **options: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    found = source.submit(rows_of_source, place, **options).result(300)  # type: ignore[arg-type]
    assert not isinstance(found, str), found
    return found


def refused(source: ProcessPoolExecutor, place: object, **options: str) -> str:
    """Return the last line of Spark's error but its own code."""
    found = source.submit(rows_of_source, place, **options).result(300)  # type: ignore[arg-type]
    assert isinstance(found, str)
    return [line for line in found.splitlines() if line.strip() and "SQLSTATE" not in line][-1]


def expected(path: Path, table: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of the library, with the names of Spark's columns."""
    wanted = options.pop("filter", None)
    with api.open(path, **options) as session:
        rows = [asdict(one) for one in (session.connections if table == "connections" else session.transitions)(wanted)]
    return [{"capture": str(path), **{JSON.get(name, name): value for name, value in row.items()}} for row in rows]


def exact(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of Spark with exact times, once both times of each agree."""
    row = dict(row)
    for name in TIMES:
        if name in row:
            time, exact = row[name], row.pop(f"{name}_ns")
            assert (time is None) == (exact is None)
            if time is not None:
                assert round(time.timestamp() * 1_000_000) == exact // 1_000
            row[name] = exact
    return row


@pytest.mark.parametrize("table", ["connections", "transitions"])
def test_captures_have_the_rows_of_the_library(source: ProcessPoolExecutor, table: str) -> None:
    wanted = {}
    # Some of them: reading all took as long as the other tests of this file together.
    for path in [one for one in sorted(PCAPS.glob("*.pcap*")) if one.suffix != ".expected"][::4]:
        try:
            wanted[path] = expected(path, table)
        except CaptureError:
            continue
    _, rows = read(source, [str(path) for path in wanted], table=table, damaged="keep")
    found: dict[Path, list[dict[str, Any]]] = {path: [] for path in wanted}
    for row in rows:
        found[Path(row["capture"])].append(exact(row))
    assert found == wanted


def test_columns_have_types(source: ProcessPoolExecutor) -> None:
    kinds, rows = read(source, str(OFFICE), at="20s", time_wait="1", filter="server_port == 443")
    assert [exact(row) for row in rows] == expected(
        OFFICE, "connections", at="20s", two_msl=1.0, filter="server_port == 443"
    )
    assert rows
    assert {kinds[name] for name in ("client_address", "client_state", "outcome", "capture")} == {"string"}
    assert (kinds["opened"], kinds["opened_ns"]) == ("timestamp", "bigint")
    assert (kinds["client_port"], kinds["client_bytes"], kinds["handshake_seen"]) == ("int", "bigint", "boolean")


def test_each_capture_of_a_folder_is_read_alone(source: ProcessPoolExecutor, tmp_path: Path) -> None:
    for name in ("a.pcapng", "b.pcapng"):
        shutil.copy(OFFICE, tmp_path / name)
    (tmp_path / "notes.txt").write_text("no capture\n")
    both = [one for name in ("a.pcapng", "b.pcapng") for one in expected(tmp_path / name, "connections")]
    for place in (tmp_path, tmp_path / "*", tmp_path / "*.pcapng"):
        _, rows = read(source, str(place))
        assert sorted(map(exact, rows), key=lambda row: (row["capture"], row["connection"])) == both


def test_errors_are_a_line(source: ProcessPoolExecutor, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(OFFICE.read_bytes()[:-10])
    assert refused(source, str(cut)).startswith(f"pcapstate.errors.CaptureDamaged: {cut}: the file ends in the middle")
    _, rows = read(source, str(cut), damaged="keep")
    assert [exact(row) for row in rows] == expected(cut, "connections")
    notes = tmp_path / "notes.txt"
    notes.write_text("no capture\n")
    assert refused(source, str(notes)).startswith(f"pcapstate.errors.NoCaptureError: {notes}: ")
    assert refused(source, str(tmp_path / "none*")) == f"pcapstate.errors.CaptureError: {tmp_path}/none*: no such file"
    for options, why in (
        ({"table": "x"}, 'the option table is connections or transitions, not "x"'),
        ({"damaged": "x"}, 'the option damaged is fail or keep, not "x"'),
        ({"time_wait": "long"}, '"long" is not a number of seconds'),
        ({"states": "x"}, 'pcapstate has no option "states"; it has table, at, time_wait, filter, damaged'),
    ):
        assert refused(source, str(OFFICE), **options) == f"pcapstate.errors.CallError: {why}"
