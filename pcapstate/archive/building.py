"""A build: which captures are new, what is tracked again, and the tasks of each stage, up to the commit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..errors import CallError, PcapstateError
from ..escaping import safe
from ..messages import Message
from ..sources.process_blocks import Process, ProcessTable
from . import manifest as m
from .arrays import packed, unpacked
from .checksums import PIECE, combined
from .decoding import NAMES, Decoding, decode
from .finding import Found, find, opened
from .locking import locked
from .merging import NUMBER_BITS, Input
from .naming import Naming, name_hosts, write_captures
from .publishing import Published, Publishing, publish
from .ranges import RANGE, boundaries
from .skew import estimated
from .storage import Storage
from .tracking import NEW_ONES, Tracking, checkpoint_name, track, tracked_name
from .workers import Workers

SEGMENTS = "segments"
"""The folder of files of segments."""
KEYS_FILE = f"{m.FOLDER}/keys"
"""The numbers of the keys, from the first build on, whether it gets to its commit or not."""
DECODED, TRACKED, PUBLISHED, NAMING = "decoding", "tracking", "writing tables", "looking for names"
"""The stages of a build."""


LOOKED_AT = 1 << 18
"""Bytes that an object store is asked for at a time, where only the surroundings of cuts are looked at."""


OWN = re.compile(
    rf"(?:{SEGMENTS}/[0-9a-f]{{16}}(?:-\d+)?\.segments(?:\.names)?"
    r"|names/[0-9a-f]{16}(?:-\d+)?\.parquet"
    r"|captures/captures-\d+\.parquet"
    r"|(?:connections|states)/day=[^/]+/[0-9a-f]{16}(?:-\d+)+\.parquet"
    rf"|{m.FOLDER}/(?:tracked|checkpoints)/[0-9a-f]{{16}}[-.\w]*)"
    r"(?:\.[0-9a-f]{8}\.partial)?",
    re.ASCII,
)
"""The names of files that builds write; others in the folder of a dataset are somebody's."""


class Step(NamedTuple):
    """How far a stage is."""

    stage: str
    done: int
    """Tasks."""
    total: int
    packets: int
    """Packets of the tasks that ended."""
    size: int
    """Bytes of captures that are done with, and of all, in the first stage."""
    whole: int


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


class Building(NamedTuple):
    """What a build is asked for."""

    sources: tuple[str, ...]
    options: m.Options
    sensors: tuple[tuple[str, str], ...] = ()
    skews: tuple[tuple[str, int], ...] = ()
    """Nanoseconds that the clocks of sensors are behind."""
    estimate: bool = True
    range_size: int = RANGE
    most: int = 1 << 20
    """Connections that a task keeps at most."""


class Failed(PcapstateError):
    """A build ended before its commit; what was done is there for the next one."""


def build(
    storage: Storage, asked: Building, workers: Workers, progress: Callable[[Step], None] = lambda step: None
) -> Report:
    """Bring a dataset up to date with some captures. Raises CallError, CaptureError, OutputError, Failed."""
    with locked(storage):
        return _Build(storage, asked, workers, progress).run()


class _Build:
    def __init__(self, storage: Storage, asked: Building, workers: Workers, progress: Callable[[Step], None]) -> None:
        self._storage, self._asked, self._workers, self._progress = storage, asked, workers, progress
        found = m.read(storage)
        if found is None:
            # A build that ended before its commit leaves files, too.
            if not storage.exists(KEYS_FILE) and any(not one.startswith(f"{m.FOLDER}/") for one in storage.names()):
                raise CallError(Message("{root} has files and is no dataset", root=safe(storage.root)))
            found = m.Manifest(replace(asked.options, numbers=_numbers(storage)))
        else:
            given, known = asked.options, found.options
            if (given.time_wait, given.split) != ([tuple(one) for one in known.time_wait], known.split):
                raise CallError(
                    Message(
                        "{root} was built with another --time-wait or --split-vlans; a dataset has one of each",
                        root=safe(storage.root),
                    )
                )
        self._m = found
        self._left_out: list[tuple[str, str]] = []
        self._missing: list[tuple[str, str]] = []
        self._copies: list[tuple[str, str]] = []
        self._estimates: dict[str, int] = {}

    def run(self) -> Report:
        manifest = self._m
        before = {one.number for one in manifest.captures}
        self._stage_1(self._news())
        new = [one for one in manifest.captures if one.number not in before]
        moved = self._set_clocks(before)
        again = early = 0
        if new or moved:
            again, early = self._stages_2_and_3({one.number for one in new} | moved)
            self._name_hosts({one.number: one for one in new})
            write_captures(self._storage, manifest)
            if not m.commit(self._storage, manifest):
                raise Failed("another build has committed meanwhile; nothing was changed")
            sweep(self._storage, manifest)
        numbers = {one.number for one in new}
        parts = [one for one in manifest.parts if one.capture in numbers]
        return Report(
            captures=len(new),
            packets=sum(one.about["packets"] for one in parts),
            segments=sum(one.segments for one in parts),
            connections=manifest.epochs[-1].connections if manifest.epochs else 0,
            again=again,
            left_out=self._left_out,
            missing=self._missing,
            copies=self._copies,
            skews=self._estimates,
            early=early,
            handed_over=sum(manifest.files[one.name].size for one in parts),
        )

    # --- stage 1

    def _news(self) -> list[Found]:
        found, unread = find(self._asked.sources, self._asked.sensors)
        self._missing += unread
        known = {one.url: one for one in self._m.captures}
        retired = {one.url for one in self._m.retired}
        news = []
        own = self._storage.root + "/"
        for one in found:
            if OWN.fullmatch(one.url.removeprefix(own)) or one.url.startswith(f"{own}{m.FOLDER}/"):
                # The dataset lies in a folder of captures.
                continue
            before = known.get(one.url)
            if before is None:
                if one.url not in retired:
                    news.append(one)
            elif (before.size, before.version) != (one.size, one.version):
                why = Message("it has changed since it was added; a capture is added once it is whole")
                self._missing.append((one.url, why))
        return news

    def _stage_1(self, news: Sequence[Found]) -> None:
        tasks, of = [], []
        for one in news:
            for task in self._tasks(one):
                tasks.append(task)
                of.append(one)
        results = self._run(DECODED, decode, tasks, [task.end - task.start for task in tasks])
        by_capture: dict[str, list[tuple[Decoding, dict[str, Any]]]] = {}
        for task, one, result in zip(tasks, of, results, strict=True):
            by_capture.setdefault(one.url, []).append((task, result))
        wrong = [one for one in news if not self._fits(by_capture.get(one.url, []))]
        tasks = [self._whole(one) for one in wrong]
        for one, task, result in zip(
            wrong, tasks, self._run(DECODED, decode, tasks, [one.size for one in wrong]), strict=True
        ):
            for part, _ in by_capture[one.url]:
                self._storage.remove(part.name)
                self._storage.remove(part.name + NAMES)
            by_capture[one.url] = [(task, result)]
        for one in news:
            self._add(one, by_capture.get(one.url, []))

    def _tasks(self, one: Found) -> list[Decoding]:
        size = self._asked.range_size
        if one.size <= size * 3 // 2:
            return [self._whole(one)]
        try:
            with opened(one.url, LOOKED_AT) as stream:
                cuts = boundaries(stream, one.size, size)
        except (PcapstateError, OSError):
            # The task says why it cannot be read.
            return [self._whole(one)]
        if len(cuts) == 2:
            return [self._whole(one)]
        pieces = [(at, min(at + PIECE, one.size)) for at in range(0, one.size, PIECE)]
        ranges = list(pairwise(cuts))
        last = len(ranges) - 1
        return [
            self._task(one, f"-{at:04d}", start, end, False, pieces[at:] if at == last else pieces[at : at + 1])
            for at, (start, end) in enumerate(ranges)
        ]

    def _whole(self, one: Found) -> Decoding:
        return self._task(one, "", 0, one.size, True, ())

    def _task(
        self, one: Found, ending: str, start: int, end: int, whole: bool, pieces: Sequence[tuple[int, int]]
    ) -> Decoding:
        told = f"{one.url}\0{one.size}\0{one.version}\0{self._m.options.numbers}".encode()
        name = f"{SEGMENTS}/{hashlib.sha256(told).hexdigest()[:16]}{ending}.segments"
        options = self._m.options
        return Decoding(
            self._storage.root, name, one.url, start, end, whole, tuple(pieces), options.numbers, options.bits
        )

    @staticmethod
    def _fits(parts: list[tuple[Decoding, dict[str, Any]]]) -> bool:
        """Tell whether the ranges of a capture are what it holds."""
        if len(parts) == 1 or any(not result or "unread" in result for _, result in parts):
            return True
        return all(result["exact"] for _, result in parts)

    def _add(self, one: Found, parts: list[tuple[Decoding, dict[str, Any]]]) -> None:
        manifest = self._m
        for _, result in parts:
            if not result:
                return
            if "unread" in result:
                (self._left_out if result["foreign"] else self._missing).append((one.url, result["unread"]))
                return
        digests = [bytes.fromhex(digest) for _, result in parts for digest in result["digests"]]
        checksum = combined(digests)
        known = [*manifest.captures, *manifest.retired]
        same = next((other for other in known if other.checksum == checksum), None)
        late = self._too_late(one, [result["first"] for _, result in parts])
        if same is not None or late is not None:
            if same is not None:
                self._copies.append((one.url, same.url))
            elif late is not None:
                self._missing.append((one.url, late))
            for task, _ in parts:
                self._storage.remove(task.name)
                self._storage.remove(task.name + NAMES)
            return
        number = max((other.number for other in known), default=0) + 1
        manifest.captures.append(m.CaptureEntry(number, one.url, one.size, one.version, one.sensor, checksum))
        base = 0
        for task, about in parts:
            files = about.pop("files")
            numbers = []
            for name in about["networks"]:
                if name not in manifest.networks:
                    manifest.networks.append(name)
                numbers.append(manifest.networks.index(name) + 1)
            about["network_numbers"] = numbers
            about["process_numbers"] = self._numbers_of_processes(about["processes"])
            part = m.Part(
                task.name, number, base, about["first"], about["clock"], about["segments"], about["frames"], about
            )
            manifest.parts.append(part)
            manifest.files |= {name: m.File(*one) for name, one in files.items()}
            manifest.files[task.name].rows = about["segments"]
            base += about["frames"]
            for what, offset, packets in about["damage"]:
                self._missing.append((one.url, _damage(what, offset, packets)))

    def _too_late(self, one: Found, starts: Sequence[int | None]) -> Message | None:
        """Return why a capture is refused that begins before what was dropped ended."""
        limit, skews = self._m.retired_before, {**self._m.skews, **dict(self._asked.skews)}
        start = min((start for start in starts if start is not None), default=None)
        if limit is None or start is None or start + skews.get(one.sensor, 0) >= limit:
            return None
        day = f"{datetime.fromtimestamp(limit // 10**9, UTC):%Y-%m-%d}"
        return Message("it begins before {day}; the dataset no longer has what was before that", day=day)

    def _name_hosts(self, new: dict[int, m.CaptureEntry]) -> None:
        tasks = [
            Naming(self._storage.root, one.name, one.capture, one.base, new[one.capture].offset, one.clock)
            for one in self._m.parts
            if one.capture in new and one.about["messages"]
        ]
        for file, written, count in self._run(NAMING, name_hosts, tasks, needed=True):
            self._m.files[file] = m.File(written.size, written.checksum, count)

    def _numbers_of_processes(self, processes: Sequence[Sequence[Any]]) -> list[int]:
        table = ProcessTable()
        for one in (*self._m.processes, *processes):
            table.number(Process(*one))
        self._m.processes = [list(one) for one in table.processes]
        return [table.number(Process(*one)) for one in processes]

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
        results = self._run(TRACKED, track, tasks, needed=True)
        ids, count = self._give_ids(name, before.connections if before else 0, wanted)
        publishing = [
            Publishing(storage.root, bucket, name, ids, manifest.options, tuple(manifest.networks))
            for bucket in range(manifest.buckets)
        ]
        written = self._run(PUBLISHED, publish, publishing, needed=True)
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

    # --- tasks

    def _run(
        self,
        stage: str,
        work: Callable[[Any], Any],
        tasks: Sequence[Any],
        sizes: Sequence[int] = (),
        needed: bool = False,
    ) -> list[Any]:
        """Do tasks; return their results in order. One that failed is missing (None), or ends all if it is needed."""
        results: list[Any] = [None] * len(tasks)
        if not tasks:
            return results
        failed: list[tuple[str, str]] = []
        whole, packets, size = sum(sizes), 0, 0
        self._progress(Step(stage, 0, len(tasks), 0, 0, whole))
        for done, one in enumerate(self._workers.do(work, tasks), 1):
            if one.failure:
                failed.append((self._named(tasks[one.index]), one.failure))
            else:
                results[one.index] = one.result
                if isinstance(one.result, dict):
                    packets += one.result.get("packets") or one.result.get("segments") or 0
            size += sizes[one.index] if sizes else 0
            self._progress(Step(stage, done, len(tasks), packets, size, whole))
        if failed and needed:
            name, why = failed[0]
            raise Failed(
                Message(
                    "{stage} failed for {count} of {total} parts ({name}: {why}); the same command goes on from there",
                    stage=Message(stage),
                    count=len(failed),
                    total=len(tasks),
                    name=name,
                    why=why,
                )
            )
        self._missing += failed
        return results

    @staticmethod
    def _named(task: Any) -> str:
        return task.url if isinstance(task, Decoding) else Message("bucket {number}", number=task.bucket)


def inputs_of(manifest: m.Manifest, captures: Sequence[int]) -> Iterator[Input]:
    """Yield the files of segments of some captures, those of a capture in a row."""
    wanted = set(captures)
    starts: dict[int, int] = {}
    for part, start, _, offset in manifest.spans():
        if part.capture in wanted:
            begun = starts.setdefault(part.capture, start)
            numbers = tuple(part.about["network_numbers"]), tuple(part.about["process_numbers"])
            yield Input(part.name, part.capture, part.base, offset, begun, *numbers)


def _numbers(storage: Storage) -> tuple[int, ...]:
    """Return the numbers of a new dataset's keys; those of a build that ended before its commit."""
    storage.create(KEYS_FILE, json.dumps(m.new_numbers()).encode())
    return tuple(json.loads(storage.read(KEYS_FILE)))


def sweep(storage: Storage, manifest: m.Manifest) -> list[str]:
    """Remove the files of a dataset that it no longer has, and what a build left behind; return their names."""
    removed = list(left_behind(storage, manifest))
    for name in removed:
        storage.remove(name)
    return removed


def left_behind(storage: Storage, manifest: m.Manifest) -> Iterator[str]:
    """Yield the files that ``sweep`` removes."""
    return (name for name in storage.names() if name not in manifest.files and OWN.fullmatch(name))


def _damage(what: str, offset: int, packets: int) -> Message:
    one = "{what} at byte {offset:,}; 1 packet read before that"
    many = "{what} at byte {offset:,}; {packets:,} packets read before that"
    return Message(one if packets == 1 else many, what=Message(what), offset=offset, packets=packets)
