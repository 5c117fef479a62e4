"""Live capture on interfaces of network namespaces of our own; needs root on Linux."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pcapstate.sources.capture_thread import Gathered, Gatherer
from pcapstate.sources.framing import FRAME as FRAME_ROW
from pcapstate.sources.reader import CaptureReader
from tests.helpers.decoded import ethernet, ip, tcp
from tests.helpers.live_lab import OURS, PEERS, WIRE, Capturing, Lab, rows, usable

USER = {"SUDO_UID": "1000", "SUDO_GID": "1001"}


def undropped(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what only live capture has, once no packet was dropped."""
    assert row.pop("drops") == 0
    return row


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if not usable():
        pytest.skip("needs root on Linux with iproute2: it captures live in a network namespace")
    lab = Lab()
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture
def inside(lab: Lab) -> list[str]:
    return lab.ours


def test_timeline_of_an_interface(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", "lo", "--duration", "4", "--format", "jsonl") as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end(None)
    assert code == 0
    client = [row["to"] for row in rows(out) if row["endpoint"] == "client" and row["certainty"] != "revised"]
    assert client == ["SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]


def test_relative_times_of_an_interface(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", "lo", "--relative") as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end()
    assert code == 0
    title, first, *rest = out.splitlines()
    assert (title.split()[0], first.split()[0]) == ("Time", "0.000000")
    assert rest
    assert all(0 <= float(line.split()[0]) < 10 for line in rest)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_signals_show_what_is_known(lab: Lab, how: int) -> None:
    filtered = ("--capture-filter", "port 8765")
    with Capturing(lab, "netstat", "-i", "lo", *filtered) as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, err, code = ours.end(how)
    assert "TIME_WAIT" in out
    assert (err, code) == ("", 0)


def test_a_filter_keeps_others_out(lab: Lab) -> None:
    with Capturing(lab, "connections", "-i", "lo", "--capture-filter", "port 1", "--format", "csv") as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end()
    assert (len(out.splitlines()), code) == (1, 0)


def test_on_loopback_a_packet_counts_once(lab: Lab) -> None:
    with Capturing(lab, "connections", "-i", "lo", "--format", "jsonl") as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, err, code = ours.end()
    (row,) = rows(out)
    assert (row["client_packets"] <= 6, row["client_retransmissions"]) == (True, 0)
    # No copies, either.
    assert (err, code) == ("", 0)


def test_the_interfaces_own_addresses_are_local(lab: Lab) -> None:
    """The peer opened the only connection: from its client's side it would stand there."""
    with Capturing(lab, "netstat", "-n", "-i", WIRE) as ours:
        lab.talk(lab.peers)
        out, _, code = ours.end()
    assert f"on {OURS}, by the addresses of its interface" in out
    assert out.splitlines()[-1].split()[1] == f"{OURS}:8765"
    assert code == 0
    with Capturing(lab, "netstat", "-n", "-i", WIRE, "1", "--count", "3", "--format", "jsonl") as ours:
        lab.talk(lab.peers)
        out, _, _ = ours.end(None)
    assert {row["local_address"] for row in rows(out)} == {OURS}


def test_connections_of_others_are_counted(lab: Lab) -> None:
    def syn(source: int) -> bytes:
        packet = ip(tcp(1, 2))
        return ethernet(packet[:12] + bytes([10, 93, 0, source, 10, 93, 0, 77]) + packet[20:])

    with Capturing(lab, "netstat", "-n", "-i", WIRE) as ours:
        lab.talk(lab.peers)
        lab.flood(syn(78), 1)
        lab.flood(syn(79), 1)
        out, err, _ = ours.end()
    assert OURS in out
    assert "2 connections are between other hosts" in err
    with Capturing(lab, "netstat", "-n", "-i", WIRE) as ours:
        lab.flood(syn(78), 1)
        out, err, _ = ours.end()
    assert "10.93.0.78" in out
    assert "between other hosts" not in err


def test_several_interfaces_are_read_as_one(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", "lo", "-i", WIRE, "--format", "jsonl") as ours:
        for _ in range(5):
            lab.talk(lab.peers)
            lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end()
    found = rows(out)
    assert {row["address"].partition(":")[0] for row in found} == {"127.0.0.1", OURS, PEERS}
    times = [row["time"] for row in found if row["certainty"] != "revised"]
    assert times == sorted(times)
    assert len({row["connection"] for row in found}) == 10
    assert code == 0


def test_any_captures_on_all_interfaces(lab: Lab) -> None:
    with Capturing(lab, "connections", "-i", "any", "--capture-filter", "tcp", "--format", "jsonl") as ours:
        lab.talk(lab.peers, size=3_000)
        lab.talk(lab.ours, "127.0.0.1", size=3_000)
        out, err, code = ours.end()
    found = rows(out)
    assert [row["client"].partition(":")[0] for row in found] == [PEERS, "127.0.0.1"]
    assert [(row["client_bytes"], row["client_retransmissions"]) for row in found] == [(3_000, 0)] * 2
    assert (err, code) == ("", 0)
    with Capturing(lab, "netstat", "-n", "-i", "any") as ours:
        lab.talk(lab.peers)
        out, _, code = ours.end()
    assert f"on {OURS}, by the addresses of its interface" in out
    assert code == 0


def test_packets_of_any_are_kept_with_the_index_of_their_interface(lab: Lab, open_folder: Path) -> None:
    path = open_folder / "any.pcapng"
    command = ("timeline", "-i", "any", "--capture-filter", "tcp", "-w", path, "--format", "jsonl")
    with Capturing(lab, *command) as ours:
        lab.talk(lab.peers)
        lab.talk(lab.ours, "127.0.0.1")
        out, err, code = ours.end()
    assert (err, code) == ("", 0)
    again = subprocess.run(
        [sys.executable, "-m", "pcapstate", "timeline", path, "--revisions", "--format", "jsonl"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert rows(again.stdout) == [undropped(row) for row in rows(out)]
    reader = CaptureReader(path)
    found = set()
    for batch in reader.batches():
        for one in batch.frames:
            assert one["linktype"] == 276
            head = batch.data[one["offset"] : one["offset"] + 20].tobytes()
            found.add((head[:2], int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:10], "big"), head[10]))
    reader.close()
    wire, loopback = (lab.index(name) for name in (WIRE, "lo"))
    ip_packets = {one[1:] for one in found if one[0] == b"\x08\0"}
    assert len(ip_packets) == len(found)
    # In and out; on loopback, what goes out comes in again, and counts once.
    assert ip_packets == {(wire, 1, 0), (wire, 1, 4), (loopback, 772, 0)}


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "socket"])
def test_a_filter_is_valid_for_all_interfaces(lab: Lab, ring: bool) -> None:
    program = None if ring else SLOW.format(change=NO_RING)
    chosen = ("--capture-filter", f"tcp port 8765 and not host {PEERS}")
    with Capturing(lab, "connections", "-i", "any", *chosen, "--format", "jsonl", program=program) as ours:
        lab.talk(lab.peers)
        lab.talk(lab.ours, "127.0.0.1")
        lab.talk(lab.ours, "127.0.0.1", port=8766)
        out, _, code = ours.end()
    (row,) = rows(out)
    assert (row["server"], row["outcome"], row["retransmissions"], code) == ("127.0.0.1:8765", "closed", 0, 0)


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "socket"])
def test_copies_that_any_brings_are_copies(lab: Lab, ring: bool) -> None:
    """A bridge has each packet of its port again."""
    program = None if ring else SLOW.format(change=NO_RING)
    lab.run(lab.names[0], "addr", "flush", "dev", WIRE)
    try:
        for arguments in (
            ("link", "add", "pcapbridge0", "type", "bridge"),
            ("link", "set", WIRE, "master", "pcapbridge0"),
            ("addr", "add", f"{OURS}/24", "dev", "pcapbridge0"),
            ("link", "set", "pcapbridge0", "up"),
        ):
            lab.run(lab.names[0], *arguments)
        columns = ("--columns", "packets,copies,retransmissions,outcome", "--format", "jsonl")
        with Capturing(lab, "connections", "-i", "any", *columns, program=program) as ours:
            lab.talk(lab.peers, size=20_000)
            out, err, code = ours.end()
        (row,) = rows(out)
    finally:
        lab.run(lab.names[0], "link", "del", "pcapbridge0")
        lab.wire()
    assert row["packets"] == 2 * row["copies"] > 0
    assert (row["retransmissions"], row["outcome"], code) == (0, "closed", 0)
    assert f"{row['copies']} packets are duplicates in the capture" in err


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "socket"])
def test_tags_are_put_back_behind_a_cooked_header(lab: Lab, ring: bool) -> None:
    program = None if ring else SLOW.format(change=NO_RING)
    packet = ip(tcp(1, 2))
    columns = ("--columns", "connection,network", "--format", "jsonl")
    with Capturing(lab, "connections", "-i", "any", "--split-vlans", *columns, program=program) as ours:
        lab.flood(ethernet(b"\x20\x07\x08\0" + packet, 0x8100), 1)
        lab.flood(ethernet(packet), 1)
        out, _, code = ours.end()
    assert [row["network"] for row in rows(out)] == ["VLAN 7", None]
    assert code == 0


@pytest.mark.parametrize("hardware", [512, 65534], ids=["PPP", "none"])
def test_an_interface_without_a_link_layer(lab: Lab, hardware: int) -> None:
    """In front of packets over PPP, Linux has none either, or another one than the wire."""
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("needs /dev/net/tun")
    with (
        lab.tunnel("pcaptun0", hardware) as tunnel,
        Capturing(lab, "connections", "-i", "pcaptun0", "--format", "jsonl") as ours,
    ):
        tunnel.send(ip(tcp(1, 2)))
        out, err, code = ours.end()
    assert len(rows(out)) == 1
    assert ("could not be read" in err, code) == (False, 0)


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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=1777", "tmpfs", tmp_path]
    if not usable() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a file system of its own")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


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


def test_a_tag_that_the_kernel_took_out_is_put_back(lab: Lab) -> None:
    packet = ip(tcp(1, 2))
    columns = ("--columns", "connection,network", "--format", "jsonl")
    with Capturing(lab, "connections", "-i", WIRE, "--split-vlans", *columns) as ours:
        lab.flood(ethernet(b"\x20\x07\x08\0" + packet, 0x8100), 1)
        lab.flood(ethernet(packet), 1)
        out, err, code = ours.end()
    assert [row["network"] for row in rows(out)] == ["VLAN 7", None]
    assert (err, code) == ("", 0)


SLOW = """
import sys, time
from pcapstate import capture
from pcapstate.cli.main import main
from pcapstate.sources import capture_thread

{change}
main()
"""
LATE = """
split = capture.Capture._pieces
def slowly(self):
    for piece in split(self):
        time.sleep(3 if piece.frames else 0)
        yield piece
capture.Capture._pieces = slowly
"""
DEAF = """
reading = capture_thread.Gatherer._round
def late(self):
    time.sleep(2)
    return reading(self)
capture_thread.Gatherer._round = late
"""
FRAME = ethernet(ip(tcp(1, 16, b"x" * 100)))
MANY = 20_000
COUNTS = ("connections", "-i", WIRE, "--format", "jsonl")


def test_packets_are_read_whatever_else_is_done(lab: Lab) -> None:
    with Capturing(lab, *COUNTS, program=SLOW.format(change=LATE)) as ours:
        lab.flood(FRAME, 1)
        lab.flood(FRAME, MANY)
        out, err, code = ours.end()
    (row,) = rows(out)
    assert row["client_packets"] + row["server_packets"] == MANY + 1
    assert "lost" not in err
    assert code == 0


NO_RING = """
from pcapstate.sources import interfaces
def refused(*given):
    raise OSError(1, "Operation not permitted")
interfaces.PacketRing = refused
"""


def test_without_a_ring_packets_are_read_from_the_socket(lab: Lab) -> None:
    with Capturing(lab, *COUNTS, program=SLOW.format(change=NO_RING)) as ours:
        lab.flood(FRAME, 10)
        out, err, code = ours.end()
    (row,) = rows(out)
    assert row["client_packets"] + row["server_packets"] == 10
    said = "the kernel has no ring for packets (Operation not permitted); at high rates more are dropped"
    assert err.splitlines()[0] == f"pcapstate: {said}"
    assert code == 0


OTHER_SYSTEM = """
from pcapstate.sources import interfaces
interfaces.can_be_read = lambda: False
"""


def test_on_other_systems_sockets_of_scapy_are_read(lab: Lab) -> None:
    program = SLOW.format(change=OTHER_SYSTEM)
    command = ("connections", "-i", WIRE, "--wait", "--snaplen", "70", "--capture-filter", "tcp", "--format", "jsonl")
    with Capturing(lab, *command, program=program) as ours:
        lab.flood(FRAME, 10)
        lab.run(lab.names[0], "link", "set", WIRE, "down")
        out, err, code = ours.end(None)
    lab.run(lab.names[0], "link", "set", WIRE, "up")
    (row,) = rows(out)
    assert (row["client_packets"] + row["server_packets"], row["client_bytes"] + row["server_bytes"]) == (10, 1_000)
    # Nobody counts dropped packets there, and the socket cannot be bound again.
    assert row["drops"] is None
    assert f"{WIRE}: the interface went down; 10 packets captured before that" in err
    assert code == 1


def test_a_program_that_is_stopped_for_a_while_loses_nothing(lab: Lab) -> None:
    with Capturing(lab, *COUNTS) as ours:
        ours.process.send_signal(signal.SIGSTOP)
        for _ in range(30):
            lab.flood(FRAME, 20)
        ours.process.send_signal(signal.SIGCONT)
        out, err, code = ours.end()
    (row,) = rows(out)
    assert row["client_packets"] + row["server_packets"] == 600
    assert "dropped" not in err
    assert code == 0


def test_packets_that_are_lost_are_counted(lab: Lab) -> None:
    with Capturing(lab, *COUNTS, "--buffer", "1M", program=SLOW.format(change=DEAF)) as ours:
        lab.flood(FRAME, MANY)
        out, err, code = ours.end()
    (row,) = rows(out)
    read = row["client_packets"] + row["server_packets"]
    assert 0 < read < MANY
    assert row["drops"] == MANY - read
    assert f"pcapstate: dropped {MANY - read:,} packets, which arrived faster than they could be read\n" in err
    assert code == 1


HELD = """
import socket, sys
where, port = sys.argv[1], int(sys.argv[2])
server = socket.create_server((where, port))
client = socket.create_connection((where, port))
accepted, _ = server.accept()
print("open", flush=True)
sys.stdin.readline()
client.close()
accepted.recv(1)
accepted.close()
"""


def test_what_is_assumed_across_a_loss_is_doubtful(lab: Lab) -> None:
    program = SLOW.format(change=DEAF)
    command = ("timeline", "-i", WIRE, "-i", "lo", "--buffer", "1M", "--format", "jsonl")
    with Capturing(lab, *command, program=program) as ours:
        with subprocess.Popen(
            [*lab.ours, sys.executable, "-c", HELD, "127.0.0.1", "8790"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as held:  # fmt: skip
            assert held.stdout is not None
            assert held.stdout.readline() == "open\n"
            time.sleep(4)
            lab.flood(FRAME, MANY)
            # It is read and counted by then.
            time.sleep(5)
            held.communicate("end\n", timeout=10)
        lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end()
    found = rows(out)
    old = {row["connection"] for row in found if "127.0.0.1:8790" in (row["address"], row["peer"])}
    new = {row["connection"] for row in found if "127.0.0.1:8765" in (row["address"], row["peer"])}
    before = {row["certainty"] for row in found if row["connection"] in old and not row["drops"]}
    after = {row["certainty"] for row in found if row["connection"] in old and row["drops"]}
    assert (before, after) == ({"seen", "assumed"}, {"seen", "doubtful"})
    assert {row["certainty"] for row in found if row["connection"] in new} == {"seen", "assumed"}
    assert code == 1


def test_each_object_says_how_many_packets_were_dropped_by_then(lab: Lab) -> None:
    program = SLOW.format(change=DEAF)
    command = ("netstat", "-n", "-i", WIRE, "1", "--buffer", "1M")
    with Capturing(lab, *command, "--format", "jsonl", program=program) as ours:
        lab.talk(lab.peers)
        time.sleep(4)
        lab.flood(FRAME, MANY)
        time.sleep(5)
        out, err, code = ours.end()
    found = [row["drops"] for row in rows(out)]
    assert found == sorted(found)
    assert found[0] == 0
    assert f"dropped {found[-1]:,} packets" in err
    assert code == 1
    with Capturing(lab, *command, "--format", "csv") as ours:
        lab.talk(lab.peers)
        out, _, _ = ours.end()
    assert "drops" not in out.splitlines()[0].split(",")


@pytest.mark.parametrize("mode", [0o1777, 0o755], ids=["sticky", "root's"])
@pytest.mark.parametrize("there", [False, True])
def test_output_gets_to_its_place_without_privileges(lab: Lab, tmp_path: Path, mode: int, there: bool) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(mode)
    path = folder / "x.csv"
    if there:
        path.write_text("before")
        path.chmod(0o640)
    command = ("connections", "-i", "lo", "--format", "csv", "--output", "x.csv")
    with Capturing(lab, *command, cwd=folder, **USER) as ours:
        lab.talk(lab.ours, "127.0.0.1")
        assert "\nUid:\t1000\t1000\t1000\t1000\n" in Path(f"/proc/{ours.process.pid}/status").read_text()
        assert ours.end() == ("", "", 0)
    assert len(path.read_text().splitlines()) == 2
    assert os.listdir(folder) == ["x.csv"]
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == ((0, 0o640) if there else (1000, 0o644))


def test_output_that_is_not_wanted_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    command = ("timeline", "-i", "lo", "--connection", "9", "--output", tmp_path / "x")
    with Capturing(lab, *command, **USER) as ours:
        out, err, code = ours.end()
    assert (out, code) == ("", 2)
    assert "there is no connection 9" in err
    assert os.listdir(tmp_path) == []


def test_output_whose_folder_is_gone_is_elsewhere(lab: Lab, tmp_path: Path, open_folder: Path) -> None:
    folder, temporary = tmp_path / "out", open_folder
    folder.mkdir()
    command = ("connections", "-i", "lo", "--format", "csv", "--output", folder / "x")
    with Capturing(lab, *command, TMPDIR=str(temporary)) as ours:
        lab.talk(lab.ours, "127.0.0.1")
        shutil.rmtree(folder)
        _, err, code = ours.end()
    (saved,) = temporary.glob("pcapstate-*")
    assert f"No such file or directory; it is in {saved}" in err
    assert code == 2
    assert len(saved.read_text().splitlines()) == 2


def test_output_that_cannot_be_written_is_said_at_once(lab: Lab, tmp_path: Path) -> None:
    done = subprocess.run(
        [*lab.ours, sys.executable, "-m", "pcapstate", "netstat", "-i", "lo", "--output", tmp_path / "no" / "x"],
        capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **USER},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No such file" in done.stderr


def test_no_file_of_the_user_is_read_or_written(lab: Lab, tmp_path: Path) -> None:
    """Scapy would remove the damaged cache, run the start-up files, and make folders that are not there."""
    for home, folders in (("full", (".cache/scapy", ".config/scapy", ".local/share")), ("empty", ())):
        for one in folders:
            (tmp_path / home / one).mkdir(parents=True)
        (tmp_path / home).mkdir(exist_ok=True)
    for name in ("manufdb", "services", "ethertypes"):
        (tmp_path / "full/.cache/scapy" / f"{name}.pickle").write_bytes(b"damaged")
    for name in ("prestart", "startup"):
        (tmp_path / "full/.config/scapy" / f"{name}.py").write_text("raise SystemExit('run')")
    os.chown(tmp_path / "empty", 1000, 1001)
    before = sorted(str(one) for one in tmp_path.rglob("*"))
    for home in ("full", "empty"):
        with Capturing(lab, "netstat", "-i", "lo", HOME=str(tmp_path / home), **USER) as ours:
            lab.talk(lab.ours, "127.0.0.1")
            out, err, code = ours.end()
        assert ("TIME_WAIT" in out, code) == (True, 0), err
    assert sorted(str(one) for one in tmp_path.rglob("*")) == before
    assert (tmp_path / "full/.cache/scapy/services.pickle").read_bytes() == b"damaged"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "nothere0"], "no interface 'nothere0'"),
        (["-i", "lo", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "any", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "lo", "--wait", "--capture-filter", "prot 80 ("], "capture filter"),
        (["-i", "lo", "--snaplen", "63"], "a snap length is between 64 and 262,144 bytes"),
        (["-i", "any", "--capture-filter", "link[12] = 1"], "the kernel does not know byte 12 of the link layer"),
    ],
)
def test_what_cannot_be_captured_is_one_line(inside: list[str], arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [*inside, sys.executable, "-m", "pcapstate", "netstat", *arguments, "--duration", "1"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_privileges_are_given_up_once_the_socket_is_open(inside: list[str]) -> None:
    script = (
        "import os\nfrom pcapstate.sources.live import LiveReader\nreader = LiveReader('lo')\n"
        "print(os.getresuid(), os.getresgid(), os.getgroups())\nnext(reader.batches())\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(*(status[one].strip() for one in ('CapEff', 'CapPrm', 'CapInh', 'NoNewPrivs')))"
    )
    done = subprocess.run(
        [*inside, sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True,
        env={**os.environ, "SUDO_UID": "1000", "SUDO_GID": "1001"},
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "(1000, 1000, 1000) (1001, 1001, 1001) []",
        f"{'0' * 16} {'0' * 16} {'0' * 16} 1",
    ]


def test_capabilities_of_a_file_are_given_up_once_the_socket_is_open(inside: list[str]) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    script = (
        "from pcapstate.sources.live import LiveReader\nreader = LiveReader('lo')\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(*(status[one].strip() for one in ('CapEff', 'CapPrm', 'CapInh', 'NoNewPrivs')))\nreader.close()"
    )
    # As with setcap cap_net_raw,cap_net_admin=eip, for another user than root; and who can read this Python.
    grant = ["--inh-caps=+net_raw,+net_admin,+dac_override", "--ambient-caps=+net_raw,+net_admin,+dac_override"]
    done = subprocess.run(
        [*inside, "setpriv", "--reuid=65534", "--clear-groups", *grant, sys.executable, "-c", script],
        capture_output=True, text=True, timeout=30, check=True, env={**os.environ, "HOME": "/tmp"},
    )  # fmt: skip
    assert done.stdout == f"{'0' * 16} {'0' * 16} {'0' * 16} 1\n"


def test_without_privileges_it_says_so(inside: list[str]) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"]
    done = subprocess.run(
        [*inside, *drop, sys.executable, "-c",
         "from pcapstate.sources.live import LiveReader\nfrom pcapstate.errors import LiveError\n"
         "try:\n    LiveReader('lo')\nexcept LiveError as error:\n    print(error)"],
        capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "HOME": "/tmp"},
    )  # fmt: skip
    if "Permission denied" in done.stderr and "import" in done.stderr:
        pytest.skip("another user cannot read this Python")
    assert "needs privileges" in done.stdout, done.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can write to."""
    with tempfile.TemporaryDirectory(prefix="pcapstate-test-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_what_is_captured_is_kept_under_the_same_numbers(lab: Lab, open_folder: Path) -> None:
    path = open_folder / "kept.pcapng"
    kept = ("-w", path, "--capture-filter", "tcp")
    with Capturing(lab, "timeline", "-i", WIRE, *kept, "--format", "jsonl", **USER) as ours:
        lab.talk(lab.peers, count=3)
        out, err, code = ours.end()
    assert (code, err) == (0, "")
    assert path.stat().st_uid == int(USER["SUDO_UID"])
    again = subprocess.run(
        [sys.executable, "-m", "pcapstate", "timeline", path, "--revisions", "--format", "jsonl"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert rows(again.stdout) == [undropped(row) for row in rows(out)]
    assert len(rows(out)) >= 3 * 6


@pytest.mark.parametrize("ring", [True, False], ids=["ring", "socket"])
@pytest.mark.parametrize("chosen", [(), ("--capture-filter", "tcp")], ids=["all", "filter"])
@pytest.mark.parametrize("name", [WIRE, "any"])
def test_little_is_kept_of_a_packet(
    lab: Lab, open_folder: Path, name: str, chosen: tuple[str, ...], ring: bool
) -> None:
    path, columns = open_folder / "short.pcapng", ("--columns", "server,client_bytes", "--format", "jsonl")
    program = None if ring else SLOW.format(change=NO_RING)
    command = ("connections", "-i", name, "--snaplen", "90", *chosen, "-w", path, *columns)
    with Capturing(lab, *command, program=program) as ours:
        lab.talk(lab.peers, size=3_000)
        tagged = b"\x20\x07\x08\0" + ip(tcp(1, 24, b"x" * 400))
        lab.flood(ethernet(tagged, 0x8100), 1)
        out, _, code = ours.end()
    assert code == 0
    assert rows(out)[0] == {"server": f"{OURS}:8765", "client_bytes": 3_000, "drops": 0}
    # Where the kernel keeps a tag beside the packet, a filter for TCP finds it, too.
    assert [row["client_bytes"] for row in rows(out)[1:]] == [400]
    assert int.from_bytes(path.read_bytes()[40:44], "little") == 90
    reader = CaptureReader(path)
    lengths = [(int(one["captured"]), int(one["length"])) for batch in reader.batches() for one in batch.frames]
    reader.close()
    assert all(captured == min(length, 90) for captured, length in lengths)
    front = 20 if name == "any" else 14
    assert max(length for _, length in lengths) >= 3_000
    assert (90, front + 4 + 440) in lengths


def test_of_several_interfaces_little_is_held_back() -> None:
    class Still(Gatherer):
        def _run(self) -> None:
            pass

    gatherer = Still([FakeInterface(), FakeInterface()], None)  # type: ignore[list-item]
    second = 10**9
    for at in range(200):
        for number in (0, 1):
            frames = np.zeros(10, dtype=FRAME_ROW)
            frames["time"] = at * second + np.arange(10) * second // 10
            frames["captured"], frames["offset"], frames["interface"] = 100, np.arange(10) * 100, number
            gatherer._held.append(Gathered(bytes(1_000), frames, int(frames["time"][-1])))
        # There is always some that earlier packets of the other interface may come before.
        gatherer._give(at * second + second // 2, 0)
        assert sum(len(one.data) for one in gatherer._held) <= 2_000
    assert sum(len(one.frames) for one in gatherer._waiting) >= 199 * 20


class FakeInterface:
    class packets:
        delay, pause = 0.1, 0.0
