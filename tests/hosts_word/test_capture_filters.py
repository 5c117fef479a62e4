"""Capture filters that are run on a connection decide as tcpdump does; names of hosts are never looked up."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from pcapstate.addresses import parse_address
from pcapstate.hosts_word import capture_filters
from pcapstate.hosts_word.capture_filters import RAW, frame, leaves_out, without_names
from pcapstate.hosts_word.host_socket import HostSocket

from ..helpers.captures import pcap

SOCKETS = [
    HostSocket(udp, ":" in own, parse_address(own), port, parse_address(other), 40_000)
    for udp in (False, True)
    for own, other in (("10.0.0.5", "10.0.0.9"), ("2001:db8::5", "2001:db8::9"))
    for port in (22, 443)
]
FILTERS = (
    "port 443",
    "port https or udp",
    "tcp port 22 and not host 10.0.0.9",
    "not (host 10.0.0.9 or host 2001:db8::9)",
    "src net 10.0.0.0/24 and portrange 400-500",
    "ip6 and tcp",
    "tcp[tcpflags] & 16 != 0",
    "less 30 or greater 50",
)


@pytest.mark.parametrize("text", FILTERS)
def test_as_tcpdump_decides(text: str, tmp_path: Path) -> None:
    if shutil.which("tcpdump") is None:
        pytest.skip("needs tcpdump")
    frames = [(n, frame(one, turned)) for n, one in enumerate(SOCKETS) for turned in (False, True)]
    file = tmp_path / "all.pcap"
    file.write_bytes(pcap([(n * 10**9, data) for n, data in frames], linktype=RAW))
    command = ["tcpdump", "-n", "-tt", "-r", str(file), text]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept = {int(float(line.split()[0])) for line in done.stdout.splitlines() if line[:1].isdigit()}
    known = without_names(text) is not None
    assert [leaves_out(text, one) for one in SOCKETS] == [known and n not in kept for n in range(len(SOCKETS))]


@pytest.mark.parametrize("text", ["host example.com", "host 3.de", "net face", "host a.b.c", "port 1 or host x"])
def test_names_are_not_looked_up(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(capture_filters, "compiled", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert without_names(text) is None
    assert not leaves_out(text, SOCKETS[0])
