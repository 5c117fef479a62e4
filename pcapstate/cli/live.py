"""``pcapstate live``: a screen of the connections as they come and go."""

from __future__ import annotations

import click

from .netstat import interval
from .options import SourceOptions, WordingOptions, spelling_options, watched_options
from .screen_options import ScreenOptions, screen_options

INTERVAL = 1.0
"""Seconds between two pictures, unless told."""


@click.command()
@watched_options
@screen_options
@spelling_options
@click.pass_context
def live(context: click.Context, source: SourceOptions, look: ScreenOptions, wording: WordingOptions) -> None:
    """Show the connections on a screen, as they open, change their states and close.

    Without -i, it captures on the first interface that is up and not the loopback. A number is an INTERVAL in seconds,
    after which the table is drawn anew. Captures can be piped in (-) or followed (--follow).

    Left and right go back in time and on, while capturing continues; End is now. ? lists all keys.

    \b
    Examples:
      sudo pcapstate live
      sudo pcapstate live -i eth0 --filter "state = CLOSE_WAIT"
      sudo pcapstate live -i lo 0.5
      ssh router tcpdump -i eth1 -U -w - | pcapstate live -
    """
    from .screen_session import check_terminal, run

    source, every = interval(source)
    check_terminal()
    if not source.interfaces and not source.captures:
        source = source._replace(interfaces=(first_interface(),))
    context.exit(run(source, wording, look, INTERVAL if every is None else every))


def first_interface() -> str:
    """Return the interface to capture on where none is named. Raises UsageError."""
    from ..sources.interface_list import interfaces

    known = interfaces()
    usable = [one for one in known if one.up and one.addresses and not one.loopback] or [one for one in known if one.up]
    if not usable:
        raise click.UsageError("no interface is up; name one with -i (see pcapstate interfaces)")
    return usable[0].name
