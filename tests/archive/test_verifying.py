"""Datasets that are whole, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pcapstate.archive import manifest as m
from pcapstate.archive import verifying
from pcapstate.archive.storage import Storage
from pcapstate.archive.verifying import Verified, verify
from pcapstate.errors import CallError
from tests.helpers.captures import START
from tests.helpers.datasets import SECOND, built, conversations, written
from tests.helpers.name_messages import told
from tests.helpers.payloads import answer, record

Change = Callable[[m.Manifest], object]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a dataset of two builds."""
    for at in range(2):
        start = (START + at * 1000) * SECOND
        frames = conversations(range(1 + 40 * at, 30 + 40 * at), start, ended=at == 0)
        written(tmp_path / "in" / f"{at}.pcap", frames)
        assert built(tmp_path / "out", tmp_path / "in", final_after=60 * SECOND).whole
    return tmp_path / "out"


def checked(out: Path, **how: bool) -> Verified:
    return verify(Storage(str(out)), **how)


def problems(out: Path) -> list[str]:
    return checked(out).problems


def name(out: Path, part: str) -> str:
    return next(one for one in m.existing(Storage(str(out))).files if part in one)


def committed(out: Path, change: Change) -> None:
    storage = Storage(str(out))
    manifest = m.existing(storage)
    change(manifest)
    assert m.commit(storage, manifest)


def test_a_dataset_that_is_whole(out: Path) -> None:
    found = checked(out, captures=True, checksums=True)
    assert found.whole
    assert found.problems == found.left == []
    manifest = m.existing(Storage(str(out)))
    assert all(len(one.checksum) == 64 for one in manifest.files.values())
    assert found[:4] == (len(manifest.files), sum(one.size for one in manifest.files.values()), 2, 58)
    assert found.gone == 0


def test_a_build_that_goes_on_notes_the_checksums_of_what_is_there(out: Path, tmp_path: Path) -> None:
    for one in (out / "_pcapstate").glob("manifest*"):
        one.unlink()
    for folder in ("connections", "states"):
        for one in (out / folder).rglob("*.parquet"):
            one.unlink()
    assert built(out, tmp_path / "in", final_after=60 * SECOND).whole
    assert checked(out).whole


def test_ranges_of_a_capture(tmp_path: Path) -> None:
    written(tmp_path / "in.pcap", conversations(range(1, 400)))
    assert built(tmp_path / "out", tmp_path / "in.pcap", range_size=1 << 16).whole
    assert len(m.existing(Storage(str(tmp_path / "out"))).parts) > 1
    assert checked(tmp_path / "out").whole
    committed(tmp_path / "out", lambda manifest: manifest.parts.pop(1))
    assert f"{tmp_path / 'in.pcap'}: its segments are incomplete" in problems(tmp_path / "out")


def test_names_beside_segments(tmp_path: Path) -> None:
    message = answer("a.example", record("a.example", 1, bytes([10, 9, 0, 1])))
    written(tmp_path / "in.pcap", [*conversations([1]), (START * SECOND, told(message))])
    built(tmp_path / "out", tmp_path / "in.pcap")
    names = name(tmp_path / "out", ".names")
    assert checked(tmp_path / "out").whole
    (tmp_path / "out" / names).unlink()
    assert problems(tmp_path / "out") == [f"{names}: no such file"]
    committed(tmp_path / "out", lambda manifest: manifest.files.pop(names))
    assert problems(tmp_path / "out") == [f"{names}: the manifest does not have this file of names"]


@pytest.mark.parametrize("part", [".segments", "connections/day=2", "states/day=__HIVE", "checkpoints/", ".ids"])
def test_files_that_are_damaged(out: Path, part: str) -> None:
    file = name(out, part)
    data = (out / file).read_bytes()
    (out / file).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert problems(out) == [f"{file}: its bytes are not those that were written"]
    (out / file).write_bytes(data[:-1])
    assert problems(out) == [f"{file}: it has {len(data) - 1:,} bytes instead of {len(data):,}"]
    (out / file).unlink()
    assert problems(out) == [f"{file}: no such file"]
    (out / file).mkdir()
    assert problems(out) == [f"{file}: Is a directory"]


@pytest.mark.parametrize("part", [".segments", "connections/day=2"])
def test_files_that_were_written_damaged(out: Path, part: str) -> None:
    file = name(out, part)
    storage = Storage(str(out))
    storage.write(file, b"nothing at all")
    committed(out, lambda manifest: vars(manifest.files[file]).update(storage.written(file)._asdict()))
    assert problems(out)[0] == f"{file}: it cannot be read"


@pytest.mark.parametrize("part", [".segments", "connections/day=2", "states/day=2"])
def test_rows_that_are_not_there(out: Path, part: str) -> None:
    file = name(out, part)
    rows = m.existing(Storage(str(out))).files[file].rows
    committed(out, lambda manifest: vars(manifest.files[file]).update(rows=rows + 1000))
    assert problems(out)[0] == f"{file}: it has {rows:,} rows instead of {rows + 1000:,}"


def test_what_builds_leave_behind_is_no_problem(out: Path) -> None:
    epoch = "0123456789abcdef"
    files = (
        f"_pcapstate/tracked/{epoch}-0003.arrays",
        f"connections/day=2023-11-14/{epoch}-0001.parquet.01234567.partial",
        f"segments/{epoch}.segments",
    )
    for one in files:
        (out / one).parent.mkdir(parents=True, exist_ok=True)
        (out / one).touch()
    # What is not named as builds name files is somebody's.
    (out / "notes.txt").touch()
    (out / "segments" / "mine.segments").touch()
    found = checked(out)
    assert found.whole
    assert sorted(found.left) == list(files)


def lose_part(manifest: m.Manifest) -> None:
    del manifest.parts[0]


def track_another(manifest: m.Manifest) -> None:
    manifest.epochs[0].captures.append(99)


def lose_epoch(manifest: m.Manifest) -> None:
    del manifest.epochs[0]


def track_twice(manifest: m.Manifest) -> None:
    manifest.epochs[1].captures.append(1)


def lose_checkpoint(manifest: m.Manifest) -> None:
    del manifest.files[next(one for one in manifest.files if "checkpoints/" in one)]


def lose_connections(manifest: m.Manifest) -> None:
    del manifest.files[next(one for one in manifest.files if one.startswith("connections/"))]


def lose_numbers(manifest: m.Manifest) -> None:
    manifest.epochs[-1].connections = 10


def lose_segments(manifest: m.Manifest) -> None:
    del manifest.files[manifest.parts[0].name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lose_part, "0.pcap: its segments are incomplete"),
        (track_another, "capture 99 was tracked, but the dataset does not have it"),
        (lose_epoch, "0.pcap: it was tracked 0 times"),
        (lose_epoch, ".arrays: it belongs to no epoch"),
        (track_twice, "0.pcap: it was tracked 2 times"),
        (lose_checkpoint, ".arrays: the manifest does not have this checkpoint"),
        (lose_connections, "connections have states and are in no table of connections"),
        (lose_numbers, "a connection has the number 57, but 10 were given"),
        (lose_segments, ".segments: the manifest does not have this file of segments"),
    ],
)
def test_a_manifest_that_is_wrong(out: Path, change: Change, said: str) -> None:
    committed(out, change)
    assert any(one.endswith(said) for one in problems(out))


@pytest.mark.parametrize("at_once", [verifying.AT_ONCE, 7])
def test_connections_with_the_same_number(out: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(verifying, "AT_ONCE", at_once)
    assert checked(out).whole
    file = name(out, "connections/day=2")
    other = file.replace(".parquet", "-again.parquet")
    duckdb.sql(f"COPY (FROM read_parquet('{out / file}', hive_partitioning = false)) TO '{out / other}'")
    storage = Storage(str(out))
    rows = m.existing(storage).files[file].rows

    def change(manifest: m.Manifest) -> None:
        manifest.files[other] = m.File(*storage.written(other), rows, manifest.epochs[0].name)

    committed(out, change)
    assert problems(out) == [f"{rows} numbers of connections were given twice"]


def test_captures_that_changed_or_went(out: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "in" / "0.pcap", tmp_path / "in" / "1.pcap"
    data = first.read_bytes()
    first.write_bytes(data[:-1] + b"x")
    second.unlink()
    assert checked(out).whole
    found = checked(out, captures=True)
    assert found.whole
    assert found.gone == 1
    assert checked(out, checksums=True).problems == [f"{first}: its bytes are not those that were written"]
    first.write_bytes(data[:-1])
    said = [f"{first}: it has {len(data) - 1:,} bytes instead of {len(data):,}"]
    assert checked(out, captures=True).problems == said


def test_a_dataset_that_changes_meanwhile(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "left_behind", lambda *_: committed(out, lambda manifest: None) or ())
    with pytest.raises(CallError, match="has changed meanwhile"):
        checked(out)
    with pytest.raises(CallError, match="is no dataset"):
        checked(out.parent)
