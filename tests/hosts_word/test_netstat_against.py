"""What the host knows beside the packets stands in netstat's tables, and is marked as the host's word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pcapstate.capture import Capture, open_source
from pcapstate.hosts_word.owners import Owners
from pcapstate.hosts_word.reading import understood
from pcapstate.sockets.rows import SocketRows
from pcapstate.tcp.perspective import NOBODYS

from ..helpers.paths import PCAPS
from ..helpers.running import run
from . import printing
from .printing import Told

LAPTOP = "10.0.0.5"
TEXT = (
    Told("tcp", "", 22, state="LISTEN", pid=700, program="sshd"),
    Told("tcp", "", 3306, state="LISTEN", pid=710, program="mysqld"),
    Told("tcp", LAPTOP, 51810, "203.0.113.44", 80, "ESTABLISHED", 4242, "curl"),
    Told("udp", "", 68, pid=702, program="dhclient"),
)


def rows(tmp_path: Path, *more: str, capture: str = "example.pcapng") -> list[dict[str, Any]]:
    file = tmp_path / "ss.txt"
    file.write_text(printing.ss(TEXT), encoding="ascii")
    done = run("netstat", PCAPS / capture, "--against", file, "--format", "json", *more)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_processes_and_ports_of_the_host_are_marked(tmp_path: Path) -> None:
    found = rows(tmp_path, "-ano")
    told = {
        (row["proto"], row["local_address"], row["local_port"]): (row["pid"], row["program"])
        for row in found
        if row["source"] == "host"
    }
    assert told == {(one.proto, one.local or "0.0.0.0", one.local_port): (one.pid, one.program) for one in TEXT}
    # All else is as without the file, but for the port that the packets knew at one address.
    alone = json.loads(run("netstat", PCAPS / "example.pcapng", "-ano", "--format", "json").stdout)
    others = [{**row, "pid": None, "program": None} for row in found if row["connection"] is not None]
    assert [{name: row[name] for name in alone[0]} for row in others] == [
        row for row in alone if row["connection"] is not None
    ]
    assert [row["local_port"] for row in found if row["state"] == "LISTEN"] == [22, 3306]


def test_filters_know_the_source(tmp_path: Path) -> None:
    found = rows(tmp_path, "-a", "--filter", "source = host and proto = tcp", "--sort", "-local_port")
    assert [row["local_port"] for row in found] == [51810, 3306, 22]


def test_what_the_capture_names_itself_comes_first(tmp_path: Path) -> None:
    alone = json.loads(run("netstat", PCAPS / "processes-macos.pcapng", "-o", "--format", "json").stdout)
    ends = ("local_address", "local_port", "foreign_address", "foreign_port")
    text = [Told("tcp", *(row[name] for name in ends), "ESTABLISHED", 9, "x") for row in alone]
    file = tmp_path / "ss.txt"
    file.write_text(printing.ss(text), encoding="ascii")
    done = run("netstat", PCAPS / "processes-macos.pcapng", "-o", "--against", file, "--format", "json")
    found = json.loads(done.stdout)
    assert [(row["pid"], row["source"]) for row in found] == [
        (row["pid"], "capture") if row["pid"] is not None else (9, "host") for row in alone
    ]


def test_tables_at_intervals_and_exact_forms(tmp_path: Path) -> None:
    found = rows(tmp_path, "-an", "5", "--count", "2")
    assert sum(row["local_port"] == 3306 for row in found) == 2
    assert {row["change"] for row in found if row["source"] == "host"} == {None}
    file = tmp_path / "ss.txt"
    done = run("netstat", "-tlnp", PCAPS / "example.pcapng", "--against", file)
    assert [line.split()[3:] for line in done.stdout.splitlines()[2:]] == [
        ["0.0.0.0:22", "0.0.0.0:*", "LISTEN", "700/sshd"],
        ["0.0.0.0:3306", "0.0.0.0:*", "LISTEN", "710/mysqld"],
    ]
    assert f"are as {file} has them" in done.stderr


@pytest.mark.parametrize("gone", [0, 1, 4])
def test_ports_that_the_host_tells_outlast_connections(gone: int) -> None:
    capture = Capture(open_source([PCAPS / "example.pcapng"]), record=False)
    for _ in capture.follow():
        pass
    told = Owners(understood(printing.ss(TEXT).encode(), "file"))
    found = SocketRows(capture.table, NOBODYS, 0, listening=True, told=told)
    listens = found.local[2][found.told].tolist()
    assert listens == [22, 3306]
    before = dict(zip(found.endpoint.tolist(), found.state.tolist(), strict=True))
    found.moved(np.arange(gone, len(capture.table.connections)))
    assert found.endpoint[found.endpoint < 0].shape == (int(np.count_nonzero(found.state == 2)),)
    assert found._listening_places(np.flatnonzero(found._listening < 0))[2].tolist() == [22, 3306]
    left = {
        end + 2 * gone: state
        for end, state in zip(found.endpoint.tolist(), found.state.tolist(), strict=True)
        if end >= 0
    }
    assert left == {end: state for end, state in before.items() if end >= 2 * gone}
