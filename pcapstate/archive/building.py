"""A build: which captures are new, what is tracked again, and the tasks of each stage, up to the commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..errors import CallError
from ..escaping import safe
from ..messages import Message
from . import manifest as m
from .adding import Adding, Building
from .arrays import packed, unpacked
from .locking import locked
from .merging import NUMBER_BITS, inputs_of
from .naming import Naming, name_hosts, write_captures
from .publishing import Published, Publishing, publish
from .running import NAMING, PUBLISHED, TRACKED, Running, Step
from .skew import estimated
from .storage import Storage
from .sweeping import sweep
from .tracking import NEW_ONES, Tracking, checkpoint_name, track, tracked_name
from .workers import Workers

KEYS_FILE = f"{m.FOLDER}/keys"
"""The numbers of the keys, from the first build on, whether it gets to its commit or not."""


class Report(NamedTuple):
    """What a build did."""

    captures: int
    """Captures that are new in the dataset."""
    packets: int
    segments: int
    connections: int
    """All connections of the dataset."""
    again: int
    """Captures of earlier builds that were tracked again, since a new one is as old."""
    left_out: list[tuple[str, str]]
    """Files that are no captures, with why."""
    missing: list[tuple[str, str]]
    """Captures, or tasks, of which something is missing, with why."""
    copies: list[tuple[str, str]]
    """Captures with the same bytes as another one."""
    skews: dict[str, int]
    """Nanoseconds that clocks of sensors are behind, as far as was estimated in this build."""
    early: int
    """Connections that were retired early, for lack of memory."""
    handed_over: int
    """Bytes of segments that were handed over."""

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def build(
    storage: Storage, asked: Building, workers: Workers, progress: Callable[[Step], None] = lambda step: None
) -> Report:
    """Bring a dataset up to date with some captures. Raises CallError, OutputError, Failed."""
    # Before the lock, which makes a file: what is refused leaves nothing.
    _check(storage, asked)
    with locked(storage):
        return _Build(storage, asked, workers, progress).run()


def _check(storage: Storage, asked: Building) -> m.Manifest | None:
    """Return the manifest, if there is one. Raises CallError where the place or the options do not fit."""
    found = m.read(storage)
    if found is None:
        # A build that ended before its commit leaves files, too.
        if not storage.exists(KEYS_FILE) and any(not one.startswith(f"{m.FOLDER}/") for one in storage.names()):
            raise CallError(Message("{root} has files and is no dataset", root=safe(storage.root)))
        return None
    given, known = asked.options, found.options
    if (given.time_wait, given.split) != ([tuple(one) for one in known.time_wait], known.split):
        text = "{root} was built with another --time-wait or --split-vlans; a dataset has one of each"
        raise CallError(Message(text, root=safe(storage.root)))
    return found


class _Build:
    def __init__(self, storage: Storage, asked: Building, workers: Workers, progress: Callable[[Step], None]) -> None:
        self._storage, self._asked = storage, asked
        found = _check(storage, asked) or m.Manifest(replace(asked.options, numbers=_numbers(storage)))
        self._m = found
        self._running = Running(workers, progress)
        self._adding = Adding(storage, found, asked, self._running)
        self._estimates: dict[str, int] = {}

    def run(self) -> Report:
        manifest = self._m
        before = {one.number for one in manifest.captures}
        self._adding.add()
        new = [one for one in manifest.captures if one.number not in before]
        moved = self._set_clocks(before)
        again = early = 0
        if new or moved:
            again, early = self._stages_2_and_3({one.number for one in new} | moved)
            self._name_hosts({one.number: one for one in new})
            write_captures(self._storage, manifest)
            if not m.commit(self._storage, manifest):
                raise m.Failed("another build has committed meanwhile; nothing was changed")
            sweep(self._storage, manifest)
        numbers = {one.number for one in new}
        parts = [one for one in manifest.parts if one.capture in numbers]
        return Report(
            captures=len(new),
            packets=sum(one.about["packets"] for one in parts),
            segments=sum(one.segments for one in parts),
            connections=manifest.epochs[-1].connections if manifest.epochs else 0,
            again=again,
            left_out=self._adding.left_out,
            missing=self._running.missing,
            copies=self._adding.copies,
            skews=self._estimates,
            early=early,
            handed_over=sum(manifest.files[one.name].size for one in parts),
        )

    def _name_hosts(self, new: dict[int, m.CaptureEntry]) -> None:
        tasks = [
            Naming(self._storage.root, one.name, one.capture, one.base, new[one.capture].offset, one.clock)
            for one in self._m.parts
            if one.capture in new and one.about["messages"]
        ]
        for file, written, count in self._running.run(NAMING, name_hosts, tasks, needed=True):
            self._m.files[file] = m.File(written.size, written.checksum, count)

    # --- clocks

    def _set_clocks(self, before: set[int]) -> set[int]:
        """Note how far the clocks of sensors are behind; return the captures of earlier builds that this moves."""
        manifest, asked = self._m, self._asked
        manifest.given |= dict(asked.skews)
        skews = {**manifest.skews, **manifest.given}
        if asked.estimate:
            new = [one.number for one in manifest.captures if one.number not in before]
            found = estimated(self._storage, manifest, manifest.given, new) if new else {}
            self._estimates = {name: skew for name, skew in found.items() if skew != manifest.skews.get(name, 0)}
            skews |= found
        manifest.skews = skews
        moved = set()
        for one in manifest.captures:
            offset = skews.get(one.sensor, 0)
            if one.offset != offset:
                one.offset = offset
                if one.number in before:
                    moved.add(one.number)
        return moved

    # --- stages 2 and 3

    def _stages_2_and_3(self, changed: set[int]) -> tuple[int, int]:
        """Track what is not tracked yet; return how many captures were tracked again, and connections retired early."""
        manifest, storage = self._m, self._storage
        starts, clocks = self._spans()
        start = min((starts[one] for one in changed if one in starts), default=None)
        kept = list(manifest.epochs)
        # An epoch whose captures were dropped cannot be tracked again.
        while (
            kept
            and kept[-1].captures
            and ((start is not None and start <= kept[-1].clock) or changed & {n for e in kept for n in e.captures})
        ):
            kept.pop()
        done = {number for epoch in kept for number in epoch.captures}
        wanted = [one.number for one in manifest.captures if one.number not in done]
        before = kept[-1] if kept else None
        clock = max([before.clock if before else 0, *(clocks[one] for one in wanted if one in clocks)])
        inputs = tuple(inputs_of(manifest, wanted))
        told = repr((before and before.name, inputs, clock, manifest.options)).encode()
        name = hashlib.sha256(told).hexdigest()[:16]
        tasks = [
            Tracking(
                storage.root, bucket, name, inputs, checkpoint_name(before.name, bucket) if before else "", clock,
                manifest.options, self._asked.most,
            )
            for bucket in range(manifest.buckets)
        ]  # fmt: skip
        results = self._running.run(TRACKED, track, tasks, needed=True)
        ids, count = self._give_ids(name, before.connections if before else 0, wanted)
        publishing = [
            Publishing(storage.root, bucket, name, ids, manifest.options, tuple(manifest.networks))
            for bucket in range(manifest.buckets)
        ]
        written = self._running.run(PUBLISHED, publish, publishing, needed=True)
        epochs = {epoch.name for epoch in kept}
        for file, about in list(manifest.files.items()):
            if about.epoch and (about.epoch not in epochs or about.open):
                del manifest.files[file]
        for bucket, result in enumerate(results):
            size, checksum = result["checkpoint"]
            manifest.files[checkpoint_name(name, bucket)] = m.File(size, checksum, 0, name)
        for files in written:
            for one in map(Published._make, files):
                manifest.files[one.name] = m.File(one.size, one.checksum, one.rows, name, one.open, one.first)
        again = len({n for e in manifest.epochs for n in e.captures} - done)
        manifest.epochs = [*kept, m.Epoch(name, wanted, clock, count)]
        return again, sum(one["early"] for one in results)

    def _spans(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return when captures begin, and their latest times, corrected, of those with packets."""
        starts: dict[int, int] = {}
        clocks: dict[int, int] = {}
        for part, start, clock, _ in self._m.spans():
            starts.setdefault(part.capture, start)
            clocks[part.capture] = max(clock, clocks.get(part.capture, clock))
        return starts, clocks

    def _give_ids(self, epoch: str, count: int, captures: Sequence[int]) -> tuple[str, int]:
        """Number the new connections of all buckets in the order in which they began; return the file, and the next."""
        storage, buckets = self._storage, range(self._m.buckets)
        opened_at, first, of = [], [], []
        for bucket in buckets:
            name = tracked_name(epoch, bucket) + NEW_ONES
            found, _ = unpacked(storage.read(name), name, {})
            opened_at.append(found["opened"])
            first.append(found["first"])
            of.append(np.full(len(found["opened"]), bucket))
        times, packets, which = (np.concatenate(one) for one in (opened_at, first, of))
        starts, _ = self._spans()
        order = np.zeros(max(captures, default=0) + 1, dtype=np.int64)
        for place, number in enumerate(sorted(captures, key=lambda one: starts.get(one, 0))):
            order[number] = place
        frames = packets & (1 << NUMBER_BITS) - 1
        places = np.lexsort((frames, order[packets >> NUMBER_BITS], times))
        ids = np.empty(len(times), dtype=np.int64)
        ids[places] = count + np.arange(len(times))
        file = f"{m.FOLDER}/tracked/{epoch}.ids"
        storage.write(file, packed({str(bucket): ids[which == bucket] for bucket in buckets}))
        return file, count + len(times)


def _numbers(storage: Storage) -> tuple[int, ...]:
    """Return the numbers of a new dataset's keys; those of a build that ended before its commit."""
    storage.create(KEYS_FILE, json.dumps(m.new_numbers()).encode())
    return tuple(json.loads(storage.read(KEYS_FILE)))
