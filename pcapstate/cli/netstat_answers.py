"""What ``pcapstate netstat`` was asked, what must be gathered for it, and the answers at each moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import click
import numpy as np

from ..output.formats import render, render_all
from ..views import memory, udp
from ..views import netstat_columns as known
from ..views.annotations import Annotations
from ..views.changes import CHANGED, CHANGES, Changes, compare
from ..views.endpoints import Rows
from ..views.local_traffic import LocalTraffic
from ..views.netstat import Netstat
from ..views.netstat_table import Wording, for_people, for_programs, titles, values
from ..views.perspective import Perspective, in_all, others
from ..views.sections import Section, marked
from ..views.table import WORD, Column, Table, beside, staying
from ..wording.languages import translate
from ..wording.styles import STYLES, heading, shown_states
from .netstat_asked import PROTOCOLS, Asked
from .netstat_gathering import Gathering
from .netstat_traffic import ethernet_sections, route_sections, statistics_sections
from .options import SelectionOptions, WordingOptions, manner
from .selection import Selection
from .session import Reading


class Answers:
    """What netstat answers to one call: give what ``gathering`` asks for to a Reading, then let it ``read``.

    ``bound``: bytes that the run may take.
    """

    def __init__(
        self, asked: Asked, selection: SelectionOptions, wording: WordingOptions, repeats: bool, bound: int
    ) -> None:
        asked.check()
        self._asked, self._wording, self._repeats = asked, wording, repeats
        self._selection = Selection(selection, known.fields, known.COLUMNS, wording.utc)
        self._style = STYLES[wording.style]
        self._people = wording.format == "table"
        self._before: Netstat | None = None
        self._left_out = 0
        self._idle = 0
        self._whose: Perspective | None = None
        self._reading: Reading | None = None
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
            (self._repeats, memory.NETSTAT_REPEATED),
        )
        return memory.NETSTAT + sum(each for wanted, each in parts if wanted)

    # --- the answers

    def read(self, reading: Reading) -> None:
        """Read, and write each answer when its moment is reached, the last one at the end."""
        self._reading = reading
        reading.capture.table.on_moved.append(self._moved)
        self._selection.begins = lambda: (reading.start, reading.moment)
        if not self._repeats:
            reading.read()
            self._write(self._sections(reading.moment), None)
            return
        pieces = _Joined(self._wording.format)
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
        cutter = reading.capture.cutter
        if not cutter.ended and (cutter.news or not tables):
            reached(reading.moment)
        if not self._people:
            reading.write(pieces.end())

    def _write(self, sections: list[Section], moment: int | None) -> None:
        reading = self._the_reading
        if self._people:
            for section in sections:
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
    def _the_reading(self) -> Reading:
        assert self._reading is not None
        return self._reading

    def remark(self) -> None:
        """Say on stderr what the tables do not tell."""
        reading, whose = self._the_reading, self._perspective()
        if self._asked.local and not self.gathering.is_there(reading.capture.table, whose):
            what = "packet" if self._asked.traffic else "connection"
            until = (
                "so far" if reading.at is not None else "that was read" if self._asked.traffic else "of this capture"
            )
            reading.say(f"{{local}} is in no {what} {until}", local=whose.host)
        if whose.lasting and (count := others(reading.capture.table, whose)):
            one = "1 connection is between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
            many = "{count:,} connections are between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
            reading.say(one if count == 1 else many, count=count)
        if self._left_out and not self._repeats:
            reading.say("no row matches; without the choice there are {count:,}", count=self._left_out)
        if self._idle and not self._repeats:
            one = "1 UDP port idle for more than a minute is left out; --filter 'proto = udp' shows it"
            many = "{count:,} UDP ports idle for more than a minute are left out; --filter 'proto = udp' shows them"
            reading.say(one if self._idle == 1 else many, count=self._idle)
        for line in self.gathering.remarks():
            reading.say("{line}", line=line)

    def _perspective(self) -> Perspective:
        """Return whose netstat it is; of tables that are compared that of all, as long as it holds."""
        table = self._the_reading.capture.table
        if not self._repeats or self._asked.local:
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
            heading = "" if asked.connections else self._traffic_of(whose, moment)
            parts = []
            if asked.ethernet:
                parts += ethernet_sections(local, self._wording.lang)
            if asked.statistics:
                table = self._the_reading.capture.table
                protocols = PROTOCOLS if asked.protocol is None else (asked.protocol,)
                parts += statistics_sections(local, table, whose, protocols, self._wording.lang)
            if asked.route:
                parts += route_sections(local, self._people, self._wording.lang)
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
            listening=asked.all_ and asked.protocol not in ("udp", "udpv6"),
            both=asked.both,
            connections=asked.protocol not in ("udp", "udpv6"),
            ports=udp.ports(self.gathering.the_traffic, whose) if asked.udp else None,
        )
        if asked.protocol is not None:
            rows.keep(rows.of_family(asked.protocol.endswith("v6")))
        notes = self.gathering.annotations()
        changes = None
        if self._selection.chooses:
            count = len(rows)
            rows.keep(self._selection.rows(lambda part: partial(_lookup, rows.some(part), notes=notes), count))
            self._left_out = 0 if len(rows) else count
        if asked.udp and not self._selection.filters:
            idle = rows.idle_ports(udp.IDLE)
            self._idle = int(np.count_nonzero(idle))
            rows.keep(~idle)
        if self._repeats:
            before, self._before = self._before, rows.some(slice(None))
            changes = compare(rows, before)
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


class _Joined:
    """Runs of rows that come one after the other, joined to what one run would be."""

    def __init__(self, format: str) -> None:
        self._format = format
        self._begun = False

    def more(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text of a further run."""
        text = b"".join(pieces)
        begun = self._begun
        if self._format == "json":
            text = text.removeprefix(b"[").removesuffix(b"]\n").rstrip(b"\n")
            if text:
                self._begun = True
                yield (b"," if begun else b"[") + text
            return
        self._begun = True
        if self._format == "csv" and begun:
            text = text.partition(b"\r\n")[2]
        yield text

    def end(self) -> Iterator[bytes]:
        """Yield what ends it all."""
        if self._format == "json":
            yield b"\n]\n" if self._begun else b"[]\n"
