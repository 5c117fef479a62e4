"""Compiling: once, said on stderr, kept where only this user can write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pcapstate import compiled
from pcapstate.compiled import PLAIN_UNBUILT, Kernels

from .captures import pcap, story_frames
from .stories import parse
from .story_texts import STORIES


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
    monkeypatch.setattr(compiled, "_folders", lambda: [shared, own])
    monkeypatch.setitem(compiled.PARTS, "nothing", ())
    folder = compiled.build("nothing")
    assert folder is not None
    assert folder.parent == own
    assert not list(shared.iterdir())


def test_a_folder_that_cannot_be_looked_into_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible, usable = tmp_path / ("x" * 300), tmp_path / "usable"
    monkeypatch.setattr(compiled, "_folders", lambda: [impossible, usable])
    assert compiled._built(compiled.ENGINE) is None
    folder = usable / f"{compiled._key()}-{compiled.ENGINE}"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "symbols.json").write_text("{}")
    usable.chmod(0o700)
    assert compiled._built(compiled.ENGINE) == folder


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
