"""What a dataset holds: its options, captures, epochs and files, in one file for each commit; the latest counts."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import zstandard

from ..errors import CallError, PcapstateError
from ..escaping import safe
from ..messages import Message
from .keys import KEYS
from .segments import DamagedFile, damaged
from .storage import Storage

FORMAT = 1
"""The version of a dataset's layout."""
FOLDER = "_pcapstate"
"""Where files lie that are pcapstate's own; tools for Parquet pass over such names."""
SEGMENTS = "segments"
"""The folder of files of segments."""
NAME = re.compile(r"manifest-(\d{9,18})\.json\.zst", re.ASCII)
KEPT = 2
"""Manifests that are kept, the latest ones."""


class Failed(PcapstateError):
    """A build ended before its commit; what was done is there for the next one."""


@dataclass
class Part:
    """A file of segments: a capture, or a range of one."""

    name: str
    capture: int
    """The number of the capture in the dataset, from 1."""
    base: int
    """Frames of the capture before it."""
    first: int | None
    """The time of its first frame, ns since the epoch, as its sensor's clock has it; None without frames."""
    clock: int
    """The latest time of a frame."""
    segments: int
    frames: int
    """Numbers of frames."""
    about: dict[str, Any]
    """What else stage 1 found (``decoding``)."""


@dataclass
class CaptureEntry:
    """A capture of the dataset."""

    number: int
    url: str
    size: int
    version: str
    """What changes where its content does: a time or a tag."""
    sensor: str
    checksum: str
    """Its SHA-256 (``checksums``)."""
    offset: int = 0
    """Nanoseconds that are added to its times, since its sensor's clock is behind."""


class Span(NamedTuple):
    """When a file of segments is about, in corrected times, ns since the epoch."""

    part: Part
    start: int
    clock: int
    """The latest time in it."""
    offset: int
    """Nanoseconds that were added."""


@dataclass
class Epoch:
    """Captures that were tracked together, behind the epoch before."""

    name: str
    captures: list[int]
    clock: int
    """The latest time in any of them, ns since the epoch, corrected."""
    connections: int
    """Numbers of connections that were given by its end."""


@dataclass
class File:
    """A file of the dataset."""

    size: int
    checksum: str
    """Its SHA-256."""
    rows: int = 0
    epoch: str = ""
    """Of files of connections, states and checkpoints."""
    open: bool = False
    """It is about connections that are still open: the next epoch replaces it."""
    first: int | None = None
    """The earliest time in it."""


@dataclass
class Options:
    """How a dataset is built: given at its first build, and the same ever after."""

    time_wait: list[tuple[str, float]] = field(default_factory=list)
    """Seconds in TIME_WAIT, by network ("": any)."""
    split: bool = False
    final_after: int = 0
    """Nanoseconds for which a connection is closed until it is retired."""
    bits: int = 4
    """Of a connection's key, how many give the bucket."""
    numbers: tuple[int, ...] = ()
    """Those of the keys (``keys``)."""


@dataclass
class Manifest:
    """A dataset at a commit."""

    options: Options
    number: int = 0
    """Of the commit; 0: there is none yet."""
    format: int = FORMAT
    networks: list[str] = field(default_factory=list)
    """Names of virtual networks; segments name them by number, from 1."""
    processes: list[list[Any]] = field(default_factory=list)
    """Processes (``process_blocks.Process``); segments name them by number, from 1."""
    captures: list[CaptureEntry] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    skews: dict[str, int] = field(default_factory=dict)
    """Nanoseconds that the clocks of sensors are behind, as somebody said, or as was estimated."""
    given: dict[str, int] = field(default_factory=dict)
    """Those that somebody said."""
    missing: list[list[str]] = field(default_factory=list)
    """Captures that could not be read, with why."""
    retired_before: int | None = None
    """The time before which everything was dropped (``retaining``), ns since the epoch."""
    retired: list[CaptureEntry] = field(default_factory=list)
    """Captures that were dropped: they are not added again."""

    def spans(self) -> list[Span]:
        """Return the files of segments that have frames, with their times."""
        offsets = {one.number: one.offset for one in self.captures}
        return [
            Span(part, part.first + offsets[part.capture], part.clock + offsets[part.capture], offsets[part.capture])
            for part in self.parts
            if part.first is not None
        ]

    @property
    def buckets(self) -> int:
        """The number of buckets."""
        return 1 << self.options.bits


def new_numbers() -> tuple[int, ...]:
    """Return numbers for the keys of a new dataset."""
    return tuple(secrets.randbits(30) | 1 for _ in range(KEYS))


def name_of(number: int) -> str:
    """Return the name of a commit's manifest."""
    return f"{FOLDER}/manifest-{number:09d}.json.zst"


def numbers(storage: Storage) -> list[int]:
    """Return the numbers of the manifests that there are, in order."""
    found = (NAME.fullmatch(one.rpartition("/")[2]) for one in storage.names(FOLDER))
    return sorted(int(one[1]) for one in found if one is not None)


def read(storage: Storage) -> Manifest | None:
    """Return a dataset's latest manifest; None where there is none. Raises CallError, DamagedFile, OSError."""
    found = numbers(storage)
    if not found:
        return None
    name = name_of(found[-1])
    try:
        raw = json.loads(zstandard.ZstdDecompressor().decompressobj().decompress(storage.read(name)))
        version = raw["format"]
    except (ValueError, KeyError, TypeError, zstandard.ZstdError):
        raise damaged(safe(name)) from None
    if version != FORMAT:
        raise CallError(
            Message(
                "{root} has the layout of version {found}; this pcapstate reads version {wanted}",
                root=safe(storage.root),
                found=safe(str(version)),
                wanted=FORMAT,
            )
        )
    try:
        options = Options(**raw.pop("options"))
        options.numbers = tuple(options.numbers)
        return Manifest(
            options=options,
            captures=[CaptureEntry(**one) for one in raw.pop("captures")],
            parts=[Part(**one) for one in raw.pop("parts")],
            epochs=[Epoch(**one) for one in raw.pop("epochs")],
            retired=[CaptureEntry(**one) for one in raw.pop("retired", [])],
            files={name: File(**one) for name, one in raw.pop("files").items()},
            **raw,
        )
    except (KeyError, TypeError):
        raise damaged(safe(name)) from None


def existing(storage: Storage) -> Manifest:
    """Return the manifest of a dataset that is to be there. Raises CallError, DamagedFile."""
    try:
        found = read(storage)
    except OSError as error:
        raise CallError(Message("{root}: {why}", root=safe(storage.root), why=safe(str(error)))) from None
    if found is None:
        raise CallError(Message("{root} is no dataset; pcapstate archive build makes one", root=safe(storage.root)))
    return found


def commit(storage: Storage, manifest: Manifest) -> bool:
    """Write a manifest as the next one; return False where somebody else has committed meanwhile."""
    manifest.number += 1
    raw = json.dumps(asdict(manifest)).encode()
    if not storage.create(name_of(manifest.number), zstandard.ZstdCompressor(level=3).compress(raw)):
        return False
    for number in numbers(storage)[:-KEPT]:
        storage.remove(name_of(number))
    return True


__all__ = ["CaptureEntry", "DamagedFile", "Epoch", "File", "Manifest", "Options", "Part"]
