"""``pcapstate extract``: a capture of the packets of chosen connections."""

from __future__ import annotations

from contextlib import nullcontext

import click
import numpy as np

from .. import memory
from ..messages import Message
from ..output.whole_files import output_to
from ..query.options import SelectionOptions
from ..rows import Rows, among, unique
from ..tcp.flow_table import FlowTable
from .choice import ConnectionChoice
from .options import SourceOptions, file_options
from .session import Session
from .spoken import HEADINGS, lang_option

PCAP_SUFFIXES = (".pcap", ".cap", ".dmp")
"""Suffixes of files that are written as pcap; all others are pcapng."""


@click.command()
@file_options
@click.option("--connection", multiple=True, metavar="N,...", help="Only these connections (tcp.stream).")
@click.option("--state", multiple=True, metavar="STATE,...", help="Only connections with an end in these states.")
@click.option("--port", multiple=True, metavar="PORT,...", help="Only connections with these ports, at either end.")
@click.option("--host", multiple=True, metavar="HOST,...", help="Only connections of these addresses or networks.")
@click.option(
    "--filter", metavar="EXPR", help='Only connections that match, such as "outcome = refused and server_port = 443".'
)
@click.option("--utc", is_flag=True, help="Clock times of --filter and --at in UTC instead of local time.")
@click.option(
    "--around",
    type=click.FloatRange(min=0),
    metavar="S",
    help="Also all packets from S seconds before to S seconds after each of these connections.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(), metavar="FILE", help="The capture to write; - is stdout."
)
@lang_option(help=HEADINGS)
@click.pass_context
def extract(
    context: click.Context,
    source: SourceOptions,
    connection: tuple[str, ...],
    state: tuple[str, ...],
    port: tuple[str, ...],
    host: tuple[str, ...],
    filter: str | None,
    utc: bool,
    around: float | None,
    output: str,
    lang: str,
) -> None:
    """Write the packets of chosen connections to a new capture.

    Packets are copied byte for byte, with their time stamps, interfaces and comments; a segment's fragments and ICMP
    errors about a connection belong to it. The result is pcapng, or pcap if FILE ends in .pcap. --at chooses
    connections by their state at that moment.

    \b
    Examples:
      pcapstate extract capture.pcapng --connection 3,7 -o two.pcapng
      pcapstate extract capture.pcapng --state CLOSE_WAIT -o close-wait.pcapng
      pcapstate extract capture.pcapng --host 10.0.0.7 --around 2 -o host.pcap
      pcapstate extract *.pcapng --host 10.0.0.5 -o - | tshark -r -
    """
    numbers = connection_numbers(connection)
    choice = ConnectionChoice(SelectionOptions(state, port, host, filter), (), utc, source.memory)
    if numbers is None and not choice.chooses:
        raise click.UsageError("choose connections with --connection, --state, --port, --host or --filter")
    if "-" in source.captures:
        raise click.UsageError("the capture is read several times: give a file, not standard input")
    with output_to(output) if output != "-" else nullcontext():
        code = written(source, numbers, choice, around, utc, lang, output.lower().endswith(PCAP_SUFFIXES))
    context.exit(code)


def written(
    source: SourceOptions,
    numbers: Rows | None,
    choice: ConnectionChoice,
    around: float | None,
    utc: bool,
    lang: str,
    is_pcap: bool,
) -> int:
    """Write the packets of chosen connections to where output goes; return the exit code."""
    # Only this command needs it: loading takes its time.
    from ..extraction import ChosenPackets, Extraction, windows_around
    from ..wording.counts import Count

    windows = np.zeros((0, 2), dtype=np.int64)
    if choice.chooses or around is not None:
        gathered = choice.gathered
        first = Session(
            source,
            details=gathered.details,
            watchers=gathered.watchers,
            followers=[gathered.moved],
            each=memory.CHOSEN + gathered.bytes_each,
            beside=gathered.bytes_beside,
            utc=utc,
            lang=lang,
        )
        first.read()
        table = first.capture.table
        rows = choice.rows(first) if choice.chooses else np.arange(len(table.connections))
        if numbers is not None:
            check(numbers, table)
            rows = rows[among(table.numbers(rows), numbers)]
        numbers = np.sort(table.numbers(rows))
        if not len(rows):
            first.finish()
            raise click.ClickException(
                Message("no connection matches; there are {count:,} without the filter", count=table.count)
            )
        if around is not None:
            windows = windows_around(table, rows, around)
    assert numbers is not None
    packets = ChosenPackets(numbers, windows)
    second = Session(source._replace(at=None), each=memory.CHOSEN, watchers=lambda _: [packets], utc=utc, lang=lang)
    packets.attach(second.capture.table)
    second.read()
    check(numbers, second.capture.table)
    copied = Extraction(source.captures, packets.marks.bits)
    second.write(copied.pcap() if is_pcap else copied.pcapng())
    code = second.finish()
    text = "{packets:packet|packets} of {count:connection|connections}"
    second.say(text, packets=Count(packets.marks.count), count=Count(len(numbers)))
    return code


def check(numbers: Rows, table: FlowTable) -> None:
    """Complain about a connection number that the capture does not have."""
    if numbers[-1] >= table.count:
        raise click.UsageError(
            Message("there is no connection {number}; the capture has {count:,}", number=numbers[-1], count=table.count)
        )


def connection_numbers(given: tuple[str, ...]) -> Rows | None:
    """Read ``--connection``: numbers and ranges of numbers; None where it is not given. Raises BadParameter."""
    if not given:
        return None
    from ..query.errors import Unfit
    from ..query.fields import Field, Kind
    from ..query.values import numbers

    found: list[int] = []
    for word in ",".join(given).split(","):
        first, dots, last = word.partition("..")
        try:
            low, high = (int(numbers(Field(Kind.NUMBER, ("connection",)), one)[0]) for one in (first, last or first))
        except Unfit as error:
            raise click.BadParameter(str(error), param_hint="--connection") from None
        if low < 0 or high < low or high - low > 1_000_000 or (dots and not last):
            raise click.BadParameter(
                Message("{word!r} is not a range of numbers", word=word), param_hint="--connection"
            )
        found += range(low, high + 1)
    return unique(np.array(found, dtype=np.int64))
