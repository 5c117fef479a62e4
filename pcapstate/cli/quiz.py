"""``pcapstate quiz``: questions about the states of a connection, asked in the terminal or written for students."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import NamedTuple

import click

from ..errors import OutputClosed
from ..output.screen import screen
from ..output.whole_files import out, output_to
from ..quiz.checking import Score
from ..quiz.exports import EXPORTS, Item, exported
from ..quiz.questions import ENOUGH, Question, questions
from ..quiz.texts import Texts
from ..samples.catalogue import SAMPLES, Sample, capture_of
from ..wording.languages import translate
from ..wording.times import duration
from .keys import keys
from .one_connection import one_connection
from .options import SourceOptions, WordingOptions, file_options, manner, spelling_options
from .quiz_asking import Asking, Ended
from .sample_options import sample_options

SUFFIXES = {".md": "markdown", ".gift": "gift", ".txt": "gift", ".json": "json"}
OF_EACH = 3
"""Questions about each sample, where all are gone through."""
WIDTH, WIDEST = 100, 120


class Round(NamedTuple):
    """The questions about one connection."""

    title: str
    look: str
    """The command that explains it."""
    texts: Texts
    questions: list[Question]


@click.command()
@file_options
@sample_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Ask about this connection (tcp.stream).")
@click.option("--filter", metavar="EXPR", help='Ask about a connection that matches, such as "outcome = refused".')
@click.option("--questions", "most", type=click.IntRange(min=1), metavar="N", help="Ask so many questions at most.")
@click.option("--seed", type=int, default=0, metavar="N", help="Another number, another choice of questions.")
@click.option(
    "--export", metavar="FILE", type=click.Path(), help="Write questions and answers to a file; - for stdout."
)
@click.option("--format", "format_", type=click.Choice(EXPORTS), help="Format of --export. [default: by its suffix]")
@click.option("--ascii", "ascii_", is_flag=True, help="Draw with ASCII characters only.")
@spelling_options
@click.pass_context
def quiz(
    context: click.Context,
    source: SourceOptions,
    sample: Sample | None,
    wording: WordingOptions,
    connection: int | None,
    filter: str | None,
    most: int | None,
    seed: int,
    export: str | None,
    format_: str | None,
    ascii_: bool,
) -> None:
    """Ask what state each side is in after a packet, which packet comes next, and which one was lost.

    Without a capture it goes through the samples, the easy ones first. Choose with the arrow keys, or type an answer:
    the letter of a choice, or a state in the spelling of any system. ? gives a hint, Ctrl-C ends.

    \b
    Examples:
      pcapstate quiz
      pcapstate quiz --sample half-close
      pcapstate quiz capture.pcapng --connection 3
      pcapstate quiz --export quiz.gift
    """
    if format_ is not None and export is None:
        raise click.UsageError("--format needs --export")
    rounds = _rounds(source, sample, wording, connection, filter, most, seed, ascii_, export is not None)
    if export is not None:
        form = format_ or SUFFIXES.get(os.path.splitext(export)[1].lower(), EXPORTS[0])
        items = [_item(one, question) for one in rounds for question in one.questions][:most]
        with nullcontext() if export == "-" else output_to(export):
            _write(exported(items, form, wording.lang))
        return
    _ask(rounds, most, wording.lang)


def _rounds(
    source: SourceOptions,
    sample: Sample | None,
    wording: WordingOptions,
    connection: int | None,
    filter: str | None,
    most: int | None,
    seed: int,
    ascii_: bool,
    written: bool,
) -> Iterator[Round]:
    """Yield the questions of one connection, or of each sample."""
    if source.captures:
        if sample is not None and connection is None and filter is None:
            connection = sample.connection
        given = [(source, connection, sample, most or ENOUGH)]
    elif connection is not None or filter is not None or source.at is not None:
        raise click.UsageError("--connection, --filter and --at need a capture")
    else:
        given = [(source._replace(captures=(str(capture_of(one)),)), one.connection, one, OF_EACH) for one in SAMPLES]
    for place, number, about, many in given:
        yield _round(place, number, filter, about, wording, many, seed, ascii_, written)


def _round(
    source: SourceOptions,
    connection: int | None,
    filter: str | None,
    sample: Sample | None,
    wording: WordingOptions,
    most: int,
    seed: int,
    ascii_: bool,
    written: bool,
) -> Round:
    one = one_connection(source, connection, filter, wording.utc, wording.lang)
    steps = one.gathered.steps()
    shown = screen()
    width = WIDTH if written or shown is None else min(shown.columns, WIDEST)
    texts = Texts(steps, width, manner(wording, one.reading.start), ascii_)
    # Another one for each connection, so that not all are asked the same.
    chance = f"{seed} {one.gathered.number} {sample.name if sample else ''}"
    asked = questions(steps, duration(round(source.time_wait.seconds * 1e9)), most, chance)
    if sample is not None:
        title, look = translate(sample.title, wording.lang), f"pcapstate explain --sample {sample.name}"
    else:
        title = translate("connection {number}", wording.lang).format(number=one.gathered.number)
        look = f"pcapstate explain … --connection {one.gathered.number}"
        one.say_others("the questions are about connection {number} of {count:,}; --connection N chooses", wording.lang)
    if not asked:
        one.reading.say("the packets of connection {number} leave nothing to ask", number=one.gathered.number)
    one.reading.finish()
    return Round(title, look, texts, asked)


def _item(one: Round, question: Question) -> Item:
    lines = tuple("".join(run.text for run in line).rstrip() for line in one.texts.ladder(question))
    texts, explained = tuple(one.texts.choices(question)), tuple(one.texts.explained(question))
    told = one.texts.question(question), texts, question.right, explained
    return Item(one.title, question.kind.value, one.texts.number(question), lines, *told)


def _ask(rounds: Iterator[Round], most: int | None, lang: str) -> None:
    score, look = Score(), dict[str, None]()
    # A menu is drawn again in its place, which a dumb terminal cannot do.
    menus = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    with keys() if menus else nullcontext() as read:
        asking = Asking(lang, read)
        with suppress(Ended, KeyboardInterrupt):
            for one in rounds:
                title = one.title
                for question in one.questions:
                    if most is not None and score.asked >= most:
                        raise Ended
                    asking.show(title, one.texts.ladder(question))
                    title = ""
                    right, hints = asking.answered(one.texts, question)
                    score = score.with_answer(question, right, hints)
                    if not right:
                        look[one.look] = None
    asking.end(score, list(look))


def _write(text: str) -> None:
    try:
        out().write(text.encode())
        out().flush()
    except BrokenPipeError:
        raise OutputClosed from None
