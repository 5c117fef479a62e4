"""``pcapstate completion``: the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..output.whole_files import out
from .options import output_option
from .spoken import HEADINGS, lang_option


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@lang_option(help=HEADINGS)
@output_option
@click.pass_context
def completion(context: click.Context, shell: str, lang: str) -> None:
    """Print the completion script for a shell.

    \b
    Examples:
      pcapstate completion bash >> ~/.bashrc
      pcapstate completion fish > ~/.config/fish/completions/pcapstate.fish
    """
    root = context.find_root()
    kind = get_completion_class(shell)
    assert kind is not None  # the choices are the shells that click knows
    script = kind(root.command, {}, "pcapstate", "_PCAPSTATE_COMPLETE").source()
    out().write(f"{script}\n".encode())
    out().flush()
