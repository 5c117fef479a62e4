"""A generated capture, cut as weeks of traffic lie about: many files, two sensors, one of them with a wrong clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Records = np.ndarray[Any, Any]

HEADER = np.frombuffer(
    b"\x4d\x3c\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\x00\x00\x04\x00\x01\0\0\0", dtype=np.uint8
)  # nanoseconds
KEPT = 66
"""Bytes of each packet: headers with time stamps."""
HEAD = [("seconds", "<u4"), ("fraction", "<u4"), ("captured", "<u4"), ("length", "<u4")]
RECORD = np.dtype([*HEAD, ("data", "u1", KEPT)])
BEHIND = 700_000_000
"""Nanoseconds by which the clock of the second sensor is behind."""
DELAY = 20_500
"""Nanoseconds from one sensor to the other."""


def generated(packets: int, folder: Path) -> Records:
    """Return the packets of a generated capture, cut off behind their headers."""
    whole = folder / "generated.pcap"
    script = Path(__file__).parents[2] / "benchmarks" / "generate.py"
    subprocess.run([sys.executable, script, "connections", str(packets), whole], check=True, capture_output=True)
    data = np.fromfile(whole, dtype=np.uint8)
    whole.unlink()
    captured = np.zeros(packets, dtype=np.int64)
    offsets = np.zeros(packets, dtype=np.int64)
    at, view = 24, memoryview(data)
    for number in range(packets):
        size = int.from_bytes(view[at + 8 : at + 12], "little")
        offsets[number], captured[number] = at, size
        at += 16 + size
    found = np.zeros(packets, dtype=RECORD)
    heads = data[offsets[:, None] + np.arange(16)]
    fields = np.ascontiguousarray(heads).view("<u4")
    found["seconds"], found["fraction"], found["length"] = fields[:, 0], fields[:, 1] * 1000, fields[:, 3]
    found["captured"] = np.minimum(captured, KEPT)
    inside = np.arange(KEPT) < found["captured"][:, None]
    found["data"] = np.where(inside, data[np.minimum(offsets[:, None] + 16 + np.arange(KEPT), len(data) - 1)], 0)
    return found


def moved(records: Records, by: int) -> Records:
    """Return packets with another time, in nanoseconds."""
    found = records.copy()
    times = times_of(records) + by
    found["seconds"], found["fraction"] = times // 10**9, times % 10**9
    return found


def times_of(records: Records) -> np.ndarray[Any, Any]:
    """Return the times of packets, ns since the epoch."""
    found: np.ndarray[Any, Any] = records["seconds"].astype(np.int64) * 10**9 + records["fraction"]
    return found


def write(records: Records, path: Path) -> None:
    """Write packets to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    octets = records.view(np.uint8).reshape(len(records), RECORD.itemsize)
    used = np.arange(RECORD.itemsize) < 16 + records["captured"].astype(np.int64)[:, None]
    with path.open("wb") as file:
        file.write(HEADER.tobytes())
        file.write(octets[used].tobytes())


def whole_file(path: Path) -> Records:
    """Return the heads of the records of a file that was written here."""
    data, found, at = path.read_bytes(), [], len(HEADER)
    while at < len(data):
        found.append(np.frombuffer(data, np.dtype(HEAD), 1, at)[0])
        at += 16 + int(found[-1]["captured"])
    return np.array(found)


class Cut(NamedTuple):
    """A capture, and the files into which it was cut."""

    merged: Path
    """All packets of both sensors, with right clocks, in time order."""
    folder: Path
    files: list[Path]
    """Below ``folder``: of sensors ``east`` and ``west``, which is behind."""


def cut(records: Records, folder: Path, files: int, seed: int = 1) -> Cut:
    """Write packets to files: two thirds of them cover all in order, the others a part of it, from another sensor."""
    random = np.random.default_rng(seed)
    east = 2 * files // 3
    west = files - east
    found = []
    edges = np.sort(random.choice(np.arange(1, len(records)), east - 1, replace=False))
    for number, part in enumerate(np.split(records, edges)):
        found.append(folder / "in" / "east" / f"{number:03d}.pcap")
        write(part, found[-1])
    some = records[len(records) // 4 : 3 * len(records) // 4]
    seen = moved(some, DELAY)
    edges = np.sort(random.choice(np.arange(1, len(some)), west - 1, replace=False))
    for number, part in enumerate(np.split(moved(seen, -BEHIND), edges)):
        found.append(folder / "in" / "west" / f"{number:03d}.pcap")
        write(part, found[-1])
    both = np.concatenate([records, seen])
    merged = folder / "merged.pcap"
    write(both[np.argsort(times_of(both), kind="stable")], merged)
    random.shuffle(found)  # type: ignore[arg-type]
    return Cut(merged, folder / "in", found)
