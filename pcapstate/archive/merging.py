"""The segments of one bucket, of all captures, in the order in which ``sources.merging`` reads captures as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np

from ..rows import Rows, gathered, unique
from ..sources.packet_options import PROCESS_NUMBER
from .manifest import Manifest
from .segments import Block, Found, blocks_of, read_block, read_footer
from .storage import Storage

NUMBER_BITS = 32
"""Of a packet's number in a dataset, the lower bits are that of its frame; above them is the capture's."""


class Input(NamedTuple):
    """A file of segments, and what its captures' segments become in the dataset."""

    name: str
    capture: int
    """The number of the capture."""
    base: int
    """Frames of the capture before the file."""
    offset: int
    """Nanoseconds that are added to times."""
    start: int
    """When the capture begins, ns since the epoch, corrected."""
    networks: tuple[int, ...]
    """The dataset's numbers of the virtual networks that segments name by theirs."""
    processes: tuple[int, ...] = ()
    """The same of processes."""


class Keyed:
    """Keys of connections by their bucket."""

    def __init__(self, keys: Rows, shift: int) -> None:
        self._keys, self._shift = unique(keys), shift
        self.buckets = frozenset((self._keys >> shift).tolist())

    def of(self, bucket: int) -> Rows:
        """Return those in a bucket, in ascending order."""
        first, last = np.searchsorted(self._keys, [bucket << self._shift, (bucket + 1) << self._shift])
        return self._keys[first:last]


class _Open:
    """What is left of the files of a capture."""

    def __init__(
        self, storage: Storage, inputs: list[Input], bucket: int | None, keys: Keyed | None, until: int | None
    ) -> None:
        self._pieces = _pieces(storage, inputs, bucket, keys, until)
        self._latest = np.iinfo(np.int64).min
        self.found: Found | None = None
        self._keys = np.zeros(0, dtype=np.int64)

    def fill(self) -> bool:
        """Ensure that there are segments to merge; False at the end."""
        while self.found is None or not len(self.found.rows):
            self.found = next(self._pieces, None)
            if self.found is None:
                return False
            if len(self.found.rows):
                # Segments of one capture keep their order, even if its clock went backwards.
                times = self.found.rows["time"].copy()
                times[0] = max(times[0], self._latest)
                self._keys = np.maximum.accumulate(times)
                self._latest = int(self._keys[-1])
        return True

    @property
    def last(self) -> int:
        return int(self._keys[-1])

    def take(self, until: int) -> tuple[Rows, Rows, Rows]:
        assert self.found is not None
        count = int(np.searchsorted(self._keys, until, side="right"))
        rows, beside = self.found
        taken = rows[:count], beside[:count], self._keys[:count]
        self.found, self._keys = Found(rows[count:], beside[count:]), self._keys[count:]
        return taken


def _pieces(
    storage: Storage, inputs: list[Input], bucket: int | None, keys: Keyed | None, until: int | None
) -> Iterator[Found]:
    for one in inputs:
        with storage.open(one.name) as file:
            for run in _runs(read_footer(file, one.name).blocks, bucket):
                wanted = [
                    block
                    for block in run
                    if (until is None or block.first + one.offset <= until)
                    and (keys is None or block.bucket in keys.buckets)
                ]
                pieces = [_corrected(file, block, one, keys, until) for block in wanted]
                pieces = [piece for piece in pieces if len(piece.rows)]
                if len(pieces) > 1:
                    rows, beside = (np.concatenate(some) for some in zip(*pieces, strict=True))
                    # Frames of several segments have these in one order, whatever their buckets: that of the capture.
                    order = np.argsort(rows["number"], kind="stable")
                    yield Found(gathered(rows, order), beside[order])
                else:
                    yield from pieces


def _runs(blocks: Sequence[Block], bucket: int | None) -> Iterator[list[Block]]:
    """Yield the blocks that were shared out together, of all buckets; of one bucket, each of its blocks."""
    if bucket is not None:
        yield from ([one] for one in blocks_of(blocks, bucket))
        return
    run: list[Block] = []
    for one in blocks:
        if run and one.bucket <= run[-1].bucket:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _corrected(file: IO[bytes], block: Block, one: Input, keys: Keyed | None, until: int | None) -> Found:
    """Return the segments of a block as the dataset has them: times, numbers, virtual networks."""
    of = None if keys is None else keys.of(block.bucket)
    found = read_block(file, block, one.name, of, None if until is None else until - one.offset)
    rows = found.rows
    rows["time"] += one.offset
    rows["number"] += (one.capture << NUMBER_BITS) + one.base
    if one.networks:
        rows["network"] = np.array([0, *one.networks], dtype=np.int32)[rows["network"]]
    if one.processes:
        known = np.array([0, *one.processes], dtype=np.uint16)
        marks, number = found.beside["process"], found.beside["process"] & PROCESS_NUMBER
        found.beside["process"] = marks & ~np.uint16(PROCESS_NUMBER) | known[number]
        found.beside["effective"] = known[found.beside["effective"]]
    return found


def merged(
    storage: Storage,
    inputs: Sequence[Input],
    bucket: int | None = None,
    keys: Keyed | None = None,
    until: int | None = None,
) -> Iterator[Found]:
    """Yield segments in time order: of a bucket, or of all. ``keys``: only those of some; ``until``: up to a time.

    ``inputs``: those of a capture one after the other, as its ranges are. Raises DamagedFile, OSError.
    """
    captures: dict[int, list[Input]] = {}
    for one in inputs:
        captures.setdefault(one.capture, []).append(one)
    waiting = sorted(captures.values(), key=lambda files: files[0].start)[::-1]
    opened: list[_Open] = []
    while True:
        opened = [one for one in opened if one.fill()]
        reach = min((one.last for one in opened), default=None)
        if waiting and (reach is None or waiting[-1][0].start <= reach):
            start = waiting[-1][0].start
            while waiting and waiting[-1][0].start == start:
                opened.append(_Open(storage, waiting.pop(), bucket, keys, until))
            continue
        if reach is None:
            return
        parts = [one.take(reach) for one in opened]
        rows, beside, order = (np.concatenate(some) for some in zip(*parts, strict=True))
        if len(parts) > 1:
            places = np.argsort(order, kind="stable")
            rows, beside = gathered(rows, places), beside[places]
        yield Found(rows, beside)


def inputs_of(manifest: Manifest, captures: Sequence[int]) -> Iterator[Input]:
    """Yield the files of segments of some captures, those of a capture in a row."""
    wanted = set(captures)
    starts: dict[int, int] = {}
    for part, start, _, offset in manifest.spans():
        if part.capture in wanted:
            begun = starts.setdefault(part.capture, start)
            numbers = tuple(part.about["network_numbers"]), tuple(part.about["process_numbers"])
            yield Input(part.name, part.capture, part.base, offset, begun, *numbers)
