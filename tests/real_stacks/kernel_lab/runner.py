"""Runs scenarios side by side and writes down the truth of each."""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from kernel_lab import (
    scenarios_closing,
    scenarios_listening,
    scenarios_loss,
    scenarios_opening,
    scenarios_resets,
    scenarios_unreachable,
    scenarios_vantage,
)
from kernel_lab.document import Recorded, document
from kernel_lab.lab import SCENARIOS, Lab, Recording, Scenario
from kernel_lab.recorder import TRACING, StateEvent, state_trace
from kernel_lab.segments import read_capture
from kernel_lab.truth import HostEvidence, Life, lives

__all__ = ["SCENARIOS", "Result", "reason_to_skip", "run_scenarios"]

# The modules are imported for the scenarios they register.
_MODULES = (
    scenarios_opening,
    scenarios_listening,
    scenarios_closing,
    scenarios_loss,
    scenarios_resets,
    scenarios_unreachable,
    scenarios_vantage,
)
_AT_ONCE = 16


@dataclass
class Result:
    """What came of a scenario: captures with their truth, or why it failed."""

    scenario: Scenario
    recordings: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    failure: str = ""


def reason_to_skip() -> str:
    """Why the laboratory cannot work here; empty if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root, for network namespaces and tracing"
    for program in ("ip", "tcpdump"):
        if shutil.which(program) is None:
            return f"needs the program {program}"
    if not os.path.exists("/dev/net/tun"):
        return "needs TAP interfaces (/dev/net/tun)"
    if not (TRACING / "events/sock/inet_sock_set_state").exists():
        return f"needs the tracepoint sock:inet_sock_set_state (tracefs mounted on {TRACING})"
    return ""


def run_scenarios(names: Iterable[str], directory: Path) -> dict[str, Result]:
    """Run scenarios by name, leave their captures and truth files in a directory."""
    chosen = [(number, SCENARIOS[name]) for number, name in enumerate(SCENARIOS, start=1) if name in set(names)]
    # Addresses that no other lab has: the trace has the events of all.
    free = count(len(SCENARIOS) + 1)

    def run(numbered: tuple[int, Scenario]) -> _Finished:
        number, scenario = numbered
        finished = _run(scenario, number, directory)
        # Where much goes on, a kernel now and then does not get to the states that a scenario waits for; seldom twice.
        return finished if finished.lab is not None else _run(scenario, next(free), directory)

    with state_trace() as trace:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            labs = list(pool.map(run, chosen))
        events = trace.events()
    return {lab.scenario.name: _result(lab, events) for lab in labs}


@dataclass
class _Finished:
    """A scenario that has run; the lab is closed, its evidence still there."""

    scenario: Scenario
    lab: Lab | None = None
    failure: str = ""


def _run(scenario: Scenario, number: int, directory: Path) -> _Finished:
    """Run one scenario; what goes wrong is kept, so that the others go on."""
    try:
        lab = Lab(scenario, number, directory)
        try:
            scenario.run(lab)
            lab.finish()
        finally:
            lab.close()
    except Exception:  # reported as the result of this scenario
        return _Finished(scenario, failure=traceback.format_exc())
    return _Finished(scenario, lab)


def _result(finished: _Finished, events: list[StateEvent]) -> Result:
    result = Result(finished.scenario, failure=finished.failure)
    if finished.lab is None:
        return result
    try:
        known = _all_lives(finished.lab, events)
        for recording in finished.lab.recordings:
            result.recordings.append(_write(finished.lab, recording, known))
        for capture in finished.lab.own_captures.values():
            capture.path.unlink()
    except Exception:  # reported as the result of this scenario
        result.failure = traceback.format_exc()
    return result


def _all_lives(lab: Lab, events: list[StateEvent]) -> list[Life]:
    """The sockets of both hosts."""
    found = []
    for host in lab.hosts:
        own = lab.own_captures[host.name].read()
        evidence = HostEvidence(
            prefix=host.at(0).removesuffix("0"),
            segments=own.segments,
            errors=own.errors,
            events=events,
            tables=[(time, tables[host.name]) for time, tables in lab.tables],
        )
        found += lives(evidence, syn_cookies=lab.scenario.syn_cookies)
    return found


def _write(lab: Lab, recording: Recording, known: list[Life]) -> tuple[Path, dict[str, Any]]:
    """Store one capture under its name, with its truth beside it."""
    scenario, capture = lab.scenario, recording.capture
    name = f"{scenario.name}_{recording.label}" if recording.label else scenario.name
    path = capture.path.parent / f"{name}.pcap"
    shutil.copyfile(capture.path, path)
    if capture.path not in {own.path for own in lab.own_captures.values()}:
        capture.path.unlink()
    truth = document(
        Recorded(
            scenario=scenario.name,
            description=scenario.description,
            vantage=recording.vantage,
            label=recording.label,
            local=(lab.client if recording.vantage == "client" else lab.server).address,
            file=path.name,
            start=capture.start,
            end=capture.end,
            capture=read_capture(path),
            lives=known,
            tables=[(time, {**tables["client"], **tables["server"]}) for time, tables in lab.tables],
            lost=lab.wire.lost,
            notes=lab.notes,
        )
    )
    path.with_suffix(".truth.json").write_text(compact(truth), encoding="utf-8")
    return path, truth


def compact(truth: dict[str, Any]) -> str:
    """JSON with one line per connection."""
    rest = {name: value for name, value in truth.items() if name != "connections"}
    head = json.dumps(rest, indent=1).removesuffix("\n}")
    rows = ",\n".join("  " + json.dumps(row) for row in truth["connections"])
    return f'{head},\n "connections": [\n{rows}\n ]\n}}\n'
