"""``pcapstate explain``: one connection packet by packet, with the states of both ends and why they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from ..ladder.drawing import ASCII_SIGNS, SIGNS, Ladder, Line
from ..ladder.explaining import SIDES, Fold, Part, Said, Why, parts
from ..ladder.sentences import Sentences
from ..ladder.steps import Steps
from ..ladder.table import table_of
from ..output.colours import painted
from ..output.formats import PEOPLE
from ..output.paragraphs import wrapped
from ..output.screen import Screen
from ..views.reading_aids import Manner
from ..wording.languages import translate
from ..wording.times import duration
from .one_connection import OneConnection, one_connection
from .options import SourceOptions, WordingOptions, file_options, manner, output_option, wording_options

WIDTH = 100
"""Columns of a ladder in a file or a pipe."""
WIDEST = 140
INDENT = 4


@click.command()
@file_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Explain this connection (tcp.stream).")
@click.option("--filter", metavar="EXPR", help='Explain a connection that matches, such as "outcome = refused".')
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
      pcapstate explain capture.pcapng --connection 3 --format json
    """
    if not source.captures:
        raise click.UsageError("name a capture file")
    one = one_connection(source, connection, filter, wording.utc, wording.lang)
    steps = one.gathered.steps()
    if wording.format != PEOPLE:
        one.reading.show(table_of(steps), wording.format)
    else:
        how = manner(wording, one.reading.start)
        screen = one.reading.screen
        wait = duration(round(source.time_wait.seconds * 1e9))
        found = parts(steps, wait, all_)
        drawing = Drawing(one, steps, how, screen, ascii_, brief)
        one.reading.write(line.encode() for line in drawing.lines(found))
        if one.among > 1:
            text = "connection {number} of {count:,} is explained; --connection N explains another"
            one.reading.say(text, number=one.gathered.number, count=one.among)
    context.exit(one.reading.finish())


class Drawing:
    """The text of a ladder with its sentences."""

    def __init__(
        self, one: OneConnection, steps: Steps, how: Manner, screen: Screen | None, ascii_: bool, brief: bool
    ) -> None:
        self._one, self._how, self._brief = one, how, brief
        self._width = WIDTH if screen is None else min(screen.columns, WIDEST)
        self._colour = screen is not None and screen.colour
        self._ladder = Ladder(steps, self._width, how, ASCII_SIGNS if ascii_ else SIGNS)
        self._sentences = Sentences(how, "->" if ascii_ else "→")

    def lines(self, found: Iterable[Part]) -> Iterator[str]:
        """Yield the lines."""
        lang = self._how.lang
        title = translate("connection {number}", lang).format(number=self._one.gathered.number)
        ends = (f"{translate(role, lang)} {end}" for role, end in zip(SIDES, self._one.gathered.ends, strict=True))
        yield f"\n{title}: {', '.join(ends)}\n\n"
        for part in found:
            if part.fold is not None:
                yield f"{self._folded(part.fold)}\n" if self._brief else f"{self._folded(part.fold)}\n\n"
            elif part.step is not None:
                yield f"{self._drawn(self._ladder[part.at])}\n"
            if part.said and not self._brief:
                for said in part.said:
                    yield from self._sentence(said)
                yield "\n"

    def _drawn(self, line: Line) -> str:
        return "".join(painted(run.text, run.tone) if self._colour else run.text for run in line).rstrip()

    def _folded(self, fold: Fold) -> str:
        lines = wrapped(f"... {self._sentences.fold(fold)}", self._width - INDENT)
        return "\n".join(f"{' ' * INDENT}{line}" for line in lines)

    def _sentence(self, said: Why | Said) -> Iterator[str]:
        for line in wrapped(self._sentences.sentence(said), min(self._width, WIDTH) - INDENT):
            yield f"{' ' * INDENT}{line}\n"
