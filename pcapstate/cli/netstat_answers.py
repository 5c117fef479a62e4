"""What ``pcapstate netstat`` was asked, what must be gathered for it, and the answers at each moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click
import numpy as np

from ..application.data import ApplicationData
from ..capture import Source, Watcher
from ..names.addresses import packed
from ..names.book import NameBook
from ..names.packets import NamePackets
from ..output.formats import render, render_all
from ..processes.watcher import Processes
from ..views import netstat_columns as known
from ..views.annotations import Annotations
from ..views.changes import CHANGES, GONE, Changes, compare
from ..views.netstat import NO_STATE, Netstat
from ..views.netstat_table import Wording, for_people, for_programs, titles, values
from ..views.perspective import Perspective, is_there, perspective
from ..views.sections import Section, marked
from ..views.table import WORD, Cells, Column, Table, worded
from ..wording.languages import translate
from ..wording.styles import STYLES, heading, shown_states
from .options import SelectionOptions, WordingOptions, manner
from .selection import Selection
from .session import Reading

PROTOCOLS = ("tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6")
OF_CONNECTIONS = PROTOCOLS[:4]


class Asked(NamedTuple):
    """The options of netstat alone."""

    local: tuple[str, ...]
    all_: bool
    numeric: bool
    fqdn: bool
    pid: bool
    program: bool
    ethernet: bool
    route: bool
    statistics: bool
    protocol: str | None
    both: bool
    resolve: bool

    @property
    def connections(self) -> bool:
        """Whether the table of connections is wanted: unless only other tables are."""
        others = self.ethernet or self.route or self.statistics
        return not others or self.all_ or self.pid or self.program or self.both

    @property
    def udp(self) -> bool:
        """Whether UDP ports are wanted."""
        return self.connections and (self.all_ or self.protocol in ("udp", "udpv6"))

    def check(self) -> None:
        """Raise UsageError for what contradicts itself."""
        if self.numeric and self.fqdn:
            raise click.UsageError("-n asks for numbers and -f for names; give one of them")
        if self.numeric and self.resolve:
            raise click.UsageError("-n asks for numbers and --resolve for names; give one of them")
        if self.protocol not in (None, *OF_CONNECTIONS) and not self.statistics:
            raise click.UsageError(f"-p {self.protocol} goes with -s")


class Answers:
    """What netstat answers to one call: give it ``details`` and ``watchers`` to a Reading, then let it ``read``."""

    def __init__(self, asked: Asked, selection: SelectionOptions, wording: WordingOptions, repeats: bool) -> None:
        asked.check()
        self._asked, self._wording, self._repeats = asked, wording, repeats
        self._selection = Selection(selection, known.fields, known.COLUMNS, wording.utc)
        self._style = STYLES[wording.style]
        self._people = wording.format == "table"
        self._before: Netstat | None = None
        self._reading: Reading | None = None
        self._names: NameBook | None = None
        self._notes: Callable[[], Annotations] = Annotations
        if self._selection.columns or self._selection.chooses:
            if not asked.connections:
                raise click.UsageError("rows can be chosen of the table of connections only, not of -e, -r and -s")
        several = sum((asked.connections, asked.ethernet, asked.route, asked.statistics)) > 1
        if several and wording.format == "csv":
            raise click.UsageError("csv holds one table; ask for one of -e, -r and -s at a time")
        self._several = several

    # --- what is to be gathered

    @property
    def _needed(self) -> frozenset[str]:
        shown = frozenset() if self._selection.columns or self._people else frozenset(known.FOR_PROGRAMS)
        return self._selection.needed | shown

    @property
    def details(self) -> bool:
        """Whether the tracker must keep DETAIL rows."""
        return bool(self._needed & known.DETAILED) or self._asked.statistics

    def watchers(self, source: Source) -> Sequence[Watcher]:
        """Return what must look at the frames of a source beside the tracker."""
        asked, kernels = self._asked, source.kernels
        if not asked.connections:
            return []
        found: list[Watcher] = []
        processes = data = packets = None
        if asked.pid or asked.program or not self._people or self._needed & known.PROGRAMS:
            processes = Processes(source, asked.udp)
            found.append(processes)
        if self._with_names:
            packets = NamePackets(kernels)
            found.append(packets)
        if self._with_names or asked.program:
            data = ApplicationData(kernels)
            found.append(data)
        self._notes = lambda: Annotations(processes, data, self._book(source, packets), asked.resolve)
        return found

    @property
    def _with_names(self) -> bool:
        """Whether names of hosts are wanted: people get them unless they ask for numbers, programs with -f."""
        asked = self._asked
        wanted = (self._people and not asked.numeric) or asked.fqdn or asked.resolve
        return asked.connections and bool(wanted or self._selection.needed & known.NAMES)

    def _book(self, source: Source, packets: NamePackets | None) -> NameBook | None:
        if packets is None:
            return None
        if self._names is None:
            self._names = NameBook(packets)
        # Name resolution blocks stand anywhere in a capture.
        for raw, names in source.names:
            self._names.add_record(*packed(raw), names)
        return self._names

    # --- the answers

    def read(self, reading: Reading) -> None:
        """Read, and write each answer when its moment is reached, the last one at the end."""
        self._reading = reading
        self._selection.begins = lambda: (reading.start, reading.moment)
        if not self._repeats:
            reading.read()
            self._write(self._sections(reading.moment), None)
            return
        pieces = _Joined(self._wording.format)

        def reached(moment: int) -> None:
            sections = self._sections(moment)
            if self._people:
                self._write(sections, moment)
            else:
                reading.write(pieces.more(self._rendered(sections, moment)))

        reading.read(reached)
        cutter = reading.capture.cutter
        if not cutter.ended and (cutter.news or self._before is None):
            reached(reading.moment)
        if not self._people:
            reading.write(pieces.end())

    def _write(self, sections: list[Section], moment: int | None) -> None:
        reading = self._the_reading
        if self._people:
            for section in sections:
                head = f"\n{section.heading}\n\n".encode() if section.heading else b""
                kernels = reading.capture.source.kernels
                body = [section.text.encode()] if section.text else render(section.table, "table", kernels)
                reading.write(itertools.chain([head], body))
        else:
            reading.write(self._rendered(sections, moment))

    def _rendered(self, sections: Iterable[Section], moment: int | None) -> Iterator[bytes]:
        tables = (marked(section, moment, self._several) for section in sections)
        return render_all(tables, self._wording.format, self._the_reading.capture.source.kernels)

    @property
    def _the_reading(self) -> Reading:
        assert self._reading is not None
        return self._reading

    def remarks(self) -> list[str]:
        """Return what is to be said on stderr at the end."""
        reading = self._the_reading
        whose = self._perspective()
        if self._asked.local and not is_there(reading.capture.table, whose):
            return [f"{whose.host} is in no connection of this capture"]
        return []

    def _perspective(self) -> Perspective:
        return perspective(self._the_reading.capture.table, self._asked.local)

    def _sections(self, moment: int) -> list[Section]:
        whose = self._perspective()
        found = []
        if self._asked.connections:
            found.append(self._connections(whose, moment))
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
        )
        if asked.protocol is not None:
            rows.keep(rows.rows[rows.ipv6 == asked.protocol.endswith("v6")])
        notes = self._notes()
        changes = None
        if self._selection.chooses:
            rows.keep(rows.rows[self._selection.rows(lambda name: _lookup(rows, name, notes), len(rows))])
        if self._repeats:
            before, self._before = self._before, rows.copy()
            changes = compare(rows, before)
        heading = self._heading(whose, moment)
        if self._people:
            table = self._for_people(rows, notes)
        else:
            names = self._selection.columns or (*known.FOR_PROGRAMS, *(sorted(known.NAMES) if self._with_names else ()))
            table = for_programs(rows, (*names, *(("foreign_state",) if asked.both else ())), notes)
        if changes is not None:
            table = self._with_changes(table, changes)
        return Section("connections", heading, table)

    def _for_people(self, rows: Netstat, notes: Annotations) -> Table:
        asked = self._asked
        wording = Wording(manner(self._wording, self._the_reading.start), not asked.numeric, asked.fqdn)
        names = self._selection.columns or titles(self._style, asked.pid, asked.program, asked.both)
        return for_people(rows, names, notes, wording)

    def _heading(self, whose: Perspective, moment: int) -> str:
        lang, asked = self._wording.lang, self._asked
        why = translate(whose.why, lang).format(host=whose.host)
        title = translate(heading(self._style, asked.all_), lang)
        reading = self._the_reading
        if reading.at is None and not self._repeats:
            return translate("{heading}, {why}", lang).format(heading=title, why=why)
        when = manner(self._wording, reading.start).times.moment(moment)
        return translate("{heading} at {when}, {why}", lang).format(heading=title, when=when, why=why)

    def _with_changes(self, table: Table, changes: Changes) -> Table:
        if not self._people:
            was = (*known.STATES, None)
            more = [
                (Column("change", "Change", WORD, CHANGES), changes.kind),
                (Column("was", "Was", WORD, was), changes.was),
            ]
        else:
            lang = self._wording.lang
            states = (*shown_states(self._style), "")
            texts = [
                translate("was {state}", lang).format(state=states[state])
                if kind in (CHANGES.index("changed"), GONE) and state != NO_STATE
                else translate(CHANGES[kind] or "", lang)
                for kind, state in zip(changes.kind.tolist(), changes.was.tolist(), strict=True)
            ]
            texts = [
                f"{translate('gone', lang)}, {text}" if kind == GONE else text
                for kind, text in zip(changes.kind.tolist(), texts, strict=True)
            ]
            words, indices = worded(texts)
            more = [(Column("change", translate("Change", lang), WORD, words), indices)]

        def batches() -> Iterator[Cells]:
            for batch in table.batches:
                yield np.hstack([batch, *(np.asarray(cells)[:, None] for _, cells in more)])

        return Table((*table.columns, *(column for column, _ in more)), batches())


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
