"""What tells a packet captured twice from a segment sent again, and fragments captured twice."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode import protocols
from pcapstate.decode.fingerprint import TELLING
from pcapstate.decode.fragments import COMPLETED, KNOWN_AGAIN, Reassembler
from pcapstate.kernels.running import Kernels
from tests.helpers.captures import pcap
from tests.helpers.decoded import decoded, decoded_file, ethernet, ip, ip6, kernels_of, same, skipped, tcp

INCOMPLETE = protocols.SKIPPED_REASON + protocols.INCOMPLETE_FRAGMENT
IPV6 = 0x86DD


@pytest.fixture(scope="module")
def ways() -> tuple[Kernels, Kernels]:
    return kernels_of("plain"), kernels_of("compiled")


def stamped(value: int, more: bytes = b"") -> bytes:
    """Return TCP options with a time stamp in the usual place."""
    return bytes.fromhex("0101 080a") + struct.pack("!II", value, 1) + more


def stamped_syn(value: int) -> bytes:
    """Return the options of a SYN as Linux sends them."""
    return bytes.fromhex("020405b4 0402 080a") + struct.pack("!II", value, 0) + bytes.fromhex("01 030307")


def marks(frames: list[bytes], ways: tuple[Kernels, Kernels]) -> list[int]:
    return [row["mark"] for row in same(frames, ways)]


# --- marks


def test_copies_have_the_same_mark(ways: tuple[Kernels, Kernels]) -> None:
    """At another capture point there are other stations, tags, tunnels, a smaller time to live, other services."""
    packet = bytearray(ip(tcp(options=stamped(5), checksum=9), identification=77))
    frames = [ethernet(bytes(packet)), b"\x02" * 12 + ethernet(bytes(packet))[12:]]
    packet[1], packet[8], packet[10] = 0xB8, 61, 0x55
    frames.append(bytes(12) + b"\x81\0\0\x07\x08\0" + packet)
    frames.append(ethernet(ip(bytes(packet), 4)))
    assert len(set(marks(frames, ways))) == 1


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (ip(tcp(), identification=1), ip(tcp(), identification=2)),
        (ip(tcp(options=stamped(5), checksum=9)), ip(tcp(options=stamped(6), checksum=8))),
        (ip(tcp(options=stamped(5, bytes.fromhex("0101050a") + bytes(8)))), ip(tcp(options=stamped(6)))),
        (ip(tcp(flags=2, options=stamped_syn(5))), ip(tcp(flags=2, options=stamped_syn(6)))),
    ],
)
def test_what_is_sent_again_has_another_one(first: bytes, again: bytes, ways: tuple[Kernels, Kernels]) -> None:
    one, other = marks([ethernet(first), ethernet(again)], ways)
    assert one & other & TELLING
    assert one != other


def test_sent_again_over_ipv6(ways: tuple[Kernels, Kernels]) -> None:
    found = marks([ethernet(ip6(tcp(options=stamped(value))), IPV6) for value in (5, 6)], ways)
    assert found[0] != found[1]
    assert found[0] & found[1] & TELLING


def test_where_nothing_tells_them_apart(ways: tuple[Kernels, Kernels]) -> None:
    options = [b"", bytes.fromhex("01010101") + bytes(8), bytes.fromhex("0402080a") + bytes(8), stamped(5)[:8]]
    frames = [ethernet(ip(tcp(options=one))) for one in options]
    frames.append(ethernet(ip6(tcp()), IPV6))
    found = marks(frames, ways)
    assert len(found) == len(frames)
    assert not any(mark & TELLING for mark in found)


def test_a_time_stamp_that_was_cut_off(ways: tuple[Kernels, Kernels]) -> None:
    frame = ethernet(ip(tcp(options=stamped(5))))
    data = pcap([(0, frame), (1, frame)], snaplen=14 + 20 + 31)
    for kernels in ways:
        rows, _ = decoded_file(data, kernels)
        assert [row["mark"] & TELLING for row in rows] == [0, 0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.booleans())
def test_any_marks(ways: tuple[Kernels, Kernels], identification: int, checksum: int, stamp: int, syn: bool) -> None:
    options = stamped_syn(stamp) if syn else stamped(stamp)
    packets = [tcp(options=options, checksum=checksum), tcp(checksum=checksum)]
    with_stamp, without = marks([ethernet(ip(one, identification=identification)) for one in packets], ways)
    assert with_stamp & TELLING
    assert bool(without & TELLING) == (identification != 0)


def test_one_more_on_a_time_stamp_rarely_gives_the_same_mark() -> None:
    """The checksum goes down as the time stamp goes up; they must not cancel."""
    frames = [ethernet(ip(tcp(options=stamped(1000 + step), checksum=40_000 - step))) for step in range(2000)]
    rows, _ = decoded(frames)
    assert len({row["mark"] for row in rows}) == len(frames)


# --- fragments


def fragments(identification: int, payload: bytes = bytes(range(60)), ipv6: bool = False) -> list[bytes]:
    """Return the frames of a segment in three fragments."""
    segment = tcp(payload=payload, checksum=identification & 0xFFFF)
    out = []
    for at in range(0, len(segment), 32):
        more = at + 32 < len(segment)
        if ipv6:
            header = struct.pack("!BBHI", 6, 0, at | more, identification)
            out.append(ethernet(ip6(header + segment[at : at + 32], 44), IPV6))
        else:
            out.append(ethernet(ip(segment[at : at + 32], 6, identification, 64, more << 13 | at >> 3)))
    return out


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_segment_in_fragments_has_a_mark(ipv6: bool, ways: tuple[Kernels, Kernels]) -> None:
    a, b = fragments(7, ipv6=ipv6), fragments(8, ipv6=ipv6)
    first, second, copy = marks([*a, *b, *a], ways)
    assert first == copy != second
    assert first & second & TELLING


@pytest.mark.parametrize("ipv6", [False, True])
def test_copies_of_fragments_are_not_missed(ipv6: bool, ways: tuple[Kernels, Kernels]) -> None:
    a, b, c = fragments(7, ipv6=ipv6)
    frames = [a, a, b, b, c, c]
    assert [row["number"] for row in same(frames, ways)] == [5]
    assert skipped(decoded(frames)[1]) == {}
    # Where all come again, they are another copy of the segment.
    assert [row["number"] for row in same([a, b, c, a, b, c], ways)] == [3, 6]


def test_fragments_of_another_datagram_are_missed() -> None:
    a, b, c = fragments(7)
    other = fragments(7, payload=bytes(60))
    assert skipped(decoded([a, b, c, other[1]])[1]) == {INCOMPLETE: 1}
    assert skipped(decoded([a, b, c, c, other[0]])[1]) == {INCOMPLETE: 1}
    assert skipped(decoded([a, b, a])[1]) == {INCOMPLETE: 3}


def test_what_is_known_again_is_bounded() -> None:
    reassembler = Reassembler()
    for identification in range(2 * COMPLETED):
        for frame in fragments(identification):
            reassembler.add(frame[14:], 0, 0)
    assert reassembler.pending() == {}
    for identification in (0, 2 * COMPLETED - 1):
        reassembler.add(fragments(identification)[2][14:], 0, 0)
    assert reassembler.pending() == {INCOMPLETE: 1}
    assert len(reassembler._completed) == COMPLETED
    for turn in range(2 * KNOWN_AGAIN):
        reassembler.add(ip(bytes([turn]) * 32, 6, 9, 64, 0x2000), 0, 0)
    (datagram,) = (one for key, one in reassembler._datagrams.items() if key[1] == 9)
    assert len(datagram.prints) == KNOWN_AGAIN
