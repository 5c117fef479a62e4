"""``pcapstate diagnose``: what is wrong in a capture."""

from __future__ import annotations

import click

from ..output.colours import painted
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..wording.times import TimeFormat
from .choice import ConnectionChoice
from .format_choice import format_option
from .options import SourceOptions, source_options
from .session import Session
from .spoken import for_programs, lang_option

COLUMNS = 100
"""Columns of a terminal whose width nobody knows, as of a file."""


@click.command()
@source_options
@click.option("--port", multiple=True, metavar="PORT,...", help="Only connections with these ports, at either end.")
@click.option("--host", multiple=True, metavar="HOST,...", help="Only connections of these addresses or networks.")
@click.option("--local", multiple=True, metavar="ADDRESS|NETWORK", help="Only connections of this host or network.")
@click.option(
    "--filter", metavar="EXPR", help='Only connections that match, such as "server_port = 443 and opened > 12:00".'
)
@click.option("--brief", is_flag=True, help="One line for each finding.")
@format_option("format_")
@lang_option("language")
@click.option("--utc", is_flag=True, help="Clock times in UTC instead of local time.")
@click.option("--relative", is_flag=True, help="Times as seconds since the start of the capture.")
@click.pass_context
def diagnose(
    context: click.Context,
    source: SourceOptions,
    port: tuple[str, ...],
    host: tuple[str, ...],
    local: tuple[str, ...],
    filter: str | None,
    brief: bool,
    format_: str,
    language: str,
    utc: bool,
    relative: bool,
) -> None:
    """Find what is wrong, or worth a look, in a capture, in order of importance.

    Defects of the capture itself, which make the rest doubtful, come first.

    Each finding says when it happened, what it means, which connections (tcp.stream) and packets (frame.number)
    show it, and what to do next. Findings rest on packets only; docs/diagnose.md has the rule of each. With --at,
    only packets up to that moment count. --host, --port, --local and --filter choose connections, with the fields
    of pcapstate connections; defects of the capture itself are always included.

    \b
    Examples:
      pcapstate diagnose capture.pcapng
      pcapstate diagnose capture.pcapng --brief
      pcapstate diagnose capture.pcapng --at 14:05:10
      pcapstate diagnose capture.pcapng --local 10.0.0.20 --port 443
      pcapstate diagnose capture.pcapng --format jsonl
    """
    # Only this command needs the rules: loading them takes its time.
    from .. import memory
    from ..findings.diagnosis import diagnose as findings_of
    from ..findings.frames_seen import FramesSeen
    from ..output.paragraphs import definitions, wrapped
    from ..views import diagnosis as view

    if utc and relative:
        raise click.UsageError("--utc and --relative exclude each other")
    if brief and format_ != PEOPLE:
        raise click.UsageError(
            "--brief applies to the text for people only; other formats have one row for each finding"
        )
    choice = ConnectionChoice(SelectionOptions(port=port, host=host, filter=filter), local, utc, source.memory)
    seen, gathered = FramesSeen(), choice.gathered
    each = memory.DIAGNOSE_CHOSEN if choice.chooses else memory.DIAGNOSE
    reading = Session(
        source,
        details=True,
        each=each + gathered.bytes_each,
        beside=memory.FRAMES_SEEN + gathered.bytes_beside,
        watchers=lambda capture: [seen, *gathered.watchers(capture)],
        followers=[gathered.moved],
        utc=utc,
        lang=language,
    )
    reading.read()
    chosen = choice.rows(reading) if choice.chooses else None
    found = findings_of(reading.capture, seen, chosen)
    all_ = len(reading.capture.table.connections)
    if format_ == PEOPLE:
        screen = reading.screen
        width = COLUMNS if screen is None else screen.columns
        tones = [view.TONES[one.severity] if screen is not None and screen.colour else None for one in found]
        times = TimeFormat(utc, relative, reading.start)
        number = all_ if chosen is None else len(chosen)
        summary = view.summary(found, number, reading.capture.frames, language, None if chosen is None else all_)
        parts = ["\n".join(wrapped(summary, width)) + "\n"]
        if brief and found:
            lines = zip(view.brief(found, language, times), tones, strict=True)
            parts.append("".join(f"{began}  {_coloured(head, tone)}\n" for (began, head), tone in lines))
        elif found:
            blocks = view.view_for_people(found, language, times)
            told = [
                (_coloured("\n".join(wrapped(head, width)), tone), texts)
                for (head, texts), tone in zip(blocks, tones, strict=True)
            ]
            parts.append(definitions(told, width))
        reading.write(["\n".join(parts).encode()])
    else:
        reading.show(view.view(found, for_programs(context, language)), format_)
    code = reading.finish()
    if chosen is not None and not len(chosen) and all_:
        reading.say("no connection matches the filter; there are {count:,} without it", count=all_)
    context.exit(code)


def _coloured(headline: str, tone: int | None) -> str:
    """Return a headline whose first word, the severity, has the colour of its tone; as it is without one."""
    if tone is None:
        return headline
    word, blank, rest = headline.partition(" ")
    return painted(word, tone) + blank + rest
