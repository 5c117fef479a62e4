"""Time pcapstate on packets in VLANs, tunnels and other link layers, beside the same packets in plain Ethernet.

    python benchmarks/wrapped.py
    python benchmarks/wrapped.py --packets 500000 --runs 9 --only vlan vxlan

Each wrapping runs in turns with plain Ethernet, and with 50,000 packets in plain Ethernet. The shortest time of the
latter is taken off, so that what packets cost is compared, without the start of the program.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tabulate import tabulate
from timing import Result, Target, add_options, generated, in_turns, judge, pcapstate, positive, workplace
from wrappings import WRAPPINGS

START, PLAIN = "start", "plain"
FIRST = 50_000
"""Packets of the capture whose time is taken off: enough that it is read in the same way as larger ones."""
NAMES = [name for name in WRAPPINGS if name != PLAIN]
HALF = ("vlan", "qinq", "mpls", "gre", "vxlan")
"""These must be at least half as fast as plain Ethernet."""


def cost(results: dict[str, Result], name: str, processor: bool = False) -> float:
    """Return the seconds that the packets of a capture cost, the least of all runs."""
    if results[name].failed or results[START].failed:
        return float("nan")
    if processor:
        return min(results[name].processor) - min(results[START].processor)
    return results[name].least - results[START].least


def row(results: dict[str, Result], name: str, packets: int) -> list[str]:
    """Return a row of the table: seconds of the whole, then what a packet takes in time and of the processor."""
    result = results[name]
    cells = [name, f"{result.median:.3f}", f"{result.least:.3f}"]
    for processor in (False, True):
        own, plain = cost(results, name, processor), cost(results, PLAIN, processor)
        cells += [f"{own / packets * 1e9:.0f}", f"{plain / packets * 1e9:.0f}", f"{own / plain:.2f}"]
    return [*cells, result.note]


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    add_options(parser)
    parser.add_argument("--packets", type=positive, default=2_000_000, help="packets of each capture (2000000)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help="some wrappings only")
    arguments = parser.parse_args()
    if arguments.packets < 10 * FIRST:
        parser.error(f"--packets must be at least {10 * FIRST}: the time of the first {FIRST} is taken off")
    packets, runs, timeout = arguments.packets, arguments.runs, arguments.timeout
    rows: list[list[str]] = []
    targets: list[Target] = []
    with (
        workplace(arguments.folder) as folder,
        generated("connections", FIRST, folder) as first,
        generated("connections", packets, folder) as plain,
    ):
        # Once untimed: its modules are in the page cache then.
        in_turns({START: pcapstate(first)}, folder, 1, timeout)
        for name in arguments.only:
            with generated("connections", packets, folder, "--in", name) as wrapped:
                paths: dict[str, Path] = {START: first, PLAIN: plain, name: wrapped}
                results = in_turns({one: pcapstate(path) for one, path in paths.items()}, folder, runs, timeout)
            rows.append(row(results, name, packets - FIRST))
            if name in HALF:
                ratio = cost(results, name) / cost(results, PLAIN)
                targets.append((f"{name}: at least half as fast as plain", ratio <= 2, f"{ratio:.2f} times as long"))
    headers = [
        "packets in",
        "median s",
        "least s",
        "ns each",
        "plain",
        "ratio",
        "processor ns",
        "plain",
        "ratio",
        "note",
    ]
    print(f"{packets:,} packets, {runs} runs in turns; per packet: of the least time, without that of {FIRST:,}\n")
    print(tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 8, "left")))
    return judge(targets)


if __name__ == "__main__":
    raise SystemExit(main())
