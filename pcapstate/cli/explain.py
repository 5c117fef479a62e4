"""``pcapstate explain``: one connection packet by packet, with the states of both ends and why they changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click
import numpy as np

from ..ladder.drawing import ASCII_SIGNS, SIGNS, Ladder, Line
from ..ladder.explaining import SIDES, Fold, Part, Said, parts
from ..ladder.sentences import Sentences
from ..ladder.steps import NO_PACKET, Steps
from ..ladder.table import table_of
from ..messages import Message
from ..moments import PACKET, Moment, parse_moment
from ..output.colours import painted
from ..output.formats import PEOPLE
from ..output.paragraphs import wrapped
from ..output.screen import Screen
from ..samples.catalogue import Sample
from ..tcp.states import State
from ..views.reading_aids import Manner
from ..views.samples import heading
from ..wording.languages import translate
from ..wording.times import duration
from .one_by_one import PROMPT, one_by_one
from .one_connection import OneConnection, one_connection
from .options import SourceOptions, WordingOptions, file_options, manner, output_option, wording_options
from .sample_options import sample_options
from .samples import write_samples

WIDTH = 100
"""Columns of a ladder in a file or a pipe."""
WIDEST = 140
INDENT = 4
AT_AN_END = (State.CLOSED, State.TIME_WAIT, State.LISTEN)
"""States behind which nothing of a connection is to come."""

CAPTURE_ENDS = Said("capture-ends", {})


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
        drawing = Drawing(one, steps, how, screen, ascii_, brief)
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


class Drawing:
    """The text of a ladder with its sentences."""

    def __init__(
        self, one: OneConnection, steps: Steps, how: Manner, screen: Screen | None, ascii_: bool, brief: bool
    ) -> None:
        self._one, self._steps, self._how, self._brief = one, steps, how, brief
        self._width = WIDTH if screen is None else min(screen.columns, WIDEST)
        self._colour = screen is not None and screen.colour
        self._ladder = Ladder(steps, self._width, how, ASCII_SIGNS if ascii_ else SIGNS)
        self._sentences = Sentences(how, "->" if ascii_ else "→")

    def pieces(self, found: Iterable[Part], ended: bool, sample: Sample | None = None) -> Iterator[bytes]:
        """Yield the text of the heading, and of each part; ``ended``: behind the last step the capture has ended."""
        lang = self._how.lang
        if sample is not None:
            yield "".join(f"\n{self._paragraph(text, 0)}" for text in heading(sample, lang)).encode()
        title = translate("connection {number}", lang).format(number=self._one.gathered.number)
        ends = (f"{translate(role, lang)} {end}" for role, end in zip(SIDES, self._one.gathered.ends, strict=True))
        yield f"\n{title}: {', '.join(ends)}\n\n".encode()
        apart = True
        for part in found:
            apart = part.fold is not None or bool(part.said)
            yield "".join(self._lines(part)).encode()
        if self._brief:
            return
        rest = [self._paragraph(self._sentences.sentence(CAPTURE_ENDS))] if ended and self._left_open() else []
        if sample is not None:
            rest.append("".join(self._paragraph(f"? {translate(text, lang)}", 0) for text in sample.ask))
        yield ("" if apart else "\n").encode() + "\n".join(rest).encode()

    def _left_open(self) -> bool:
        return any(state not in AT_AN_END for state in self._steps[-1].after) if len(self._steps) else False

    def _lines(self, part: Part) -> Iterator[str]:
        if part.fold is not None:
            yield f"{self._folded(part.fold)}\n" if self._brief else f"{self._folded(part.fold)}\n\n"
        else:
            yield f"{self._drawn(self._ladder[part.at])}\n"
        if part.said and not self._brief:
            yield from (self._paragraph(self._sentences.sentence(said)) for said in part.said)
            yield "\n"

    def _drawn(self, line: Line) -> str:
        return "".join(painted(run.text, run.tone) if self._colour else run.text for run in line).rstrip()

    def _folded(self, fold: Fold) -> str:
        return self._paragraph(f"... {self._sentences.fold(fold)}").rstrip("\n")

    def _paragraph(self, text: str, indent: int = INDENT) -> str:
        return "".join(f"{' ' * indent}{line}\n" for line in wrapped(text, min(self._width, WIDTH) - indent))
