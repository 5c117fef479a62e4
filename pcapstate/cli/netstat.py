"""``pcapstate netstat``: the tables that netstat would have shown."""

from __future__ import annotations

import os
import re
from typing import Any

import click
from click.core import ParameterSource

from ..addresses import parse_network
from ..escaping import abridged
from ..memory import default_bound
from ..messages import Message
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..sockets.question import PROTOCOLS
from ..wording.languages import ENGLISH
from ..wording.styles import LINUX
from .netstat_letters import NetstatCommand, understood
from .netstat_tables import NetstatTables
from .options import (
    SourceOptions,
    WordingOptions,
    selection_options,
    source_options,
    wording_options,
)
from .session import Session
from .unread import say_unread

INTERVAL = re.compile(r"\d+(\.\d+)?", re.ASCII)


@click.command(cls=NetstatCommand)
@source_options
@click.option("-a", "--all", "all_", is_flag=True, help="Also listening ports, and UDP ports in use.")
@click.option("-n", "--numeric", is_flag=True, help="Addresses and ports as numbers.")
@click.option("-f", "--fqdn", is_flag=True, help="Fully qualified host names, not only their first label.")
@click.option("-o", "--pid", is_flag=True, help="The ID of the owning process, if the capture has it.")
@click.option("-b", "--program", is_flag=True, help="The program, or the application that the packets show.")
@click.option("-e", "--ethernet", is_flag=True, help="Ethernet statistics.")
@click.option("-r", "--route", is_flag=True, help="The routing table, as far as the traffic shows it.")
@click.option("-s", "--statistics", is_flag=True, help="Statistics by protocol.")
@click.option(
    "-p",
    "--protocol",
    type=click.Choice(PROTOCOLS, case_sensitive=False),
    help="Only this protocol. Without one, as on Linux: --programs.",
)
@click.option("-t", "--tcp", is_flag=True, help="As on Linux: TCP.")
@click.option("-u", "--udp", is_flag=True, help="As on Linux: UDP.")
@click.option("-l", "--listening", is_flag=True, help="As on Linux: listening ports, and UDP ports.")
@click.option("-x", "--unix", is_flag=True, help="As on Linux: UNIX sockets, which are in no capture.")
@click.option("-4", "--inet", is_flag=True, help="As on Linux: IPv4.")
@click.option("-6", "--inet6", is_flag=True, help="As on Linux: IPv6.")
@click.option("--programs", is_flag=True, help="As -p on Linux: process ID and program, if the capture has them.")
@click.option(
    "--local",
    multiple=True,
    metavar="ADDRESS|NETWORK",
    help="Whose netstat: that of this host, or of all hosts of a network.",
)
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(),
    help="With -o, -b, -a: also what the host itself printed, as for pcapstate check; marked as such.",
)
@click.option("--both", is_flag=True, help="The states of both ends side by side.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="With INTERVAL: at most N tables.")
@click.option("--resolve", is_flag=True, help="Ask the network for names that the capture does not have.")
@selection_options
@wording_options
@click.pass_context
def netstat(
    context: click.Context,
    /,
    source: SourceOptions,
    selection: SelectionOptions,
    wording: WordingOptions,
    local: tuple[str, ...],
    against: str | None,
    count: int | None,
    **letters: Any,
) -> None:
    """Show what netstat would have printed on a host at a moment: --at, or the end of the capture.

    Without --local, the host is the one that takes part in every connection, or else the one station in every
    Ethernet frame. If there is neither, each connection is shown from its client's side. A line above the table says
    which.

    A number after the captures is an INTERVAL: the table is repeated every so many seconds of the capture's time.

    With --style, or with the letters of Linux (-tulpn), the table has exactly that system's format, for scripts.

    \b
    Examples:
      pcapstate netstat capture.pcapng
      pcapstate netstat -ano capture.pcapng --local 192.168.1.5 --at 12.5
      pcapstate netstat capture.pcapng 60 --filter "state = CLOSE_WAIT and age > 60s"
      pcapstate netstat -e -s capture.pcapng
      pcapstate netstat -tulpn capture.pcapng
      sudo pcapstate netstat -i eth0 5
    """
    source, every = interval(source)
    if count is not None and every is None:
        raise click.UsageError("--count goes with an INTERVAL, a number of seconds after the captures")
    for one in local:
        try:
            parse_network(one)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    linux, question, unanswerable = understood(local=local, **letters)
    styled = context.get_parameter_source("style") is not ParameterSource.DEFAULT
    if linux and not styled:
        wording = wording._replace(style=LINUX.name)
    word = None
    if against is not None:
        # Only this option needs it.
        from ..hosts_word.reading import read_hosts_word

        word = read_hosts_word(against)
    # Programs get the same words in each language.
    shown = wording if wording.format == PEOPLE else wording._replace(lang=ENGLISH)
    tables = NetstatTables(
        question,
        selection,
        shown,
        repeats=every is not None,
        dated=every is not None or source.at is not None,
        bound=source.memory or default_bound(),
        exact=styled or linux,
        styled=styled,
        word=word,
    )
    reading = Session(
        source,
        details=tables.gathering.details,
        watchers=tables.gathering.watchers,
        followers=tables.followers,
        each=tables.bytes_each,
        beside=tables.gathering.bytes_beside,
        every=every,
        count=count,
        utc=wording.utc,
        lang=wording.lang,
        local=local,
        network=question.resolve,
    )
    tables.read(reading)
    code = reading.finish()
    tables.remark(reading)
    for line in unanswerable:
        reading.say(line)
    if word is not None:
        code = max(code, say_unread(reading, word))
        if (styled or linux) and shown.format == PEOPLE:
            # This form has no column for it.
            reading.say("processes, and ports that no packet shows, are as {file} has them", file=word.name)
    context.exit(code)


def interval(source: SourceOptions) -> tuple[SourceOptions, float | None]:
    """Take a number behind the captures for the interval, unless a file has that name."""
    captures = source.captures
    if not captures or not INTERVAL.fullmatch(captures[-1]) or os.path.exists(captures[-1]):
        return source, None
    every = float(captures[-1])
    if not 1e-9 <= every <= 1e9:
        raise click.UsageError(
            Message("an interval of {interval} seconds is not possible", interval=abridged(captures[-1]))
        )
    return source._replace(captures=captures[:-1]), every
