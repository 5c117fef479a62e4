"""The tables of what frames tell: within limits, the same plain and compiled, and nothing from damaged frames."""

from __future__ import annotations

import random
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.routing import routing_table
from pcapstate.sockets.rows import udp_ports
from pcapstate.traffic import tables as c
from pcapstate.views import ethernet, routes, statistics
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
    packed,
    tcp,
    udp,
    watched,
)

A, B = (HOST, "10.0.0.5"), (PEER, "10.0.0.9")
A6, B6 = (HOST, "2001:db8::5"), (PEER, "2001:db8::9")
ALL = "33:33:00:00:00:01"
SMALL = dict.fromkeys(c.LIMITS, 16)


def test_a_flood_stays_within_limits_and_the_host_in_question_is_counted() -> None:
    flood = []
    for number in range(2000):
        protocol, payload = (1, icmp(8)) if number % 2 else (17, udp(number, 53))
        flood.append(frame((PEER, f"11.{number >> 8}.{number & 255}.1"), A, protocol, payload))
    answers = [frame(A, (PEER, f"12.0.{number}.1"), 1, icmp(0)) for number in range(100)]
    frames = [frame(A, B, 6, tcp(1, 2)), *flood[:1000], *answers[:50], *flood[1000:], *answers[50:]]
    told = watched(frames, ["10.0.0.5"], limits=SMALL)
    assert len(told.traffic.paths) <= 48
    assert len(told.traffic.tallies) <= 48
    assert len(told.traffic.ports) <= 32
    # What comes again and again finds room in spite of the flood; its very first packet may not.
    expected = {
        ("ip", "Packets Received"): 2000,
        ("ip", "Output Requests"): 101,
        ("icmp", "Echos", "received"): 1000,
        ("icmp", "Echo Replies", "sent"): 100,
        ("udp", "Datagrams Received"): 1000,
    }
    for what, count in expected.items():
        found = told.counter(*what)
        assert found is not None
        assert count - 2 <= found <= count, what
    (unicast,) = [one for one in ethernet.counters(told.local) if one.name == "Unicast packets"]
    assert unicast.received == told.counter("ip", "Packets Received")
    assert unicast.sent == told.counter("ip", "Output Requests")
    assert told.traffic.pairs_full
    assert len(told.traffic.dropped) >= 3
    roomy = watched(frames, ["10.0.0.5"])
    assert {what: roomy.counter(*what) for what in expected} == expected
    assert roomy.traffic.dropped == []
    assert not roomy.traffic.pairs_full
    assert len(roomy.traffic.paths) == 2101


def test_tables_grow() -> None:
    """More rows than the hash tables have slots for at first; each is found again."""
    frames = [frame((PEER, f"11.{n >> 8}.{n & 255}.1"), A, 17, udp(n, 53)) for n in range(5000)]
    traffic = watched(frames * 2, ["10.0.0.5"]).traffic
    assert len(traffic.paths) == 5000
    assert set(traffic.paths["packets"].tolist()) == {2}
    assert len(traffic.ports) == 5001
    assert set(traffic.ports["sent_packets"][traffic.ports["sent_packets"] > 0].tolist()) == {2}


def test_arp_floods_are_dropped() -> None:
    senders = [(f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", f"10.1.{n >> 8}.{n & 255}") for n in range(1, 500)]
    told = watched([arp(1, one, A) for one in senders], ["10.0.0.5"], limits=SMALL)
    assert 16 <= len(told.traffic.bindings) <= 32
    assert sum("ARP" in text for text, _ in told.traffic.dropped) == 2


def state(told: Told) -> list[list[tuple[object, ...]]]:
    """All rows without their hashes, whose keys are random."""
    tables = [told.traffic.paths, told.traffic.rests, told.traffic.tallies, told.traffic.ports, told.traffic.bindings]
    rows = [one[[name for name in one.dtype.names or () if name != "key"]].tolist() for one in tables]
    return [*rows, [(told.traffic.clock, told.traffic.ethernet, told.traffic.without_ethernet)]]


MACS = st.sampled_from([HOST, PEER, ROUTER, BROADCAST, ALL])
ADDRESSES = st.sampled_from(["10.0.0.5", "10.0.0.9", "10.0.0.1", "224.0.0.1", "0.0.0.0"])
ADDRESSES6 = st.sampled_from(["2001:db8::5", "fe80::9", "ff02::1", "::", "2001:db8::1", "::ffff:10.0.0.5", "::1"])
PORTS = st.sampled_from([53, 67, 68, 1])
TYPES = st.sampled_from([0, 3, 5, 8, 1, 128, 133, 134, 135, 136, 137, 143])
DATAGRAMS = st.builds(udp, PORTS, PORTS, st.binary(max_size=30), st.integers(0, 70))
QUOTED = st.one_of(
    st.builds(ip, ADDRESSES, ADDRESSES, st.just(17), DATAGRAMS),
    st.builds(ip, ADDRESSES6, ADDRESSES6, st.just(17), DATAGRAMS),
)
PAYLOADS = st.one_of(
    DATAGRAMS,
    st.builds(icmp, TYPES, st.sampled_from([0, 0, 3, 4]), st.binary(min_size=4, max_size=4), st.binary(max_size=60)),
    st.builds(icmp, st.sampled_from([1, 3]), st.sampled_from([3, 4]), st.just(bytes(4)), QUOTED),
    st.builds(tcp, st.integers(0, 3), st.integers(0, 3)),
    st.binary(max_size=40),
)
PROTOCOLS = st.sampled_from([1, 6, 17, 58, 0, 44, 60])
FRAGMENT = {
    "identity": st.integers(0, 2),
    "offset": st.sampled_from([0, 0, 0, 8, 16, 65_528]),
    "more": st.booleans(),
    "hops": st.sampled_from([64, 255, 1]),
}
IP = st.builds(ip, ADDRESSES, ADDRESSES, PROTOCOLS, PAYLOADS, **FRAGMENT)
IP6 = st.builds(ip, ADDRESSES6, ADDRESSES6, PROTOCOLS, PAYLOADS, **FRAGMENT)
PACKETS = st.one_of(
    st.builds(ether, MACS, MACS, st.just(0x0800), IP),
    st.builds(ether, MACS, MACS, st.just(0x86DD), IP6, st.sampled_from([None, 5])),
    st.builds(arp, st.integers(0, 3), st.tuples(MACS, ADDRESSES), st.tuples(MACS, ADDRESSES)),
    st.binary(max_size=80),
)
DAMAGED = st.builds(lambda whole, keep: whole[:keep], PACKETS, st.integers(0, 120))
LINKTYPES = st.sampled_from([1, 1, 1, 0, 101, 113, 276, 105])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(PACKETS, DAMAGED), max_size=20), LINKTYPES, st.booleans())
def test_both_runs_tell_the_same(
    both: tuple[Kernels, Kernels], frames: list[bytes], linktype: int, small: bool
) -> None:
    limits = dict.fromkeys(c.LIMITS, 3) if small else None
    keys = bytes(range(1, 65))
    with mock.patch("os.urandom", lambda count: keys[:count]):
        # What comes a second time is known by its hash: the same keys drop the same packets.
        plain, compiled = (watched(frames, linktype=linktype, kernels=kernels, limits=limits) for kernels in both)
    assert plain.traffic.dropped == compiled.traffic.dropped
    assert state(plain) == state(compiled)
    assert plain.traffic.announcements.routes(0) == compiled.traffic.announcements.routes(0)
    if not small:
        assert int(plain.traffic.paths["packets"].sum()) == len(frames)
    answers = [[one.counter(*what) for what in ASKED] for one in (plain, compiled)]
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@given(st.lists(PACKETS, max_size=30), st.sampled_from([[], ["10.0.0.5", "2001:db8::5"], ["::/0"], ["10.0.0.0/8"]]))
def test_any_frames_give_views(frames: list[bytes], local: list[str]) -> None:
    """No frame, however odd, makes a view fail; and what it counts is never more than there was."""
    told = watched(frames, local)
    lines = {one.name: one for one in ethernet.counters(told.local)}
    if told.traffic.ethernet:
        assert 0 <= (lines["Unicast packets"].sent or 0) <= len(frames)
    assert all(one.value is None or one.value >= 0 for one in told.counters)
    assert len(statistics.blocks(told.counters)) == 8
    found = routing_table.routes(told.local)
    assert sum(one.packets for one in found if not one.neighbour and one.on_link is False) <= len(frames)
    assert all(one.evidence for one in found)
    for section in routes.sections(found):
        assert b"".join(render(section.table, "table", Kernels()))
    ports = udp_ports(told.traffic, told.whose)
    assert (ports.sent_packets > 0).all()


ASKED = (
    ("ip", "Received Packets Delivered"),
    ("ipv6", "Reassembly Successful"),
    ("icmp", "Messages", "received"),
    ("udp", "No Ports"),
)


def test_both_runs_tell_the_same_of_much(both: tuple[Kernels, Kernels]) -> None:
    source = random.Random(5)
    hosts = [(f"02:00:00:00:01:{n:02x}", f"10.0.{n}.{source.randrange(256)}") for n in range(60)]
    frames = []
    for _ in range(4000):
        one, other = source.sample(hosts, 2)
        payload = source.choice([udp(source.randrange(9), 53, b"x"), tcp(1, 2), icmp(source.randrange(20))])
        frames.append(frame(one, other, source.choice([1, 6, 17]), payload))
    plain, compiled = (watched(frames, kernels=kernels) for kernels in both)
    assert state(plain) == state(compiled)
    assert int(np.sum(plain.traffic.paths["packets"])) == 4000


@pytest.mark.parametrize("keep", range(42))
def test_a_truncated_arp_binds_nothing(keep: int) -> None:
    told = watched([arp(2, A, B, PEER)[:keep]])
    assert len(told.traffic.bindings) == 0


def test_arp_of_other_hardware_binds_nothing() -> None:
    whole = arp(2, A, B, PEER)
    for at, value in ((14, 0xFF), (16, 0x86), (18, 8), (19, 16)):
        changed = bytearray(whole)
        changed[at] = value
        assert len(watched([bytes(changed)]).traffic.bindings) == 0
    assert len(watched([whole]).traffic.bindings) == 1


def test_neighbour_discovery_from_beyond_a_router_binds_nothing() -> None:
    message = icmp(136, payload=packed("2001:db8::9") + b"\x02\x01\x02\x00\x00\x00\x00\x66")
    for hops, expected in ((255, ["02:00:00:00:00:66"]), (254, [])):
        told = watched([frame(B6, A6, 58, message, hops=hops)])
        assert [int(one).to_bytes(6, "big").hex(":") for one in told.traffic.bindings["mac"]] == expected
    # The sender's own station stands for an option that is left out, or that lies about its length.
    for options in (b"", b"\x02\x00\x02\x00\x00\x00\x00\x66", b"\x07\x01" + bytes(6)):
        told = watched([frame(B6, A6, 58, icmp(136, payload=packed("2001:db8::9") + options), hops=255)])
        assert [int(one).to_bytes(6, "big").hex(":") for one in told.traffic.bindings["mac"]] == [PEER]
