"""The library gives what the commands give, under the same names."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import pcapstate
from pcapstate.cli.main import cli
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp import states
from tests.helpers.paths import PCAPS

CAPTURES = sorted(path.name for path in PCAPS.glob("*.pcap*") if (PCAPS / f"{path.name}.expected").exists())
OFFICE = PCAPS / "office.pcapng"
TIMES = {"time", "opened", "last", "first", "client_first", "client_last", "server_first", "server_last"}


def printed(*arguments: str | Path) -> list[dict[str, Any]]:
    """Return the rows of a command in JSON, with its times in nanoseconds."""
    out = CliRunner().invoke(cli, [*map(str, arguments), "--format", "jsonl"]).stdout
    rows = [json.loads(line, parse_float=str) for line in out.splitlines()]
    return [
        {name: nanoseconds(value) if name in TIMES and value is not None else value for name, value in row.items()}
        for row in rows
    ]


def nanoseconds(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part)


def fields(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return objects as the rows that JSON has."""
    rows = [asdict(one) for one in found]
    for row in rows:
        for keyword in ("from", "to"):
            if f"{keyword}_state" in row:
                row[keyword] = row.pop(f"{keyword}_state")
    return [{name: list(value) if isinstance(value, tuple) else value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("name", CAPTURES)
def test_connections_and_transitions_are_those_of_the_commands(name: str) -> None:
    path = PCAPS / name
    assert fields(pcapstate.connections(path)) == printed("connections", path)
    assert fields(pcapstate.transitions(path)) == printed("timeline", path)
    # As they come, the ends of attempts stand later than they belong.
    with pcapstate.open(path) as session:
        came = fields(session.transitions(revisions=True))
    assert in_order(came) == in_order(printed("timeline", path, "--revisions"))


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "half-closed-at-end.pcap"])
def test_netstat_is_that_of_the_command(name: str) -> None:
    path = PCAPS / name
    unnamed = {"local_name", "foreign_name"}
    for options, given in (((), {}), (("-a", "-t"), {"listening": True}), (("-t", "-u"), {"udp": True})):
        rows = [
            {key: value for key, value in row.items() if key not in unnamed and key not in ("pid", "program")}
            for row in fields(pcapstate.netstat(path, **given))  # type: ignore[arg-type]
        ]
        shown = printed("netstat", path, *options)
        assert rows == [{key: value for key, value in row.items() if key not in ("pid", "program")} for row in shown]


def test_netstat_with_names_at_a_moment_on_a_host() -> None:
    columns = "--columns=" + ",".join(pcapstate.Netstat.__dataclass_fields__)
    with pcapstate.open(OFFICE) as session:
        rows = session.netstat("10", "10.0.0.5", names=True, filter="foreign_port = 443")
    shown = printed("netstat", OFFICE, "--at", "10", "--local", "10.0.0.5", "--filter", "foreign_port = 443", columns)
    assert fields(rows) == shown
    assert any(row.foreign_name for row in rows)
    assert any(row.program for row in rows)


def test_routes_statistics_and_findings_are_those_of_the_command() -> None:
    with pcapstate.open(OFFICE) as session:
        assert fields(session.routes()) == printed("netstat", OFFICE, "-r")
        assert fields(session.statistics()) == printed("netstat", OFFICE, "-s")
        assert fields(session.diagnose()) == printed("diagnose", OFFICE)
        assert fields(session.diagnose("server_port = 443")) == printed("diagnose", OFFICE, "--port", "443")
        assert session.losses is not None
        assert not session.losses.packets_lost


def test_filters() -> None:
    found = pcapstate.connections(OFFICE, filter="client_state = CLOSE_WAIT")
    assert found
    assert {one.client_state for one in found} == {"CLOSE_WAIT"}
    closed = list(pcapstate.transitions(OFFICE, filter="to = CLOSE_WAIT"))
    assert {one.to_state for one in closed} == {pcapstate.State.CLOSE_WAIT}
    with pytest.raises(pcapstate.QueryError):
        pcapstate.connections(OFFICE, filter="colour = blue")


def test_several_moments_from_one_reading() -> None:
    with pcapstate.open(OFFICE) as session:
        found = [(one.moment, fields(one.netstat()), len(one.connections())) for one in session.moments(20.0)]
    assert len(found) > 2
    for moment, rows, _ in found[:-1]:
        text = f"@{moment // 10**9}.{moment % 10**9:09}"
        assert rows == fields(pcapstate.netstat(OFFICE, at=text))
    counts = [count for _, _, count in found]
    assert counts == sorted(counts)
    assert counts[-1] == len(pcapstate.connections(OFFICE))


@pytest.mark.parametrize("name", ["close-by-client.pcap", "refused.pcap", "lost-final-ack.pcap", "reused-ports.pcap"])
def test_frames_fed_one_by_one_give_the_transitions_as_they_come(name: str) -> None:
    source = CaptureReader(PCAPS / name)
    tracker, came = pcapstate.Tracker(), []
    for batch in source.batches():
        for frame in batch.frames:
            data = batch.data[frame["offset"] : frame["offset"] + frame["captured"]].tobytes()
            came += tracker.feed(data, int(frame["time"]) / 1e9, int(frame["length"]))
    source.close()
    with pcapstate.open(PCAPS / name) as session:
        expected = list(session.transitions(revisions=True))
    assert expected
    # A float has microseconds of a time since the epoch, and attempts that were given up are looked for at an end only.
    assert [replace(one, time=0) for one in came] == [
        replace(one, time=0) for one in expected if one.cause != "no retransmission: gave up"
    ]
    assert tracker.connections()[0].client_state == pcapstate.connections(PCAPS / name)[0].client_state


def test_a_moment_asked_for_once_is_not_that_of_later_questions() -> None:
    with pcapstate.open(OFFICE) as session:
        early = session.netstat("5")
        assert fields(session.connections()) == fields(pcapstate.connections(OFFICE))
        assert len(early) < len(session.netstat())


def test_connections_after_some_moments_are_those_of_the_whole_capture() -> None:
    with pcapstate.open(OFFICE) as session:
        assert len(list(session.moments(5.0, 2))) == 2
        assert fields(session.connections()) == fields(pcapstate.connections(OFFICE))


def test_states_are_their_names() -> None:
    assert [one.value for one in pcapstate.State] == [one.name for one in states.State]
    assert str(pcapstate.State.TIME_WAIT) == f"{pcapstate.State.TIME_WAIT}" == "TIME_WAIT"
    assert json.dumps(pcapstate.State.LISTEN) == '"LISTEN"'


def test_what_can_be_read_once_takes_one_question() -> None:
    data = (PCAPS / "close-by-client.pcap").read_bytes()
    with pcapstate.open(io.BytesIO(data)) as session:
        assert len(list(session.transitions())) > 4
        assert len(session.connections()) == 1
        with pytest.raises(pcapstate.CallError, match="read only once"):
            session.netstat()


def test_names_are_listed() -> None:
    assert {*pcapstate.__all__} < {*dir(pcapstate)}
    for name in pcapstate.__all__:
        assert getattr(pcapstate, name).__doc__
    assert callable(pcapstate.netstat)


def test_contradictions() -> None:
    for wrong in ({}, {"duration": 3.0}, {"interface": "eth0", "follow": True}):
        with pytest.raises(pcapstate.CallError):
            pcapstate.open(**wrong)  # type: ignore[arg-type]
    with pytest.raises(pcapstate.CaptureError):
        pcapstate.open("no-such-file.pcap")
    with pytest.raises(pcapstate.MomentError):
        pcapstate.netstat(OFFICE, at="soon")
