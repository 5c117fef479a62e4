"""``pcapstate browse``: the screen of ``live`` over capture files, at any moment."""

from __future__ import annotations

import click

from .options import SourceOptions, WordingOptions, file_options, spelling_options
from .screen_options import ScreenOptions, screen_options


@click.command()
@file_options
@screen_options
@spelling_options
@click.pass_context
def browse(context: click.Context, source: SourceOptions, look: ScreenOptions, wording: WordingOptions) -> None:
    """Show the connections of a capture on a screen, at any moment of it.

    It begins at the end of the capture, or --at a moment. Left and right move in time, comma and full stop to the
    change of state before or after, p plays. Enter shows a connection packet by packet. ? lists all keys.

    \b
    Examples:
      pcapstate browse capture.pcapng
      pcapstate browse capture.pcapng --at 12.5 --local 192.168.1.5
      pcapstate browse *.pcapng --filter "port = 443"
    """
    from .screen_session import run

    if not source.captures:
        raise click.UsageError("name a capture file; pcapstate live captures on an interface")
    context.exit(run(source, wording, look, 0.5))
