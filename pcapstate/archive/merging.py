"""The segments of one bucket, of all captures, in the order in which ``sources.merging`` reads captures as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np

from ..rows import Rows, gathered
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


class _Open:
    """What is left of the files of a capture."""

    def __init__(
        self, storage: Storage, inputs: list[Input], bucket: int, keys: Rows | None, until: int | None
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
        rows, short = self.found
        taken = rows[:count], short[:count], self._keys[:count]
        self.found, self._keys = Found(rows[count:], short[count:]), self._keys[count:]
        return taken


def _pieces(
    storage: Storage, inputs: list[Input], bucket: int, keys: Rows | None, until: int | None
) -> Iterator[Found]:
    for one in inputs:
        with storage.open(one.name) as file:
            for block in blocks_of(read_footer(file, one.name).blocks, bucket):
                if until is None or block.first + one.offset <= until:
                    yield corrected(file, block, one, keys, until)


def corrected(file: IO[bytes], block: Block, one: Input, keys: Rows | None = None, until: int | None = None) -> Found:
    """Return the segments of a block as the dataset has them: times, numbers, virtual networks."""
    found = read_block(file, block, one.name, keys, None if until is None else until - one.offset)
    rows = found.rows
    rows["time"] += one.offset
    rows["number"] += (one.capture << NUMBER_BITS) + one.base
    if one.networks:
        rows["network"] = np.array([0, *one.networks], dtype=np.int32)[rows["network"]]
    return found


def merged(
    storage: Storage, inputs: Sequence[Input], bucket: int, keys: Rows | None = None, until: int | None = None
) -> Iterator[Found]:
    """Yield the segments of a bucket in time order. ``keys``, ``until``: as for ``segments.read_block``.

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
        rows, short, order = (np.concatenate(some) for some in zip(*parts, strict=True))
        if len(parts) > 1:
            places = np.argsort(order, kind="stable")
            rows, short = gathered(rows, places), short[places]
        yield Found(rows, short)
