"""Time pcapstate and other programs side by side on the same captures, and say which targets are met.

    python benchmarks/compare.py
    python benchmarks/compare.py --sizes 200 50000 flood:20000 --runs 5

Whole processes are timed, one after the other in turns (A B C, A B C, …), each capture read from the page cache. The
captures are written for the run by generate.py and removed after it: the largest has 4.8 GB.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate
from timing import (
    HERE,
    MEAN_BYTES,
    NOWHERE,
    PCAPSTATE,
    Command,
    Result,
    Target,
    add_options,
    generated,
    in_turns,
    judge,
    workplace,
)

MILLION = 1_000_000
SIZES = ("200", "50000", "1000000", "10000000", "flood")
SCAPY_MOST = 200_000
"""As in with_scapy.py: of larger captures it reads so many packets, and its time is scaled."""
OURS, NFPCAPD = "pcapstate", "nfpcapd"


@dataclass(frozen=True)
class Size:
    """One capture: what generate.py makes of how many packets."""

    what: str
    packets: int

    @staticmethod
    def parse(text: str) -> Size:
        """Read ``200``, ``flood`` (a million SYNs) or ``flood:200``."""
        what, _, number = text.partition(":") if text.startswith("flood") else ("connections", "", text)
        number = number or str(MILLION)
        if what not in MEAN_BYTES or not number.isdecimal() or not int(number):
            raise argparse.ArgumentTypeError(f"{text!r} is neither a number of packets nor flood nor flood:NUMBER")
        return Size(what, int(number))

    @property
    def title(self) -> str:
        """The size in words."""
        return f"SYN flood, {self.packets:,} packets" if self.what == "flood" else f"{self.packets:,} packets"


@dataclass(frozen=True)
class Program:
    """A program to compare with: how it is called on a capture, with a folder for what it writes."""

    name: str
    needs: str  # an executable, or a Python module; nothing: the package in this repository
    command: Callable[[str, str], list[str]]
    compiled: bool = True  # a C program
    most: int = 10**12  # packets it is tried on

    def executable(self) -> str | None:
        """Return where it is installed; administrators' folders count too."""
        if self.needs in ("scapy", "dpkt", ""):
            return sys.executable if not self.needs or importlib.util.find_spec(self.needs) else None
        return shutil.which(
            self.needs, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
        )

    def on(self, executable: str, capture: Path) -> Command:
        """Return the command that reads a capture."""
        return lambda out: [executable, *self.command(str(capture), out)]


def _script(name: str) -> Callable[[str, str], list[str]]:
    return lambda capture, folder: [str(HERE / name), capture]


PROGRAMS = (
    Program(OURS, "", lambda f, out: [*PCAPSTATE, f], compiled=False),
    Program("softflowd", "softflowd", lambda f, out: f"-d -r {f} -n 127.0.0.1:9999 -m 4000000 -c none".split()),
    Program(NFPCAPD, "nfpcapd", lambda f, out: ["-r", f, "-w", out]),
    Program("tcptrace", "tcptrace", lambda f, out: ["-n", f]),
    Program("argus", "argus", lambda f, out: ["-r", f, "-w", f"{out}/argus.out"]),
    Program("tshark", "tshark", lambda f, out: ["-r", f, "-q", "-z", "conv,tcp"], most=MILLION),
    Program("dpkt loop", "dpkt", _script("with_dpkt.py"), compiled=False, most=MILLION),
    Program("Scapy loop", "scapy", _script("with_scapy.py"), compiled=False, most=MILLION),
)


Results = dict[str, Result]


def measure(size: Size, folder: Path, runs: int, timeout: float) -> Results:
    """Run all programs in turns on one capture."""
    results: Results = {}
    commands: dict[str, Command] = {}
    with generated(size.what, size.packets, folder) as path:
        for program in PROGRAMS:
            executable = program.executable()
            if executable is None:
                results[program.name] = Result(note="not installed")
            elif size.packets > program.most:
                results[program.name] = Result(note=f"not tried above {program.most:,} packets")
            else:
                commands[program.name] = program.on(executable, path)
        # Once untimed: its modules are in the page cache then.
        in_turns({OURS: commands[OURS]}, folder, 1, timeout)
        results |= in_turns(commands, folder, runs, timeout)
    for program in PROGRAMS:
        result = results[program.name]
        if program.needs == "scapy" and size.packets > SCAPY_MOST and result.seconds:
            result.seconds = [seconds * size.packets / SCAPY_MOST for seconds in result.seconds]
            result.note = result.note or f"scaled from the first {SCAPY_MOST:,} packets"
    return results


def fastest(results: Results) -> float:
    """Return the median seconds of the fastest C program."""
    return min(results[program.name].median for program in PROGRAMS if program.compiled)


def table(size: Size, results: Results) -> str:
    """Return the results of one capture as a table, fastest first."""
    best = fastest(results)
    rows = []
    for name, result in sorted(results.items(), key=lambda one: one[1].median):
        if result.median == NOWHERE:
            rows.append([name, "", "", "", "", result.note])
            continue
        ratio = f"{result.median / best:.2f}" if best < NOWHERE else ""
        rate = f"{size.packets / result.median:,.0f}"
        rows.append([name, f"{result.median:.3f}", ratio, rate, f"{result.peak:.0f}", result.note])
    headers = ["program", "median s", "ratio to fastest C", "packets/s", "peak MB", "note"]
    text: str = tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 4, "left"))
    return text


def targets(found: dict[Size, Results]) -> list[Target]:
    """Return each target, and whether it is met."""
    out: list[Target] = []

    def against(title: str, size: Size, other: Callable[[Results], float], factor: float) -> None:
        ours, theirs = NOWHERE, NOWHERE
        if size in found:
            ours, theirs = found[size][OURS].median, other(found[size])
        known = ours < NOWHERE and theirs < NOWHERE
        figures = f"{ours:.3f} s, {ours / theirs:.2f} times theirs" if known else ""
        out.append((title, ours <= factor * theirs if known else None, figures))

    def within(title: str, size: Size, limit: float) -> None:
        ours = found[size][OURS].median if size in found else NOWHERE
        out.append((title, ours <= limit if ours < NOWHERE else None, f"{ours:.3f} s" if ours < NOWHERE else ""))

    large, middle = Size("connections", 10 * MILLION), Size("connections", MILLION)
    flood = Size("flood", MILLION)
    against("10,000,000 packets: at most 0.35 of the fastest C program's time", large, fastest, 0.35)
    against("1,000,000 packets: at most the fastest C program's time", middle, fastest, 1)
    against("SYN flood of 1,000,000: at most nfpcapd's time", flood, lambda results: results[NFPCAPD].median, 1)
    within("200 packets: at most 0.35 s", Size("connections", 200), 0.35)
    within("50,000 packets: at most 0.8 s", Size("connections", 50_000), 0.8)
    peaks = [found[size][OURS].peak if size in found else 0 for size in (large, middle)]
    figures = f"{peaks[0]:.0f} MB" if peaks[0] else ""
    out.append(("10,000,000 packets: peak memory below 300 MB", peaks[0] < 300 if peaks[0] else None, figures))
    both = all(peaks)
    figures = f"{peaks[0]:.0f} and {peaks[1]:.0f} MB" if both else ""
    title = "peak memory at 10,000,000 packets at most 1.3 of that at 1,000,000"
    out.append((title, peaks[0] <= 1.3 * peaks[1] if both else None, figures))
    return out


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    add_options(parser)
    parser.add_argument(
        "--sizes",
        type=Size.parse,
        nargs="+",
        default=[Size.parse(one) for one in SIZES],
        help=f"numbers of packets, flood or flood:NUMBER (default: {' '.join(SIZES)})",
    )
    arguments = parser.parse_args()
    found: dict[Size, Results] = {}
    with workplace(arguments.folder) as folder:
        for size in dict.fromkeys(arguments.sizes):
            found[size] = measure(size, folder, arguments.runs, arguments.timeout)
            print(f"\n{size.title}\n\n{table(size, found[size])}", flush=True)
    return judge(targets(found))


if __name__ == "__main__":
    raise SystemExit(main())
