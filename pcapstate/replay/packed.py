"""Rows and checkpoints in less memory: byte by byte, all first bytes together, so that LZ4 finds what repeats."""

from __future__ import annotations

from typing import Any, NamedTuple

import lz4.block
import numpy as np

from ..rows import Rows
from ..tcp.checkpoint import Checkpoint


class Packed(NamedTuple):
    """Packed rows: their type and number, and the compressed bytes."""

    kind: np.dtype[Any]
    shape: tuple[int, ...]
    data: bytes

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return len(self.data)


def packed(rows: Rows) -> Packed:
    """Pack rows."""
    octets = np.ascontiguousarray(rows).view(np.uint8).reshape(rows.size, rows.dtype.itemsize)
    return Packed(rows.dtype, rows.shape, lz4.block.compress(np.ascontiguousarray(octets.T).tobytes()))


def unpacked(one: Packed) -> Rows:
    """Return the rows, which can be changed."""
    octets = np.frombuffer(lz4.block.decompress(one.data), dtype=np.uint8).reshape(one.kind.itemsize, -1)
    return np.ascontiguousarray(octets.T).reshape(-1).view(one.kind).reshape(one.shape)


class PackedCheckpoint(NamedTuple):
    """A checkpoint whose largest arrays are packed."""

    rest: Checkpoint
    arrays: dict[str, Packed]
    tables: dict[str, Packed]

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return self.rest.size + sum(one.size for one in (*self.arrays.values(), *self.tables.values()))


ARRAYS = ("rows", "timers", "recent", "moved")


def pack_checkpoint(one: Checkpoint) -> PackedCheckpoint:
    """Pack a checkpoint."""
    none = np.zeros(0, dtype=np.int64)
    return PackedCheckpoint(
        one._replace(rows=none, tables={}, timers=none, recent=none, moved=none),
        {name: packed(getattr(one, name)) for name in ARRAYS},
        {name: packed(rows) for name, rows in one.tables.items()},
    )


def unpack_checkpoint(one: Checkpoint | PackedCheckpoint) -> Checkpoint:
    """Return a checkpoint that may be packed."""
    if isinstance(one, Checkpoint):
        return one
    rows, timers, recent, moved = (unpacked(one.arrays[name]) for name in ARRAYS)
    tables = {name: unpacked(given) for name, given in one.tables.items()}
    return one.rest._replace(rows=rows, tables=tables, timers=timers, recent=recent, moved=moved)
