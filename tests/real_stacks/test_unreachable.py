"""SYNs that real routers and hosts answer with ICMP errors: the client's states, and when, against its kernel's.

Needs root on Linux; skipped elsewhere. Every error on its own, forged, is among the scenarios (scenarios_unreachable).
Where all is on one machine, an error can come while the kernel still sends the SYN; then it changes nothing, and the
one that answers the next SYN ends the attempt.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from kernel_lab import networks, runner
from kernel_lab.compare import effective_states
from kernel_lab.inference import lines
from kernel_lab.networks import Host, Networks, await_silence
from kernel_lab.recorder import Capture, state_trace
from kernel_lab.segments import endpoint

RUN = 64 + os.getpid() % 128
"""Part of the client's address: the trace has the sockets of all namespaces."""
IPV4 = {"client": f"10.77.{RUN}.1", "near": f"10.77.{RUN}.2", "router": "10.78.0.1", "server": "10.78.0.2"}
IPV6 = {"client": f"fd77:{RUN}::1", "near": f"fd77:{RUN}::2", "router": "fd78::1", "server": "fd78::2"}
REJECTS = {
    4: ("net-unreachable", "host-unreachable", "prot-unreachable", "port-unreachable", "net-prohibited",
        "host-prohibited", "admin-prohibited"),
    6: ("no-route", "admin-prohibited", "addr-unreachable", "port-unreachable", "policy-fail", "reject-route"),
}  # fmt: skip
CHAINS = {"router": "forward", "server": "input"}
"""Where SYNs are rejected. One that the client's own rules reject is in no capture."""
PATIENCE = 25
"""Seconds for which an attempt waits. What routes refuse, the kernel tells at one error a second for the whole machine,
so that some of those that are made at once go unanswered until they are alone, and send their fourth or fifth SYN.
"""
SOON = 0.25
"""Seconds within which the capture and the tracepoint tell of the same error."""


class Attempt(NamedTuple):
    """A connection to open: to where, whether the program waits for it, and through how many routers at most."""

    name: str
    address: str
    port: int
    blocking: bool
    hops: int | None = None


class Outcome(NamedTuple):
    """The client's states in its kernel and as inferred, and when each had it CLOSED."""

    states: list[str]
    inferred: list[str]
    closed: float | None
    inferred_closed: float | None


def _lab(net: Networks) -> dict[str, Host]:
    hosts = {name: net.host(name, forwards=name != "client") for name in ("client", *CHAINS)}
    net.join(hosts["client"], hosts["router"])
    net.join(hosts["router"], hosts["server"])
    for addresses, width in ((IPV4, 24), (IPV6, 64)):
        for name, interface, place in (("client", "eth0", "client"), ("router", "eth0", "near"),
                                       ("router", "eth1", "router"), ("server", "eth0", "server")):  # fmt: skip
            hosts[name].ip(f"addr add {addresses[place]}/{width} dev {interface}")
    for options, addresses, loop, prohibited in (
        ("", IPV4, "10.91.0.0/24", "10.93.0.0/24"),
        ("-6 ", IPV6, "fd91::/64", "fd93::/64"),
    ):
        hosts["client"].ip(f"{options}route add default via {addresses['near']}")
        hosts["server"].ip(f"{options}route add default via {addresses['router']}")
        hosts["router"].ip(f"{options}route add {loop} via {addresses['server']}")
        hosts["router"].ip(f"{options}route add prohibit {prohibited}")
    for number, (name, hook) in enumerate(CHAINS.items(), 1):
        host = hosts[name]
        # Errors are not held back.
        host.set("ipv4/icmp_ratelimit", 0)
        host.set("ipv4/icmp_msgs_per_sec", 100_000)
        host.set("ipv6/icmp/ratelimit", 0)
        host.nft("add table inet cut", f"add chain inet cut refusing {{ type filter hook {hook} priority 0; }}")
        for version, kinds in REJECTS.items():
            icmp = "icmp" if version == 4 else "icmpv6"
            for port, kind in enumerate(kinds, 1000 * number):
                host.nft(
                    f"add rule inet cut refusing meta nfproto ipv{version} tcp dport {port} reject with {icmp} {kind}"
                )
    return hosts


def _attempts() -> list[Attempt]:
    found = []
    for blocking in (False, True):
        for version, addresses in ((4, IPV4), (6, IPV6)):
            how = f"{'blocking' if blocking else 'waiting later'}, IPv{version}"
            for number, name in enumerate(CHAINS, 1):
                for port, kind in enumerate(REJECTS[version], 1000 * number):
                    found.append(Attempt(f"{kind} from {name}, {how}", addresses["server"], port, blocking))
            far = ("10.90.0.1", "10.91.0.1", "10.93.0.1", "10.78.0.77")
            if version == 6:
                far = ("fd90::1", "fd91::1", "fd93::1", "fd78::77")
            for what, address in zip(("no route", "a loop", "prohibited", "no such neighbour"), far, strict=True):
                found.append(Attempt(f"{what}, {how}", address, 1, blocking))
            found.append(Attempt(f"no hop left, {how}", addresses["server"], 1, blocking, hops=1))
    return found


ATTEMPTS = _attempts()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    if reason := networks.reason_to_skip() or runner.reason_to_skip():
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("unreachable") / "client.pcap"
    with Networks() as net, state_trace() as trace, ThreadPoolExecutor(len(ATTEMPTS)) as pool:
        hosts = _lab(net)
        client = hosts["client"]
        await_silence(client, "eth0")
        capture = Capture(client.space, path, "any")
        sockets = list(pool.map(lambda one: _try(client, one), ATTEMPTS))
        capture.stop()
        # What closing them does is no answer to anything.
        events = trace.events()
        names = [endpoint(*one.getsockname()[:2]) for one in sockets]
        for one in sockets:
            one.close()
    timeline = lines("timeline", path, "--revisions")
    found = {}
    for attempt, local in zip(ATTEMPTS, names, strict=True):
        remote = endpoint(attempt.address, attempt.port)
        told = [(one.time, one.now) for one in events if one.remote == remote and one.local.endswith(_port(local))]
        rows = [row for row in timeline if row["peer"] == remote and row["address"].endswith(_port(local))]
        inferred = [(row["time"], row["to"]) for row in rows]
        states = [state for _, state in told], effective_states(rows)
        found[attempt.name] = Outcome(*states, _closed(told), _closed(inferred))
    return found


def _port(name: str) -> str:
    return name[name.rindex(":") :]


def _closed(entered: list[tuple[float, str]]) -> float | None:
    return entered[-1][0] if entered and entered[-1][1] == "CLOSED" else None


def _try(client: Host, attempt: Attempt) -> socket.socket:
    """Open a connection, and wait until that has failed."""
    made = client.socket(socket.AF_INET6 if ":" in attempt.address else socket.AF_INET, socket.SOCK_STREAM)
    made.bind((IPV6["client"] if ":" in attempt.address else IPV4["client"], 0))
    if attempt.hops and made.family == socket.AF_INET:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, attempt.hops)
    elif attempt.hops:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, attempt.hops)
    made.settimeout(None if attempt.blocking else 0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", PATIENCE, 0))
    try:
        made.connect((attempt.address, attempt.port))
    except BlockingIOError:
        if not attempt.blocking:
            select.select([], [made], [], PATIENCE)
    except OSError:
        pass
    time.sleep(2 * SOON)
    return made


@pytest.mark.parametrize("name", [one.name for one in ATTEMPTS])
def test_the_client_gives_up_when_its_kernel_does(name: str, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[name]
    assert found.states == ["SYN_SENT", "CLOSED"], "the lab, not the program"
    assert found.inferred == found.states
    assert found.closed is not None
    assert found.inferred_closed is not None
    assert abs(found.inferred_closed - found.closed) < SOON
