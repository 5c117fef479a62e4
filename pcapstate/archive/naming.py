"""The tables of names and of captures: what messages in captures call hosts, and what the dataset is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..kernels.running import Kernels
from ..names.book import NameBook
from ..names.packets import KEPT, NamePackets
from ..rows import Rows, unique
from ..table import NEVER
from .arrays import unpacked
from .columns import address_of, addresses
from .decoding import NAMES
from .manifest import File, Manifest
from .parquet import write
from .publishing import text, time_of
from .segments import read_block, read_footer
from .storage import Storage, Written

NAMED, CAPTURES = "names", "captures"
"""The folders of the tables."""
NAME_ROWS = f"""
    SELECT {address_of("address")}, {text("name")}, {text("source")}, {time_of("time")}, capture,
      nullif(frame, 0) AS frame
    FROM given ORDER BY address, name"""
CAPTURE_ROWS = f"""
    SELECT capture, {text("url")}, {text("sensor")}, size, {text("sha256")}, {time_of("first")}, {time_of("last")},
      frames, packets, segments, nullif(drops, -1) AS drops, {text("damage")}, offset_ns
    FROM given ORDER BY first, capture"""


class Naming(NamedTuple):
    """A task: the messages of a file of segments."""

    dataset: str
    part: str
    capture: int
    base: int
    offset: int
    clock: int
    """The latest time in it, as its sensor has it, ns since the epoch."""


def name_hosts(task: Naming) -> tuple[str, Written, int]:
    """Write the names of the hosts in a file of segments; return the file, and how many names there are."""
    storage = Storage(task.dataset)
    packets = NamePackets(Kernels())
    messages, _ = unpacked(storage.read(task.part + NAMES), task.part, {"rows": KEPT})
    packets.tracked(np.zeros(0), (messages["rows"], messages["data"]))
    book = NameBook(packets)
    high, low = _hosts(storage, task.part)
    book.prepare_all(high, low)
    asked = list(zip(high.tolist(), low.tolist(), strict=True))
    found = [(host, name) for host in asked if (name := book.name(host, task.clock)) is not None]
    halves = (np.array([one[0][half] for one in found], dtype=np.int64) for half in (0, 1))
    columns: dict[str, Rows] = {
        **addresses("address", *halves),
        "name": np.array([one.fqdn for _, one in found], dtype=object),
        "source": np.array([one.source for _, one in found], dtype=object),
        "time": np.array([NEVER if one.time is None else one.time + task.offset for _, one in found], dtype=np.int64),
        "capture": np.full(len(found), task.capture),
        "frame": np.array([one.number and one.number + task.base for _, one in found], dtype=np.int64),
    }
    file = names_file(task.part)
    write(storage, file, columns, NAME_ROWS)
    return file, storage.written(file), len(found)


def names_file(part: str) -> str:
    """Return the file with the names of the hosts in a file of segments."""
    return f"{NAMED}/{part.rpartition('/')[2].removesuffix('.segments')}.parquet"


def _hosts(storage: Storage, part: str) -> tuple[Rows, Rows]:
    """Return the addresses in a file of segments, each once."""
    seen = np.zeros((0, 2), dtype=np.int64)
    with storage.open(part) as file:
        for block in read_footer(file, part).blocks:
            rows = read_block(file, block, part).rows
            ends = [np.stack([rows[f"{end}_high"], rows[f"{end}_low"]], axis=1) for end in ("source", "target")]
            seen = unique(np.concatenate([seen, *ends]))
    return seen[:, 0].copy(), seen[:, 1].copy()


def write_captures(storage: Storage, manifest: Manifest) -> None:
    """Write the table of captures, in the place of the one before."""
    of: dict[int, list[Any]] = {}
    for part in manifest.parts:
        of.setdefault(part.capture, []).append(part)
    entries = manifest.captures

    def column(values: Sequence[Any], kind: Any = np.int64) -> Rows:
        return np.array(list(values) or [None][:0], dtype=kind)

    def each(value: Any, kind: Any = np.int64) -> Rows:
        return column([value(one, of[one.number]) for one in entries], kind)

    def drops(parts: list[Any]) -> int:
        told = [part.about["drops"] for part in parts if part.about["drops"] is not None]
        return sum(told) if told else -1

    def times(end: str) -> Rows:
        def value(one: Any, parts: list[Any]) -> int:
            given = [part.first if end == "first" else part.clock for part in parts if part.first is not None]
            return NEVER if not given else (min if end == "first" else max)(given) + one.offset

        return each(value)

    columns = {
        "capture": column([one.number for one in entries]),
        "url": column([one.url for one in entries], object),
        "sensor": column([one.sensor for one in entries], object),
        "size": column([one.size for one in entries]),
        "sha256": column([one.checksum for one in entries], object),
        "first": times("first"),
        "last": times("last"),
        "frames": each(lambda one, parts: sum(part.frames for part in parts)),
        "packets": each(lambda one, parts: sum(part.about["packets"] for part in parts)),
        "segments": each(lambda one, parts: sum(part.segments for part in parts)),
        "drops": each(lambda one, parts: drops(parts)),
        "damage": each(
            lambda one, parts: "; ".join(str(what) for part in parts for what, *_ in part.about["damage"]) or None,
            object,
        ),
        "offset_ns": column([one.offset for one in entries]),
    }
    file = f"{CAPTURES}/captures-{manifest.number + 1:09d}.parquet"
    write(storage, file, columns, CAPTURE_ROWS)
    manifest.files = {name: one for name, one in manifest.files.items() if not name.startswith(f"{CAPTURES}/")}
    manifest.files[file] = File(*storage.written(file), len(entries))
