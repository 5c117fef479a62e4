"""Live capture on an interface of a network namespace of our own; needs root on Linux."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NAMESPACE = f"pcapstate-live-{os.getpid()}"

SERVER_AND_CLIENT = """
import socket
server = socket.create_server(("127.0.0.1", 8765))
client = socket.create_connection(("127.0.0.1", 8765))
accepted, _ = server.accept()
client.sendall(b"hello")
accepted.recv(5)
client.close()
accepted.close()
"""


@pytest.fixture(scope="module")
def inside() -> Iterator[list[str]]:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root on Linux with iproute2: it captures live in a network namespace")
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        yield ["ip", "netns", "exec", NAMESPACE]
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=True)


def live(inside: list[str], *arguments: str) -> tuple[str, str, int]:
    with subprocess.Popen(
        [*inside, sys.executable, "-m", "pcapstate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as ours:
        # Its capture socket is the only one in the namespace; then its filter is set.
        deadline = time.monotonic() + 20
        while len(Path(f"/proc/{ours.pid}/net/packet").read_text(encoding="ascii").splitlines()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        subprocess.run([*inside, sys.executable, "-c", SERVER_AND_CLIENT], check=True, timeout=10)
        out, err = ours.communicate(timeout=30)
    return out, err, ours.returncode


def test_timeline_of_an_interface(inside: list[str]) -> None:
    out, _, code = live(inside, "timeline", "-i", "lo", "--duration", "4", "--format", "jsonl")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    client = [row["to"] for row in rows if row["endpoint"] == "client" and row["certainty"] != "revised"]
    assert client[:3] == ["SYN_SENT", "ESTABLISHED", "FIN_WAIT_1"]
    assert client[-1] == "TIME_WAIT"


def test_relative_times_of_an_interface(inside: list[str]) -> None:
    out, _, code = live(inside, "timeline", "-i", "lo", "--duration", "4", "--relative")
    assert code == 0
    title, first, *rest = out.splitlines()
    assert (title.split()[0], first.split()[0]) == ("Time", "0.000000")
    assert rest
    assert all(0 <= float(line.split()[0]) < 10 for line in rest)


def test_netstat_and_connections_with_a_filter(inside: list[str]) -> None:
    out, _, code = live(inside, "netstat", "-i", "lo", "--capture-filter", "port 8765", "--duration", "4")
    assert code == 0
    assert "TIME_WAIT" in out
    nothing = ("--capture-filter", "port 1", "--duration", "4", "--format", "csv")
    out, _, _ = live(inside, "connections", "-i", "lo", *nothing)
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "nothere0"], "no interface 'nothere0'"),
        (["-i", "lo", "--capture-filter", "prot 80 ("], "capture filter"),
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
        "print(os.getresuid(), os.getresgid(), os.getgroups())\nnext(reader.batches())"
    )
    done = subprocess.run(
        [*inside, sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True,
        env={**os.environ, "SUDO_UID": "1000", "SUDO_GID": "1001"},
    )  # fmt: skip
    assert done.stdout == "(1000, 1000, 1000) (1001, 1001, 1001) []\n"


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
