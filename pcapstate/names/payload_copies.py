"""Copy payloads out of the buffer of a batch: the only work on a datagram while the capture is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import COMPILING, entry, inner


@entry(np.uint8, np.int64, int, np.uint8)
def gather(data: Any, spans: Any, count: int, out: Any) -> int:
    """Copy ``count`` spans of ``data`` (start and length each, checked by the caller) to ``out``, without gaps.

    Returns the bytes written; stops before the first span without room in ``out``.
    """
    at = 0
    for index in range(count):
        length = spans[2 * index + 1]
        if length > len(out) - at:
            break
        copy(data, spans[2 * index], length, out, at)
        at += length
    return at


if COMPILING:

    @inner
    def copy(data: Any, start: int, length: int, out: Any, at: int) -> None:  # noqa: D103
        for index in range(length):
            out[at + index] = data[start + index]

else:

    def copy(data: Any, start: int, length: int, out: Any, at: int) -> None:
        """Copy bytes: by a slice in plain Python, by a loop in compiled code."""
        out[at : at + length] = data[start : start + length]
