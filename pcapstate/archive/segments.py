"""Files of segments, which the tasks hand over: columns of the headers of TCP, in blocks by bucket and time.

A file: MAGIC; blocks, each of two Zstandard frames (INDEX, REST: byte by byte, all first bytes together); a footer in
JSON, its length in eight bytes, MAGIC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
import zstandard

from ..decode.segment import SEGMENT
from ..errors import PcapstateError
from ..messages import Message
from ..rows import Rows, among, gathered
from .keys import Keys

MAGIC = b"PCSEG\x001\n"
INDEX = np.dtype([("time", "<i8"), ("key", "<u4")])
"""By what segments are found."""
NAMED = (
    "source_high", "source_low", "target_high", "target_low", "seq", "ack", "source_port", "target_port", "length",
    "window", "flags", "mark", "network", "options",
)  # fmt: skip
REST = np.dtype(
    [
        ("number", "<u4"),  # of the frame in its capture, less ``first``
        ("source_high", "<i8"),
        ("source_low", "<i8"),
        ("target_high", "<i8"),
        ("target_low", "<i8"),
        ("seq", "<u4"),
        ("ack", "<u4"),
        ("source_port", "<u2"),
        ("target_port", "<u2"),
        ("length", "<i4"),
        ("window", "<u2"),
        ("flags", "<i2"),
        ("mark", "<u4"),
        ("network", "<i4"),
        ("options", "<i4"),
        ("short", "u1"),
        ("process", "<u2"),
        ("effective", "<u2"),
    ]
)
"""What else is known of a segment: as in SEGMENT, and BESIDE."""
BESIDE = np.dtype(
    [
        ("short", "u1"),  # as ``findings.looking`` finds: 1: data, but no more than a short record of TLS
        ("process", "<u2"),  # as in FRAME
        ("effective", "<u2"),
    ]
)
"""What watchers found in the frame of a segment."""
RUN = 1 << 19
"""Segments that are shared out together, each bucket's to a block of its own."""
LEVEL = 1


class Block(NamedTuple):
    """A block: segments of one bucket in the order of the capture."""

    bucket: int
    offset: int
    """Of its first byte in the file."""
    index_size: int
    size: int
    segments: int
    first: int
    """The earliest and the latest time, ns since the epoch."""
    last: int


class DamagedFile(PcapstateError):
    """A file of a dataset is damaged."""


class Writer:
    """Writes a file of segments. ``bits``: of a key, how many give the bucket."""

    def __init__(self, file: IO[bytes], keys: Keys) -> None:
        self._file, self._keys = file, keys
        self._blocks: list[Block] = []
        self._pieces: list[Rows] = []
        self._beside: list[Rows] = []
        self._waiting = 0
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._at = file.write(MAGIC)
        self.count = 0
        """Segments so far."""

    def add(self, segments: Rows, beside: Rows) -> None:
        """Add segments (SEGMENT), which are copied, and their rows of BESIDE. Rows without a segment are left out."""
        keys = self._keys.of_segments(segments)
        there = np.flatnonzero(keys >= 0)
        if not len(there):
            return
        piece = gathered(segments, there)
        # The tracker sets it anew; until then it is where the key is kept.
        piece["endpoint"] = keys[there]
        self._pieces.append(piece)
        self._beside.append(beside[there])
        self._waiting += len(piece)
        if self._waiting >= RUN:
            self._share()

    def _share(self) -> None:
        if not self._waiting:
            return
        rows, beside = np.concatenate(self._pieces), np.concatenate(self._beside)
        self._pieces, self._beside, self._waiting = [], [], 0
        buckets = self._keys.buckets(rows["endpoint"]).astype(np.uint16)
        order = np.argsort(buckets, kind="stable")
        edges = np.concatenate([[0], np.cumsum(np.bincount(buckets))])
        for bucket in np.flatnonzero(np.diff(edges)).tolist():
            places = order[edges[bucket] : edges[bucket + 1]]
            self._write(bucket, gathered(rows, places), beside[places])
        self.count += len(rows)

    def _write(self, bucket: int, rows: Rows, beside: Rows) -> None:
        index, rest = np.empty(len(rows), dtype=INDEX), np.empty(len(rows), dtype=REST)
        index["time"], index["key"] = rows["time"], rows["endpoint"]
        rest["number"] = rows["number"]
        for name in BESIDE.names or ():
            rest[name] = beside[name]
        for name in NAMED:
            rest[name] = rows[name]
        parts = [self._compressor.compress(_octets(one)) for one in (index, rest)]
        times = rows["time"]
        sizes = [len(one) for one in parts]
        block = Block(bucket, self._at, sizes[0], sum(sizes), len(rows), int(times.min()), int(times.max()))
        self._blocks.append(block)
        for one in parts:
            self._at += self._file.write(one)

    def finish(self, about: dict[str, Any]) -> dict[str, Any]:
        """Write what is left, and the footer: ``about`` with the number of segments, which is returned; the blocks."""
        self._share()
        about = {**about, "segments": self.count}
        footer = json.dumps({**about, "blocks": self._blocks}).encode()
        self._file.write(footer + len(footer).to_bytes(8, "little") + MAGIC)
        return about


def _octets(rows: Rows) -> bytes:
    return np.ascontiguousarray(rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize).T).tobytes()


def _rows(data: bytes, kind: np.dtype[Any], count: int, what: str) -> Rows:
    try:
        if zstandard.frame_content_size(data) != count * kind.itemsize:
            # More than that would be memory for nothing.
            raise ValueError
        octets = zstandard.ZstdDecompressor().decompress(data)
        columns = np.frombuffer(octets, dtype=np.uint8).reshape(kind.itemsize, count)
    except (zstandard.ZstdError, ValueError):
        raise damaged(what) from None
    return columns.T.copy().reshape(-1).view(kind)


def damaged(name: str) -> DamagedFile:
    """Return the error that a file of a dataset is damaged."""
    return DamagedFile(Message("{name} is damaged; pcapstate archive verify names all such files", name=name))


class Footer(NamedTuple):
    """What a file of segments says at its end."""

    about: dict[str, Any]
    blocks: tuple[Block, ...]


def read_footer(file: IO[bytes], name: str) -> Footer:
    """Return the footer of a file of segments. Raises DamagedFile, OSError."""
    end = file.seek(0, 2)
    tail = len(MAGIC) + 8
    if end < tail + len(MAGIC):
        raise damaged(name)
    file.seek(end - tail)
    raw = file.read(tail)
    size = int.from_bytes(raw[:8], "little")
    if raw[8:] != MAGIC or size > end - tail:
        raise damaged(name)
    file.seek(end - tail - size)
    try:
        about = json.loads(file.read(size))
        blocks = tuple(Block(*one) for one in about.pop("blocks"))
        if not all(type(value) is int for one in blocks for value in one):
            raise ValueError
        if any(one.offset < 0 or not 0 <= one.index_size <= one.size <= end - one.offset for one in blocks):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise damaged(name) from None
    return Footer(about, blocks)


class Found(NamedTuple):
    """Segments of a block: rows of SEGMENT, ``endpoint`` not set, and of BESIDE."""

    rows: Rows
    beside: Rows


def read_block(file: IO[bytes], block: Block, name: str, keys: Rows | None = None, until: int | None = None) -> Found:
    """Return the segments of a block. Raises DamagedFile, OSError.

    ``keys``: only those with one of these keys, which ascend; ``until``: only those up to a time, ns since the epoch.
    """
    file.seek(block.offset)
    data = file.read(block.size)
    if len(data) < block.size:
        raise damaged(name)
    index = _rows(data[: block.index_size], INDEX, block.segments, name)
    chosen = None
    if keys is not None:
        chosen = among(index["key"], keys.astype(np.uint32))
    if until is not None and block.last > until:
        early = index["time"] <= until
        chosen = early if chosen is None else chosen & early
    if chosen is not None and not chosen.any():
        return Found(np.zeros(0, dtype=SEGMENT), np.zeros(0, dtype=BESIDE))
    rest = _rows(data[block.index_size :], REST, block.segments, name)
    if chosen is not None:
        index, rest = index[chosen], rest[chosen]
    rows = np.zeros(len(rest), dtype=SEGMENT)
    rows["time"], rows["number"], rows["payload"] = index["time"], rest["number"], -1
    for field in NAMED:
        rows[field] = rest[field]
    beside = np.empty(len(rest), dtype=BESIDE)
    for field in BESIDE.names or ():
        beside[field] = rest[field]
    return Found(rows, beside)


def blocks_of(blocks: Sequence[Block], bucket: int) -> Iterator[Block]:
    """Yield the blocks of a bucket, in the order of the capture."""
    return (one for one in blocks if one.bucket == bucket)
