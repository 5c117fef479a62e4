"""What ``pcapstate netstat`` was asked, what must be gathered for it, and the answers at each moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import click
import numpy as np

from ..cli import netstat_remarks as remarks
from ..cli.joined import Joined
from ..cli.options import WordingOptions, manner
from ..cli.session import Session
from ..output.fixed import fixed
from ..output.formats import render, render_all
from ..query.selection import Selection, SelectionOptions
from ..rows import Rows
from ..table import WORD, Column, Table, beside, staying
from ..tcp.perspective import Perspective, in_all
from ..traffic.local import LocalTraffic
from ..views import memory
from ..views.sections import Section, marked
from ..wording.forms import Form, form_of
from ..wording.languages import translate
from ..wording.styles import STYLES, heading, shown_states
from . import columns as known
from . import udp_ports
from .annotations import Annotations
from .changes import CHANGED, CHANGES, Changes, compare
from .gathering import Gathering
from .question import Asked
from .rows import Netstat
from .table import Wording, for_people, for_programs, titles, values
from .traffic import check_forms, ethernet_sections, in_form, route_sections, statistics_sections


class Answers:
    """What netstat answers to one call: give what ``gathering`` asks for to a Session, then let it ``read``.

    ``bound``: bytes that the run may take. ``exact``: people get tables in the very form of the style's system;
    ``styled``: because they name it, so that what has no such form is a mistake.
    """

    def __init__(
        self,
        asked: Asked,
        selection: SelectionOptions,
        wording: WordingOptions,
        *,
        repeats: bool,
        bound: int,
        exact: bool = False,
        styled: bool = False,
    ) -> None:
        asked.check()
        self._asked, self._wording, self._repeats = asked, wording, repeats
        self._selection = Selection(selection, known.fields, known.COLUMNS, wording.utc)
        self._style = STYLES[wording.style]
        self._people = wording.format == "table"
        if styled and self._people:
            check_forms(asked, self._style)
        # These are in no system's netstat, or not to be had in its form.
        own = asked.both or asked.route or self._selection.columns is not None
        self._form = form_of(self._style) if exact and self._people and not own else None
        self._before: Netstat | None = None
        self._shown = remarks.Shown()
        self._whose: Perspective | None = None
        self._reading: Session | None = None
        manner(wording, 0)
        if (self._selection.columns or self._selection.chooses) and not asked.connections:
            raise click.UsageError("rows can be chosen of the table of connections only, not of -e, -r and -s")
        self._several = sum((asked.connections, asked.ethernet, asked.route, asked.statistics)) > 1
        if self._several and wording.format == "csv":
            raise click.UsageError("csv holds one table; ask for one of -e, -r and -s at a time")
        shown = frozenset() if self._selection.columns or self._people else frozenset(known.FOR_PROGRAMS)
        self.gathering = Gathering(asked, self._selection.needed | shown, self._people, bound)

    @property
    def bytes_each(self) -> int:
        """The bytes that answers take for each connection, at most."""
        parts = (
            (self._selection.chooses, memory.NETSTAT_CHOSEN),
            (self.gathering.with_names, memory.NETSTAT_NAMED),
            (self.gathering.with_openings, memory.OPENINGS),
            (self._repeats, memory.NETSTAT_REPEATED),
        )
        return memory.NETSTAT + sum(each for wanted, each in parts if wanted)

    # --- the answers

    def read(self, reading: Session) -> None:
        """Read, and write each answer when its moment is reached, the last one at the end."""
        self._reading = reading
        reading.capture.table.on_moved.append(self._moved)
        if not self._repeats:
            reading.read()
            self._write(self._sections(reading.moment), None)
            return
        pieces = Joined(self._wording.format)
        tables = 0

        def reached(moment: int) -> None:
            nonlocal tables
            tables += 1
            sections = self._sections(moment)
            if self._people:
                self._write(sections, moment)
            else:
                reading.write(pieces.more(self._rendered(sections, moment)))

        reading.read(reached)
        stops = reading.capture.stops
        if not stops.ended and (stops.news or not tables):
            reached(reading.moment)
        if not self._people:
            reading.write(pieces.end())

    def _write(self, sections: list[Section], moment: int | None) -> None:
        reading = self._the_reading
        if self._people:
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
                body = [section.text.encode()] if section.text else self._drawn(section.table)
                notes = "".join(f"{reading.in_lines(f'({note})', 2)}\n" for note in section.notes)
                reading.write(itertools.chain([head], body, [f"\n{notes}".encode()] if notes else []))
        else:
            reading.write(self._rendered(sections, moment))

    def _drawn(self, table: Table) -> Iterator[bytes]:
        reading = self._the_reading
        chosen = staying(table) if self._selection.columns else table
        return render(chosen, "table", reading.capture.source.kernels, screen=reading.screen)

    def _rendered(self, sections: Iterable[Section], moment: int | None) -> Iterator[bytes]:
        tables = (marked(section, moment, self._several) for section in sections)
        return render_all(tables, self._wording.format, self._the_reading.capture.source.kernels)

    def _moved(self, kept: Rows) -> None:
        """Follow the table, which let connections go, with what the next answer is compared to."""
        if self._before is not None:
            self._before.moved(kept)
        self.gathering.moved(kept)

    @property
    def _the_reading(self) -> Session:
        assert self._reading is not None
        return self._reading

    def remark(self) -> None:
        """Say on stderr what the tables do not tell."""
        whose, reading = self._perspective(), self._the_reading
        if self._form is not None:
            title = translate("Connections" if self._asked.connections else "Traffic", self._wording.lang)
            reading.say("{line}", line=self._titled(title, whose, reading.moment))
        remarks.say(reading, self._asked, whose, self.gathering, self._shown, self._repeats)

    def _perspective(self) -> Perspective:
        """Return whose netstat it is; of tables that are compared that of all, as long as it holds."""
        table = self._the_reading.capture.table
        if not self._repeats or self._asked.local or self.gathering.own:
            return self.gathering.perspective(table)
        if self._whose is None:
            if not len(table.connections):
                return self.gathering.nobodys
            self._whose = self.gathering.perspective(table)
        elif self._whose.networks and not self._whose.lasting and not in_all(table, self._whose.networks):
            self._whose, self._before = self.gathering.nobodys, None
        return self._whose

    def _sections(self, moment: int) -> list[Section]:
        asked, whose = self._asked, self._perspective()
        found = []
        if asked.connections:
            found.append(self._connections(whose, moment))
        if asked.ethernet or asked.route or asked.statistics:
            local = LocalTraffic(self.gathering.the_traffic, whose)
            table = self._the_reading.capture.table
            if self._form is not None:
                return found + in_form(self._form, self._style, asked, local, table, whose)
            heading = "" if asked.connections else self._traffic_of(whose, moment)
            parts = []
            if asked.ethernet:
                parts += ethernet_sections(local, self._wording.lang)
            if asked.statistics:
                parts += statistics_sections(local, table, whose, asked.protocols, self._wording.lang)
            if asked.route:
                parts += route_sections(local, self._people, self._wording.lang, asked.families)
            if heading:
                parts[0] = parts[0]._replace(heading=f"{heading}\n\n{parts[0].heading}".rstrip("\n"))
            found += parts
        return found

    # --- the table of connections

    def _connections(self, whose: Perspective, moment: int) -> Section:
        asked = self._asked
        rows = Netstat(
            self._the_reading.capture.table,
            whose,
            moment,
            listening=asked.servers,
            both=asked.both,
            connections=asked.open_ones,
            ports=udp_ports.ports(self.gathering.the_traffic, whose) if asked.ports else None,
        )
        if len(asked.families) == 1:
            rows.keep(rows.of_family(asked.families[0]))
        notes = self.gathering.annotations()
        changes = None
        if choose := self._selection.choice(self._the_reading.span):
            count = len(rows)
            rows.keep(choose(lambda part: partial(_lookup, rows.some(part), notes=notes), count))
            self._shown.unmatched = 0 if len(rows) else count
        if asked.ports and not self._selection.filters:
            idle = rows.idle_ports(udp_ports.IDLE)
            self._shown.idle = int(np.count_nonzero(idle))
            rows.keep(~idle)
        self._shown.rows = len(rows)
        if self._form is not None and self._form.grouped and not self._selection.sorts:
            rows.group()
        elif self._repeats and self._form is None:
            before, self._before = self._before, rows.some(slice(None))
            changes = compare(rows, before)
        if self._form is not None:
            return self._in_form(self._form, rows, notes)
        heading = self._heading(whose, moment)
        if self._people:
            table = self._for_people(rows, notes)
        else:
            table = for_programs(rows, self._selection.columns or self._program_columns(), notes)
        if changes is not None:
            table = self._with_changes(table, changes)
        return Section("connections", heading, table)

    def _program_columns(self) -> tuple[str, ...]:
        names = sorted(known.NAMES) if self.gathering.with_names else ()
        return (*known.FOR_PROGRAMS, *names, *(("foreign_state",) if self._asked.both else ()))

    def _for_people(self, rows: Netstat, notes: Annotations) -> Table:
        asked = self._asked
        wording = Wording(manner(self._wording, self._the_reading.start), not asked.numeric, asked.fqdn)
        names = self._selection.columns or titles(self._style, asked.pid, asked.program, asked.both)
        return for_people(rows, names, notes, wording)

    def _in_form(self, form: Form, rows: Netstat, notes: Annotations) -> Section:
        """Return the table in the form of the style's system; whose it is, is said on stderr."""
        asked, style = self._asked, self._style
        title = form.servers if asked.listening and not asked.all_ else ""
        title = translate(title or heading(style, asked.all_ or asked.listening), self._wording.lang)
        wording = Wording(manner(self._wording, 0), not asked.numeric, asked.fqdn, exact=True)
        table = for_people(rows, titles(style, asked.pid, asked.program, False), notes, wording)
        return Section("connections", title, table, form=form)

    def _heading(self, whose: Perspective, moment: int) -> str:
        title = translate(heading(self._style, self._asked.all_), self._wording.lang)
        return self._titled(title, whose, moment)

    def _traffic_of(self, whose: Perspective, moment: int) -> str:
        return self._titled(translate("Traffic", self._wording.lang), whose, moment)

    def _titled(self, title: str, whose: Perspective, moment: int) -> str:
        lang, reading = self._wording.lang, self._the_reading
        why = translate(whose.why, lang).format(host=whose.host)
        if reading.at is None and not self._repeats:
            return translate("{heading}, {why}", lang).format(heading=title, why=why)
        when = manner(self._wording, reading.start).times.moment(moment)
        return translate("{heading} at {when}, {why}", lang).format(heading=title, when=when, why=why)

    def _with_changes(self, table: Table, changes: Changes) -> Table:
        if not self._people:
            states = (*known.STATES, None)
            more = [
                (Column("change", "Change", WORD, CHANGES), changes.kind),
                (Column("was", "Was", WORD, states), changes.was),
            ]
        else:
            lang = self._wording.lang
            was = translate("was {state}", lang)
            words = (
                *(translate(one or "", lang) for one in CHANGES),
                *(was.format(state=state) for state in (*shown_states(self._style), "")),
            )
            found = np.where(changes.kind == CHANGED, len(CHANGES) + changes.was, changes.kind)
            more = [(Column("change", translate("Change", lang), WORD, words), found)]
        return beside(table, more)


def _lookup(rows: Netstat, name: str, notes: Annotations) -> Any:
    """Return a column as filters want it: text as its words and the indices into them."""
    column, found = values(rows, name, notes)
    dynamic = column.kind == WORD and name not in ("proto", "state", "foreign_state", "role")
    return (column.words, found) if dynamic else found
