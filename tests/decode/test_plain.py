"""What ``plain`` is done with in one go comes out as all other frames are decoded."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode import frames, protocols, virtual_networks
from pcapstate.decode.segment import SEGMENT
from pcapstate.kernels.running import PLAIN, Kernels
from pcapstate.sources.framing import FRAME
from tests.helpers.decoded import FIELDS, ethernet, ip, tcp

STAMPS = bytes.fromhex("0101080a0000000700000009")
FRAME_OF = {
    "data": ethernet(ip(tcp(payload=b"x" * 20), identification=9)),
    "stamped": ethernet(ip(tcp(options=STAMPS))),
    "reset": ethernet(ip(tcp(flags=0x14))),
    "padded": ethernet(ip(tcp())) + bytes(6),
}
HEADERS = 54


def found(
    data: bytes, captured: int, length: int, linktype: int, outside: int
) -> tuple[list[list[int]], list[int], int]:
    """Return the rows, the counts of what was skipped, and how many frames were done with in one go."""
    frame = np.zeros(1, dtype=FRAME)
    frame["time"], frame["number"], frame["captured"], frame["length"] = 5, 1, captured, length
    frame["linktype"] = linktype
    networks = virtual_networks.empty()
    networks[virtual_networks.STACK], networks[virtual_networks.OUTSIDE] = virtual_networks.VLAN | 7, outside
    segments, skipped = np.zeros(1, dtype=SEGMENT), np.zeros(protocols.SKIPPED_SIZE, dtype=np.int64)
    pending = np.zeros(1, dtype=np.int64)
    octets = np.frombuffer(data, dtype=np.uint8)
    with mock.patch.object(frames, "put_plain", wraps=frames.put_plain) as put:
        rows = Kernels(PLAIN).decode_frames(octets, frame, 1, segments, skipped, pending, networks, 0)
    told = [[int(row[field]) for field in (*FIELDS, "options")] for row in segments[:rows]]
    return told, [*skipped.tolist(), int(pending[0])], put.call_count


def check(data: bytes, captured: int, length: int, linktype: int = 1, outside: int = 0) -> int:
    """Decode with ``plain`` and without; return how many frames it was done with."""
    *one, count = found(data, captured, length, linktype, outside)
    with mock.patch.object(frames, "is_plain", return_value=False):
        *other, none = found(data, captured, length, linktype, outside)
    assert none == 0
    assert one == other
    return count


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(sorted(FRAME_OF)),
    st.lists(st.tuples(st.integers(12, HEADERS + 12), st.integers(0, 255)), max_size=2),
    st.integers(0, 30),
    st.integers(0, 30),
    st.sampled_from([1, 1, 1, 101]),
    st.sampled_from([0, 0, 1]),
)
def test_any_frame(
    name: str, changes: list[tuple[int, int]], cut: int, longer: int, linktype: int, outside: int
) -> None:
    data = bytearray(FRAME_OF[name])
    for at, octet in changes:
        if at < len(data):
            data[at] = octet
    captured = max(0, len(data) - cut)
    check(bytes(data), captured, captured + longer, linktype, outside)


def test_plain_frames_are_done_with_in_one_go() -> None:
    for data in FRAME_OF.values():
        assert check(data, len(data), len(data)) == 1
        assert check(data, HEADERS, len(data)) == 1, "cut short behind the headers"
        assert check(data, len(data), len(data), outside=1) == 0, "in a tunnel"
    syn = ethernet(ip(tcp(flags=2)))
    assert check(syn, len(syn), len(syn)) == 0
