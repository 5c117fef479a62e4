"""ICMP errors that quote a TCP segment have a row, which says which segment and why; they stay no segments."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode.protocols import PROTOCOL_ICMP, PROTOCOL_ICMPV6, SKIPPED_PROTOCOL
from pcapstate.decode.segment import SEGMENT_ICMP, SYN
from pcapstate.kernels.running import Kernels
from tests.helpers.decoded import decoded, decoded_file, ethernet, ip, ip6, kernels_of, same, skipped, tcp
from tests.helpers.paths import PCAPS

UNREACHABLE = PCAPS / "unreachable.pcap"
IPV6 = 0x86DD
SYN_SEGMENT = tcp(0xFEDCBA98, SYN)


@pytest.fixture(scope="module")
def ways() -> tuple[Kernels, Kernels]:
    return kernels_of("plain"), kernels_of("compiled")


def error(kind: int, code: int, quoted: bytes, fragment: int = 0) -> bytes:
    """Return a frame with an ICMP message from 10.0.0.9 to 10.0.0.1."""
    packet = ip(struct.pack("!BBHI", kind, code, 0, 0) + quoted, PROTOCOL_ICMP, 1, 64, fragment)
    return ethernet(packet[:12] + bytes([10, 0, 0, 9]) + bytes([10, 0, 0, 1]) + packet[20:])


def error6(kind: int, code: int, quoted: bytes) -> bytes:
    """Return a frame with an ICMPv6 message from 2001:db8::9 to 2001:db8::1."""
    return ethernet(ip6(struct.pack("!BBHI", kind, code, 0, 0) + quoted, PROTOCOL_ICMPV6, 9, 1), IPV6)


def extended(kind: int, extension: str, rest: bytes) -> bytes:
    """Return an IPv6 packet with an extension header (hexadecimal)."""
    return ip6(bytes.fromhex(extension) + rest, kind)


def test_what_a_row_says(ways: tuple[Kernels, Kernels]) -> None:
    (row,) = same([error(3, 13, ip(SYN_SEGMENT)[:28])], ways)
    assert row == {
        "time": 0, "number": 1, "source_high": 0, "source_low": 0xFFFF0A000001, "target_high": 0,
        "target_low": 0xFFFF0A000002, "source_port": 1000, "target_port": 80, "seq": 0xFEDCBA98, "ack": 0x030D,
        "length": 0, "window": 0, "flags": SEGMENT_ICMP, "payload": -1, "mark": 0, "network": 0,
    }  # fmt: skip
    (row,) = same([error6(1, 4, ip6(SYN_SEGMENT)[:48])], ways)
    assert (row["ack"], row["seq"], row["source_port"]) == (0x10104, 0xFEDCBA98, 1000)
    high = int.from_bytes(bytes.fromhex("20010db800000000"), "big")
    assert [row[name] for name in ("source_high", "source_low", "target_high", "target_low")] == [high, 1, high, 2]


def test_the_frame_is_skipped_as_it_was() -> None:
    _, decoder = decoded([error(3, 1, ip(SYN_SEGMENT)), error6(1, 3, ip6(SYN_SEGMENT))])
    assert skipped(decoder) == {SKIPPED_PROTOCOL + PROTOCOL_ICMP: 1, SKIPPED_PROTOCOL + PROTOCOL_ICMPV6: 1}


SOME = {(3, 0), (3, 1), (3, 3), (3, 13), (3, 5), (11, 0), (11, 1), (12, 0)}
SOME6 = {(1, 0), (1, 1), (1, 3), (1, 4), (3, 0), (4, 1)}
OTHERS = {(0, 0), (8, 0), (3, 4), (4, 0), (5, 1), (13, 0), (1, 0), (2, 0)}
OTHERS6 = {(0, 0), (2, 0), (5, 0), (11, 0), (12, 0), (128, 0), (129, 0), (137, 0)}


@pytest.mark.parametrize("types", sorted(SOME | OTHERS))
def test_types_of_icmp(types: tuple[int, int], ways: tuple[Kernels, Kernels]) -> None:
    rows = same([error(*types, ip(SYN_SEGMENT))], ways)
    assert [row["ack"] for row in rows] == ([types[0] << 8 | types[1]] if types in SOME else [])


@pytest.mark.parametrize("types", sorted(SOME6 | OTHERS6))
def test_types_of_icmpv6(types: tuple[int, int], ways: tuple[Kernels, Kernels]) -> None:
    rows = same([error6(*types, ip6(SYN_SEGMENT))], ways)
    assert [row["ack"] for row in rows] == ([0x10000 | types[0] << 8 | types[1]] if types in SOME6 else [])


def changed(packet: bytes, at: int, value: bytes) -> bytes:
    return packet[:at] + value + packet[at + len(value) :]


OPTIONS = changed(ip(bytes(8) + SYN_SEGMENT), 0, b"\x47")
HOP, DESTINATION, ROUTING = (0, "06 00 01040000 0000"), (60, "06 00 01040000 0000"), (43, "06 00 0400 00000000")
FIRST, LATER, WHOLE = (44, "06 00 0001 00000007"), (44, "06 00 0008 00000007"), (44, "06 00 0000 00000007")


@pytest.mark.parametrize(
    ("frame", "count"),
    [
        (error(3, 1, OPTIONS), 1),
        (error(3, 1, changed(ip(SYN_SEGMENT), 6, b"\x20\x00")), 1),
        (error(3, 1, changed(ip(SYN_SEGMENT), 6, b"\x00\x01")), 0),
        (error(3, 1, ip(SYN_SEGMENT, 17)), 0),
        (error(3, 1, ip6(SYN_SEGMENT)), 0),
        (error(3, 1, changed(ip(SYN_SEGMENT), 0, b"\x44")), 0),
        (error(3, 1, ip(bytes.fromhex("06 01 0000 00000001 00000001") + SYN_SEGMENT, 51)), 1),
        # To whom the quoted segment is not from.
        (error(3, 1, changed(ip(SYN_SEGMENT), 12, bytes([10, 0, 0, 7]))), 0),
        (error6(1, 3, ip6(SYN_SEGMENT, source=7)), 0),
        # The error itself in fragments: only the first one has the beginning.
        (error(3, 1, ip(SYN_SEGMENT), 0x2000), 1),
        (error(3, 1, ip(SYN_SEGMENT), 0x0001), 0),
        (error(3, 1, ip(SYN_SEGMENT), 0x2001), 0),
        *((error6(1, 3, extended(*one, SYN_SEGMENT)), 1) for one in (HOP, DESTINATION, ROUTING, FIRST, WHOLE)),
        (error6(1, 3, extended(*LATER, SYN_SEGMENT)), 0),
        (error6(1, 3, ip(SYN_SEGMENT)), 0),
        # ICMP of the other version of IP.
        (ethernet(ip(struct.pack("!BBHI", 1, 3, 0, 0) + ip6(SYN_SEGMENT), PROTOCOL_ICMPV6)), 0),
    ],
)  # fmt: skip
def test_which_errors_have_a_row(frame: bytes, count: int, ways: tuple[Kernels, Kernels]) -> None:
    rows = same([frame], ways)
    assert [row["seq"] for row in rows] == [0xFEDCBA98] * count


def test_the_network_and_the_innermost_packet(ways: tuple[Kernels, Kernels]) -> None:
    tagged = bytes(12) + b"\x81\0\0\x0a" + error(3, 1, ip(SYN_SEGMENT))[12:]
    tunnel = ethernet(ip(error(3, 1, ip(SYN_SEGMENT))[14:], 4))
    assert [row["network"] for row in same([tagged, tunnel], ways)] == [1, 0]


@pytest.mark.parametrize(("frame", "needed"), [
    (error(3, 1, ip(SYN_SEGMENT)), 14 + 20 + 8 + 28), (error(3, 1, OPTIONS), 14 + 20 + 8 + 36),
    (error6(1, 3, ip6(SYN_SEGMENT)), 14 + 40 + 8 + 48),
    (error6(1, 3, extended(*HOP, SYN_SEGMENT)), 14 + 40 + 8 + 56),
])  # fmt: skip
def test_cut_off_at_every_byte(frame: bytes, needed: int, ways: tuple[Kernels, Kernels]) -> None:
    """Both by the snap length, and within the IP packet, behind which there may be padding."""
    rows = same([frame[:length] for length in range(len(frame) + 1)], ways)
    assert [row["number"] - 1 for row in rows] == list(range(needed, len(frame) + 1))
    ipv6 = frame[12:14] == b"\x86\xdd"
    padded = []
    for length in range(len(frame) - 14 + 1):
        total = max(length - 40, 0) if ipv6 else length
        padded.append(changed(frame, 18 if ipv6 else 16, struct.pack("!H", total)))
    # A length of 0 is one that was left to the network card.
    whole = [41, 0] if ipv6 else [0]
    rows = [row for row in same(padded, ways) if row["number"] - 1 not in range(max(whole))]
    assert {row["number"] - 1 + 14 for row in rows} - {14} == set(range(needed, len(frame) + 1))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([error(3, 1, ip(SYN_SEGMENT)), error6(1, 3, extended(*HOP, SYN_SEGMENT))]),
    st.lists(st.tuples(st.integers(14, 130), st.integers(0, 255)), max_size=5),
    st.integers(14, 200),
)
def test_damaged_errors(ways: tuple[Kernels, Kernels], frame: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(frame)
    for at, value in changes:
        data[at % len(data)] = value
    for row in same([bytes(data[:cut])], ways):
        assert row["flags"] != SEGMENT_ICMP or (row["payload"], row["length"], row["mark"]) == (-1, 0, 0)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([(3, 1), (1, 3)]), st.binary(max_size=120))
def test_any_bytes_quoted(ways: tuple[Kernels, Kernels], types: tuple[int, int], quoted: bytes) -> None:
    same([error(*types, quoted), error6(*types, quoted), error6(*types, b"\x60" + quoted)], ways)


def test_the_capture(ways: tuple[Kernels, Kernels]) -> None:
    rows, _ = decoded_file(UNREACHABLE.read_bytes(), ways[1])
    assert rows == decoded_file(UNREACHABLE.read_bytes(), ways[0])[0]
    found = [(row["number"], row["ack"], row["source_port"]) for row in rows if row["flags"] == SEGMENT_ICMP]
    assert sorted(found, key=lambda one: one[2]) == [
        (5, 0x0301, 51_812),
        (4, 0x030D, 51_813),
        (7, 0x0303, 51_814),
        (13, 0x0301, 51_815),
        (16, 0x0301, 51_815),
        (18, 0x10103, 51_820),
        (20, 0x10300, 51_821),
    ]
