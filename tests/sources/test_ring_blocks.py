"""The blocks of a packet ring, as the kernel writes them; the ring itself is tested live (test_live.py)."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pcapstate.kernels.running import Kernels
from pcapstate.sources import ring_blocks as ring
from pcapstate.sources.framing import FRAME

BEHIND = 64
"""Bytes of another block, which nobody may read."""


def header(
    data: bytes,
    *,
    time: tuple[int, int] = (5, 7),
    length: int | None = None,
    tag: tuple[int, int | None] | None = None,
    loopback: bool = False,
    outgoing: bool = False,
    last: bool = False,
) -> bytes:
    """Return a packet as it lies in a block: struct tpacket3_hdr, struct sockaddr_ll, room, and its bytes."""
    status, tci, tpid = 1, 0, 0
    if tag is not None:
        tci, tpid = tag[0], tag[1] or 0
        status |= ring.TP_STATUS_VLAN_VALID | (ring.TP_STATUS_VLAN_TPID_VALID if tag[1] is not None else 0)
    size = (82 + len(data) + 15) & ~15
    head = struct.pack(
        "<6I2H2I2H8x", 0 if last else size, *time, len(data), length or len(data), status, 82, 96, 0, tci, tpid, 0
    )
    kind = ring.PACKET_OUTGOING if outgoing else 0
    hardware = ring.ARPHRD_LOOPBACK if loopback else 1
    address = struct.pack("<HHiHBB8s", 17, 8, 0x01020304, hardware, kind, 6, b"\x02abcde\xee\xee")
    return (head + address).ljust(82, b"\xee") + data + bytes(size - 82 - len(data))


def block(packets: list[bytes], count: int | None = None, first: int = 48) -> np.ndarray:
    """Return a block, between bytes of others."""
    head = struct.pack("<IIIIIIQ", 1, 0, 1, len(packets) if count is None else count, first, 0, 1).ljust(48, b"\0")
    body = (head + b"".join(packets)).ljust(ring.BLOCK, b"\0")
    return np.frombuffer(bytearray(bytes(BEHIND) + body + b"\xff" * BEHIND), dtype=np.uint8)


def taken(
    data: np.ndarray, kernels: Kernels, room: int = ring.BLOCK, *, linktype: int = 1, most: int = 262_144
) -> list[tuple[int, bytes, int]]:
    frames, out = np.zeros(ring.PACKETS, dtype=FRAME), np.zeros(room, dtype=np.uint8)
    count = kernels.take_block(data, BEHIND, linktype, most, frames, out)
    found = []
    for one in frames[:count]:
        octets = out[one["offset"] : one["offset"] + one["captured"]].tobytes()
        assert one["linktype"] == linktype
        found.append((int(one["time"]), octets, int(one["length"])))
    return found


@pytest.fixture(params=["plain", "compiled"])
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return Kernels("plain") if request.param == "plain" else Kernels()


def test_packets_are_copied_with_their_times_and_lengths(kernels: Kernels) -> None:
    sent = [b"a" * 60, b"b" * 1_514, b"c" * 14]
    packets = [header(one, time=(at, at), length=len(one) + at) for at, one in enumerate(sent)]
    expected = [(at * 1_000_000_001, one, len(one) + at) for at, one in enumerate(sent)]
    assert taken(block(packets), kernels) == expected
    assert taken(block([]), kernels) == []


@pytest.mark.parametrize(("tag", "kind"), [((0x2007, None), b"\x81\0"), ((5, 0x88A8), b"\x88\xa8")])
def test_vlan_tags_are_put_back(tag: tuple[int, int | None], kind: bytes, kernels: Kernels) -> None:
    frame = bytes(range(60))
    (one,) = taken(block([header(frame, tag=tag)]), kernels)
    assert one == (5_000_000_007, frame[:12] + kind + tag[0].to_bytes(2, "big") + frame[12:], 64)
    short = bytes(11)
    assert taken(block([header(short, tag=tag)]), kernels) == [(5_000_000_007, short, 11)]


def test_on_loopback_what_goes_out_comes_in_again(kernels: Kernels) -> None:
    packets = [
        header(b"x" * 20, loopback=True, outgoing=True),
        header(b"x" * 20, loopback=True),
        header(b"y" * 20, outgoing=True),
    ]
    assert [one[1][:1] for one in taken(block(packets), kernels)] == [b"x", b"y"]


def test_the_last_packet_may_say_that_nothing_follows(kernels: Kernels) -> None:
    packets = [header(b"x" * 20), header(b"y" * 20, last=True)]
    assert len(taken(block(packets, count=5), kernels)) == 2


@pytest.mark.parametrize("tag", [None, (0x2007, 0x88A8), (7, None)])
@pytest.mark.parametrize("outgoing", [False, True])
def test_packets_without_a_link_layer_get_a_cooked_header(
    tag: tuple[int, int | None] | None, outgoing: bool, kernels: Kernels
) -> None:
    kind = b"\x08\0" if tag is None else (tag[1] or 0x8100).to_bytes(2, "big")
    behind = b"" if tag is None else tag[0].to_bytes(2, "big") + b"\x08\0"
    rest = b"\0\0\1\2\3\4\0\1" + bytes([4 if outgoing else 0, 6]) + b"\x02abcde\0\0"
    packets = [header(b"x" * 9, tag=tag, outgoing=outgoing, length=5_000), header(b"y" * 30)]
    first, second = taken(block(packets), kernels, linktype=276)
    assert first[1:] == (kind + rest + behind + b"x" * 9, 5_020 + len(behind))
    assert (second[1][20:], second[2]) == (b"y" * 30, 50)


@pytest.mark.parametrize(("linktype", "front"), [(1, 0), (276, 20)])
def test_packets_are_cut(linktype: int, front: int, kernels: Kernels) -> None:
    frame = bytes(range(60))
    packets = [header(frame, tag=(7, None)), header(frame[:8]), header(frame)]
    found = taken(block(packets), kernels, linktype=linktype, most=40)
    assert [(len(one[1]), one[2]) for one in found] == [(40, 64 + front), (8 + front, 8 + front), (40, 60 + front)]
    assert [one[1][front:] for one in found[1:]] == [frame[:8], frame[: 40 - front]]


def test_what_finds_no_room_ends_the_block(kernels: Kernels) -> None:
    packets = [header(b"x" * 20), header(b"y" * 20)]
    assert len(taken(block(packets), kernels, room=39)) == 1
    assert len(taken(block(packets), kernels, room=79, linktype=276)) == 1


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@example(octets=b"\x80", count=1, first=29)
def test_no_block_leads_out_of_itself(octets: bytes, count: int, first: int) -> None:
    data = block([octets], count=min(count, 1_000), first=first)
    for linktype in (1, 276):
        both = [taken(data, one, linktype=linktype) for one in (Kernels("plain"), Kernels())]
        assert both[0] == both[1]
        assert all(b"\xff" * BEHIND not in one[1] for one in both[0])
