"""Messages that name hosts, and what is gathered of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.names.packets import NamePackets
from pcapstate.sources.reader import CaptureReader
from tests.helpers import payloads as p
from tests.helpers.captures import START, pcap

SECOND = 10**9
RESOLVER, CLIENT = ("10.0.0.53", 53), ("10.0.0.1", 40_000)


def at(seconds: float) -> int:
    return (START + round(seconds)) * SECOND


def gathered(
    frames: Sequence[tuple[float, bytes]], most: int | None = None, kernels: Kernels | None = None
) -> NamePackets:
    """Return what a watcher keeps of frames, each with its second."""
    source = CaptureReader(io.BytesIO(pcap([(at(when), frame) for when, frame in frames])), kernels or Kernels())
    packets = NamePackets(source.kernels) if most is None else NamePackets(source.kernels, most)
    for _ in Capture(source, watchers=[packets]).follow():
        pass
    return packets


def told(message: bytes, to: tuple[str, int] = CLIENT, by: tuple[str, int] = RESOLVER) -> bytes:
    return p.udp_frame(by, to, message)
