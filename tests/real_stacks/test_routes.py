"""The gateways and networks found in packets against those that the kernel of the host had configured.

Needs root on Linux; skipped elsewhere. A host, a neighbour and two routers share a link; behind each router is a host
with whole networks of addresses.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from kernel_lab.networks import Host, Networks, Recording, await_silence, reason_to_skip

from pcapstate.capture import Capture, open_source
from pcapstate.routing.route import Route
from pcapstate.routing.routing_table import routes
from pcapstate.tcp.perspective import perspective
from pcapstate.traffic.counters import counters
from pcapstate.traffic.local import LocalTraffic
from pcapstate.traffic.traffic import Traffic
from pcapstate.views.routes import mac_text

HOST, HOST6 = "10.50.0.5", "fd50::5"
NEIGHBOUR, NEIGHBOUR6 = "10.50.0.9", "fd50::9"
FIRST, FIRST6 = "10.50.0.1", "fd50::1"
SECOND, SECOND6 = "10.50.0.2", "fd50::2"
BEHIND = {
    # network: gateway, addresses at its ends and one between
    "10.51.0.0/24": (FIRST, ("10.51.0.1", "10.51.0.77", "10.51.0.254")),
    "10.52.7.0/25": (FIRST, ("10.52.7.1", "10.52.7.126")),
    "10.53.0.0/24": (SECOND, ("10.53.0.9", "10.53.0.200")),
    "fd51::/64": (FIRST6, ("fd51::1", "fd51::ffff:ffff:ffff:fffe")),
    "fd53::/64": (SECOND6, ("fd53::2", "fd53::8000:0:0:9")),
}
REDIRECTED = {
    # What the host sends to the first router, which knows that it lies behind the second.
    "10.60.0.0/24": (FIRST, SECOND, "10.60.0.6"),
    "fd60::/64": (FIRST6, SECOND6, "fd60::6"),
}
LINKS = {"10.61.0.{}/24": FIRST, "fd61::{}/64": FIRST6, "10.62.0.{}/24": SECOND, "fd62::{}/64": SECOND6}
"""The links between the routers (.1) and what is behind them (.2)."""


def link_local(host: Host) -> str:
    """The link-local address of a host, which it makes from its MAC address."""
    octets = bytearray.fromhex(host.mac("eth0").replace(":", ""))
    octets[0] ^= 2
    return str(ip_address(b"\xfe\x80" + bytes(6) + octets[:3] + b"\xff\xfe" + octets[3:]))


class Lab:
    """The hosts, and what is known of them."""

    def __init__(self, networks: Networks) -> None:
        self.host, self.neighbour = networks.host("host"), networks.host("neighbour")
        self.first, self.second = networks.host("first", forwards=True), networks.host("second", forwards=True)
        self.behind = networks.host("behind first"), networks.host("behind second")
        networks.switch(self.host, self.neighbour, self.first, self.second)
        for router, far in zip((self.first, self.second), self.behind, strict=True):
            networks.join(router, far)
        for one, addresses in (
            (self.host, (HOST, HOST6)),
            (self.neighbour, (NEIGHBOUR, NEIGHBOUR6)),
            (self.first, (FIRST, FIRST6)),
            (self.second, (SECOND, SECOND6)),
        ):
            one.ip(f"addr add {addresses[0]}/24 dev eth0")
            one.ip(f"addr add {addresses[1]}/64 dev eth0")
        for link, gateway in LINKS.items():
            router, far = self._at(gateway)
            router.ip(f"addr add {link.format(1)} dev eth1")
            far.ip(f"addr add {link.format(2)} dev eth0")
            back = "default" if "." in link else "::/0"
            far.ip(f"route add {back} via {link.format(1).split('/')[0]}")
        for network, (gateway, _) in BEHIND.items():
            self._reach(network, gateway)
            self.host.ip(f"route add {network} via {gateway}")
        for network, (told, right, _) in REDIRECTED.items():
            self._reach(network, right)
            if ":" in network:
                # Redirects come from link-local addresses and name such (RFC 4861 §8.1).
                told, right = link_local(self.first), link_local(self.second)
            self.host.ip(f"route add {network} via {told} dev eth0")
            self.first.ip(f"route add {network} via {right} dev eth0")
        for one in (self.host, self.first, self.second):
            for place in ("all", "eth0"):
                one.set(f"ipv4/conf/{place}/accept_redirects", 1)
                one.set(f"ipv4/conf/{place}/secure_redirects", 0)
                one.set(f"ipv4/conf/{place}/send_redirects", 1)
        await_silence(self.host, "eth0")
        self.stations = {
            **dict.fromkeys((FIRST, FIRST6), self.first.mac("eth0")),
            **dict.fromkeys((SECOND, SECOND6), self.second.mac("eth0")),
            **dict.fromkeys((NEIGHBOUR, NEIGHBOUR6), self.neighbour.mac("eth0")),
        }

    def _at(self, gateway: str) -> tuple[Host, Host]:
        number = 0 if gateway in (FIRST, FIRST6) else 1
        return (self.first, self.second)[number], self.behind[number]

    def _reach(self, network: str, gateway: str) -> None:
        """Let the host behind a router have a whole network of addresses."""
        router, far = self._at(gateway)
        link = next(one for one, via in LINKS.items() if via == gateway)
        router.ip(f"route add {network} via {link.format(2).split('/')[0]}")
        far.ip(f"route add local {network} dev lo")

    def forget(self) -> None:
        """Let the host forget the stations it knows, and what redirects told it."""
        self.host.ip("neigh flush all")
        self.host.ip("route flush cache")
        self.host.ip("-6 route flush cache")

    def ping(self, address: str, times: int = 1) -> None:
        """Ask an address for an echo, and get it."""
        ipv6 = ":" in address
        family, protocol = (
            (socket.AF_INET6, socket.IPPROTO_ICMPV6) if ipv6 else (socket.AF_INET, socket.IPPROTO_ICMP)
        )  # fmt: skip
        with self.host.socket(family, socket.SOCK_DGRAM, protocol) as one:
            for number in range(times):
                one.sendto(struct.pack("!BBHHH", 128 if ipv6 else 8, 0, 0, 0, number), (address, 0))
                one.recv(100)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    with Networks() as networks:
        yield Lab(networks)


def watched(path: Path, *local: str) -> tuple[LocalTraffic, dict[str, int | None]]:
    """What the packets of a capture tell from the side of some addresses, and the counters of the MIB."""
    source = open_source([path])
    traffic = Traffic(source.kernels)
    capture = Capture(source, record=False, watchers=[traffic])
    for _ in capture.follow():
        pass
    whose = perspective(capture.table, local)
    seen = LocalTraffic(traffic, whose)
    return seen, {one.mib: one.value for one in counters(seen, capture.table, whose) if one.mib}


def found(path: Path, *local: str) -> list[Route]:
    return routes(watched(path, *local)[0])


def through_gateways(rows: list[Route]) -> dict[str, tuple[str, str | None]]:
    return {str(one.network): (str(one.gateway), mac_text(one.mac)) for one in rows if one.on_link is False}


def reach_all(lab: Lab) -> None:
    for _, addresses in BEHIND.values():
        for address in addresses:
            lab.ping(address)
    lab.ping(NEIGHBOUR)
    lab.ping(NEIGHBOUR6)


def test_gateways_and_networks_are_those_configured(lab: Lab, tmp_path: Path) -> None:
    lab.forget()
    recording = Recording(lab.host, "eth0", tmp_path / "host.pcap")
    reach_all(lab)
    recording.stop()
    rows = found(recording.path, HOST, HOST6)
    configured = {network: (gateway, lab.stations[gateway]) for network, (gateway, _) in BEHIND.items()}
    assert through_gateways(rows) == configured
    for one in rows:
        if one.on_link is False:
            evidence = "ND" if one.network.version == 6 else "ARP"
            assert evidence in one.evidence
            assert "traffic" in one.evidence
            assert not one.stated
            assert str(one.interface) == (HOST6 if one.network.version == 6 else HOST)
            assert one.addresses == one.packets == len(BEHIND[str(one.network)][1])
    neighbours = {str(one.network.network_address): mac_text(one.mac) for one in rows if one.neighbour}
    assert {address: mac for address, mac in neighbours.items() if not address.startswith("fe80")} == lab.stations
    on_link = [one.network for one in rows if one.on_link and not one.neighbour]
    assert [one.version for one in on_link] == [4, 6]
    for one, network, addresses in zip(
        on_link, ("10.50.0.0/24", "fd50::/64"), ((HOST, NEIGHBOUR, FIRST), (HOST6, NEIGHBOUR6, FIRST6)), strict=True
    ):
        assert one.subnet_of(ip_network(network))  # type: ignore[arg-type]
        assert all(ip_address(address) in one for address in addresses)


def test_without_arp_the_gateways_have_no_address(lab: Lab, tmp_path: Path) -> None:
    reach_all(lab)
    recording = Recording(lab.host, "eth0", tmp_path / "late.pcap")
    reach_all(lab)
    recording.stop()
    rows = found(recording.path, HOST, HOST6)
    configured = {network: ("None", lab.stations[gateway]) for network, (gateway, _) in BEHIND.items()}
    assert through_gateways(rows) == configured
    # The only address of its station: what came from it had a hop limit that no router has lowered.
    neighbours = {str(one.network.network_address): one for one in rows if one.neighbour}
    assert set(neighbours) == {NEIGHBOUR, NEIGHBOUR6}
    assert all(one.on_link and "hop limit" in one.evidence for one in neighbours.values())


def test_from_no_side(lab: Lab, tmp_path: Path) -> None:
    """The same capture where nobody says whose table it is to be: the gateways are the same."""
    lab.forget()
    recording = Recording(lab.host, "eth0", tmp_path / "nobody.pcap")
    reach_all(lab)
    recording.stop()
    rows = found(recording.path)
    configured = {network: (gateway, lab.stations[gateway]) for network, (gateway, _) in BEHIND.items()}
    assert through_gateways(rows) == configured
    assert all(one.interface is None for one in rows)


def test_behind_a_router_the_host_has_one_gateway(lab: Lab, tmp_path: Path) -> None:
    """Captured on the other side of the first router: seen from a host there, all is behind that router."""
    recording = Recording(lab.behind[0], "eth0", tmp_path / "far.pcap")
    lab.ping("10.51.0.1")
    lab.ping("fd51::1")
    recording.stop()
    rows = found(recording.path, "10.51.0.1", "fd51::1")
    gateway = lab.first.mac("eth1")
    assert {(str(one.network), mac_text(one.mac)) for one in rows if one.on_link is False} == {
        (f"{HOST}/32", gateway),
        (f"{HOST6}/128", gateway),
    }


def test_a_router_forwards_what_leaves_on_the_link(lab: Lab, tmp_path: Path) -> None:
    """The kernel also counts what leaves on its other links, which this capture does not have."""
    lab.forget()
    recording = Recording(lab.first, "eth0", tmp_path / "router.pcap")
    for address in ("10.51.0.1", "fd51::1"):
        lab.ping(address, 5)
    kernel, wire = recording.stop()
    seen, packets = watched(recording.path, FIRST, FIRST6)
    assert (kernel["IpForwDatagrams"], packets["IpForwDatagrams"]) == (10, 5)
    assert (kernel["Ip6OutForwDatagrams"], packets["Ip6OutForwDatagrams"]) == (10, 5)
    assert packets["IpInReceives"] == kernel["IpInReceives"] - 5
    assert packets["IpInDelivers"] == kernel["IpInDelivers"] == 0
    assert seen.packets(seen.frames_sent) == wire["out_packets"]
    assert seen.packets(seen.frames_received) == wire["in_packets"]


@pytest.mark.parametrize("network", REDIRECTED)
def test_a_redirect_names_the_better_gateway(lab: Lab, network: str, tmp_path: Path) -> None:
    told, right, address = REDIRECTED[network]
    lab.forget()
    recording = Recording(lab.host, "eth0", tmp_path / "redirect.pcap")
    lab.ping(address)
    time.sleep(0.1)
    lab.ping(address, 3)
    recording.stop()
    rows = [one for one in found(recording.path, HOST, HOST6) if one.on_link is False]
    (one,) = [row for row in rows if row.stated]
    assert str(one.network) == f"{address}/{128 if ':' in address else 32}"
    assert str(one.gateway) == (link_local(lab.second) if ":" in network else right)
    assert mac_text(one.mac) == lab.stations[right]
    assert one.evidence.startswith("redirect ")
    assert 1 <= one.packets <= 3
    # What went through the first router before is of the past: this is where it goes now.
    assert all(row.network != one.network for row in rows if row is not one)
    assert mac_text(one.mac) != lab.stations[told]


def test_a_router_advertisement_names_routes(lab: Lab, tmp_path: Path) -> None:
    lab.forget()
    lab.host.set("ipv6/conf/eth0/accept_ra", 1)
    recording = Recording(lab.host, "eth0", tmp_path / "ra.pcap")
    advertise(lab.first, lifetime=1800, prefix="fd50::", route=("fd51::", 48))
    time.sleep(0.2)
    default = lab.host.space.read("ipv6_route")
    lab.ping("fd51::1", 2)
    lab.ping(NEIGHBOUR6)
    recording.stop()
    rows = {str(one.network): one for one in found(recording.path, HOST6) if one.stated and not one.neighbour}
    assert set(rows) == {"::/0", "fd50::/64", "fd51::/48"}
    assert all(one.evidence.startswith("RA #1") for one in rows.values())
    router = rows["::/0"].gateway
    assert router is not None
    # The kernel has taken the same default route from it.
    assert f"{'0' * 32} 00 {'0' * 32} 00 {int(router):032x}" in default
    assert mac_text(rows["::/0"].mac) == lab.stations[FIRST6]
    assert rows["fd51::/48"].packets == 2
    assert rows["fd50::/64"].on_link


def advertise(router: Host, lifetime: int, prefix: str, route: tuple[str, int]) -> None:
    """Send a router advertisement (RFC 4861 §4.2) with a prefix and a route (RFC 4191)."""
    message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0)
    message += struct.pack("!BB", 1, 1) + bytes.fromhex(router.mac("eth0").replace(":", ""))
    packed = socket.inet_pton(socket.AF_INET6, prefix)
    message += struct.pack("!BBBBIII", 3, 4, 64, 0x80, 86_400, 14_400, 0) + packed
    packed = socket.inet_pton(socket.AF_INET6, route[0])
    message += struct.pack("!BBBBI", 24, 3, route[1], 0, 1800) + packed
    with router.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw, router.space.entered():
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        raw.sendto(message, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))
