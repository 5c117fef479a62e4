"""A kernel that leaves its arrays ends the process where every index is checked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pcapstate.kernels import library

KERNEL = """
import numpy as np
from pcapstate.kernels.source import copy_bytes, entry, inner, u8

@inner
def read(data, at):
    return u8(data, at)

@entry(np.uint8, int)
def probe(data, at):
    return read(data, at)

@entry(np.uint8, np.uint8, int, int)
def probe_copy(data, out, at, count):
    copy_bytes(out, 1, data, at, count)
    return out[1]
"""

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from pcapstate.kernels.running import Kernels

room = np.arange(16, dtype=np.uint8)
at, count = map(int, sys.argv[1:])
if count:
    print(Kernels("compiled").probe_copy(room[:8], np.zeros(8, dtype=np.uint8), at, count))
else:
    print(Kernels("compiled").probe(room[:8], at))
"""

BUILD = """
import sys
from pathlib import Path
from pcapstate.kernels import building

folder = Path(sys.argv[1])
building.KEPT, building.MODULES = folder / "kept", ("probing",)
building.build(folder / "built", building.this_platform(), sys.argv[2] == "checked", False)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Libraries with a kernel that reads a byte of eight, behind which there are eight more, checked and not."""
    folders = {}
    for way in ("checked", "unchecked"):
        folder = tmp_path_factory.mktemp(way)
        shutil.copytree(library.PACKAGE, folder / "pcapstate", ignore=shutil.ignore_patterns("__pycache__", "built"))
        (folder / "pcapstate" / "probing.py").write_text(KERNEL)
        subprocess.run(
            [sys.executable, "-c", BUILD, str(folder), way],
            check=True,
            timeout=120,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        folders[way] = folder / "built"
    return folders


def probe(folder: Path, at: int, count: int = 0) -> subprocess.CompletedProcess[str]:
    """Read a byte, or copy some from there on to the second of eight."""
    environment = {**os.environ, "PCAPSTATE_LIBRARY": str(folder)}
    command = [sys.executable, "-c", PROGRAM, str(at), str(count)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.skipif(sys.platform == "win32", reason="a process ends otherwise there")
def test_an_index_beyond_the_end_ends_the_process(built: dict[str, Path]) -> None:
    assert probe(built["checked"], 7).stdout == "7\n"
    wrong = probe(built["checked"], 8)
    assert wrong.returncode == -signal.SIGABRT
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("a compiled kernel left an array\n")
    assert "<string>" in wrong.stderr  # where it was called


@pytest.mark.skipif(sys.platform == "win32", reason="a process ends otherwise there")
def test_copying_beyond_the_end_ends_the_process(built: dict[str, Path]) -> None:
    assert probe(built["checked"], 1, 7).stdout == "1\n"
    for at, count in ((2, 7), (0, 8)):
        wrong = probe(built["checked"], at, count)
        assert (wrong.returncode, wrong.stdout) == (-signal.SIGABRT, "")


def test_unchecked_code_reads_on(built: dict[str, Path]) -> None:
    assert probe(built["unchecked"], 8).stdout == "8\n"
