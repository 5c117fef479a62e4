"""``pcapstate diagram``: the state diagram of TCP, and the paths of a connection on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ..diagram.figure import Picture
from ..diagram.figure import connection as connection_drawn
from ..output.whole_files import output_to, write
from ..samples.catalogue import Sample
from ..wording.styles import STYLES
from .options import STATE_STYLE, SourceOptions, file_options
from .sample_options import sample_options
from .spoken import lang_option

if TYPE_CHECKING:
    from .session import Session

FORMATS = ("text", "svg", "mermaid", "dot")
SUFFIXES = {".txt": "text", ".svg": "svg", ".mmd": "mermaid", ".dot": "dot", ".gv": "dot"}


@click.command()
@file_options
@sample_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Draw this connection (tcp.stream).")
@click.option("--filter", metavar="EXPR", help='Draw a connection that matches, such as "outcome = refused".')
@click.option("--utc", is_flag=True, help="Clock times of --filter and --at in UTC instead of local time.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Output format. [default: text]")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help=f"Write to this file, whole or not at all; its suffix selects a format ({', '.join(SUFFIXES)}).",
)
@STATE_STYLE
@lang_option()
@click.pass_context
def diagram(
    context: click.Context,
    source: SourceOptions,
    sample: Sample | None,
    connection: int | None,
    filter: str | None,
    utc: bool,
    format_: str | None,
    output: str | None,
    style: str,
    lang: str,
) -> None:
    """Draw RFC 9293's state diagram, with the path that each end of a connection took.

    Without a capture, the diagram alone. With one, the paths of a connection, numbered with the packets that show
    each step: the client's line is solid, the server's dashed, and a frame marks the state at the end. Without
    --connection it is the connection with the most to see, a whole life if there is one. Steps that are not in the
    RFC's figure (a RST, a gap in the capture, a revised assumption) are drawn where the connection makes them.

    \b
    Examples:
      pcapstate diagram
      pcapstate diagram --output states.svg --style linux
      pcapstate diagram capture.pcapng --connection 3 --output connection-3.svg
      pcapstate diagram --sample simultaneous-close
      pcapstate diagram capture.pcapng --filter "outcome = refused" --format mermaid
    """
    chosen = format_ or SUFFIXES.get(os.path.splitext(output or "")[1].lower(), FORMATS[0])
    draw: Callable[[Picture], str] = import_module(f"pcapstate.diagram.{chosen}").drawn
    picture = Picture(STYLES[style], lang)
    code = 0
    with nullcontext() if output in (None, "-") else output_to(str(output)):
        if source.captures:
            picture, reading = of_a_connection(picture, source, connection, filter, utc)
            reading.write([draw(picture).encode()])
            code = reading.finish()
        elif connection is not None or filter is not None or source.at is not None:
            raise click.UsageError("--connection, --filter and --at need a capture")
        else:
            write([draw(picture).encode()])
    context.exit(code)


def of_a_connection(
    picture: Picture, source: SourceOptions, number: int | None, filter: str | None, utc: bool
) -> tuple[Picture, Session]:
    """Return the picture of a connection, and the reading at its end."""
    # Without a capture nothing of this is loaded.
    from .one_connection import one_connection

    one = one_connection(source, number, filter, utc, picture.lang)
    one.say_others("connection {number} of {count:,} is drawn; --connection N draws another", picture.lang)
    told = connection_drawn(one.gathered.number, one.gathered.ends, one.gathered.changes())
    return picture._replace(connection=told), one.reading
