"""Answers of netstat as sections: tables with headings and notes, for people in their language, or for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ..errors import CallError
from ..messages import Message
from ..routing.routing_table import routes as routing_table
from ..sockets import columns as known
from ..sockets.annotations import Annotations
from ..sockets.answers import Answer
from ..sockets.changes import CHANGED, CHANGES, Changes
from ..sockets.question import Question
from ..sockets.rows import SocketRows
from ..sockets.table import for_programs
from ..table import WORD, Column, Table, beside
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import Perspective
from ..traffic.counters import counters
from ..traffic.local import LocalTraffic
from ..wording.forms import Form
from ..wording.languages import told, translate
from ..wording.styles import Style, heading, shown_states
from . import ethernet, routes, statistics
from . import statistics_forms as forms
from .netstat import Wording, for_people, titles
from .reading_aids import Manner, translated
from .sections import Section

NO_FORM = {
    "-e": ("linux", "macos"),
    "-s": ("macos",),
    "-r": ("windows", "linux", "macos"),
}
"""The systems in whose form a table is not written: packets do not tell most of it."""


def check_forms(question: Question, style: Style) -> None:
    """Raise CallError where a table is asked for in a form that it is not written in."""
    for letter, wanted in (("-e", question.ethernet), ("-s", question.statistics), ("-r", question.route)):
        if wanted and style.name in NO_FORM[letter]:
            raise CallError(
                Message("{letter} has no format of {system}; leave out --style", letter=letter, system=style.system)
            )


class NetstatSections:
    """The sections of the answers to one question.

    ``people``: they are for people, as ``manner`` says; with ``form`` exactly as the style's system prints them.
    ``columns``: those of the table of sockets, where somebody chose them; ``named``: programs get names of hosts;
    ``dated``: headings tell the moment; ``width``: columns of a terminal that a text takes; ``sourced``: rows say who
    tells of their process.
    """

    def __init__(
        self,
        question: Question,
        manner: Manner,
        *,
        people: bool,
        form: Form | None = None,
        columns: tuple[str, ...] | None = None,
        named: bool = False,
        dated: bool = False,
        width: Callable[[str], int] = len,
        sourced: bool = False,
    ) -> None:
        self._sourced = sourced
        self._question, self._manner, self._people, self._form = question, manner, people, form
        self._columns, self._named, self._dated, self._width = columns, named, dated, width
        self._style, self._lang = manner.style, manner.lang

    def sections(self, answer: Answer, table: FlowTable, start: int) -> list[Section]:
        """Return the sections of an answer; ``start``: time of the first packet, from which relative times count."""
        question, found = self._question, []
        if answer.rows is not None and answer.notes is not None:
            found.append(self._sockets(answer, answer.rows, answer.notes, start))
        if answer.traffic is not None:
            if self._form is not None:
                return found + in_form(self._form, self._style, question, answer.traffic, table, answer.whose)
            parts = []
            if question.ethernet:
                parts += ethernet_sections(answer.traffic, self._lang)
            if question.statistics:
                parts += statistics_sections(
                    answer.traffic, table, answer.whose, question.protocols, self._lang, self._width
                )
            if question.route:
                parts += route_sections(answer.traffic, self._people, self._lang, question.families)
            if not question.sockets:
                title = self.titled(translate("Traffic", self._lang), answer.whose, answer.moment, start)
                parts[0] = parts[0]._replace(heading=f"{title}\n\n{parts[0].heading}".rstrip("\n"))
            found += parts
        return found

    def titled(self, title: str, whose: Perspective, moment: int, start: int) -> str:
        """Return a heading: what a table is, whose netstat it is, and at which moment."""
        why = told(Message(whose.why, host=whose.host), self._lang)
        if not self._dated:
            return translate("{heading}, {why}", self._lang).format(heading=title, why=why)
        when = self._manner.times._replace(start=start).moment(moment)
        return translate("{heading} at {when}, {why}", self._lang).format(heading=title, when=when, why=why)

    def _sockets(self, answer: Answer, rows: SocketRows, notes: Annotations, start: int) -> Section:
        question, style = self._question, self._style
        if self._form is not None:
            # Whose netstat it is goes to stderr.
            title = self._form.servers if question.listening and not question.all_ else ""
            title = translate(title or heading(style, question.all_ or question.listening), self._lang)
            wording = Wording(self._manner, not question.numeric, question.fqdn, exact=True)
            shown = for_people(rows, titles(style, question.pid, question.program, False), notes, wording)
            return Section("connections", title, shown, form=self._form)
        title = translate(heading(style, question.all_), self._lang)
        title = self.titled(title, answer.whose, answer.moment, start)
        if self._people:
            manner = self._manner._replace(times=self._manner.times._replace(start=start))
            names = self._columns or (
                *titles(style, question.pid, question.program, question.both),
                *(("source",) if self._sourced else ()),
            )
            table = for_people(rows, names, notes, Wording(manner, not question.numeric, question.fqdn))
            if answer.changes is not None:
                table = self._with_changes(table, answer.changes)
        else:
            table = for_programs(rows, self._columns or self._program_columns(), notes, answer.changes)
        return Section("connections", title, table)

    def _program_columns(self) -> tuple[str, ...]:
        names = list(known.NAMES if self._named else ())
        more = [name for name, wanted in (("foreign_state", self._question.both), ("source", self._sourced)) if wanted]
        return (*known.FOR_PROGRAMS, *sorted(names), *more)

    def _with_changes(self, table: Table, changes: Changes) -> Table:
        was = translate("was {state}", self._lang)
        words = (
            *(translate(one or "", self._lang) for one in CHANGES),
            *(was.format(state=state) for state in (*shown_states(self._style), "")),
        )
        found = np.where(changes.kind == CHANGED, len(CHANGES) + changes.was, changes.kind)
        return beside(table, [(Column("change", translate("Change", self._lang), WORD, words), found)])


def in_form(
    form: Form, style: Style, question: Question, local: LocalTraffic, table: FlowTable, whose: Perspective
) -> list[Section]:
    """Return statistics as the style's system prints them."""
    found = []
    if question.ethernet:
        text = forms.windows_interface(ethernet.counters(local))
        found.append(Section("ethernet", "", ethernet.view(local), text=text, form=form))
    if question.statistics:
        known = counters(local, table, whose)
        if style.name == "linux":
            text = forms.linux(known, question.protocols)
        else:
            text = forms.windows(statistics.blocks(known, question.protocols))
        found.append(Section("statistics", "", statistics.view(known, question.protocols), text=text, form=form))
    return found


def ethernet_sections(local: LocalTraffic, lang: str) -> list[Section]:
    """Return the Ethernet statistics."""
    table, notes = (
        translated(ethernet.view(local), lang),
        tuple(translate(note, lang).format(**fields) for note, fields in ethernet.notes(local)),
    )
    return [Section("ethernet", translate(ethernet.HEADING, lang), table, notes=notes)]


def statistics_sections(
    local: LocalTraffic,
    table: FlowTable,
    whose: Perspective,
    protocols: Sequence[str],
    lang: str,
    width: Callable[[str], int] = len,
) -> list[Section]:
    """Return the statistics of these protocols."""
    found = counters(local, table, whose)
    text = statistics.text(statistics.blocks(found, protocols), partial(translate, code=lang), width)
    notes = tuple(translate(note, lang) for note in statistics.notes(local))
    return [Section("statistics", "", statistics.view(found, protocols), text=text, notes=notes)]


def route_sections(
    local: LocalTraffic, people: bool, lang: str, families: Sequence[bool] = (False, True)
) -> list[Section]:
    """Return the routing table: as one table for programs, in parts for people. ``families``: True is IPv6."""
    found = [one for one in routing_table(local) if (one.network.version == 6) in families]
    if not people:
        return [Section("routes", "", routes.view(found))]
    parts = [
        Section("routes", translate(one.heading, lang), translated(one.table, lang)) for one in routes.sections(found)
    ]
    notes = tuple(translate(note, lang) for note in routes.notes(local))
    if not parts:
        return [Section("routes", translate("Route Table", lang), translated(routes.view(found), lang), notes=notes)]
    return [*parts[:-1], parts[-1]._replace(notes=notes)]
