"""``pcapstate extract``: the packets of chosen connections, as they were, in a capture that others read."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from pcapstate.errors import CaptureError
from pcapstate.sources.reader import CaptureReader
from tests.helpers.captures import pcap, story_frames
from tests.helpers.packets import ethernet, ipv4, tcp
from tests.helpers.paths import CAPTURES, PCAPS
from tests.helpers.pcapng import block, interface, option, packet, section
from tests.helpers.running import process, run
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

Frame = tuple[int, bytes, int, int]


def frames(path: Path) -> list[Frame]:
    """Return time, bytes, length and link type of each frame."""
    found = []
    with closing(CaptureReader(path)) as reader:
        for batch in reader.batches():
            for one in batch.frames:
                data = batch.data[one["offset"] : one["offset"] + one["captured"]].tobytes()
                found.append((int(one["time"]), data, int(one["length"]), int(one["linktype"])))
    return found


def rows(path: Path, command: str = "timeline") -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(command, path, "--format", "jsonl").stdout.splitlines()]


def blocks(data: bytes) -> list[bytes]:
    """Return the blocks of a little-endian pcapng file."""
    found = []
    while data:
        total = (struct.unpack_from("<I", data, 4)[0] + 3) & ~3
        found.append(data[:total])
        data = data[total:]
    return found


def states(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("time", "address", "from", "to", "cause", "certainty"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_connections_keep_their_packets_and_states(path: Path, tmp_path: Path) -> None:
    known: list[dict[str, Any]] = []
    with suppress(CaptureError):
        known = rows(path, "connections")
    # What a new SYN means for the connection before it is evidence about that one, so they go together.
    pairs = [frozenset((one["client"], one["server"])) for one in known]
    chosen = [one["connection"] for one, pair in zip(known, pairs, strict=True) if pair in pairs[::2]]
    if not chosen:
        return
    out = tmp_path / "out.pcapng"
    result = run("extract", path, "--connection", ",".join(map(str, chosen)), "-o", out)
    before, after = frames(path), frames(out)
    packets = "1 packet" if len(after) == 1 else f"{len(after):,} packets"
    assert f"{packets} of {len(chosen):,} connection" in result.stderr
    rest = iter(before)
    assert all(one in rest for one in after), "the packets are those of the capture, in its order"
    expected = [states(row) for row in rows(path) if row["connection"] in chosen and row["packet"] is not None]
    assert [states(row) for row in rows(out) if row["packet"] is not None] == expected


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "reset-by-server.pcap", "overlapping-vlans.pcap"])
@pytest.mark.parametrize("suffix", ["pcapng", "pcap"])
def test_tshark_finds_the_same_packets(name: str, suffix: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / f"ours.{suffix}", tmp_path / "theirs.pcapng"
    run("extract", PCAPS / name, "--connection", "0", "-o", ours)
    # -2: in two passes, as Wireshark reads a file.
    command = ["tshark", "-2", "-r", str(PCAPS / name), "-Y", "tcp.stream == 0 && !icmp", "-w", str(theirs)]
    subprocess.run(command, check=True, capture_output=True)
    assert frames(ours) == frames(theirs)
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "tcp.stream"]
    shown = [
        subprocess.run(["tshark", "-r", str(one), *fields], check=True, capture_output=True) for one in (ours, theirs)
    ]
    assert [one.stdout for one in shown] == [shown[0].stdout] * 2
    assert shown[0].stderr == shown[1].stderr


def test_blocks_stay_as_they_are(tmp_path: Path) -> None:
    frames_of = [frame for _, frame in story_frames(parse(STORIES["half_close"]))]
    secrets = block(10, struct.pack("<II", 0x544C534B, 8) + b"CLIENT_R")
    unknown = block(0x0BADCAFE, b"what nobody knows")
    statistics = block(5, struct.pack("<III", 0, 0, 0) + option(5, struct.pack("<Q", 3)) + option(0, b""))
    own = [packet(10**6 + at, one, options=option(1, b"seen") + option(0, b"")) for at, one in enumerate(frames_of)]
    out_of_it = [packet(10**6 + at, ethernet(b"\0" * 46, 0x0806)) for at in range(3)]
    data = [
        section(options=option(4, b"dumpcap") + option(0, b"")),
        interface(),
        secrets,
        *own[:2],
        out_of_it[0],
        unknown,
    ]
    data += [*own[2:], *out_of_it[1:], statistics]
    path, out = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    path.write_bytes(b"".join(data))
    run("extract", path, "--connection", "0", "-o", out)
    assert blocks(out.read_bytes()) == [one for one in data if one not in out_of_it]
    # What a section says of its length would be wrong.
    path.write_bytes(section(length=sum(map(len, data[1:]))) + b"".join(data[1:]))
    run("extract", path, "--connection", "0", "-o", out)
    assert blocks(out.read_bytes())[0] == section()


@pytest.mark.parametrize("order", ["<", ">"])
def test_sections_and_large_blocks(order: str, tmp_path: Path) -> None:
    one = [frame for _, frame in story_frames(parse(STORIES["half_close"]))]
    large = block(0x0BADCAFE, bytes(17 << 20), order)
    data = (
        section(order) + interface(order) + b"".join(packet(at, frame, order=order) for at, frame in enumerate(one[:3]))
    )
    data += large + section(order) + interface(order, link=1)
    data += b"".join(packet(3 + at, frame, order=order) for at, frame in enumerate(one[3:]))
    path, out = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    path.write_bytes(data)
    run("extract", path, "--connection", "0", "-o", out)
    assert out.read_bytes() == data


def test_files_that_overlap_become_one_section(tmp_path: Path) -> None:
    sides = story_frames(parse(STORIES["client_closes_first"]))
    halves = [sides[0::2], sides[1::2]]
    first, second, third = tmp_path / "a.pcapng", tmp_path / "b.pcapng", tmp_path / "c.pcap"
    nanoseconds = option(9, b"\x09") + option(0, b"")
    for path, half in zip((first, second), halves, strict=True):
        body = b"".join(packet(time, frame, which=1, options=option(1, b"x") + option(0, b"")) for time, frame in half)
        path.write_bytes(section() + interface(link=113) + interface(options=nanoseconds) + body)
    third.write_bytes(pcap(story_frames(parse(STORIES["refused"]))))
    out = tmp_path / "out.pcapng"
    run("extract", first, second, "--connection", "0", "-o", out)
    assert frames(out) == [(time, frame, len(frame), 1) for time, frame in sides]
    assert out.read_bytes().count(b"x\0\0\0") == len(sides)
    whole = tmp_path / "whole.pcapng"
    run("extract", first, second, third, "--filter", "outcome = closed or outcome = refused", "-o", whole)
    assert sorted(frames(whole)) == sorted([*frames(first), *frames(second), *frames(third)])
    assert [time for time, *_ in frames(whole)] == sorted(time for time, *_ in frames(whole))
    assert (
        "overlap in time"
        in process("extract", first, second, "--connection", "0", "-o", tmp_path / "x.pcap").stderr.decode()
    )


def test_statistics_of_an_interface_that_was_not_described_say_nothing(tmp_path: Path) -> None:
    sides = story_frames(parse(STORIES["client_closes_first"]))
    nanoseconds = option(9, b"\x09") + option(0, b"")
    paths = tmp_path / "a.pcapng", tmp_path / "b.pcapng"
    for path, half in zip(paths, (sides[0::2], sides[1::2]), strict=True):
        body = b"".join(packet(time, frame) for time, frame in half)
        hostile = block(5, struct.pack("<III", 7, 0, 0)) + block(5, b"")
        path.write_bytes(section() + interface(options=nanoseconds) + hostile + body + hostile)
    out = tmp_path / "out.pcapng"
    run("extract", *paths, "--connection", "0", "-o", out)
    assert [(time, frame) for time, frame, *_ in frames(out)] == sides


def test_files_one_after_another_stay_sections(tmp_path: Path) -> None:
    early, late = story_frames(parse(STORIES["half_close"])), story_frames(parse(STORIES["refused"]))
    late = [(time + 10**12, frame) for time, frame in late]
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap.gz"]
    paths[0].write_bytes(pcap(early))
    paths[1].write_bytes(gzip.compress(pcap(late)))
    for suffix in ("pcapng", "pcap"):
        out = tmp_path / f"out.{suffix}"
        run("extract", *paths, "--port", "1..65535", "-o", out)
        assert [(time, frame) for time, frame, *_ in frames(out)] == [*early, *late]


def test_fragments_and_icmp_errors_belong_to_a_connection(tmp_path: Path) -> None:
    for name in ("fragments-ipv4.pcap", "fragments-ipv6.pcap", "unreachable.pcap"):
        out = tmp_path / name
        run("extract", PCAPS / name, "--connection", "0", "-o", out)
        expected = [states(row) for row in rows(PCAPS / name) if row["connection"] == 0 and row["packet"] is not None]
        assert [states(row) for row in rows(out) if row["packet"] is not None] == expected


def test_other_fragments_stay_out(tmp_path: Path) -> None:
    segment = tcp((40000, 80), 0x18, payload=bytes(80))
    hosts = b"\x0a\0\0\1", b"\x0a\0\0\2"
    sent = [
        ethernet(ipv4(*hosts, 6, segment[:64], identification=7, fragment=0x2000)),
        ethernet(ipv4(*hosts, 6, tcp((40001, 80), 0x10), identification=8)),
        ethernet(ipv4(*hosts, 6, segment[64:], identification=7, fragment=8)),
        ethernet(ipv4(*hosts, 6, segment[:64], identification=9, fragment=0x2000)),
    ]
    path, out = tmp_path / "in.pcap", tmp_path / "out.pcap"
    path.write_bytes(pcap([(10**9 * (1 + at), one) for at, one in enumerate(sent)]))
    port = next(one["connection"] for one in rows(path, "connections") if "40000" in one["client"])
    run("extract", path, "--connection", str(port), "-o", out)
    assert [data for _, data, *_ in frames(out)] == [sent[0], sent[2]]


def test_around_adds_what_else_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    path = PCAPS / "example.pcapng"
    run("extract", path, "--connection", "3", "-o", out)
    own = frames(out)
    run("extract", path, "--connection", "3", "--around", "0.5", "-o", out)
    within = [one for one in frames(path) if own[0][0] - 5 * 10**8 <= one[0] <= own[-1][0] + 5 * 10**8]
    assert frames(out) == within
    assert len(within) > len(own)


def test_connections_are_chosen_as_in_the_table(tmp_path: Path) -> None:
    out, path = tmp_path / "out.pcapng", PCAPS / "example.pcapng"
    for options in (["--state", "CLOSE_WAIT"], ["--filter", "outcome = refused"], ["--host", "10.0.0.20"]):
        result = run("extract", path, *options, "-o", out)
        expected = [
            json.loads(one) for one in run("connections", path, *options, "--format", "jsonl").stdout.splitlines()
        ]
        assert [one["client"] for one in rows(out, "connections")] == [one["client"] for one in expected], result.stderr
    at = run("extract", path, "--at", "3", "--state", "SYN_SENT", "-o", out)
    assert at.exit_code in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["example.pcapng"], "choose connections with"),
        (["example.pcapng", "--connection", "99"], "there is no connection 99; the capture has 13"),
        (["example.pcapng", "--connection", "x"], "is not a number"),
        (["example.pcapng", "--connection", "3..1"], "is not a range"),
        (["example.pcapng", "--filter", "port = 1"], "no connection matches; there are 13 without the filter"),
        (["example.pcapng", "--filter", "port ="], "--filter: expected"),
        (["-", "--connection", "0"], "give a file, not standard input"),
        (["nothing.pcapng", "--connection", "0"], "no such file"),
    ],
)
def test_mistakes_write_nothing(arguments: list[str], said: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    given = [str(PCAPS / one) if one.endswith("pcapng") else one for one in arguments]
    done = process("extract", *given, "-o", out, stdin=b"")
    assert done.returncode in (1, 2)
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_capture_itself_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    shutil.copy(PCAPS / "example.pcapng", path)
    done = process("extract", path, "--connection", "0", "-o", path)
    assert done.returncode == 2
    assert b"would replace the capture" in done.stderr
    assert path.read_bytes() == (PCAPS / "example.pcapng").read_bytes()


def test_standard_output(tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    path = PCAPS / "office.pcapng"
    run("extract", path, "--connection", "5", "-o", out)
    assert process("extract", path, "--connection", "5", "-o", "-").stdout == out.read_bytes()


def test_what_comes_before_damage_is_copied(tmp_path: Path) -> None:
    data = (PCAPS / "example.pcapng").read_bytes()
    path, out = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    path.write_bytes(data[:-30])
    result = run("extract", path, "--port", "1..65535", "-o", out)
    assert result.exit_code == 1
    assert "in the middle of a block" in result.stderr
    assert 0 < len(frames(out)) < len(frames(PCAPS / "example.pcapng"))
