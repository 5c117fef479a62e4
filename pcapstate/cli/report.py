"""``pcapstate report``: a page on a capture, for those who read no packets as well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext

import click

from .. import memory
from ..capture import Watcher
from ..output.whole_files import output_to
from ..wording.styles import STYLES
from .options import STATE_STYLE, SourceOptions, file_options
from .session import Session
from .spoken import lang_option


@click.command()
@file_options
@click.option("--redact", is_flag=True, help="Replace addresses and names of hosts and files, each by the same one.")
@STATE_STYLE
@click.option("--utc", is_flag=True, help="Clock times in UTC instead of local time.")
@click.option("-o", "--output", required=True, type=click.Path(), metavar="FILE", help="The page; - is stdout.")
@lang_option(help="Language that the page opens in, and of messages. [default: that of the locale]")
@click.pass_context
def report(
    context: click.Context, source: SourceOptions, redact: bool, style: str, utc: bool, output: str, lang: str
) -> None:
    """Write a report: one HTML file that shows the findings, and the states of all connections over time.

    Any browser opens it; it needs no network and no other file. It begins with the findings in plain words, for someone
    who reads no packets. Behind them are connections over time, the table of netstat at any moment, and each connection
    with its packets, its path in the state diagram and its Wireshark filter. The page has every language.

    Of a large capture the page has the connections that matter most one by one, and says so; charts and counts are of
    all. --redact makes a page that can be shown outside: payload is never in it, and then no address or name is either.

    \b
    Examples:
      pcapstate report capture.pcapng -o report.html
      pcapstate report *.pcap --utc -o report.html
      pcapstate report capture.pcapng --redact -o shared.html
    """
    if not source.captures:
        raise click.UsageError("name a capture file")
    if "-" in source.captures:
        raise click.UsageError("the capture is read twice: give a file, not standard input")
    with output_to(output) if output != "-" else nullcontext():
        code = written(source, redact, style, utc, lang)
    context.exit(code)


def written(source: SourceOptions, redact: bool, style: str, utc: bool, lang: str) -> int:
    """Write the page to where output goes; return the exit code."""
    # Only this command needs them: loading takes its time.
    from ..report.contents import Watchers, contents
    from ..report.page import Shown, page
    from ..report.redaction import Redaction
    from ..sockets.answers import Answers
    from ..sockets.question import Question
    from ..sources.paths import meant
    from ..views.reading_aids import Manner
    from ..wording.languages import LANGUAGES
    from ..wording.times import TimeFormat

    answers = Answers(Question(), named=True, bound=source.memory)
    watchers = Watchers(answers)
    reading = Session(
        source,
        record=True,
        details=True,
        each=memory.REPORT + answers.bytes_each,
        beside=memory.FRAMES_SEEN + answers.gathering.bytes_beside,
        watchers=watchers.of,
        followers=[answers.moved],
        utc=utc,
        lang=lang,
    )
    answers.attach(reading)
    transitions = reading.history()

    readings = [reading]

    def again(watchers: Sequence[Watcher]) -> Session:
        readings.append(Session(source, each=memory.CHOSEN, watchers=lambda _: watchers, utc=utc, lang=lang))
        return readings[-1]

    paths = [os.fspath(one.source) for one in meant(source.captures)]
    redaction = Redaction(paths) if redact else None
    manners = {one: Manner(STYLES[style], one, TimeFormat(utc)) for one in LANGUAGES}
    found = contents(reading, transitions, watchers, again, list(manners.values()), redaction)
    if any(one.interrupted for one in readings):
        # Half a capture is no report.
        raise click.Abort
    names = [os.path.basename(one) for one in paths]
    losses = {one: reading.remarks(one) for one in LANGUAGES}
    if redaction is not None:
        names = redaction.captures
        losses = {one: list(map(redaction.text, lines)) for one, lines in losses.items()}
    reading.write([page(found, Shown(names, STYLES[style], manners, lang, losses, redact)).encode()])
    return reading.finish()
