"""``pcapstate check``: the packets' table beside the one that the host itself printed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from .. import memory
from ..addresses import parse_network
from ..messages import Message
from ..moments import SECOND, written
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..sockets.question import Question
from ..table import staying
from ..wording.languages import ENGLISH, told, translate
from .options import (
    SourceOptions,
    WordingOptions,
    file_options,
    manner,
    output_option,
    selection_options,
    wording_options,
)
from .session import Session
from .unread import say_unread

if TYPE_CHECKING:
    from ..hosts_word.comparing import Compared
    from ..hosts_word.host_socket import HostsWord
    from ..hosts_word.packets_word import PacketsWord

WITHIN = 5.0
"""Seconds that nobody notices between two commands."""
ON = 10**9
"""Seconds after the moment until which reading goes on."""


@click.command()
@file_options
@output_option
@click.option(
    "--against",
    required=True,
    metavar="FILE",
    type=click.Path(),
    help="What the host printed: ss -tanp, netstat -ano, netstat -tunap, netstat -an, lsof -i, or jc's JSON of one.",
)
@click.option("--local", multiple=True, metavar="ADDRESS|NETWORK", help="Whose table the file has, by its addresses.")
@click.option(
    "--within",
    type=click.FloatRange(min=0, max=3600),
    default=WITHIN,
    show_default=True,
    metavar="S",
    help="Seconds between the moment and a change that explains a difference.",
)
@selection_options
@wording_options
@click.pass_context
def check(
    context: click.Context,
    source: SourceOptions,
    against: str,
    local: tuple[str, ...],
    within: float,
    selection: SelectionOptions,
    wording: WordingOptions,
) -> None:
    """Compare what the packets say of a host's sockets with what the host itself printed.

    FILE is what somebody saved on the host; no socket is asked. Each row agrees, differs, or is only the host's or
    only the packets'; each difference has a reason, as far as the capture supports one. The moment is --at, or the
    end of the capture.

    \b
    Examples:
      pcapstate check capture.pcapng --against ss.txt
      pcapstate check capture.pcapng --against netstat-ano.txt --at 14:05:10
      pcapstate check capture.pcapng --against ss.txt --filter "verdict != agrees" --format csv
    """
    # Only this command needs them: loading takes its time.
    from ..hosts_word.reading import form_name, read_hosts_word
    from ..views import check as view

    if not source.captures:
        raise click.UsageError("name a capture file")
    if math.isnan(within):
        raise click.BadParameter("is not a number", param_hint="--within")
    for one in local:
        try:
            parse_network(one)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    chosen = Selection(selection, view.fields, (*view.COLUMNS, *view.SOCKETS), wording.utc)
    how = manner(wording, 0)
    word = read_hosts_word(against)
    reading, packets, rows = compare(source, word, local, round(within * SECOND), wording)
    people = wording.format == PEOPLE
    shown = view.chosen(rows, chosen.choice(lambda: (reading.start, packets.moment)), wording.lang)
    how = manner(wording, reading.start)
    if people:
        table = view.view_for_people(shown, chosen.columns, how)
        whose = told(Message(packets.whose.why, host=packets.whose.host), wording.lang)
        heading = translate("{file} ({form}) and the packets at {when}, {whose}", wording.lang)
        heading = heading.format(
            file=word.name, form=form_name(word), when=how.times.moment(packets.moment), whose=whose
        )
        lines = reading.in_lines(heading)
        reading.show(staying(table) if chosen.columns else table, PEOPLE, f"\n{lines}\n\n")
        reading.write([f"\n{reading.in_lines(view.summary(rows, wording.lang))}\n".encode()])
    else:
        reading.show(view.view(shown, chosen.columns, ENGLISH), wording.format)
    code = reading.finish()
    context.exit(max(code, remark(reading, word, packets, len(rows), len(shown), how.times.utc)))


def compare(
    source: SourceOptions, word: HostsWord, local: tuple[str, ...], within: int, wording: WordingOptions
) -> tuple[Session, PacketsWord, list[Compared]]:
    """Read the capture to its end, past the moment; return the reading, the packets' rows and the comparison."""
    from ..hosts_word.comparing import compared
    from ..hosts_word.evidence import Evidence
    from ..sockets.gathering import Gathering
    from ..sockets.packets_word import packets_word

    udp = word.has_udp
    question = Question(local=local, all_=True, tcp=True, udp=udp, numeric=True)
    gathering = Gathering(question, frozenset(), False, source.memory or memory.default_bound(), word)
    reading = Session(
        source,
        record=True,
        details=True,
        watchers=gathering.watchers,
        each=memory.CHECK,
        beside=gathering.bytes_beside,
        every=None if source.at is None else ON,
        utc=wording.utc,
        lang=wording.lang,
    )
    found: list[PacketsWord] = []

    def reached(moment: int) -> None:
        if not found:
            table = reading.capture.table
            found.append(packets_word(gathering, table, gathering.perspective(table), moment, udp=udp))

    history = reading.history(reached)
    reached(reading.moment)
    capture = reading.capture
    interfaces = getattr(capture.source, "interfaces", [])
    filters = [one.filter for one in interfaces]
    asked = [one.local for one in word.sockets if one.local is not None]
    evidence = Evidence(capture.table, history, reading.start, capture.source.drops or 0, filters, asked)
    return reading, found[0], compared(word, found[0], evidence, within)


def remark(reading: Session, word: HostsWord, packets: PacketsWord, rows: int, shown: int, utc: bool) -> int:
    """Say on stderr what the table does not tell; return the exit code."""
    code = say_unread(reading, word)
    if packets.left_out:
        reading.say("{count:,} rows of the packets are left out: too many to compare", count=packets.left_out)
    if rows and not shown:
        reading.say("no row matches the filter; there are {count:,} without it", count=rows)
    start, end, saved = reading.start, reading.capture.clock or 0, word.saved
    if saved is not None and reading.at is None and start:
        if start <= saved < end:
            text = '{file} was last written at {when}, within the capture; --at "{when}" compares at that moment'
            reading.say(text, file=word.name, when=written(saved, utc))
    return code
