"""Fewer and larger files: the tables of each day merged, and neighbouring epochs joined.

A late capture has all epochs tracked again whose clock it precedes, and their files go. So files are merged within an
epoch only; epochs are joined first: the checkpoint between them goes, and a late capture has both tracked again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import manifest as m
from .locking import locked
from .parquet import connect, listed, write_rows
from .publishing import CONNECTIONS, STATES
from .storage import Storage
from .sweeping import sweep
from .tracking import IDS, checkpoint_name

CHECKPOINTS = 16
"""Epochs that are kept, at most."""
ROWS = 1 << 20
"""Rows of a file, about."""
SORTED = {CONNECTIONS: ("opened", "opened, capture, frame"), STATES: ("since", "since, step")}
"""The time by which rows are sorted, as they are published, and their order."""


class Compacted(NamedTuple):
    """What was done."""

    merged: int
    """Files of connections and states that were merged."""
    into: int
    """Files that they are now."""
    joined: int
    """Epochs that are now part of the next one."""


def compact(storage: Storage) -> Compacted:
    """Merge the files of each day, in each epoch, and join epochs. Raises CallError, DamagedFile, OutputError, Failed.

    What is open is left as it is. Answers stay the same.
    """
    m.existing(storage)
    with locked(storage):
        manifest = m.existing(storage)
        joined = 0
        while (at := _next_to_join(manifest.epochs)) is not None:
            join(manifest, at)
            joined += 1
        merged = into = 0
        for place, names in _groups(manifest).items():
            files = list(_merged(storage, manifest, place, names))
            for name in names:
                del manifest.files[name]
            manifest.files |= files
            merged, into = merged + len(names), into + len(files)
        if merged or joined:
            if not m.commit(storage, manifest):
                raise m.Failed("another build has committed meanwhile; nothing was changed")
            sweep(storage, manifest)
        return Compacted(merged, into, joined)


def _next_to_join(epochs: Sequence[m.Epoch]) -> int | None:
    """Return the epoch to join with the next: with it, it has the fewest captures; the oldest such. None: no more."""
    if len(epochs) <= CHECKPOINTS:
        return None
    # What was dropped is an epoch without captures: all others go on from its checkpoint.
    some = [at for at in range(len(epochs) - 1) if epochs[at].captures]
    return min(some, key=lambda at: len(epochs[at].captures) + len(epochs[at + 1].captures))


def join(manifest: m.Manifest, at: int) -> None:
    """Make an epoch part of the next one, whose name, clock and checkpoint stay."""
    one, other = manifest.epochs[at : at + 2]
    for bucket in range(manifest.buckets):
        for name in (checkpoint_name(one.name, bucket), checkpoint_name(one.name, bucket) + IDS):
            manifest.files.pop(name, None)
    for about in manifest.files.values():
        if about.epoch == one.name:
            about.epoch = other.name
    other.captures = [*one.captures, *other.captures]
    del manifest.epochs[at]


def _groups(manifest: m.Manifest) -> dict[tuple[str, str], list[str]]:
    """Return the files that could be fewer, by folder (with the day) and epoch."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, about in manifest.files.items():
        if name.startswith((f"{CONNECTIONS}/", f"{STATES}/")) and not about.open:
            found.setdefault((posixpath.dirname(name), about.epoch), []).append(name)
    return {
        place: names
        for place, names in found.items()
        if len(names) > max(-(-sum(manifest.files[one].rows for one in names) // ROWS), 1)
    }


def _merged(
    storage: Storage, manifest: m.Manifest, place: tuple[str, str], names: Sequence[str]
) -> Iterator[tuple[str, m.File]]:
    """Write the rows of some files to others, each with a part of the time; yield these."""
    folder, epoch = place
    time, order = SORTED[folder.partition("/")[0]]
    database = connect(storage, threads=1)
    source = f"read_parquet({listed([storage.url(one) for one in names])}, hive_partitioning = false)"
    count = 0
    for at, part in enumerate(_parts(database, source, f"{time}_ns")):
        name = f"{folder}/{epoch}-{manifest.number + 1:09d}-{at:04d}.parquet"
        rows, first = database.execute(f"SELECT count(*), min({time}_ns) FROM {source} WHERE {part}").fetchone()
        if rows:
            write_rows(storage, name, database, f"SELECT * FROM {source} WHERE {part} ORDER BY {order}")
            yield name, m.File(*storage.written(name), rows, epoch, first=first)
            count += rows
    database.close()
    assert count == sum(manifest.files[one].rows for one in names)


def _parts(database: Any, source: str, time: str) -> Iterator[str]:
    """Yield conditions that are true for about ROWS rows each, one after the other in time."""
    times = database.execute(f"SELECT {time} FROM {source} WHERE {time} IS NOT NULL").fetchnumpy()[time]
    cuts = np.unique(np.sort(np.asarray(times))[ROWS::ROWS]).tolist()
    for start, end in zip([None, *cuts], [*cuts, None], strict=True):
        conditions = [f"{time} >= {start}"] * (start is not None) + [f"{time} < {end}"] * (end is not None)
        said = " AND ".join(conditions) or "true"
        yield said if start is not None else f"({said} OR {time} IS NULL)"
