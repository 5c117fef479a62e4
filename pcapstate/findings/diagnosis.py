"""All rules over one situation, and the findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ..decode.decoder import Decoder
from ..errors import CaptureDamaged
from ..tcp.flow_table import FlowTable
from ..wording.findings import KINDS
from . import capturing, closing, flooding, flow, opening, ports, resets, scanning, silence
from .finding import Finding
from .frames_seen import FramesSeen
from .situation import Situation

RULES: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    # What explains many failed connections at once comes before what points at single ones.
    scanning.scans,
    flooding.syn_floods,
    silence.fell_silent,
    opening.queue_full,
    opening.unanswered,
    opening.refused,
    opening.unreachable,
    opening.never_completed,
    opening.answered_late,
    closing.left_in_close_wait,
    closing.closed_first,
    ports.time_wait_ports,
    ports.ports_reused,
    resets.half_open,
    resets.lost_data,
    flow.sent_again,
    flow.zero_windows,
    capturing.damaged,
    capturing.dropped,
    capturing.gaps,
    capturing.one_way,
    capturing.joined_late,
    capturing.captured_twice,
    capturing.headers_cut,
    capturing.frames_cut,
    capturing.large_segments,
    capturing.steps_back,
)

ORDER = {kind: place for place, kind in enumerate(KINDS)}


class Read(Protocol):
    """A capture that was read: ``capture.Capture``."""

    table: FlowTable
    decoder: Decoder
    source: Any

    @property
    def moment(self) -> int | None:
        """The moment that the table is about."""

    @property
    def damages(self) -> Sequence[CaptureDamaged]:
        """What was damaged."""


def diagnose(capture: Read, seen: FramesSeen) -> list[Finding]:
    """Return what there is to point at in a capture that was read, as of its moment, the most important first.

    ``capture`` was read with ``details=True`` and ``watchers=[seen]``.
    """
    drops = getattr(capture.source, "drops", None)
    moment = capture.moment or 0
    return findings(Situation(capture.table, moment, seen, capture.decoder.skipped, capture.damages, drops))


def findings(situation: Situation) -> list[Finding]:
    """Return what there is to point at, the most important first."""
    found = [finding for rule in RULES for finding in rule(situation)]
    return sorted(found, key=lambda one: (one.severity, ORDER[one.kind], -one.count))
