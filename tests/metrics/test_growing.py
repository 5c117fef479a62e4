"""Metrics of captures that grow: an interface in a network namespace (needs root on Linux), a followed file."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.helpers.captures import pcap, story_frames
from tests.helpers.decoded import ethernet, ip, tcp
from tests.helpers.live_lab import OURS, PEERS, WIRE, Capturing, Lab
from tests.helpers.paths import ROOT
from tests.helpers.prometheus import Samples, samples, total
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

Found = TypeVar("Found")
CONNECTIONS = "system_network_connections"
HOLD = """
import socket, sys
server = socket.create_server((sys.argv[1], 8766))
print("ready", flush=True)
held = [server.accept()[0] for _ in range(int(sys.argv[2]))]
print("held", flush=True)
sys.stdin.read()
"""
OPEN = """
import socket, sys
held = [socket.create_connection((sys.argv[1], 8766)) for _ in range(int(sys.argv[2]))]
sys.stdin.read()
"""
GET = "import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout=20).read())"
CROWD = """
import socket, sys, time
held = []
for number in range(300):
    one = socket.create_connection(("127.0.0.1", 9100))
    one.sendall((b"", b"GET /metr", b"GET /metrics HTTP/1.1\\r\\n\\r\\n", b"x" * 9_000)[number % 4])
    held.append(one)
print("crowded", flush=True)
sys.stdin.read()
"""


def scrape(lab: Lab) -> Samples:
    command = [*lab.ours, sys.executable, "-c", GET, "http://127.0.0.1:9100/metrics"]
    return samples(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)


def until(found: Callable[[], Found], holds: Callable[[Found], bool]) -> Found:
    """Ask until the numbers are as they should be; return the last ones."""
    deadline = time.monotonic() + 15
    while not holds(now := found()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return now


def begun(command: list[str], word: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if word:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{word}\n"
    return process


def test_an_interface_is_counted(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", WIRE, "--capture-filter", "tcp", "--metrics", ":9100") as ours:
        lab.talk(lab.peers, count=2)
        refused = [
            *lab.peers,
            sys.executable,
            "-c",
            "import socket,sys; print(socket.socket().connect_ex((sys.argv[1], 9)))",
            OURS,
        ]
        subprocess.run(refused, check=True, capture_output=True)
        server = begun([*lab.ours, sys.executable, "-c", HOLD, OURS, "3"], "ready")
        client = begun([*lab.peers, sys.executable, "-c", OPEN, OURS, "3"], "")
        assert server.stdout is not None
        assert server.stdout.readline() == "held\n"
        found = until(lambda: scrape(lab), lambda now: total(now, CONNECTIONS, state="established") == 6)
        assert total(found, CONNECTIONS, state="established", role="server", host="local") == 3
        assert total(found, CONNECTIONS, state="established", role="client", host="private") == 3
        assert total(found, CONNECTIONS, state="time_wait") == 2
        assert total(found, "pcapstate_connections_total") == 6
        assert total(found, "pcapstate_refusals_total") == 1
        assert total(found, "pcapstate_transitions_total", from_="closed", to="syn_sent") == 6
        assert total(found, "pcapstate_source_info", name=WIRE) == 1
        assert total(found, "pcapstate_build_info", kernels="compiled") == 1
        assert total(found, "pcapstate_dropped_packets_total") == 0
        assert abs(total(found, "pcapstate_capture_time_seconds") - time.time()) < 5
        for one in (client, server):
            one.kill()
            one.communicate()
        found = until(lambda: scrape(lab), lambda now: total(now, CONNECTIONS, state="established") == 0)
        assert total(found, CONNECTIONS, state="established") == 0
        out, err, code = ours.end()
    assert code == 0
    assert "serving metrics at http://127.0.0.1:9100/metrics\n" in err
    assert len(out.splitlines()) > 6 * 3


def test_netstat_with_an_interval_serves_as_well(lab: Lab) -> None:
    with Capturing(
        lab, "netstat", "-n", "-i", WIRE, "1", "--local", PEERS, "--metrics", "localhost:9100", "--format", "jsonl"
    ) as ours:
        lab.talk(lab.peers)
        found = until(lambda: scrape(lab), lambda now: total(now, CONNECTIONS, state="time_wait") == 1)
        # --local says which host is local.
        assert total(found, CONNECTIONS, state="time_wait", host="private") == 1
        assert total(found, "pcapstate_transitions_total") >= 8
        _, _, code = ours.end()
    assert code == 0


def open_sockets(pid: int) -> int:
    folder = Path(f"/proc/{pid}/fd")
    found = 0
    for descriptor in folder.iterdir():
        # It may be closed meanwhile.
        with contextlib.suppress(FileNotFoundError):
            found += "socket" in os.readlink(descriptor)
    return found


def test_no_client_disturbs_the_capture(lab: Lab) -> None:
    """A crowd that says nothing, half of it, or too much; and packets as fast as they can be sent."""
    frame, many = ethernet(ip(tcp(1, 2))), 100_000
    with Capturing(lab, "timeline", "-i", WIRE, "--quiet", "--metrics", ":9100", "--buffer", "16M") as ours:
        crowd = begun([*lab.ours, sys.executable, "-c", CROWD], "crowded")
        lab.flood(frame, many)
        found = until(lambda: scrape(lab), lambda now: total(now, "pcapstate_packets_total") >= many)
        crowd.kill()
        crowd.communicate()
        left = until(lambda: open_sockets(ours.process.pid), lambda now: now <= 12)
        _, err, code = ours.end()
    assert total(found, "pcapstate_packets_total") >= many
    assert total(found, "pcapstate_bytes_total") >= many * len(frame)
    assert left <= 12
    assert (err, code) == ("", 0)


def test_output_that_nobody_reads_does_not_stop_it(lab: Lab) -> None:
    """The tracker waits then, and the numbers with it; they are answered all the same."""
    with Capturing(lab, "timeline", "-i", WIRE, "--metrics", ":9100") as ours:
        lab.talk(lab.peers, count=600)
        first = until(lambda: scrape(lab), lambda now: total(now, "pcapstate_connections_total") > 0)
        began = time.monotonic()
        second = scrape(lab)
        assert time.monotonic() - began < 10
        assert 0 < total(first, "pcapstate_connections_total") <= total(second, "pcapstate_connections_total")
        ours.process.kill()


def test_the_socket_is_opened_before_privileges_are_given_up(lab: Lab) -> None:
    with Capturing(lab, "timeline", "-i", WIRE, "--metrics", f"{OURS}:443", SUDO_UID="1000", SUDO_GID="1001") as ours:
        assert "\nUid:\t1000\t1000\t1000\t1000\n" in Path(f"/proc/{ours.process.pid}/status").read_text()
        command = [*lab.peers, sys.executable, "-c", GET, f"http://{OURS}:443/metrics"]
        found = samples(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    assert total(found, "pcapstate_build_info") == 1


# --- a file that is followed


class Following:
    """A command that follows a file, and its metrics."""

    def __init__(self, command: str, path: Path, *arguments: str) -> None:
        command_ = [sys.executable, "-m", "pcapstate", command, "--follow", str(path), *arguments, "--metrics", ":0"]
        self.process = subprocess.Popen(command_, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines: queue.Queue[str] = queue.Queue()
        assert self.process.stderr is not None
        threading.Thread(target=lambda: lines.put(self.process.stderr.readline()), daemon=True).start()  # type: ignore[union-attr]
        line = re.fullmatch(r"pcapstate: serving metrics at (\S+)\n", lines.get(timeout=30))
        assert line is not None
        self.url = line[1]

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def scrape(self) -> Samples:
        return samples(urllib.request.urlopen(self.url, timeout=20).read())

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("arguments", [("timeline",), ("netstat", "5")])
def test_a_followed_file_is_counted(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Also what came last before a silence, in which an old capture's clock stands still."""
    path = tmp_path / "growing.pcap"
    frames = story_frames(parse(STORIES["half_close"]))
    path.write_bytes(pcap(frames[:4]))
    with Following(arguments[0], path, *arguments[1:]) as following:
        for count in range(4, len(frames) + 1):
            if count > 4:
                _append(path, frames[count - 1])
            found = until(following.scrape, lambda now: total(now, "pcapstate_packets_total") == count)  # noqa: B023
            assert total(found, "pcapstate_packets_total") == count
            assert total(found, "pcapstate_capture_time_seconds") == frames[count - 1][0] / 1e9
            assert total(found, "pcapstate_connections_total") == 1
        assert following.end() == 0
    with pytest.raises(urllib.error.URLError):
        following.scrape()


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_the_page_shows_what_is_served() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    _, command, curl = re.search(r"```sh\n(.*)\n(.*)\n(.*)\n```", page).groups()  # type: ignore[union-attr]
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)[1]  # type: ignore[index]
    _, name, path, *_ = shlex.split(command)
    wanted = re.compile(re.search("grep '(.*)'", curl)[1].replace("{", "\\{").replace("}", "\\}"))  # type: ignore[index]
    with Following(name, ROOT / path) as following:
        assert following.url.rpartition(":")[0] + ":9100/metrics" == shlex.split(curl)[2]

        def lines() -> str:
            text = urllib.request.urlopen(following.url, timeout=20).read().decode()
            return "".join(line for line in text.splitlines(keepends=True) if wanted.search(line))

        deadline = time.monotonic() + 15
        while lines() != shown and time.monotonic() < deadline:
            time.sleep(0.3)
        assert lines() == shown


def _append(path: Path, frame: tuple[int, bytes]) -> None:
    with open(path, "ab") as file:
        file.write(pcap([frame])[len(pcap([])) :])
