"""Answers as tables have what the commands print as JSON, whichever library reads them; as sequences they are lists."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as some

import pcapstate
from pcapstate import arrow_stream
from pcapstate.cli.main import cli
from pcapstate.kernels.running import Kernels
from pcapstate.objects import connections_of
from pcapstate.output.formats import render
from pcapstate.records import Records
from pcapstate.sockets.columns import COLUMNS as NETSTAT
from pcapstate.table import NEVER, Batch, Table
from pcapstate.tcp.states import STATES
from pcapstate.typed import HOST, MOMENT, typed
from pcapstate.views import connections as connections_view
from tests.helpers.paths import PCAPS

OFFICE, EXAMPLE = PCAPS / "office.pcapng", PCAPS / "example.pcapng"
CAPTURES = sorted(path.name for path in PCAPS.glob("*.pcap*") if path.suffix != ".expected")
CHOSEN = (
    "example.pcapng",
    "office.pcapng",
    "tunnels-ipv6.pcap",
    "pcap-nanoseconds.pcap",
    "damaged-last-packet.pcap",
)
UNREADABLE = {"damaged-empty.pcap", "damaged-header.pcap"}
KERNELS = Kernels()
TIMES = {"time", "opened", "last", "first", "since", "client_first", "client_last", "server_first", "server_last"}
ENDS = {
    "client": ("client_address", "client_port"),
    "server": ("server_address", "server_port"),
    "address": ("local_address", "local_port"),
    "peer": ("foreign_address", "foreign_port"),
}
"""Addresses with ports, which JSON has beside the two apart."""
ALL_NETSTAT = tuple(pcapstate.Netstat.__dataclass_fields__)

Rows = list[dict[str, Any]]
Question = tuple[Callable[[pcapstate.Session], Records[Any]], Sequence[str]]
QUESTIONS: dict[str, Question] = {
    "timeline": (lambda one: one.transitions(), ["timeline"]),  # type: ignore[dict-item, return-value]
    "netstat": (
        lambda one: one.netstat(names=True, listening=True, udp=True),
        ["netstat", "-a", "--columns", ",".join(ALL_NETSTAT)],
    ),
    "routes": (lambda one: one.routes(), ["netstat", "-r"]),
    "statistics": (lambda one: one.statistics(), ["netstat", "-s"]),
    "diagnose": (lambda one: one.diagnose(), ["diagnose"]),
    # Last: these are in what was read for the question before.
    "connections": (lambda one: one.connections(), ["connections"]),
}


def printed(path: Path, command: Sequence[str]) -> Rows:
    """Return the rows of a command in JSON as tables have them."""
    out = CliRunner().invoke(cli, [*command, str(path), "--format", "jsonl", "--quiet"])
    assert out.exit_code in (0, 1)
    return rows_of(out.stdout_bytes)


def rows_of(lines: bytes) -> Rows:
    """Return rows in JSON as tables have them."""
    return [of_json(json.loads(line, parse_float=str)) for line in lines.splitlines()]


def of_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of JSON with addresses and ports apart, times in nanoseconds, other numbers as they are."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in ENDS:
            host, _, port = value.rpartition(":")
            assert [host.strip("[]"), port] == [str(row[one]) for one in ENDS[name]]
        elif name in TIMES and value is not None:
            seconds, _, nanoseconds = value.partition(".")
            found[name] = int(seconds + nanoseconds)
        else:
            found[name] = value
    return found


def of_pandas(frame: Any) -> Rows:
    columns = {}
    for name in frame:
        values = frame[name]
        if values.dtype.kind in "Mm":
            columns[name] = [None if one == NEVER else one for one in values.astype("int64").tolist()]
        else:
            values = values.astype(object)
            columns[name] = [
                list(one) if isinstance(one, tuple) else None if pandas.isna(one) else one for one in values
            ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def of_polars(frame: Any) -> Rows:
    times = polars.selectors.temporal()
    found: Rows = frame.with_columns(times.to_physical()).to_dicts()
    return found


def of_arrow(stream: Any) -> Rows:
    table = pyarrow.table(stream)
    for at, field in enumerate(table.schema):
        if pyarrow.types.is_temporal(field.type):
            table = table.set_column(at, field.name, table.column(at).cast("int64"))
    found: Rows = table.to_pylist()
    return found


@pytest.mark.parametrize("name", CAPTURES)
def test_data_frames_have_what_json_has(name: str) -> None:
    path = PCAPS / name
    if name in UNREADABLE:
        with pytest.raises(pcapstate.CaptureError):
            pcapstate.open(path)
        return
    with pcapstate.open(path) as session:
        for ask, _ in QUESTIONS.values():
            records = ask(session)
            table = Table(records._columns, records._batches)
            assert of_pandas(records.to_pandas()) == rows_of(b"".join(render(table, "jsonl", KERNELS)))


@pytest.mark.parametrize("name", CHOSEN)
def test_all_tables_have_what_commands_print(name: str) -> None:
    with pcapstate.open(PCAPS / name) as session:
        for ask, command in QUESTIONS.values():
            records, expected = ask(session), printed(PCAPS / name, command)
            assert of_pandas(records.to_pandas()) == expected
            assert of_polars(records.to_polars()) == expected
            assert of_arrow(records) == expected
            assert of_arrow(records.to_arrow()) == expected
            assert list(records.columns) == list(records.to_pandas()) == records.to_polars().columns


def test_columns_have_the_types_of_what_they_say() -> None:
    kinds = pcapstate.connections(EXAMPLE).to_pandas().dtypes
    assert [*kinds["client_state"].categories] == [*kinds["server_state"].categories] == [*STATES]
    assert kinds["client_address"] == kinds["server_address"]
    assert [kinds[one].name for one in ("opened", "client_port", "handshake_seen", "client_bytes")] == [
        "datetime64[ns, UTC]",
        "uint16",
        "bool",
        "int64",
    ]
    frame = pcapstate.transitions(EXAMPLE).to_polars()
    assert frame.schema["time"] == polars.Datetime("ns", "UTC")
    assert frame.schema["from"] == frame.schema["to"] == polars.Enum(STATES)
    assert pcapstate.transitions(EXAMPLE).to_pandas()["packet"].dtype == "Int64"
    findings = pyarrow.table(pcapstate.open(EXAMPLE).diagnose()).schema
    assert findings.field("connections").type == pyarrow.list_(pyarrow.field("item", pyarrow.int64(), False))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_types_are_the_same_without_rows(library: str) -> None:
    for ask, nothing in (
        (lambda one, filter: one.connections(filter), "port = 1"),
        (lambda one, filter: one.transitions(filter), "port = 1"),
        (lambda one, filter: one.netstat(filter=filter), "port = 1"),
        (lambda one, filter: one.diagnose(filter), "port = 1"),
    ):
        with pcapstate.open(EXAMPLE) as session:
            full, empty = ask(session, None), ask(session, nothing)
        assert len(full) > len(empty) == 0
        one, other = (getattr(records, f"to_{library}")() for records in (full, empty))
        for name in one.columns:
            found = [str(frame[name].dtype).partition("(")[0] for frame in (one, other)]
            # Of addresses, those that there are.
            assert found[0] == found[1], name


def test_durations() -> None:
    """They are in no answer of the library unless a command is asked for them."""
    with pcapstate.open(EXAMPLE) as session:
        session.connections()
        table = session._reading.capture.table  # type: ignore[union-attr]
        records: Records[Any] = Records(
            connections_view.view(table, ("connection", "duration")), lambda table: iter(())
        )
    known = pcapstate.connections(EXAMPLE)
    lasted = [None if one.opened is None else one.last - one.opened for one in known]
    assert str(records.to_pandas()["duration"].dtype) == "timedelta64[ns]"
    for rows in (of_pandas(records.to_pandas()), of_polars(records.to_polars()), of_arrow(records)):
        assert [row["duration"] for row in rows] == lasted


# --- as sequences


@cache
def all_of_office() -> Records[pcapstate.Connection]:
    return pcapstate.connections(OFFICE)


def in_batches(size: int) -> tuple[Records[pcapstate.Connection], list[pcapstate.Connection]]:
    """Return the connections of a capture in batches of a size, and as a list."""
    known = all_of_office()
    (batch,) = known._batches
    parts = [Batch(batch.columns, batch.cells[at : at + size]) for at in range(0, len(batch.cells), size)]
    return Records(Table(batch.columns, parts), connections_of), list(known)


ENDS_OF_SLICES = some.none() | some.integers(-25, 25)


@settings(deadline=None, max_examples=60)
@given(some.integers(1, 30), ENDS_OF_SLICES, ENDS_OF_SLICES, some.none() | some.integers(-4, 4).filter(bool))
def test_parts_are_those_of_a_list(size: int, start: int | None, stop: int | None, step: int | None) -> None:
    records, objects = in_batches(size)
    part = slice(start, stop, step)
    assert records[part] == objects[part]
    assert len(records[part]) == len(objects[part])
    assert [one["connection"] for one in of_pandas(records[part].to_pandas())] == [
        one.connection for one in objects[part]
    ]


def test_records_are_a_sequence() -> None:
    records, objects = in_batches(4)
    assert records == objects
    assert objects == records
    assert records != objects[1:]
    assert records != tuple(objects)
    assert [records[at] for at in range(-len(objects), len(objects))] == objects + objects
    assert (objects[3] in records, records.index(objects[3]), [*reversed(records)]) == (True, 3, objects[::-1])
    assert records + objects == objects + records == [*objects, *objects]
    for wrong in (len(objects), -len(objects) - 1):
        with pytest.raises(IndexError):
            records[wrong]
    assert repr(records).startswith("<21 rows: connection, client_address, client_port, ")


def test_objects_are_made_where_they_are_asked_for() -> None:
    made = 0

    def make(table: Table) -> Iterator[pcapstate.Connection]:
        nonlocal made
        for one in connections_of(table):
            made += 1
            yield one

    (batch,) = pcapstate.connections(OFFICE)._batches
    records = Records(Table(batch.columns, [batch]), make)
    records.to_pandas()
    assert made == 0
    assert records[3].connection == 3
    assert made == 1
    assert len(list(records)) == made - 1 == len(records)


def test_a_snapshot_stays_as_it_was() -> None:
    with pcapstate.open(OFFICE) as session:
        kept = [(moment.connections(), moment.netstat()) for moment in session.moments(20.0)]
    with pcapstate.open(OFFICE) as session:
        fresh = [(list(moment.connections()), list(moment.netstat())) for moment in session.moments(20.0)]
    assert [(list(one), list(other)) for one, other in kept] == fresh
    assert kept[0][0] != kept[-1][0]


def test_a_changed_frame_changes_nothing_else() -> None:
    records = pcapstate.connections(OFFICE)
    frame = records.to_pandas()
    frame.loc[:, "client_bytes"] = -1
    frame.loc[0, "client_state"] = "UNKNOWN"
    assert of_pandas(records.to_pandas()) == printed(OFFICE, ["connections"])


def test_what_arrives_is_an_iterator_and_a_table_of_the_rest() -> None:
    with pcapstate.open(EXAMPLE) as session:
        expected = list(session.transitions(revisions=True))
    for taken in (0, 1, 5):
        with pcapstate.open(EXAMPLE) as session:
            arriving = session.transitions(revisions=True)
            assert [next(arriving) for _ in range(taken)] == expected[:taken]  # type: ignore[arg-type]
            frame = arriving.to_polars()
            assert list(frame.columns) == list(arriving.columns)
            assert frame["packet"].to_list() == [one.packet for one in expected[taken:]]
            assert list(arriving) == []


def test_nothing_is_read_for_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for library, package in (("pandas", "pandas"), ("polars", "polars"), ("arro3.core", r"pcapstate\[arrow\]")):
        monkeypatch.setitem(sys.modules, library, None)
        name = library.partition(".")[0].replace("arro3", "arrow")
        with pcapstate.open(EXAMPLE) as session:
            arriving = session.transitions(revisions=True)
            with pytest.raises(pcapstate.CallError, match=f"needs .*: pip install '{package}'"):
                getattr(arriving, f"to_{name}")()
            assert len(list(arriving)) > 10


# --- Arrow


def test_arrow_takes_the_arrays_over_and_lets_them_go() -> None:
    (batch,) = pcapstate.connections(OFFICE)._batches
    columns = typed(Table(batch.columns, [batch]))
    before = len(arrow_stream._kept)
    capsule = arrow_stream.capsule(columns)
    del capsule
    assert len(arrow_stream._kept) == before
    table = pyarrow.RecordBatchReader._import_from_c_capsule(arrow_stream.capsule(columns)).read_all()
    for column in columns:
        chunk = table.column(column.name).chunk(0)
        if column.type in (HOST, MOMENT):
            values = chunk.indices if column.type == HOST else chunk
            assert values.buffers()[1].address == column.values.ctypes.data
    assert len(arrow_stream._kept) > before
    del table, chunk, values
    gc.collect()
    assert len(arrow_stream._kept) == before


def test_consumers_may_outlive_the_interpreter() -> None:
    script = (
        f"import pcapstate, duckdb, polars, pyarrow\nrecords = pcapstate.connections({str(EXAMPLE)!r})\n"
        "arrow, frame, own = pyarrow.table(records), records.to_polars(), records.to_arrow()\n"
        "polars.kept = pyarrow.kept = arrow\n"
        "print(duckdb.sql('SELECT count(*) FROM records').fetchall()[0][0])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{len(pcapstate.connections(EXAMPLE))}\n", "")


# --- Parquet

WITH_DURATIONS = [one for one in NETSTAT if one not in ("local_name", "foreign_name")]


@pytest.mark.parametrize("name", CHOSEN)
def test_parquet_has_what_json_has(name: str, tmp_path: Path) -> None:
    path, out = PCAPS / name, tmp_path / "out.parquet"
    commands = [command for _, command in QUESTIONS.values()]
    for command in (*commands, ["netstat", "--columns", ",".join(WITH_DURATIONS)], ["netstat", "-e"]):
        run = CliRunner().invoke(cli, [*command, str(path), "--output", str(out), "--quiet"])
        expected = printed(path, command)
        assert run.exit_code == (1 if name.startswith("damaged") else 0)
        for row in expected:
            some = [one for one in ("age", "duration", "idle", "rtt") if one in row]
            row |= {one: None if row[one] is None else float(row[one]) for one in some}
        assert of_arrow(pyarrow.parquet.read_table(out)) == expected
        assert of_polars(polars.read_parquet(out)) == expected


def test_parquet_of_several_moments_says_which(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    for form in ("parquet", "csv"):
        run = CliRunner().invoke(cli, ["netstat", str(OFFICE), "20", "--format", form, "--quiet"])
        assert run.exit_code == 0
        if form == "parquet":
            out.write_bytes(run.stdout_bytes)
    moments = polars.read_parquet(out)["at"].to_physical().to_list()
    lines = run.stdout.splitlines()[1:]
    assert [f"{one // 10**9}.{one % 10**9:09}" for one in moments] == [line.partition(",")[0] for line in lines]
    assert len(set(moments)) > 2


def test_parquet_is_refused_where_it_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    def error(*arguments: str) -> str:
        run = CliRunner().invoke(cli, [*arguments, "--format", "parquet"])
        assert run.exit_code == 2
        return run.stderr

    assert "parquet holds one table" in error("netstat", "-e", "-s", str(OFFICE))
    monkeypatch.setattr("pcapstate.cli.options.is_terminal", lambda: True)
    assert "--format parquet is no text" in error("connections", "no-such-file.pcap")
    monkeypatch.undo()
    from pcapstate.output.formats.parquet import connect

    connect.cache_clear()
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "pip install 'pcapstate[parquet]'" in error("connections", "no-such-file.pcap")
    assert "pip install 'pcapstate[parquet]'" in error("states")
