"""``--format zeek``: a conn.log as Zeek's ASCII writer writes it, and the columns ``conn_state`` and ``history``."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pcapstate.cli.format_choice import FormatChoice
from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, process, run
from tests.helpers.zeek import capture_of
from tests.zeek.test_history import CLOSED, OPEN

CAPTURE = PCAPS / "example.pcapng"
FIELDS = (
    *("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes"),
    *("resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes"),
    *("resp_pkts", "resp_ip_bytes", "tunnel_parents", "ip_proto"),
)
"""Those of Zeek 7.2 and later, in its order."""
TYPES = (
    *("time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string"),
    *("bool", "bool", "count", "string", "count", "count", "count", "count", "set[string]", "count"),
)
READ: dict[str, Callable[[str], object]] = {
    "time": lambda text: re.fullmatch(r"\d+\.\d{6}", text)[0],  # type: ignore[index]
    "interval": lambda text: re.fullmatch(r"\d+\.\d{6}", text)[0],  # type: ignore[index]
    "addr": ipaddress.ip_address,
    "port": lambda text: range(65_536).index(int(text)),
    "count": lambda text: range(2**63).index(int(text)),
    "enum": str,
    "string": str,
}


def read(text: str) -> list[dict[str, object]]:
    """Return the rows of a log, read by what it says of itself; None where a field is not set."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert lines[0] == "#separator \\x09"
    said = dict(line.split("\t", 1) for line in lines[1:] if line.startswith("#"))
    assert list(said) == [
        "#set_separator",
        "#empty_field",
        "#unset_field",
        "#path",
        "#open",
        "#fields",
        "#types",
        "#close",
    ]
    assert (said["#set_separator"], said["#empty_field"], said["#unset_field"]) == (",", "(empty)", "-")
    assert said["#path"] == "conn"
    for moment in (said["#open"], said["#close"]):
        assert re.fullmatch(r"\d{4}(-\d\d){5}", moment)
    assert lines[-1].startswith("#close")
    fields, types = said["#fields"].split("\t"), said["#types"].split("\t")
    assert (tuple(fields), tuple(types)) == (FIELDS, TYPES)
    rows = []
    for line in lines[8:-1]:
        values = line.split("\t")
        assert len(values) == len(fields)
        rows.append(
            {
                name: None if value == "-" else READ[kind](value)
                for name, kind, value in zip(fields, types, values, strict=True)
            }
        )
    return rows


def test_a_log() -> None:
    rows = read(run("connections", CAPTURE, "--format", "zeek").output)
    first = dict(rows[0])
    assert re.fullmatch(r"C[0-9A-Za-z]{10,17}", str(first.pop("uid")))
    assert first == {
        "ts": "1700000000.000126",
        "id.orig_h": ipaddress.ip_address("10.0.0.5"),
        "id.orig_p": 51_790,
        "id.resp_h": ipaddress.ip_address("198.51.100.22"),
        "id.resp_p": 22,
        "proto": "tcp",
        "service": None,
        "duration": "12.496296",
        "orig_bytes": 57,
        "resp_bytes": 73,
        "conn_state": "S1",
        "local_orig": None,
        "local_resp": None,
        "missed_bytes": 0,
        "history": "ShAdDa",
        "orig_pkts": 5,
        "orig_ip_bytes": 269,
        "resp_pkts": 4,
        "resp_ip_bytes": 245,
        "tunnel_parents": None,
        "ip_proto": 6,
    }
    assert len({row["uid"] for row in rows}) == len(rows) == 13


def test_what_has_no_duration_has_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "syn.pcap").write_bytes(capture_of("C S 0 0 0"))
    (row,) = read(run("connections", tmp_path / "syn.pcap", "--format", "zeek").output)
    assert [row[name] for name in ("duration", "orig_bytes", "resp_bytes")] == [None] * 3
    assert (row["orig_pkts"], row["resp_pkts"], row["conn_state"]) == (1, 0, "S0")


def test_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes(capture_of())
    assert read(run("connections", tmp_path / "empty.pcap", "--format", "zeek").stdout) == []


def test_uids_do_not_depend_on_the_rest_of_a_capture() -> None:
    all_ = read(run("connections", CAPTURE, "--format", "zeek").output)
    some = read(run("connections", CAPTURE, "--format", "zeek", "--filter", "history = Sr").output)
    assert len(some) == 1
    assert some == [row for row in all_ if row["history"] == "Sr"]


def test_rows_are_chosen_and_sorted() -> None:
    rows = read(run("connections", CAPTURE, "--format", "zeek", "--port", "443", "--sort", "-duration").output)
    assert {row["id.resp_p"] for row in rows} == {443}
    lasting = [float(str(row["duration"])) for row in rows]
    assert lasting == sorted(lasting, reverse=True)


def test_columns_and_filters() -> None:
    shown = run("connections", CAPTURE, "--columns", "connection,conn_state,history", "--format", "csv").output
    assert shown.splitlines()[:2] == ["connection,conn_state,history", "0,S1,ShAdDa"]
    table = run("connections", CAPTURE, "--columns", "history,conn_state", "--filter", "conn_state in (REJ, S0)").output
    assert [line.split() for line in table.splitlines()[1:]] == [["Sr", "REJ"], ["S", "S0"]]
    by_history = run("connections", CAPTURE, "--columns", "history", "--sort", "history", "--format", "tsv").output
    found = by_history.split()[1:]
    assert found == sorted(found)


def test_filters_of_other_commands_know_the_columns() -> None:
    wanted = [row["connection"] for row in rows_of("connections") if row["conn_state"] == "REJ"]
    assert wanted
    assert {row["connection"] for row in rows_of("timeline", "--filter", "conn_state = REJ")} == set(wanted)


def rows_of(command: str, *options: str) -> list[dict[str, Any]]:
    columns = "connection" if command == "timeline" else "connection,conn_state"
    out = run(command, CAPTURE, "--columns", columns, *options, "--format", "jsonl").output
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def test_checksums(tmp_path: Path) -> None:
    path = tmp_path / "wrong.pcap"
    path.write_bytes(capture_of(*OPEN, "C PA 1 1 10 bad", *CLOSED[4:]))
    for options, history in (((), "ShADadFf"), (("--checksums",), "ShACaGdFf")):
        (row,) = read(run("connections", path, "--format", "zeek", *options).output)
        assert row["history"] == history


def test_a_pipe_is_read_to_its_end() -> None:
    with_file = read(run("connections", CAPTURE, "--format", "zeek").output)
    piped = process("connections", "-", "--format", "zeek", stdin=CAPTURE.read_bytes())
    assert read(piped.stdout.decode()) == with_file


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("netstat", "x", "--format", "zeek"), "zeek is a format of pcapstate connections only"),
        (("timeline", "x", "--format", "zeek"), "zeek is a format of pcapstate connections only"),
        (("connections", "x", "--format", "perfetto"), "perfetto is a format of pcapstate timeline only"),
        (("states", "--format", "perfetto"), "perfetto is a format of pcapstate timeline only"),
        (("connections", "x", "--format", "zeek", "--columns", "client"), "--format zeek has the columns of Zeek's"),
        (("connections", "x", "--checksums"), "--checksums goes with --format zeek and the columns history and"),
    ],
)
def test_what_does_not_go_together(
    arguments: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, line = ended(capfd, monkeypatch, *arguments)
    assert code == 2
    assert said in line
    assert line.count("\n") == 1


def test_help_and_completion_know_the_formats() -> None:
    for command, own, others in (("connections", "zeek", "perfetto"), ("timeline", "perfetto", "zeek")):
        text = run(command, "--help").output
        choices = re.search(r"--format \[([^\]]*)\]", text)
        assert choices is not None
        names = re.sub(r"\s", "", choices[1]).split("|")
        assert own in names
        assert others not in names
        completed = [one.value for one in FormatChoice(command).shell_complete(None, None, own[:2])]  # type: ignore[arg-type]
        assert completed == [own]
