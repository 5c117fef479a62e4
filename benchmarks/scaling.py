"""Time pcapstate with more and more connections alive at once: the tracker alone, then whole processes beside others.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --only tracker --tracked 1000 1000000 --segments 1000000
    python benchmarks/scaling.py --only processes --alive 1000 100000 --packets 2000000 --runs 5

The tracker follows rows of SEGMENT that are made in memory (population.py), on one core. Only segments on established
connections are timed; opening these connections is, apart. Rows lie in the cache when it gets them, as they do behind
the decoder. Whole processes run in turns, as in compare.py, on captures of ``generate.py --alive``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from compare import PROGRAMS, Results
from population import Population
from tabulate import tabulate
from timing import NOWHERE, PCAPSTATE, Command, Result, add_options, generated, in_turns, positive, workplace

from pcapstate.decode.decoder import Decoder
from pcapstate.decode.segment import SEGMENT
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.states import State

Rows = np.ndarray[Any, Any]

TRACKED = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
ALIVE = (1_000, 10_000, 100_000, 1_000_000)
BESIDE = ("softflowd", "nfpcapd", "argus", "tshark")
"""The other programs; tcptrace takes many minutes for 100,000 connections at once."""
BATCH = 8_700
"""Segments at a time, as many as the reader finds in what it reads at once."""
PART = 40 * BATCH
"""Segments that are made at once, and timed then."""
AT_MOST = 1 << 30
"""Connections in the tracker; it may take all memory."""


@dataclass(frozen=True)
class Variant:
    """A way to run pcapstate."""

    name: str
    cores: int
    options: tuple[str, ...] = ()

    def on(self, capture: Path) -> Command:
        """Return the command that reads a capture."""
        pinned = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[: self.cores]))]
        return lambda out: [*pinned, sys.executable, *PCAPSTATE, *self.options, str(capture)]


VARIANTS = (
    Variant("pcapstate, 1 core", 1),
    Variant("pcapstate, 2 cores", 2),
    Variant("… 2 cores, 3 threads", 2, ("--threads", "3")),
)


class Timed:
    """A flow table that follows batches, and what each took: processor time, which other programs disturb least."""

    def __init__(self, kernels: Kernels) -> None:
        self.table = FlowTable(kernels, record=False, most=AT_MOST)
        self._rows = np.zeros(BATCH, dtype=SEGMENT)

    def follow(self, batch: Rows) -> float:
        """Follow a batch; return the seconds."""
        rows = self._rows[: len(batch)]
        rows[:] = batch  # as when they were just decoded
        begin = time.thread_time()
        for _ in self.table.follow(rows, len(rows)):
            pass
        return time.thread_time() - begin

    def all(self, rows: Rows) -> float:
        """Follow rows in batches; return the seconds."""
        return sum(self.follow(rows[first : first + BATCH]) for first in range(0, len(rows), BATCH))


def tracker(alive: int, segments: int) -> list[str]:
    """Return a row of the table: a tracker with so many connections alive."""
    people, timed = Population(alive), Timed(Kernels())
    opened = [0.0, 0.0, 0.0]
    for first in range(0, alive, BATCH):
        for index, rows in enumerate(people.opening(first, min(first + BATCH, alive))):
            opened[index] += timed.follow(rows)
    each: list[float] = []
    for rows in people.talk(PART):
        each.append(timed.all(rows) / len(rows) * 1e9)
        if len(each) * PART >= segments:
            break
    ends = timed.table.endpoints
    if len(ends) != 2 * alive or (ends["state"] != State.ESTABLISHED).any() or timed.table.retransmissions:
        raise SystemExit(f"{alive} connections: not all are established and in order")
    syn, *rest = (seconds / alive * 1e9 for seconds in opened)
    return [f"{alive:,}", *_speed(each), f"{syn:.0f}", f"{sum(rest) / 2:.0f}"]


def tracker_on(path: Path, segments: int, kernels: Kernels, runs: int = 3) -> list[str]:
    """Return a row of the table: a tracker on what the decoder makes of a capture, where connections come and go."""
    reader, decoder = CaptureReader(path, kernels), Decoder(kernels)
    batches: list[Rows] = []
    for batch in reader.batches():
        batches.append(decoder.decode(batch).copy())
        if sum(map(len, batches)) >= segments:
            break
    reader.close()
    each = []
    for _ in range(runs):
        timed = Timed(kernels)
        each.append(sum(map(timed.all, batches)) / sum(map(len, batches)) * 1e9)
    return ["2,000 of generate.py", *_speed(each), "", ""]


def _speed(each: list[float]) -> list[str]:
    """Return the least and the median of times of a packet, ns, and the packets/s that the least makes."""
    return [f"{min(each):.1f}", f"{statistics.median(each):.1f}", f"{1e3 / min(each):.1f}"]


def trackers(sizes: Iterable[int], segments: int, folder: Path, show: Callable[[list[str]], None]) -> None:
    """Measure the tracker on one core."""
    allowed = os.sched_getaffinity(0)
    with generated("connections", segments, folder) as path:
        os.sched_setaffinity(0, {max(allowed)})
        show(tracker_on(path, segments, Kernels()))
    for alive in sizes:
        show(tracker(alive, segments))
    os.sched_setaffinity(0, allowed)


def processes(alive: int, packets: int, folder: Path, runs: int, timeout: float) -> Results:
    """Run all programs in turns on a capture with so many connections alive."""
    results: Results = {}
    with generated("connections", packets, folder, "--alive", str(alive)) as path:
        commands = {one.name: one.on(path) for one in VARIANTS if one.cores <= len(os.sched_getaffinity(0))}
        for program in PROGRAMS:
            if program.name not in BESIDE:
                continue
            executable = program.executable()
            if executable is None:
                results[program.name] = Result(note="not installed")
            elif packets > program.most:
                results[program.name] = Result(note=f"not tried above {program.most:,} packets")
            else:
                commands[program.name] = program.on(executable, path)
        # Once untimed: its modules are in the page cache then.
        in_turns({VARIANTS[0].name: commands[VARIANTS[0].name]}, folder, 1, timeout)
        return in_turns(commands, folder, runs, timeout) | results


def rows_of(alive: int, packets: int, results: Results) -> list[list[str]]:
    """Return rows of the table, of the programs that were measured."""
    rows = []
    for name, result in results.items():
        if result.least == NOWHERE:
            rows.append([f"{alive:,}", name, *[""] * 5, result.note])
            continue
        least, processor = result.least, min(result.processor)
        cells = [f"{least:.2f}", f"{least / packets * 1e9:.0f}", f"{packets / least / 1e6:.2f}"]
        rows.append([f"{alive:,}", name, *cells, f"{processor:.2f}", f"{result.peak:.0f}", result.note])
    return rows


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    add_options(parser)
    parser.add_argument("--only", choices=("tracker", "processes"), help="one of the two tables")
    parser.add_argument("--tracked", type=positive, nargs="+", default=TRACKED, metavar="N", help="for the tracker")
    parser.add_argument("--segments", type=positive, default=3_000_000, help="of the tracker, timed (default: 3000000)")
    parser.add_argument("--alive", type=positive, nargs="+", default=ALIVE, metavar="N", help="for whole processes")
    parser.add_argument("--packets", type=positive, default=3_000_000, help="of a capture (default: 3000000)")
    given = parser.parse_args()
    with workplace(given.folder) as folder:
        if given.only != "processes":
            print(f"The tracker alone, on one core, {given.segments:,} segments on established connections\n")
            heads = ("alive", "least ns", "median ns", "million/s", "ns a SYN", "ns each of the next two")
            print("  ".join(f"{head:>{22 if at == 0 else 10}}" for at, head in enumerate(heads)), flush=True)

            def show(row: list[str]) -> None:
                print("  ".join(f"{cell:>{22 if at == 0 else 10}}" for at, cell in enumerate(row)), flush=True)

            trackers(given.tracked, given.segments, folder, show)
        if given.only != "tracker":
            print(f"\nWhole processes, {given.packets:,} packets, {given.runs} runs in turns, the least\n", flush=True)
            heads = ("alive", "program", "s", "ns each", "million/s", "processor s", "peak MB", "note")
            for alive in given.alive:
                rows = rows_of(alive, given.packets, processes(alive, given.packets, folder, given.runs, given.timeout))
                align = ("right", "left", *["right"] * 5, "left")
                print(f"{tabulate(rows, heads, disable_numparse=True, colalign=align)}\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
