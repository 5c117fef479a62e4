"""Files that a dataset no longer has: which they are, and their end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .manifest import FOLDER, SEGMENTS, Manifest
from .storage import Storage

OWN = re.compile(
    rf"(?:{SEGMENTS}/[0-9a-f]{{16}}(?:-\d+)?\.segments(?:\.names)?"
    r"|names/[0-9a-f]{16}(?:-\d+)?\.parquet"
    r"|captures/captures-\d+\.parquet"
    r"|(?:connections|states)/day=[^/]+/[0-9a-f]{16}(?:-\d+)+\.parquet"
    rf"|{FOLDER}/(?:tracked|checkpoints)/[0-9a-f]{{16}}[-.\w]*)"
    r"(?:\.[0-9a-f]{8}\.partial)?",
    re.ASCII,
)
"""The names of files that builds write; others in the folder of a dataset are somebody's."""


def sweep(storage: Storage, manifest: Manifest) -> list[str]:
    """Remove the files of a dataset that it no longer has, and what a build left behind; return their names."""
    removed = list(left_behind(storage, manifest))
    for name in removed:
        storage.remove(name)
    return removed


def left_behind(storage: Storage, manifest: Manifest) -> Iterator[str]:
    """Yield the files that ``sweep`` removes."""
    return (name for name in storage.names() if name not in manifest.files and OWN.fullmatch(name))
