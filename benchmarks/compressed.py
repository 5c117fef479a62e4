"""Time pcapstate on compressed captures, beside a pipe from the program that unpacks them.

    python benchmarks/compressed.py
    python benchmarks/compressed.py --packets 200000 --runs 9 --only gz zst

Whole processes are timed in turns: ``pcapstate connections FILE`` and ``gzip -dc FILE | pcapstate connections -``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate
from timing import (
    PCAPSTATE,
    Command,
    Result,
    Target,
    add_options,
    generated,
    in_turns,
    judge,
    pcapstate,
    positive,
    read_once,
    workplace,
)

PROGRAMS = {"gz": "gzip", "zst": "zstd", "lz4": "lz4", "xz": "xz", "bz2": "bzip2"}
USUAL = ["gz", "zst", "lz4"]
"""The others take long to pack, and to unpack."""
FILE, PIPE = "file", "pipe"
LEAST = {"gz": 0.7, "zst": 0.7}
"""Of the pipe's speed, told by the least times."""


@contextmanager
def packed(capture: Path, suffix: str) -> Iterator[Path]:
    """Compress a capture as its program does by default, and remove that in the end."""
    path = capture.with_name(f"{capture.name}.{suffix}")
    try:
        with path.open("wb") as file:
            subprocess.run([PROGRAMS[suffix], "-c", str(capture)], stdout=file, stderr=subprocess.DEVNULL, check=True)
        read_once(path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def pipe(suffix: str, path: Path) -> Command:
    """Return the command that unpacks into a pipe."""
    script = 'unpack=$1 file=$2; shift 2; "$unpack" -dc "$file" | "$@"'
    return lambda out: ["sh", "-c", script, "sh", PROGRAMS[suffix], str(path), sys.executable, *PCAPSTATE, "-"]


def rows(suffix: str, size: str, results: dict[str, Result]) -> list[list[str]]:
    """Return both rows of a format."""
    out = []
    for name, result in results.items():
        times = [result.median, result.least, min(result.processor)]
        speed = f"{results[PIPE].least / result.least:.2f}"
        out.append([f"{suffix}, {name}", size, *(f"{time:.3f}" for time in times), speed, result.note])
    return out


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    add_options(parser)
    parser.add_argument("--packets", type=positive, default=1_000_000, help="packets of the capture (1000000)")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=USUAL, help=f"formats ({' '.join(USUAL)})")
    arguments = parser.parse_args()
    table: list[list[str]] = []
    targets: list[Target] = []
    with (
        workplace(arguments.folder) as folder,
        generated("connections", arguments.packets, folder, "--words") as capture,
    ):
        size = capture.stat().st_size
        # Once untimed: its modules are in the page cache then.
        in_turns({"": pcapstate(capture)}, folder, 1, arguments.timeout)
        for suffix in arguments.only:
            program = PROGRAMS[suffix]
            speed = None
            if shutil.which(program) is None:
                table.append([suffix, *[""] * 5, f"{program} is not installed"])
            else:
                with packed(capture, suffix) as path:
                    share = f"{path.stat().st_size / size:.0%}"
                    commands = {FILE: pcapstate(path), PIPE: pipe(suffix, path)}
                    results = in_turns(commands, folder, arguments.runs, arguments.timeout)
                table += rows(suffix, share, results)
                speed = results[PIPE].least / results[FILE].least
            if suffix in LEAST:
                met = None if speed is None else speed >= LEAST[suffix]
                figures = "" if speed is None else f"{speed:.2f} times"
                targets.append((f".{suffix}: at least {LEAST[suffix]} of the speed of {program} -dc", met, figures))
    print(f"{arguments.packets:,} packets, {size / 1e6:.0f} MB, {arguments.runs} runs in turns\n")
    headers = ["capture", "of its size", "median s", "least s", "processor s", "speed", "note"]
    print(tabulate(table, headers, disable_numparse=True, colalign=("left", *["right"] * 5, "left")))
    return judge(targets)


if __name__ == "__main__":
    raise SystemExit(main())
