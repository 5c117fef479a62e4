"""The answers to ``netstat -e``, ``-s`` and ``-r``, as programs and as people get them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..output.widths import display_width
from ..tcp.flow_table import FlowTable
from ..views import ethernet, routes, statistics
from ..views.counters import counters
from ..views.local_traffic import LocalTraffic
from ..views.perspective import Perspective
from ..views.sections import Section
from ..views.translated import translated
from ..wording.languages import translate


def ethernet_sections(local: LocalTraffic, lang: str) -> list[Section]:
    """Return the Ethernet statistics."""
    table, notes = (
        translated(ethernet.view(local), lang),
        tuple(translate(note, lang) for note in ethernet.notes(local)),
    )
    return [Section("ethernet", translate(ethernet.HEADING, lang), table, notes=notes)]


def statistics_sections(
    local: LocalTraffic, table: FlowTable, whose: Perspective, protocols: Sequence[str], lang: str
) -> list[Section]:
    """Return the statistics of these protocols."""
    found = counters(local, table, whose)
    text = statistics.text(statistics.blocks(found, protocols), partial(translate, language=lang), display_width)
    notes = tuple(translate(note, lang) for note in statistics.notes(local))
    return [Section("statistics", "", statistics.view(found, protocols), text=text, notes=notes)]


def route_sections(local: LocalTraffic, people: bool, lang: str) -> list[Section]:
    """Return the routing table: as one table for programs, in parts for people."""
    found = routes.routes(local)
    if not people:
        return [Section("routes", "", routes.view(found))]
    parts = [
        Section("routes", translate(one.heading, lang), translated(one.table, lang)) for one in routes.sections(found)
    ]
    notes = tuple(translate(note, lang) for note in routes.notes(local))
    if not parts:
        return [Section("routes", translate("Route Table", lang), translated(routes.view(found), lang), notes=notes)]
    return [*parts[:-1], parts[-1]._replace(notes=notes)]
