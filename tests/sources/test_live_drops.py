"""Live capture that is too slow, and what is dropped; ways to read without a ring."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from tests.helpers.decoded import ethernet, ip, tcp
from tests.helpers.live_lab import NO_RING, SLOW, WIRE, Capturing, Lab, rows

LATE = """
split = capture.Capture._pieces
def slowly(self, threads):
    for piece in split(self, threads):
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
