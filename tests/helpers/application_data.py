"""What the watcher of application data keeps."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from pcapstate.application.data import ApplicationData
from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.sources.reader import CaptureReader
from tests.helpers.captures import pcap


def watched(
    frames: Sequence[bytes], kernels: Kernels | None = None, most: int | None = None, snap: int | None = None
) -> ApplicationData:
    """Return what the watcher keeps of frames, of which ``snap`` bytes are captured."""
    data = pcap(list(enumerate(frames)))
    if snap is not None:
        parts = [data[:24]]
        for index, frame in enumerate(frames):
            parts.append(struct.pack("<IIII", 0, index, len(frame[:snap]), len(frame)) + frame[:snap])
        data = b"".join(parts)
    source = CaptureReader(io.BytesIO(data), kernels or Kernels())
    found = ApplicationData(source.kernels) if most is None else ApplicationData(source.kernels, most)
    for _ in Capture(source, watchers=[found]).follow():
        pass
    return found
