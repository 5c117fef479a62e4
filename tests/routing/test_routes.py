"""The routing table that traffic shows: neighbours, gateways, and what routers and DHCP servers say."""

from __future__ import annotations

import json
import struct
import warnings
from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import render
from pcapstate.routing import routing_table
from pcapstate.routing.route import Route as Row
from pcapstate.routing.route import sites, smallest
from pcapstate.traffic import tables as c
from pcapstate.traffic.announced import SECOND, Route
from pcapstate.traffic.announcements import KEPT, Announcements
from pcapstate.views import routes as view
from pcapstate.wording.languages import translate
from tests.helpers.traffic_frames import (
    BROADCAST,
    HOST,
    PEER,
    ROUTER,
    arp,
    frame,
    icmp,
    ip,
    packed,
    station,
    tcp,
    udp,
    watched,
)

OWN, OWN6 = (HOST, "10.0.0.5"), (HOST, "2001:db8::5")
OTHER = "02:00:00:00:00:02"


def to(mac: str, address: str, times: int = 1) -> list[bytes]:
    source = OWN6 if ":" in address else OWN
    return [frame(source, (mac, address), 6, tcp(1, 2))] * times


def back(mac: str, address: str, hops: int = 64) -> bytes:
    return frame((mac, address), OWN6 if ":" in address else OWN, 6, tcp(2, 1), hops=hops)


def rows(frames: list[bytes], *local: str) -> list[Row]:
    return routing_table.routes(watched(frames, local or ("10.0.0.5", "2001:db8::5")).local)


def told(frames: list[bytes]) -> dict[str, tuple[bool | None, str | None, str | None, str]]:
    return {
        str(one.network): (one.on_link, one.gateway and str(one.gateway), view.mac_text(one.mac), one.evidence)
        for one in rows(frames)
    }


def test_a_gateway_is_named_by_arp() -> None:
    frames = [
        arp(1, OWN, (BROADCAST, "10.0.0.1")),
        arp(2, (ROUTER, "10.0.0.1"), OWN, HOST),
        *to(ROUTER, "192.0.2.7", 2),
        *to(ROUTER, "192.0.2.200"),
        *to(ROUTER, "198.51.100.1"),
    ]
    found = told(frames)
    assert found.pop("192.0.2.0/24") == (False, "10.0.0.1", ROUTER, "ARP #2, traffic #3")
    assert found.pop("198.51.100.1/32") == (False, "10.0.0.1", ROUTER, "ARP #2, traffic #6")
    assert found.pop("10.0.0.1/32") == (True, None, ROUTER, "ARP #2")
    (network,) = [one for one in rows(frames) if not one.neighbour and one.on_link]
    assert str(network.network) == "10.0.0.1/32"
    (first, *_) = [one for one in rows(frames) if str(one.network) == "192.0.2.0/24"]
    assert (first.addresses, first.packets, first.bytes, str(first.interface)) == (2, 3, 3 * 54, "10.0.0.5")


def test_neighbours_make_the_least_network_with_the_host() -> None:
    frames = [arp(2, (PEER, "10.0.0.9"), OWN, HOST), *to(PEER, "10.0.0.9")]
    (network,) = [one for one in rows(frames) if not one.neighbour]
    assert (str(network.network), network.stated, network.on_link) == ("10.0.0.0/28", False, True)
    (one,) = [one for one in rows(frames) if one.neighbour]
    assert (str(one.network), view.mac_text(one.mac), one.packets) == ("10.0.0.9/32", PEER, 1)
    # Of a host that it had nothing to do with, it knows no station.
    strangers = [arp(1, (OTHER, "10.0.0.77"), (BROADCAST, "10.0.0.78"))]
    assert rows(frames + strangers) == rows(frames)


@pytest.mark.parametrize(
    ("hops", "on_link", "evidence"),
    [
        (64, True, "hop limit #2, traffic #1"),
        (128, True, "hop limit #2, traffic #1"),
        (57, False, "hop limit #2, traffic #1"),
        (None, None, "traffic #1"),
    ],
)
def test_one_address_of_a_station(hops: int | None, on_link: bool | None, evidence: str) -> None:
    """Without ARP, only the hop limit of what comes back tells a neighbour from a host behind a gateway."""
    answer = [] if hops is None else [back(PEER, "192.0.2.7", hops)]
    frames = [*to(PEER, "192.0.2.7"), *answer]
    (one,) = [
        row for row in rows(frames) if str(row.network) == "192.0.2.7/32" and row.neighbour is (on_link is not False)
    ]
    assert (one.on_link, one.evidence, one.gateway, view.mac_text(one.mac)) == (on_link, evidence, None, PEER)


def test_two_addresses_of_a_station_are_behind_a_gateway_that_nothing_names() -> None:
    found = told([*to(ROUTER, "192.0.2.7"), *to(ROUTER, "198.51.100.7"), back(ROUTER, "192.0.2.7")])
    assert {one[:3] for one in found.values()} == {(False, None, ROUTER)}
    # A host answers ARP for several addresses: the one that was asked for is the gateway's, or it stays open.
    bound = [arp(2, (ROUTER, one), OWN, HOST) for one in ("10.0.0.1", "10.0.0.2")]
    (one,) = [row for row in rows([*bound, *to(ROUTER, "192.0.2.7")]) if row.on_link is False]
    assert one.gateway is None
    assert one.evidence == "traffic #3; the gateway is 10.0.0.1 or 10.0.0.2"
    asked = [arp(1, OWN, (BROADCAST, "10.0.0.2")), *bound]
    (one,) = [row for row in rows([*asked, *to(ROUTER, "192.0.2.7")]) if row.on_link is False]
    assert (str(one.gateway), one.evidence) == ("10.0.0.2", "ARP #3, traffic #4")


def test_two_gateways_and_the_last_way_counts() -> None:
    frames = [
        *to(ROUTER, "192.0.2.7", 3),
        *to(ROUTER, "192.0.2.9"),
        *to(OTHER, "198.51.100.1"),
        *to(OTHER, "198.51.100.2"),
    ]
    assert {network: one[2] for network, one in told(frames).items()} == {
        "192.0.2.0/28": ROUTER,
        "198.51.100.0/30": OTHER,
    }
    changed = [*frames, *to(OTHER, "192.0.2.7")]
    found = {str(one.network): (view.mac_text(one.mac), one.packets) for one in rows(changed)}
    assert found["192.0.2.7/32"] == (OTHER, 1)
    assert found["192.0.2.9/32"] == (ROUTER, 1)


def test_many_networks_of_a_gateway_are_one_row() -> None:
    frames = [one for number in range(40) for one in to(ROUTER, f"{number * 5 + 11}.1.2.3")]
    (one,) = rows(frames)
    assert (str(one.network), one.addresses, one.packets, one.stated) == ("0.0.0.0/0", 40, 40, False)


def test_ipv6_and_link_local_neighbours() -> None:
    solicited = frame(OWN6, (BROADCAST, "ff02::1:ff00:1"), 58, icmp(135, payload=packed("2001:db8::1")), hops=255)
    answer = frame((ROUTER, "2001:db8::1"), OWN6, 58, icmp(136, payload=packed("2001:db8::1")), hops=255)
    frames = [solicited, answer, *to(ROUTER, "2001:db8:7::1"), *to(PEER, "fe80::9")]
    found = told(frames)
    assert found["2001:db8:7::1/128"] == (False, "2001:db8::1", ROUTER, "ND #2, traffic #3")
    assert found["fe80::9/128"] == (True, None, PEER, "traffic #4")
    assert found["2001:db8::1/128"][:3] == (True, None, ROUTER)


def test_a_capture_without_stations_has_no_routes() -> None:
    one = watched([ip("10.0.0.5", "192.0.2.1", 6, tcp(1, 2))], ["10.0.0.5"], linktype=101)
    assert routing_table.routes(one.local) == []
    assert view.notes(one.local) == [view.NO_STATIONS]


# --- what routers and servers say


def advertisement(lifetime: int, *options: bytes, source: str = "fe80::1") -> bytes:
    body = struct.pack("!BBHII", 64, 0, lifetime, 0, 0)
    message = icmp(134, rest=body[:4], payload=body[4:] + b"".join(options))
    return frame((ROUTER, source), (BROADCAST, "ff02::1"), 58, message, hops=255)


def prefix(network: str, flags: int = 0xC0, valid: int = 3600) -> bytes:
    one = ip_network(network)
    return struct.pack("!BBBBIII", 3, 4, one.prefixlen, flags, valid, 0, 0) + one.network_address.packed


def test_router_advertisements_name_networks_and_a_default_route() -> None:
    frames = [
        advertisement(1800, prefix("2001:db8::/64"), prefix("2001:db8:8::/64", flags=0x40)),
        *to(ROUTER, "2001:db8:7::1", 2),
        *to(PEER, "2001:db8::9"),
    ]
    found = told(frames)
    assert found.pop("::/0") == (False, "fe80::1", ROUTER, "RA #1, traffic #2")
    assert found.pop("2001:db8::/64") == (True, None, None, "RA #1, traffic #4")
    assert found.pop("2001:db8::9/128") == (True, None, PEER, "traffic #4")
    assert not found
    by_network = {str(one.network): one for one in rows(frames)}
    assert (by_network["::/0"].stated, by_network["::/0"].addresses, by_network["::/0"].packets) == (True, 1, 2)


def test_a_router_that_resigns_is_no_gateway() -> None:
    on, off = advertisement(1800), advertisement(0)
    assert "::/0" in told([on])
    assert "::/0" not in told([on, off])
    assert told([on, off, on])["::/0"][3] == "RA #1"
    late = watched([on, *to(PEER, "fe80::9")], ["2001:db8::5"], step=1801 * SECOND)
    assert not [one for one in routing_table.routes(late.local) if one.stated and not one.neighbour]
    # Only a link-local address may advertise, and only from the link.
    assert "::/0" not in told([advertisement(1800, source="2001:db8::1")])


def dhcp(kind: int, options: bytes, own: str = "10.0.0.5") -> bytes:
    message = (
        struct.pack("!BBBBIHH", 2, 1, 6, 0, 7, 0, 0)
        + bytes(4)
        + packed(own)
        + bytes(8)
        + station(HOST).ljust(16, b"\0")
    )
    message = message.ljust(236, b"\0") + b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + options + b"\xff"
    return frame((ROUTER, "10.0.0.1"), (HOST, own), 17, udp(67, 68, message))


def test_dhcp_names_the_network_and_the_gateway() -> None:
    options = b"\x01\x04\xff\xff\xfe\x00\x03\x08\x0a\x00\x00\x01\x0a\x00\x00\x02"
    frames = [dhcp(5, options), arp(2, (ROUTER, "10.0.0.1"), OWN, HOST), *to(ROUTER, "192.0.2.7")]
    found = told(frames)
    assert found["0.0.0.0/0"] == (False, "10.0.0.1", ROUTER, "DHCP #1, ARP #2, traffic #3")
    assert found["10.0.0.0/23"] == (True, None, None, "DHCP #1")
    assert "192.0.2.7/32" not in found
    # An offer is no lease, and another host's lease is not this one's.
    for other in (dhcp(2, options), dhcp(5, options, own="10.0.0.6")):
        assert "0.0.0.0/0" not in told([other, *frames[1:]])


def test_dhcp_with_classless_routes() -> None:
    routes = b"\x18\x0a\x01\x02\x0a\x00\x00\x02" + b"\x00\x0a\x00\x00\x01" + b"\x20\x08\x08\x08\x08\x00\x00\x00\x00"
    found = told([dhcp(5, b"\x03\x04\x0a\x00\x00\x63" + bytes([121, len(routes)]) + routes)])
    assert {network: one[:2] for network, one in found.items()} == {
        "10.1.2.0/24": (False, "10.0.0.2"),
        "0.0.0.0/0": (False, "10.0.0.1"),
    }
    static = b"\x21\x10" + packed("192.0.2.9") + packed("10.0.0.2") + packed("0.0.0.0") + packed("10.0.0.2")
    assert {network: one[:2] for network, one in told([dhcp(5, static)]).items()} == {
        "192.0.2.9/32": (False, "10.0.0.2")
    }
    ended = watched(
        [dhcp(5, b"\x33\x04" + struct.pack("!I", 60) + static), *to(PEER, "10.0.0.9")], ["10.0.0.5"], step=61 * SECOND
    )
    assert not [one for one in routing_table.routes(ended.local) if one.gateway]


def redirect(gateway: str, target: str, host: str = "10.0.0.5") -> bytes:
    quoted = ip(host, target, 6, tcp(1, 2))
    return frame((ROUTER, "10.0.0.1"), OWN, 1, icmp(5, 1, packed(gateway), quoted))


def test_a_redirect_names_a_gateway() -> None:
    frames = [
        *to(ROUTER, "192.0.2.7"),
        redirect("10.0.0.2", "192.0.2.7"),
        arp(2, (OTHER, "10.0.0.2"), OWN, HOST),
        *to(OTHER, "192.0.2.7", 2),
    ]
    assert told(frames)["192.0.2.7/32"] == (False, "10.0.0.2", OTHER, "redirect #2, ARP #3, traffic #4")
    # What quotes another host's packet is not for this one.
    assert "redirect" not in told([redirect("10.0.0.2", "192.0.2.7", host="10.0.0.6"), *frames[2:]])["192.0.2.7/32"][3]


def heard(kind: int, packet: bytes, announcements: Announcements | None = None) -> list[Route]:
    kept = announcements or Announcements()
    kept.add(kind, 1, 0, 5, packet)
    return kept.routes(0)


def test_packets_that_scapy_makes_are_understood() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scapy.layers.dhcp import BOOTP, DHCP
        from scapy.layers.inet import ICMP, IP, UDP
        from scapy.layers.inet6 import (
            ICMPv6ND_RA,
            ICMPv6ND_Redirect,
            ICMPv6NDOptDstLLAddr,
            ICMPv6NDOptPrefixInfo,
            ICMPv6NDOptRouteInfo,
            IPv6,
        )
    lease = BOOTP(op=2, yiaddr="10.9.0.5") / DHCP(
        options=[
            ("message-type", "ack"),
            ("subnet_mask", "255.255.240.0"),
            ("router", "10.9.0.1"),
            ("lease_time", 60),
            "end",
        ]
    )
    found = heard(c.DHCP, bytes(IP(src="10.9.0.1", dst="10.9.0.5") / UDP(sport=67, dport=68) / lease))
    assert [(str(one.network), one.gateway and str(one.gateway)) for one in found] == [
        ("10.9.0.0/20", None),
        ("0.0.0.0/0", "10.9.0.1"),
    ]
    assert {one.until for one in found} == {60 * SECOND}
    advertised = (
        IPv6(src="fe80::7", dst="ff02::1")
        / ICMPv6ND_RA(routerlifetime=9)
        / ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64, validlifetime=0xFFFFFFFF)
        / ICMPv6NDOptRouteInfo(prefix="2001:db8:2::", plen=48, rtlifetime=30)
    )
    found = heard(c.ROUTER_ADVERTISEMENT, bytes(advertised))
    assert [(str(one.network), one.until) for one in found] == [
        ("::/0", 9 * SECOND),
        ("2001:db8:1::/64", None),
        ("2001:db8:2::/48", 30 * SECOND),
    ]
    told = IPv6(src="fe80::7", dst="2001:db8::5") / ICMPv6ND_Redirect(tgt="fe80::8", dst="2001:db8:9::9")
    (one,) = heard(c.REDIRECT_IPV6, bytes(told / ICMPv6NDOptDstLLAddr(lladdr=OTHER)))
    assert (str(one.network), str(one.gateway), one.mac) == ("2001:db8:9::9/128", "fe80::8", 0x020000000002)
    old = IP(src="10.0.0.1", dst="10.0.0.5") / ICMP(type=5, code=1, gw="10.0.0.2") / IP(src="10.0.0.5", dst="192.0.2.1")
    (one,) = heard(c.REDIRECT, bytes(old / b"12345678"))
    assert (str(one.network), str(one.gateway), str(one.host)) == ("192.0.2.1/32", "10.0.0.2", "10.0.0.5")


WHOLE = {
    c.DHCP: dhcp(5, b"\x01\x04\xff\xff\xfe\x00\x03\x04\x0a\x00\x00\x01\x79\x05\x00\x0a\x00\x00\x01")[14:],
    c.ROUTER_ADVERTISEMENT: advertisement(1800, prefix("2001:db8::/64"), b"\x18\x02\x30\0\0\0\0\x09" + bytes(8))[14:],
    c.REDIRECT: redirect("10.0.0.2", "192.0.2.7")[14:],
    c.REDIRECT_IPV6: ip(
        "fe80::1", "2001:db8::5", 58, icmp(137, payload=packed("fe80::2") + packed("2001:db8:9::1")), hops=255
    ),
}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    st.integers(0, 400),
)
def test_damaged_announcements_tell_nothing_or_something_valid(
    kind: int, changes: list[tuple[int, int]], keep: int
) -> None:
    assert heard(kind, WHOLE[kind])
    packet = bytearray(WHOLE[kind])
    for at, value in changes:
        packet[at % len(packet)] = value
    # The watcher hands over what it has read the header of.
    minimum = 20 if kind in (c.DHCP, c.REDIRECT) else 44
    for one in heard(kind, bytes(packet[: max(keep, minimum)])):
        assert one.gateway is None or one.gateway.version == one.network.version


def test_announcements_are_bounded() -> None:
    kept = Announcements()
    for number in range(3 * KEPT):
        kept.add(c.REDIRECT, number, number, 5, redirect("10.0.0.2", f"192.0.{number >> 8}.{number & 255}")[14:])
    assert kept.evicted == 2 * KEPT
    assert len(kept.routes(0)) == KEPT
    frames = [redirect("10.0.0.2", f"192.0.{number >> 8}.{number & 255}") for number in range(1000)]
    one = watched(frames, ["10.0.0.5"])
    ((text, fields),) = one.traffic.dropped
    assert text.format(**fields).startswith("744 router advertisements, redirects and DHCP messages were dropped")
    assert "744 個" in translate(text, "ja").format(**fields)


# --- networks, and the tables


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30))
def test_the_smallest_network_holds_all(addresses: list[int]) -> None:
    found = smallest((0, 0xFFFF << 32 | min(addresses)), (0, 0xFFFF << 32 | max(addresses)))
    assert all(ip_address(one) in found for one in addresses)
    if found.prefixlen < 32:
        assert not any(all(ip_address(one) in half for one in addresses) for half in found.subnets())


@given(st.lists(st.integers(2**48, 2**128 - 1), min_size=1, max_size=30, unique=True))
def test_sites_cover_every_address_once(addresses: list[int]) -> None:
    halves = np.array([[one >> 64, one & (2**64 - 1)] for one in addresses], dtype=np.uint64).view(np.int64)
    halves = halves[np.lexsort((halves[:, 1], halves[:, 0]))]
    found = list(sites(halves[:, 0], halves[:, 1], True))
    assert sum(part.stop - part.start for _, part in found) == len(addresses)
    for network, part in found:
        for high, low in halves[part].view(np.uint64).tolist():
            assert (high << 64 | low) & int(network.netmask) == int(network.network_address)


def test_rows_for_programs_and_for_people() -> None:
    frames = [
        arp(2, (ROUTER, "10.0.0.1"), OWN, HOST),
        *to(ROUTER, "192.0.2.7"),
        *to(ROUTER, "192.0.2.8"),
        *to(PEER, "2001:db8::9"),
    ]
    found = rows(frames)
    lines = [json.loads(line) for line in b"".join(render(view.view(found), "jsonl", Kernels())).splitlines()]
    (one,) = [line for line in lines if line["destination"] == "192.0.2.0/28"]
    assert one == {
        "destination": "192.0.2.0/28",
        "stated": False,
        "type": "route",
        "on_link": False,
        "gateway": "10.0.0.1",
        "mac": ROUTER,
        "interface": "10.0.0.5",
        "metric": None,
        "addresses": 2,
        "packets": 2,
        "bytes": 108,
        "evidence": "ARP #1, traffic #2",
    }
    assert [line["on_link"] for line in lines if line["destination"] == "2001:db8::9/128"] == [None]
    sections = view.sections(found)
    assert [one.heading for one in sections] == ["IPv4 Route Table", "IPv4 Neighbours", "IPv6 Neighbours"]
    text = [b"".join(render(one.table, "table", Kernels())).decode() for one in sections]
    assert "192.0.2.0/28         at least  10.0.0.1" in text[0]
    assert "On-link" in text[0]
    assert "2001:db8::9" in text[2]
    assert b"".join(render(view.view([]), "jsonl", Kernels())) == b""


def test_a_host_captured_on_both_links_of_its_router() -> None:
    """Its packets come twice: what the router passes on shows no neighbour of the host, and is not counted again."""
    client, server = (HOST, "10.201.1.2"), (PEER, "10.201.2.2")
    near, far = (ROUTER, "10.201.1.1"), (OTHER, "10.201.2.1")
    found = [
        arp(1, client, (BROADCAST, near[1])),
        arp(2, near, client, HOST),
        arp(1, far, (BROADCAST, server[1])),
        arp(2, server, far, OTHER),
    ]
    for _ in range(3):
        found += [
            frame(client, (ROUTER, server[1]), 6, tcp(1, 2), hops=64),
            frame((OTHER, client[1]), server, 6, tcp(1, 2), hops=63),
            frame(server, (OTHER, client[1]), 6, tcp(2, 1), hops=64),
            frame((ROUTER, server[1]), client, 6, tcp(2, 1), hops=63),
        ]
    for frames in (found, found[4:], found[4:][::-1]):
        told = watched(frames, [client[1]])
        (route,) = [one for one in routing_table.routes(told.local) if one.packets]
        assert (str(route.network), route.on_link, view.mac_text(route.mac)) == ("10.201.2.2/32", False, ROUTER)
        assert (route.gateway and str(route.gateway)) == (near[1] if frames is found else None)
        assert (told.counter("ip", "Packets Received"), told.counter("ip", "Output Requests")) == (3, 3)
        assert told.local.own.tolist() == [int(HOST.replace(":", ""), 16)]
    # Where the first link was not captured, there is nothing else to go by.
    told = watched([one for one in found[2:] if station(OTHER) in one[:12]], [client[1]])
    assert told.counter("ip", "Output Requests") == 3


def test_a_host_with_two_stations_is_not_on_one_network_that_spans_both_links() -> None:
    own, second = (HOST, "10.201.1.1"), (ROUTER, "10.201.1.1")
    frames = []
    for source, neighbour in ((own, (PEER, "10.201.1.9")), (second, (OTHER, "10.201.2.2"))):
        frames += [frame(source, neighbour, 6, tcp(1, 2)), frame(neighbour, source, 6, tcp(2, 1))]
    networks = [str(one.network) for one in rows(frames, "10.201.1.1") if not one.neighbour]
    assert networks == ["10.201.1.0/28", "10.201.2.2/32"]
    # Of one station, it is the least network that holds all.
    one_link = [frame(own, to, 6, tcp(1, 2)) for to in ((PEER, "10.201.1.9"), (OTHER, "10.201.2.2"))]
    one_link += [frame(to, own, 6, tcp(2, 1)) for to in ((PEER, "10.201.1.9"), (OTHER, "10.201.2.2"))]
    assert [str(one.network) for one in rows(one_link, "10.201.1.1") if not one.neighbour] == ["10.201.0.0/22"]
