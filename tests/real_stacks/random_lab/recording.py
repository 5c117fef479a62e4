"""One random run: two hosts, the box, applications; and the evidence of what happened."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from kernel_lab.namespaces import Namespace
from kernel_lab.recorder import Capture, StateEvent, Table, socket_table, state_trace
from kernel_lab.segments import endpoint

from random_lab.applications import Applications, Host
from random_lab.box import Box, Passage
from random_lab.plans import SECONDS, Run

INTERFACE = "tap0"
Made = Callable[[asyncio.AbstractEventLoop, dict[str, int]], Box]
_POLL = 0.04
"""Seconds between two looks at the socket tables."""


@dataclass
class Evidence:
    """What is known of a run; captures, events and tables are on one clock (Unix seconds)."""

    run: Run
    addresses: dict[str, tuple[str, str]]
    captures: dict[str, Path]
    """What each host's own interface saw."""
    events: list[StateEvent]
    tables: dict[str, list[tuple[float, Table]]]
    passages: list[Passage]
    start: float
    end: float


def record(run: Run, directory: Path, box: Made = Box) -> Evidence:
    """Let a run happen; takes some 13 seconds, needs root."""
    # Addresses that no run at the same time has: the trace has the events of all.
    number = os.getpid()
    v4 = f"100.{64 + (number >> 8) % 64}.{number % 256}"
    v6 = f"fd78:{number >> 16:x}:{number & 0xFFFF:x}:"
    addresses = {name: (f"{v4}.{host}", f"{v6}:{host}") for host, name in enumerate(("client", "server"), start=1)}
    with ExitStack() as resources:
        trace = resources.enter_context(state_trace())
        hosts, taps = {}, {}
        for name, own in addresses.items():
            space = Namespace()
            resources.callback(space.close)
            space.sysctl(**run.settings[name])
            taps[name] = space.add_tap(INTERFACE, [f"{own[0]}/24", f"{own[1]}/64"])
            hosts[name] = Host(name, space, own)
        captures = {}
        for name, host in hosts.items():
            path = directory / f"own-{run.seed}-{name}.pcap"
            # Room for what comes while tcpdump does not get to run.
            captures[name] = Capture(host.namespace, path, INTERFACE, ("-B", "16384", "tcp"))
            resources.callback(captures[name].kill)
        with asyncio.Runner() as runner:
            happened = runner.run(_happen(run, hosts, taps, captures, box))
        own = {name: capture.path for name, capture in captures.items()}
        return Evidence(run, addresses, own, trace.events(), *happened)


async def _happen(
    run: Run, hosts: dict[str, Host], taps: dict[str, int], captures: dict[str, Capture], between: Made
) -> tuple[dict[str, list[tuple[float, Table]]], list[Passage], float, float]:
    loop = asyncio.get_running_loop()
    box = between(loop, taps)
    for plan in run.plans:
        server = endpoint(hosts["server"].addresses[plan.ipv6], plan.server_port)
        for which in range(plan.side_by_side):
            client = endpoint(hosts["client"].addresses[plan.ipv6], plan.client_port(which))
            box.expect(client, server, plan.policy, f"box {run.seed} {plan.index} {which}")
    await _meet(hosts)
    box.met({name: host.namespace for name, host in hosts.items()})
    tables: dict[str, list[tuple[float, Table]]] = {name: [] for name in hosts}
    looking = asyncio.create_task(_look(hosts, tables))
    applications = Applications(hosts["client"], hosts["server"])
    start = time.time()
    playing = [asyncio.create_task(applications.run(plan)) for plan in run.plans]
    await asyncio.sleep(SECONDS)
    end = time.time()
    # What happens from here on, by closing everything, is no longer looked at.
    looking.cancel()
    for capture in captures.values():
        await asyncio.to_thread(capture.stop)
    passages = list(box.passages)
    for task in playing:
        task.cancel()
    outcomes = await asyncio.gather(*playing, looking, return_exceptions=True)
    applications.close()
    box.close()
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return tables, passages, start, end


async def _meet(hosts: dict[str, Host]) -> None:
    """Let the hosts learn each other's link addresses."""
    for one, other in (("client", "server"), ("server", "client")):
        for address in hosts[other].addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with hosts[one].namespace.entered(), socket.socket(family, socket.SOCK_DGRAM) as greeting:
                greeting.sendto(b"hello", (address, 9))
    await asyncio.sleep(0.2)


async def _look(hosts: dict[str, Host], tables: dict[str, list[tuple[float, Table]]]) -> None:
    while True:
        for name, host in hosts.items():
            before = time.time()
            table = await asyncio.to_thread(socket_table, host.namespace)
            tables[name].append(((before + time.time()) / 2, table))
        await asyncio.sleep(_POLL)
