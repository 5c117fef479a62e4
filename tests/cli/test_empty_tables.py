"""An empty table says why it is empty, and what to ask instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.captures import START, pcap
from tests.helpers.paths import PCAPS
from tests.helpers.payloads import tcp_frame, udp_frame
from tests.helpers.running import run

ALL = ("connections", "timeline", "netstat")


def said(command: str, *arguments: str | Path, empty: bool = True) -> list[str]:
    """Return what is said on stderr beside a table, which is empty."""
    result = run(command, *arguments, "--format", "csv")
    assert result.exit_code == 0, result.stderr
    assert (result.stdout.count("\n") == 1) == empty
    return [line.removeprefix("pcapstate: ") for line in result.stderr.splitlines()]


def written(path: Path, *frames: bytes) -> Path:
    path.write_bytes(pcap([((START + number) * 10**9, one) for number, one in enumerate(frames)]))
    return path


@pytest.mark.parametrize("command", ALL)
def test_a_capture_without_packets(command: str, tmp_path: Path) -> None:
    assert said(command, written(tmp_path / "empty.pcap")) == ["the capture has no packet"]


@pytest.mark.parametrize("command", ALL)
def test_a_capture_without_tcp(command: str, tmp_path: Path) -> None:
    udp = written(tmp_path / "udp.pcap", udp_frame(("10.0.0.5", 5000), ("10.0.0.1", 53), b""))
    asked = "no frame has a readable TCP segment; pcapstate netstat -a shows UDP ports, -s counts each protocol"
    assert asked in said(command, udp)
    assert asked not in said("netstat", "-a", udp, empty=False)
    assert "no frame has a readable TCP segment" in said(command, PCAPS / "wireless-encrypted.pcap")


@pytest.mark.parametrize(("command", "count"), [("connections", 13), ("timeline", 76), ("netstat", 11)])
def test_nothing_matches(command: str, count: int) -> None:
    line = f"no row matches the filter; there are {count} without it"
    assert said(command, PCAPS / "example.pcapng", "--port", "9999") == [line]
    assert line not in said(command, PCAPS / "example.pcapng", "--port", "443", empty=False)


def test_a_connection_of_which_nothing_changed(tmp_path: Path) -> None:
    opened, reset = PCAPS / "close-by-client.pcap", tcp_frame(("10.0.0.5", 1), ("10.0.0.6", 2), b"", flags=4)
    path = written(tmp_path / "reset.pcap", tcp_frame(("10.0.0.5", 1), ("10.0.0.9", 2), b"", flags=2), reset)
    assert "connection 1 changes no state in the packets read" in said("timeline", path, "--connection", "1")
    assert said("timeline", opened, "--connection", "0", empty=False) == []
    assert said("timeline", opened, "--connection", "0", "--filter", "to = LISTEN") == [
        "no row matches the filter; there are 10 without it"
    ]


def test_everything_is_closed() -> None:
    late = (PCAPS / "close-by-client.pcap", "--at", "100", "--time-wait", "1")
    line = "1 connection is closed and has no row; --at shows an earlier moment, pcapstate connections its outcome"
    assert said("netstat", *late)[-1] == line
    every = run("netstat", *late, "--lang", "ja")
    assert "1 個の接続は終了しているため表示されません" in every.stderr
    assert line not in said("netstat", PCAPS / "close-by-client.pcap", empty=False)


def test_every_attempt_was_refused() -> None:
    assert said("netstat", PCAPS / "refused.pcap") == [
        "1 attempt was refused, so the host has no socket for it; pcapstate connections shows it"
    ]
    every = run("netstat", PCAPS / "refused.pcap", "--lang", "ja")
    assert "拒否された接続要求が 1 個あります" in every.stderr


def test_a_host_that_is_not_there_and_one_that_answered_nothing() -> None:
    found = said("netstat", PCAPS / "example.pcapng", "--local", "1.2.3.4")
    assert found[0] == "1.2.3.4 is in no connection of this capture"
    assert found[1].startswith("--local selects another host; hosts with the most connections: 10.0.0.5, ")
    assert said("netstat", PCAPS / "host-scan.pcap", "--local", "10.0.1.3") == [
        "1 attempt got no answer, so the host has no socket for it; pcapstate connections shows it"
    ]


def test_what_was_asked_for_is_not_there() -> None:
    example = PCAPS / "example.pcapng"
    assert "no connection uses IPv6; 13 use IPv4" in said("netstat", example, "-6")
    assert "no connection uses IPv6; 13 use IPv4" in said("netstat", example, "-p", "tcpv6")
    assert "no listening port is visible: a port shows that it listens when it answers a SYN" in said(
        "netstat", PCAPS / "unanswered.pcap", "-tl"
    )
    assert "no UDP port has sent anything" in said("netstat", example, "-u")
    assert "no UDP port has sent anything" in said("netstat", example, "-p", "udp")


def test_repeated_tables_say_nothing_of_it() -> None:
    assert said("netstat", PCAPS / "host-scan.pcap", "1", "--count", "1", "--local", "10.0.1.3") == []
