"""Dropping what is old: captures that ended before a day, and connections that closed before it.

The tables keep a connection that reaches over the limit, as it was. An answer at a moment tracks packets again, and has
only those that are left: such a connection begins in the middle, as in a capture that was started late, and is missing
if it has none. So are its rows once a late capture has that time tracked again. Connections that are open stay in the
tables, however old. What was dropped is not added again: captures are known by name and content, and others that begin
before the limit are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from . import manifest as m
from .compacting import join
from .decoding import NAMES
from .locking import locked
from .naming import names_file, write_captures
from .publishing import CONNECTIONS, DAY, STATES
from .storage import Storage
from .sweeping import sweep

OF_A_DAY = re.compile(rf"(?:{CONNECTIONS}|{STATES})/day=(\d{{4}}-\d\d-\d\d)/")


class Retained(NamedTuple):
    """What was dropped."""

    before: int
    """The limit, ns since the epoch: the beginning of a day (UTC)."""
    captures: int
    connections: int
    files: int
    size: int
    """Their bytes."""


def retain(storage: Storage, keep: int, now: int | None = None) -> Retained:
    """Drop what ended before the day (UTC) that was ``keep`` nanoseconds before ``now``.

    ``now``: ns since the epoch; None: the latest time in the dataset. Raises CallError, DamagedFile, OutputError,
    Failed.
    """
    m.existing(storage)
    with locked(storage):
        manifest = m.existing(storage)
        ends: dict[int, int] = {}
        for part, _, clock, _ in manifest.spans():
            ends[part.capture] = max(clock, ends.get(part.capture, clock))
        if now is None:
            now = max(ends.values(), default=0)
        limit = max((now - keep) // DAY * DAY, manifest.retired_before or 0)
        gone = {number for number, end in ends.items() if end < limit}
        files = {name: manifest.files.pop(name) for name in list(_old(manifest, gone, limit))}
        if gone or files:
            _forget(manifest, gone)
            manifest.retired_before = limit
            write_captures(storage, manifest)
            if not m.commit(storage, manifest):
                raise m.Failed("another build has committed meanwhile; nothing was changed")
            sweep(storage, manifest)
        return Retained(
            limit,
            len(gone),
            sum(one.rows for name, one in files.items() if name.startswith(f"{CONNECTIONS}/")),
            len(files),
            sum(one.size for one in files.values()),
        )


def _old(manifest: m.Manifest, gone: set[int], limit: int) -> Iterator[str]:
    """Yield the files of captures that go, and those of days before the limit."""
    of_captures = {
        name
        for part in manifest.parts
        if part.capture in gone
        for name in (part.name, part.name + NAMES, names_file(part.name))
    }
    first = f"{datetime.fromtimestamp(limit // 10**9, UTC):%Y-%m-%d}"
    for name in manifest.files:
        day = OF_A_DAY.match(name)
        if name in of_captures or (day is not None and day[1] < first):
            yield name


def _forget(manifest: m.Manifest, gone: set[int]) -> None:
    """Take captures out of a manifest, and epochs without captures; the first one stays, for its checkpoint."""
    manifest.retired += [one for one in manifest.captures if one.number in gone]
    manifest.captures = [one for one in manifest.captures if one.number not in gone]
    manifest.parts = [one for one in manifest.parts if one.capture not in gone]
    epochs = manifest.epochs
    for epoch in epochs:
        epoch.captures = [one for one in epoch.captures if one not in gone]
    while len(epochs) > 1 and not epochs[0].captures and not epochs[1].captures:
        join(manifest, 0)
    for at in range(len(epochs) - 1, 0, -1):
        if not epochs[at].captures:
            join(manifest, min(at, len(epochs) - 2))
