"""What a dataset holds: its options, captures, epochs and files, in one file for each commit; the latest counts."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import zstandard

from ..errors import CallError, PcapstateError
from ..escaping import safe
from ..messages import Message, of_name, reason
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
LARGEST = 1 << 31
"""Bytes of a manifest at most."""
MOST_BITS = 12
"""Of a key, how many give the bucket at most."""
ABOUT: dict[str, Any] = {
    "packets": int,
    "messages": bool,
    "damage": list[list[Any]],
    "networks": list[str],
    "network_numbers": list[int],
    "process_numbers": list[int],
    "skipped": dict[str, int],
    "drops": int | None,
    "resolved": list[list[Any]],
    "station": list[list[int]],
    "seen": dict[str, Any],
}
"""What stage 1 finds of each file, as far as it is used later."""
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
        data = storage.read(name)
        if not 0 < zstandard.frame_content_size(data) <= LARGEST:
            raise ValueError
        raw = json.loads(zstandard.ZstdDecompressor().decompress(data))
        version = raw["format"]
    except (ValueError, KeyError, TypeError, RecursionError, zstandard.ZstdError):
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
        made = Manifest(
            options=options,
            captures=[CaptureEntry(**one) for one in raw.pop("captures")],
            parts=[Part(**one) for one in raw.pop("parts")],
            epochs=[Epoch(**one) for one in raw.pop("epochs")],
            retired=[CaptureEntry(**one) for one in raw.pop("retired", [])],
            files={name: File(**one) for name, one in raw.pop("files").items()},
            **raw,
        )
    except (KeyError, TypeError, AttributeError):
        raise damaged(safe(name)) from None
    if not (_fits(made, Manifest) and _is_sound(made)):
        raise damaged(safe(name))
    return made


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value has a type, with all that is in it: a hand may have changed it."""
    inner, given = get_args(kind), get_origin(kind) or kind
    if given is Any:
        return True
    if given is UnionType:
        return any(_fits(value, one) for one in inner)
    if is_dataclass(given):
        return type(value) is given and all(
            _fits(getattr(value, name), of) for name, of in _hints(given.__name__).items()
        )
    if given in (list, tuple, dict) and not isinstance(value, (list, tuple) if given is not dict else dict):
        return False
    if given is dict:
        return all(_fits(one, kind) for pair in value.items() for one, kind in zip(pair, inner, strict=True))
    if given is list or inner[1:] == (Ellipsis,):
        return all(_fits(one, inner[0]) for one in value)
    if given is tuple:
        return len(value) == len(inner) and all(map(_fits, value, inner))
    if given is float:
        return type(value) in (int, float)
    # Times and numbers go into arrays of int64.
    return type(value) is given and (given is not int or abs(value) < 1 << 62)


@cache
def _hints(kind: str) -> dict[str, Any]:
    """Return the types of the fields of a class of this module."""
    return get_type_hints(globals()[kind])


def _is_sound(manifest: Manifest) -> bool:
    """Tell whether numbers are in their ranges, and what stage 1 found of each file is there."""
    options = manifest.options
    captures = {one.number for one in manifest.captures}
    return (
        0 <= options.bits <= MOST_BITS
        and len(options.numbers) == KEYS
        and all(0 < one < 1 << 30 for one in options.numbers)
        and all(0 < one.number < 1 << 31 for one in (*manifest.captures, *manifest.retired))
        and all(part.capture in captures and 0 <= part.base < 1 << 32 for part in manifest.parts)
        and all(_fits(part.about.get(name), kind) for part in manifest.parts for name, kind in ABOUT.items())
    )


def existing(storage: Storage) -> Manifest:
    """Return the manifest of a dataset that is to be there. Raises CallError, DamagedFile."""
    try:
        found = read(storage)
    except OSError as error:
        raise CallError(of_name(safe(storage.root), reason(error))) from None
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
