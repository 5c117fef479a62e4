"""With NUMBA_BOUNDSCHECK=1 a compiled kernel that leaves its arrays ends the process; other object code stays apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pcapstate.kernels import cache

KERNEL = """
import numpy as np
from pcapstate.kernels.source import entry, inner, u8

@inner
def read(data, at):
    return u8(data, at)

@entry(np.uint8, int)
def probe(data, at):
    return read(data, at)
"""

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
import pcapstate
from pcapstate.kernels import cache, compiling, running

folder, at = Path(sys.argv[1]), int(sys.argv[2])
pcapstate.__path__.append(str(folder))
compiling.compile_modules(folder, "0", ["probing"])
cache.seal(folder)
room = np.arange(16, dtype=np.uint8)
print(running._load(cache.read(folder))["probe"](room[:8], at))
"""


def probe(folder: Path, checked: str, at: int) -> subprocess.CompletedProcess[str]:
    """Compile a kernel and have it read a byte of eight, behind which there are eight more."""
    (folder / "probing.py").write_text(KERNEL)
    environment = {**os.environ, "PCAPSTATE_COMPILING": "1", "NUMBA_BOUNDSCHECK": checked}
    command = [sys.executable, "-c", PROGRAM, str(folder), str(at)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.skipif(sys.platform == "win32", reason="a process ends otherwise there")
def test_an_index_beyond_the_end_ends_the_process(tmp_path: Path) -> None:
    assert probe(tmp_path, "1", 7).stdout == "7\n"
    wrong = probe(tmp_path, "1", 8)
    assert wrong.returncode == -signal.SIGABRT
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("a compiled kernel left an array\n")
    assert "<string>" in wrong.stderr  # where it was called


def test_unchecked_code_reads_on(tmp_path: Path) -> None:
    assert probe(tmp_path, "0", 8).stdout == "8\n"


def test_checked_code_is_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for checked in (False, True):
        monkeypatch.setattr(cache, "CHECKED", checked)
        cache.key.cache_clear()
        keys.add(cache.key())
    cache.key.cache_clear()
    assert len(keys) == 2
