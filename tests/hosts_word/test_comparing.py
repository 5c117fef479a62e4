"""Tables that the packets themselves tell, in each system's form, agree; reasons where something is changed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pcapstate.hosts_word.reasons import CODES, SENTENCES

from ..helpers.paths import PCAPS
from ..helpers.running import run
from . import printing
from .printing import Told


def check(capture: str | Path, text: str, tmp_path: Path, *more: str) -> list[dict[str, Any]]:
    file = tmp_path / "saved.txt"
    file.write_text(text, encoding="utf-8")
    done = run("check", PCAPS / capture, "--against", file, "--format", "json", *more)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def netstat(capture: str, *more: str) -> str:
    done = run("netstat", PCAPS / capture, "-an", *more)
    assert done.exit_code == 0, done.output
    return done.stdout


def verdicts(rows: Sequence[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(row["verdict"], row["reason"]) for row in rows}


@pytest.mark.parametrize("style", ["windows", "linux", "macos"])
@pytest.mark.parametrize(
    ("capture", "local"),
    [("example.pcapng", "10.0.0.5"), ("office.pcapng", "10.0.0.20"), ("simultaneous-close.pcap", "10.0.0.5")],
)
def test_what_the_packets_tell_agrees_with_itself(capture: str, local: str, style: str, tmp_path: Path) -> None:
    text = netstat(capture, "--style", style, "--local", local)
    found = check(capture, text, tmp_path, "--local", local)
    assert verdicts(found) == {("agrees", None)}
    shown = [line for line in text.splitlines() if line.split()[:1] and line.split()[0].lower()[:3] in ("tcp", "udp")]
    assert len(found) == len(shown)


def test_a_table_of_another_moment(tmp_path: Path) -> None:
    """Of two tables 4 s apart each difference is a change between them, or a connection opened between them."""
    for at, of, reason in (("9", "13", "changed_later"), ("13", "9", "changed_before")):
        text = netstat("example.pcapng", "--style", "linux", "--at", of)
        found = check("example.pcapng", text, tmp_path, "--at", at, "--within", "4.5")
        kinds = verdicts([row for row in found if row["foreign_port"] and row["verdict"] != "agrees"])
        assert {one for _, one in kinds} == {reason}
        rows = json.loads(run("timeline", PCAPS / "example.pcapng", "--format", "json").stdout)
        changing = {row["packet"] for row in rows}
        assert {row["packet"] for row in found if row["reason"] == reason} <= changing


@pytest.mark.parametrize(
    ("capture", "printed", "checked", "expected"),
    [
        # The host's TIME_WAIT lasts as long as --time-wait says, which is told to the two otherwise.
        ("time-wait-ends.pcap", ("--time-wait", "60"), ("--time-wait", "1"), ("only_host", "time_wait_longer")),
        ("time-wait-ends.pcap", ("--time-wait", "1"), ("--time-wait", "60"), ("only_packets", "time_wait_shorter")),
    ],
)
def test_time_wait(
    capture: str, printed: tuple[str, ...], checked: tuple[str, ...], expected: tuple[str, str], tmp_path: Path
) -> None:
    at = ("--at", "30", "--local", "10.0.0.5")
    text = netstat(capture, "--style", "linux", *printed, *at)
    assert expected in verdicts(check(capture, text, tmp_path, *checked, *at, "--within", "1"))


NOBODY = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"


def test_other_reasons(tmp_path: Path) -> None:
    example = ("example.pcapng", "10.0.0.5")
    other = Told("tcp", "", 9090, state="LISTEN")
    rows = check(example[0], printing.ss([other]), tmp_path, "--local", example[1], "--within", "0")
    # A table of listening ports alone.
    assert {row["reason"] for row in rows if row["foreign_port"]} == {"not_listed"}
    other = Told("tcp", "10.9.9.9", 22, state="LISTEN")
    one = Told("tcp", "10.9.9.9", 40000, "10.0.0.9", 22, "ESTABLISHED")
    rows = check(example[0], printing.ss([other, one]), tmp_path, "--local", example[1], "--within", "0")
    assert {row["reason"] for row in rows if row["verdict"] == "only_packets"} == {"other_host"}
    assert {row["reason"] for row in rows if row["verdict"] == "only_host"} == {"listener", "other_interface"}
    # Nobody listens any more, and packets prove only that somebody did.
    text = netstat(example[0], "--style", "linux", "--local", example[1])
    fewer = "\n".join(line for line in text.splitlines() if "10.0.0.5:22 " not in line or "LISTEN" not in line)
    fewer += "\ntcp        0      0 0.0.0.0:9090            0.0.0.0:*               LISTEN      -\n"
    rows = check(example[0], fewer, tmp_path, "--local", example[1])
    assert verdicts(rows) == {("agrees", None), ("only_packets", "closed_quietly"), ("only_host", "listener")}


def test_a_connection_that_lives_on(tmp_path: Path) -> None:
    moment = 9
    at = ("--at", str(moment), "--within", "1")
    text = netstat("example.pcapng", "--style", "linux", "--at", str(moment))
    without = "\n".join(line for line in text.splitlines() if "10.0.0.5:51790" not in line)
    (row,) = [one for one in check("example.pcapng", without, tmp_path, *at) if one["verdict"] != "agrees"]
    done = run(
        "connections", PCAPS / "example.pcapng", "--format", "json", "--columns", "connection,opened,client_last"
    )
    (one,) = [one for one in json.loads(done.stdout) if one["connection"] == row["connection"]]
    # It is the first connection of the capture, so it opens when that begins.
    assert one["client_last"] > one["opened"] + moment
    assert row["reason"] == "other_moment"


def test_states_that_end_by_timers(tmp_path: Path) -> None:
    text = netstat("half-closed-at-end.pcap", "--style", "linux", "--local", "10.0.0.5")
    assert "FIN_WAIT2" in text
    gone = text.replace("10.0.0.5:51812", "10.0.0.5:51813")
    rows = check("half-closed-at-end.pcap", gone, tmp_path, "--local", "10.0.0.5", "--at", "200")
    assert ("only_packets", "fin_wait_2_over") in verdicts(rows)


def test_lines_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "saved.txt"
    file.write_text(NOBODY + "tcp ESTAB 0 0 nonsense\n", encoding="ascii")
    done = run("check", PCAPS / "example.pcapng", "--against", file)
    assert done.exit_code == 1
    assert f"pcapstate: {file}: line 2 could not be read" in done.stderr
    file.write_text(NOBODY, encoding="ascii")
    done = run("check", PCAPS / "example.pcapng", "--against", file)
    assert done.exit_code == 0
    assert "has no socket of TCP or UDP" in done.stderr


def test_when_the_file_was_written(tmp_path: Path) -> None:
    file = tmp_path / "saved.txt"
    file.write_text(netstat("example.pcapng", "--style", "linux", "--at", "9"), encoding="utf-8")
    first = json.loads(run("timeline", PCAPS / "example.pcapng", "--format", "json").stdout)[0]["time"]
    os.utime(file, (first + 9, first + 9))
    said = run("check", PCAPS / "example.pcapng", "--against", file, "--utc").stderr
    moment = re.search('--at "(.*)"', said)
    assert moment is not None
    rows = json.loads(
        run("check", PCAPS / "example.pcapng", "--against", file, "--utc", "--at", moment[1], "--format", "json").stdout
    )
    assert verdicts(rows) == {("agrees", None)}
    os.utime(file, (first + 900, first + 900))
    assert "--at" not in run("check", PCAPS / "example.pcapng", "--against", file).stderr


def test_each_reason_has_its_sentence() -> None:
    assert set(CODES) <= set(SENTENCES)
    assert len(set(CODES)) == len(CODES)
