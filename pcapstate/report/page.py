"""The page of a report: one HTML file in all languages, with its styles, its program and its data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import __version__
from ..escaping import safe
from ..findings.finding import Finding, Text
from ..moments import moment_of
from ..query.tokens import as_written
from ..query.values import SERVICES, STATES
from ..tcp.machine import TABLE, Certainty, Event
from ..tcp.outcomes import NAMES, OUTCOMES
from ..tcp.states import State
from ..views import diagnosis
from ..views.reading_aids import Manner
from ..views.states_over_time import OPEN
from ..wording.counts import Count
from ..wording.languages import ENGLISH, LANGUAGES, OWN_NAMES, language_of, translate
from ..wording.styles import Style
from ..wording.times import duration
from .connections import fields
from .contents import Contents
from .measures import Bar, Histogram, histogram
from .sources import FOLDER, SCRIPTS, TEMPLATE, source, texts

LIBRARY = "uPlot.iife.min.js"
STYLES = ("uPlot.min.css", "report.css")
MOST_FINDINGS = 100
"""Findings that a report has; it tells how many more there are."""
OPEN_FINDINGS = 20
"""Findings that show at once; a click shows the others."""
WIDTH, HEIGHT = 300, 80
"""Of the bars of a histogram."""
VERDICTS = {
    "all": "{connections:connection|connections} of {hosts:host|hosts} within {time}.",
    "closed": "{count:connection was|connections were} closed by both sides, as it should be.",
    "failed": "{count:attempt to connect|attempts to connect} failed.",
    "broken": "{count:connection|connections} ended in an abort or a timeout.",
    "open": "{count:connection was|connections were} still open at the end.",
    "others": "{count:connection was|connections were} closed by one side only, or the capture does not show how.",
}
"""How connections went, for someone who reads no packets."""

Tell = Callable[[str], str]
"""Tells something in a language of ``LANGUAGES``."""


def spans(tell: Tell) -> Markup:
    """Return what is told as HTML: in each language, of which the page shows one; once where all are the same."""
    told = {lang: safe(tell(lang)) for lang in LANGUAGES}
    if len(set(told.values())) == 1:
        return escape(told[ENGLISH])
    one = Markup('<span lang="{}">{}</span>')
    return Markup("").join(one.format(lang, text) for lang, text in told.items())


def said(text: str, **values: Any) -> Markup:
    """Return a text with its fields as HTML (see ``spans``)."""
    return spans(lambda lang: Text(text, values).told(lang))


class Shown(NamedTuple):
    """How a report is written."""

    names: Sequence[str]
    """Of the captures."""
    style: Style
    manners: Mapping[str, Manner]
    """How each language is written."""
    lang: str
    """The language that it opens in."""
    losses: Mapping[str, Sequence[str]]
    """What was left out and lost, in lines, in each language."""
    redacted: bool


def page(contents: Contents, shown: Shown) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    facts, packed = contents.facts, contents.packed
    packed.values |= _values(contents, shown)
    script, style = _program(), "\n".join([*map(source, STYLES), *map(_hidden, LANGUAGES)])
    other = next(lang for lang in LANGUAGES if lang != shown.lang)
    return environment.get_template(TEMPLATE).render(
        t=said,
        said=said,
        count=Count,
        duration=duration,
        number=lambda value: f"{value:,}",
        quoted=as_written,
        clock=lambda time: shown.manners[ENGLISH].times.moment(time),
        version=__version__,
        policy=_policy(script, style),
        lang=shown.lang,
        other=other,
        other_name=OWN_NAMES.get(other, other),
        names=[safe(name) for name in shown.names],
        facts=facts,
        meanings=OUTCOMES,
        verdict=spans(partial(_verdict, contents)),
        losses=[spans(partial(_line, shown.losses, at)) for at in range(len(shown.losses[ENGLISH]))],
        redacted=shown.redacted,
        summary=spans(lambda lang: diagnosis.summary(contents.findings, facts.connections, facts.frames, lang)),
        findings=[_finding(one, shown) for one in contents.findings[:MOST_FINDINGS]],
        findings_open=OPEN_FINDINGS,
        findings_left_out=max(len(contents.findings) - MOST_FINDINGS, 0),
        histograms=list(_histograms(contents, shown.style)),
        talkers=contents.talkers,
        talker_states=[state for state in State if any(one.states.get(state) for one in contents.talkers)],
        states=shown.style.states,
        data=packed.text(),
        script=Markup(script),
        style=Markup(style),
    )


def _line(losses: Mapping[str, Sequence[str]], at: int, lang: str) -> str:
    return losses[lang][at]


def _program() -> str:
    """Return the program of the page, in a function of its own, behind the library with its licence."""
    licence = source("uPlot.LICENSE").strip()
    own = "\n".join(map(source, SCRIPTS))
    return f'/*!\n{licence}\n*/\n{source(LIBRARY)}\n(() => {{\n"use strict";\n{own}\n}})();\n'


def _hidden(lang: str) -> str:
    """Return the style that hides a language while the page shows another one."""
    return f':root:not([data-lang="{lang}"]) span[lang="{lang}"] {{ display: none; }}'


def _policy(script: str, style: str) -> str:
    """Return the Content-Security-Policy: nothing but this program and these styles, and no network."""
    sources = " ".join(
        f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}';"
        for kind, text in (("script", script), ("style", style))
    )
    return f"default-src 'none'; {sources} base-uri 'none'; form-action 'none'"


def _values(contents: Contents, shown: Shown) -> dict[str, Any]:
    """Return what the program needs beside the columns."""
    facts = contents.facts
    utc = shown.manners[ENGLISH].times.utc
    offset = moment_of(facts.start, utc).utcoffset()
    assert offset is not None
    words = [*texts(), *NAMES, *(row.cause for row in TABLE), *(one.word for one in Certainty), "client", "server"]
    return {
        # A double does not hold nanoseconds since the epoch.
        "start": [facts.start // 10**9, facts.start % 10**9],
        "end": facts.end - facts.start,
        "offset": int(offset.total_seconds()) // 60,
        "utc": utc,
        "whole": facts.whole,
        "all": facts.connections,
        "local": facts.local,
        "proto": shown.style.tcp,
        "states": [shown.style.states[state] for state in State],
        "known_states": [state.name for state in State],
        "open_states": [int(state) for state in OPEN],
        "spellings": STATES,
        "outcomes": NAMES,
        "causes": [row.cause for row in TABLE],
        "resets": [number for number, row in enumerate(TABLE) if "RST" in row.event.name],
        "refused": next(number for number, row in enumerate(TABLE) if row.event is Event.GOT_RST_TO_SYN),
        "certainties": [one.word for one in Certainty],
        "fields": fields(),
        "services": SERVICES,
        "words": {lang: {text: translate(text, lang) for text in words} for lang in LANGUAGES if lang != ENGLISH},
        "languages": {lang: OWN_NAMES.get(lang, lang) for lang in LANGUAGES},
    }


def _verdict(contents: Contents, lang: str) -> str:
    """Return how it went in a language, for someone who reads no packets."""
    facts = contents.facts
    fields = {"connections": Count(facts.connections), "hosts": Count(facts.hosts)}
    told = [Text(VERDICTS["all"], {**fields, "time": duration(facts.end - facts.start)}).told(lang)]
    counts = dict(facts.outcomes)
    closed, opened = counts.get("closed", 0), counts.get("open", 0)
    failed = sum(counts.get(name, 0) for name in ("refused", "unanswered", "unreachable"))
    broken = sum(counts.get(name, 0) for name in ("reset by client", "reset by server", "timed out"))
    rest = facts.connections - closed - opened - failed - broken
    amounts = {"closed": closed, "failed": failed, "broken": broken, "open": opened, "others": rest}
    for name, amount in amounts.items():
        if amount:
            told.append(Text(VERDICTS[name], {"count": Count(amount)}).told(lang))
    return language_of(lang).separator.join(told)


def _finding(one: Finding, shown: Shown) -> dict[str, Any]:
    def when(lang: str) -> str:
        assert one.first is not None
        assert one.last is not None
        return diagnosis.between(one.first, one.last, lang, shown.manners[lang].times)

    return {
        "severity": one.severity.word,
        "severity_text": said(one.severity.word),
        "title": spans(lambda lang: diagnosis.title(one, lang)),
        "text": spans(lambda lang: diagnosis.text(one, lang)),
        "next": spans(lambda lang: diagnosis.following(one, lang)),
        "when": spans(when) if one.first is not None and one.last is not None else "",
        "connections": one.connections,
        "more": one.count - len(one.connections) if one.connections else 0,
        "filter": safe(one.filter),
        "cut": spans(lambda lang: diagnosis.cut(one, lang)) if one.selected is not None else "",
    }


def _histograms(contents: Contents, style: Style) -> Iterator[dict[str, Any]]:
    yield _histogram(contents.handshakes, said("Handshake, from the SYN to the ACK of the SYN-ACK"), "plain")
    yield _histogram(contents.durations, said("Connection, from the first packet to the last"), "plain")
    stays = contents.stays
    for state in OPEN:
        found = histogram(stays.duration[stays.state == state])
        if found is not None:
            title = said("Time in {state}", state=style.states[state])
            yield _histogram(found, title, f"state-{state.name}")


def _histogram(found: Histogram | None, title: Markup, tone: str) -> dict[str, Any]:
    if found is None:
        return {"title": title, "said": said("none seen"), "bars": [], "tone": tone}
    three = {name: duration(getattr(found, name)) for name in ("median", "ninth", "longest")}
    most = max(bar.number for bar in found.bars)
    width = round(WIDTH / len(found.bars), 2)
    bars = [
        {
            "x": round(at * width, 2),
            "width": width,
            # What there is once shows, too.
            "height": max(round(HEIGHT * bar.number / most, 1), 2) if bar.number else 0,
            "said": f"{_from_to(bar)}: {bar.number:,}",
        }
        for at, bar in enumerate(found.bars)
    ]
    text = "{count} in all: half within {median}, nine of ten within {ninth}, the longest {longest}"
    return {
        "title": title,
        "said": said(text, count=Count(found.number), **three),
        "plain": Text(text, {"count": Count(found.number), **three}).told(ENGLISH),
        "bars": bars,
        "tone": tone,
        "first": _short(found.bars[0].start),
        "last": _short(found.bars[-1].end) if found.bars[-1].end else "",
    }


def _from_to(bar: Bar) -> str:
    return f"{_short(bar.start)} - {_short(bar.end)}" if bar.end else f"≥ {_short(bar.start)}"


def _short(time: int) -> str:
    """Return a duration of the scale in short."""
    for size, unit in ((3_600_000_000_000, "h"), (60_000_000_000, "min"), (10**9, "s"), (10**6, "ms"), (10**3, "µs")):
        if time >= size:
            return f"{time // size} {unit}"
    return "0"
