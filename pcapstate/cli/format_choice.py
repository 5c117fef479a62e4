"""The option ``--format``: the formats of all tables, and those that only one command has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..messages import Message
from ..output.formats import OWN, PEOPLE, formats_of

Command = TypeVar("Command", bound=Callable[..., Any])


class FormatChoice(click.Choice[str]):
    """The formats of a command. Of another command's it says whose they are."""

    def __init__(self, command: str = "") -> None:
        super().__init__(formats_of(command))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a format; raises BadParameter."""
        if value in OWN and value not in self.choices:
            text = Message("{format} is a format of {command} only", format=value, command=f"pcapstate {OWN[value]}")
            self.fail(text, param, ctx)
        return super().convert(value, param, ctx)


def format_option(name: str = "format", command: str = "") -> Callable[[Command], Command]:
    """Return the option, whose value a command gets under a name; ``command``: the one that has formats of its own."""
    return click.option(
        "--format", name, type=FormatChoice(command), default=PEOPLE, show_default=True, help="Output format."
    )
