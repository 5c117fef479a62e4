"""Live capture of interfaces that go down, vanish and come back; what ends it, and full disks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pcapstate.sources.reader import CaptureReader
from tests.helpers.live_lab import NO_RING, OURS, SLOW, USER, WIRE, Capturing, Lab, rows

COMMANDS = {
    "connections": ("connections", "-i", WIRE, "--format", "jsonl"),
    "timeline": ("timeline", "-i", WIRE, "--format", "jsonl"),
    "netstat": ("netstat", "-an", "-i", WIRE, "1", "--format", "jsonl"),
}


@pytest.mark.parametrize("gone", [False, True], ids=["down", "gone"])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_known_is_shown_where_an_interface_is_lost(lab: Lab, gone: bool, command: str) -> None:
    try:
        with Capturing(lab, *COMMANDS[command]) as ours:
            lab.talk(lab.peers)
            lab.run(lab.names[0], "link", *(("del", WIRE) if gone else ("set", WIRE, "down")))
            out, err, code = ours.end(None)
    finally:
        lab.wire()
    ends = {"connections": ["client_state", "server_state"], "timeline": ["to"], "netstat": ["state"]}[command]
    assert {rows(out)[-1][end] for end in ends} & {"CLOSED", "TIME_WAIT"}
    assert f"{WIRE}: the interface {'is gone' if gone else 'went down'}; " in err
    assert "packets captured before that" in err
    assert code == 1


@pytest.mark.parametrize("command", ["timeline", "netstat"])
def test_sigterm_ends_with_a_whole_line(lab: Lab, command: str) -> None:
    with Capturing(lab, *COMMANDS[command]) as ours:
        lab.talk(lab.peers, count=3)
        out, err, code = ours.end(signal.SIGTERM)
    assert {row["connection"] for row in rows(out)} >= {0, 1, 2}
    assert out.endswith("\n")
    assert ("Traceback" in err, code) == (False, 0)


@pytest.mark.parametrize("command", ["timeline", "netstat"])
def test_a_closed_output_ends_it(lab: Lab, command: str) -> None:
    with Capturing(lab, *COMMANDS[command]) as ours:
        assert ours.process.stdout is not None
        ours.process.stdout.close()
        ours.process.stdout = None
        lab.talk(lab.peers)
        _, err, code = ours.end(None)
    assert (err, code) == ("", 0)


def test_a_full_disk_ends_keeping_packets_and_nothing_else(lab: Lab, small_disk: Path) -> None:
    path = small_disk / "kept.pcapng"
    with Capturing(lab, *COMMANDS["timeline"], "-w", path) as ours:
        lab.talk(lab.peers)
        time.sleep(0.5)
        lab.talk(lab.peers, size=500_000)
        assert ours.process.stderr is not None
        # It is said when it happens.
        assert ours.process.stderr.readline() == f"pcapstate: keeping packets ended: {path}: No space left on device\n"
        lab.talk(lab.peers)
        out, err, code = ours.end()
    assert {row["connection"] for row in rows(out) if row["to"] == "TIME_WAIT"} == {0, 1, 2}
    assert ("keeping packets ended" in err, code) == (False, 1)
    # What was there before is whole.
    again = subprocess.run(
        [sys.executable, "-m", "pcapstate", "connections", path, "--format", "jsonl"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, *_ = rows(again.stdout)
    assert "TIME_WAIT" in (first["client_state"], first["server_state"])


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "socket"])
@pytest.mark.parametrize("gone", [False, True], ids=["down", "gone"])
def test_an_interface_that_comes_back_is_waited_for(lab: Lab, open_folder: Path, gone: bool, ring: bool) -> None:
    """Also without privileges, which are given up once the socket is open."""
    path, program = open_folder / "kept.pcapng", None if ring else SLOW.format(change=NO_RING)
    command = ("timeline", "-i", WIRE, "-i", "lo", "--wait", "-w", path, "--format", "jsonl")
    try:
        with Capturing(lab, *command, program=program, **USER) as ours:
            lab.talk(lab.peers)
            lab.run(lab.names[0], "link", *(("del", WIRE) if gone else ("set", WIRE, "down")))
            time.sleep(1)
            lab.talk(lab.ours, "127.0.0.1", port=8766)
            if gone:
                lab.wire()
            else:
                lab.run(lab.names[0], "link", "set", WIRE, "up")
            time.sleep(1)
            lab.talk(lab.peers, port=8767)
            out, err, code = ours.end()
    finally:
        lab.wire()
    found = rows(out)
    for port in (8765, 8766, 8767):
        passed = [row for row in found if row["peer"].endswith(f":{port}") and row["endpoint"] == "client"]
        assert [row["from"] for row in passed][:2] == ["CLOSED", "SYN_SENT"]
    down, away = (f"{WIRE} is {one}; capturing goes on once it is" for one in ("down", "gone"))
    went, back = (line.removeprefix("pcapstate: ") for line in err.splitlines() if "capturing goes on" in line)
    # An interface is down before it is gone; the ring hands its error over later.
    assert went in ([f"{away} back", *([] if ring else [f"{down} up"])] if gone else [f"{down} up"])
    assert back == f"{WIRE} is back; capturing goes on"
    assert code == 0
    reader = CaptureReader(path)
    assert sum(len(batch.frames) for batch in reader.batches()) == found[-1]["packet"]
    assert reader.damage is None
    reader.close()


def test_an_interface_that_is_not_there_yet_is_waited_for(lab: Lab) -> None:
    lab.run(lab.names[0], "link", "del", WIRE)
    try:
        with Capturing(lab, "netstat", "-n", "-i", WIRE, "--wait", sockets=0) as ours:
            time.sleep(2)
            lab.wire()
            ours.wait_for_sockets(1)
            lab.talk(lab.peers)
            out, err, code = ours.end()
    finally:
        lab.wire()
    assert f"on {OURS}, by the addresses of its interface" in out
    assert out.splitlines()[-1].split()[1] == f"{OURS}:8765"
    assert err.splitlines()[0] == f"pcapstate: waiting for {WIRE}, which is not there"
    assert code == 0


def test_waiting_can_be_ended(lab: Lab) -> None:
    with Capturing(lab, "netstat", "-i", "nothere0", "--wait", sockets=0) as ours:
        time.sleep(2)
        out, err, code = ours.end()
    assert (out, code) == ("", 0)
    assert err == "pcapstate: waiting for nothere0, which is not there\n"


def test_an_interface_of_another_kind_is_not_waited_for(lab: Lab) -> None:
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("needs /dev/net/tun")
    with lab.tunnel("pcaptun1", 65534):
        ours = Capturing(lab, "connections", "-i", "pcaptun1", "--wait")
        ours.__enter__()
    with ours, lab.tunnel("pcaptun1", 512):
        _, err, code = ours.end(None)
    assert "pcaptun1: the interface came back with another link layer; 0 packets captured before that" in err
    assert code == 1
