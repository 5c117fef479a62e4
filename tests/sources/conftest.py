"""Network namespaces, folders and disks that several tests of live capture use."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.live_lab import Lab, laboratory, usable

__all__ = ["laboratory"]


@pytest.fixture
def inside(lab: Lab) -> list[str]:
    return lab.ours


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=1777", "tmpfs", tmp_path]
    if not usable() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a file system of its own")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can write to."""
    with tempfile.TemporaryDirectory(prefix="pcapstate-test-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
