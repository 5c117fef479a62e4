"""Columns that are worked out from others: their values against those that tshark, the timeline and a dataset tell."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import pcapstate
from pcapstate.errors import CallError
from pcapstate.names import services
from pcapstate.sockets import columns as netstat_columns
from pcapstate.views import connection_columns, timeline_columns
from tests.helpers.datasets import built
from tests.helpers.paths import PCAPS
from tests.helpers.running import process, run

OFFICE = PCAPS / "office.pcapng"
OTHERWISE = {
    "refused-then-accepted.pcap": "tshark takes the time of the refusal",
}
CAPTURES = sorted(path.name for path in PCAPS.glob("*.pcap*") if path.with_name(f"{path.name}.expected").exists())
ABOUT = ("clos", "reset", "fin", "half", "office", "example", "late", "lost", "refused", "wait")
ENDINGS = [name for name in CAPTURES if any(one in name for one in ABOUT) and name not in OTHERWISE]
TCP_FIELDS = ("tcp.stream", "tcp.srcport", "tcp.flags.fin", "tcp.flags.reset", "tcp.analysis.initial_rtt")
Row = dict[str, Any]


def asked(*arguments: str | Path) -> list[Row]:
    found = run(*arguments, "--quiet", "--format", "jsonl", "--utc")
    assert found.exit_code == 0, found.stderr
    return [json.loads(line, parse_float=nanoseconds) for line in found.stdout.splitlines()]


def nanoseconds(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part)


def connections(path: Path, *columns: str) -> dict[int, Row]:
    rows = asked("connections", path, "--columns", ",".join(("connection", *columns)))
    return {row["connection"]: row for row in rows}


@pytest.mark.parametrize("name", ENDINGS)
def test_who_closed_first_who_reset_and_round_trips_are_as_tshark_has_the_packets(name: str) -> None:
    path = PCAPS / name
    known = connections(path, "closed_by", "reset_by", "rtt", "client_port", "server_port", "outcome")
    arguments = [one for field in TCP_FIELDS for one in ("-e", field)]
    told = subprocess.run(
        ["tshark", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "separator=|", "-E", "occurrence=f", *arguments],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    first_fin: dict[int, str] = {}
    resets: dict[int, set[str]] = defaultdict(set)
    round_trips: dict[int, str] = {}
    for line in told.splitlines():
        stream, port, fin, reset, rtt = line.split("|")
        if not stream or int(stream) not in known:
            continue
        number, one = int(stream), known[int(stream)]
        sender = "client" if int(port) == one["client_port"] else "server"
        if fin in ("1", "True"):
            first_fin.setdefault(number, sender)
        if reset in ("1", "True"):
            resets[number].add(sender)
        if rtt:
            round_trips[number] = rtt
    for number, one in known.items():
        if one["closed_by"] in ("client", "server"):
            assert first_fin[number] == one["closed_by"]
        elif one["closed_by"] is None and number in first_fin:
            assert one["outcome"] == "unknown"
        if one["reset_by"] is not None:
            assert one["reset_by"] in resets[number]
        if one["rtt"] is not None:
            assert one["rtt"] == nanoseconds(round_trips[number])


@pytest.mark.parametrize("name", CAPTURES)
def test_ages_and_who_closed_first_are_as_the_timeline_tells(name: str) -> None:
    path = PCAPS / name
    fields = ("since", "age", "packet", "state")
    known = connections(path, "closed_by", "idle", "last", *(f"{side}_{one}" for side in SIDES for one in fields))
    ends: dict[tuple[int, str], list[Row]] = defaultdict(list)
    columns = (*(column.name for column in timeline_columns.COLUMNS), "age")
    # The last change counts, also one that took others back.
    for row in asked("timeline", path, "--revisions", "--columns", ",".join(columns)):
        before = ends[row["connection"], row["endpoint"]]
        assert row["age"] == (max(row["time"] - before[-1]["time"], 0) if before else None)
        before.append(row)
    moment = max((one["last"] + one["idle"] for one in known.values()), default=0)
    held: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in asked("timeline", path):
        held[row["connection"], row["endpoint"]].add(row["to"])
    for number, one in known.items():
        closers = [side for side in SIDES if held[number, side] & FIRST]
        if name != "self-connected.pcap":
            assert one["closed_by"] == ("both" if len(closers) == 2 else closers[0] if closers else None)
        for side in SIDES:
            since, age, packet, state = (one[f"{side}_{field}"] for field in fields)
            rows = ends[number, side]
            if not rows:
                assert (since, age, packet) == (None, None, None)
                continue
            assert (since, packet, state) == (rows[-1]["time"], rows[-1]["packet"], rows[-1]["to"])
            assert age == max(moment - since, 0)


SIDES = ("client", "server")
FIRST = {"FIN_WAIT_1", "CLOSING"}


def test_services_are_those_of_the_registry() -> None:
    lines = Path(services.__file__).with_name("services.txt").read_text().splitlines()
    registered = dict(reversed([one.split()[::-1] for one in lines if one.endswith("/tcp") or "/tcp/" in one]))
    by_port = {int(where.split("/")[0]): name for where, name in registered.items()}
    for path in (OFFICE, PCAPS / "port-scan.pcap"):
        for one in connections(path, "service", "server_port").values():
            assert one["service"] == by_port.get(one["server_port"])


@pytest.mark.parametrize("command", ["connections", "timeline", "netstat"])
def test_a_dataset_has_the_same_columns(command: str, tmp_path: Path) -> None:
    """All but names that only TLS and HTTP tell, and what frames alone have."""
    built(tmp_path / "dataset", OFFICE)
    known = {
        "connections": connection_columns.BY_NAME,
        "timeline": timeline_columns.BY_NAME,
        "netstat": netstat_columns.COLUMNS,
    }[command]
    names = ",".join(name for name in known if name not in ("pid", "program", *connection_columns.STORIES))
    more = ("--all", "--tcp") if command == "netstat" else ()
    wanted = asked(command, OFFICE, "--columns", names, *more)
    found = asked("archive", command, tmp_path / "dataset", "--columns", names, *more)
    assert wanted
    for row in found:
        row.pop("capture", None)
        row.pop("frame", None)
    assert found == wanted


EVERY = (
    "age >= 0 and (rtt >= 0 or not rtt >= 0) and idle >= 0 and name ~ * and service = https"
    " and not closed_by = server and not reset_by = client and client_packet > 0 and duration >= 0"
)


def test_commands_that_choose_connections_take_every_column(tmp_path: Path) -> None:
    wanted = [row["connection"] for row in asked("connections", OFFICE, "--filter", EVERY, "--columns", "connection")]
    assert 1 < len(wanted) < 21
    assert run("extract", OFFICE, "--filter", EVERY, "-o", tmp_path / "some.pcapng").exit_code == 0
    assert len(connections(tmp_path / "some.pcapng", "outcome")) == len(wanted)
    explained = run("explain", OFFICE, "--filter", EVERY, "--quiet")
    assert int(explained.stdout.split("connection ")[1].split(":")[0]) in wanted
    said = run("diagnose", OFFICE, "--filter", EVERY).stdout
    assert f"{len(wanted)} of 21 connections" in said
    assert [one.connection for one in pcapstate.connections(OFFICE, filter=EVERY)] == wanted
    with pcapstate.open(OFFICE) as session:
        assert {number for one in session.diagnose(EVERY) for number in one.connections} <= {*wanted}
        by_time = "server_port = 443 and age > 5s and name ~ *"
        numbers = {one.connection for one in session.transitions(by_time)}
        assert numbers == {row["connection"] for row in asked("timeline", OFFICE, "--filter", by_time)}


def test_what_a_reading_did_not_gather_is_refused() -> None:
    with pcapstate.open(OFFICE) as session:
        for snapshot in session.moments(60.0):
            assert snapshot.connections("closed_by = client or idle > 0")
            for filter in ("name ~ *", "rtt > 0", "age > 0", "history ~ *"):
                with pytest.raises(CallError, match="did not gather"):
                    snapshot.connections(filter)
    for name in timeline_columns.AT_THE_END:
        text = "conn_state = SF" if name == "conn_state" else f"{name} = 1"
        with pcapstate.open(OFFICE) as session, pytest.raises(CallError, match=f"the column {name} needs all packets"):
            next(session.transitions(text, revisions=True))


def test_what_needs_all_packets_is_refused_where_rows_are_printed_as_they_come() -> None:
    for options in (("--filter", "age > 1s"), ("--columns", "time,server_name")):
        found = process("timeline", "-", *options, stdin=OFFICE.read_bytes())
        assert (found.returncode, found.stdout, found.stderr.count(b"\n")) == (2, b"", 1)
        assert b"needs all packets" in found.stderr


def test_former_names_of_transitions_go_on() -> None:
    one = next(iter(pcapstate.transitions(OFFICE)))
    assert (one.address_host, one.address_port) == (one.local_address, one.local_port)
    assert (one.peer_host, one.peer_port) == (one.foreign_address, one.foreign_port)
    assert one.address == f"{one.local_address}:{one.local_port}"
