"""The options of the commands with a screen."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

from ..escaping import quoted
from ..messages import Message
from .options import octets

Command = TypeVar("Command", bound=Callable[..., Any])

LEAST_HISTORY = 1_000_000


class ScreenOptions(NamedTuple):
    """How the screen begins."""

    local: tuple[str, ...]
    filter: str | None
    history: int | None
    light: bool | None


def history_size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read ``--history``, a number of bytes. Raises BadParameter."""
    found = octets(value)
    if found is not None and found < LEAST_HISTORY:
        raise click.BadParameter(
            Message("{value} is too low; a minute of little traffic takes 1 MB", value=quoted(value or ""))
        )
    return found


OPTIONS = (
    click.option(
        "--local",
        multiple=True,
        metavar="ADDRESS|NETWORK",
        help="Whose table: that of this host, or of all hosts of a network.",
    ),
    click.option("--filter", metavar="EXPR", help='Only rows that match, such as "state = CLOSE_WAIT and age > 60s".'),
    click.option(
        "--history",
        callback=history_size,
        metavar="SIZE",
        help="Memory for going back in time, such as 500M. [default: at most a quarter of --memory]",
    ),
    click.option("--light/--dark", default=None, help="Colours for a light or a dark background. [default: dark]"),
)


def screen_options(command: Command) -> Command:
    """Add the options to a command, which gets them as ``look``."""

    @functools.wraps(command)
    def gathered(*arguments: Any, **values: Any) -> Any:
        look = ScreenOptions(**{field: values.pop(field) for field in ScreenOptions._fields})
        return command(*arguments, look=look, **values)

    decorated: Any = gathered
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    found: Command = decorated
    return found
