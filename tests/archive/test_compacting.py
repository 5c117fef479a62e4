"""Datasets with fewer and larger files: the same answers, also after a late capture."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pcapstate.archive import compacting
from pcapstate.archive import manifest as m
from pcapstate.archive.compacting import Compacted, compact
from pcapstate.archive.locking import locked
from pcapstate.archive.manifest import Failed
from pcapstate.archive.parquet import connect
from pcapstate.archive.storage import Storage
from pcapstate.archive.verifying import verify
from pcapstate.errors import CallError
from tests.helpers.captures import START
from tests.helpers.datasets import SECOND, built, conversations, rows, written

HOUR = 3600
BUILDS = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with captures and a dataset, of a build for each capture; the first is late."""
    folder = tmp_path_factory.mktemp("made")
    for at in range(BUILDS):
        start = (START + 8 * HOUR * at) * SECOND
        frames = conversations(range(1 + 20 * at, 20 + 20 * at), start, ended=at != 1)
        written(folder / "in" / f"{at}.pcap", frames)
        assert built(folder / "out", folder / "in", final_after=60 * SECOND).whole
    late = (START + 8 * HOUR + 100) * SECOND
    written(folder / "late" / "late.pcap", conversations([25, *range(200, 220)], late))
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "out", tmp_path / "out"))


def manifest(out: Path) -> m.Manifest:
    return m.existing(Storage(str(out)))


def tables(out: Path) -> list[str]:
    return sorted(name for name, one in manifest(out).files.items() if name.startswith(("con", "sta")) and not one.open)


def test_files_of_a_day_become_one(out: Path) -> None:
    before, files = rows(out, True), tables(out)
    # One for each table, day, and epoch.
    places = {(name.rpartition("/")[0], manifest(out).files[name].epoch) for name in files}
    opened = [one for one in manifest(out).files if "__HIVE" in one]
    done = compact(Storage(str(out)))
    after = tables(out)
    assert done == Compacted(len(files) - sum(one in after for one in files), sum(one not in files for one in after), 0)
    assert len(after) == len(places) < len(files)
    assert [one for one in manifest(out).files if "__HIVE" in one] == opened
    assert rows(out, True) == before
    found = verify(Storage(str(out)))
    assert found.whole
    assert not found.left
    assert len(list((out / "connections").rglob("*.parquet"))) == sum("connections/" in one for one in after + opened)


def test_files_are_sorted_and_bounded(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "CHECKPOINTS", 1)
    monkeypatch.setattr(compacting, "ROWS", 30)
    before = rows(out, True)
    assert compact(Storage(str(out))).joined == BUILDS - 1
    assert rows(out, True) == before
    assert verify(Storage(str(out))).whole
    database = connect()
    for name in tables(out):
        table, time = ("connections", "opened") if "connections/" in name else ("states", "since")
        query = f"SELECT {time}_ns, {time} FROM read_parquet('{out / name}', hive_partitioning = false)"
        found = [one[0] for one in database.execute(query).fetchall()]
        assert found == sorted(found)
        about = manifest(out).files[name]
        assert (about.rows, about.first) == (len(found), found[0])
        assert len(found) <= 30 or table == "states"
    assert any(manifest(out).files[name].rows == 30 for name in tables(out))
    assert compact(Storage(str(out))) == Compacted(0, 0, 0)


def test_the_types_of_columns_stay(out: Path) -> None:
    def types() -> dict[str, set[str]]:
        database = connect()
        found: dict[str, set[str]] = {}
        for name in tables(out):
            table = name.partition("/")[0]
            query = f"DESCRIBE SELECT * FROM read_parquet('{out / name}', hive_partitioning = false)"
            found.setdefault(table, set()).add(str(database.execute(query).fetchall()))
        return found

    before = types()
    compact(Storage(str(out)))
    assert types() == before
    assert all(len(one) == 1 for one in before.values())


@pytest.mark.parametrize("checkpoints", [1, 2, 3, compacting.CHECKPOINTS])
def test_a_late_capture_after_it(out: Path, made: Path, checkpoints: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path(shutil.copytree(out, out.parent / "whole"))
    built(whole, made / "in", made / "late", final_after=60 * SECOND)
    monkeypatch.setattr(compacting, "CHECKPOINTS", checkpoints)
    assert compact(Storage(str(out))).joined == max(BUILDS - checkpoints, 0)
    assert len(manifest(out).epochs) == min(BUILDS, checkpoints)
    report = built(out, made / "in", made / "late", final_after=60 * SECOND)
    assert report.whole
    assert report.captures == 1
    assert report.again > 0
    assert rows(out) == rows(whole)
    assert verify(Storage(str(out))).whole
    before = rows(out, True)
    compact(Storage(str(out)))
    assert rows(out, True) == before


def test_a_capture_that_is_not_late_after_it(out: Path, made: Path, tmp_path: Path) -> None:
    more = written(tmp_path / "more.pcap", conversations(range(300, 310), (START + 50 * HOUR) * SECOND))
    whole = Path(shutil.copytree(out, out.parent / "whole"))
    built(whole, more, final_after=60 * SECOND)
    compact(Storage(str(out)))
    assert built(out, more, final_after=60 * SECOND).again == 0
    assert rows(out, True) == rows(whole, True)


def test_old_epochs_are_joined_first() -> None:
    epochs = [m.Epoch(str(at), [at], at, at) for at in range(40)]
    found = m.Manifest(m.Options(bits=0), epochs=epochs)
    while (at := compacting._next_to_join(found.epochs)) is not None:
        compacting.join(found, at)
    sizes = [len(one.captures) for one in found.epochs]
    assert len(sizes) == compacting.CHECKPOINTS
    assert sizes == sorted(sizes, reverse=True)
    assert [number for one in found.epochs for number in one.captures] == list(range(40))
    assert [one.clock for one in found.epochs] == [max(one.captures) for one in found.epochs]


def test_an_epoch_whose_captures_were_dropped_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "CHECKPOINTS", 2)
    epochs = [m.Epoch("a", [], 0, 0), m.Epoch("b", [1], 1, 1), m.Epoch("c", [2], 2, 2)]
    assert compacting._next_to_join(epochs) == 1


def test_nothing_is_done_while_a_build_runs(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(out))
    with locked(storage), pytest.raises(CallError, match="another build"):
        compact(Storage(str(out)))
    before = manifest(out)
    monkeypatch.setattr(m, "commit", lambda *_: False)
    with pytest.raises(Failed, match="another build has committed meanwhile"):
        compact(storage)
    assert manifest(out) == before
    assert verify(storage).whole
