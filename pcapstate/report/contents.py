"""What a report holds: figures of the whole capture, findings, and as many connections as there is room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..capture import Watcher
from ..escaping import safe
from ..findings.diagnosis import diagnose
from ..findings.finding import Finding
from ..findings.frames_seen import FramesSeen
from ..ladder.gathering import KeptPackets
from ..reading import Reading
from ..rows import Rows
from ..sockets.annotations import Annotations
from ..sockets.answers import Answers
from ..sockets.rows import SocketRows
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import NOBODYS
from ..tcp.settling import Judged, in_time, judged
from ..views.reading_aids import Manner
from . import measures
from .connections import Chosen, Limits, by_interest, within
from .first_acks import FirstAcks
from .ladders import Ladders, Tuples, stories
from .packing import Packed
from .redaction import Redaction

Again = Callable[[Sequence[Watcher]], Reading]
"""Reads the same files once more, to the same moment, with these watchers."""


class Facts(NamedTuple):
    """What is true of the whole capture."""

    start: int
    """Nanoseconds since the epoch, as ``end``, the moment of the report."""
    end: int
    frames: int
    connections: int
    hosts: int
    local: tuple[str, ...]
    """The addresses of the host that the capture shows; none: there is no single one."""
    dropped: int | None
    """Packets that the capture reports as dropped; None without a report."""
    outcomes: list[tuple[str, int]]
    embedded: int
    """Connections that are in the report one by one."""

    @property
    def whole(self) -> bool:
        """Whether all are."""
        return self.embedded == self.connections


class Contents(NamedTuple):
    """All of a report."""

    facts: Facts
    findings: list[Finding]
    handshakes: measures.Histogram | None
    durations: measures.Histogram | None
    stays: measures.Stays
    talkers: list[measures.Talker]
    packed: Packed


class Watchers:
    """The watchers of the first reading."""

    def __init__(self, answers: Answers) -> None:
        self.seen, self.acks = FramesSeen(), FirstAcks()
        self.answers = answers

    def of(self, source: object) -> list[Watcher]:
        """Return all of them for a source."""
        return [self.seen, self.acks, *self.answers.gathering.watchers(source)]  # type: ignore[arg-type]


def contents(
    reading: Reading,
    transitions: Rows,
    watchers: Watchers,
    again: Again,
    manners: Sequence[Manner],
    redaction: Redaction | None,
    limits: Limits = Limits(),  # noqa: B008 (it cannot be changed)
) -> Contents:
    """Return what a report on a reading at its end holds.

    ``reading`` was read with details and ``watchers``, and gave ``transitions``; ``manners``: how each language is
    written.
    """
    capture = reading.capture
    table, moment = capture.table, reading.moment
    history = judged(in_time(transitions))
    hosts = tuple(str(one.network_address) for one in watchers.answers.perspective().networks)
    named = _names(table, watchers.answers.gathering.annotations(), moment)
    if redaction is not None:
        # What follows knows nothing else.
        redaction.table(table)
        hosts = tuple(map(redaction.address, hosts))
        named = {row: (redaction.name(one), redaction.name(other)) for row, (one, other) in named.items()}
    findings = diagnose(capture, watchers.seen, None)
    if redaction is not None:
        findings = list(map(redaction.finding, findings))
    packed = Packed()
    chosen = _chosen(table, findings, history, moment, limits)
    _pack_connections(packed, chosen, reading.start, named, watchers.acks)
    if not chosen.whole:
        for name, column in measures.in_bins(table, history, reading.start, moment):
            packed.add(name, column)
    _pack_ladders(packed, chosen, findings, reading, again, manners, limits)
    facts = Facts(
        *(reading.start, moment, capture.frames, table.count, _hosts(table), hosts, capture.source.drops),
        measures.outcome_counts(table),
        len(chosen.rows),
    )
    return Contents(
        *(facts, findings),
        measures.histogram(measures.handshakes(table)),
        measures.histogram(measures.durations(table)),
        measures.stays(history, moment),
        measures.talkers(table),
        packed,
    )


def _hosts(table: FlowTable) -> int:
    rows, extras = table.connections, table.extras
    ends = [np.stack([extras[f"high_{side}"], rows[f"low_{side}"]], axis=1) for side in (0, 1)]
    return len(np.unique(np.concatenate(ends), axis=0, return_counts=True)[0])


def _names(table: FlowTable, notes: Annotations, moment: int) -> dict[int, tuple[str | None, str | None]]:
    """Return the names of client and server, as far as the capture has them, by the row of the connection."""
    rows = SocketRows(table, NOBODYS, moment, ended=True)
    found: dict[int, tuple[str | None, str | None]] = {}
    for part in rows.parts():
        (own, which), (foreign, whose) = notes.local_name(part), notes.foreign_name(part)
        ends = zip((part.endpoint >> 1).tolist(), which.tolist(), whose.tolist(), strict=True)
        found |= {row: (own[one], foreign[other]) for row, one, other in ends if own[one] or foreign[other]}
    return found


def _chosen(table: FlowTable, findings: list[Finding], history: Judged, moment: int, limits: Limits) -> Chosen:
    rows = by_interest(table, findings)
    counts = np.bincount(history.rows["endpoint"] >> 1, minlength=len(rows))
    rows = within(rows[: limits.connections], counts[rows[: limits.connections]], limits.changes)
    return Chosen(table, np.sort(rows), history, moment)


def _pack_connections(
    packed: Packed, chosen: Chosen, start: int, named: dict[int, tuple[str | None, str | None]], acks: FirstAcks
) -> None:
    names: dict[str | None, int] = {None: 0}
    places = {}
    for row in chosen.rows.tolist():
        if row in named:
            one, other = (names.setdefault(name, len(names)) for name in named[row])
            places[row] = one, other
    packed.values["names"] = [None if name is None else safe(name) for name in names]
    chosen.pack(packed, start, places)
    for side, role in enumerate(("client", "server")):
        times = acks.of(chosen.clients ^ side)
        packed.add(f"{role}_acked", np.where(times == 0, np.nan, (times - start).astype(np.float64)))


def _pack_ladders(
    packed: Packed,
    chosen: Chosen,
    findings: list[Finding],
    reading: Reading,
    again: Again,
    manners: Sequence[Manner],
    limits: Limits,
) -> None:
    table, capture = chosen.table, reading.capture
    ladders = Ladders(manners, reading.start, capture.source.kernels, *capture.tracked_with)
    tuples = Tuples(table)
    rows = by_interest(table, findings)
    rows = rows[np.isin(rows, chosen.rows)][: limits.ladders]
    groups = [tuples.of(row) for row in rows.tolist()]
    packets = table.endpoints["packets"].astype(np.int64)
    packets = packets[0::2] + packets[1::2]
    sizes = np.array([int(packets[group].sum()) for group in groups], dtype=np.int64)
    places = within(np.arange(len(rows)), sizes, limits.packets)
    if len(places):
        # The most interesting first: at some time there is no more room.
        told = [(int(rows[place]), table.numbers(groups[place])) for place in places.tolist()]
        numbers = np.unique(np.concatenate([group for _, group in told]))
        kept = KeptPackets(numbers)
        second = again([kept])
        kept.attach(second.capture.table)
        second.read()
        own = [(int(table.numbers(np.array([row]))[0]), group) for row, group in told]
        found = stories(kept.segments, numbers, own, reading.moment)
        for (row, _), story in zip(told, found, strict=True):
            if ladders.steps >= limits.steps:
                break
            ladders.add(int(np.searchsorted(chosen.rows, row)), story)
    ladders.pack(packed)
