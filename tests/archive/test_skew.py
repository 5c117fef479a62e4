"""Clocks of sensors, estimated from packets that two of them captured."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from pcapstate.archive import manifest as m
from pcapstate.archive import skew
from pcapstate.archive.storage import Storage
from tests.helpers.captures import START
from tests.helpers.datasets import SECOND, Frames, built, conversations, rows, shifted, written

MS = 1_000_000
ALL = conversations(range(1, 60))


def sensors(folder: Path, **captures: Frames) -> Path:
    for name, frames in captures.items():
        written(folder / name / "one.pcap", frames)
    return folder


def skews(out: Path) -> dict[str, int]:
    return m.existing(Storage(str(out))).skews


@pytest.mark.parametrize("behind", [700 * MS, -2 * SECOND, 3000 * SECOND])
def test_two_sensors(tmp_path: Path, behind: int) -> None:
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=shifted(ALL[:-1], -behind)))
    assert found.skews == {"west": behind}
    assert skews(tmp_path / "out") == {"east": 0, "west": behind}
    built(tmp_path / "right", sensors(tmp_path / "corrected", east=ALL, west=ALL[:-1]))
    assert rows(tmp_path / "out") == rows(tmp_path / "right")
    # Packets of the second sensor are copies: they change no state, and retransmit nothing.
    built(tmp_path / "alone", sensors(tmp_path / "single", east=ALL))
    assert rows(tmp_path / "out")[1] == rows(tmp_path / "alone")[1]
    assert not any(one[-1] or one[-2] for one in rows(tmp_path / "out")[0])


def test_delay_between_sensors_cancels(tmp_path: Path) -> None:
    chance = random.Random(5)
    there = [
        (time + 5 * SECOND + (30 if frame[30:33] == bytes([10, 9, 0]) else -30) * MS + chance.randrange(MS), frame)
        for time, frame in ALL
    ]
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=sorted(there))).skews
    assert abs(found["west"] + 5 * SECOND) < MS


def test_a_difference_that_may_be_delay_is_none(tmp_path: Path) -> None:
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=shifted(ALL, 1_900_000)))
    assert found.skews == {}
    assert skews(tmp_path / "out") == {"east": 0, "west": 0}


def test_three_sensors_in_a_chain(tmp_path: Path) -> None:
    first, second, third = (conversations(range(at, at + 20), START * SECOND) for at in (1, 101, 201))
    # The middle one has the most captures, and is the one that the others are relative to.
    folder = sensors(
        tmp_path / "in",
        east=shifted(first, 300 * MS),
        middle=sorted(first + second),
        west=shifted(sorted(second + third), -SECOND),
    )
    written(folder / "middle" / "two.pcap", conversations([400]))
    assert built(tmp_path / "out", folder).skews == {"east": -300 * MS, "west": SECOND}


def test_retransmissions_do_not_count(tmp_path: Path) -> None:
    again = [(time + 400 * MS, frame) for time, frame in ALL[::2]]
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=shifted(sorted(ALL + again), SECOND)))
    assert found.skews == {"west": -SECOND}


@pytest.mark.parametrize("common", [0, 1])
def test_too_few_packets_are_no_estimate(tmp_path: Path, common: int) -> None:
    other = conversations(range(1, 1 + common)) + conversations(range(300, 330))
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=shifted(other, SECOND)))
    assert found.skews == skews(tmp_path / "out") == {}


def test_clocks_that_jump_are_no_estimate(tmp_path: Path) -> None:
    jumping = [(time + index * 50 * MS, frame) for index, (time, frame) in enumerate(ALL)]
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=jumping))
    assert found.skews == skews(tmp_path / "out") == {}


def test_what_somebody_said_stays(tmp_path: Path) -> None:
    folder = sensors(tmp_path / "in", east=ALL, west=shifted(ALL, -SECOND))
    assert built(tmp_path / "out", folder, skews=(("west", 5 * SECOND),)).skews == {"east": 4 * SECOND}
    # Also in later builds, which do not say it again.
    written(folder / "west" / "two.pcap", shifted(conversations(range(70, 99)), -9 * SECOND))
    written(folder / "east" / "two.pcap", conversations(range(70, 99)))
    assert built(tmp_path / "out", folder).skews == {"east": -4 * SECOND}
    assert skews(tmp_path / "out") == {"east": -4 * SECOND, "west": 5 * SECOND}
    assert built(tmp_path / "none", folder, estimate=False).skews == {}


@pytest.mark.parametrize(("drift", "found"), [(9 * MS, {}), (11 * MS, {"west": 711 * MS})])
def test_an_estimate_stays_unless_it_is_wrong(tmp_path: Path, drift: int, found: dict[str, int]) -> None:
    folder = sensors(tmp_path / "in", east=ALL, west=shifted(ALL, -700 * MS))
    assert built(tmp_path / "out", folder).skews == {"west": 700 * MS}
    more = conversations(range(100, 130), (START + 600) * SECOND)
    # More captures than the other sensor has do not make it the one that is right.
    for at in range(3):
        written(folder / "west" / f"{at}.pcap", shifted(more[at::3], -700 * MS - drift))
    written(folder / "east" / "two.pcap", more)
    report = built(tmp_path / "out", folder)
    assert report.skews == found
    assert report.again == (2 if found else 0)
    assert skews(tmp_path / "out") == {"east": 0, "west": 700 * MS, **found}


def test_a_sensor_that_comes_later(tmp_path: Path) -> None:
    folder = sensors(tmp_path / "in", east=ALL, west=shifted(ALL, -700 * MS))
    built(tmp_path / "out", folder)
    more = conversations(range(100, 130), (START + 600) * SECOND)
    written(folder / "west" / "two.pcap", shifted(more, -700 * MS))
    written(folder / "far" / "one.pcap", shifted(more, 50 * MS))
    assert built(tmp_path / "out", folder).skews == {"far": -50 * MS}


def test_one_sensor_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sensors(tmp_path / "in", east=ALL)
    written(folder / "east" / "two.pcap", shifted(ALL, SECOND))
    monkeypatch.setattr(skew, "read_footer", None)
    assert built(tmp_path / "out", folder).skews == {}


def test_a_sample_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skew, "ENOUGH", 50)
    read: list[int] = []
    original = skew.read_block
    monkeypatch.setattr(skew, "read_block", lambda *a: (found := original(*a), read.append(len(found.rows)))[0])
    found = built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=shifted(ALL, SECOND)), bits=4)
    assert found.skews == {"west": -SECOND}
    assert sum(read) < len(ALL)


def test_reading_ends_where_there_is_nothing_in_common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skew, "READ", 50)
    read: list[int] = []
    original = skew.read_block
    monkeypatch.setattr(skew, "read_block", lambda *a: (found := original(*a), read.append(len(found.rows)))[0])
    other = conversations(range(200, 260))
    assert built(tmp_path / "out", sensors(tmp_path / "in", east=ALL, west=other), bits=4).skews == {}
    assert sum(read) < len(ALL)


def test_differences_of_one_direction() -> None:
    differences = np.full(30, 20 * MS)
    ones = np.ones(30, dtype=np.uint64)
    assert skew._difference(differences, ones, ones == 1) == 20 * MS
