"""The counters of netstat -s and -e, from packets, against those of the kernel of the host they were captured at.

Needs root on Linux; skipped elsewhere. Where packets and kernel count differently, the case says by how much and why;
the same reasons stand in docs/statistics.md.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kernel_lab.hosts import abort, receive
from kernel_lab.networks import PATIENCE, Host, Networks, Recording, await_silence, reason_to_skip

from pcapstate.capture import Capture, open_source
from pcapstate.tcp.perspective import perspective
from pcapstate.traffic.counters import counters
from pcapstate.traffic.local import LocalTraffic
from pcapstate.traffic.traffic import Traffic
from pcapstate.views import ethernet

INTERFACE = "eth0"
IPV4 = {"a": "10.77.0.1", "b": "10.77.0.2"}
IPV6 = {"a": "fd77::1", "b": "fd77::2"}
GAUGES = {"TcpCurrEstab"}
"""What is no count of events: compared with the value at the end."""


class Pair:
    """Two hosts on a wire; the first is captured."""

    def __init__(self, a: Host, b: Host) -> None:
        self.a, self.b = a, b
        self.kept: list[socket.socket] = []
        self._port = 7000

    def port(self) -> int:
        self._port += 1
        return self._port

    def listener(self, host: Host, addresses: dict[str, str], port: int) -> socket.socket:
        made = host.socket(_family(addresses), socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((addresses[host.name], port))
        made.listen()
        return made

    def connect(self, host: Host, to: Host, addresses: dict[str, str], port: int) -> socket.socket:
        made = host.socket(_family(addresses), socket.SOCK_STREAM)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            made.connect((addresses[to.name], port))
        except OSError:
            made.close()
            raise
        return made

    def open(self, host: Host, to: Host, addresses: dict[str, str]) -> tuple[socket.socket, socket.socket]:
        port = self.port()
        with self.listener(to, addresses, port) as listening:
            client = self.connect(host, to, addresses, port)
            server, _ = listening.accept()
        server.settimeout(PATIENCE)
        return client, server

    @property
    def ways(self) -> list[tuple[Host, Host]]:
        return [(self.a, self.b), (self.b, self.a)]


def _family(addresses: dict[str, str]) -> int:
    return socket.AF_INET6 if ":" in addresses["a"] else socket.AF_INET


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    with Networks() as networks:
        a, b = networks.host("a"), networks.host("b")
        networks.join(a, b)
        for host in (a, b):
            host.ip(f"addr add {IPV4[host.name]}/24 dev {INTERFACE}")
            host.ip(f"addr add {IPV6[host.name]}/64 dev {INTERFACE}")
            host.set("ipv4/tcp_syn_retries", 1)
            host.set("ipv4/tcp_syn_linear_timeouts", 0)
            # Answers with ICMP errors are not held back.
            host.set("ipv4/icmp_ratelimit", 0)
            host.set("ipv6/icmp/ratelimit", 0)
            host.set("ipv4/icmp_msgs_per_sec", 100_000)
            host.nft("add table inet cut")
            for chain, hook in (("in", "input"), ("out", "output")):
                host.nft(f"add chain inet cut {chain} {{ type filter hook {hook} priority 0; }}")
        await_silence(a, INTERFACE)
        found = Pair(a, b)
        yield found
        for one in found.kept:
            one.close()


@dataclass
class Case:
    """Traffic, and by how much the kernel counts more than the packets tell (less: below 0)."""

    run: Callable[[Pair], None]
    more: dict[str, int] = field(default_factory=dict)
    rises: tuple[str, ...] = ()
    """Counters that this traffic is about: they must have risen."""


def both_ways(addresses: dict[str, str]) -> Callable[[Pair], None]:
    def run(pair: Pair) -> None:
        for host, to in pair.ways:
            for size in (1, 2000, 20_000):
                client, server = pair.open(host, to, addresses)
                client.sendall(b"q" * size)
                receive(server, size)
                server.sendall(b"a" * 3 * size)
                receive(client, 3 * size)
                client.close()
                assert server.recv(1) == b""
                server.close()

    return run


def refused(addresses: dict[str, str]) -> Callable[[Pair], None]:
    def run(pair: Pair) -> None:
        for host, to in pair.ways:
            with pytest.raises(ConnectionRefusedError):
                pair.connect(host, to, addresses, pair.port())

    return run


def reset(pair: Pair) -> None:
    """Each end resets once, from either side of the opening, and one after its peer has closed."""
    for host, to in pair.ways:
        for which in (0, 1):
            ends = pair.open(host, to, IPV4)
            abort(ends[which])
            with pytest.raises(ConnectionResetError):
                ends[1 - which].recv(1)
            ends[1 - which].close()
    client, server = pair.open(pair.a, pair.b, IPV4)
    server.close()
    assert client.recv(1) == b""
    abort(client)


def left_open(pair: Pair) -> None:
    """Connections in all states that last, at the end."""
    for host, to in pair.ways:
        pair.kept += pair.open(host, to, IPV4)  # ESTABLISHED
        client, server = pair.open(host, to, IPV4)  # FIN_WAIT_2 and CLOSE_WAIT
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        pair.kept += (client, server)


def timed_out(pair: Pair) -> None:
    """Nothing answers: the kernel gives up after its last SYN."""
    port = pair.port()
    pair.b.nft(f"add rule inet cut in tcp dport {port} drop")
    with pytest.raises(TimeoutError):
        pair.connect(pair.a, pair.b, IPV4, port)
    pair.b.nft("flush chain inet cut in")


def retransmitted(pair: Pair) -> None:
    """Data is dropped for a while, both ways: by the other host, so that what is captured also arrives."""
    for host, to, chain, port in ((*pair.ways[0], "in", "dport"), (*pair.ways[1], "out", "sport")):
        client, server = pair.open(host, to, IPV4)
        number = server.getsockname()[1] if host is pair.a else client.getsockname()[1]
        pair.b.nft(f"add rule inet cut {chain} tcp {port} {number} drop")
        client.sendall(b"q" * 1000)
        time.sleep(0.7)
        pair.b.nft(f"flush chain inet cut {chain}")
        receive(server, 1000)
        client.close()
        server.close()


def syn_ack_again(pair: Pair) -> None:
    """The ACK of the SYN-ACK that the host sent is dropped by the other one, once."""
    port = pair.port()
    with pair.listener(pair.a, IPV4, port) as listening:
        pair.b.nft(f"add rule inet cut out tcp dport {port} tcp flags ack / syn,ack drop")
        client = pair.connect(pair.b, pair.a, IPV4, port)
        time.sleep(0.3)
        pair.b.nft("flush chain inet cut out")
        server, _ = listening.accept()
    client.close()
    assert server.recv(1) == b""
    server.close()


def udp(addresses: dict[str, str], size: int = 100) -> Callable[[Pair], None]:
    def run(pair: Pair) -> None:
        port = pair.port()
        sockets = {host: host.socket(_family(addresses), socket.SOCK_DGRAM) for host in (pair.a, pair.b)}
        for host, one in sockets.items():
            one.bind((addresses[host.name], port))
        for host, to in pair.ways * 3:
            sockets[host].sendto(b"x" * size, (addresses[to.name], port))
            assert len(sockets[to].recv(size)) == size
        for one in sockets.values():
            one.close()

    return run


def no_listener(addresses: dict[str, str]) -> Callable[[Pair], None]:
    def run(pair: Pair) -> None:
        for host, to in pair.ways:
            for _ in range(3):
                with host.socket(_family(addresses), socket.SOCK_DGRAM) as one:
                    one.connect((addresses[to.name], pair.port()))
                    one.send(b"anybody?")
                    with pytest.raises(ConnectionRefusedError):
                        one.recv(1)

    return run


def ping(addresses: dict[str, str], size: int = 56) -> Callable[[Pair], None]:
    ipv6 = ":" in addresses["a"]

    def run(pair: Pair) -> None:
        for host, to in pair.ways:
            protocol = socket.IPPROTO_ICMPV6 if ipv6 else socket.IPPROTO_ICMP
            with host.socket(_family(addresses), socket.SOCK_DGRAM, protocol) as one:
                for number in range(4):
                    echo = struct.pack("!BBHHH", 128 if ipv6 else 8, 0, 0, 0, number) + bytes(size)
                    one.sendto(echo, (addresses[to.name], 0))
                    assert len(one.recv(size + 100)) >= size

    return run


def unknown_protocol(addresses: dict[str, str]) -> Callable[[Pair], None]:
    def run(pair: Pair) -> None:
        for host, to in pair.ways:
            with host.socket(_family(addresses), socket.SOCK_RAW, 200) as one:
                one.sendto(b"what is this?", (addresses[to.name], 0))
        time.sleep(0.1)

    return run


CASES = {
    "connections": Case(both_ways(IPV4), rises=("TcpActiveOpens", "TcpPassiveOpens", "TcpInSegs", "TcpOutSegs")),
    "connections-ipv6": Case(both_ways(IPV6), rises=("TcpActiveOpens", "Ip6InDelivers", "Icmp6OutMsgs")),
    "refused": Case(refused(IPV4), rises=("TcpAttemptFails", "TcpOutRsts")),
    "refused-ipv6": Case(refused(IPV6), rises=("TcpAttemptFails", "TcpOutRsts")),
    "reset": Case(reset, rises=("TcpEstabResets", "TcpOutRsts")),
    "left-open": Case(left_open, rises=("TcpCurrEstab",)),
    # Silence ends the attempt, and no packet: it still stands in SYN_SENT.
    "timed-out": Case(timed_out, {"TcpAttemptFails": 1}, rises=("TcpActiveOpens", "TcpRetransSegs")),
    "retransmitted": Case(retransmitted, rises=("TcpRetransSegs",)),
    # Linux counts a SYN-ACK sent again as sent, too.
    "syn-ack-again": Case(syn_ack_again, {"TcpOutSegs": 1}, rises=("TcpRetransSegs", "TcpPassiveOpens")),
    "udp": Case(udp(IPV4), rises=("UdpInDatagrams", "UdpOutDatagrams")),
    "udp-ipv6": Case(udp(IPV6), rises=("Udp6InDatagrams", "Udp6OutDatagrams")),
    "no-listener": Case(no_listener(IPV4), rises=("UdpNoPorts", "IcmpInDestUnreachs", "IcmpOutDestUnreachs")),
    "no-listener-ipv6": Case(no_listener(IPV6), rises=("Udp6NoPorts", "Icmp6InDestUnreachs", "Icmp6OutDestUnreachs")),
    "ping": Case(ping(IPV4), rises=("IcmpInEchos", "IcmpOutEchos", "IcmpInEchoReps", "IcmpOutEchoReps")),
    "ping-ipv6": Case(ping(IPV6), rises=("Icmp6InEchos", "Icmp6OutEchos", "Icmp6InEchoReplies")),
    "fragments": Case(udp(IPV4, 4000), rises=("IpFragCreates", "IpFragOKs", "IpReasmReqds", "IpReasmOKs")),
    "fragments-ipv6": Case(udp(IPV6, 4000), rises=("Ip6FragCreates", "Ip6FragOKs", "Ip6ReasmReqds", "Ip6ReasmOKs")),
    "ping-in-fragments": Case(ping(IPV4, 5000), rises=("IcmpInEchos", "IpReasmOKs")),
    "ping-in-fragments-ipv6": Case(ping(IPV6, 5000), rises=("Icmp6InEchos", "Ip6ReasmOKs")),
    "unknown-protocol": Case(unknown_protocol(IPV4), rises=("IpInUnknownProtos",)),
    "unknown-protocol-ipv6": Case(unknown_protocol(IPV6), rises=("Ip6InUnknownProtos",)),
}


def told(path: Path) -> tuple[LocalTraffic, dict[str, int]]:
    """What the packets tell of host a: by names of the MIB; Linux counts TCP of both families together."""
    source = open_source([path])
    traffic = Traffic(source.kernels)
    capture = Capture(source, record=False, details=True, watchers=[traffic])
    for _ in capture.follow():
        pass
    whose = perspective(capture.table, [IPV4["a"], IPV6["a"]])
    local = LocalTraffic(traffic, whose)
    found: dict[str, int] = {}
    for one in counters(local, capture.table, whose):
        if one.mib is not None and one.value is not None:
            found[one.mib] = found.get(one.mib, 0) + one.value
    return local, found


@pytest.mark.parametrize("name", CASES)
def test_the_counters_are_those_of_the_kernel(name: str, pair: Pair, tmp_path: Path) -> None:
    case = CASES[name]
    recording = Recording(pair.a, INTERFACE, tmp_path / "a.pcap")
    for host in (pair.a, pair.b):
        host.ip("neigh flush all")
    case.run(pair)
    kernel, wire = recording.stop()
    local, packets = told(recording.path)
    for gauge in GAUGES:
        kernel[gauge] = pair.a.mib()[gauge] - recording.before[gauge]
    differences = {mib: kernel[mib] - value for mib, value in packets.items() if kernel[mib] != value}
    assert differences == case.more, f"kernel minus packets; {len(packets)} counters compared"
    assert len(packets) > 70
    for mib in case.rises:
        assert kernel[mib] > 0, mib
    lines = {one.name: one for one in ethernet.counters(local)}
    packets_of = [lines["Unicast packets"], lines["Non-unicast packets"]]
    seen = {
        "in_bytes": lines["Bytes"].received,
        "in_packets": sum(one.received or 0 for one in packets_of),
        "out_bytes": lines["Bytes"].sent,
        "out_packets": sum(one.sent or 0 for one in packets_of),
    }
    assert seen == wire
