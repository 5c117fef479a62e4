"""What archives cost: building one, by who does the tasks, and asking one of many connections.

    python benchmarks/archive.py build 10000000 /tmp/archive
    python benchmarks/archive.py build 10000000 /tmp/archive --spark
    python benchmarks/archive.py ask 10000000 /tmp/archive

``build``: a generated capture of so many packets, in 16 files, with one process, with two, and, with ``--spark``, on a
standalone cluster of two workers on this machine. ``ask``: a dataset of so many short connections (four packets each,
over a day), and how long questions take, each in a process of its own. Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
PCAPSTATE = [sys.executable, "-m", "pcapstate"]
FILES = 16
DAY = 86_400
START = 1_699_920_000
HEADER = bytes.fromhex("4d3cb2a1020004000000000000000000ffff000001000000")
"""Of a pcap file with nanoseconds."""
FRAME = 54
RECORD = np.dtype(
    [("seconds", "<u4"), ("fraction", "<u4"), ("captured", "<u4"), ("length", "<u4"), ("data", "u1", FRAME)]
)
SYN, RST, ACK = 0x02, 0x04, 0x10
SCRIPT = ((0, SYN, 0, 0), (1, SYN | ACK, 0, 1), (0, ACK, 1, 1), (0, RST | ACK, 1, 1))
"""Sender, flags, sequence and acknowledgment number of the packets of a connection."""
LASTS = (0.0, 0.01, 0.02, 5.0)
"""Seconds of each packet after the first."""
QUESTIONS = (
    ("netstat --at T --local ONE", lambda moment, host: ["netstat", "--at", moment, "--local", host]),
    ("netstat --at T --local NETWORK", lambda moment, host: ["netstat", "--at", moment, "--local", "10.0.0.0/8"]),
    ("netstat --at T", lambda moment, host: ["netstat", "--at", moment]),
    ("connections --host ONE", lambda moment, host: ["connections", "--host", host]),
    ("timeline --host ONE", lambda moment, host: ["timeline", "--host", host]),
)


def measured(command: Sequence[str]) -> tuple[float, float, bytes]:
    """Run a command; return seconds, processor seconds of it and its children, and what it wrote."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode()}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, used, done.stdout


def cut(whole: Path, folder: Path, files: int) -> None:
    """Cut a pcap file whose packets are in time order into so many."""
    data = np.memmap(whole, dtype=np.uint8, mode="r")
    folder.mkdir(parents=True)
    at, number, view = 24, 0, memoryview(data)
    begun, share = at, len(data) // files + 1
    while at < len(data):
        at += 16 + int.from_bytes(view[at + 8 : at + 12], "little")
        if at - begun >= share or at == len(data):
            with (folder / f"{number:03d}.pcap").open("wb") as file:
                file.write(data[:24].tobytes())
                file.write(view[begun:at])
            begun, number = at, number + 1


def build(packets: int, folder: Path, spark: bool) -> None:
    """Print what a build takes."""
    folder.mkdir(parents=True, exist_ok=True)
    captures = folder / "captures"
    if not captures.exists():
        whole = folder / "whole.pcap"
        generate = ROOT / "benchmarks" / "generate.py"
        subprocess.run([sys.executable, generate, "connections", str(packets), whole], check=True)
        cut(whole, captures, FILES)
        whole.unlink()
    ways: list[tuple[str, list[str]]] = [("one process", ["--processes", "1"]), ("two processes", ["--processes", "2"])]
    with ExitStack() as stack:
        if spark:
            ways.append(("Spark, two workers of one core", ["--spark", stack.enter_context(spark_cluster(folder))]))
        print_builds(packets, captures, folder / "dataset", ways)


def spark_cluster(folder: Path) -> AbstractContextManager[str]:
    """Return a standalone cluster of this machine, which gives its URL."""
    sys.path.insert(0, str(ROOT))
    from tests.helpers.spark_clusters import cluster

    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        sys.exit("--spark needs pyspark")
    logs = folder / "spark"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    return cluster(Path(found.origin).parent, logs)


def print_builds(packets: int, captures: Path, dataset: Path, ways: list[tuple[str, list[str]]]) -> None:
    """Print what a build takes by who does the tasks."""
    size = sum(one.stat().st_size for one in captures.iterdir())
    print(f"{packets:,} packets, {size / 1e9:.2f} GB\n")
    print("| tasks done by | s | processor s | packets per core-second | dataset, bytes a packet |")
    print("| --- | --- | --- | --- | --- |")
    for name, options in ways:
        shutil.rmtree(dataset, ignore_errors=True)
        elapsed, used, _ = measured([*PCAPSTATE, "archive", "build", str(captures), "-o", str(dataset), *options])
        kept = sum(one.stat().st_size for one in (dataset / "segments").rglob("*") if one.is_file())
        # What Spark's workers use is no child's of this program: both cores count.
        on_spark = "--spark" in options
        rate = packets / (2 * elapsed if on_spark else used)
        shown = "-" if on_spark else f"{used:.1f}"
        print(f"| {name} | {elapsed:.1f} | {shown} | {rate:,.0f} | {kept / packets:.1f} |", flush=True)


def short_connections(count: int, first: int, whole: int) -> np.ndarray[Any, Any]:
    """Return the packets of connections ``first`` to ``first + count`` of ``whole``, which are spread over a day."""
    number = first + np.arange(count)
    began = START * 10**9 + number * (DAY * 10**9 // whole)
    packets = np.zeros(4 * count, dtype=RECORD)
    times = np.concatenate([began + round(after * 1e9) for after in LASTS])
    packets["seconds"], packets["fraction"] = times // 10**9, times % 10**9
    packets["captured"] = packets["length"] = FRAME
    data = packets["data"]
    data[:, 12:14], data[:, 14:16] = (8, 0), (0x45, 0)
    data[:, 17], data[:, 22], data[:, 23] = FRAME - 14, 64, 6
    data[:, 46] = 0x50
    data[:, 48:50] = 0xFF
    mixed = number * 2_654_435_761
    client = np.stack([np.full(count, 10), mixed >> 16 & 0x3F, mixed >> 8 & 0xFF, mixed & 0xFF], axis=1)
    server = np.stack([np.full(count, 192), np.full(count, 168), np.zeros(count), number % 200], axis=1)
    port = 1024 + number // 4 % 60_000
    for step, (sender, flags, seq, ack) in enumerate(SCRIPT):
        some = data[step * count : (step + 1) * count]
        ends = (client, server) if sender == 0 else (server, client)
        some[:, 26:30], some[:, 30:34] = ends
        ports = (port, np.full(count, 443)) if sender == 0 else (np.full(count, 443), port)
        for at, one in zip((34, 36), ports, strict=True):
            some[:, at], some[:, at + 1] = one >> 8, one & 0xFF
        some[:, 18], some[:, 19] = number >> 8 & 0xFF, number & 0xFF
        some[:, 41], some[:, 45] = seq, ack if flags & ACK else 0
        some[:, 47] = flags
    return packets[np.argsort(times, kind="stable")]


def ask(connections: int, folder: Path) -> None:
    """Print how long questions take."""
    dataset = folder / "many"
    if not dataset.exists():
        captures = folder / "short"
        captures.mkdir(parents=True, exist_ok=True)
        files = 48
        for number in range(files):
            first, last = number * connections // files, (number + 1) * connections // files
            with (captures / f"{number:03d}.pcap").open("wb") as file:
                file.write(HEADER)
                short_connections(last - first, first, connections).tofile(file)
        elapsed, used, said = measured([*PCAPSTATE, "archive", "build", str(captures), "-o", str(dataset)])
        shutil.rmtree(captures)
        print(f"{said.decode().strip()}: {elapsed:.0f} s, {used:.0f} s of processor time\n")
    kept = sum(one.stat().st_size for one in dataset.rglob("*") if one.is_file())
    print(f"{kept / 1e9:.2f} GB on disk\n\n| question | rows | s (best of five) |\n| --- | --- | --- |")
    number = connections // 2
    mixed = number * 2_654_435_761
    host = f"10.{mixed >> 16 & 0x3F}.{mixed >> 8 & 0xFF}.{mixed & 0xFF}"
    moment = f"@{START + DAY / 2 + 1:.0f}"
    for name, arguments in QUESTIONS:
        first, *rest = arguments(moment, host)
        command = [*PCAPSTATE, "archive", first, str(dataset), *rest, "--format", "csv"]
        runs = [measured(command) for _ in range(5)]
        print(f"| {name} | {len(runs[0][2].splitlines()) - 1:,} | {min(run[0] for run in runs):.2f} |", flush=True)


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("what", choices=("build", "ask"))
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spark", action="store_true", help="also on a Spark cluster on this machine")
    arguments = parser.parse_args()
    if arguments.what == "build":
        build(arguments.count, arguments.folder, arguments.spark)
    else:
        ask(arguments.count, arguments.folder)


if __name__ == "__main__":
    main()
