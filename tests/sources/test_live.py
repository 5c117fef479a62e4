"""Live capture on interfaces of network namespaces of our own; needs root on Linux."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pcapstate.sources.capture_thread import Gathered, Gatherer
from pcapstate.sources.framing import FRAME as FRAME_ROW
from pcapstate.sources.reader import CaptureReader
from tests.helpers.decoded import ethernet, ip, tcp
from tests.helpers.live_lab import NO_RING, OURS, PEERS, SLOW, USER, WIRE, Capturing, Lab, rows, undropped


def test_timeline_of_an_interface(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", "lo", "--duration", "4", "--format", "jsonl") as ours:
        lab.talk(lab.ours, "127.0.0.1")
        out, _, code = ours.end(None)
    assert code == 0
    client = [row["to"] for row in rows(out) if row["endpoint"] == "client" and row["certainty"] != "revised"]
    assert client == ["SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en", "no packet arrived on lo; pcapstate interfaces lists all interfaces"),
        ("ja", "lo でパケットを受信しませんでした (pcapstate interfaces でインターフェースを一覧表示)"),
    ],
)
def test_an_idle_interface(lab: Lab, lang: str, line: str) -> None:
    with Capturing(lab, "netstat", "-i", "lo", "--duration", "1", "--lang", lang) as ours:
        _, said, code = ours.end(None)
    assert (said.splitlines(), code) == ([f"pcapstate: {line}"], 0)


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
