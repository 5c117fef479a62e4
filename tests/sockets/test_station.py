"""Whose capture it is: told by Ethernet addresses, and only where they leave no doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.captures import pcap
from tests.helpers.payloads import tcp_frame
from tests.helpers.running import run

HOST, GATEWAY, OTHER = (bytes([2, 0, 0, 0, 0, number]) for number in (5, 1, 9))


def frame(source: bytes, target: bytes, own: str, peer: str) -> bytes:
    return target + source + tcp_frame((own, 50_000), (peer, 80), b"", flags=2)[12:]


def routed(one: bytes, hops: int) -> bytes:
    """A frame whose hop limit routers have counted down."""
    at = 22 if one[12:14] == b"\x08\x00" else 21
    return one[:at] + bytes([hops]) + one[at + 1 :]


def heading(tmp_path: Path, frames: list[bytes], linktype: int = 1) -> str:
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap([(number * 10**9, one) for number, one in enumerate(frames, 1)], linktype))
    return run("netstat", path).stdout.splitlines()[1]


OUT = [frame(HOST, GATEWAY, "10.0.0.5", f"203.0.113.{last}") for last in (1, 2, 3)]
OUT6 = [frame(HOST, GATEWAY, f"2001:db8::{last}", f"2001:db8:1::{last}") for last in (1, 2)]
BACK = [frame(GATEWAY, HOST, f"203.0.113.{last}", "10.0.0.5") for last in (1, 2, 3)]


def test_a_host_with_several_addresses(tmp_path: Path) -> None:
    shown = heading(tmp_path, OUT + BACK + OUT6)
    assert shown.endswith("on 10.0.0.5, 2001:db8::1, 2001:db8::2, the one host in every frame")


@pytest.mark.parametrize(
    "frames",
    [
        OUT + OUT6,  # the gateway says nothing: it may have captured
        OUT + OUT6 + [frame(GATEWAY, HOST, "203.0.113.1", "10.0.0.5")],  # nor does it pass anything on
        OUT + BACK + OUT6 + [frame(OTHER, GATEWAY, "10.0.0.9", "203.0.113.1")],  # a frame of others
        [routed(one, 55) for one in OUT + OUT6] + BACK,  # its packets have passed routers
    ],
    ids=["silent-peer", "two-hosts", "not-in-all", "behind-a-router"],
)
def test_what_leaves_a_doubt(tmp_path: Path, frames: list[bytes]) -> None:
    assert "from its client's side" in heading(tmp_path, frames)


def test_broadcasts_of_others_are_no_doubt(tmp_path: Path) -> None:
    arp = b"\xff" * 6 + OTHER + b"\x08\x06" + bytes(28)
    assert "the one host in every frame" in heading(tmp_path, OUT + BACK + OUT6 + [arp])


def test_no_ethernet_no_station(tmp_path: Path) -> None:
    assert "from its client's side" in heading(tmp_path, [one[14:] for one in OUT + BACK + OUT6], linktype=101)
