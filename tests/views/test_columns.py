"""Each column of each command can be shown, filtered and sorted by, and is refused where a command does not have it."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pcapstate.sockets import columns as netstat_columns
from pcapstate.table import ADDRESS, ENDPOINT_ADDRESS, TIME, WORD, Column
from pcapstate.views import connection_columns, timeline_columns
from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, run

OFFICE = PCAPS / "office.pcapng"
CAPTURES = [OFFICE, PCAPS / "closed-first.pcap", PCAPS / "reset-by-server.pcap", PCAPS / "overlapping-vlans.pcap"]


class Command(NamedTuple):
    arguments: tuple[str, ...]
    columns: dict[str, Column]
    fields: Callable[[Callable[[str], int]], Any]


COMMANDS = {
    "connections": Command(("connections",), connection_columns.BY_NAME, connection_columns.fields),
    "timeline": Command(("timeline",), timeline_columns.BY_NAME, timeline_columns.fields),
    # Without a filter, UDP ports that were idle for long are left out.
    "netstat": Command(("netstat", "-a"), netstat_columns.COLUMNS, netstat_columns.fields),
}
EACH = [(command, name) for command, one in COMMANDS.items() for name in one.columns]
VOCABULARY = sorted({name for _, name in EACH})
Row = dict[str, Any]
ENDS = ("client_", "server_", "local_", "foreign_", "sent_", "received_")


def asked(command: str, path: Path, *options: str, archived: bool = False) -> list[Row]:
    arguments = COMMANDS[command].arguments
    if command == "netstat" and "--filter" not in options:
        options = (*options, "--filter", "proto ~ *")
    found = run(*("archive",) * archived, *arguments, path, "--quiet", "--format", "json", "--utc", *options)
    assert found.exit_code == 0, found.stderr
    rows: list[Row] = json.loads(found.stdout, parse_float=str) if found.stdout else []
    return rows


@pytest.fixture(scope="module")
def whole() -> Callable[[str, Path], list[Row]]:
    """Return all columns of all rows, in the order in which the command has them."""
    known: dict[tuple[str, Path], list[Row]] = {}

    def rows(command: str, path: Path) -> list[Row]:
        if (command, path) not in known:
            known[command, path] = asked(command, path, "--columns", ",".join(COMMANDS[command].columns))
        return known[command, path]

    return rows


def key(column: Column, value: Any) -> Any:
    """Return what a value is sorted by."""
    if column.kind == ADDRESS:
        return int(ipaddress.ip_address(value)) + (0xFFFF << 32 if ":" not in value else 0)
    if column.kind == ENDPOINT_ADDRESS:
        host, _, port = value.rpartition(":")
        return key(column._replace(kind=ADDRESS), host.strip("[]")), int(port)
    if column.kind == WORD and column.words != (None,):
        return column.words.index(value)
    if isinstance(value, str) and column.kind != WORD:
        seconds, _, part = value.partition(".")
        return int(seconds + part)
    return value


def in_order(rows: list[Row], column: Column) -> list[Row]:
    """Return rows with the largest value of a column first, those without one last."""
    there = [row for row in rows if row[column.name] is not None]
    there.sort(key=lambda row: key(column, row[column.name]), reverse=True)
    # Those that are equal stay in their order.
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        if row[column.name] is not None:
            groups.setdefault(key(column, row[column.name]), []).append(row)
    ordered = [row for one in sorted(groups, reverse=True) for row in groups[one]]
    return [*ordered, *(row for row in rows if row[column.name] is None)]


def written(column: Column, value: Any) -> str:
    """Return a value as a filter has it."""
    if column.kind == ENDPOINT_ADDRESS:
        return str(value).rpartition(":")[0].strip("[]")
    return json.dumps(value) if isinstance(value, bool) else f'"{value}"'


@pytest.mark.parametrize(("command", "name"), EACH, ids=lambda one: one)
def test_each_column_is_shown_sorted_and_filtered(command: str, name: str, whole: Any) -> None:
    column, path = COMMANDS[command].columns[name], OFFICE
    rows = whole(command, path)
    assert {*rows[0]} == {*COMMANDS[command].columns}
    wanted = [row[name] for row in in_order(rows, column)]
    found = asked(command, path, "--columns", name, "--sort", f"-{name}")
    assert [row[name] for row in found] == wanted
    values = [row[name] for row in rows if row[name] is not None]
    if name == "copies" or not values:
        wanted_in_vain = next((one for one in column.words if one is not None), 1)
        assert asked(command, path, "--filter", f"{name} = {wanted_in_vain}") == []
        return
    value = values[len(values) // 2]
    if column.kind == TIME:
        # A moment has no number of seconds since the epoch.
        assert len(asked(command, path, "--filter", f"{name} >= 2000-01-01", "--columns", name)) == len(values)
        return
    for operator, fits in (("=", lambda one: one == value), ("!=", lambda one: one is not None and one != value)):
        same = (lambda one: one and one.rpartition(":")[0]) if column.kind == ENDPOINT_ADDRESS else (lambda one: one)
        text = f"{name} {operator} {written(column, value)}"
        found = asked(command, path, "--filter", text, "--columns", name)
        if column.kind == ENDPOINT_ADDRESS:
            ends = [same(row[name]) == same(value) for row in rows]
            assert len(found) == (sum(ends) if operator == "=" else len(ends) - sum(ends)), text
        else:
            assert [row[name] for row in found] == [row[name] for row in rows if fits(row[name])], text


@pytest.mark.parametrize("command", COMMANDS)
def test_columns_of_other_commands_are_refused_with_those_there_are(
    command: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, fields = COMMANDS[command].columns, COMMANDS[command].fields(int)
    err = ""
    for name in [one for one in VOCABULARY if one not in columns] + ["zzz"]:
        for options in (("--columns", name), ("--sort", name), ("--filter", f"{name} = 1")):
            if options[0] == "--filter" and name in fields:
                continue
            code, err = ended(capfd, monkeypatch, *COMMANDS[command].arguments, str(OFFICE), *options)
            assert (code, err.count("\n")) == (2, 1)
            assert f'"{name}"' in err
            assert "did you mean" in err or "known: " in err
    listed = err.partition("known: ")[2].partition(")")[0].split(", ")
    assert {name for name in columns if not name.startswith(ENDS)} <= {*listed}
    ends = {name.partition("_")[2] for name in columns if name.startswith(ENDS)}
    assert all(any(one.endswith(f"_{end}") for one in listed) for end in ends)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_commands_agree_on_what_a_column_is(path: Path, whole: Any) -> None:
    connections = {row["connection"]: row for row in whole("connections", path)}
    # These are of the row's own end, or its state, where they are not of the connection.
    own = {"connection", "age", "packet", "retransmissions"}
    compared = 0
    for command in ("netstat", "timeline"):
        for row in whole(command, path):
            if row["connection"] is None:
                continue
            for name in row.keys() & connections[row["connection"]].keys() - own:
                assert row[name] == connections[row["connection"]][name], (command, name)
                compared += 1
            if command == "netstat":
                known = connections[row["connection"]]
                assert [row[name] for name in ("age", "since", "packet", "state")] == [
                    known[f"{row['role']}_{name}"] for name in ("age", "since", "packet", "state")
                ]
    assert compared
