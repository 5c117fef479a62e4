"""The tables of ``pcapstate netstat``: each is written at its moment, and stderr gets what they do not tell."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import click

from ..errors import CallError
from ..hosts_word.host_socket import HostsWord
from ..messages import Message
from ..output.fixed import fixed
from ..output.formats import PEOPLE, PROGRAMS, render, render_all
from ..output.widths import display_width
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..sockets import columns as known
from ..sockets.answers import Answer, Answers
from ..sockets.question import Question
from ..table import Table, staying
from ..views.netstat_sections import NetstatSections, check_forms
from ..views.sections import Section, marked
from ..wording.forms import form_of
from ..wording.languages import translate
from ..wording.styles import STYLES
from . import netstat_remarks as remarks
from .options import WordingOptions, manner
from .session import Session


class NetstatTables:
    """The tables for one call: give a Reading the watchers of ``gathering``, then let it be read by ``read``.

    ``repeats``: there is one for each interval; ``dated``: headings tell the moment; ``bound``: bytes that the run may
    take; ``exact``: people get tables exactly as the style's system prints them; ``styled``: because they name the
    style, so that a table without such a form is a mistake; ``word``: a table that the host itself printed. Raises
    UsageError.
    """

    def __init__(
        self,
        question: Question,
        selection: SelectionOptions,
        wording: WordingOptions,
        *,
        repeats: bool,
        dated: bool,
        bound: int,
        exact: bool = False,
        styled: bool = False,
        word: HostsWord | None = None,
    ) -> None:
        self._question, self._format, self._repeats = question, wording.format, repeats
        self._people, style = wording.format == PEOPLE, STYLES[wording.style]
        try:
            question.check()
            self._selection = Selection(selection, known.fields, known.COLUMNS, wording.utc)
            columns = self._selection.columns
            if styled and self._people:
                check_forms(question, style)
            # No system's netstat has these, or not in its form.
            own = question.both or question.route or columns is not None
            self._form = form_of(style) if exact and self._people and not own else None
            how = manner(wording, 0)
            self._answers = Answers(
                question,
                self._selection,
                named=self._people,
                shown=frozenset() if columns or self._people else frozenset(known.FOR_PROGRAMS),
                bound=bound,
                repeats=repeats,
                compares=repeats and self._form is None,
                grouped=self._form is not None and self._form.grouped,
                word=word,
            )
        except CallError as error:
            raise click.UsageError(str(error)) from None
        self._several = question.tables > 1
        if self._several and not self._people and PROGRAMS[wording.format].one_table:
            raise click.UsageError(
                Message("{format} holds one table; ask for one of -e, -r and -s at a time", format=wording.format)
            )
        self.gathering, self.bytes_each = self._answers.gathering, self._answers.bytes_each
        self.followers = [self._answers.moved]
        self._sections = NetstatSections(
            question,
            how,
            people=self._people,
            form=self._form,
            columns=columns,
            named=self.gathering.with_names,
            dated=dated,
            width=display_width,
            sourced=word is not None and any((question.pid, question.program, question.servers, question.udp_ports)),
        )
        self._lang = wording.lang
        self._last: Answer | None = None

    def read(self, reading: Session) -> None:
        """Read, and write each table when its moment is reached, the last one at the end."""
        self._answers.attach(reading)
        if not self._repeats:
            reading.read()
            self._write(reading, self._at(reading, reading.moment), None)
            return
        writer = None if self._people else PROGRAMS[self._format].writer(reading.capture.source.kernels)
        tables = 0

        def reached(moment: int) -> None:
            nonlocal tables
            tables += 1
            sections = self._at(reading, moment)
            if writer is None:
                self._write(reading, sections, moment)
            else:
                for section in sections:
                    reading.write(writer.more(self._marked(reading, section, moment)))

        reading.read(reached)
        stops = reading.capture.stops
        if not stops.ended and (stops.news or not tables):
            reached(reading.moment)
        if writer is not None:
            reading.write(writer.end())

    def _at(self, reading: Session, moment: int) -> list[Section]:
        self._last = self._answers.at(moment)
        return self._sections.sections(self._last, reading.capture.table, reading.start)

    def _write(self, reading: Session, sections: list[Section], moment: int | None) -> None:
        if not self._people:
            reading.write(self._rendered(reading, sections, moment))
            return
        kernels = reading.capture.source.kernels
        for section in sections:
            if section.form is not None:
                if section.text:
                    reading.write([section.text.encode()])
                else:
                    head = section.form.heading.format(heading=section.heading).encode()
                    reading.write(itertools.chain([head], fixed(section.table, section.form, kernels)))
                continue
            head = f"\n{reading.in_lines(section.heading)}\n\n".encode() if section.heading else b"\n"
            body = [section.text.encode()] if section.text else self._drawn(reading, section.table)
            notes = "".join(f"{reading.in_lines(f'({note})', 2)}\n" for note in section.notes)
            reading.write(itertools.chain([head], body, [f"\n{notes}".encode()] if notes else []))

    def _drawn(self, reading: Session, table: Table) -> Iterator[bytes]:
        chosen = staying(table) if self._selection.columns else table
        return render(chosen, PEOPLE, reading.capture.source.kernels, screen=reading.screen)

    def _rendered(self, reading: Session, sections: Iterable[Section], moment: int | None) -> Iterator[bytes]:
        tables = (self._marked(reading, section, moment) for section in sections)
        return render_all(tables, self._format, reading.capture.source.kernels)

    def _marked(self, reading: Session, section: Section, moment: int | None) -> Table:
        return reading.with_drops(marked(section, moment, self._several), self._format)

    def remark(self, reading: Session) -> None:
        """Say on stderr what the tables do not tell."""
        whose = self._answers.perspective()
        if self._form is not None:
            title = translate("Connections" if self._question.sockets else "Traffic", self._lang)
            reading.say("{line}", line=self._sections.titled(title, whose, reading.moment, reading.start))
        remarks.say(reading, self._question, whose, self.gathering, self._last, self._repeats)
