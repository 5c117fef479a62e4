"""Packets of tunnels that are in IP fragments: the segment in them counts once, with the fragment that completes it."""

from __future__ import annotations

import itertools
import struct

import pytest

from pcapstate.decode import fragments as collecting
from pcapstate.decode import protocols
from pcapstate.decode.virtual_networks import EARLY_FIRST
from pcapstate.kernels.running import Kernels
from tests.helpers.decoded import decoded, ethernet, ip, ip6, kernels_of, same, skipped, tags, tcp, udp, vni

INCOMPLETE = protocols.SKIPPED_REASON + protocols.INCOMPLETE_FRAGMENT
UDP, ICMP, GRE = protocols.SKIPPED_PROTOCOL + 17, protocols.SKIPPED_PROTOCOL + 1, protocols.SKIPPED_PROTOCOL + 47
GTP = bytes.fromhex("30ff 0000 00000001")


@pytest.fixture(scope="module")
def ways() -> tuple[Kernels, Kernels]:
    return kernels_of("plain"), kernels_of("compiled")


def inner(size: int = 1_000, seq: int = 7) -> bytes:
    return ip(tcp(seq, payload=bytes(size)))


def pieces(payload: bytes, protocol: int = 17, size: int = 400, identification: int = 7) -> list[bytes]:
    """Return frames with the fragments of an IPv4 packet."""
    found = []
    for start in range(0, len(payload), size):
        more = 0x2000 if start + size < len(payload) else 0
        found.append(ethernet(ip(payload[start : start + size], protocol, identification, 64, start >> 3 | more)))
    return found


def pieces6(payload: bytes, protocol: int = 17, size: int = 400) -> list[bytes]:
    found = []
    for start in range(0, len(payload), size):
        header = struct.pack("!BBHI", protocol, 0, start | (start + size < len(payload)), 99)
        found.append(ethernet(ip6(header + payload[start : start + size], 44), 0x86DD))
    return found


BARE = bytes.fromhex("0000 0800")
TUNNELS = {
    "GTP-U": pieces(udp(2152, GTP + inner())),
    "VXLAN": pieces(udp(4789, vni(5000) + ethernet(inner()))),
    "GRE": pieces(BARE + inner(), 47),
    "GRE over UDP": pieces(udp(4754, BARE + inner())),
    "IPv4 in IPv4": pieces(inner(), 4),
    "GTP-U over IPv6": pieces6(udp(2152, GTP + inner())),
    "IPv4 in IPv6": pieces6(inner(), 4),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_a_segment_counts_with_the_fragment_that_completes_it(name: str, ways: tuple[Kernels, Kernels]) -> None:
    frames = TUNNELS[name]
    assert len(frames) == 3
    for order in itertools.permutations(frames):
        (row,) = same(list(order), ways)
        assert (row["number"], row["seq"], row["length"], row["payload"]) == (3, 7, 1_000, -1)
        assert skipped(decoded(list(order))[1]) == {}


def test_the_network_is_that_around_and_that_inside(ways: tuple[Kernels, Kernels]) -> None:
    payload = udp(4789, vni(5000) + ethernet(inner()))
    frames = [tags(10, inside=one[12:]) for one in pieces(payload)]
    (row,) = same(frames, ways)
    told = decoded(frames)[1].networks
    assert told[row["network"] - 1] == "VLAN 10, VNI 5000"
    # Of another VLAN, they do not go together.
    assert same([*frames[:2], tags(20, inside=pieces(payload)[2][12:])], ways) == []


def test_what_is_never_completed_is_counted(ways: tuple[Kernels, Kernels]) -> None:
    frames = TUNNELS["GTP-U"]
    for missing in range(3):
        some = [one for place, one in enumerate(frames) if place != missing]
        assert same(some, ways) == []
        # Without the first one, nothing tells that they are of a tunnel.
        assert skipped(decoded(some)[1]) == {UDP if missing == 0 else INCOMPLETE: 2}


def test_what_is_no_tunnel_is_what_it_was(ways: tuple[Kernels, Kernels]) -> None:
    for payload, protocol, counts_as in ((udp(9, bytes(1_000)), 17, UDP), (bytes(1_000), 1, ICMP)):
        frames = pieces(payload, protocol)
        for order in itertools.permutations(frames):
            assert same(list(order), ways) == []
            assert skipped(decoded(list(order))[1]) == {counts_as: 3}
    # Fragments of what is no tunnel's take no room where the first one came first.
    (_, decoder) = decoded(pieces(udp(9, bytes(1_000))))
    assert decoder._tunnels.pending() == {}
    # A tunnel without TCP in it: the packet counts as what it holds, the other fragments as what carried it.
    assert same(pieces(BARE + ip(bytes(1_000), 1), 47), ways) == []
    assert skipped(decoded(pieces(BARE + ip(bytes(1_000), 1), 47))[1]) == {ICMP: 1, GRE: 2}


def test_an_identification_is_used_again(ways: tuple[Kernels, Kernels]) -> None:
    plain, first, second = pieces(udp(9, bytes(900))), *(
        pieces(udp(2152, GTP + inner(900, seq)), identification=7) for seq in (1, 2)
    )  # fmt: skip
    rows = same([*first, *plain, *second], ways)
    assert [(row["number"], row["seq"]) for row in rows] == [(3, 1), (9, 2)]


def test_fragments_within_a_tunnel_in_fragments_are_bounded(ways: tuple[Kernels, Kernels]) -> None:
    """A segment in fragments, one of them in a tunnel packet that is in fragments itself."""
    segment = tcp(payload=bytes(1_200))
    parts = [ip(segment[:600], 6, 1, 64, 0x2000), ip(segment[600:], 6, 1, 64, 75)]
    frames = [*pieces(BARE + parts[0], 47), *pieces(BARE + parts[1], 47, identification=8)]
    (row,) = same(frames, ways)
    assert (row["number"], row["length"]) == (len(frames), 1_200)
    # A tunnel in fragments within one in fragments stays closed.
    twice = [one for part in pieces(BARE + inner(), 47, 600) for one in pieces(BARE + part[14:], 47, 400)]
    assert same(twice, ways) == []
    assert INCOMPLETE in skipped(decoded(twice)[1])


def test_fragments_before_the_first_one_are_collected_within_bounds(ways: tuple[Kernels, Kernels]) -> None:
    """Each costs time: a flood of them, none of a tunnel's, is passed over, until there is a tunnel's again."""
    early = [pieces(udp(9, bytes(600)), identification=one)[1] for one in range(EARLY_FIRST)]
    tunnel = [pieces(udp(2152, GTP + inner()), identification=60_000 + one) for one in range(3)]
    for flood, expected in ((early[2:], [3, 6]), (early, [6])):
        # The first comes last.
        frames = [*flood, *tunnel[0][::-1], *tunnel[1][::-1]]
        assert [row["number"] - len(flood) for row in same(frames, ways)] == expected
    (row,) = same([*early, *tunnel[2], early[0]], ways)
    assert row["number"] == len(early) + 3


def test_a_flood_of_fragments_takes_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "DATAGRAMS", 20)
    frames = [pieces(udp(2152, GTP + inner()), identification=one)[0] for one in range(100)]
    frames += [pieces(udp(2152, GTP + inner()), identification=one)[1] for one in range(200, 300)]
    _, decoder = decoded(frames)
    assert len(decoder._tunnels._datagrams) == 20
    assert skipped(decoder) == {INCOMPLETE: 100, UDP: 100}
