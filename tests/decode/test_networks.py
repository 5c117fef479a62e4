"""Which virtual network a segment comes in: stacks of VLAN ids and of the identifiers of overlays."""

from __future__ import annotations

import struct
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.decode import virtual_networks
from pcapstate.kernels.running import Kernels
from tests.helpers.decoded import (
    PACKET,
    decoded,
    decoded_file,
    ethernet,
    ip,
    ip6,
    kernels_of,
    same,
    tags,
    tcp,
    udp,
    vni,
)
from tests.helpers.paths import PCAPS


@pytest.fixture(scope="module")
def ways() -> tuple[Kernels, Kernels]:
    return kernels_of("plain"), kernels_of("compiled")


PLAIN = ethernet(PACKET)
STACKS = {
    "untagged": (PLAIN, ""),
    "vlan": (tags(10), "VLAN 10"),
    "priority, which is no part": (tags(0xE00A), "VLAN 10"),
    "priority alone": (tags(0xE000), ""),
    "priority, then VLAN": (tags(0, 10), "VLAN 10"),
    "QinQ": (tags(10, kind=0x88A8, inside=tags(20)[12:]), "VLAN 10.20"),
    "0x9100": (tags(10, kind=0x9100), "VLAN 10"),
    "0x9200": (tags(10, kind=0x9200), "VLAN 10"),
    "0x9300": (tags(10, kind=0x9300), "VLAN 10"),
    "six": (tags(1, 2, 3, 4, 5, 6), "VLAN 1.2.3.4.5.6"),
    "only the outer six": (tags(1, 2, 3, 4, 5, 6, 7), "VLAN 1.2.3.4.5.6"),
    "LLC and SNAP": (tags(10, inside=b"\0\x30" + bytes.fromhex("aaaa03 000000 0800") + PACKET), "VLAN 10"),
    "VXLAN": (ethernet(ip(udp(4789, vni(5000) + PLAIN), 17)), "VNI 5000"),
    "VXLAN on Linux' port": (ethernet(ip(udp(8472, vni(5000) + PLAIN), 17)), "VNI 5000"),
    "VXLAN without a VNI": (ethernet(ip(udp(4789, vni(5000, 0) + PLAIN), 17)), ""),
    "VXLAN over IPv6": (ethernet(ip6(udp(4789, vni(5000) + PLAIN), 17), 0x86DD), "VNI 5000"),
    "VXLAN-GPE": (ethernet(ip(udp(4790, vni(5000, 0x0C000001) + PACKET), 17)), "VNI 5000"),
    "Geneve": (ethernet(ip(udp(6081, vni(5000, 0x6558) + PLAIN), 17)), "VNI 5000"),
    "NVGRE": (ethernet(ip(bytes.fromhex("2000 6558 001388 07") + PLAIN, 47)), "VSID 5000"),
    "NVGRE over UDP": (ethernet(ip(udp(4754, bytes.fromhex("2000 6558 001388 07") + PLAIN), 17)), "VSID 5000"),
    "NVGRE of another flow": (ethernet(ip(bytes.fromhex("2000 6558 001388 08") + PLAIN, 47)), "VSID 5000"),
    "NVGRE with a sequence number": (
        ethernet(ip(bytes.fromhex("3000 6558 001388 07 00000001") + PLAIN, 47)),
        "VSID 5000",
    ),
    "NVGRE with a checksum": (ethernet(ip(bytes.fromhex("a000 6558 00000000 001388 07") + PLAIN, 47)), "VSID 5000"),
    "bridged GRE without a key": (ethernet(ip(bytes.fromhex("0000 6558") + PLAIN, 47)), ""),
    "a small key": (ethernet(ip(bytes.fromhex("2000 6558 00000007") + PLAIN, 47)), ""),
    "a key, but IP": (ethernet(ip(bytes.fromhex("2000 0800 00138807") + PACKET, 47)), ""),
    "MAC-in-MAC": (ethernet(bytes.fromhex("e0000007") + PLAIN, 0x88E7), "I-SID 7"),
    "MAC-in-MAC in its VLAN": (
        tags(30, kind=0x88A8, inside=b"\x88\xe7\0\0\0\x07" + tags(40)),
        "VLAN 30, I-SID 7, VLAN 40",
    ),
    "overlay in a VLAN": (
        tags(10, inside=ethernet(ip(udp(4789, vni(5000) + tags(20)), 17))[12:]),
        "VLAN 10, VNI 5000, VLAN 20",
    ),
    "two overlays": (
        ethernet(ip(udp(4789, vni(1) + ethernet(ip(udp(6081, vni(2, 0x6558) + PLAIN), 17))), 17)),
        "VNI 1.2",
    ),
    "MPLS": (ethernet(bytes.fromhex("00064140") + PACKET, 0x8847), ""),
    "MPLS, a pseudowire with a tag": (ethernet(bytes.fromhex("00064140 00000000") + tags(10), 0x8847), "VLAN 10"),
    "PPPoE": (ethernet(bytes.fromhex("1100 0007 0040 0021") + PACKET, 0x8864), ""),
    "GTP-U": (ethernet(ip(udp(2152, bytes.fromhex("30ff 0028 00000007") + PACKET), 17)), ""),
    "L2TP": (ethernet(ip(udp(1701, bytes.fromhex("0002 0001 0002 ff03 0021") + PACKET), 17)), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", STACKS)
def test_the_stack_of_identifiers(case: str, ways: tuple[Kernels, Kernels]) -> None:
    frame, name = STACKS[case]
    (row,) = same([frame], ways)
    _, decoder = decoded([frame])
    assert (row["seq"], row["flags"]) == (7, 0x10)
    assert decoder.networks == ([name] if name else [])
    assert row["network"] == (1 if name else 0)


@pytest.mark.parametrize("linktype", [113, 276, 6])
def test_tags_of_other_link_types(linktype: int, ways: tuple[Kernels, Kernels]) -> None:
    rest = tags(10)[12:]
    sll = {113: bytes(14) + rest, 276: rest[:2] + bytes(18) + rest[2:]}
    snap = b"\x10\x40" + bytes(12) + bytes.fromhex("aaaa03 000000") + rest
    (row,) = same([sll.get(linktype, snap)], ways, linktype)
    assert row["network"] == 1


def test_networks_are_numbered_as_they_appear(ways: tuple[Kernels, Kernels]) -> None:
    frames = [PLAIN, tags(20), tags(10), tags(20), PLAIN, tags(10, 20), tags(20, 10), tags(10)]
    assert [row["network"] for row in same(frames, ways)] == [0, 1, 2, 1, 0, 3, 4, 2]
    assert decoded(frames)[1].networks == ["VLAN 20", "VLAN 10", "VLAN 10.20", "VLAN 20.10"]


def test_a_network_is_that_of_segments_only() -> None:
    arp = tags(10, inside=b"\x08\x06" + bytes(28))
    assert decoded([arp, tags(20)])[1].networks == ["VLAN 20"]


def test_what_turns_out_to_be_no_tunnel_is_not_noted(ways: tuple[Kernels, Kernels]) -> None:
    """The IP header behind VXLAN is none, so the datagram is one of UDP, in the network around it."""
    icmp = bytes([3, 3, 0, 0, 0, 0, 0, 0]) + ip(tcp())
    back = bytearray(ip(icmp, 1))
    back[12:16], back[16:20] = back[16:20], back[12:16]
    inner = ethernet(bytes(60))
    frames = [tags(10, inside=ethernet(ip(udp(4789, vni(5000) + inner), 17))[12:]), tags(10, inside=b"\x08\0" + back)]
    (row,) = same(frames, ways)
    assert (row["flags"], row["network"]) == (-4, 1)
    assert decoded(frames)[1].networks == ["VLAN 10"]


def test_fragments_have_the_network_that_they_come_in(ways: tuple[Kernels, Kernels]) -> None:
    segment = tcp(payload=bytes(range(60)))

    def parts(vlan: int) -> list[bytes]:
        pieces = [(segment[:40], 0x2000), (segment[40:], 5)]
        return [tags(vlan, inside=b"\x08\0" + ip(data, 6, 99, 64, bits)) for data, bits in pieces]

    first, second = parts(10), parts(20)
    # Of the same identification at once, and still each belongs to its own.
    frames = [first[0], second[0], second[1], first[1]]
    told = decoded(frames)[1].networks
    found = [(row["number"], told[row["network"] - 1], row["length"]) for row in same(frames, ways)]
    assert found == [(3, "VLAN 20", 60), (4, "VLAN 10", 60)]


def test_frames_in_one_frame_have_the_networks_around_it(ways: tuple[Kernels, Kernels]) -> None:
    """An A-MSDU in CAPWAP, whose outer frame is in a VLAN; the second frame in it has a tag of its own."""

    def part(rest: bytes) -> bytes:
        body = bytes.fromhex("aaaa03 000000") + rest
        one = bytes(12) + struct.pack("!H", len(body)) + body
        return one + bytes(-len(one) % 4)

    wlan = bytes.fromhex("8801 0000") + bytes(20) + b"\x80\0"
    gathered = wlan + part(PLAIN[12:]) + part(tags(20)[12:])
    capwap = bytes.fromhex("00 100300 00000000") + gathered
    frames = [PLAIN, tags(10, inside=ethernet(ip(udp(5247, capwap), 17))[12:]), PLAIN]
    rows = same(frames, ways)
    told = ["", *decoded(frames)[1].networks]
    assert [(row["number"], told[row["network"]]) for row in rows] == [
        (1, ""),
        (2, "VLAN 10"),
        (2, "VLAN 10.20"),
        (3, ""),
    ]


def test_the_captures_of_overlapping_networks(ways: tuple[Kernels, Kernels]) -> None:
    for file, both in (("vlans", ["VLAN 10", "VLAN 20"]), ("vnis", ["VNI 5000", "VNI 6000"])):
        data = (PCAPS / f"overlapping-{file}.pcap").read_bytes()
        rows, decoder = decoded_file(data, ways[1])
        assert decoder.networks == both
        assert Counter(row["network"] for row in rows) == {1: 11, 2: 7}
        assert rows == decoded_file(data, ways[0])[0]


# --- bounds


def test_more_stacks_than_there_is_room_for_share_one(ways: tuple[Kernels, Kernels]) -> None:
    count = virtual_networks.STACKS + 50
    frames = [tags(1 + index // 4000, 1 + index % 4000) for index in range(count)]
    frames += [frames[0], PLAIN, frames[virtual_networks.STACKS - 1], frames[-1]]
    rows, decoder = decoded(frames, ways[1])
    last = virtual_networks.STACKS + 1
    assert [row["network"] for row in rows[:count]] == [min(1 + index, last) for index in range(count)]
    assert [row["network"] for row in rows[count:]] == [1, 0, virtual_networks.STACKS, last]
    assert len(decoder.networks) == last
    assert decoder.networks[-1] == "others"


def test_prepared_collisions_cost_no_more_than_others(ways: tuple[Kernels, Kernels]) -> None:
    numbers = np.arange(1 << 22, dtype=np.int64)
    mixed = (
        ((1 ^ (virtual_networks.VNI | numbers)) * virtual_networks._FACTOR >> 13)
        & 0xFFFFFF
        & (virtual_networks.SLOTS - 1)
    )
    chosen = numbers[mixed == mixed[5000]][: virtual_networks.PROBES + 10].tolist()
    assert len(chosen) == virtual_networks.PROBES + 10
    frames = [ethernet(ip(udp(4789, vni(number) + PLAIN), 17)) for number in [*chosen, *chosen]]
    rows = same(frames, ways)
    expected = [min(1 + index, virtual_networks.PROBES + 1) for index in range(len(chosen))]
    assert [row["network"] for row in rows] == expected * 2
    # What comes later, with another hash, has a number of its own again.
    frames.append(tags(10))
    assert same(frames, ways)[-1]["network"] == virtual_networks.PROBES + 2
    assert decoded(frames)[1].networks[virtual_networks.PROBES :] == ["others", "VLAN 10"]


layers = st.lists(
    st.one_of(
        st.tuples(st.just("VLAN"), st.integers(0, 4095)),
        st.tuples(st.just("VNI"), st.integers(0, 2**24 - 1)),
        st.tuples(st.just("I-SID"), st.integers(0, 2**24 - 1)),
        st.tuples(st.just("VSID"), st.integers(1, 2**24 - 1)),
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(layers, min_size=1, max_size=5))
def test_any_stacks(ways: tuple[Kernels, Kernels], stacks: list[list[tuple[str, int]]]) -> None:
    frames, expected = [], []
    for stack in stacks:
        frame = PLAIN
        for kind, number in reversed(stack):
            if kind == "VLAN":
                frame = frame[:12] + struct.pack("!HH", 0x8100, number) + frame[12:]
            elif kind == "VNI":
                frame = ethernet(ip(udp(4789, vni(number) + frame), 17))
            elif kind == "I-SID":
                frame = ethernet(struct.pack("!I", number) + frame, 0x88E7)
            else:
                frame = ethernet(ip(struct.pack("!HHI", 0x2000, 0x6558, number << 8) + frame, 47))
        frames.append(frame)
        kinds = {
            "VLAN": virtual_networks.VLAN,
            "VNI": virtual_networks.VNI,
            "I-SID": virtual_networks.I_SID,
            "VSID": virtual_networks.VSID,
        }
        expected.append(
            virtual_networks.name([kinds[kind] | number for kind, number in stack if (kind, number) != ("VLAN", 0)])
        )
    told = ["", *decoded(frames)[1].networks]
    assert [told[row["network"]] for row in same(frames, ways)] == expected
    assert told[1:] == list(dict.fromkeys(name for name in expected if name))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([frame for frame, _ in STACKS.values()]),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=4),
    st.integers(0, 150),
)
def test_damaged_frames(ways: tuple[Kernels, Kernels], frame: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(frame)
    for at, value in changes:
        data[at % len(data)] = value
    same([PLAIN, bytes(data[: cut or None]), frame], ways)


def test_frames_cut_off_at_every_byte(ways: tuple[Kernels, Kernels]) -> None:
    for frame, _ in STACKS.values():
        same([frame[:length] for length in range(len(frame))], ways)


def test_names_for_people() -> None:
    assert (
        virtual_networks.name([virtual_networks.VLAN | 10, virtual_networks.VLAN | 20, virtual_networks.VNI | 5000])
        == "VLAN 10.20, VNI 5000"
    )
    assert virtual_networks.name([virtual_networks.I_SID | 7]) == "I-SID 7"
    assert virtual_networks.name([virtual_networks.VLAN | 10, virtual_networks.OTHERS]) == "VLAN 10, others"
