"""Diagnoses of captures and of conversations made in memory, for tests."""

from __future__ import annotations

import io
from typing import Any

from making.files import pcap
from making.packets import SECOND, START, Talk, merged

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


def until(seconds: float) -> Talk:
    """Something else that goes on until so many seconds after the start."""
    return Talk(("10.0.0.9", 40_000), ("10.0.0.10", 22), start=START + round(seconds * SECOND)).opened()


def syn(number: int, *, ack: bool = False, start: int = START, server: str = "192.0.2.80", again: int = 0) -> Talk:
    """A SYN from an address of its own, perhaps answered by a SYN-ACK, perhaps sent again."""
    talk = Talk((f"198.51.100.{number}", 1024 + number), (server, 443), start=start)
    first = talk.client.syn()
    if ack:
        talk.server.syn_ack()
    for turn in range(again):
        talk.wait(2**turn)
        talk.client.emit(first)
    return talk


def whole(number: int) -> Talk:
    """A connection that was opened, and stays open."""
    return Talk((f"203.0.113.{number}", 40_000 + number), ("192.0.2.80", 443)).opened()
