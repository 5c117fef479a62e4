"""Live capture on all interfaces, and of frames whose header the kernel leaves out or takes apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pcapstate.sources.reader import CaptureReader
from tests.helpers.decoded import ethernet, ip, tcp
from tests.helpers.live_lab import NO_RING, OURS, PEERS, SLOW, WIRE, Capturing, Lab, rows, undropped


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
    # A busy machine may send again in earnest, but a copy that counts as sent again would be none.
    assert row["packets"] == 2 * row["copies"] > 2 * row["retransmissions"]
    assert (row["outcome"], code) == ("closed", 0)
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


def test_a_tag_that_the_kernel_took_out_is_put_back(lab: Lab) -> None:
    packet = ip(tcp(1, 2))
    columns = ("--columns", "connection,network", "--format", "jsonl")
    with Capturing(lab, "connections", "-i", WIRE, "--split-vlans", *columns) as ours:
        lab.flood(ethernet(b"\x20\x07\x08\0" + packet, 0x8100), 1)
        lab.flood(ethernet(packet), 1)
        out, err, code = ours.end()
    assert [row["network"] for row in rows(out)] == ["VLAN 7", None]
    assert (err, code) == ("", 0)
