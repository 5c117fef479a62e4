"""``pcapstate compare``: two captures of the same traffic, one at either end."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from .. import memory
from ..errors import NothingInCommon
from ..escaping import safe
from ..messages import Message
from ..moments import PACKET, SECOND, parse_moment
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..reading import Losses
from ..table import staying
from .options import (
    AT,
    CAPTURES,
    TRACKING,
    SourceOptions,
    WordingOptions,
    manner,
    output_option,
    selection_options,
    shared,
    wording_options,
)
from .session import Session
from .spoken import for_programs, say

if TYPE_CHECKING:
    from ..comparing.comparison import Comparison
    from ..comparing.packets import KeptPackets
    from ..comparing.pairing import Read

COLUMNS = 100
"""Columns of a terminal whose width nobody knows, as of a file."""
source_options = shared(SourceOptions, (CAPTURES, AT, *TRACKING, output_option), "source")


def seconds(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuse what is no number of seconds that a clock can be set wrong by."""
    if value is not None and not (math.isfinite(value) and abs(value) < 1e9):
        raise click.BadParameter("is not a number of seconds")
    return value


@click.command()
@source_options
@click.option("--states", is_flag=True, help="The pairs of states over time, instead of those at the end.")
@click.option(
    "--connection",
    type=click.IntRange(min=0),
    metavar="N",
    help="The packets of this connection, by its number (tcp.stream) in the first capture.",
)
@click.option("--findings", is_flag=True, help="What is wrong, as rows for programs; people get it at the end anyway.")
@click.option(
    "--offset",
    type=float,
    callback=seconds,
    metavar="S",
    help="The second capture's clock is S seconds ahead of the first one's. [default: estimated from the packets]",
)
@selection_options
@wording_options
@click.pass_context
def compare(
    context: click.Context,
    source: SourceOptions,
    selection: SelectionOptions,
    wording: WordingOptions,
    states: bool,
    connection: int | None,
    findings: bool,
    offset: float | None,
) -> None:
    """Compare two captures of the same traffic, one taken at either end.

    Each end's states come from the capture taken on its own host. Packets are matched by their numbers, also through
    NAT: which of them were lost or changed between the captures, in which direction, and how long each took. The
    clocks may differ; times are those of the first capture.

    \b
    Examples:
      pcapstate compare client.pcapng server.pcapng
      pcapstate compare client.pcapng server.pcapng --filter "pair = half-open"
      pcapstate compare client.pcapng server.pcapng --connection 3
      pcapstate compare client.pcapng server.pcapng --connection 3 --states
      pcapstate compare client.pcapng server.pcapng --format jsonl
    """
    # Only this command needs it.
    from ..comparing.comparison import compare as compared
    from ..comparing.findings import findings as found_in
    from ..output.paragraphs import definitions
    from ..views import comparison as view
    from ..views import comparison_packets as packets
    from ..views.comparison_summary import summary
    from ..views.diagnosis import view as view_of_findings
    from ..views.diagnosis import view_for_people as blocks_of_findings

    if len(source.captures) != 2:
        raise click.UsageError("name two captures: one taken at either end")
    if findings and wording.format == PEOPLE:
        raise click.UsageError("--findings goes with --format: people are told at the end anyway")
    if findings and (states or connection is not None):
        raise click.UsageError("--findings goes without --states and --connection")
    if states:
        chosen = Selection(selection, view.pair_fields, view.PAIRS_BY_NAME, wording.utc)
    elif connection is not None:
        chosen = Selection(selection, packets.fields, packets.BY_NAME, wording.utc)
    else:
        chosen = Selection(selection, view.fields, view.BY_NAME, wording.utc)
    moment = None if source.at is None else parse_moment(source.at, wording.utc)
    if moment is not None and moment.kind == PACKET:
        raise click.UsageError("--at takes a time here: a packet's number does not say of which capture")
    how = manner(wording, 0)
    with ExitStack() as opened:
        sessions = []
        for one in _each(source):
            sessions.append(Half(*one, wording))
            opened.callback(sessions[-1].close)
        reads = [session.compared() for session in sessions]
    first = sessions[0]
    try:
        found = compared(reads[0], reads[1], None if offset is None else round(offset * SECOND))
    except NothingInCommon as error:
        # What was left out of a capture may be why.
        for session in sessions:
            session.finish()
        say(str(error), wording.lang)
        context.exit(1)
    start, end = found.spans[0][0], max(found.spans[0][1], found.spans[1][1])
    at = None if moment is None else moment.time(start, end)
    people = wording.format == PEOPLE
    if people:
        how = manner(wording, start)
    shown_for = how if people else None
    choose = chosen.choice(lambda: (start, end))
    if people and not (states or connection is not None or findings):
        first.write([summary(found, source.captures, wording.lang, first.in_lines).encode(), b"\n"])
    if findings:
        shown = view_of_findings(found_in(found), for_programs(context, wording.lang))
        first.show(shown, wording.format)
    elif states:
        table = view.view_of_pairs(found, chosen.columns, shown_for, choose, connection)
        first.show(staying(table) if chosen.columns else table, wording.format)
    elif connection is not None:
        table = packets.view(found, _place(found, connection), chosen.columns, shown_for, choose)
        first.show(staying(table) if chosen.columns else table, wording.format)
    else:
        table = view.view(found, at, chosen.columns, shown_for, choose)
        first.show(staying(table) if chosen.columns else table, wording.format)
        if people and (told := found_in(found)):
            width = COLUMNS if first.screen is None else first.screen.columns
            blocks = blocks_of_findings(told, wording.lang, how.times)
            first.write([b"\n", definitions(blocks, width).encode()])
    context.exit(max(session.finish() for session in sessions))


class Half(Session):
    """The reading of one of both captures; what it says has the name of the capture before it."""

    def __init__(self, options: SourceOptions, kept: KeptPackets, wording: WordingOptions) -> None:
        self._name = safe(options.captures[0])
        self._kept = kept
        super().__init__(options, record=True, watchers=lambda _: [kept], utc=wording.utc, lang=wording.lang)
        kept.attach(self.capture.table)

    def compared(self) -> Read:
        """Read the capture, and return what is compared."""
        from ..comparing.pairing import Read
        from ..tcp.settling import in_time, settled

        rows, _ = settled(in_time(self.history()))
        return Read(self.capture.table, self._kept.packets(), rows, self.start, self.capture.clock or 0)

    def say(self, text: str, *, error: bool = False, **fields: Any) -> None:
        """Say a line on stderr about this capture."""
        if not text.startswith("{name}") and self._name not in Message(text, **fields):
            text, fields = "{name}: {what}", {"name": self._name, "what": Message(text, **fields)}
        super().say(text, error=error, **fields)

    def losses(self) -> Losses:
        """Return what was lost; that packets are there twice may be what happened between the captures."""
        return super().losses()._replace(duplicates=0)


def _each(source: SourceOptions) -> list[tuple[SourceOptions, KeptPackets]]:
    """Return the options of each capture, and what keeps its packets: half of the memory is for each."""
    from ..comparing.packets import EACH, KeptPackets

    bound = source.memory or memory.default_bound()
    most = max((bound - memory.LEAST) // 2 // EACH, 1_000)
    half = max(bound // 2, memory.LEAST + memory.LEAST_FOR_CONNECTIONS)
    return [(source._replace(captures=(one,), at=None, memory=half), KeptPackets(most)) for one in source.captures]


def _place(found: Comparison, connection: int) -> int:
    rows = np.flatnonzero(found.joined.numbers[0] == connection)
    if not len(rows):
        raise click.UsageError(
            Message(
                "there is no connection {number}; the capture has {count:,}",
                number=connection,
                count=found.reads[0].table.count,
            )
        )
    return int(rows[0])
