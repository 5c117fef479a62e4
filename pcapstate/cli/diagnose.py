"""``pcapstate diagnose``: what to point at in a capture."""

from __future__ import annotations

import click

from ..output.colours import painted
from ..output.formats import FORMATS
from ..wording.languages import LANGUAGES
from .options import SourceOptions, source_options
from .session import Reading

COLUMNS = 100
"""Columns of a terminal whose width nobody knows, as of a file."""


@click.command()
@source_options
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True, help="Output format."
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Language of the texts.",
)
@click.option("--utc", is_flag=True, help="Clock times (--at) in UTC instead of local time.")
@click.pass_context
def diagnose(context: click.Context, source: SourceOptions, format_: str, language: str, utc: bool) -> None:
    """Point at what is wrong, or worth a look, in a capture, the most important first.

    Each finding says what it means, which connections (tcp.stream) and packets (frame.number) show it, and what to do
    next. Findings rest on packets only; docs/diagnose.md tells when each is given. With --at, on the packets up to
    that moment.

    \b
    Examples:
      pcapstate diagnose capture.pcapng
      pcapstate diagnose capture.pcapng --at 14:05:10
      pcapstate diagnose capture.pcapng --format jsonl
    """
    # Only this command needs the rules: loading them takes its time.
    from ..findings.diagnosis import diagnose as findings_of
    from ..findings.frames_seen import FramesSeen
    from ..output.paragraphs import definitions, wrapped
    from ..views import findings as view
    from ..views.memory import DIAGNOSE

    seen = FramesSeen()
    reading = Reading(source, details=True, each=DIAGNOSE, watchers=lambda _: [seen], utc=utc, lang=language)
    reading.read()
    found = findings_of(reading.capture, seen)
    if format_ == "table":
        screen = reading.screen
        width = COLUMNS if screen is None else screen.columns
        summary = view.summary(found, len(reading.capture.table.connections), reading.capture.frames, language)
        blocks = [("\n".join(wrapped(term, width)), texts) for term, texts in view.view_for_people(found, language)]
        if screen is not None and screen.colour:
            tones = [view.TONES[one.severity] for one in found]
            blocks = [(_coloured(head, tone), texts) for (head, texts), tone in zip(blocks, tones, strict=True)]
        parts = ["\n".join(wrapped(summary, width)) + "\n", *([definitions(blocks, width)] if blocks else [])]
        reading.write(["\n".join(parts).encode()])
    else:
        reading.show(view.view(found, language), format_)
    context.exit(reading.close())


def _coloured(headline: str, tone: int) -> str:
    """Return a headline whose first word, the severity, has the colour of its tone."""
    word, blank, rest = headline.partition(" ")
    return painted(word, tone) + blank + rest
