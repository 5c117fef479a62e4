"""What frames tell beside connections: counted on paths, within limits, and the same plain and compiled."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.addresses import address
from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.output.widths import display_width
from pcapstate.sockets.rows import udp_ports
from pcapstate.traffic import tables as c
from pcapstate.traffic.counters import NOT_TOLD, PROTOCOLS, Counter, counters
from pcapstate.views import ethernet, statistics
from pcapstate.views.netstat_sections import ethernet_sections
from tests.helpers.traffic_frames import (
    BROADCAST,
    HOST,
    PEER,
    ROUTER,
    Told,
    arp,
    ether,
    frame,
    icmp,
    ip,
    tcp,
    udp,
    watched,
)

A, B = (HOST, "10.0.0.5"), (PEER, "10.0.0.9")
A6, B6 = (HOST, "2001:db8::5"), (PEER, "2001:db8::9")
ALL = "33:33:00:00:00:01"
Ends = tuple[tuple[str, str], tuple[str, str]]


def lines(told: Told) -> dict[str, tuple[int | None, int | None]]:
    return {one.name: (one.received, one.sent) for one in ethernet.counters(told.local)}


# --- Ethernet


def test_ethernet_statistics_from_the_side_of_a_host() -> None:
    frames = [
        frame(A, B, 6, tcp(1, 2)),
        frame(B, A, 6, tcp(2, 1)),
        frame(B, A, 6, tcp(2, 1)),
        arp(1, A, (BROADCAST, "10.0.0.9")),
        arp(1, B, (BROADCAST, "10.0.0.7")),
        ether(PEER, HOST, 0x88CC, bytes(50)),
        ether(PEER, ROUTER, 0x0800, ip("10.0.0.9", "192.0.2.1", 6, tcp(1, 2))),
    ]
    found = lines(watched(frames, ["10.0.0.5"]))
    assert found["Unicast packets"] == (3, 1)
    assert found["Non-unicast packets"] == (1, 1)
    assert found["Bytes"] == (sum(len(frames[index]) for index in (1, 2, 4, 5)), len(frames[0]) + len(frames[3]))
    assert found["Unknown protocols"] == (1, None)
    assert found["Discards"] == found["Errors"] == (None, None)


def test_bytes_are_those_on_the_wire_and_vlan_tags_count() -> None:
    frames = [ether(HOST, PEER, 0x0800, ip("10.0.0.5", "10.0.0.9", 6, tcp(1, 2)), vlan=7)]
    assert lines(watched(frames, ["10.0.0.5"]))["Bytes"] == (0, 14 + 4 + 40)


@pytest.mark.parametrize("linktype", [101, 113, 276, 0])
def test_there_is_no_ethernet_in_other_link_types(linktype: int) -> None:
    packet = ip("10.0.0.5", "10.0.0.9", 17, udp(53, 53))
    head = {101: b"", 113: bytes(14) + b"\x08\x00", 276: b"\x08\x00" + bytes(18), 0: bytes(4)}[linktype]
    told = watched([head + packet], ["10.0.0.5"], linktype=linktype)
    assert set(lines(told).values()) == {(None, None)}
    assert ethernet.notes(told.local) == [(ethernet.NO_ETHERNET, {})]
    assert told.counter("udp", "Datagrams Sent") == 1
    assert told.counter("ip", "Output Requests") == 1


def test_notes_with_a_number_are_templates() -> None:
    one = watched([frame(A, B, 17, udp(1, 2))], ["10.0.0.5"])
    one.traffic._memory[c.FRAMES] += 3
    assert ethernet.notes(one.local)[-1] == (ethernet.PARTLY, {"count": 3})
    (section,) = ethernet_sections(one.local, "ja")
    assert section.notes[-1] == "Ethernet ヘッダーのない 3 個のフレームは数えていません"


def test_a_host_behind_a_router_has_its_own_packets_only() -> None:
    """Its frames come from the router's station, which carries others' packets, too."""
    far = (ROUTER, "192.0.2.7")
    frames = [
        frame(far, A, 6, tcp(1, 2)),
        frame(A, far, 6, tcp(2, 1)),
        frame((ROUTER, "192.0.2.8"), A, 6, tcp(1, 3)),
        ether(ROUTER, BROADCAST, 0x0806, bytes(28)),
    ]
    told = watched(frames, ["192.0.2.7"])
    assert lines(told)["Unicast packets"] == (1, 1)
    assert lines(told)["Non-unicast packets"] == (0, 0)
    assert any("behind a router" in note for note, _ in ethernet.notes(told.local))
    # With ARP that gives the station the address, all of the station's frames are the host's.
    told = watched([arp(2, far, A, HOST), *frames], ["192.0.2.7"])
    assert lines(told)["Unicast packets"] == (1, 3)
    assert lines(told)["Non-unicast packets"] == (0, 1)


def test_a_host_that_never_sends_still_receives() -> None:
    told = watched([frame(B, A, 17, udp(1, 2)), frame(B, (ROUTER, "192.0.2.1"), 17, udp(1, 2))], ["10.0.0.5"])
    assert lines(told)["Unicast packets"] == (1, 0)
    told = watched(
        [frame(A, (ROUTER, "192.0.2.1"), 17, udp(1, 2)), frame(A, (ROUTER, "192.0.2.2"), 17, udp(1, 2))], ["192.0.2.1"]
    )
    assert lines(told)["Unicast packets"] == (1, 0)
    assert any("behind a router" in note for note, _ in ethernet.notes(told.local))


def test_a_host_told_by_one_family_has_its_station_all_the_same() -> None:
    frames = [frame(A, B, 17, udp(1, 2)), frame(A6, B6, 17, udp(1, 2)), frame(B6, A6, 17, udp(2, 1))]
    told = watched(frames, ["10.0.0.5"])
    assert lines(told)["Unicast packets"] == (1, 2)
    assert told.counter("ip", "Output Requests") == 1


def test_loopback_is_sent_and_received() -> None:
    nobody = "00:00:00:00:00:00"
    told = watched([frame((nobody, "127.0.0.1"), (nobody, "127.0.0.1"), 6, tcp(1, 2))], ["127.0.0.1"])
    assert lines(told)["Unicast packets"] == (1, 1)


# --- IP, ICMP, UDP


def test_datagrams_and_what_is_received_of_groups() -> None:
    group, group6 = (ALL, "224.0.0.251"), (ALL, "ff02::1")
    frames = [
        frame(A, B, 17, udp(1000, 53)),
        frame(B, A, 17, udp(53, 1000)),
        frame(B, group, 17, udp(5353, 5353)),  # whether the host belongs to the group, nobody says
        frame(B, (BROADCAST, "10.0.0.255"), 17, udp(137, 137)),
        frame(B6, group6, 58, icmp(130)),
        frame(B6, (ALL, "ff02::1:ff00:5"), 58, icmp(128)),
        frame(B6, (ALL, "ff02::1:ff00:6"), 58, icmp(128)),
        frame(A6, group6, 58, icmp(128)),
    ]
    told = watched(frames, ["10.0.0.5", "2001:db8::5"])
    assert told.counter("ip", "Packets Received") == 3
    assert told.counter("ip", "Received Packets Delivered") == 2
    assert told.counter("ip", "Output Requests") == 1
    assert told.counter("udp", "Datagrams Received") == 2
    assert told.counter("udp", "Datagrams Sent") == 1
    assert told.counter("ipv6", "Packets Received") == 3
    assert told.counter("icmpv6", "Messages", "received") == 2
    assert told.counter("icmpv6", "MLD Queries", "received") == 1
    assert told.counter("icmpv6", "Echos", "sent") == 1


def test_link_local_addresses_belong_to_the_station() -> None:
    own, other = (HOST, "fe80::5"), (PEER, "fe80::9")
    frames = [
        frame(A6, B6, 17, udp(1, 2)),
        frame(own, other, 58, icmp(128)),
        frame(other, own, 58, icmp(129)),
        frame((HOST, "::"), (ALL, "ff02::16"), 58, icmp(143)),
        frame((PEER, "::"), (ALL, "ff02::16"), 58, icmp(143)),
    ]
    told = watched(frames, ["2001:db8::5"])
    assert told.counter("ipv6", "Output Requests") == 3
    assert told.counter("ipv6", "Packets Received") == 2
    assert told.counter("icmpv6", "MLDv2 Reports", "sent") == 1
    assert told.counter("icmpv6", "Echo Replies", "received") == 1


def test_what_a_router_forwards() -> None:
    """The station of 10.0.0.1 gets packets for others, and sends those of others."""
    gateway = (ROUTER, "10.0.0.1")
    frames = [
        arp(2, gateway, A, HOST),
        frame(A, (ROUTER, "192.0.2.1"), 6, tcp(1, 2)),
        frame((ROUTER, "192.0.2.1"), A, 6, tcp(2, 1)),
        frame((ROUTER, "192.0.2.1"), A, 6, tcp(2, 1)),
        frame(A, gateway, 1, icmp(8)),
    ]
    told = watched(frames, ["10.0.0.1"])
    assert told.counter("ip", "Packets Received") == 2
    assert told.counter("ip", "Received Packets Delivered") == 1
    assert told.counter("ip", "Datagrams Forwarded") == 2
    assert told.counter("ip", "Output Requests") == 0


def test_where_there_is_no_single_host_each_packet_is_sent_and_received() -> None:
    told = watched([frame(A, B, 17, udp(1, 2)), frame(B, (ROUTER, "192.0.2.1"), 17, udp(1, 2))])
    assert told.counter("udp", "Datagrams Sent") == told.counter("udp", "Datagrams Received") == 2
    assert lines(told)["Unicast packets"] == (2, 2)


@pytest.mark.parametrize(("one", "other"), [(A, B), (A6, B6)])
def test_a_udp_port_is_in_use_where_it_has_sent(one: tuple[str, str], other: tuple[str, str]) -> None:
    ipv6 = ":" in one[1]
    protocol = 58 if ipv6 else 1
    question = frame(other, one, 17, udp(4000, 53, b"question"))

    def unreachable(port: int, about: str = one[1], by: tuple[str, str] = one) -> bytes:
        quoted = ip(other[1], about, 17, udp(4000, port))
        return frame(by, other, protocol, icmp(1 if ipv6 else 3, 4 if ipv6 else 3, payload=quoted))

    def open_ports(frames: list[bytes]) -> list[int]:
        told = watched(frames, [one[1]])
        return udp_ports(told.traffic, told.whose).port.tolist()

    answer = frame(one, other, 17, udp(53, 4000, b"answer"))
    assert open_ports([question]) == []
    assert open_ports([question, answer]) == [53]
    assert open_ports([question, answer, question, unreachable(53)]) == []
    assert open_ports([question, answer, unreachable(53), answer]) == [53]
    # Another host's word, or one about another address, closes nothing.
    assert open_ports([answer, unreachable(53, by=(ROUTER, "2001:db8::1" if ipv6 else "10.0.0.1"))]) == [53]
    assert open_ports([answer, unreachable(53, about=other[1])]) == [53]
    told = watched([question, question, answer, unreachable(99)], [one[1]])
    (row,) = zip(*udp_ports(told.traffic, told.whose), strict=True)
    assert str(address(int(row[0]), int(row[1]))) == one[1]
    assert [int(value) for value in row[5:]] == [1, 2, 6, 16]
    assert told.counter("udpv6" if ipv6 else "udp", "No Ports") == 1
    assert told.counter("udpv6" if ipv6 else "udp", "Datagrams Received") == 1


def test_a_length_that_lies_does_not_count() -> None:
    told = watched([frame(A, B, 17, udp(1, 2, b"x" * 10, length=length)) for length in (18, 60_000, 3, 12)])
    (row,) = [one for one in told.traffic.ports if one["port"] == 1]
    assert row["sent_bytes"] == 10 + 10 + 10 + 4


def test_ports_of_groups_and_of_no_address_are_not_in_use() -> None:
    nobody, everybody = (HOST, "0.0.0.0"), (BROADCAST, "255.255.255.255")
    told = watched([frame(nobody, everybody, 17, udp(68, 67)), frame(B, (ALL, "224.0.0.1"), 17, udp(9, 9))])
    found = udp_ports(told.traffic, told.whose)
    assert found.port.tolist() == [9]
    assert [str(address(*pair)) for pair in zip(found.high.tolist(), found.low.tolist(), strict=True)] == ["10.0.0.9"]


# --- fragments


def cut(ends: Ends, protocol: int, payload: bytes, size: int, identity: int) -> list[bytes]:
    """Return the frames of a datagram in fragments of ``size`` bytes."""
    frames = []
    for at in range(0, len(payload), size):
        more = at + size < len(payload)
        frames.append(frame(*ends, protocol, payload[at : at + size], identity=identity, offset=at, more=more))
    return frames


@pytest.mark.parametrize(("one", "other"), [(A, B), (A6, B6)])
def test_a_datagram_in_fragments_counts_once(one: tuple[str, str], other: tuple[str, str]) -> None:
    ipv6 = ":" in one[1]
    name, icmp_name, udp_name = ("ipv6", "icmpv6", "udpv6") if ipv6 else ("ip", "icmp", "udp")
    echo = icmp(128 if ipv6 else 8, payload=bytes(3000))
    whole = cut((other, one), 17, udp(1, 2, bytes(3000)), 1000, 7)
    frames = whole[::-1] + cut((other, one), 17, udp(1, 2, bytes(3000)), 1000, 8)[:-1] + whole[:1]
    frames += cut((one, other), 58 if ipv6 else 1, echo, 1480, 9)
    told = watched(frames, [one[1]])
    assert told.counter(name, "Reassembly Required") == 4 + 3 + 1
    assert told.counter(name, "Reassembly Successful") == 1
    assert told.counter(name, "Received Packets Delivered") == 1
    assert told.counter(udp_name, "Datagrams Received") == 1
    assert told.counter(name, "Output Requests") == 1
    assert told.counter(name, "Datagrams Successfully Fragmented") == 1
    assert told.counter(name, "Fragments Created") == 3
    assert told.counter(icmp_name, "Echos", "sent") == 1
    assert told.counter(icmp_name, "Messages", "sent") == 1


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_fragments_make_a_whole_where_they_cover_it(data: st.DataObject) -> None:
    """Fragments in any order, some twice, some missing, some overlapping: against a plain set of bytes."""
    total = data.draw(st.integers(9, 400))
    pieces = [(at, min(at + 8, total)) for at in range(0, total, 8)]
    joined = st.tuples(st.integers(0, len(pieces) - 1), st.integers(1, 12))
    spans = [
        (pieces[i][0], pieces[min(i + n, len(pieces)) - 1][1]) for i, n in data.draw(st.lists(joined, max_size=30))
    ]
    have: set[int] = set()
    expected, first, last = 0, False, False
    frames = []
    for start, end in spans:
        frames.append(frame(A, B, 99, bytes(end - start), identity=5, offset=start, more=end < total))
        if start == 0 and end == total:
            continue  # that is no fragment
        have |= set(range(start, end))
        first, last = first or start == 0, last or end == total
        if first and last and len(have) == total:
            expected += 1
            have, first, last = set(), False, False
    told = watched(frames, ["10.0.0.9"])
    assert told.counter("ip", "Reassembly Successful") == expected


def test_fragments_too_far_apart_do_not_go_together() -> None:
    frames = cut((A, B), 17, udp(1, 2, bytes(1500)), 1000, 3)
    assert watched(frames, ["10.0.0.9"], step=59 * 10**9).counter("ip", "Reassembly Successful") == 1
    assert watched(frames, ["10.0.0.9"], step=61 * 10**9).counter("ip", "Reassembly Successful") == 0


def test_many_datagrams_in_fragments_at_a_time() -> None:
    """More than are kept: those that are, are whole, and no more."""
    firsts, lasts = zip(*(cut((A, B), 17, udp(1, 2, bytes(900)), 800, number) for number in range(3000)), strict=True)
    found = watched([*firsts, *reversed(lasts)], ["10.0.0.9"], step=1000).counter("ip", "Reassembly Successful")
    assert found is not None
    assert 512 < found <= c.DATAGRAMS


# --- how it is written


def all_counters(told: Told) -> list[Counter]:
    return counters(told.local, told.capture.table, told.whose)


def test_statistics_as_netstat_prints_them() -> None:
    frames = [
        frame(A, B, 1, icmp(8)),
        frame(B, A, 1, icmp(0)),
        frame(A, B, 6, tcp(1, 2, 0x02)),
        frame(B, A, 6, tcp(2, 1, 0x14)),
    ]
    told = watched(frames, ["10.0.0.5"])
    blocks = statistics.blocks(all_counters(told), ("icmp", "tcp"))
    text = statistics.text(blocks, lambda one: one)
    assert text.startswith(
        "ICMPv4 Statistics\n\n                           Received  Sent\n  Messages                 1         1\n"
    )
    assert "  Errors                   -         -\n" in text
    assert "  Echo Replies             1         0\n  Echos                    0         1\n" in text
    assert "\nTCP Statistics for IPv4\n\n  Active Opens               = 1\n  Passive Opens              = 0\n" in text
    assert text.endswith(
        "  Segments Received          = 1\n  Segments Sent              = 1\n  Segments Retransmitted     = 0\n"
    )
    assert "Resets Sent" not in text
    translated = statistics.text(blocks[:1], lambda one: {"Messages": "メッセージ"}.get(one, one), display_width)
    assert "  メッセージ               1         1\n" in translated


def test_statistics_for_programs() -> None:
    told = watched([frame(A, B, 17, udp(1, 2))], ["10.0.0.5"])
    table = statistics.view(all_counters(told), ("udp", "ip"))
    lines = [json.loads(line) for line in b"".join(render(table, "jsonl", Kernels())).splitlines()]
    assert [line["protocol"] for line in lines] == ["ip"] * 17 + ["udp"] * 4
    assert lines[-1] == {
        "protocol": "udp",
        "counter": "Datagrams Sent",
        "direction": None,
        "value": 1,
        "mib": "UdpOutDatagrams",
        "note": None,
    }
    unknown = next(line for line in lines if line["counter"] == "Received Header Errors")
    assert (unknown["value"], unknown["note"], unknown["mib"]) == (None, NOT_TOLD, "IpInHdrErrors")


def test_every_counter_has_a_value_or_says_why_not() -> None:
    found = all_counters(watched([frame(A, B, 6, tcp(1, 2))], ["10.0.0.5"]))
    assert {one.protocol for one in found} == set(PROTOCOLS)
    assert all(one.value is not None or one.note for one in found)
    keys = [(one.protocol, one.name, one.direction) for one in found]
    assert len(set(keys)) == len(keys)


def test_tcp_counters() -> None:
    """One opened by the host, one refused by it, one reset, and one sent twice; each family by itself."""

    def at(seq: int, ack: int, flags: int, payload: bytes = b"") -> bytes:
        return struct.pack("!IIBBHHH", seq, ack, 0x50, flags, 100, 0, 0) + payload

    def talk(one: tuple[str, str], other: tuple[str, str]) -> list[bytes]:
        ports, back = struct.pack("!HH", 4000, 80), struct.pack("!HH", 80, 4000)
        return [
            frame(one, other, 6, ports + at(1, 0, 0x02)),
            frame(other, one, 6, back + at(9, 2, 0x12)),
            frame(one, other, 6, ports + at(2, 10, 0x10)),
            frame(one, other, 6, ports + at(2, 10, 0x18, b"data")),
            frame(one, other, 6, ports + at(2, 10, 0x18, b"data")),
            frame(other, one, 6, back + at(10, 6, 0x14)),
        ]

    refused = [frame(B, A, 6, tcp(7, 22, 0x02)), frame(A, B, 6, struct.pack("!HH", 22, 7) + at(0, 2, 0x14))]
    told = watched([*talk(A, B), *refused, *talk(B6, A6)], ["10.0.0.5", "2001:db8::5"], step=300_000_000)
    expected = {
        "Active Opens": (1, 0),
        "Passive Opens": (0, 1),
        "Failed Connection Attempts": (0, 0),
        "Reset Connections": (1, 1),
        "Current Connections": (0, 0),
        "Segments Received": (3, 4),
        "Segments Sent": (4, 2),
        "Segments Retransmitted": (1, 0),
        "Resets Sent": (1, 1),
    }
    assert {name: (told.counter("tcp", name), told.counter("tcpv6", name)) for name in expected} == expected
