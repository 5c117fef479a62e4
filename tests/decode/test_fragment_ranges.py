"""The ranges of a datagram that its fragments cover."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pcapstate.decode.fragments import _Datagram


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=60))
def test_ranges_are_those_of_the_bytes_seen(fragments: list[tuple[int, int]]) -> None:
    datagram, seen = _Datagram(0, 6), set()
    for offset, length in fragments:
        datagram.add(offset, length, b"", False)
        seen.update(range(offset, offset + length))
    covered = [at for low, high in datagram.ranges for at in range(low, high)]
    assert covered == sorted(seen)
    assert all(one[1] < other[0] for one, other in zip(datagram.ranges, datagram.ranges[1:], strict=False))
