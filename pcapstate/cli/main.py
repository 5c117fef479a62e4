"""The command ``pcapstate``: its subcommands, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import __version__
from ..errors import OutputClosed, PcapstateError
from ..escaping import safe
from ..messages import Message, of_name, reason
from ..wording.languages import ENGLISH, LANGUAGES, told
from .interruption import end_in_order_on_terminate
from .spoken import HEADINGS, OPTION, Spoken, say, speaking, spoken_by

COMMANDS = (
    "netstat",
    "timeline",
    "connections",
    "diagnose",
    "check",
    "live",
    "browse",
    "explain",
    "extract",
    "plot",
    "compare",
    "report",
    "annotate",
    "archive",
    "mcp",
    "wireshark",
    "diagram",
    "quiz",
    "states",
    "interfaces",
    "completion",
)
HIDDEN = ("extcap",)
"""Commands that programs call."""


class Commands(click.Group):
    """The commands, each in a module of its name that is loaded where it is called: starting fast is a feature."""

    spoken = Spoken()
    """The language of the run."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
        """Run a command line, in its language."""
        spoken = spoken_by(sys.argv[1:] if args is None else args)
        speaker = self
        if spoken.language != ENGLISH:
            # English needs nothing of it.
            from .translated import translated

            speaker = translated(self, spoken.language)
            speaker.spoken = spoken
        with speaking(spoken.language):
            return super(Commands, speaker).main(args, *rest, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if cmd_name not in (*COMMANDS, *HIDDEN):
            return None
        command: click.Command = getattr(importlib.import_module(f"{__package__}.{cmd_name}"), cmd_name)
        if self.spoken.language == ENGLISH:
            return command
        from .translated import translated

        return translated(command, self.spoken.language)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; raises UsageError, which tells what was meant."""
        if args[0] not in (*COMMANDS, *HIDDEN) and not ctx.resilient_parsing:
            # Only mistakes need it.
            from .suggestions import command_meant

            ctx.fail(command_meant(args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options in front of the command; raises UsageError."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from .suggestions import option_meant

            takers = (name for name in COMMANDS if error.option_name in self._options(ctx, name))
            raise click.UsageError(option_meant(error.option_name, takers), ctx) from None

    def _options(self, ctx: click.Context, name: str) -> set[str]:
        command = self.get_command(ctx, name)
        return set() if command is None else {one for parameter in command.params for one in parameter.opts}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(OPTION, type=click.Choice(LANGUAGES), expose_value=False, help=HEADINGS)
@click.version_option(__version__, "--version", "-V", prog_name="pcapstate", message="%(prog)s %(version)s")
def cli() -> None:
    """netstat for packets: the TCP state of both endpoints of every connection in a capture.

    \b
    Examples:
      pcapstate netstat capture.pcapng
      pcapstate timeline capture.pcapng --connection 0
      pcapstate connections capture.pcapng --format csv > connections.csv
      tcpdump -w - | pcapstate timeline -
      sudo pcapstate netstat -i eth0 --duration 10
    """


def main() -> None:
    """Run the command line; every expected failure is one line on stderr and an exit code."""
    language = spoken_by(sys.argv[1:]).language
    if sys.stdout is None:
        say("standard output is closed", language)
        sys.exit(2)
    end_in_order_on_terminate()
    # NumPy's threads, which nothing here needs, would begin before privileges are given up, and keep them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with speaking(language):
        code = _run(language)
    sys.exit(code)


def _run(language: str) -> int:
    try:
        code = cli.main(prog_name="pcapstate", standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        said = told(error.format_message(), language)
        text = Message(safe(" ".join(_cut(said).split())))
        if context is not None:
            text = Message("{error} (see {command} --help)", error=text, command=context.command_path)
        say(text, language)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", language)
        code = 1
    except PcapstateError as error:
        say(_cut(told(str(error), language)), language)
        code = 2
    except OutputClosed:
        _quiet()
        code = 0
    except OSError as error:
        if error.filename is None:
            say(Message("writing failed: {why}", why=reason(error)), language)
        else:
            say(of_name(safe(_cut(os.fsdecode(error.filename))), reason(error)), language)
        _quiet()
        code = 2
    except MemoryError:
        say("out of memory", language)
        code = 2
    return code or 0


LONGEST = 2_000
"""Characters of an error, which may repeat what was asked."""


def _cut(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


def _quiet() -> None:
    """Let nothing be written any more to where nobody reads (``| head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
