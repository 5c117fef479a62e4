"""The whole program over one input: all watchers, then every view in every format, and what output may not hold."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pcapstate.addresses import packed
from pcapstate.application.data import ApplicationData
from pcapstate.capture import Capture
from pcapstate.escaping import safe
from pcapstate.findings.diagnosis import diagnose
from pcapstate.findings.frames_seen import FramesSeen
from pcapstate.kernels.running import Kernels
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.output.fixed import fixed
from pcapstate.output.formats import render
from pcapstate.output.paragraphs import definitions, wrapped
from pcapstate.processes.watcher import Processes
from pcapstate.rows import Rows
from pcapstate.sockets import columns
from pcapstate.sockets.annotations import Annotations
from pcapstate.sockets.rows import SocketRows, udp_ports
from pcapstate.sockets.table import for_programs
from pcapstate.sources.reader import CaptureReader
from pcapstate.table import Table
from pcapstate.tcp.flow_table import MOST_CONNECTIONS, FlowTable
from pcapstate.tcp.history import History
from pcapstate.tcp.perspective import perspective
from pcapstate.tcp.settling import settled
from pcapstate.traffic.local import LocalTraffic
from pcapstate.traffic.own_station import Station
from pcapstate.traffic.traffic import Traffic
from pcapstate.views import connection_columns, connections, diagnosis, timeline, timeline_columns, trace, zeek_log
from pcapstate.views.connections import Beside, Words
from pcapstate.views.gathered import rows_of_clients
from pcapstate.views.netstat import Wording, for_people, titles
from pcapstate.views.netstat_sections import ethernet_sections, route_sections, statistics_sections
from pcapstate.views.reading_aids import Manner
from pcapstate.views.sections import Section
from pcapstate.wording.forms import form_of
from pcapstate.wording.languages import LANGUAGES
from pcapstate.wording.styles import STYLES
from pcapstate.wording.times import TimeFormat
from pcapstate.zeek.watcher import Stories

PROTOCOLS = ("tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6")
FOR_PROGRAMS = ("json", "jsonl", "csv")
FEW = 16
"""Connections that there is room for where most must give way."""
NEGATIVE = re.compile(r"-\d+(\.\d+)?")


class Unescaped(Exception):
    """Output holds what must never get there."""


def whole(data: bytes, all_: bool = False) -> None:
    """Read a capture with all watchers and write all views of it. Raises PcapstateError where it is none.

    Of hosts, styles, languages and formats for programs each input has its turn at one, since writing takes most of
    the time; ``all_``: at all of them.
    """
    turn = zlib.crc32(data)
    everybody = ("0.0.0.0/0", "::/0")
    locals_: tuple[tuple[str, ...], ...] = ((), everybody)
    styles: tuple[str, ...] = tuple(STYLES)
    langs: tuple[str, ...] = LANGUAGES
    formats: tuple[str, ...] = FOR_PROGRAMS
    if not all_:
        locals_ = (locals_[turn & 1],)
        langs = (langs[(turn >> 1) % len(langs)],)
        styles = (styles[(turn >> 3) % len(styles)],)
        formats = (FOR_PROGRAMS[(turn >> 8) % len(FOR_PROGRAMS)],)
    kernels = Kernels()
    source = CaptureReader(io.BytesIO(data), kernels)
    seen, station, traffic = FramesSeen(), Station(), Traffic(kernels)
    processes, packets, opened = Processes(source, True), NamePackets(kernels), ApplicationData(kernels)
    stories = Stories(bool(turn >> 16 & 1), kernels)
    watchers: list[Any] = [station, traffic, processes, packets, opened, seen, stories]
    # Now and then there is room for few connections only, or VLANs are kept apart.
    most, split = FEW if turn >> 12 & 3 == 3 else MOST_CONNECTIONS, bool(turn >> 14 & 1)
    history = History(1 << 20)
    capture = Capture(source, details=True, watchers=watchers, most=most, split=split, history=history)
    for batch in capture.follow():
        history.add(batch)
    rows = history.take()
    for line in (*map(str, capture.damages), *(text.format(**fields) for text, fields in traffic.dropped)):
        check(line.encode(), "table")
    book = NameBook(packets)
    for raw, names in source.names:
        book.add_record(*packed(raw), names)
    notes = Annotations(processes, opened, book, False, True)

    def names(table: FlowTable, chosen: Rows, name: str) -> Words:
        clients = rows_of_clients(table).some(chosen)
        return notes.local_name(clients) if name == "client_name" else notes.foreign_name(clients)

    beside = Beside(capture.clock or 0, names)
    for local in locals_:
        _netstat(capture, traffic, station, processes, notes, local, styles, langs, formats)
    for lang in langs:
        manner = _manner(capture, styles[0], lang)
        shown = [
            connections.view_for_people(capture.table, manner, tuple(connection_columns.BY_NAME), beside=beside),
            timeline.view(capture.table, [rows], None, manner, False, tuple(timeline_columns.BY_NAME), beside=beside),
            timeline.view(capture.table, [settled(rows)[0]], None, manner, True),
        ]
        _write_all(shown, kernels, ("table",))
        some = np.arange(turn & 1, len(capture.table.connections), 2) if turn >> 15 & 1 else None
        found, times = diagnose(capture, seen, some), manner.times
        check("\n".join(map("  ".join, diagnosis.brief(found, lang, times))).encode(), "table")
        blocks = [
            ("\n".join(wrapped(term, 60)), texts) for term, texts in diagnosis.view_for_people(found, lang, times)
        ]
        check(definitions(blocks, 60).encode() if blocks else b"", "table")
        check(diagnosis.summary(found, len(capture.table.connections), capture.frames, lang).encode(), "table")
        for format in formats:
            _write_all([diagnosis.view(found, lang)], kernels, (format,))
    _write_all([zeek_log.view(capture.table)], kernels, ("zeek",))
    _write_all(
        [trace.view(capture.table, rows, False, capture.start or 0, capture.moment or 0)], kernels, ("perfetto",)
    )
    for format in formats:
        _write_all(
            [connections.view(capture.table, tuple(connection_columns.BY_NAME), beside=beside)], kernels, (format,)
        )
        _write_all([timeline.view(capture.table, [rows], None, None, False)], kernels, (format,))


def _manner(capture: Capture, style: str, lang: str) -> Manner:
    return Manner(STYLES[style], lang, TimeFormat(True, False, capture.stops.start or 0))


def _netstat(
    capture: Capture,
    traffic: Traffic,
    station: Station,
    processes: Processes,
    notes: Annotations,
    local: tuple[str, ...],
    styles: Iterable[str],
    langs: Iterable[str],
    formats: tuple[str, ...],
) -> None:
    table, kernels = capture.table, capture.source.kernels
    whose = perspective(table, local, station.addresses, processes.endpoints())
    ports = udp_ports(traffic, whose)
    rows = SocketRows(table, whose, capture.moment or 0, listening=True, both=True, connections=True, ports=ports)
    for format in formats:
        _write_all([for_programs(rows, tuple(columns.COLUMNS), notes)], kernels, (format,))
    traffic_seen = LocalTraffic(traffic, whose)
    for lang in langs:
        for style in styles:
            for names in (True, False):
                wording = Wording(_manner(capture, style, lang), names, names)
                shown = for_people(rows, titles(STYLES[style], True, True, True), notes, wording)
                _write_all([shown], kernels, ("table",))
                if (form := form_of(STYLES[style])) is not None:
                    exact = wording._replace(exact=True)
                    shown = for_people(rows, titles(STYLES[style], True, True, False), notes, exact)
                    check(b"".join(fixed(shown, form, kernels)), "table")
        _sections(ethernet_sections(traffic_seen, lang), kernels, ("table", *formats))
        _sections(statistics_sections(traffic_seen, table, whose, PROTOCOLS, lang), kernels, formats)
        _sections(route_sections(traffic_seen, True, lang), kernels, ("table",))
        _sections(route_sections(traffic_seen, False, lang), kernels, formats)


def _sections(sections: Iterable[Section], kernels: Any, formats: Iterable[str]) -> None:
    for one in sections:
        for text in (one.heading, one.text, *one.notes):
            check(text.encode(), "table")
        _write_all([one.table], kernels, formats)


def _write_all(tables: Iterable[Table], kernels: Any, formats: Iterable[str]) -> None:
    for table in tables:
        for format in formats:
            check(b"".join(render(table, format, kernels)), format)


def check(output: bytes, format: str) -> None:
    """Raise Unescaped where text of a format holds what a terminal, a spreadsheet or a parser takes amiss."""
    text = output.decode()
    for line in re.split({"csv": "\r\n", "zeek": "[\t\n]"}.get(format, "\n"), text):
        if safe(line) != line:
            raise Unescaped(f"{format}: {line!r}")
    for cell in _cells(text, format):
        if cell.startswith(("=", "+", "-", "@")) and not NEGATIVE.fullmatch(cell):
            raise Unescaped(f"a formula in {format}: {cell!r}")


def _cells(text: str, format: str) -> Iterator[str]:
    """Yield the cells of CSV; see to it that JSON is some."""
    if format in ("json", "perfetto"):
        json.loads(text)
    elif format == "jsonl":
        for line in text.splitlines():
            json.loads(line)
    elif format == "csv":
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield from row
