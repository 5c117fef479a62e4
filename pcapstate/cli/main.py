"""The command ``pcapstate``: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import sys

import click

from .. import __version__, compiled
from ..errors import PcapstateError
from ..naming import safe
from .completion import completion
from .connections import connections
from .netstat import netstat
from .session import OutputClosed
from .states import states
from .timeline import timeline


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


cli.add_command(netstat)
cli.add_command(timeline)
cli.add_command(connections)
cli.add_command(states)
cli.add_command(completion)


def main() -> None:
    """Run the command line; every expected failure is one line on stderr and an exit code."""
    if sys.stdout is None:
        print("pcapstate: standard output is closed", file=sys.stderr)
        sys.exit(2)
    compiled.announce = lambda message: click.echo(f"pcapstate: {message}", err=True)
    try:
        code = cli.main(prog_name="pcapstate", standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        click.echo(f"pcapstate: {safe(' '.join(error.format_message().split()))}{hint}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("pcapstate: interrupted", err=True)
        code = 1
    except PcapstateError as error:
        click.echo(f"pcapstate: {error}", err=True)
        code = 2
    except OutputClosed:
        _quiet()
        code = 0
    except OSError as error:
        click.echo(f"pcapstate: writing failed: {error.strerror or error}", err=True)
        _quiet()
        code = 2
    except MemoryError:
        click.echo("pcapstate: out of memory", err=True)
        code = 2
    sys.exit(code or 0)


def _quiet() -> None:
    """Let nothing be written any more to where nobody reads (``| head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
