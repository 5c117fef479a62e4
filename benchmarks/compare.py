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
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

HERE = Path(__file__).resolve().parent
MILLION = 1_000_000
SIZES = ("200", "50000", "1000000", "10000000", "flood")
MEAN_BYTES = {"connections": 490, "flood": 90}
"""More bytes of capture than a packet takes, its record header included."""
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


def _script(name: str) -> Callable[[str, str], list[str]]:
    return lambda capture, folder: [str(HERE / name), capture]


PROGRAMS = (
    Program(OURS, "", lambda f, out: ["-m", "pcapstate", "connections", f, "--format", "csv"], compiled=False),
    Program("softflowd", "softflowd", lambda f, out: f"-d -r {f} -n 127.0.0.1:9999 -m 1000000 -c none".split()),
    Program(NFPCAPD, "nfpcapd", lambda f, out: ["-r", f, "-w", out]),
    Program("tcptrace", "tcptrace", lambda f, out: ["-n", f]),
    Program("argus", "argus", lambda f, out: ["-r", f, "-w", f"{out}/argus.out"]),
    Program("tshark", "tshark", lambda f, out: ["-r", f, "-q", "-z", "conv,tcp"], most=MILLION),
    Program("dpkt loop", "dpkt", _script("with_dpkt.py"), compiled=False, most=MILLION),
    Program("Scapy loop", "scapy", _script("with_scapy.py"), compiled=False, most=MILLION),
)


@dataclass
class Result:
    """What the runs of one program on one capture took."""

    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0  # megabytes
    note: str = ""

    @property
    def median(self) -> float:
        """The median of its times; infinite where there is none."""
        return statistics.median(self.seconds) if self.seconds and not self.note.startswith("failed") else float("inf")


Results = dict[str, Result]


def run_once(command: list[str], timeout: float) -> tuple[float, float, str]:
    """Run a command; return its seconds, its peak memory in megabytes, and what went wrong, if anything."""
    expired = threading.Event()
    # The package beside this folder is the one that is measured.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])),
    }
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )

    def expire() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(timeout, expire)
    timer.start()
    try:
        # Its peak includes that of this process when it started it, which stays small for that reason.
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        timer.cancel()
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    if expired.is_set():
        return seconds, peak, f"failed: more than {timeout:g} s"
    return seconds, peak, f"failed: exit code {process.returncode}" if process.returncode else ""


@contextmanager
def generated(size: Size, folder: Path) -> Iterator[Path]:
    """Write the capture, read it once so that it is in the page cache, and remove it in the end."""
    needed = size.packets * MEAN_BYTES[size.what] + 200 * MILLION
    if (free := shutil.disk_usage(folder).free) < needed:
        raise SystemExit(f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB free; see --folder")
    path = folder / f"{size.what}-{size.packets}.pcap"
    try:
        # In a process of its own: its memory must not count as that of the programs started here.
        subprocess.run([sys.executable, str(HERE / "generate.py"), size.what, str(size.packets), str(path)], check=True)
        with path.open("rb", buffering=0) as file:
            buffer = bytearray(1 << 20)
            while file.readinto(buffer):
                pass
        yield path
    finally:
        path.unlink(missing_ok=True)


def measure(size: Size, folder: Path, runs: int, timeout: float) -> Results:
    """Run all programs in turns on one capture."""
    results: Results = {}
    with generated(size, folder) as path:
        ready: dict[str, tuple[Program, str]] = {}
        for program in PROGRAMS:
            executable = program.executable()
            if executable is None:
                results[program.name] = Result(note="not installed")
            elif size.packets > program.most:
                results[program.name] = Result(note=f"not tried above {program.most:,} packets")
            else:
                results[program.name] = Result()
                ready[program.name] = program, executable
        if OURS in ready:
            # Once untimed: the engine is compiled on its first use.
            run_once([sys.executable, *PROGRAMS[0].command(str(path), "")], timeout)
        for _ in range(runs):
            for name, (program, executable) in ready.items():
                result = results[name]
                if result.note.startswith("failed"):
                    continue
                with tempfile.TemporaryDirectory(dir=folder) as out:
                    seconds, peak, note = run_once([executable, *program.command(str(path), out)], timeout)
                if program.needs == "scapy" and size.packets > SCAPY_MOST:
                    seconds *= size.packets / SCAPY_MOST
                    note = note or f"scaled from the first {SCAPY_MOST:,} packets"
                result.seconds.append(seconds)
                result.peak = max(result.peak, peak)
                result.note = note
    return results


def fastest(results: Results) -> float:
    """Return the median seconds of the fastest C program."""
    return min(results[program.name].median for program in PROGRAMS if program.compiled)


def table(size: Size, results: Results) -> str:
    """Return the results of one capture as a table, fastest first."""
    best = fastest(results)
    rows = []
    for name, result in sorted(results.items(), key=lambda one: one[1].median):
        if result.median == float("inf"):
            rows.append([name, "", "", "", "", result.note])
            continue
        ratio = f"{result.median / best:.2f}" if best < float("inf") else ""
        rate = f"{size.packets / result.median:,.0f}"
        rows.append([name, f"{result.median:.3f}", ratio, rate, f"{result.peak:.0f}", result.note])
    headers = ["program", "median s", "ratio to fastest C", "packets/s", "peak MB", "note"]
    text: str = tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 4, "left"))
    return text


def targets(found: dict[Size, Results]) -> list[tuple[str, bool | None, str]]:
    """Return each target, whether it is met (None: not measured), and the figures that tell."""
    out: list[tuple[str, bool | None, str]] = []
    nowhere = float("inf")

    def against(title: str, size: Size, other: Callable[[Results], float], factor: float) -> None:
        ours, theirs = nowhere, nowhere
        if size in found:
            ours, theirs = found[size][OURS].median, other(found[size])
        known = ours < nowhere and theirs < nowhere
        figures = f"{ours:.3f} s, {ours / theirs:.2f} times theirs" if known else ""
        out.append((title, ours <= factor * theirs if known else None, figures))

    def within(title: str, size: Size, limit: float) -> None:
        ours = found[size][OURS].median if size in found else nowhere
        out.append((title, ours <= limit if ours < nowhere else None, f"{ours:.3f} s" if ours < nowhere else ""))

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
    parser.add_argument("--folder", type=Path, help="where the captures are written (default: a temporary folder)")
    parser.add_argument("--runs", type=int, default=3, help="times that each program runs (default: 3)")
    parser.add_argument("--timeout", type=float, default=300, metavar="S", help="seconds for one run (default: 300)")
    parser.add_argument(
        "--sizes",
        type=Size.parse,
        nargs="+",
        default=[Size.parse(one) for one in SIZES],
        help=f"numbers of packets, flood or flood:NUMBER (default: {' '.join(SIZES)})",
    )
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    found: dict[Size, Results] = {}
    if arguments.folder is not None:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="compare-", dir=arguments.folder) as name:
        for size in dict.fromkeys(arguments.sizes):
            found[size] = measure(size, Path(name), arguments.runs, arguments.timeout)
            print(f"\n{size.title}\n\n{table(size, found[size])}", flush=True)
    words = {True: "met", False: "NOT met", None: "not measured"}
    rows = [(title, words[met], figures) for title, met, figures in targets(found)]
    print(f"\n{tabulate(rows, ['target', '', 'measured'])}")
    return 1 if any(word == "NOT met" for _, word, _ in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
