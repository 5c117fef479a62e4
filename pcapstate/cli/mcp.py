"""``pcapstate mcp``: answers for programs that talk the Model Context Protocol."""

from __future__ import annotations

from typing import Any

import click

from ..errors import CallError
from ..escaping import quoted
from ..memory import DEFAULT
from ..messages import Message
from .options import octets
from .spoken import HEADINGS, lang_option

TIMEOUT = 60.0
ROWS = 500


def _size(context: click.Context, parameter: click.Parameter, value: str) -> int:
    # Only this command needs it.
    from ..agents.kept import LEAST

    bound = octets(value) or 0
    if bound < LEAST:
        raise click.BadParameter(
            Message(
                "{value} is too low; the program needs at least {least} MB",
                value=quoted(value),
                least=LEAST // 1_000_000,
            )
        )
    return bound


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "--timeout",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=TIMEOUT,
    show_default=True,
    metavar="S",
    help="Give up an answer that takes longer, in seconds.",
)
@click.option(
    "--memory",
    callback=_size,
    default=f"{DEFAULT // 1_000_000}M",
    show_default=True,
    metavar="SIZE",
    help="Bytes that each of the two processes that read captures may take.",
)
@click.option(
    "--rows",
    type=click.IntRange(1, 100_000),
    default=ROWS,
    show_default=True,
    metavar="N",
    help="The most rows of an answer.",
)
@lang_option(help=HEADINGS)
def mcp(folders: tuple[str, ...], timeout: float, memory: int, rows: int, **_: Any) -> None:
    """Answer agents about the captures in these folders, by the Model Context Protocol.

    The server reads requests on standard input and writes answers on standard output. A client starts it, such as an
    editor or an assistant. It reads captures under these folders (or these files) and nothing else, writes nothing, and
    no answer has a byte of payload. It needs the extra "mcp".

    \b
    Examples:
      pcapstate mcp captures/
      pcapstate mcp captures/ incident.pcapng --timeout 30 --rows 200
    """
    from ..agents.roots import Roots

    try:
        roots = Roots(folders)
    except CallError as error:
        raise click.UsageError(str(error)) from None
    try:
        from ..agents.server import serve
    except ImportError as error:
        raise click.ClickException(
            Message(
                'the SDK of the protocol is missing ({name}); install it with: pip install "pcapstate[mcp]"',
                name=error.name or "mcp",
            )
        ) from None
    from ..agents.pool import Pool
    from ..agents.worker import Limits

    serve(Pool(roots.paths, Limits(memory, rows), timeout))
