"""The table in the form of Linux, from packets, against that of net-tools' netstat on the same host: line by line.

Needs root on Linux and net-tools; skipped elsewhere.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_lab.networks import PATIENCE, Host, Networks, Recording, await_silence, reason_to_skip

COMMAND = (sys.executable, "-m", "pcapstate")
INTERFACE = "eth0"
ADDRESSES = {socket.AF_INET: {"a": "10.77.0.1", "b": "10.77.0.2"}, socket.AF_INET6: {"a": "fd77::1", "b": "fd77::2"}}
RECEIVED = re.compile(r"^((?:tcp|udp)6? *) \d+", re.MULTILINE)
"""What waits for the program to read it: no packet tells, so ours is 0."""


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    if shutil.which("netstat") is None:
        pytest.skip("needs the program netstat, of net-tools")
    with Networks() as networks:
        a, b = networks.host("a"), networks.host("b")
        networks.join(a, b)
        for host in (a, b):
            host.ip(f"addr add {ADDRESSES[socket.AF_INET][host.name]}/24 dev {INTERFACE}")
            host.ip(f"addr add {ADDRESSES[socket.AF_INET6][host.name]}/64 dev {INTERFACE}")
        await_silence(a, INTERFACE)
        yield a, b


def real(host: Host, letters: str) -> list[str]:
    with host.space.entered():
        done = subprocess.run(["netstat", letters], capture_output=True, text=True, check=True, env={"LC_ALL": "C"})
    return sorted(RECEIVED.sub(lambda match: match[1] + " " * (len(match[0]) - len(match[1]) - 1) + "0", done.stdout)
                  .splitlines())  # fmt: skip


def ours(path: Path, host: Host, letters: str) -> list[str]:
    whose = [word for family in ADDRESSES.values() for word in ("--local", family[host.name])]
    done = subprocess.run([*COMMAND, "netstat", letters, str(path), *whose], capture_output=True, text=True, check=True)
    return sorted(done.stdout.splitlines())


def talk(a: Host, b: Host, family: int) -> Iterator[socket.socket]:
    """Connections in several states, a port of UDP at either end; yield the sockets that are to stay."""
    addresses = ADDRESSES[family]
    listening = b.socket(family, socket.SOCK_STREAM)
    listening.bind((addresses["b"], 8080))
    listening.listen()
    yield listening
    for first in (None, 0, 1, "both", "other way"):
        client = a.socket(family, socket.SOCK_STREAM)
        client.connect((addresses["b"], 8080))
        server, _ = listening.accept()
        client.sendall(b"question")
        ends = [client, server]
        if first == "both":
            # Who closes first stays in TIME_WAIT.
            server.recv(8)
            server.close()
            assert client.recv(1) == b""
            client.close()
        elif first == "other way":
            server.recv(8)
            client.close()
            assert server.recv(1) == b""
            server.close()
        elif first is not None:
            ends[int(first)].shutdown(socket.SHUT_WR)
        yield from ends
    ports = {host.name: host.socket(family, socket.SOCK_DGRAM) for host in (a, b)}
    for port in ports.values():
        port.settimeout(PATIENCE)
    ports["a"].bind((addresses["a"], 6000))
    ports["b"].bind((addresses["b"], 53))
    ports["a"].sendto(b"question", (addresses["b"], 53))
    ports["b"].sendto(b"answer", ports["b"].recvfrom(8)[1][:2])
    yield from ports.values()


def test_each_line_is_that_of_net_tools(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    recording = Recording(hosts[0], INTERFACE, tmp_path / "talk.pcap")
    kept = [one for family in ADDRESSES for one in talk(*hosts, family)]
    await_silence(hosts[0], INTERFACE, 0.3)
    shown = {
        (host, letters): real(host, letters)
        for host in hosts
        for letters in ("-tn", "-tan", "-tan4", "-tan6", "-tln", "-tuan", "-nla4", "-tulpn")
    }
    recording.stop()
    for (host, letters), lines in shown.items():
        found = ours(recording.path, host, letters)
        if "p" in letters:
            # Packets name no process; net-tools names the one that runs this test.
            lines, found = ([line[:79] for line in some] for some in (lines, found))
        assert found == lines, (host.name, letters)
    states = {line.split()[-1] for lines in shown.values() for line in lines if line.startswith("tcp")}
    assert states >= {"LISTEN", "ESTABLISHED", "FIN_WAIT2", "CLOSE_WAIT", "TIME_WAIT"}
    for one in kept:
        one.close()
