"""``pcapstate explain``: one connection packet by packet, with the states of both ends and why they changed."""

from __future__ import annotations

import sys

import click
import numpy as np

from ..ladder.explaining import parts
from ..ladder.steps import NO_PACKET, Steps
from ..ladder.table import table_of
from ..ladder.text import WIDTH, Drawing
from ..messages import Message
from ..moments import PACKET, Moment, parse_moment
from ..output.formats import PEOPLE
from ..samples.catalogue import Sample
from ..wording.languages import translate
from ..wording.times import duration
from .one_by_one import PROMPT, one_by_one
from .one_connection import one_connection
from .options import SourceOptions, WordingOptions, file_options, manner, output_option, wording_options
from .sample_options import sample_options
from .samples import write_samples

WIDEST = 140
"""Columns of a ladder on a terminal at most."""


@click.command()
@file_options
@sample_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Explain this connection (tcp.stream).")
@click.option("--filter", metavar="EXPR", help='Explain a connection that matches, such as "outcome = refused".')
@click.option("--from", "from_", metavar="TIME", help="Begin at this moment, told as for --at, such as #12.")
@click.option("--steps", "waits", is_flag=True, help="Wait for a key after each packet; q ends, a shows the rest.")
@click.option("--list-samples", is_flag=True, help="List the samples, and what to ask students of them.")
@click.option("--brief", is_flag=True, help="Only the ladder, without sentences.")
@click.option("--all", "all_", is_flag=True, help="Every packet: long runs of data are not folded.")
@click.option("--ascii", "ascii_", is_flag=True, help="Draw with ASCII characters only.")
@wording_options
@output_option
@click.pass_context
def explain(
    context: click.Context,
    source: SourceOptions,
    wording: WordingOptions,
    connection: int | None,
    filter: str | None,
    from_: str | None,
    waits: bool,
    sample: Sample | None,
    list_samples: bool,
    brief: bool,
    all_: bool,
    ascii_: bool,
) -> None:
    """Explain a connection packet by packet: the states of both ends beside each packet, and why they changed.

    Arrows carry flags, relative sequence and acknowledgment numbers, payload bytes, and the window where it matters.
    The states are those after the packet; * marks a change. Without --connection it is the connection with the most to
    see, a whole life if there is one.

    \b
    Examples:
      pcapstate explain capture.pcapng
      pcapstate explain capture.pcapng --connection 3 --brief
      pcapstate explain capture.pcapng --filter "outcome = refused" --lang ja
      pcapstate explain capture.pcapng --connection 3 --from "#12" --at "#20"
      pcapstate explain capture.pcapng --connection 3 --format json
      pcapstate explain --sample client-closes-first --without "#2"
    """
    if list_samples:
        write_samples(wording.format, wording.lang)
        return
    if not source.captures:
        raise click.UsageError("name a capture file, or a sample (--list-samples)")
    begin = None if from_ is None else parse_moment(from_, wording.utc)
    if waits and not (sys.stdin.isatty() and sys.stdout.isatty() and wording.format == PEOPLE):
        raise click.UsageError("--steps waits for keys: input and output have to be a terminal")
    one = one_connection(source, connection, filter, wording.utc, wording.lang)
    steps = one.gathered.steps()
    first = 0 if begin is None else _place(steps, begin, one.reading.span())
    if wording.format != PEOPLE:
        one.reading.show(table_of(steps[first:]), wording.format)
    else:
        how = manner(wording, one.reading.start)
        screen = one.reading.screen
        wait = duration(round(source.time_wait.seconds * 1e9))
        found = parts(steps, wait, all_, first)
        width = WIDTH if screen is None else min(screen.columns, WIDEST)
        colour = screen is not None and screen.colour
        whose = one.gathered.number, one.gathered.ends
        drawing = Drawing(*whose, steps, how, width, colour, ascii_, brief)
        ended = source.at is None
        pieces = drawing.pieces(found, ended, sample)
        one.reading.write(one_by_one(pieces, translate(PROMPT, wording.lang)) if waits else pieces)
        one.say_others("connection {number} of {count:,} is explained; --connection N explains another", wording.lang)
    context.exit(one.reading.finish())


def _place(steps: Steps, begin: Moment, span: tuple[int, int]) -> int:
    """Return the place of the first step at a moment or behind it. Raises UsageError, MomentError."""
    rows = steps.rows
    after = rows["number"] >= begin.value if begin.kind == PACKET else rows["time"] >= begin.time(*span)
    places = np.flatnonzero(after & (rows["flags"] != NO_PACKET))
    if not len(places):
        raise click.UsageError(
            Message("no packet of the connection is at {moment} or later (--from)", moment=begin.text)
        )
    return int(places[0])
