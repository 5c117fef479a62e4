"""Several captures as one: directories, patterns, rotating files, thousands of them, and files that overlap in time."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.capture import Capture, open_source
from pcapstate.cli.main import cli
from pcapstate.errors import CaptureError
from pcapstate.sources import merging
from tests.helpers.captures import START, pcap, story_frames
from tests.helpers.pcapng import pcapng
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

FRAMES = story_frames(parse(STORIES["half_close"]))
SECOND = 10**9


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments], catch_exceptions=False)


def times(paths: list[Any]) -> tuple[list[int], list[int]]:
    """Return the times and numbers of the frames of several sources read as one."""
    source = open_source(paths)
    found: list[int] = []
    numbers: list[int] = []
    for batch in source.batches():
        found += batch.frames["time"].tolist()
        numbers += batch.frames["number"].tolist()
    source.close()
    return found, numbers


def rotated(folder: Path, parts: int) -> None:
    """Write the story as a ring buffer of dumpcap does, the names in no order of time."""
    for part in range(parts):
        frames = FRAMES[part * len(FRAMES) // parts : (part + 1) * len(FRAMES) // parts]
        (folder / f"ring_{(part + 2) % parts:05}_20231114.pcapng").write_bytes(pcapng(frames))


def test_a_directory_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    rotated(folder, 4)
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap(FRAMES))
    for command in ("timeline", "connections"):
        expected = run(command, whole, "--format", "jsonl").stdout
        assert run(command, folder, "--format", "jsonl").stdout == expected
        assert run(command, f"{folder}{os.sep}ring_*.pcapng", "--format", "jsonl").stdout == expected
    ended = run("connections", folder, "--at=-2", "--format", "jsonl")
    assert ended.stdout == run("connections", whole, "--at=-2", "--format", "jsonl").stdout


def test_what_is_no_capture_is_named_and_left_out(tmp_path: Path) -> None:
    rotated(tmp_path, 2)
    (tmp_path / "notes.txt").write_bytes(b"Some notes on these captures, no capture.\n")
    (tmp_path / "next.pcap").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "below").mkdir()
    result = run("connections", tmp_path, "--format", "jsonl")
    assert json.loads(result.stdout)["outcome"] == "closed"
    assert result.exit_code == 0
    assert result.stderr == (
        f"pcapstate: left out: {tmp_path}/next.pcap: the file is empty; "
        f"{tmp_path}/notes.txt: not a capture file (neither pcap nor pcapng)\n"
    )
    for number in range(9):
        (tmp_path / f"other{number}").write_bytes(b"also no capture at all")
    assert run("connections", tmp_path).stderr.endswith(" and 6 more\n")


def test_a_capture_that_cannot_be_read_is_missing(tmp_path: Path) -> None:
    """The others are shown, but a program is to notice."""
    whole = pcap(FRAMES)
    (tmp_path / "a.pcap").write_bytes(whole)
    for name, data, why in (
        ("b.pcap", whole[:20], "the file ends inside the pcap header"),
        ("b.pcap.gz", gzip.compress(whole)[:12], "reading failed (the compressed data is cut short)"),
        ("b.pcap.gz", gzip.compress(gzip.compress(whole)), "compressed twice"),
        ("b.snoop", b"snoop\0\0\0" + bytes(20), "a snoop capture"),
    ):
        (tmp_path / name).write_bytes(data)
        result = run("connections", tmp_path, "--format", "jsonl")
        assert json.loads(result.stdout)["outcome"] == "closed"
        assert result.exit_code == 1
        assert f"left out: {tmp_path}/{name}: {why}" in result.stderr
        (tmp_path / name).unlink()


def test_links_that_lead_in_circles_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap(FRAMES))
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    assert run("connections", tmp_path).exit_code == 0


def test_no_capture_among_them(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no capture file in it"):
        open_source([tmp_path])
    with pytest.raises(CaptureError, match="no such file"):
        open_source([str(tmp_path / "*.pcap")])
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    with pytest.raises(CaptureError, match="a: not a capture file"):
        open_source([tmp_path])
    (tmp_path / "b").write_bytes(b"nothing of the kind")
    with pytest.raises(CaptureError, match="none of the files is a capture"):
        open_source([tmp_path])
    # A file that was named is an error, as before.
    (tmp_path / "c.pcap").write_bytes(pcap(FRAMES))
    with pytest.raises(CaptureError, match="b: not a capture file"):
        open_source([tmp_path / "c.pcap", tmp_path / "b"])


def test_a_name_with_brackets_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "what[1].pcap"
    path.write_bytes(pcap(FRAMES))
    assert len(times([str(path)])[0]) == len(FRAMES)


def test_files_that_follow_one_another_are_open_one_at_a_time(tmp_path: Path) -> None:
    count = 300
    for part in range(count):
        moved = [(at + part * 60 * SECOND, frame) for at, frame in FRAMES]
        (tmp_path / f"out.pcap{part}").write_bytes(pcap(moved))
    source = open_source([tmp_path])
    descriptors = Path("/proc/self/fd")
    most, frames = 0, 0
    before = len(list(descriptors.iterdir())) if descriptors.exists() else 0
    for batch in source.batches():
        frames += len(batch.frames)
        if descriptors.exists():
            most = max(most, len(list(descriptors.iterdir())) - before)
    assert frames == count * len(FRAMES)
    assert most <= 2
    assert source.damages == []


def test_many_that_overlap_need_few_descriptors(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    count = 200
    for part in range(count):
        data = pcap([(at + part, frame) for at, frame in FRAMES])
        (tmp_path / f"{part}.pcap").write_bytes(gzip.compress(data) if part % 2 else data)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(one.name) for one in Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, used + 60), hard))
    try:
        found, numbers = times([tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == sorted(at + part for at, _ in FRAMES for part in range(count))
    assert numbers == list(range(1, len(found) + 1))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_overlap_is_merged_by_time(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("overlap")
    moments = st.lists(st.integers(0, 30), max_size=12).map(sorted)
    parts = data.draw(st.lists(moments, min_size=2, max_size=6))
    paths = []
    for number, part in enumerate(parts):
        path = folder / f"{number}"
        path.write_bytes(pcap([((START + at) * SECOND, bytes(60)) for at in part]))
        paths.append(path)
    found, numbers = times(paths)
    assert found == sorted((START + at) * SECOND for part in parts for at in part)
    assert numbers == list(range(1, len(found) + 1))


def test_a_clock_that_goes_backwards_keeps_the_order_of_its_file(tmp_path: Path) -> None:
    back = [(5 * SECOND, b"a" * 60), (1 * SECOND, b"b" * 60), (9 * SECOND, b"c" * 60)]
    (tmp_path / "a").write_bytes(pcap(back))
    (tmp_path / "b").write_bytes(pcap([(6 * SECOND, b"d" * 60)]))
    assert times([tmp_path])[0] == [5 * SECOND, 1 * SECOND, 6 * SECOND, 9 * SECOND]


def test_a_file_that_is_gone_by_its_time_is_damage(tmp_path: Path) -> None:
    rotated(tmp_path, 3)
    source = open_source([tmp_path])
    last = sorted(tmp_path.iterdir())[1]  # the last part in time
    last.unlink()
    capture = Capture(source, record=False)
    for _ in capture.follow():
        pass
    assert capture.frames == 6
    assert [str(damage) for damage in capture.damages] == [
        f"{last}: no such file at byte 0; 0 packets read before that"
    ]


def test_pipes_and_streams_among_files(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES[0::2]))
    found, _ = times([path, io.BytesIO(pcap(FRAMES[1::2]))])
    assert found == [at for at, _ in FRAMES]


def test_one_line_names_what_was_left_out() -> None:
    assert merging.left_out(["a: x"]) == "left out: a: x"
    assert merging.left_out([f"{n}: x" for n in range(7)]).endswith("4: x and 2 more")
