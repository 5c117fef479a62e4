"""``pcapstate archive``: weeks of captures as a dataset, and the commands that ask it."""

from __future__ import annotations

import importlib
from typing import Any

import click

from ..wording.languages import ENGLISH
from .main import Commands
from .spoken import lang_option

COMMANDS = ("build", "netstat", "connections", "timeline", "diagnose", "plot", "verify", "compact")


class ArchiveCommands(click.Group):
    """The commands on datasets, each loaded where it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command
        if cmd_name in ("build", "verify", "compact"):
            module = importlib.import_module(f"{__package__}.archive_{cmd_name}")
            command = getattr(module, cmd_name)
        else:
            command = importlib.import_module(f"{__package__}.archive_questions").question(cmd_name)
        language = Commands.spoken.language if ctx is None else _language(ctx)
        if language == ENGLISH:
            return command
        from .translated import translated

        return translated(command, language)


def _language(context: click.Context) -> str:
    from .spoken import of_this_run

    return of_this_run(context).language


@click.group(cls=ArchiveCommands, context_settings={"help_option_names": ["-h", "--help"]})
@lang_option()
def archive(**_: Any) -> None:
    """Keep weeks of captures as a dataset, and ask it what netstat said at any moment.

    A dataset has, for each connection, how it went, and the state of both endpoints at any time, in Parquet. It grows
    with each build, on one machine or on a Spark cluster.

    \b
    Examples:
      pcapstate archive build captures/ -o dataset
      pcapstate archive netstat dataset --at "2026-11-07 14:05Z" --local 10.0.0.20
      pcapstate archive connections dataset --filter "server_port = 443 and outcome = refused"
    """
