"""How far the clocks of sensors are apart, from packets that two of them captured.

The delay of a packet between two sensors is part of the difference of its times. With packets of both directions of a
connection it cancels, as far as it is the same both ways; otherwise it cannot be told from the clocks. A difference
below SMALL is taken as none. A sensor has one estimate: drift within a dataset is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import combinations
from typing import IO, NamedTuple

import numpy as np

from ..comparing.prints import mixed
from ..rows import Rows
from .manifest import Manifest, Part
from .segments import Block, Footer, blocks_of, read_block, read_footer
from .storage import Storage

SECOND = 10**9
APART = 3600 * SECOND
"""Nanoseconds that clocks are apart at most."""
SMALL = 2_000_000
"""Nanoseconds below which a difference may be delay."""
MOVED = 10_000_000
"""Nanoseconds by which an estimate differs from an earlier one to replace it."""
CLOSE = 10_000_000
"""Nanoseconds around an estimate within which most differences are to be."""
MOST = 2 / 3
LEAST = 20
"""Packets that two sensors captured, for an estimate."""
ENOUGH = 2000
"""Those for which no more are searched."""
READ = 1 << 20
"""Segments of a sensor that are read at most to compare it with another one."""
IN_A_BUCKET = READ // 4
"""Those of one bucket of a capture, at most, beside the first block."""
PAIRS, NEW_ONES, PARTS = 8, 64, 8
"""Bounds: pairs of captures of two sensors, new captures for which the others are searched, files of a capture."""
PRINT = (
    "source_high", "source_low", "target_high", "target_low", "source_port", "target_port", "seq", "ack", "flags",
    "length", "mark",
)  # fmt: skip
"""What all copies of a packet have alike."""


class _Capture(NamedTuple):
    start: int
    """By its sensor's clock."""
    end: int
    new: bool
    parts: list[Part]


class _Prints(NamedTuple):
    """Packets that were captured once, by fingerprint in ascending order."""

    prints: Rows
    times: Rows
    connections: Rows
    """A fingerprint of the 4-tuple."""
    sides: Rows
    """Which end sent it."""


class _Group(NamedTuple):
    """Sensors whose offsets are known relative to each other."""

    offsets: dict[str, int]
    fixed: bool
    """They are known."""


def estimated(storage: Storage, manifest: Manifest, known: Mapping[str, int], new: Sequence[int]) -> dict[str, int]:
    """Return how many nanoseconds the clocks of sensors are behind, where ``new`` captures have packets of others.

    ``known``: what somebody said, which stays. Offsets are relative to that, else to a sensor that keeps the offset it
    has in the manifest: the one with the smallest, then with most captures, then the first by name. Sensors without
    common packets may be connected by others. An earlier estimate stays unless it is wrong by more than MOVED.
    Raises DamagedFile, OSError.
    """
    sensors = _captures(manifest, set(new))
    if len(sensors) < 2:
        return {}
    groups = {name: _Group({name: 0}, False) for name in sensors}
    said = _Group({name: known[name] for name in sensors if name in known}, True)
    groups |= dict.fromkeys(said.offsets, said)
    for first, second, pairs in _pairs(sensors):
        one, other = groups[first], groups[second]
        if one is other:
            continue
        difference = _compared(storage, manifest.buckets, pairs)
        if difference is None:
            continue
        # What is added to the offsets of the other group, so that both sensors have the same times.
        moved = one.offsets[first] - difference - other.offsets[second]
        if other.fixed:
            one, other, moved = other, one, -moved
        joined = one._replace(
            offsets={**one.offsets, **{name: offset + moved for name, offset in other.offsets.items()}}
        )
        groups |= dict.fromkeys(joined.offsets, joined)
    found: dict[str, int] = {}
    for group in {id(one): one for one in groups.values()}.values():
        if len(group.offsets) > 1:
            found |= _absolute(group, manifest, known, sensors)
    return found


def _absolute(
    group: _Group, manifest: Manifest, known: Mapping[str, int], sensors: Mapping[str, Sequence[_Capture]]
) -> dict[str, int]:
    """Return the offsets of a group's sensors that are not known, with those that stay as they are."""
    before, moved = manifest.skews, 0
    if not group.fixed:
        earlier = [name for name in group.offsets if name in before or not all(one.new for one in sensors[name])]
        reference = min(
            earlier or group.offsets, key=lambda name: (abs(before.get(name, 0)), -len(sensors[name]), name)
        )
        moved = before.get(reference, 0) - group.offsets[reference]
    found = {name: offset + moved for name, offset in group.offsets.items() if name not in known}
    # Where another sensor's offset was given, what is left may be the way between the two.
    found = {name: 0 if abs(offset) < SMALL else offset for name, offset in found.items()}
    return {
        name: before[name] if name in before and abs(before[name] - offset) <= MOVED else offset
        for name, offset in found.items()
    }


def _captures(manifest: Manifest, new: set[int]) -> dict[str, list[_Capture]]:
    """Return the captures with segments, by sensor."""
    parts: dict[int, list[Part]] = {}
    for part in manifest.parts:
        if part.first is not None and part.segments:
            parts.setdefault(part.capture, []).append(part)
    found: dict[str, list[_Capture]] = {}
    for one in manifest.captures:
        if some := parts.get(one.number):
            start, end = min(part.first or 0 for part in some), max(part.clock for part in some)
            found.setdefault(one.sensor, []).append(_Capture(start, end, one.number in new, some))
    return found


def _pairs(sensors: Mapping[str, list[_Capture]]) -> Iterator[tuple[str, str, list[tuple[_Capture, _Capture]]]]:
    """Yield two sensors with captures of about the same time, a new one in each pair: most of it in common first."""
    found = []
    for first, second in combinations(sorted(sensors), 2):
        pairs = [(common, one, other) for common, one, other in _overlaps(sensors[first], sensors[second])]
        pairs += [(common, other, one) for common, one, other in _overlaps(sensors[second], sensors[first])]
        pairs.sort(key=lambda pair: (-pair[0], pair[1].start, pair[2].start))
        some = list({(id(one), id(other)): (one, other) for _, one, other in pairs}.values())[:PAIRS]
        if some:
            found.append((sum(common for common, *_ in pairs[:PAIRS]), first, second, some))
    found.sort(key=lambda pair: (-pair[0], pair[1:3]))
    for _, first, second, some in found:
        yield first, second, some


def _overlaps(ours: list[_Capture], others: list[_Capture]) -> Iterator[tuple[int, _Capture, _Capture]]:
    """Yield new captures with others, and the nanoseconds that they have in common by their clocks."""
    news = [one for one in ours if one.new]
    starts, ends = (np.array([one[at] for one in others]) for at in (0, 1))
    for one in news[:: -(-len(news) // NEW_ONES) or 1]:
        common = np.minimum(one.end, ends) - np.maximum(one.start, starts)
        best = np.argsort(-common, kind="stable")[:PAIRS]
        for at in best[common[best] >= -APART].tolist():
            yield int(common[at]), one, others[at]


def _compared(storage: Storage, buckets: int, pairs: list[tuple[_Capture, _Capture]]) -> int | None:
    """Return how far the second sensor's clock is ahead of the first one's, ns; None if that cannot be told."""
    read = [_Sample(storage), _Sample(storage)]
    matches: list[tuple[Rows, Rows, Rows]] = []
    count = 0
    with ExitStack() as stack:
        for one in read:
            stack.push(one.close)
        for bucket in range(buckets):
            for pair in pairs:
                middle = (max(one.start for one in pair) + min(one.end for one in pair)) // 2
                first, second = (sample.of(capture, bucket, middle) for sample, capture in zip(read, pair, strict=True))
                matches.append(_matches(first, second))
                count += len(matches[-1][0])
                if count >= ENOUGH or any(one.read >= READ for one in read):
                    return _difference(*(np.concatenate(one) for one in zip(*matches, strict=True)))
    return _difference(*(np.concatenate(one) for one in zip(*matches, strict=True)))


class _Sample:
    """What was read of a sensor, to be compared with another one."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._files: dict[str, tuple[IO[bytes], Footer]] = {}
        self.read = 0

    def close(self, *_: object) -> None:
        """Close its files."""
        for file, _footer in self._files.values():
            file.close()

    def of(self, capture: _Capture, bucket: int, middle: int) -> _Prints:
        """Return packets of a bucket, those around a time if there are many."""
        near = sorted(capture.parts, key=lambda part: _away(part.first or 0, part.clock, middle))[:PARTS]
        blocks = [(block, *self._file(part.name), part.name) for part in near for block in self._blocks(part, bucket)]
        blocks.sort(key=lambda one: _away(one[0].first, one[0].last, middle))
        found, count = [], 0
        for block, file, _, name in blocks:
            if count and count + block.segments > IN_A_BUCKET:
                break
            found.append(read_block(file, block, name).rows)
            count += block.segments
        self.read += count
        return _once(found)

    def _blocks(self, part: Part, bucket: int) -> Iterator[Block]:
        return blocks_of(self._file(part.name)[1].blocks, bucket)

    def _file(self, name: str) -> tuple[IO[bytes], Footer]:
        if name not in self._files:
            file = self._storage.open(name)
            self._files[name] = file, read_footer(file, name)
        return self._files[name]


def _away(first: int, last: int, time: int) -> int:
    return max(first - time, time - last, 0)


def _once(found: Sequence[Rows]) -> _Prints:
    """Return packets that are there once."""
    parts = []
    for rows in found:
        rows = rows[rows["flags"] >= 0]
        ends = [mixed([rows[f"{end}_{what}"] for what in ("high", "low", "port")]) for end in ("source", "target")]
        connections = mixed([np.minimum(*ends), np.maximum(*ends)])
        parts.append((mixed([rows[name] for name in PRINT]), rows["time"], connections, ends[0] < ends[1]))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return _Prints(none.astype(np.uint64), none, none.astype(np.uint64), none.astype(bool))
    prints, *others = (np.concatenate(one) for one in zip(*parts, strict=True))
    known, at, count = np.unique(prints, return_index=True, return_counts=True)
    chosen = at[count == 1]
    return _Prints(known[count == 1], *(one[chosen] for one in others))


def _matches(first: _Prints, second: _Prints) -> tuple[Rows, Rows, Rows]:
    """Return of packets in both: the difference of their times, the connection, the side."""
    _, one, other = np.intersect1d(first.prints, second.prints, assume_unique=True, return_indices=True)
    differences = second.times[other] - first.times[one]
    near = np.abs(differences) <= APART
    return differences[near], first.connections[one][near], first.sides[one][near]


def _difference(differences: Rows, connections: Rows, sides: Rows) -> int | None:
    """Return the difference of two clocks; None if there are too few packets, or their differences differ."""
    if len(differences) < LEAST:
        return None
    order = np.lexsort((differences, sides, connections))
    differences, connections, sides = differences[order], connections[order], sides[order]
    new = np.append(True, (connections[1:] != connections[:-1]) | (sides[1:] != sides[:-1]))
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(differences)))
    medians = differences[starts + (counts - 1) // 2]
    # A connection with packets of both sides has two medians, one behind the other; the delay is between them.
    pairs = np.flatnonzero(connections[starts][1:] == connections[starts][:-1])
    both = np.zeros(len(starts), dtype=bool)
    both[pairs] = both[pairs + 1] = True
    middles = medians.copy()
    middles[pairs] = middles[pairs + 1] = medians[pairs] + (medians[pairs + 1] - medians[pairs]) // 2
    of = np.cumsum(new) - 1
    chosen = both[of] if counts[both].sum() >= LEAST else np.ones(len(of), dtype=bool)
    apart = np.sort(middles[of][chosen])
    median = int(apart[(len(apart) - 1) // 2])
    left = differences - medians[of] + middles[of] - median
    if np.mean(np.abs(left[chosen]) <= CLOSE) < MOST:
        return None
    return median if abs(median) >= SMALL else 0
