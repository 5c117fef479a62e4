"""Time whole processes in turns, on captures that generate.py writes for the run, and say which targets are met."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

HERE = Path(__file__).resolve().parent
MEAN_BYTES = {"connections": 490, "flood": 90}
"""More bytes of capture than a packet takes, its record header included."""
WRAPPED_BYTES = 60
"""More bytes than a wrapping takes."""
NOWHERE = float("inf")
PCAPSTATE = ("-m", "pcapstate", "connections", "--format", "csv")
"""What is measured of pcapstate; a capture follows."""

Command = Callable[[str], list[str]]
"""A command, given a folder for what it writes."""
Target = tuple[str, bool | None, str]
"""A target, whether it is met (None: not measured), and the figures that tell."""


@dataclass
class Result:
    """What the runs of one command took."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds of all cores, in the program and the kernel
    peak: float = 0.0  # megabytes
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether a run went wrong."""
        return self.note.startswith("failed")

    @property
    def median(self) -> float:
        """The median of its times; infinite where there is none."""
        return statistics.median(self.seconds) if self.seconds and not self.failed else NOWHERE

    @property
    def least(self) -> float:
        """The shortest of its times, which the rest of the machine disturbed least; infinite where there is none."""
        return min(self.seconds) if self.seconds and not self.failed else NOWHERE

    def run(self, command: list[str], timeout: float) -> None:
        """Run a command, and add what it took."""
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
        self.seconds.append(time.perf_counter() - begin)
        self.processor.append(usage.ru_utime + usage.ru_stime)
        self.peak = max(self.peak, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024))
        process.returncode = os.waitstatus_to_exitcode(status)
        if expired.is_set():
            self.note = f"failed: more than {timeout:g} s"
        elif process.returncode:
            self.note = f"failed: exit code {process.returncode}"


def in_turns(commands: Mapping[str, Command], folder: Path, runs: int, timeout: float) -> dict[str, Result]:
    """Run all commands one after the other, so often; one that fails is not run again."""
    results = {name: Result() for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            if not results[name].failed:
                with tempfile.TemporaryDirectory(dir=folder) as out:
                    results[name].run(command(out), timeout)
    return results


def pcapstate(capture: Path) -> Command:
    """Return the command that reads a capture."""
    return lambda out: [sys.executable, *PCAPSTATE, str(capture)]


def read_once(path: Path) -> None:
    """Read a file, so that it is in the page cache."""
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all benchmarks have."""
    parser.add_argument("--folder", type=Path, help="where the captures are written (default: a temporary folder)")
    parser.add_argument("--runs", type=positive, default=3, help="times that each program runs (default: 3)")
    parser.add_argument("--timeout", type=float, default=300, metavar="S", help="seconds for one run (default: 300)")


def positive(text: str) -> int:
    """Read a number of at least 1."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def judge(targets: list[Target]) -> int:
    """Print which targets are met; return the exit code: 1 where one is not."""
    words = {True: "met", False: "NOT met", None: "not measured"}
    rows = [(title, words[met], figures) for title, met, figures in targets]
    if rows:
        print(f"\n{tabulate(rows, ['target', '', 'measured'])}")
    return 1 if any(met is False for _, met, _ in targets) else 0


@contextmanager
def workplace(folder: Path | None) -> Iterator[Path]:
    """Make a temporary folder, in another one where that is given, which is made too."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=folder) as name:
        yield Path(name)


@contextmanager
def generated(what: str, packets: int, folder: Path, *options: str) -> Iterator[Path]:
    """Write a capture with generate.py, read it once, and remove it in the end."""
    needed = packets * (MEAN_BYTES[what] + WRAPPED_BYTES * bool(options)) + 200_000_000
    if (free := shutil.disk_usage(folder).free) < needed:
        raise SystemExit(f"{folder}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB free; see --folder")
    path = folder / "-".join([what, str(packets), *(option.strip("-") for option in options)])
    path = path.with_suffix(".pcap")
    try:
        # In a process of its own: its memory must not count as that of the programs started here.
        command = [sys.executable, str(HERE / "generate.py"), what, str(packets), str(path), *options]
        subprocess.run(command, check=True)
        read_once(path)
        yield path
    finally:
        path.unlink(missing_ok=True)
