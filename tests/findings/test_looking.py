"""What the loop over segments finds, against what NumPy does, plain and compiled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode.segment import SEGMENT
from pcapstate.findings.looking import KEYS, SHORT
from pcapstate.kernels.running import PLAIN, Kernels

FIELDS = (
    *("source_high", "source_low", "target_high", "target_low", "source_port", "target_port"),
    *("seq", "ack", "length", "window", "flags", "mark"),
)


def looked(segments: np.ndarray, data: np.ndarray, way: str | None) -> list[list[int]]:
    """Return rows, prints, times, numbers, the rows with data, and whether that is a short record."""
    columns = np.zeros((5, len(segments)), dtype=np.int64)
    shorts, count = np.zeros(len(segments), dtype=np.uint8), np.zeros(1, dtype=np.int64)
    keys = np.random.default_rng(1).integers(0, 2**29, KEYS) * 2 + 1
    found = Kernels(way).look_through(data, segments, keys, *columns, shorts, count)
    return [
        *(column[:found].tolist() for column in columns[:4]),
        *(one[: count[0]].tolist() for one in (columns[4], shorts)),
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(*(st.integers(-1, 2) for _ in FIELDS), st.integers(-1, 8)), max_size=12),
    st.binary(min_size=9, max_size=9),
)
def test_against_numpy(rows: list[tuple[int, ...]], octets: bytes) -> None:
    segments = np.zeros(len(rows), dtype=SEGMENT)
    data = np.frombuffer(octets.replace(b"\x00", b"\x16").replace(b"\x01", b"\x03"), dtype=np.uint8)
    for index, row in enumerate(rows):
        for field, value in zip((*FIELDS, "payload"), row, strict=True):
            wide = field.endswith(("_high", "_low")) or field in ("flags", "payload")
            segments[index][field] = value * (SHORT if field == "length" else 1) if wide else abs(value)
        segments[index]["time"], segments[index]["number"] = index * 10, index + 1
    expected = np.flatnonzero(segments["flags"] >= 0)
    for way in (PLAIN, None):
        found, prints, times, numbers, with_data, shorts = looked(segments, data, way)
        assert found == expected.tolist()
        assert times == segments["time"][expected].tolist()
        assert numbers == segments["number"][expected].tolist()
        alike = [tuple(segments[one][field].item() for field in FIELDS) for one in expected]
        for one, mine in zip(alike, prints, strict=True):
            for other, theirs in zip(alike, prints, strict=True):
                assert (one == other) == (mine == theirs)
        assert with_data == [one for one in expected.tolist() if segments[one]["length"] > 0]
        for one, short in zip(with_data, shorts, strict=True):
            at, length = int(segments[one]["payload"]), int(segments[one]["length"])
            head = data[at : at + 2].tobytes() if at >= 0 else b""
            assert short == (1 < length <= SHORT and len(head) == 2 and head[0] in range(20, 24) and head[1] == 3)


@pytest.mark.parametrize("way", [PLAIN, None])
def test_no_segments(way: str | None) -> None:
    assert looked(np.zeros(0, dtype=SEGMENT), np.zeros(2, dtype=np.uint8), way) == [[]] * 6
