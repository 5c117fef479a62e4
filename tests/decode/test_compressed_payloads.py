"""IP packets whose payload is compressed (RFC 3173): unpacked where it is DEFLATE, within bounds."""

from __future__ import annotations

import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode import protocols
from pcapstate.decode.ipcomp import LARGEST, inflated
from pcapstate.kernels.running import Kernels
from tests.helpers.decoded import decoded, ethernet, ip, ip6, kernels_of, same, skipped, tcp, udp

SEGMENT = tcp(payload=bytes(100), checksum=9)
CLOSED = {protocols.SKIPPED_PROTOCOL + protocols.PROTOCOL_IPCOMP: 1}
AUTHENTICATION = bytes.fromhex("6c 04 0000 00000100 00000001 000102030405060708090a0b")


@pytest.fixture(scope="module")
def ways() -> tuple[Kernels, Kernels]:
    return kernels_of("plain"), kernels_of("compiled")


def packed(inside: int, data: bytes, index: int = 2) -> bytes:
    """Return an IPComp header with compressed data."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return struct.pack("!BBH", inside, 0, index) + stream.compress(data) + stream.flush()


GOOD = {
    "TCP": ethernet(ip(packed(6, SEGMENT), 108)),
    "IPv4": ethernet(ip(packed(4, ip(SEGMENT)), 108)),
    "IPv6": ethernet(ip6(packed(41, ip6(SEGMENT)), 108), 0x86DD),
    "TCP over IPv6": ethernet(ip6(packed(6, SEGMENT), 108), 0x86DD),
    "a number agreed on": ethernet(ip(packed(6, SEGMENT, 0x635C), 108)),
    "behind an authentication header": ethernet(ip(AUTHENTICATION + packed(6, SEGMENT), 51)),
    "the same over IPv6": ethernet(ip6(AUTHENTICATION + packed(6, SEGMENT), 51), 0x86DD),
    "in a tunnel": ethernet(ip(ip(packed(6, SEGMENT), 108), 4)),
    "with a tunnel in it": ethernet(ip(packed(47, bytes.fromhex("0000 0800") + ip(SEGMENT)), 108)),
    "padded": ethernet(ip(packed(6, SEGMENT), 108)) + bytes(20),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_is_unpacked(case: str, ways: tuple[Kernels, Kernels]) -> None:
    rows = same([ethernet(ip(tcp())), GOOD[case], ethernet(ip(tcp()))], ways)
    assert [(row["number"], row["length"], row["payload"] < 0) for row in rows] == [
        (1, 0, True),
        (2, 100, True),
        (3, 0, True),
    ]
    assert skipped(decoded([GOOD[case]])[1]) == {}


BAD = {
    "another compression": ip(packed(6, SEGMENT, 3), 108),
    "no DEFLATE": ip(b"\x06\0\0\x02" + b"\xff" * 40, 108),
    "cut off": ip(packed(6, SEGMENT)[:-3], 108),
    "with something behind": ip(packed(6, SEGMENT) + b"\0", 108),
    "nothing": ip(b"\x06\0\0\x02", 108),
    "a bomb": ip(packed(6, bytes(10_000_000)), 108),
    "packed twice": ip(packed(4, ip(packed(6, SEGMENT), 108)), 108),
    "a first fragment": ip(packed(6, SEGMENT)[:24], 108, 7, 64, 0x2000),
    "a later fragment": ip(packed(6, SEGMENT), 108, 7, 64, 3),
}


@pytest.mark.parametrize("case", BAD)
def test_what_stays_closed(case: str, ways: tuple[Kernels, Kernels]) -> None:
    assert same([ethernet(BAD[case])], ways) == []
    assert skipped(decoded([ethernet(BAD[case])])[1]) == CLOSED


def test_what_is_in_it_counts() -> None:
    assert skipped(decoded([ethernet(ip(packed(17, udp(53, b"x")), 108))])[1]) == {protocols.SKIPPED_PROTOCOL + 17: 1}


def test_the_network_around_it(ways: tuple[Kernels, Kernels]) -> None:
    frame = bytes(12) + b"\x81\0\0\x0a" + GOOD["TCP"][12:]
    tagged = bytes(12) + b"\x81\0\0\x0a" + ethernet(ip(tcp()))[12:]
    inner = ethernet(ip(packed(47, bytes.fromhex("0000 6558") + tagged), 108))
    assert [row["network"] for row in same([frame, inner, GOOD["TCP"]], ways)] == [1, 1, 0]


def test_the_mark_is_that_of_the_packet_itself() -> None:
    """The same segment, identified by the packet around it, where there is no other."""
    frames = [ethernet(ip(packed(6, SEGMENT), 108, number)) for number in (7, 7, 8)]
    one, copy, other = (row["mark"] for row in decoded(frames)[0])
    assert one == copy != other


def test_the_largest() -> None:
    for size, good in ((LARGEST, True), (LARGEST + 1, False)):
        packet = ip(packed(6, bytes(size)), 108)
        assert (inflated(packet, len(packet)) is not None) == good


def test_bombs_take_no_time() -> None:
    frames = [ethernet(BAD["a bomb"])] * 20
    begin = time.monotonic()
    assert decoded(frames)[0] == []
    assert time.monotonic() - begin < 5


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(st.tuples(st.integers(14, 200), st.integers(0, 255)), max_size=4),
    st.integers(0, 200),
)
def test_damaged(ways: tuple[Kernels, Kernels], case: str, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(GOOD[case])
    for at, value in changes:
        data[at % len(data)] = value
    same([bytes(data[: cut or None])], ways)


def test_cut_off_at_every_byte(ways: tuple[Kernels, Kernels]) -> None:
    for frame in GOOD.values():
        same([frame[:length] for length in range(len(frame))], ways)
