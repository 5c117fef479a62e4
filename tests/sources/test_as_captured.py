"""What capturing does to packets: cut headers, lengths left to the adapter, clocks that step back, old versions."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pcapstate.cli.main import cli
from pcapstate.errors import CaptureError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.pcapng import block, interface, packet, pcapng, section
from tests.helpers.stories import parse
from tests.helpers.story_texts import OPEN, STORIES, TALK

FRAMES = story_frames(parse(STORIES["half_close"]))
SECOND = 10**9
Frames = list[tuple[int, bytes]]
ETHERNET, IPV4, IPV6, TCP = 14, 20, 40, 20
FLAGS_END = 14
"""Bytes of a TCP header up to its flags, without which it tells nothing."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], catch_exceptions=False)


def over_ipv6(frame: bytes) -> bytes:
    """Return an Ethernet frame with its IPv4 packet as one of IPv6."""
    ip = frame[ETHERNET:]
    header = struct.pack("!IHBB", 6 << 28, len(ip) - IPV4, 6, 64)
    return frame[:12] + b"\x86\xdd" + header + bytes(12) + ip[12:16] + bytes(12) + ip[16:20] + ip[IPV4:]


def cut(frames: Frames, snaplen: int) -> bytes:
    """Return a pcap file of which the snap length leaves so many bytes of each frame."""
    out = pcap([])
    for time, frame in frames:
        kept = frame[:snaplen]
        out += struct.pack("<IIII", time // SECOND, time % SECOND, len(kept), len(frame)) + kept
    return out


VERSIONS: list[tuple[Callable[[bytes], bytes], int]] = [(lambda frame: frame, IPV4), (over_ipv6, IPV6)]


@pytest.mark.parametrize(("wrapped", "header"), VERSIONS, ids=["IPv4", "IPv6"])
def test_lengths_come_from_the_headers_and_not_from_what_was_captured(
    wrapped: Callable[[bytes], bytes], header: int
) -> None:
    frames = [(time, wrapped(frame)) for time, frame in FRAMES]
    whole = answers(pcap(frames))
    assert whole[1][0]["server_bytes"] == 100
    for snaplen in (ETHERNET + header + TCP, ETHERNET + header + TCP + 1, 96):
        assert answers(cut(frames, snaplen)) == whole


@pytest.mark.parametrize(("wrapped", "header"), VERSIONS, ids=["IPv4", "IPv6"])
def test_headers_that_are_cut_are_counted_by_layer(
    wrapped: Callable[[bytes], bytes], header: int, tmp_path: Path
) -> None:
    frames = [(time, wrapped(frame)) for time, frame in FRAMES]
    path = tmp_path / "cut.pcap"
    for snaplen in range(ETHERNET + header + FLAGS_END):
        path.write_bytes(cut(frames, snaplen))
        result = run("connections", path, "--format", "json")
        layer = "link" if snaplen < ETHERNET else "IP" if snaplen < ETHERNET + header else "TCP"
        count = len(frames)
        assert result.stderr == (
            f"pcapstate: {count} frames could not be read: {count} cut off in the {layer} header\n"
            "pcapstate: no frame has a readable TCP segment\n"
        )
        assert (result.exit_code, json.loads(result.stdout)) == (0, [])


@pytest.mark.parametrize("captured", [1 << 16, 96])
@pytest.mark.parametrize("six", [False, True])
def test_an_ip_length_of_zero_is_that_of_the_frame(six: bool, captured: int) -> None:
    """Segmentation offload (TSO) leaves the length to the network card."""
    frames = story_frames(parse(OPEN + "C A 1 1 40000 -> -, -\nS A 1 40001 0 -> -, -"))
    whole = [(time, over_ipv6(frame)) if six else (time, frame) for time, frame in frames]
    at = ETHERNET + (4 if six else 2)
    offloaded = [
        (time, frame[:at] + b"\0\0" + frame[at + 2 :] if len(frame) > 40_000 else frame) for time, frame in whole
    ]
    assert offloaded != whole
    expected = answers(cut(whole, captured))
    assert expected[1][0]["client_bytes"] == 40_000
    assert expected[1][0]["retransmissions"] == 0
    assert answers(cut(offloaded, captured)) == expected


def test_segments_above_the_mtu_are_followed_like_others() -> None:
    """Offload shows segments that no wire has carried; the FIN behind them counts at its own number."""
    story = OPEN + "C A 1 1 65000 -> -, -\nC A 65001 1 65000 -> -, -\nS A 1 130001 0 -> -, -"
    story += "\nC FA 130001 1 0 -> -, -\nS FA 1 130002 0 -> -, -\nC A 130002 2 0 -> -, -"
    _, (connection,), damage = answers(pcap(story_frames(parse(story))))
    assert damage == ""
    assert (connection["client_bytes"], connection["retransmissions"]) == (130_000, 0)
    assert (connection["client_state"], connection["server_state"]) == ("TIME_WAIT", "CLOSED")


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_time_that_steps_back_changes_no_state(make: Callable[[Frames], bytes]) -> None:
    expected, (connection,), _ = answers(make(FRAMES))
    for step in range(1, len(FRAMES)):
        stepped = [(time - 3600 * SECOND * (turn >= step), frame) for turn, (time, frame) in enumerate(FRAMES)]
        timeline, (found,), damage = answers(make(stepped))
        assert damage == ""
        drop = ("time", "skipped")
        assert [{k: v for k, v in row.items() if k not in drop} for row in timeline] == [
            {k: v for k, v in row.items() if k not in drop} for row in expected
        ]
        assert (found["client_state"], found["server_state"]) == ("TIME_WAIT", connection["server_state"])
        assert found["opened"] == connection["opened"]


def test_no_moment_is_lost_where_time_steps_back(tmp_path: Path) -> None:
    path = tmp_path / "back.pcap"
    frames = story_frames(parse(OPEN + TALK))
    path.write_bytes(pcap([(time - 3600 * SECOND * (turn > 3), frame) for turn, (time, frame) in enumerate(frames)]))
    for command in ("netstat", "connections", "timeline", "diagnose"):
        result = run(command, path)
        assert result.exit_code == 0
        assert result.stderr == ""
    (row,) = json.loads(run("netstat", path, "--format", "json").stdout)
    assert row["state"] == "ESTABLISHED"


NUMBERED = {0x0BAD: 32_473, 0x40000BAD: 32_473, 9: 0, 0x204: 0, 0x216: 0, 0x221: 0}
"""Blocks that Wireshark shows among the frames, with the first word of their content."""


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_are_wiresharks_where_it_numbers_other_blocks(order: str) -> None:
    data = section(order) + interface(order)
    expected = []
    number = 1
    for turn, (kind, word) in enumerate(NUMBERED.items()):
        data += packet(turn * 10**6, order=order)
        data += block(kind, struct.pack(order + "II", word, 0) + bytes(8), order) * turn
        # What Python reads of these blocks has a number too; what nobody knows has none.
        data += block(0x0BAD, struct.pack(order + "III", 32_622, 0, 0), order) + block(0x7777, bytes(4), order)
        expected.append(number)
        number += 2 + turn
    one = CaptureReader(io.BytesIO(data + bytes(8)), Kernels())
    assert [int(row["number"]) for batch in one.batches() for row in batch.frames] == expected
    assert str(one.damage).endswith(f"; {len(NUMBERED)} packets read before that")


# --- versions


def captured(data: bytes) -> tuple[list[tuple[int, bytes]], str]:
    """Return wire length and captured bytes of each frame, and what was damaged."""
    one = CaptureReader(io.BytesIO(data), Kernels())
    found: list[tuple[int, bytes]] = []
    for batch in one.batches():
        for row in batch.frames:
            at = int(row["offset"])
            found.append((int(row["length"]), batch.data[at : at + int(row["captured"])].tobytes()))
    return found, str(one.damage or "")


def of_version(data: bytes, at: int, version: tuple[int, int]) -> bytes:
    return data[:at] + struct.pack("<HH", *version) + data[at + 4 :]


@pytest.mark.parametrize("version", [(2, 4), (2, 5), (2, 0), (3, 0), (543, 0)])
def test_pcap_versions_that_are_read(version: tuple[int, int]) -> None:
    data = pcap(FRAMES)
    assert captured(of_version(data, 4, version)) == captured(data)


@pytest.mark.parametrize(
    ("make", "at", "version"),
    [(pcap, 4, (0, 1)), (pcap, 4, (1, 4)), (pcapng, 12, (0, 1)), (pcapng, 12, (1, 1)), (pcapng, 12, (2, 0))],
)
def test_versions_that_nobody_knows_are_errors(
    make: Callable[[Frames], bytes], at: int, version: tuple[int, int]
) -> None:
    with pytest.raises(CaptureError, match=f"version {version[0]}\\.{version[1]} is not supported"):
        captured(of_version(make(FRAMES), at, version))


def test_a_later_section_of_an_unknown_version_is_damage() -> None:
    data = pcapng(FRAMES)
    assert captured(of_version(data, 12, (1, 2))) == captured(data)
    found, damage = captured(data + of_version(data, 12, (7, 0)))
    assert found == captured(data)[0]
    assert "a section with an unsupported version" in damage


@pytest.mark.parametrize("version", [(2, 2), (2, 3)])
def test_old_versions_have_their_lengths_in_either_order(version: tuple[int, int]) -> None:
    """Before version 2.4 the two lengths of a record were swapped, or not (libpcap, sf-pcap.c)."""
    straight = of_version(cut(FRAMES, 60), 4, version)
    swapped = bytearray(straight)
    at = 24
    while at < len(swapped):
        lengths = struct.unpack_from("<II", swapped, at + 8)
        struct.pack_into("<II", swapped, at + 8, *lengths[::-1])
        at += 16 + lengths[0]
    expected = captured(cut(FRAMES, 60))
    assert max(length for length, _ in expected[0]) > 60
    assert captured(straight) == captured(bytes(swapped)) == expected
    many: Any = captured(bytes(swapped[:-1]))
    assert "in the middle of a packet" in many[1]
