"""The options that several commands share: where packets come from, until when, which rows, how they are written."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from ..errors import CallError, MomentError
from ..escaping import quoted
from ..memory import LEAST
from ..messages import Message
from ..moments import parse_moment
from ..output.formats import PEOPLE, PROGRAMS, SUFFIXES
from ..output.whole_files import is_terminal, output_to
from ..query.options import SelectionOptions
from ..tcp.time_wait import DEFAULT_TWO_MSL, TimeWait
from ..views.reading_aids import Manner
from ..wording.styles import STYLES
from ..wording.times import TimeFormat
from ..working_ahead import MOST_THREADS
from .format_choice import format_option
from .spoken import HEADINGS, lang_option
from .timing import timings_option

Command = TypeVar("Command", bound=Callable[..., Any])

LONGEST_WAIT = 86_400
"""Seconds that TIME_WAIT can be said to last at most."""


class SourceOptions(NamedTuple):
    """Where packets come from, and until which moment."""

    captures: tuple[str, ...]
    time_wait: TimeWait
    split_vlans: bool
    memory: int | None
    quiet: bool
    at: str | None = None
    interfaces: tuple[str, ...] = ()
    capture_filter: str | None = None
    duration: float | None = None
    buffer: int | None = None
    no_promiscuous: bool = False
    snaplen: int | None = None
    write: str | None = None
    rotate: str | None = None
    keep: int | None = None
    wait: bool = False
    follow: bool = False
    metrics: tuple[str, int] | None = None
    user: str | None = None
    verbose: bool = False
    threads: int | None = None
    archive: Any = None
    """A dataset in place of captures: ``archive.archive.Archive``."""


class WordingOptions(NamedTuple):
    """How things are written."""

    style: str
    lang: str
    utc: bool
    relative: bool
    format: str = PEOPLE


def manner(wording: WordingOptions, start: int) -> Manner:
    """Return how tables are written for people; ``start``: of the capture, ns since the epoch. Raises UsageError."""
    if wording.utc and wording.relative:
        raise click.UsageError("--utc and --relative exclude each other")
    return Manner(STYLES[wording.style], wording.lang, TimeFormat(wording.utc, wording.relative, start))


def time_wait(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> TimeWait:
    """Read ``--time-wait``: seconds, and NETWORK=SECONDS for some hosts. Raises BadParameter."""
    from ..addresses import parse_network

    whole, elsewhere = DEFAULT_TWO_MSL, []
    for value in values:
        where, equals, text = value.rpartition("=")
        try:
            seconds = float(text)
            network = parse_network(where) if equals else None
        except ValueError as error:
            said = Message("{text} is not a number of seconds", text=quoted(text))
            given = equals and "network" in str(error)
            raise click.BadParameter(str(error) if given else said, context, parameter) from None
        if math.isnan(seconds):
            raise click.BadParameter("is not a number", context, parameter)
        if not 0 <= seconds <= LONGEST_WAIT:
            raise click.BadParameter(
                Message("{text} is not between 0 and {most:,} seconds", text=quoted(text), most=LONGEST_WAIT),
                context,
                parameter,
            )
        if network is None:
            whole = seconds
        else:
            elsewhere.append((network, seconds))
    # Of networks that lie in each other the smallest counts.
    elsewhere.sort(key=lambda one: -one[0].prefixlen)
    return TimeWait(whole, tuple(elsewhere))


def whole_moment(source: SourceOptions) -> SourceOptions:
    """Take for a part of the moment what stands apart: of ``--at 10:49 PM``, without quotes, "PM" became a capture."""
    if source.at is None:
        return source
    for size in (2, 1):
        for place in range(len(source.captures) - size + 1):
            parts = source.captures[place : place + size]
            with suppress(MomentError):
                whole = parse_moment(" ".join((source.at, *parts))).text
                if not any(map(os.path.lexists, parts)):
                    rest = source.captures[:place] + source.captures[place + size :]
                    return source._replace(at=whole, captures=rest)
    return source


def number(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuse what is a float and yet no number."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("is not a number")
    return value


def octets(value: str | None) -> int | None:
    """Read a number of bytes, such as 500M or 1GiB. Raises BadParameter."""
    if value is None:
        return None
    # Only who gives one needs to read it.
    from ..query.errors import Unfit
    from ..query.fields import Field, Kind
    from ..query.values import numbers

    try:
        return int(numbers(Field(Kind.NUMBER, ("bytes",)), value)[0])
    except Unfit as error:
        raise click.BadParameter(str(error)) from None


def buffer_size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read ``--buffer``, a number of bytes."""
    found = octets(value)
    if found is not None and not 1_000_000 <= found <= 1 << 30:
        raise click.BadParameter(Message("{value} is not between 1M and 1G", value=quoted(value or "")))
    return found


def size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read a number of bytes for a bound on memory, such as 500M or 1GiB."""
    bound = octets(value)
    if bound is not None and bound < LEAST:
        raise click.BadParameter(
            Message(
                "{value} is too low; the program needs at least {least} MB",
                value=quoted(value or ""),
                least=LEAST // 1_000_000,
            )
        )
    return bound


def place(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """Read ``--metrics``, an address and a port. Raises BadParameter."""
    if value is None:
        return None
    # Only who serves metrics needs it.
    from ..metrics.serving import parse_place

    try:
        return parse_place(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


FORMAT_NAMES = {"format", "format_"}


def output_option(command: Command) -> Command:
    """Add ``--output`` to a command, whose output it leads to a file."""

    @functools.wraps(command)
    def led(*arguments: Any, output: str | None, **values: Any) -> Any:
        if output is None:
            check_format(values, is_terminal())
            return command(*arguments, **values)
        context = click.get_current_context()
        for name in FORMAT_NAMES & values.keys():
            if context.get_parameter_source(name) is ParameterSource.DEFAULT:
                values[name] = SUFFIXES.get(os.path.splitext(output)[1].lower(), values[name])
        check_format(values, False)
        ended = None
        with output_to(output):
            try:
                result = command(*arguments, **values)
            except click.exceptions.Exit as end:
                # The command came to its end, and what it wrote is whole.
                result, ended = None, end
        if ended is not None:
            raise ended
        return result

    option = click.option(
        "--output",
        metavar="FILE",
        type=click.Path(),
        help=f"Write to this file, whole or not at all; its suffix selects a format ({', '.join(SUFFIXES)}).",
    )
    decorated: Any = option(led)
    found: Command = decorated
    return found


def check_format(values: dict[str, Any], terminal: bool) -> None:
    """Complain, before anything is read, about a format that cannot be written; ``terminal``: to a terminal."""
    for name in FORMAT_NAMES & values.keys():
        format = PROGRAMS.get(values[name])
        if format is None or format.check is None:
            continue
        if terminal:
            raise click.UsageError(
                Message("--format {format} is no text; send it to a file (--output) or a pipe", format=format.name)
            )
        try:
            format.check()
        except CallError as error:
            raise click.UsageError(str(error)) from None


CAPTURES = click.argument("captures", nargs=-1, metavar="CAPTURE...", type=click.Path())
AT = click.option(
    "--at",
    metavar="TIME",
    help="The moment: after the start (12.5, 1m30s), before the end (-3), a clock time, or a packet (#417).",
)
FOLLOW = click.option(
    "--follow", is_flag=True, help="Keep reading while the file, or ring of files, is being written, until Ctrl-C."
)
METRICS = click.option(
    "--metrics",
    callback=place,
    metavar="[ADDRESS]:PORT",
    help="While packets arrive: serve metrics for Prometheus at this address. [default address: 127.0.0.1]",
)
TRACKING = (
    click.option(
        "--time-wait",
        multiple=True,
        callback=time_wait,
        metavar="[HOST=]S",
        help="Seconds in TIME_WAIT (2 MSL; default 60), for all hosts or for a host or network. Repeatable.",
    ),
    click.option(
        "--split-vlans", is_flag=True, help="Separate connections with the same addresses on different VLANs or VNIs."
    ),
    click.option("--quiet", is_flag=True, help="Only errors on stderr: no remarks, no progress."),
    click.option(
        "--memory",
        callback=size,
        metavar="SIZE",
        help="Memory limit, such as 500M; connections beyond it are evicted. [default: 1G, or a quarter of the"
        " machine's memory]",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1, MOST_THREADS),
        metavar="N",
        help="Threads for reading, decoding and tracking: 1 to 3. [default: one for each processor]",
    ),
    timings_option,
)
"""How packets are followed, wherever they come from."""

FILES = (CAPTURES, AT, *TRACKING)
"""Capture files, for commands that read them several times."""

CAPTURING = (
    click.option(
        "-i",
        "--interface",
        "interfaces",
        multiple=True,
        metavar="NAME",
        help="Capture live on this interface (any: on all, on Linux) instead of reading a file. Repeatable.",
    ),
    click.option("--capture-filter", metavar="BPF", help="With -i: capture only packets that match this BPF filter."),
    click.option(
        "--duration",
        type=click.FloatRange(min=0, min_open=True),
        callback=number,
        metavar="S",
        help="With -i: end after S seconds.",
    ),
    click.option(
        "--buffer",
        callback=buffer_size,
        metavar="SIZE",
        help="With -i: the kernel's buffer for packets of each interface. [default: 32M]",
    ),
    click.option("--no-promiscuous", is_flag=True, help="With -i: only packets to and from this host."),
    click.option("--snaplen", type=int, metavar="N", help="With -i: keep only the first N bytes of each packet."),
    click.option("--wait", is_flag=True, help="With -i: wait for an interface that is not there, down, or goes away."),
    click.option("-w", "--write", metavar="FILE", help="With -i: also write the packets to this pcapng file."),
    click.option("--rotate", metavar="SIZE|TIME", help="With -w: another file after this size (100M) or time (1h)."),
    click.option("--keep", type=click.IntRange(min=1), metavar="N", help="With --rotate: keep only the last N files."),
    click.option(
        "--user",
        metavar="NAME",
        help="With -i, as root: go on as this user. [default: the caller of sudo, or nobody]",
    ),
    click.option("--verbose", is_flag=True, help="With -i: say on stderr which privileges were given up."),
)
"""How interfaces are captured on."""

SOURCE = (
    CAPTURES,
    *CAPTURING,
    AT,
    FOLLOW,
    METRICS,
    *TRACKING,
    output_option,
)

PICTURED = (CAPTURES, *CAPTURING, AT, FOLLOW, *TRACKING)
"""Packets of any kind, for a command that leads its output to files itself."""

WATCHED = (CAPTURES, *CAPTURING, FOLLOW, METRICS, *TRACKING)
"""Packets as they come, for a screen."""

SELECTION = (
    click.option("--state", multiple=True, metavar="STATE,...", help="Only these states, in any system's spelling."),
    click.option("--port", multiple=True, metavar="PORT,...", help="Only these ports, at either end."),
    click.option("--host", multiple=True, metavar="HOST,...", help="Only these addresses, networks or names."),
    click.option("--filter", metavar="EXPR", help='Only rows that match, such as "state = CLOSE_WAIT and age > 60s".'),
    click.option("--sort", metavar="COLUMN,...", help="Sort by these columns; -COLUMN sorts in descending order."),
    click.option("--columns", metavar="COLUMN,...", help="Show these columns."),
)

STATE_STYLE = click.option(
    "--style",
    type=click.Choice(tuple(STYLES)),
    default=next(iter(STYLES)),
    show_default=True,
    help="Spell the states as this system's netstat does.",
)

SPELLING = (
    click.option(
        "--style",
        type=click.Choice(tuple(STYLES)),
        default="windows",
        show_default=True,
        help="The system whose netstat the tables resemble.",
    ),
    lang_option(help=HEADINGS),
    click.option("--utc", is_flag=True, help="Clock times in UTC instead of local time."),
    click.option("--relative", is_flag=True, help="Times as seconds since the start of the capture."),
)
"""How states, times and messages are written."""

WORDING = (
    format_option(),
    *SPELLING,
)


one_object = click.option(
    "--format",
    "format_",
    type=click.Choice((PEOPLE, "json")),
    default=PEOPLE,
    show_default=True,
    help="Output format; json: one object.",
)
"""For commands that report what they did."""


def shared(
    kind: type[SourceOptions] | type[SelectionOptions] | type[WordingOptions],
    options: tuple[Callable[[Any], Any], ...],
    name: str,
) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, which gets them as one argument ``name`` of a kind."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathered(*arguments: Any, **values: Any) -> Any:
            given = kind(**{field: values.pop(field) for field in kind._fields if field in values})
            values[name] = whole_moment(given) if isinstance(given, SourceOptions) else given
            return command(*arguments, **values)

        decorated: Any = gathered
        for option in reversed(options):
            decorated = option(decorated)
        result: Command = decorated
        return result

    return decorate


source_options = shared(SourceOptions, SOURCE, "source")
file_options = shared(SourceOptions, FILES, "source")
pictured_options = shared(SourceOptions, PICTURED, "source")
watched_options = shared(SourceOptions, WATCHED, "source")
selection_options = shared(SelectionOptions, SELECTION, "selection")
wording_options = shared(WordingOptions, WORDING, "wording")
spelling_options = shared(WordingOptions, SPELLING, "wording")


def wording_options_of(command: str) -> Callable[[Command], Command]:
    """Return ``wording_options`` for a command that has formats of its own."""
    return shared(WordingOptions, (format_option(command=command), *SPELLING), "wording")
