"""What to point at in a capture: a row for each finding, for programs, and blocks of text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..findings.finding import Count, Finding, Severity, Text
from ..wording.findings import KINDS, LOOKED_FOR
from ..wording.languages import translate
from .table import ALARM, CAUTION, NUMBER, PLAIN, WORD, Column, Table, cells, single

Block = tuple[str, list[tuple[str, str]]]

SEPARATOR = {"ja": ""}
"""What stands between sentences, where it is no blank."""
NAMED = 6
"""Connections and packets that people are shown; programs get as many as a finding names."""

TONES = {Severity.PROBLEM: ALARM, Severity.WARNING: CAUTION, Severity.NOTE: PLAIN}

COLUMNS = (
    Column("finding", "Finding", WORD),
    Column("severity", "Severity", WORD),
    Column("host", "Host", WORD),
    Column("title", "Title", WORD),
    Column("text", "Text", WORD),
    Column("next", "Next", WORD),
    Column("count", "Connections", NUMBER),
    Column("connections", "First Connections", WORD),
    Column("packet_count", "Packets", NUMBER),
    Column("packets", "First Packets", WORD),
    Column("filter", "Filter", WORD),
)


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
            "next": told(KINDS[one.kind].next, one, language),
            "count": one.count,
            "connections": Numbers(one.connections),
            "packet_count": one.packet_count,
            "packets": Numbers(one.packets),
            "filter": one.filter or None,
        }
        for one in findings
    ]
    columns, values = [], {}
    for column in COLUMNS:
        given = [row[column.name] for row in rows]
        if column.kind == WORD:
            words = list(dict.fromkeys(given))
            columns.append(column._replace(words=tuple(words) or (None,)))
            values[column.name] = np.array([words.index(one) for one in given], dtype=np.int64)
        else:
            columns.append(column)
            values[column.name] = np.array(given, dtype=np.int64)
    return single(tuple(columns), cells(tuple(columns), len(rows), **values))


def view_for_people(findings: Sequence[Finding], language: str) -> list[Block]:
    """Return a block for each finding: a headline, then labels and texts."""
    blocks = []
    for one in findings:
        severity = translate(one.severity.word, language).upper()
        texts = [(translate("What", language), text(one, language))]
        if shown := evidence(one, language):
            texts.append((translate("Seen in", language), shown))
        texts.append((translate("Next", language), told(KINDS[one.kind].next, one, language)))
        if one.filter:
            texts.append((translate("Filter", language), one.filter))
        blocks.append((f"{severity}  {title(one, language)}  [{one.kind}]", texts))
    return blocks


def title(one: Finding, language: str) -> str:
    """Return what a finding says in one line."""
    return told(KINDS[one.kind].title, one, language)


def text(one: Finding, language: str) -> str:
    """Return what a finding says in full."""
    kind = KINDS[one.kind]
    sentences = [told(template, one, language) for template in (kind.text, *(kind.also[name] for name in one.also))]
    return SEPARATOR.get(language, " ").join(sentences)


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


def summary(findings: Sequence[Finding], connections: int, frames: int, language: str) -> str:
    """Return one line: how many findings of each severity, or that there is none and what was looked for."""
    of = {"connections": Count(connections), "frames": Count(frames)}
    if findings:
        numbers = [sum(one.severity is severity for one in findings) for severity in Severity]
        words = ("{count:problem|problems}", "{count:warning|warnings}", "{count:note|notes}")
        parts = [
            Text(template, {"count": Count(number)}).told(language)
            for template, number in zip(words, numbers, strict=True)
            if number
        ]
        template = "{found} in {connections:connection|connections}, {frames:packet|packets}"
        return Text(template, {"found": ", ".join(parts), **of}).told(language)
    template = (
        "Nothing to point at in {connections:connection|connections}, {frames:packet|packets}. Looked for: {looked}."
    )
    return Text(template, {"looked": translate(LOOKED_FOR, language), **of}).told(language)
