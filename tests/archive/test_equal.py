"""What is asked of a dataset is answered as one run over all its packets answers it, whatever became of the build."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from pcapstate.archive.adding import Building
from pcapstate.archive.building import build
from pcapstate.archive.manifest import Options
from pcapstate.archive.processes import Processes
from pcapstate.archive.storage import Storage
from pcapstate.cli.main import cli
from tests.archive.cutting import BEHIND, Cut, cut, generated, times_of, whole_file
from tests.helpers.datasets import Here
from tests.helpers.paths import PCAPS

PACKETS = 60_000
FILES = 60
HOUR = 3600 * 10**9
QUESTIONS = (
    ("connections",),
    ("connections", "--at", "4"),
    ("connections", "--filter", "outcome = refused and server_port = 80"),
    ("timeline",),
    ("timeline", "--revisions"),
    ("timeline", "--at", "2.5"),
    ("timeline", "--connection", "700"),
    ("netstat",),
    ("netstat", "--at", "3"),
    ("netstat", "--at", "1", "--both", "--local", "192.168.2.0/24"),
    ("netstat", "--at", "2", "-a", "-t", "--filter", "state = LISTENING or port = 443"),
    ("diagnose",),
    ("diagnose", "--at", "3"),
    ("plot", "--side", "both"),
    ("plot", "--filter", "server_port = 443", "--from", "1", "--at", "3"),
)
OF_FRAMES = {"frames-cut", "time-steps-back", "large-segments", "damaged", "stored-again", "headers-cut"}
"""Findings about the frames of captures, which a dataset knows as a whole, at whatever moment."""
OF_PACKETS = {"packet", "capture", "frame", "packets", "filter"}
"""Fields that name packets: of overlapping captures, the merged one numbers them otherwise."""
UNREADABLE = {"damaged-empty.pcap", "damaged-header.pcap"}


def asked(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, [*arguments, "--format", "json"], catch_exceptions=False)
    rows = json.loads(result.stdout)
    if "diagnose" in arguments and "--at" in arguments:
        rows = [row for row in rows if row["finding"] not in OF_FRAMES]
    return rows


def without(rows: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    folder = tmp_path_factory.mktemp("equal")
    return cut(generated(PACKETS, folder), folder, FILES)


@pytest.fixture(scope="module")
def expected(captures: Cut) -> dict[tuple[str, ...], Any]:
    return {one: asked(one[0], str(captures.merged), *one[1:]) for one in QUESTIONS}


def check(dataset: Path, expected: dict[tuple[str, ...], Any]) -> None:
    for question, rows in expected.items():
        found = asked("archive", question[0], str(dataset), *question[1:])
        assert without(found, OF_PACKETS) == without(rows, OF_PACKETS), question


def sources(captures: Cut) -> tuple[str, ...]:
    return tuple(map(str, captures.files))


def building(sources: Sequence[str], **more: Any) -> Building:
    """Return what a build is asked for: files in any order, by their sensors."""
    sensors = (("west", "*/west/*"), ("east", "*/east/*"))
    return Building(tuple(sources), Options([("", 60.0)], final_after=HOUR), sensors, (("west", BEHIND),), **more)


def test_local_processes(captures: Cut, expected: dict[tuple[str, ...], Any], tmp_path: Path) -> None:
    workers = Processes(2)
    try:
        report = build(Storage(str(tmp_path / "dataset")), building(sources(captures)), workers)
    finally:
        workers.close()
    assert (report.captures, report.packets, report.missing) == (FILES, PACKETS * 3 // 2, [])
    check(tmp_path / "dataset", expected)


def test_packets_are_named_by_capture_and_frame(captures: Cut, tmp_path: Path) -> None:
    build(Storage(str(tmp_path / "dataset")), building(sources(captures)), Here())
    times = {path.parent.name + path.name: times_of(whole_file(path)) for path in captures.files}
    urls = {}
    for path in captures.files:
        urls.setdefault(path.name, []).append(path.parent.name + path.name)
    rows = [row for row in asked("archive", "timeline", str(tmp_path / "dataset")) if row["packet"] is not None]
    assert len(rows) > PACKETS // 10
    for row in rows:
        when = round(row["time"] * 1e9)
        found = [times[name][row["frame"] - 1] for name in urls[row["capture"]] if row["frame"] <= len(times[name])]
        # The numbers of JSON have a precision of some hundred nanoseconds here.
        assert any(min(abs(when - time), abs(when - time - BEHIND)) < 1_000 for time in found), row


def test_a_build_that_is_killed_again_and_again(
    captures: Cut, expected: dict[tuple[str, ...], Any], tmp_path: Path
) -> None:
    chance = random.Random(1)
    dataset = tmp_path / "dataset"
    command = [sys.executable, "-m", "pcapstate", "archive", "build", *sources(captures), "-o", str(dataset)]
    command += ["--sensor", "west=*/west/*", "--sensor", "east=*/east/*", "--skew", "west=0.7", "--quiet"]
    for kills in range(6):
        process = subprocess.Popen(command, start_new_session=True)
        time.sleep(chance.uniform(0.6, 1.5 + kills / 3))
        if process.poll() is None and kills % 2:
            # A worker: its task is done by another one.
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[-1:]:
                os.kill(int(child), signal.SIGKILL)
            time.sleep(0.3)
        process.kill()
        process.wait()
    assert subprocess.run(command, check=False).returncode == 0
    check(dataset, expected)


def test_late_captures_and_captures_one_by_one(
    captures: Cut, expected: dict[tuple[str, ...], Any], tmp_path: Path
) -> None:
    dataset = tmp_path / "dataset"
    late = captures.files[7:10]
    others = [one for one in captures.files if one not in late]
    build(Storage(str(dataset)), building(tuple(map(str, others))), Here())
    report = build(Storage(str(dataset)), building(sources(captures)), Here())
    assert (report.captures, report.again) == (len(late), len(others))
    check(dataset, expected)
    assert build(Storage(str(dataset)), building(sources(captures)), Here()).captures == 0

    # In time order nothing is tracked again, and open connections go on from where they were.
    folder = tmp_path / "east"
    shutil.copytree(captures.folder / "east", folder)
    growing, again = tmp_path / "growing", 0
    files = sorted(folder.iterdir())
    for some in np.array_split(np.arange(len(files)), 5):
        given = tuple(str(files[at]) for at in some)
        again += build(Storage(str(growing)), building(given), Here()).again
    assert again == 0
    whole = {one: asked(one[0], str(folder), *one[1:]) for one in QUESTIONS}
    for question, rows in whole.items():
        found = asked("archive", question[0], str(growing), *question[1:])
        # Captures that follow one another are numbered as one run over them numbers packets.
        assert without(found, {"capture", "frame"}) == rows, question


def test_connections_that_ended_long_ago_are_final(captures: Cut, tmp_path: Path) -> None:
    """Connections are retired after a second, from a table that is kept small."""
    folder, dataset = captures.folder / "east", tmp_path / "dataset"
    files = sorted(folder.iterdir())
    for some in np.array_split(np.arange(len(files)), 4):
        asked_for = building(tuple(str(files[at]) for at in some), most=1 << 17)
        asked_for = asked_for._replace(options=Options([("", 60.0)], final_after=10**9, bits=1))
        assert build(Storage(str(dataset)), asked_for, Here()).early == 0
    days = {path.parent.name for path in (dataset / "connections").rglob("*.parquet")}
    assert len(days) > 1
    for question in QUESTIONS:
        rows = asked(question[0], str(folder), *question[1:])
        assert without(asked("archive", question[0], str(dataset), *question[1:]), {"capture", "frame"}) == rows


def test_ranges_of_large_captures(captures: Cut, expected: dict[tuple[str, ...], Any], tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    asked_for = building((str(captures.merged),), range_size=300_000)
    report = build(Storage(str(dataset)), asked_for, Here())
    assert report.captures == 1
    assert len(list((dataset / "segments").glob("*.segments"))) > 10
    for question, rows in expected.items():
        found = asked("archive", question[0], str(dataset), *question[1:])
        assert without(found, {"capture", "frame"}) == rows, question


OF_ONE = (
    ("connections",),
    ("timeline", "--revisions"),
    ("netstat", "-a", "-t"),
    ("netstat", "--at", "1"),
    ("diagnose",),
)
NAMES = sorted(path.name for path in PCAPS.glob("*.pcap*"))


@pytest.mark.parametrize("name", [one for one in NAMES if not one.endswith(".expected") and one not in UNREADABLE])
def test_each_capture_of_the_tests(name: str, tmp_path: Path) -> None:
    dataset, path = str(tmp_path / "dataset"), str(PCAPS / name)
    build(Storage(dataset), Building((path,), Options([("", 60.0)], final_after=HOUR, bits=0)), Here())
    for question in OF_ONE:
        first, second = (
            CliRunner().invoke(cli, [*start, *question[1:], "--format", "json"], catch_exceptions=True)
            for start in ((question[0], path), ("archive", question[0], dataset))
        )
        if not first.stdout:
            # A moment that is not in the capture.
            assert (first.exit_code, second.stdout) == (second.exit_code, "")
            continue
        rows, found = json.loads(first.stdout), json.loads(second.stdout)
        if question[0] != "diagnose" or "damaged" not in name:
            assert without(found, {"capture", "frame"}) == rows, question
