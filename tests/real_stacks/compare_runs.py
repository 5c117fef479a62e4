"""Run the lab of ``compare`` for some seeds, and print figures as Markdown tables.

Usage: python tests/real_stacks/compare_runs.py OUTDIR SEED ... [--connections N]

A seed is a number, or several: 1-10. Needs root on Linux.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from compare_lab.judging import Judged, judged  # noqa: E402 (the laboratory lies beside this file)
from compare_lab.recording import recorded  # noqa: E402
from helpers.comparing import compared  # noqa: E402
from kernel_lab.runner import reason_to_skip  # noqa: E402


def main(arguments: list[str]) -> int:
    """Run, judge and print; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("seeds", nargs="+", metavar="SEED")
    parser.add_argument("--connections", type=int, default=240)
    options = parser.parse_args(arguments)
    if problem := reason_to_skip():
        print(problem, file=sys.stderr)
        return 2
    options.directory.mkdir(parents=True, exist_ok=True)
    seeds = [seed for text in options.seeds for seed in _seeds(text)]
    if len(seeds) > 1:
        # Each in a process of its own: addresses are made of its number.
        base = [sys.executable, __file__, str(options.directory), "--connections", str(options.connections)]
        return max(subprocess.run([*base, str(seed)], check=False).returncode for seed in seeds)
    run = recorded(seeds[0], options.connections, options.directory)
    result = judged(run, compared(run.client, run.server))
    print(f"\nSeed {seeds[0]}\n\n{tables(result)}")
    return 1 if result.wrong else 0


def tables(result: Judged) -> str:
    """Return the figures as tables in Markdown."""
    pairs = " | ".join(f"{result.pairs[word]:,}" for word in ("right", "wrong", "unknown"))
    lines = [
        "| Connections | Translated | Not judged | Right | Wrong | Unknown | Clock wrong by | It says up to |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        f"| {result.connections} | {result.translated} | {result.uncertain} | {pairs} |"
        f" {result.clock_error * 1e6:.0f} µs | {result.clock_uncertainty * 1e6:.0f} µs |",
        "",
        "| Packet | Said | Packets |",
        "| --- | --- | ---: |",
        *(f"| {was} | {told} | {count:,} |" for (was, told), count in result.packets.most_common()),
        *(f"\nWrong: {one}" for one in result.wrong[:20]),
    ]
    return "\n".join(lines)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
