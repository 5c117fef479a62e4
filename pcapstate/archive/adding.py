"""Captures that are new in a dataset: which they are, the first stage, and what is noted of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from ..errors import PcapstateError
from ..messages import Message
from ..sources.process_blocks import Process, ProcessTable
from . import manifest as m
from .checksums import PIECE, combined
from .decoding import NAMES, Decoding, decode
from .finding import Found, find, opened
from .ranges import RANGE, boundaries
from .running import DECODED, Running
from .storage import Storage
from .sweeping import OWN

LOOKED_AT = 1 << 18
"""Bytes that an object store is asked for at a time, where only the surroundings of cuts are looked at."""


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


class Adding:
    """Adds captures to a manifest. ``left_out``: files that are no captures; ``copies``: captures that are there."""

    def __init__(self, storage: Storage, manifest: m.Manifest, asked: Building, running: Running) -> None:
        self._storage, self._m, self._asked, self._running = storage, manifest, asked, running
        self.left_out: list[tuple[str, str]] = []
        self.copies: list[tuple[str, str]] = []

    def _news(self) -> list[Found]:
        found, unread = find(self._asked.sources, self._asked.sensors)
        self._running.missing += unread
        known = {one.url: one for one in self._m.captures}
        retired = {one.url for one in self._m.retired}
        news = []
        storage = self._storage
        own = (os.path.realpath(storage.root) if storage.remote is None else storage.root) + "/"
        for one in found:
            path = one.url if storage.remote is not None else os.path.realpath(one.url)
            if path.startswith(own) and (path.startswith(f"{own}{m.FOLDER}/") or OWN.fullmatch(path[len(own) :])):
                # The dataset lies in a folder of captures.
                continue
            before = known.get(one.url)
            if before is None:
                if one.url not in retired:
                    news.append(one)
            elif (before.size, before.version) != (one.size, one.version):
                why = Message("it has changed since it was added; a capture is added once it is whole")
                self._running.missing.append((one.url, why))
        return news

    def add(self) -> None:
        """Decode the captures that are new, and note them in the manifest."""
        news = self._news()
        tasks, of = [], []
        for one in news:
            for task in self._tasks(one):
                tasks.append(task)
                of.append(one)
        results = self._running.run(DECODED, decode, tasks, [task.end - task.start for task in tasks])
        by_capture: dict[str, list[tuple[Decoding, dict[str, Any]]]] = {}
        for task, one, result in zip(tasks, of, results, strict=True):
            by_capture.setdefault(one.url, []).append((task, result))
        wrong = [one for one in news if not self._fits(by_capture.get(one.url, []))]
        tasks = [self._whole(one) for one in wrong]
        for one, task, result in zip(
            wrong, tasks, self._running.run(DECODED, decode, tasks, [one.size for one in wrong]), strict=True
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
        name = f"{m.SEGMENTS}/{hashlib.sha256(told).hexdigest()[:16]}{ending}.segments"
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
                (self.left_out if result["foreign"] else self._running.missing).append((one.url, result["unread"]))
                return
        digests = [bytes.fromhex(digest) for _, result in parts for digest in result["digests"]]
        checksum = combined(digests)
        known = [*manifest.captures, *manifest.retired]
        same = next((other for other in known if other.checksum == checksum), None)
        late = self._too_late(one, [result["first"] for _, result in parts])
        if same is not None or late is not None:
            if same is not None:
                self.copies.append((one.url, same.url))
            elif late is not None:
                self._running.missing.append((one.url, late))
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
                self._running.missing.append((one.url, _damage(what, offset, packets)))

    def _too_late(self, one: Found, starts: Sequence[int | None]) -> Message | None:
        """Return why a capture is refused that begins before what was dropped ended."""
        limit, skews = self._m.retired_before, {**self._m.skews, **dict(self._asked.skews)}
        start = min((start for start in starts if start is not None), default=None)
        if limit is None or start is None or start + skews.get(one.sensor, 0) >= limit:
            return None
        day = f"{datetime.fromtimestamp(limit // 10**9, UTC):%Y-%m-%d}"
        return Message("it begins before {day}; the dataset no longer has what was before that", day=day)

    def _numbers_of_processes(self, processes: Sequence[Sequence[Any]]) -> list[int]:
        table = ProcessTable()
        for one in (*self._m.processes, *processes):
            table.number(Process(*one))
        self._m.processes = [list(one) for one in table.processes]
        return [table.number(Process(*one)) for one in processes]


def _damage(what: str, offset: int, packets: int) -> Message:
    one = "{what} at byte {offset:,}; 1 packet read before that"
    many = "{what} at byte {offset:,}; {packets:,} packets read before that"
    return Message(one if packets == 1 else many, what=Message(what), offset=offset, packets=packets)
