"""Datasets whose oldest days are dropped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pcapstate.archive import manifest as m
from pcapstate.archive.compacting import compact
from pcapstate.archive.locking import locked
from pcapstate.archive.manifest import Failed
from pcapstate.archive.retaining import Retained, retain
from pcapstate.archive.storage import Storage
from pcapstate.archive.verifying import verify
from pcapstate.errors import CallError
from tests.helpers.captures import START
from tests.helpers.datasets import SECOND, Frames, built, conversation, conversations, rows, written
from tests.helpers.name_messages import told
from tests.helpers.payloads import answer, record
from tests.helpers.running import run

DAY = 86_400 * SECOND
FIRST = START * SECOND // DAY * DAY
"""The beginning of the first day."""
DAYS = 5
LONG = 500
"""The connection that goes on all the time."""


def day(at: int) -> Frames:
    """Return the frames of a day: connections that end, one that does not, and some of one that goes on each day."""
    start = FIRST + at * DAY
    long = conversation(LONG, FIRST + 3600 * SECOND, pause=12 * 3600 * SECOND)
    name = (start + 7200 * SECOND, told(answer("a.example", record("a.example", 1, bytes([10, 9, 0, 1])))))
    return sorted(
        [
            *conversations(range(1 + 20 * at, 20 + 20 * at), start + 7200 * SECOND),
            *conversation(400 + at, start + 8000 * SECOND, ended=False),
            *(frame for frame in long if start <= frame[0] < start + DAY),
            name,
        ]
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with captures, and datasets of one build for each, and of one build."""
    folder = tmp_path_factory.mktemp("made")
    for at in range(DAYS):
        written(folder / "in" / f"{at}.pcap", day(at))
        assert built(folder / "daily", folder / "in").whole
    assert built(folder / "once", folder / "in").whole
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "daily", tmp_path / "out"))


def dropped(out: Path, days: int) -> Retained:
    return retain(Storage(str(out)), days * DAY)


def manifest(out: Path) -> m.Manifest:
    return m.existing(Storage(str(out)))


def since(limit: int, found: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
    """Return the connections that ended then or later, or did not, and their states."""
    connections = [one for one in found[0] if one[8] is None or one[8] >= limit]
    ids = {one[-3] for one in connections}
    return connections, [one for one in found[1] if one[-3] in ids]


@pytest.mark.parametrize("kind", ["daily", "once"])
def test_what_ended_is_dropped(made: Path, tmp_path: Path, kind: str) -> None:
    out = Path(shutil.copytree(made / kind, tmp_path / "out"))
    before, files = rows(out, True), manifest(out).files
    found = dropped(out, 2)
    # The latest packet is of the fifth day.
    limit = FIRST + 2 * DAY
    assert rows(out, True) == since(limit, before)
    after = manifest(out)
    gone = set(files) - set(after.files)
    assert found == Retained(limit, 2, len(before[0]) - len(rows(out)[0]), found.files, found.size)
    assert found.connections == 2 * 19
    assert found.files <= len(gone)
    assert 0 < found.size <= sum(files[one].size for one in gone)
    assert not any((out / one).exists() for one in gone)
    assert [one.number for one in after.captures] == [3, 4, 5]
    assert [one.number for one in after.retired] == [1, 2]
    assert after.retired_before == limit
    assert sum(one.startswith("names/") for one in after.files) == 3
    checked = verify(Storage(str(out)))
    assert checked.whole
    assert not checked.left
    # Again: there is nothing more to drop.
    number = after.number
    assert dropped(out, 2) == dropped(out, 4) == Retained(limit, 0, 0, 0, 0)
    assert manifest(out).number == number
    assert dropped(out, 1).captures == 1


def test_of_a_dataset_without_packets_nothing_is_dropped(tmp_path: Path) -> None:
    built(tmp_path / "out", written(tmp_path / "empty.pcap", []))
    assert dropped(tmp_path / "out", 0) == Retained(0, 0, 0, 0, 0)


def test_the_time_that_counts_can_be_given(out: Path) -> None:
    assert retain(Storage(str(out)), 0, FIRST + DAY + 5).before == FIRST + DAY
    assert [one.number for one in manifest(out).captures] == [2, 3, 4, 5]


def test_all_captures_dropped(out: Path, made: Path) -> None:
    # The one that went on until the end closed too late to be final.
    kept = since(FIRST + (DAYS - 1) * DAY + DAY // 2, rows(out, True))
    assert retain(Storage(str(out)), 0, FIRST + 10 * DAY).captures == DAYS
    assert rows(out, True) == kept
    assert len(manifest(out).epochs) == 1
    assert verify(Storage(str(out))).whole
    # Connections that are open go on.
    more = written(made / "more.pcap", conversation(400, FIRST + 11 * DAY)[3:])
    assert built(out, more).captures == 1
    assert any(one[1] == 20_400 and one[12] >= FIRST + 11 * DAY for one in ends(out))
    assert verify(Storage(str(out))).whole


def ends(out: Path) -> list[tuple[Any, ...]]:
    """Return connections with the times of their last packets in the place of packets."""
    return [(*one[:12], one[7], *one[13:]) for one in rows(out)[0]]


def test_dropped_captures_are_not_added_again(out: Path, made: Path, tmp_path: Path) -> None:
    dropped(out, 2)
    report = built(out, made / "in")
    assert report.whole
    assert (report.captures, report.again) == (0, 0)
    # Neither under another name.
    copy = Path(shutil.copy(made / "in" / "0.pcap", tmp_path / "copy.pcap"))
    report = built(out, copy)
    assert report.whole
    assert report.copies == [(str(copy), str(made / "in" / "0.pcap"))]


def test_a_capture_from_before_is_refused(out: Path, tmp_path: Path) -> None:
    dropped(out, 2)
    before = manifest(out)
    late = written(tmp_path / "late.pcap", conversations(range(600, 610), FIRST + DAY))
    why = "it begins before 2023-11-16; the dataset no longer has what was before that"
    assert built(out, late).missing == [(str(late), why)]
    assert manifest(out) == before
    assert not verify(Storage(str(out))).left
    # With the right clock it is not.
    assert built(out, tmp_path, skews=(("", 0),), sensors=(("slow", "*late*"),)).missing
    report = built(out, late, skews=(("slow", 2 * DAY),), sensors=(("slow", "*late*"),))
    assert report.whole
    assert report.captures == 1


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_late_capture(out: Path, made: Path, tmp_path: Path, at: int, compacted: bool) -> None:
    late = written(tmp_path / "late.pcap", conversations(range(600, 610), FIRST + at * DAY + 60 * SECOND))
    whole = Path(shutil.copytree(out, tmp_path / "whole"))
    built(whole, made / "in", late)
    limit = dropped(out, 2).before
    if compacted:
        compact(Storage(str(out)))
    report = built(out, made / "in", late)
    assert report.whole
    assert report.again == DAYS - at
    # Connections go on from before the limit, with the numbers that they have.
    assert rows(out, True) == since(limit, rows(whole, True))
    assert verify(Storage(str(out))).whole


def test_a_late_capture_after_part_of_an_epoch_was_dropped(made: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(made / "once", tmp_path / "out"))
    late = written(tmp_path / "late.pcap", conversations(range(600, 610), FIRST + 3 * DAY + 60 * SECOND))
    whole = Path(shutil.copytree(out, tmp_path / "whole"))
    built(whole, late)
    limit = dropped(out, 2).before
    assert built(out, late).again == 3
    # All that began since, as it would be; the one that goes on all the time, from there on.
    kept = [one for one in rows(whole)[0] if one[6] >= limit]
    found = rows(out)[0]
    assert [one for one in found if one[1] != 20_000 + LONG] == kept
    assert [one[6] >= limit for one in found if one[1] == 20_000 + LONG] == [True]
    assert verify(Storage(str(out))).whole


def test_answers_about_a_connection_that_reaches_over_the_limit(out: Path) -> None:
    def asked(*words: str) -> list[dict[str, Any]]:
        found = run("archive", words[0], out, *words[1:], "--format", "jsonl", "--filter", f"port = {20_000 + LONG}")
        assert found.exit_code == 0
        return [json.loads(line) for line in found.stdout.splitlines()]

    at = ("--at", "2023-11-18 03:00Z")
    table, moment, steps = asked("connections"), asked("connections", *at), asked("timeline")
    assert moment[0]["opened"] == table[0]["opened"] == FIRST // SECOND + 3600
    limit = dropped(out, 2).before
    assert asked("connections") == table
    # A moment is answered from the packets that are left.
    after = asked("connections", *at)
    assert [one["connection"] for one in after] == [moment[0]["connection"]]
    assert after[0]["opened"] == limit // SECOND + 3600
    # Its states stay; the packets that changed them are no longer numbered.
    left = asked("timeline")
    assert [(one["time"], one["to"]) for one in left] == [(one["time"], one["to"]) for one in steps]
    assert [one["capture"] for one in left if one["time"] * SECOND < limit] == [None] * 4
    assert [one["packet"] for one in left if one["capture"]] == [
        one["packet"] - 400 for one in steps if one["capture"] and one["time"] * SECOND >= limit
    ]


def test_numbers_of_captures_are_not_given_again(out: Path, tmp_path: Path) -> None:
    built(out, written(tmp_path / "late.pcap", conversations(range(600, 610), FIRST + DAY)))
    dropped(out, 2)
    built(out, written(tmp_path / "more.pcap", conversations(range(620, 630), FIRST + 6 * DAY)))
    assert [one.number for one in manifest(out).captures] == [3, 4, 5, 7]


def test_nothing_is_dropped_while_a_build_runs(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(out))
    with locked(storage), pytest.raises(CallError, match="another build"):
        dropped(out, 2)
    before = manifest(out)
    monkeypatch.setattr(m, "commit", lambda *_: False)
    with pytest.raises(Failed, match="another build has committed meanwhile"):
        dropped(out, 2)
    assert manifest(out) == before
    assert verify(storage).whole
