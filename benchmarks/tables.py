"""Time the library's transitions as tables: a million of them in pandas, Polars and Arrow, beside reading.

    python benchmarks/tables.py
    python benchmarks/tables.py --transitions 100000 --runs 5

Two captures: connections that open and close, and a SYN flood, in which nearly every row has an address of its own.
Each is read once, by a process of its own; then each table is made so many times. The minimum counts. Memory is how
much a process has at most while it makes a table beyond what it had before (``ru_maxrss``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate
from timing import Target, add_options, generated, judge, positive, workplace

PACKETS_EACH = {"connections": 4.4, "flood": 1.0}
"""Packets that a transition takes at most."""
MOST = 1.0
"""Seconds for a million transitions."""
TABLES = ("to_pandas", "to_polars", "to_arrow")
SCRIPT = """
import json, resource, sys, time
import numpy, pandas, polars, arro3.core
import pcapstate

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

capture, count, runs, name = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
begin = time.perf_counter()
rows = pcapstate.transitions(capture)
read = time.perf_counter() - begin
rows = rows[:count]
before, times = peak(), []
for _ in range(runs):
    begin = time.perf_counter()
    table = getattr(rows, name)()
    times.append(time.perf_counter() - begin)
    del table
print(json.dumps([len(rows), read, times, (peak() - before) * 1024]))
"""


def measured(capture: Path, count: int, runs: int, name: str, timeout: float) -> tuple[int, float, float, float]:
    """Return rows, seconds to read them, the least seconds to make a table, and bytes that takes at most."""
    command = [sys.executable, "-c", SCRIPT, str(capture), str(count), str(runs), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=True)
    rows, read, times, memory = json.loads(done.stdout)
    return rows, read, min(times), memory


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    add_options(parser)
    parser.add_argument("--transitions", type=positive, default=1_000_000, help="rows of a table (1000000)")
    parser.add_argument("--only", nargs="+", choices=PACKETS_EACH, default=[*PACKETS_EACH], help="captures (both)")
    arguments = parser.parse_args()
    table: list[list[str]] = []
    targets: list[Target] = []
    with workplace(arguments.folder) as folder:
        for what in arguments.only:
            with generated(what, int(arguments.transitions * PACKETS_EACH[what]), folder) as capture:
                for name in TABLES:
                    rows, read, least, memory = measured(
                        capture, arguments.transitions, arguments.runs, name, arguments.timeout
                    )
                    each = f"{memory / rows:.0f}"
                    table.append([what, name, f"{rows:,}", f"{read:.2f}", f"{least:.3f}", each])
                    if name == "to_pandas":
                        took = least * 1e6 / rows
                        title = f"{what}: a million transitions to pandas in {MOST:g} s"
                        targets.append((title, took <= MOST, f"{took:.2f} s"))
    headers = ["capture", "table", "rows", "read s", "table s", "bytes a row"]
    print(tabulate(table, headers, disable_numparse=True, colalign=("left", "left", *["right"] * 4)))
    return judge(targets)


if __name__ == "__main__":
    raise SystemExit(main())
