"""All situations side by side: one capture on the Linux host's interface, and the truth of both stacks."""

from __future__ import annotations

import os
import socket
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel_lab.document import Connection, Note, Recorded, captured_connections, entry_of
from kernel_lab.hosts import Host
from kernel_lab.namespaces import Namespace
from kernel_lab.recorder import Capture, StateEvent, Table, state_trace
from kernel_lab.segments import CaptureFile, Segment, read_capture
from kernel_lab.truth import HostEvidence, Life, Transition, lives_of_pair
from kernel_lab.wire import Wire
from random_lab.deciding import Case, undecidable

from lwip_lab.ends import INTERFACE, Kernel, LinuxEnd, LwipEnd, Pair
from lwip_lab.situations import SITUATIONS
from lwip_lab.stack import Change, LwipHost, compiled

_TOGETHER = 0.01
_OPENERS = ("linux", "lwip")
_PORTS = {"linux": 30000, "lwip": 50000}


@dataclass
class Played:
    """A situation as it was captured, with its truth in the form of ``kernel_lab``; or why it failed."""

    truth: dict[str, Any] = field(default_factory=dict)
    failure: str = ""


def names() -> list[str]:
    """The situations, with the stack that opens."""
    return [f"{situation}_opened_by_{opener}" for situation in SITUATIONS for opener in _OPENERS]


def play(directory: Path) -> tuple[Path, dict[str, Played]]:
    """Play everything; return the capture of it all and what came of each situation."""
    number = os.getpid()
    network = f"100.{64 + (number >> 8) % 64}.{number % 256}"
    path = directory / "lwip.pcap"
    with ExitStack() as resources:
        trace = resources.enter_context(state_trace())
        space = Namespace()
        resources.callback(space.close)
        tap = space.add_tap(INTERFACE, [f"{network}.1/24"])
        lwip = LwipHost(compiled(directory), f"{network}.2")
        resources.callback(lwip.close)
        wire = Wire(tap, lwip.cable.detach())
        resources.callback(wire.close)
        kernel = Kernel(Host("linux", space, f"{network}.1"))
        resources.callback(kernel.close)
        capture = Capture(space, path, INTERFACE)
        resources.callback(capture.kill)
        _meet(kernel.host, lwip.address)
        ports = {name: index for index, name in enumerate(names())}

        def one(name: str) -> str:
            situation, _, opener = name.partition("_opened_by_")
            linux_port, lwip_port = _PORTS["linux"] + ports[name], _PORTS["lwip"] + ports[name]
            try:
                linux = LinuxEnd(
                    kernel, linux_port, (lwip.address, lwip_port), lambda made: resources.callback(made.close) and None
                )
                other = LwipEnd(lwip, lwip_port, (kernel.host.address, linux_port))
                SITUATIONS[situation](Pair(wire, *((linux, other) if opener == "linux" else (other, linux))))
            except Exception:  # reported as the result of this situation
                return traceback.format_exc()
            return ""

        with ThreadPoolExecutor(len(ports)) as pool:
            failures = dict(zip(ports, pool.map(one, ports), strict=True))
        if wire.failure:
            raise wire.failure
        capture.stop()
        evidence = _Evidence(
            kernel.host.address,
            lwip.address,
            read_capture(path),
            capture.start,
            capture.end,
            trace.events(),
            list(kernel.tables),
            list(lwip.changes),
            list(wire.lost),
        )
    return path, {
        name: Played(failure=failures[name]) if failures[name] else _played(evidence, name, ports[name])
        for name in ports
    }


def _meet(host: Host, address: str) -> None:
    """Let the hosts learn each other's link addresses before anything is lost."""
    with host.namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greeting:
        greeting.sendto(b"hello", (address, 9))
    time.sleep(0.2)


@dataclass(frozen=True)
class _Evidence:
    linux: str
    lwip: str
    capture: CaptureFile
    start: float
    end: float
    events: list[StateEvent]
    tables: list[tuple[float, Table]]
    changes: list[Change]
    lost: list[Segment]


def _played(evidence: _Evidence, name: str, index: int) -> Played:
    try:
        return Played(_truth(evidence, name, index))
    except Exception:  # reported as the result of this situation
        return Played(failure=traceback.format_exc())


def _truth(evidence: _Evidence, name: str, index: int) -> dict[str, Any]:
    linux, lwip = f"{evidence.linux}:{_PORTS['linux'] + index}", f"{evidence.lwip}:{_PORTS['lwip'] + index}"
    segments = [s for s in evidence.capture.segments if {s.source, s.destination} == {linux, lwip}]
    lost = [s for s in evidence.lost if {s.source, s.destination} == {linux, lwip}]
    events = [e for e in evidence.events if {e.local, e.remote} == {linux, lwip}]
    host = HostEvidence(prefix=linux, segments=segments, errors=[], events=events, tables=evidence.tables)
    lives = _lwip_lives(evidence, lwip, linux, [*segments, *lost])
    end = "client" if any(life.how == "active" for life in lives) else "server"
    recorded = Recorded(
        scenario=name,
        description="",
        vantage="linux",
        label="",
        local=evidence.linux,
        file="",
        start=evidence.start,
        end=evidence.end,
        capture=CaptureFile(evidence.capture.linktype, len(segments), segments),
        lives=lives_of_pair(host, linux, lwip) + lives,
        tables=[],
        lost=[s for s in lost if s.source == linux],
        notes=[Note(end, "passed within one event", "TIME_WAIT")] if any(map(_aborted_time_wait, lives)) else [],
    )
    entries = []
    for number, connection in enumerate(captured_connections(recorded)):
        entry = entry_of(recorded, connection, number, [])
        for end in ("client", "server"):
            reason = undecidable(_case(recorded, connection, linux, lwip, lost), end)
            if reason:
                entry[f"{end}_inferable"], entry[f"{end}_reason"] = False, reason
        entries.append(entry)
    return {"scenario": name, "connections": entries}


def _lwip_lives(evidence: _Evidence, own: str, peer: str, segments: list[Segment]) -> list[Life]:
    """lwIP's connection with these endpoints. What it passes within one event is filled in where it must have been."""
    port, peer_port = int(own.rpartition(":")[2]), int(peer.rpartition(":")[2])
    changes = [c for c in evidence.changes if (c.own_port, c.peer_port) == (port, peer_port)]
    sent = sorted((s for s in segments if s.source == own and s.has("S")), key=lambda s: s.time)
    if not changes or not sent:
        return []
    transitions: list[Transition] = []
    for change in changes:
        resets = [s for s in segments if s.has("R") and abs(s.time - change.time) < _TOGETHER]
        if transitions and (transitions[-1].state, change.state) == ("FIN_WAIT_1", "TIME_WAIT"):
            # A FIN that carries the ACK of the other one.
            transitions.append(Transition(change.time, "FIN_WAIT_2"))
        fins = [s for s in segments if s.has("F") and s.source == peer and 0 <= change.time - s.time < _TOGETHER]
        if change.state == "CLOSED" and transitions[-1].state == "FIN_WAIT_2" and fins and not resets:
            # Data with the FIN, after close(): lwIP enters TIME_WAIT and lets go of it, without a word.
            transitions.append(Transition(change.time, "TIME_WAIT"))
        transitions.append(Transition(change.time, change.state, resets[0] if resets else None))
    how = "active" if changes[0].state == "SYN_SENT" else "passive"
    syns = [s.seq for s in segments if s.source == peer and s.has("S") and not s.has("A")]
    return [Life(own, peer, how, sent[0].seq, syns[0] if syns else None, transitions)]


def _aborted_time_wait(life: Life) -> bool:
    return [transition.state for transition in life.transitions[-2:]] == ["TIME_WAIT", "CLOSED"]


def _case(recorded: Recorded, connection: Connection, linux: str, lwip: str, lost: list[Segment]) -> Case:
    """Linux has what is in its capture; lwIP what was not lost, and its own that was."""
    own = list(connection.segments)
    for gone in lost:
        if gone.source == linux:
            alike = [s for s in own if s.header == gone.header]
            if alike:
                own.remove(min(alike, key=lambda s: abs(s.time - gone.time)))
        else:
            own.append(gone)
    own.sort(key=lambda s: s.time)
    client = connection.client == linux
    owns = {"client": connection.segments if client else own, "server": own if client else connection.segments}
    return Case(connection, recorded, begin=0.0, own=owns, siblings=1, opening_shown=True, only="")
