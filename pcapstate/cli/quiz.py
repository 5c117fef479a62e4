"""``pcapstate quiz``: questions about the states of a connection, asked in the terminal or written for students."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import NamedTuple

import click

from ..output.screen import screen
from ..output.whole_files import output_to, write
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
    code: int
    """What the command exits with: 1 if the capture is damaged."""


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
    plan = Plan(wording, filter, seed, ascii_, export is not None)
    rounds = _rounds(source, sample, connection, most, plan)
    if export is not None:
        form = format_ or SUFFIXES.get(os.path.splitext(export)[1].lower(), EXPORTS[0])
        given = list(rounds)
        items = [_item(one, question) for one in given for question in one.questions][:most]
        with nullcontext() if export == "-" else output_to(export):
            write([exported(items, form, wording.lang).encode()])
        context.exit(max(one.code for one in given))
    context.exit(_ask(rounds, most, wording.lang))


class Plan(NamedTuple):
    """How each connection is asked about."""

    wording: WordingOptions
    filter: str | None
    seed: int
    ascii: bool
    exported: bool


def _rounds(
    source: SourceOptions, sample: Sample | None, connection: int | None, most: int | None, plan: Plan
) -> Iterator[Round]:
    """Yield the questions of one connection, or of each sample."""
    if source.captures:
        yield _round(source, sample, connection, most or ENOUGH, plan)
    elif connection is not None or plan.filter is not None or source.at is not None:
        raise click.UsageError("--connection, --filter and --at need a capture")
    else:
        for one in SAMPLES:
            of = source._replace(captures=(str(capture_of(one)),))
            yield _round(of, one, one.connection, OF_EACH, plan)


def _round(source: SourceOptions, sample: Sample | None, connection: int | None, most: int, plan: Plan) -> Round:
    lang = plan.wording.lang
    one = one_connection(source, connection, plan.filter, plan.wording.utc, lang)
    number, steps, shown = one.gathered.number, one.gathered.steps(), screen()
    width = WIDTH if plan.exported or shown is None else min(shown.columns, WIDEST)
    texts = Texts(steps, width, manner(plan.wording, one.reading.start), plan.ascii)
    # Another one for each connection, so that not all are asked the same.
    chance = f"{plan.seed} {number} {sample.name if sample else ''}"
    asked = questions(steps, duration(round(source.time_wait.seconds * 1e9)), most, chance)
    if sample is not None:
        title, look = translate(sample.title, lang), f"pcapstate explain --sample {sample.name}"
        look += f" --without {sample.lost}" if sample.lost is not None else ""
    else:
        title = translate("connection {number}", lang).format(number=number)
        look = f"pcapstate explain … --connection {number}"
        one.say_others("the questions are about connection {number} of {count:,}; --connection N chooses", lang)
    if not asked:
        one.reading.say("the packets of connection {number} leave nothing to ask", number=number)
    return Round(title, look, texts, asked, one.reading.finish())


def _item(one: Round, question: Question) -> Item:
    lines = tuple("".join(run.text for run in line).rstrip() for line in one.texts.ladder(question))
    texts, explained = tuple(one.texts.choices(question)), tuple(one.texts.explained(question))
    told = one.texts.question(question), texts, question.right, explained
    return Item(one.title, question.kind.value, one.texts.number(question), lines, *told)


def _ask(rounds: Iterator[Round], most: int | None, lang: str) -> int:
    score, look, code = Score(), dict[str, None](), 0
    # A menu is drawn again in its place, which a dumb terminal cannot do.
    menus = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    with keys() if menus else nullcontext() as read:
        asking = Asking(lang, read)
        with suppress(Ended, KeyboardInterrupt):
            for one in rounds:
                title, code = one.title, max(code, one.code)
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
    return code
