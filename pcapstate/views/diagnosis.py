"""What to point at in a capture: a row for each finding, for programs, and blocks of text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..findings.finding import Finding, Severity, Text
from ..table import ALARM, CAUTION, NEVER, NUMBER, NUMBER_OR_NOTHING, PLAIN, TIME, WORD, Column, Table, cells, single
from ..wording.comparing import COMPARED
from ..wording.counts import Count
from ..wording.findings import KINDS, LOOKED_FOR
from ..wording.languages import language_of, translate
from ..wording.times import TimeFormat

Block = tuple[str, list[tuple[str, str]]]

ALL = {**KINDS, **COMPARED}
"""The texts of findings in a capture, and in two."""
NAMED = 6
"""Connections and packets that people are shown; programs get as many as a finding names."""

TONES = {Severity.PROBLEM: ALARM, Severity.WARNING: CAUTION, Severity.NOTE: PLAIN}

COLUMNS = (
    Column("finding", "Finding", WORD, tuple(KINDS)),
    Column("severity", "Severity", WORD, tuple(one.word for one in Severity)),
    Column("host", "Host", WORD, texts=True),
    Column("title", "Title", WORD, texts=True),
    Column("text", "Text", WORD, texts=True),
    Column("next", "Next", WORD, texts=True),
    Column("count", "Connections", NUMBER),
    Column("connections", "First Connections", WORD),
    Column("packet_count", "Packets", NUMBER),
    Column("packets", "First Packets", WORD),
    Column("filter", "Filter", WORD, texts=True),
    Column("filter_selects", "Filter Selects", NUMBER_OR_NOTHING),
    Column("first", "First Time", TIME),
    Column("last", "Last Time", TIME),
)


LISTS = ("connections", "packets")
"""Columns with several numbers in a cell."""


class Numbers(tuple[int, ...]):
    """Numbers in one cell: a list in JSON, with blanks between them where all is text."""

    def __str__(self) -> str:
        """Write them for CSV and tables."""
        return " ".join(map(str, self))


def view(findings: Sequence[Finding], language: str) -> Table:
    """Return a row for each finding."""
    rows: list[dict[str, Any]] = [
        {
            "finding": one.kind,
            "severity": one.severity.word,
            "host": one.host,
            "title": title(one, language),
            "text": text(one, language),
            "next": following(one, language),
            "count": one.count,
            "connections": Numbers(one.connections),
            "packet_count": one.packet_count,
            "packets": Numbers(one.packets),
            "filter": one.filter or None,
            "filter_selects": -1 if one.selected is None else one.selected,
            "first": NEVER if one.first is None else one.first,
            "last": NEVER if one.last is None else one.last,
        }
        for one in findings
    ]
    columns, values = [], {}
    for column in COLUMNS:
        given = [row[column.name] for row in rows]
        if column.kind == WORD:
            # Without findings, numbers are still numbers.
            none: Any = (Numbers(),) if column.name in LISTS else (None,)
            # Those of compare are not among the findings of one capture.
            words = tuple(dict.fromkeys((*column.words, *given))) or none
            columns.append(column._replace(words=words))
            values[column.name] = np.array([words.index(one) for one in given], dtype=np.int64)
        else:
            columns.append(column)
            values[column.name] = np.array(given, dtype=np.int64)
    return single(tuple(columns), cells(tuple(columns), len(rows), **values))


def view_for_people(findings: Sequence[Finding], language: str, times: TimeFormat) -> list[Block]:
    """Return a block for each finding: a headline, then labels and texts."""
    blocks = []
    for one in findings:
        texts = []
        if one.first is not None and one.last is not None:
            texts.append((translate("When", language), between(one.first, one.last, language, times)))
        texts.append((translate("What", language), text(one, language)))
        if shown := evidence(one, language):
            texts.append((translate("Seen in", language), shown))
        texts.append((translate("Next", language), following(one, language)))
        if one.filter:
            texts.append((translate("Filter", language), one.filter))
        if one.selected is not None:
            texts.append(("", cut(one, language)))
        blocks.append((headline(one, language), texts))
    return blocks


def brief(findings: Sequence[Finding], language: str, times: TimeFormat) -> list[tuple[str, str]]:
    """Return a line for each finding: when it began, and how much it matters, what it says, and its name."""
    began = ["-" if one.first is None else times.short(one.first) for one in findings]
    width = max(map(len, began), default=0)
    return [(f"{time:>{width}}", headline(one, language)) for time, one in zip(began, findings, strict=True)]


def headline(one: Finding, language: str) -> str:
    """Return how much a finding matters, what it says in one line, and its name."""
    return f"{translate(one.severity.word, language).upper()}  {title(one, language)}  [{one.kind}]"


def between(first: int, last: int, language: str, times: TimeFormat) -> str:
    """Return two times (ns since the epoch) in a row; the date is there once where it is the same."""
    begun, ended = times.short(first), times.short(last)
    if begun == ended:
        return begun
    date, blank, clock = ended.partition(" ")
    if blank and begun.startswith(date + blank):
        ended = clock
    return Text("{first} to {last}", {"first": begun, "last": ended}).told(language)


def following(one: Finding, language: str) -> str:
    """Return what to do."""
    kind = ALL[one.kind]
    return told(kind.instead[one.instead] if one.instead else kind.next, one, language)


def cut(one: Finding, language: str) -> str:
    """Return how much of what a finding is about its filter selects."""
    template = "(the filter is cut: it has the first {selected} of {count:connection|connections})"
    count = one.count
    if not one.connections:
        template = "(the filter is cut: it has the first {selected} of {count:packet|packets})"
        count = one.packet_count
    return Text(template, {"selected": Count(one.selected or 0), "count": Count(count)}).told(language)


def title(one: Finding, language: str) -> str:
    """Return what a finding says in one line."""
    return told(ALL[one.kind].title, one, language)


def text(one: Finding, language: str) -> str:
    """Return what a finding says in full."""
    kind = ALL[one.kind]
    sentences = [told(template, one, language) for template in (kind.text, *(kind.also[name] for name in one.also))]
    return language_of(language).separator.join(sentences)


def told(template: str, one: Finding, language: str) -> str:
    """Return one of the texts of a finding, with its fields filled in."""
    return Text(template, one.fields).told(language)


def evidence(one: Finding, language: str) -> str:
    """Return the connections and packets that show a finding, the first ones by number."""
    parts = []
    for template, numbers, count in (
        ("{count:=connection|connections} {numbers}", one.connections, one.count),
        ("{count:=packet|packets} {numbers}", one.packets, one.packet_count),
    ):
        if numbers:
            parts.append(Text(template, {"count": Count(count), "numbers": _some(numbers, count)}).told(language))
    return "; ".join(parts)


def _some(numbers: Sequence[int], count: int) -> str | Text:
    names = ", ".join(map(str, numbers[:NAMED]))
    if count <= NAMED:
        return names
    return Text("{names} and {more} more", {"names": names, "more": Count(count - NAMED)})


def summary(
    findings: Sequence[Finding], connections: int, frames: int, language: str, of_all: int | None = None
) -> str:
    """Return one line: how many findings of each severity, or that there is none and what was looked for.

    ``of_all``: how many connections there are, where only some were chosen.
    """
    number: Count | Text = Count(connections)
    if of_all is not None:
        number = Text("{some} of {all:connection|connections}", {"some": Count(connections), "all": Count(of_all)})
    else:
        number = Text("{some:connection|connections}", {"some": number})
    of = {"connections": number, "frames": Count(frames)}
    if findings:
        numbers = [sum(one.severity is severity for one in findings) for severity in Severity]
        words = ("{count:problem|problems}", "{count:warning|warnings}", "{count:note|notes}")
        parts = [
            Text(template, {"count": Count(number)}).told(language)
            for template, number in zip(words, numbers, strict=True)
            if number
        ]
        template = "{found} in {connections}, {frames:packet|packets}"
        return Text(template, {"found": ", ".join(parts), **of}).told(language)
    template = "No findings in {connections}, {frames:packet|packets}. Looked for: {looked}."
    return Text(template, {"looked": translate(LOOKED_FOR, language), **of}).told(language)
