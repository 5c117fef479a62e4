"""A run: connections, and what pcapstate, the kernel and ``ss`` say of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel_lab.networks import PATIENCE, Host, Networks
from kernel_lab.recorder import Capture, StateEvent, Table, state_trace
from kernel_lab.segments import CaptureFile

from live_run.traffic import INTERFACE, Caller, Played, Rate, join, play

OURS, PEER = "a", "b"
"""The host that pcapstate captures on, and the other one."""
LOOK = 0.25
"""Seconds between two looks at the socket tables."""
TAIL = 2.5
"""Seconds that are recorded after the last step: the table of a whole second is among them."""

_NAMES = {
    "ESTAB": "ESTABLISHED",
    "SYN-RECV": "SYN_RECEIVED",
    "FIN-WAIT-1": "FIN_WAIT_1",
    "FIN-WAIT-2": "FIN_WAIT_2",
    "UNCONN": "CLOSED",
}


@dataclass(frozen=True)
class Look:
    """The socket table of a host, as ``ss`` listed it between two moments."""

    begin: float
    end: float
    table: Table


@dataclass
class Evidence:
    """What is known of a run; all on one clock (Unix seconds)."""

    played: list[Played]
    own: dict[str, CaptureFile]
    """What the interface of each host saw."""
    events: list[StateEvent]
    looks: dict[str, list[Look]]
    timeline: list[dict[str, Any]]
    connections: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    """The rows of netstat, each with its moment."""
    said: list[str] = field(default_factory=list)
    """What the programs said on stderr, and exit codes other than 0."""
    start: float = 0.0
    end: float = 0.0


def record(rates: list[Rate], seed: int, folder: Path) -> Evidence:
    """Let a run happen; needs root."""
    # Addresses that no run at the same time has: the trace has the events of all.
    number = os.getpid()
    v4, v6 = f"100.{64 + (number >> 8) % 64}.{number % 256}", f"fd79:{number >> 16:x}:{number & 0xFFFF:x}:"
    addresses = {
        name: {socket.AF_INET: f"{v4}.{last}", socket.AF_INET6: f"{v6}:{last}"}
        for last, name in enumerate((OURS, PEER), start=1)
    }
    with ExitStack() as resources:
        trace = resources.enter_context(state_trace())
        callers = join(resources.enter_context(Networks()), addresses)
        captures = {}
        for name, caller in callers.items():
            resources.callback(caller.close)
            # Room for what comes while tcpdump does not get to run.
            options = ("-B", "32768", "tcp or icmp or icmp6")
            captures[name] = Capture(caller.host.space, folder / f"own-{name}.pcap", INTERFACE, options)
            resources.callback(captures[name].kill)
        ours = callers[OURS].host
        programs = [
            _Program(ours, folder / words[0], *words, "--format", "jsonl")
            for words in (
                ("timeline", "-i", INTERFACE),
                ("connections", "-i", INTERFACE),
                ("netstat", "-an", "-i", INTERFACE, "1"),
            )
        ]
        for program in programs:
            resources.callback(program.kill)
        _await_capturing(ours, len(programs) + 1)
        watching = _Watching(callers)
        resources.callback(watching.stop)
        start = time.time()
        played = play(callers, rates, seed)
        time.sleep(TAIL)
        watching.stop()
        end = time.time()
        said = [line for program in programs for line in program.end()]
        for capture in captures.values():
            capture.stop()
        timeline, connections, tables = (program.rows() for program in programs)
        return Evidence(
            played=played,
            own={name: capture.read() for name, capture in captures.items()},
            events=trace.events(),
            looks=watching.looks,
            timeline=timeline,
            connections=connections,
            tables=tables,
            said=said,
            start=start,
            end=end,
        )


class _Program:
    """pcapstate, running on a host."""

    def __init__(self, host: Host, out: Path, *words: str) -> None:
        self._out, self._words = out, words
        with host.space.entered(), out.open("wb") as file:
            command = [sys.executable, "-m", "pcapstate", *words]
            self._process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE, text=True)

    def end(self) -> list[str]:
        """End it; return what it said."""
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=60)
        code = self._process.returncode
        return said.splitlines() + ([f"{self._words[0]}: exit code {code}"] if code else [])

    def rows(self) -> list[dict[str, Any]]:
        """What it printed."""
        return [json.loads(line) for line in self._out.read_text(encoding="utf-8").splitlines()]

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def _await_capturing(host: Host, sockets: int) -> None:
    """Wait until so many capture sockets are open, and bound."""
    deadline = time.monotonic() + 4 * PATIENCE
    while len(host.space.read("packet").splitlines()) - 1 < sockets:
        if time.monotonic() > deadline:
            raise TimeoutError("pcapstate opens no capture socket")
        time.sleep(0.05)
    time.sleep(0.7)


class _Watching:
    """Looks at the socket tables of both hosts again and again, until it is stopped."""

    def __init__(self, callers: dict[str, Caller]) -> None:
        self._callers = callers
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self.looks: dict[str, list[Look]] = {name: [] for name in callers}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; raise what went wrong."""
        self._stopped.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopped.wait(LOOK):
                for name, caller in self._callers.items():
                    self.looks[name].append(_look(caller.host))
        except BaseException as error:  # kept for the thread that records
            self._error = error


def _look(host: Host) -> Look:
    begin = time.time()
    with host.space.entered():
        done = subprocess.run(["ss", "-Htan"], capture_output=True, text=True, check=True)
    end = time.time()
    table = {}
    for line in done.stdout.splitlines():
        state, _, _, local, remote, *_ = line.split()
        table[local, remote] = _NAMES.get(state, state.replace("-", "_"))
    return Look(begin, end, table)
