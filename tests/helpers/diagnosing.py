"""Diagnoses of captures and of conversations made in memory, for tests."""

from __future__ import annotations

import io
from typing import Any

from making.files import pcap
from making.packets import Talk, merged

from pcapstate.capture import Capture
from pcapstate.findings.diagnosis import diagnose
from pcapstate.findings.finding import Finding
from pcapstate.findings.frames_seen import FramesSeen
from pcapstate.kernels.running import Kernels
from pcapstate.moments import parse_moment
from pcapstate.sources.reader import CaptureReader
from pcapstate.stops import Stops


def findings_of(source: Any, at: str | None = None, kernels: Kernels | None = None) -> list[Finding]:
    """Diagnose a capture: a path, or the bytes of a file."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    seen = FramesSeen()
    stops = Stops(None if at is None else parse_moment(at))
    reader = CaptureReader(stream, kernels or Kernels())
    capture = Capture(reader, record=False, details=True, watchers=[seen], stops=stops)
    for _ in capture.follow():
        pass
    return diagnose(capture, seen)


def told(source: Any, at: str | None = None) -> list[str]:
    """Return the kinds of what is found, with its severity."""
    return [f"{one.kind} {one.severity.word}" for one in findings_of(source, at)]


def of_talks(*talks: Talk, at: str | None = None) -> list[str]:
    """Return the kinds of what is found in conversations."""
    return told(pcap(merged(*talks)), at)
