"""All rules over one situation, and the findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ..decode.decoder import Decoder
from ..errors import CaptureDamaged
from ..rows import Rows
from ..stops import Stops
from ..tcp.flow_table import FlowTable
from ..wording.findings import KINDS
from . import aborts, capturing, closing, flooding, flow, opening, ports, queues, resets, scanning, silence
from .finding import Finding
from .frames_seen import FramesSeen
from .situation import Situation

RULES: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    # What explains many failed connections at once comes before what points at single ones.
    scanning.scans,
    flooding.syn_floods,
    silence.fell_silent,
    queues.queue_full,
    queues.syns_dropped,
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
    aborts.in_request,
    resets.lost_data,
    aborts.in_answer,
    aborts.to_close,
    flow.sent_again,
    flow.zero_windows,
    capturing.stored_again,
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


DOUBTS = frozenset(
    ("stored-again", "time-steps-back", "packets-dropped", "capture-gaps", "captured-twice", "one-way", "headers-cut")
)
"""Kinds that make all others doubtful, so they come first."""


class Read(Protocol):
    """A capture that was read: ``capture.Capture``."""

    table: FlowTable
    decoder: Decoder
    source: Any
    stops: Stops

    @property
    def moment(self) -> int | None:
        """The moment that the table is about."""

    @property
    def damages(self) -> Sequence[CaptureDamaged]:
        """What was damaged."""


def diagnose(capture: Read, seen: FramesSeen, chosen: Rows | None = None) -> list[Finding]:
    """Return what there is to point at in a capture that was read, as of its moment, in the order of ``findings``.

    ``capture`` was read with ``details=True`` and ``watchers=[seen]``. ``chosen``: the rows of the connections to look
    at, in ascending order; all unless told.
    """
    drops = getattr(capture.source, "drops", None)
    moment = capture.moment or 0
    if seen.stored_again.at_end and capture.stops.due is None:
        # What comes again tells nothing of the time since.
        moment = min(moment, seen.stored_again.latest)
    skipped, damages = capture.decoder.skipped, capture.damages
    return findings(Situation(capture.table, moment, seen, skipped, damages, drops, chosen))


def findings(situation: Situation) -> list[Finding]:
    """Return what there is to point at: first what makes the rest doubtful, then the most important."""
    return sorted((finding for rule in RULES for finding in rule(situation)), key=place)


def place(one: Finding) -> tuple[bool, int, int, int]:
    """Return by what findings are put in order."""
    return one.kind not in DOUBTS, one.severity, ORDER[one.kind], -one.count
