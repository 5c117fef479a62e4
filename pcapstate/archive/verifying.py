"""Whether a dataset is whole: each file as it was written, and what the files say of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from ..errors import CallError, CaptureError
from ..escaping import safe
from ..messages import Message, of_name, reason
from . import manifest as m
from .checksums import checksum
from .decoding import NAMES
from .finding import find, opened
from .parquet import connect, listed
from .publishing import CONNECTIONS, STATES
from .segments import DamagedFile, read_footer
from .storage import Storage
from .sweeping import left_behind
from .tracking import IDS, checkpoint_name

AT_ONCE = 1 << 24
"""Connections whose numbers are compared at a time."""
LISTED = 1000
"""Files that DuckDB is asked about at a time."""
CHANGED = "its bytes are not those that were written"


class Verified(NamedTuple):
    """What was looked at, and what is wrong."""

    files: int
    size: int
    """Their bytes."""
    captures: int
    connections: int
    """Those in the tables."""
    problems: list[Message]
    left: list[str]
    """Files that the dataset does not have, from builds that were interrupted; the next one removes them."""
    gone: int
    """Captures that are no longer where they were, if they were to be compared; the dataset does not need them."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(storage: Storage, captures: bool = False, checksums: bool = False) -> Verified:
    """Read all files of a dataset. Raises CallError, DamagedFile (the manifest's), OSError.

    ``captures``: compare the sizes of captures, too; ``checksums``: their bytes.
    """
    manifest = m.existing(storage)
    check = _Check(storage, manifest)
    problems = [*check.files(), *check.captures(), *check.epochs(), *check.tables()]
    left = list(left_behind(storage, manifest))
    gone = 0
    if captures or checksums:
        for one in manifest.captures:
            found = _compared(one, checksums)
            gone += found is None
            problems += found or ()
    if m.numbers(storage)[-1:] != [manifest.number]:
        raise CallError(Message("{root} has changed meanwhile", root=safe(storage.root)))
    size = sum(one.size for one in manifest.files.values())
    return Verified(len(manifest.files), size, len(manifest.captures), check.connections, list(problems), left, gone)


class _Check:
    def __init__(self, storage: Storage, manifest: m.Manifest) -> None:
        self._storage, self._m = storage, manifest
        self._right: set[str] = set()
        """Files that are as they were written."""
        self.connections = 0

    def files(self) -> Iterator[Message]:
        """Yield what is wrong with files alone."""
        parts = {one.name for one in self._m.parts}
        for name, about in self._m.files.items():
            what = self._wrong(name, about)
            if what is None and name in parts:
                what = self._wrong_segments(name, about.rows)
            if what is None:
                self._right.add(name)
            else:
                yield of_name(safe(name), what)
        tables = [one for one in self._m.files if one in self._right and one.endswith(".parquet")]
        for at in range(0, len(tables), LISTED):
            yield from self._wrong_tables(tables[at : at + LISTED])

    def _wrong(self, name: str, about: m.File) -> str | None:
        found, size = sha256(), 0
        try:
            if not self._storage.exists(name):
                return Message("no such file")
            with self._storage.open(name) as file:
                while data := file.read(1 << 20):
                    found.update(data)
                    size += len(data)
        except OSError as error:
            return reason(error)
        if size != about.size:
            return Message("it has {found:,} bytes instead of {wanted:,}", found=size, wanted=about.size)
        return None if found.hexdigest() == about.checksum else Message(CHANGED)

    def _wrong_segments(self, name: str, rows: int) -> str | None:
        try:
            with self._storage.open(name) as file:
                found = sum(one.segments for one in read_footer(file, name).blocks)
        except (DamagedFile, OSError):
            return Message("it cannot be read")
        return None if found == rows else _rows(found, rows)

    def _wrong_tables(self, names: Sequence[str]) -> Iterator[Message]:
        urls = {self._storage.url(name): name for name in names}
        database = connect(self._storage)
        query = "SELECT file_name, num_rows FROM parquet_file_metadata({})"
        try:
            found = dict(database.execute(query.format(listed(list(urls)))).fetchall())
        except Exception:
            # One by one, to tell which.
            found = {}
            for url in urls:
                try:
                    found |= dict(database.execute(query.format(listed([url]))).fetchall())
                except Exception:
                    found[url] = None
        database.close()
        for url, name in urls.items():
            count, rows = found.get(url), self._m.files[name].rows
            if count != rows:
                self._right.discard(name)
                yield of_name(safe(name), "it cannot be read" if count is None else _rows(count, rows))

    def captures(self) -> Iterator[Message]:
        """Yield which captures have not all of their segments."""
        parts: dict[int, list[m.Part]] = {}
        for part in self._m.parts:
            parts.setdefault(part.capture, []).append(part)
            about = self._m.files.get(part.name)
            if about is None or about.rows != part.segments:
                yield of_name(safe(part.name), "the manifest does not have this file of segments")
            if part.about.get("messages") and part.name + NAMES not in self._m.files:
                yield of_name(safe(part.name + NAMES), "the manifest does not have this file of names")
        numbers = Counter(one.number for one in self._m.captures)
        for one in self._m.captures:
            some = parts.pop(one.number, [])
            frames = np.cumsum([0, *(part.frames for part in some)])[:-1].tolist()
            if not some or numbers[one.number] > 1 or [part.base for part in some] != frames:
                yield of_name(safe(one.url), "its segments are incomplete")

    def epochs(self) -> Iterator[Message]:
        """Yield what epochs lack."""
        manifest = self._m
        tracked = Counter(number for epoch in manifest.epochs for number in epoch.captures)
        for one in manifest.captures:
            if (times := tracked.pop(one.number, 0)) != 1:
                yield of_name(safe(one.url), "it was tracked {times} times", times=times)
        for number in tracked:
            yield Message("capture {number} was tracked, but the dataset does not have it", number=number)
        names = {epoch.name for epoch in manifest.epochs}
        for name, about in manifest.files.items():
            if about.epoch and about.epoch not in names:
                yield of_name(safe(name), "it belongs to no epoch")
        for epoch in manifest.epochs:
            for bucket in range(manifest.buckets):
                name = checkpoint_name(epoch.name, bucket)
                for file in (name, name + IDS):
                    if file not in manifest.files:
                        yield of_name(safe(file), "the manifest does not have this checkpoint")

    def tables(self) -> Iterator[Message]:
        """Yield what tables that can be read say about connections that there cannot be."""
        files = {
            folder: [self._storage.url(one) for one in self._m.files if one in self._right and _in(one, folder)]
            for folder in (CONNECTIONS, STATES)
        }
        if not files[CONNECTIONS]:
            return
        wanted = {folder: sum(_in(one, folder) for one in self._m.files) for folder in files}
        given = self._m.epochs[-1].connections if self._m.epochs else 0
        database = connect(self._storage)
        source = {folder: f"read_parquet({listed(some)}, hive_partitioning = false)" for folder, some in files.items()}
        low, high, self.connections = _first(
            database, f"SELECT min(connection), max(connection), count(*) FROM {source[CONNECTIONS]}"
        )
        if self.connections and (low < 0 or high >= given):
            yield Message("a connection has the number {number}, but {given:,} were given", number=high, given=given)
        twice = lost = 0
        # Within memory, however many there are.
        for start in range(0, given, AT_ONCE):
            which = f"connection >= {start} AND connection < {start + AT_ONCE}"
            one = f"SELECT connection, count(*) AS times FROM {source[CONNECTIONS]} WHERE {which} GROUP BY connection"
            twice += _first(database, f"SELECT count(*) FROM ({one}) WHERE times > 1")[0]
            # Where a file is damaged, its connections are not known.
            if files[STATES] and len(files[CONNECTIONS]) == wanted[CONNECTIONS]:
                states = f"SELECT DISTINCT connection FROM {source[STATES]} WHERE {which}"
                lost += _first(database, f"SELECT count(*) FROM ({states}) ANTI JOIN ({one}) USING (connection)")[0]
        database.close()
        if twice:
            yield Message("{count:,} numbers of connections were given twice", count=twice)
        if lost:
            yield Message("{count:,} connections have states and are in no table of connections", count=lost)


def _in(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


def _first(database: Any, query: str) -> Any:
    return database.execute(query).fetchone()


def _rows(found: int, wanted: int) -> Message:
    return Message("it has {found:,} rows instead of {wanted:,}", found=found, wanted=wanted)


def _compared(capture: m.CaptureEntry, whole: bool) -> list[Message] | None:
    """Return how a capture differs from what was added; None if it is not there."""
    found, _ = find((capture.url,))
    sizes = [one.size for one in found if one.url == capture.url]
    if not sizes:
        return None
    if sizes[0] != capture.size:
        what = Message("it has {found:,} bytes instead of {wanted:,}", found=sizes[0], wanted=capture.size)
        return [of_name(safe(capture.url), what)]
    if not whole:
        return []
    try:
        stream: Any = opened(capture.url)
        try:
            same = checksum(stream) == capture.checksum
        finally:
            stream.close()
    except (CaptureError, OSError) as error:
        return [error.args[0] if isinstance(error, CaptureError) else of_name(safe(capture.url), reason(error))]
    return [] if same else [of_name(safe(capture.url), CHANGED)]
