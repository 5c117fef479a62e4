"""The answers to ``netstat -e``, ``-s`` and ``-r``, as programs and as people get them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import click

from ..output.widths import display_width
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..traffic.counters import counters
from ..traffic.local import LocalTraffic
from ..views import ethernet, routes, statistics
from ..views import statistics_forms as forms
from ..views.sections import Section
from ..views.translated import translated
from ..wording.forms import Form
from ..wording.languages import translate
from ..wording.styles import Style
from .question import Asked

NO_FORM = {
    "-e": ("linux", "macos"),
    "-s": ("macos",),
    "-r": ("windows", "linux", "macos"),
}
"""The systems in whose form a table is not written: most of it would be what packets do not tell."""


def check_forms(asked: Asked, style: Style) -> None:
    """Raise UsageError where a table is asked for in a form that it is not written in."""
    for letter, wanted in (("-e", asked.ethernet), ("-s", asked.statistics), ("-r", asked.route)):
        if wanted and style.name in NO_FORM[letter]:
            raise click.UsageError(f"{letter} is not written in the form of {style.system}; leave out --style")


def in_form(
    form: Form, style: Style, asked: Asked, local: LocalTraffic, table: FlowTable, whose: Perspective
) -> list[Section]:
    """Return statistics as the style's system prints them."""
    found = []
    if asked.ethernet:
        text = forms.windows_interface(ethernet.counters(local))
        found.append(Section("ethernet", "", ethernet.view(local), text=text, form=form))
    if asked.statistics:
        known = counters(local, table, whose)
        if style.name == "linux":
            text = forms.linux(known, asked.protocols)
        else:
            text = forms.windows(statistics.blocks(known, asked.protocols))
        found.append(Section("statistics", "", statistics.view(known, asked.protocols), text=text, form=form))
    return found


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


def route_sections(
    local: LocalTraffic, people: bool, lang: str, families: Sequence[bool] = (False, True)
) -> list[Section]:
    """Return the routing table: as one table for programs, in parts for people. ``families``: True is IPv6."""
    found = [one for one in routes.routes(local) if (one.network.version == 6) in families]
    if not people:
        return [Section("routes", "", routes.view(found))]
    parts = [
        Section("routes", translate(one.heading, lang), translated(one.table, lang)) for one in routes.sections(found)
    ]
    notes = tuple(translate(note, lang) for note in routes.notes(local))
    if not parts:
        return [Section("routes", translate("Route Table", lang), translated(routes.view(found), lang), notes=notes)]
    return [*parts[:-1], parts[-1]._replace(notes=notes)]
