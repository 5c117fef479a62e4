"""Arrays in a file: a line of JSON, then each array in a Zstandard frame, byte by byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import zstandard

from ..rows import Rows
from .segments import damaged

MAGIC = b"PCARR\x001\n"


def packed(arrays: Mapping[str, Rows], about: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays of one dimension, and what else there is to say (as JSON), as bytes."""
    compressor = zstandard.ZstdCompressor(level=1)
    parts, sizes = [], []
    for name, rows in arrays.items():
        rows = np.ascontiguousarray(rows)
        octets = rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize).T
        parts.append(compressor.compress(np.ascontiguousarray(octets).tobytes()))
        sizes.append([name, "" if rows.dtype.names else rows.dtype.str, rows.dtype.itemsize, len(rows), len(parts[-1])])
    head = json.dumps({"about": dict(about or {}), "arrays": sizes}).encode()
    return b"".join((MAGIC, len(head).to_bytes(8, "little"), head, *parts))


def unpacked(data: bytes, name: str, kinds: Mapping[str, np.dtype[Any]]) -> tuple[dict[str, Rows], dict[str, Any]]:
    """Return the arrays, which can be changed, and what else was said; ``kinds``: the types of records.

    Raises DamagedFile.
    """
    try:
        if data[:8] != MAGIC:
            raise ValueError
        at = 16 + int.from_bytes(data[8:16], "little")
        head = json.loads(data[16:at])
        found = {}
        for one, simple, width, count, size in head["arrays"]:
            kind = np.dtype(simple) if simple else kinds[one]
            if kind.itemsize != width:
                raise ValueError
            octets = zstandard.ZstdDecompressor().decompress(data[at : at + size], max_output_size=count * width)
            columns = np.frombuffer(octets, dtype=np.uint8).reshape(width, count)
            found[one] = columns.T.copy().reshape(-1).view(kind)
            at += size
        return found, head["about"]
    except (ValueError, KeyError, TypeError, zstandard.ZstdError):
        raise damaged(name) from None


def head(data: bytes, name: str) -> dict[str, Any]:
    """Return what was said beside the arrays. Raises DamagedFile."""
    try:
        found: dict[str, Any] = json.loads(data[16 : 16 + int.from_bytes(data[8:16], "little")])["about"]
        return found
    except (ValueError, KeyError, TypeError):
        raise damaged(name) from None
