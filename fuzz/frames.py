"""Fuzzing of the decoders: frames of each link type, in a buffer that ends where they do."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from itertools import cycle
from typing import Any

import numpy as np

from pcapstate.decode.decoder import Decoder
from pcapstate.decode.segment import SEGMENT_DATAGRAM
from pcapstate.errors import PcapstateError
from pcapstate.kernels.running import Kernels
from pcapstate.sources.pktap import WRAPPED
from pcapstate.sources.reader import Batch, CaptureReader

from . import mutating
from .files import read_frames
from .target import PCAPS, Wrong, captures


def frames(data: bytes) -> None:
    """Decode frames alone: a byte for the link type, then each behind its length (two bytes)."""
    linktype = mutating.LINK_TYPES[data[0] % len(mutating.LINK_TYPES)] if data else 1
    found, at = [], 1
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    decoded(linktype, found)


def decoded(linktype: int, frames: list[bytes], times: list[int] | None = None) -> tuple[list[Any], int]:
    """Return the segments of frames, with their times in nanoseconds, and how many frames were skipped."""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, linktype)
    for frame, time in zip(frames, times or range(len(frames)), strict=True):
        out += struct.pack("<IIII", *divmod(time, 10**9), len(frame), len(frame)) + frame
    # A buffer that ends where the last frame does: who reads on leaves it.
    source = CaptureReader(io.BytesIO(out), Kernels(), chunk=len(out), rows=64)
    decoder, segments = Decoder(source.kernels, True), []
    for batch in source.batches():
        rows = decoder.decode(batch)
        _sound(batch, rows)
        segments += [row.copy() for row in rows if row["flags"] >= 0 or row["flags"] == SEGMENT_DATAGRAM]
    decoder.finish()
    if (decoder.skipped < 0).any():
        raise Wrong("fewer than no frames were skipped")
    return segments, int(decoder.skipped.sum())


def _sound(batch: Batch, segments: Any) -> None:
    places = np.searchsorted(batch.frames["number"], segments["number"])
    for segment, place in zip(segments, places.tolist(), strict=True):
        if segment["flags"] < 0 and segment["flags"] != SEGMENT_DATAGRAM:
            continue
        frame = batch.frames[place]
        start, end = int(frame["offset"]), int(frame["offset"]) + int(frame["captured"])
        if int(segment["number"]) != int(frame["number"]):
            raise Wrong(f"a segment of frame {segment['number']}, which there is not")
        if segment["payload"] != -1 and not start <= segment["payload"] <= end:
            raise Wrong(f"payload at {segment['payload']} of a frame from {start} to {end}")
        if segment["length"] < 0 or not 0 <= segment["source_port"] < 65_536 or not 0 <= segment["seq"] < 2**32:
            raise Wrong(f"impossible segment {segment}")


def frame_seeds() -> list[bytes]:
    """Return the first frames of each capture, a link type each; of types without any, packets behind zeros."""
    found: dict[bytes, None] = {}
    seen = set()
    for data in captures():
        with suppress(PcapstateError):
            kept = read_frames(CaptureReader(io.BytesIO(data), Kernels()))
            for linktype in {one[3] for one in kept} & set(mutating.LINK_TYPES):
                found[_seed(linktype, [one[-1] for one in kept if one[3] == linktype])] = None
                seen.add(linktype)
    for wrapped in WRAPPED:
        # Read as something else, so that the frames keep this header.
        data = bytearray((PCAPS / "processes-pktap.pcap").read_bytes())
        struct.pack_into("<I", data, 20, mutating.LINK_TYPES[-1])
        kept = read_frames(CaptureReader(io.BytesIO(data), Kernels()))
        found[_seed(wrapped, [one[-1] for one in kept])] = None
    packets = [one[-1] for one in read_frames(CaptureReader(io.BytesIO((PCAPS / "raw.pcap").read_bytes()), Kernels()))]
    for linktype in set(mutating.LINK_TYPES) - seen:
        behind = zip((0, 2, 4, 8, 12, 16, 20, 24, 28, 40), cycle(packets), strict=False)
        found[_seed(linktype, [bytes(size) + packet for size, packet in behind], 10)] = None
    return list(found)


def _seed(linktype: int, frames: list[bytes], most: int = 8) -> bytes:
    some = [len(one).to_bytes(2, "big") + one for one in frames[:most] if len(one) < 2000]
    return bytes([mutating.LINK_TYPES.index(linktype)]) + b"".join(some)
