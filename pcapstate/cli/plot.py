"""``pcapstate plot``: connections by state over time, in the terminal or as a picture."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from .. import memory
from ..addresses import parse_network
from ..escaping import quoted
from ..messages import Message
from ..moments import PACKET, Moment, parse_moment
from ..output.formats import FORMATS as OF_TABLES
from ..output.formats import PEOPLE, SUFFIXES
from ..output.whole_files import is_terminal, output_to
from ..query.options import SelectionOptions
from ..rows import Rows
from ..sockets.answers import Answers
from ..sockets.question import Question
from ..tcp.states import STATES, State
from ..views import states_over_time as view
from .choice import ConnectionChoice
from .netstat_remarks import NOT_THERE
from .options import SourceOptions, WordingOptions, check_format, manner, pictured_options, spelling_options
from .session import Session

if TYPE_CHECKING:
    from ..plot.picture import Picture

TEXT, SVG, PNG = "text", "svg", "png"
PROGRAMS = tuple(one for one in OF_TABLES if one != PEOPLE)
FORMATS = (TEXT, SVG, PNG, *PROGRAMS)
OF_SUFFIXES = {".txt": TEXT, ".svg": SVG, ".png": PNG, **SUFFIXES}


def _states(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[State, ...]:
    """Read ``--state``. Raises QueryError."""
    if not values:
        return ()
    # Only who names states needs it.
    from ..query.fields import Field, Kind
    from ..query.lists import read_list
    from ..query.values import value

    field = Field(Kind.STATE, ("state",), STATES)
    found: set[int] = set()
    for text in values:
        for places in read_list("--state", text, lambda word: value("state", field, word)):
            assert isinstance(places, frozenset)  # what words mean
            found |= places
    return tuple(state for state in State if state in found)


def _duration(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read ``--every``, in ns. Raises BadParameter."""
    if value is None:
        return None
    from ..query.errors import Unfit
    from ..query.fields import Field, Kind
    from ..query.values import numbers

    try:
        found = round(numbers(Field(Kind.DURATION, ("every",)), value)[0])
    except Unfit as error:
        raise click.BadParameter(str(error)) from None
    if found < 1:
        raise click.BadParameter(Message("{text} is too short", text=quoted(value)))
    return found


@click.command()
@pictured_options
@click.option("--from", "from_", metavar="TIME", help="Begin at this moment, told as for --at.")
@click.option(
    "--local", multiple=True, metavar="ADDRESS|NETWORK", help="Whose states: those of this host, or of a network."
)
@click.option("--side", type=click.Choice(view.SIDES), help="Whose states: those of clients, of servers, or of both.")
@click.option(
    "--state",
    "states",
    multiple=True,
    callback=_states,
    metavar="STATE,...",
    help="Only these states, in any system's spelling.",
)
@click.option("--port", multiple=True, metavar="PORT,...", help="Only connections with these ports, at either end.")
@click.option("--host", multiple=True, metavar="HOST,...", help="Only connections of these addresses or networks.")
@click.option("--filter", metavar="EXPR", help='Only connections that match, such as "server_port = 443".')
@click.option(
    "--every", callback=_duration, metavar="S", help="For programs: counts every S seconds (1m30s), not at each change."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Output format. [default: text]")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help=f"Write to this file, whole or not at all; its suffix selects a format ({', '.join(OF_SUFFIXES)}).",
)
@click.option("--ascii", "ascii_", is_flag=True, help="Draw with ASCII characters only.")
@spelling_options
@click.pass_context
def plot(
    context: click.Context,
    source: SourceOptions,
    wording: WordingOptions,
    from_: str | None,
    local: tuple[str, ...],
    side: str | None,
    states: tuple[State, ...],
    port: tuple[str, ...],
    host: tuple[str, ...],
    filter: str | None,
    every: int | None,
    format_: str | None,
    output: str | None,
    ascii_: bool,
) -> None:
    """Draw how many connections are in each state over time.

    Each state has a band with a scale of its own, beside its largest number of connections; a column shows the largest
    number within its time. So three connections left in CLOSE_WAIT show beside thousands in TIME_WAIT.

    Without --local or --side, states are those of the host that netstat would show: the one in every connection, or
    else those of clients. Of open states only; --state chooses others, such as CLOSED. Assumptions that later packets
    disproved do not count.

    \b
    Examples:
      pcapstate plot capture.pcapng
      pcapstate plot capture.pcapng --local 10.0.0.20 --from 14:05 --at 14:20
      pcapstate plot capture.pcapng --state TIME_WAIT,CLOSE_WAIT --port 443
      pcapstate plot capture.pcapng -o states.svg
      pcapstate plot capture.pcapng --every 60 --format csv > states.csv
    """
    chosen = format_ or OF_SUFFIXES.get(os.path.splitext(output or "")[1].lower(), TEXT)
    for one in local:
        try:
            parse_network(one)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    if local and side is not None:
        raise click.UsageError("--local and --side exclude each other")
    if every is not None and chosen not in PROGRAMS:
        raise click.UsageError("--every goes with the formats for programs; a picture has as many columns as fit")
    begin = None if from_ is None else parse_moment(from_, wording.utc)
    if begin is not None and begin.kind == PACKET:
        raise click.UsageError("--from takes a time, not a packet")
    check_format({"format": chosen}, output in (None, "-") and is_terminal())
    manner(wording, 0)
    choice = ConnectionChoice(SelectionOptions(port=port, host=host, filter=filter), (), wording.utc, source.memory)
    draw = _pen(chosen, ascii_, wording.lang)
    with nullcontext() if output in (None, "-") else output_to(str(output)):
        if chosen == PNG and is_terminal():
            raise click.UsageError("a PNG does not go to a terminal; -o FILE writes it to a file")
        found = Plotted(source, wording, local, side, choice)
        over_time = found.over_time(begin)
        shown = states or over_time.occurring()
        reading = found.reading
        if chosen in PROGRAMS:
            at = None if every is None else view.moments(over_time.start, over_time.end, every)
            if every is not None and at is None:
                raise click.UsageError(Message("--every makes more than {most:,} moments", most=view.MOST))
            reading.show(view.view(over_time, shown, at), chosen)
        else:
            # Other formats need nothing of it.
            from ..plot.picture import Picture

            picture = Picture(over_time, shown, manner(wording, reading.start), found.whose)
            reading.write([draw(picture, reading)])
        code = reading.finish()
    found.say_what_is_missing(bool(shown))
    context.exit(code)


def _pen(format_: str, ascii_: bool, lang: str) -> Callable[[Picture, Session], bytes]:
    """Return what draws pictures; what it needs is there before anything is read. Raises CallError."""
    if format_ == PNG:
        from ..plot.png import Pen

        return Pen(lang).drawn
    if format_ == SVG:
        from ..plot.svg import drawn as as_svg

        return lambda picture, _: as_svg(picture).encode()
    from ..plot.text import ASCII_SIGNS, SIGNS, WIDEST, drawn

    def as_text(picture: Picture, reading: Session) -> bytes:
        screen = reading.screen
        if screen is None:
            return drawn(picture, signs=ASCII_SIGNS if ascii_ else SIGNS).encode()
        signs = ASCII_SIGNS if ascii_ or not (sys.stdout.encoding or "").lower().startswith("utf") else SIGNS
        lines = os.get_terminal_size(sys.stdout.fileno()).lines
        return drawn(picture, min(screen.columns, WIDEST), lines, signs, screen.colour).encode()

    return as_text


class Plotted:
    """A reading for states over time, and whose they are."""

    def __init__(
        self,
        source: SourceOptions,
        wording: WordingOptions,
        local: tuple[str, ...],
        side: str | None,
        choice: ConnectionChoice,
    ) -> None:
        self._choice, self._local, self._side = choice, local, side
        self._answers = Answers(Question(local=local), shown=frozenset(), bound=source.memory)
        gathering, chosen = self._answers.gathering, choice.gathered
        self.reading = Session(
            source,
            record=True,
            kept=True,
            details=chosen.details,
            each=memory.PLOTTED + self._answers.bytes_each + chosen.bytes_each,
            beside=gathering.bytes_beside + chosen.bytes_beside,
            watchers=lambda source: [*gathering.watchers(source), *chosen.watchers(source)],
            followers=[self._answers.moved, chosen.moved],
            utc=wording.utc,
            lang=wording.lang,
        )
        self._answers.attach(self.reading)
        self._rows: Rows | None = None

    @property
    def whose(self) -> str:
        """Whose states they are, for people."""
        if self._side is not None:
            from ..plot.picture import SIDES

            return Message(SIDES[self._side])
        whose = self._answers.perspective()
        return Message(whose.why, host=whose.host)

    def over_time(self, begin: Moment | None) -> view.OverTime:
        """Read to the end; return the states over time, from a moment on. Raises UsageError."""
        reading = self.reading
        transitions = reading.history()
        start, end = reading.span()
        if begin is not None:
            start = max(begin.time(start, end), start)
            if start > end:
                raise click.UsageError(
                    Message("{moment} is after the last moment of the capture (--from)", moment=begin.text)
                )
        self._rows = self._choice.rows(reading) if self._choice.chooses else None
        whose = self._answers.perspective() if self._side is None else self._side
        return view.over_time(reading.capture.table, transitions, whose, self._rows, (start, end))

    def say_what_is_missing(self, any_: bool) -> None:
        """Say why there is nothing to see, or of whom there is nothing."""
        reading, table = self.reading, self.reading.capture.table
        if self._local and not self._answers.gathering.is_there(table, self._answers.perspective()):
            whole, so_far = NOT_THERE[False]
            reading.say(whole if reading.at is None else so_far, local=self._answers.perspective().host)
        elif self._rows is not None and not len(self._rows) and len(table.connections):
            reading.say(
                "no connection matches the filter; there are {count:,} without it", count=len(table.connections)
            )
        elif not table.count:
            # Only then it matters.
            from .emptiness import say_without_connections

            say_without_connections(reading)
        elif not any_:
            reading.say("no connection is in an open state; --state chooses other states")
