"""Stage 1, a task for each capture or range of one: frames to segments, shared out by the keys of connections."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from ..decode.decoder import Decoder
from ..errors import CaptureError, NoCaptureError
from ..escaping import safe
from ..findings.frames_seen import FramesSeen
from ..kernels.running import Kernels
from ..messages import of_name, reason
from ..names.packets import NamePackets
from ..sources.reader import READING_FAILED, CaptureReader
from ..traffic.own_station import Station
from .arrays import packed
from .checksums import HashingStream
from .finding import opened
from .frames_told import told
from .keys import Keys
from .ranges import RangeReader
from .segments import BESIDE, Writer, read_footer
from .storage import Storage, is_url

NAMES = ".names"
"""The ending of the file with messages that may tell names, beside a file of segments."""
AGAIN = 2
"""The bit of ``short`` (``segments.BESIDE``) of a segment that the capture has a second time."""


class Decoding(NamedTuple):
    """A task: a capture, or a range of its bytes, to a file of segments."""

    dataset: str
    name: str
    """Of the file to write, below the dataset."""
    url: str
    start: int
    end: int
    """The range in bytes; 0 and the capture's size: all of it."""
    whole: bool
    pieces: tuple[tuple[int, int], ...]
    """Of a range: the bytes whose SHA-256 is taken."""
    numbers: tuple[int, ...]
    """Those of the dataset's keys."""
    bits: int
    """Of a key, how many give the bucket."""


def decode(task: Decoding) -> dict[str, Any]:
    """Write the segments of a capture; return what else is known of it. Raises OutputError.

    ``files``: those that it wrote, with size and checksum. A file that is there already is left as it is: the task was
    done before. A capture that cannot be read has ``unread``, why, and ``foreign``, whether it is no capture at all.
    """
    storage = Storage(task.dataset)
    if storage.exists(task.name):
        with storage.open(task.name) as file:
            return _with_files(storage, task, read_footer(file, task.name).about)
    kernels = Kernels()
    try:
        stream: Any = opened(task.url) if task.whole else None
        hashing = None if stream is None else HashingStream(stream)
        reader = (
            RangeReader(task.url, task.start, task.end, kernels) if hashing is None else CaptureReader(hashing, kernels)
        )
    except (CaptureError, OSError) as error:
        why = str(error) if isinstance(error, CaptureError) else of_name(safe(task.url), reason(error))
        return {"unread": why, "foreign": isinstance(error, NoCaptureError)}
    try:
        with storage.writing(task.name) as path, open(path, "wb") as file:
            writer = Writer(file, Keys(kernels, np.array(task.numbers), task.bits))
            about, names = _decoded(reader, kernels, writer)
            if is_url(task.url) and any(one.what.template == READING_FAILED for one in reader.damages):
                # What a network did is no damage of the capture: the task is to be done again.
                raise OSError(0, str(reader.damages[0].what))
            if hashing is None:
                digests = [_digest(task.url, *piece) for piece in task.pieces]
            else:
                hashing.finish()
                digests = [hashing.hexdigest()]
            if names:
                # Before the file itself, which shows that the task is done.
                storage.write(task.name + NAMES, names)
            about = writer.finish({**about, "digests": digests, "messages": bool(names)})
        return _with_files(storage, task, about)
    finally:
        reader.close()


def _with_files(storage: Storage, task: Decoding, about: dict[str, Any]) -> dict[str, Any]:
    names = [task.name, task.name + NAMES] if about["messages"] else [task.name]
    return {**about, "files": {name: storage.written(name) for name in names}}


def _digest(url: str, start: int, end: int) -> str:
    """Return the SHA-256 of some bytes of a capture. Raises OSError."""
    found = sha256()
    with opened(url) as stream:
        stream.seek(start)
        while start < end and (part := stream.read(min(1 << 20, end - start))):
            found.update(part)
            start += len(part)
    return found.hexdigest()


def _decoded(reader: CaptureReader, kernels: Kernels, writer: Writer) -> tuple[dict[str, Any], bytes]:
    seen, station, names = FramesSeen(), Station(), NamePackets(kernels)
    decoder = Decoder(kernels, datagrams=True)
    frames, first, clock = 0, None, 0
    for batch in reader.batches():
        segments = decoder.decode(batch)
        if message := names.watch(batch, segments):
            names.tracked(segments, message)
        station.watch(batch, segments)
        flags = segments["flags"].copy()
        rows, shorts = seen.watch(batch, segments)
        beside = np.zeros(len(segments), dtype=BESIDE)
        beside["short"][rows] = shorts
        beside["short"][(flags >= 0) & (segments["flags"] < 0)] = AGAIN
        segments["flags"] = flags
        if len(batch.frames) and batch.frames["process"].any():
            of = np.searchsorted(batch.frames["number"], segments["number"])
            of = np.minimum(of, len(batch.frames) - 1)
            for name in ("process", "effective"):
                beside[name] = batch.frames[name][of]
        writer.add(segments, beside)
        frames += len(batch.frames)
        if len(batch.frames):
            first = int(batch.frames["time"][0]) if first is None else first
            clock = max(clock, int(batch.frames["time"].max()))
    # A datagram whose fragments are in two ranges is in neither.
    pending = decoder.pending
    decoder.finish()
    about = {
        "frames": reader.counted,
        "packets": frames,
        "first": first,
        "clock": clock,
        "exact": reader.exact and not pending if isinstance(reader, RangeReader) else True,
        "damage": [[str(one.what), one.offset, one.packets] for one in reader.damages],
        "networks": decoder.networks,
        "processes": [tuple(one) for one in reader.processes],
        "skipped": {str(at): int(decoder.skipped[at]) for at in np.flatnonzero(decoder.skipped)},
        "drops": reader.drops,
        "resolved": [[raw.hex(), texts] for raw, texts in reader.names],
        "station": station.addresses,
        "seen": told(seen),
    }
    return about, _packed(names)


def _packed(names: NamePackets) -> bytes:
    """Return the messages that may tell names, as bytes; empty without any."""
    blocks = names.blocks()
    if not blocks:
        return b""
    starts = np.cumsum([0, *(len(one.data) for one in blocks[:-1])])
    rows = np.concatenate([one.rows for one in blocks])
    rows["offset"] += np.repeat(starts, [len(one.rows) for one in blocks])
    return packed({"rows": rows, "data": np.concatenate([one.data for one in blocks])})
