"""Compiling: once, said on stderr, kept where only this user can write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pcapstate.kernels import building, cache, running
from pcapstate.kernels.running import PLAIN_UNBUILT, Kernels
from tests.helpers.captures import pcap, story_frames
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES


def run(capture: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run in the capture's folder as the installed program does, which does not import from there."""
    command = [sys.executable, "-P", "-m", "pcapstate", "connections", str(capture), "--format", "csv"]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=capture.parent,
        env={**os.environ, **environment},
    )


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap(story_frames(parse(STORIES["half_close"]))))
    return path


def test_compiled_once_and_kept(capture: Path, tmp_path: Path) -> None:
    # The folder of last resort is this test's own too: what other runs left there must not be found.
    last_resort = tmp_path / "temporary"
    last_resort.mkdir()
    # Whatever lies beside a capture is not run.
    (tmp_path / "numba.py").write_text("raise SystemExit('this came with the capture')")
    kept = {
        "PCAPSTATE_CACHE_DIR": str(tmp_path / "cache"),
        "PCAPSTATE_KERNELS": "compiled",
        "TMPDIR": str(last_resort),
    }
    plain = run(capture, PCAPSTATE_KERNELS="plain")
    assert plain.stderr == ""
    first, second = run(capture, **kept), run(capture, **kept)
    assert "Compiling the engine for this machine, once" in first.stderr
    assert second.stderr == ""
    assert plain.stdout == first.stdout == second.stdout
    if hasattr(os, "getuid"):
        # What others can write to is not run (it would fail here): what is in the folder of last resort is taken.
        shutil.copytree(tmp_path / "cache", last_resort / f"pcapstate-{os.getuid()}")
        for symbols in (tmp_path / "cache").glob("*/symbols.json"):
            symbols.write_text("no symbols")
        (tmp_path / "cache").chmod(0o777)
        elsewhere = run(capture, **kept)
        assert elsewhere.stderr == ""
        assert elsewhere.stdout == plain.stdout


def test_what_others_can_write_to_is_not_built_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "getuid"):
        pytest.skip("needs owners of files")
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setattr(cache, "folders", lambda: [shared, own])
    folder = building.build("nothing", (), print)
    assert folder is not None
    assert folder.parent == own
    assert not list(shared.iterdir())


def test_a_folder_that_cannot_be_looked_into_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible, usable = tmp_path / ("x" * 300), tmp_path / "usable"
    monkeypatch.setattr(cache, "folders", lambda: [impossible, usable])
    assert cache.folder_of("nothing") is None
    assert building.build("nothing", (), print) == cache.folder_of("nothing")
    assert cache.folder_of("nothing") == usable / f"{cache.key()}-nothing"


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep object code in a folder of this test's own."""
    monkeypatch.setattr(cache, "folders", lambda: [tmp_path / "cache"])
    monkeypatch.setattr(running, "_loaded", {})
    monkeypatch.delenv("PCAPSTATE_KERNELS", raising=False)
    return tmp_path / "cache"


@pytest.mark.parametrize("damaged", ["object", "digest", "list", "gone"])
def test_damaged_object_code_is_not_loaded(apart: Path, damaged: str) -> None:
    """It would end the process at each start; it is built anew."""
    said: list[str] = []
    folder = building.build("small", [["output.text"]], said.append)
    assert folder is not None
    assert (code := cache.read(folder)) is not None
    assert list(code.symbols) == ["write_rows"]
    path = folder / ("write_rows.o" if damaged in ("object", "gone") else "symbols.json")
    data = path.read_bytes()
    at = {"object": len(data) // 2, "digest": 3, "list": len(data) - 9, "gone": 0}[damaged]
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    if damaged == "gone":
        path.unlink()
    assert cache.read(folder) is None
    assert building.build("small", [["output.text"]], said.append) == folder
    assert cache.read(folder) == code
    assert said == []


def test_what_cannot_be_compiled_is_said_and_tried_once(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(running, "announce", said.append)
    monkeypatch.setitem(running.PARTS, "broken", [["no_such_module"]])
    monkeypatch.setitem(running.ANNOUNCED, "broken", "compiling")
    assert running.compiled_calls("broken") is None
    assert len(said) == 2
    assert "No module named 'pcapstate.no_such_module'" in said[-1]
    assert "running slower, as plain Python" in said[-1]
    monkeypatch.setattr(running, "_loaded", {})
    assert running.built("broken")
    assert running.compiled_calls("broken") is None
    assert len(said) == 2


WITHOUT = """
import sys
sys.modules["llvmlite"] = None
from pcapstate.cli.main import main
sys.argv = ["pcapstate", "connections", sys.argv[1], "--format", "csv"]
main()
"""


def test_plain_is_reached_without_llvmlite(capture: Path, tmp_path: Path) -> None:
    frames = story_frames(parse(STORIES["half_close"]))
    capture.write_bytes(pcap([(at + turn, frame) for turn in range(600) for at, frame in frames]))
    assert capture.stat().st_size > running.PLAIN_WHEN_BUILT
    expected = run(capture, PCAPSTATE_KERNELS="plain")
    script = tmp_path / "without.py"
    script.write_text(WITHOUT)
    for kernels in ("auto", "compiled"):
        done = subprocess.run(
            [sys.executable, "-P", str(script), str(capture)], capture_output=True, text=True, check=True, timeout=120,
            env={**os.environ, "PCAPSTATE_KERNELS": kernels, "PCAPSTATE_CACHE_DIR": str(tmp_path / "cache")},
        )  # fmt: skip
        assert done.stdout == expected.stdout
        assert "running slower, as plain Python" in done.stderr


def test_the_key_covers_every_source(tmp_path: Path) -> None:
    shutil.copytree(
        Path(running.__file__).parents[1], tmp_path / "pcapstate", ignore=shutil.ignore_patterns("__pycache__")
    )
    command = [sys.executable, "-c", "from pcapstate.kernels import cache; print(cache.key())"]

    def key() -> str:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout

    before = key()
    assert key() == before
    source = tmp_path / "pcapstate" / "kernels" / "source.py"
    source.write_text(source.read_text() + "\n# changed\n")
    assert key() != before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root")
def test_root_keeps_nothing_in_a_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1000, 1000)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("PCAPSTATE_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert not [one for one in cache.folders() if home in one.parents]
    os.chown(home, 0, 0)
    assert [one for one in cache.folders() if home in one.parents]


def test_small_captures_never_wait(capture: Path, tmp_path: Path) -> None:
    done = run(capture, PCAPSTATE_CACHE_DIR=str(tmp_path / "cache"), PCAPSTATE_KERNELS="auto")
    assert done.stderr == ""
    assert not (tmp_path / "cache").exists()
    assert not Kernels(1000).compiled


def test_a_pipe_starts_plain_and_changes_over(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCAPSTATE_KERNELS", raising=False)
    kernels = Kernels(None)
    assert not kernels.compiled
    kernels.worked(PLAIN_UNBUILT + 1)
    assert kernels.compiled


def test_who_must_not_wait_goes_on_plain_meanwhile(apart: Path) -> None:
    kernels = Kernels(None, waits=False)
    kernels.worked(PLAIN_UNBUILT + 1)
    assert not kernels.compiled
    deadline = time.monotonic() + 300
    while not kernels.compiled:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        kernels.worked(0)
