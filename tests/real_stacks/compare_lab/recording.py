"""One run as both hosts captured it: clocks apart, addresses translated; and its evidence in the client's words."""

from __future__ import annotations

import random
import struct
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kernel_lab.recorder import StateEvent, Table
from kernel_lab.segments import frames
from random_lab.plans import Plan, Run, run_of
from random_lab.recording import Evidence, record

from compare_lab.translating import Translating, inside_of, outside_of, write_untranslated

APART = 3.0
"""Seconds that clocks are apart at most."""
EVERY = 3
"""One plan in so many is translated."""
DRIFT = 100e-6
"""Drift of them at most."""


@dataclass(frozen=True)
class Recorded:
    """Both captures as they are compared, and the truth."""

    client: Path
    server: Path
    offset: float
    """Seconds that the server's clock is ahead when the run begins."""
    drift: float
    evidence: Evidence
    """With the server's capture, events and tables in true time, and by the names of the client's side."""


def run_without_forgeries(seed: int, connections: int) -> Run:
    """The run of a seed, where the box makes up nothing by itself."""
    run = run_of(seed, connections)
    plans = tuple(replace(plan, policy=replace(plan.policy, forgeries=(), idle_resets=False)) for plan in run.plans)
    return replace(run, plans=plans)


def recorded(seed: int, connections: int, directory: Path) -> Recorded:
    """Let a run happen; takes some 13 seconds, needs root."""
    run = run_without_forgeries(seed, connections)
    # Whoever opens to each other must know the other by its own name.
    ports = frozenset(plan.server_port for plan in run.plans[::EVERY] if plan.kind != "simultaneous open")
    raw = record(run, directory, partial(Translating, ports=ports))
    chance = random.Random(f"clocks {seed}")
    offset, drift = chance.uniform(-APART, APART), chance.uniform(-DRIFT, DRIFT)
    shown = directory / f"compared-{seed}-server.pcap"
    _shift(raw.captures["server"], shown, raw.start, offset, drift)
    clients = [client for plan in run.plans if plan.server_port in ports for client in _clients(raw, plan)]
    names = {outside_of(client): client for client in clients}
    untranslated = directory / f"untranslated-{seed}-server.pcap"
    write_untranslated(raw.captures["server"], untranslated, iter(clients))
    evidence = replace(
        raw,
        captures={"client": raw.captures["client"], "server": untranslated},
        events=[_named(event, names) for event in raw.events],
        tables={host: [(time, _inside(table, names)) for time, table in of] for host, of in raw.tables.items()},
    )
    return Recorded(raw.captures["client"], shown, offset, drift, evidence)


def _clients(evidence: Evidence, plan: Plan) -> list[str]:
    address = evidence.addresses["client"][plan.ipv6]
    host = f"[{address}]" if plan.ipv6 else address
    return [f"{host}:{plan.client_port(which)}" for which in range(max(plan.side_by_side, 1))]


def _named(event: StateEvent, names: dict[str, str]) -> StateEvent:
    return replace(event, local=inside_of(names, event.local), remote=inside_of(names, event.remote))


def _inside(table: Table, names: dict[str, str]) -> Table:
    found: Table = defaultdict(str)
    found.update({(inside_of(names, one), inside_of(names, other)): state for (one, other), state in table.items()})
    return dict(found)


def _shift(source: Path, target: Path, start: float, offset: float, drift: float) -> None:
    """Copy a capture with the times of a clock that is wrong."""
    data = source.read_bytes()
    with target.open("wb") as file:
        file.write(data[:24])
        at = 24
        for _, frame in frames(data):
            seconds, nanoseconds, captured, length = struct.unpack_from("=IIII", data, at)
            at += 16 + captured
            time = seconds * 10**9 + nanoseconds
            time += round(offset * 1e9 + drift * (time - start * 1e9))
            file.write(struct.pack("=IIII", *divmod(time, 10**9), captured, length) + frame)
