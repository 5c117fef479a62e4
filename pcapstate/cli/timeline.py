"""``pcapstate timeline``: every transition."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import click

from .. import memory
from ..messages import Message
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..rows import Rows
from ..table import Table, staying
from ..tcp.settling import in_time, settled
from ..views import timeline as view
from ..views import timeline_columns as known
from ..views.gathered import Gathered
from .emptiness import say_without_rows
from .options import (
    SourceOptions,
    WordingOptions,
    manner,
    selection_options,
    source_options,
    wording_options_of,
)
from .session import Session

PERFETTO = "perfetto"


@click.command()
@source_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Only this connection (tcp.stream).")
@click.option("--revisions", is_flag=True, help="Also show assumptions that later packets disproved.")
@selection_options
@wording_options_of("timeline")
@click.pass_context
def timeline(
    context: click.Context,
    source: SourceOptions,
    selection: SelectionOptions,
    wording: WordingOptions,
    connection: int | None,
    revisions: bool,
) -> None:
    """List every state change, with the packet that proves it.

    A state is "seen" if the endpoint's own segment proves it, "assumed" if a segment sent to it implies it, and
    "timer" if 2 MSL have passed. From a file, assumptions that a later packet disproved are left out (--revisions
    shows them, with the correction as "revised"). From a pipe or an interface rows are printed as they come, so
    assumptions are always shown.

    \b
    Examples:
      pcapstate timeline capture.pcapng
      pcapstate timeline capture.pcapng --connection 3 --format jsonl
      pcapstate timeline capture.pcapng --filter "to = CLOSE_WAIT" --relative
      pcapstate timeline capture.pcapng --format perfetto > trace.json
      tcpdump -w - | pcapstate timeline -
    """
    chosen = Selection(selection, known.fields, known.BY_NAME, wording.utc)
    people = wording.format == PEOPLE
    if wording.format == PERFETTO and (chosen.columns or chosen.sorts):
        raise click.UsageError(
            "--format perfetto has events in the order of time; --columns and --sort go with other formats"
        )
    gathered = Gathered(chosen.needed, source.memory)
    each = memory.CHOSEN if chosen.chooses else memory.SHOWN
    each += memory.TRACED if wording.format == PERFETTO else 0
    reading = Session(
        source,
        record=True,
        details=gathered.details,
        watchers=gathered.watchers,
        followers=[gathered.moved],
        each=each + gathered.bytes_each,
        beside=gathered.bytes_beside,
        utc=wording.utc,
        lang=wording.lang,
    )
    if reading.growing and selection.sort:
        raise click.UsageError("--sort needs all rows, but rows from a pipe or an interface are printed as they come")
    if reading.growing and wording.format == PERFETTO:
        raise click.UsageError("--format perfetto needs a capture file: a slice is written once its end is known")
    for name in known.AT_THE_END:
        if reading.growing and name in chosen.needed:
            text = "the column {name} needs all packets, but rows from a pipe or an interface are printed as they come"
            raise click.UsageError(Message(text, name=name))
    table = reading.capture.table
    choose = chosen.choice(reading.span)

    def shown(batches: view.Runs, final: bool) -> Table:
        how = manner(wording, reading.start) if people else None
        beside = gathered.beside(reading.moment)
        found = view.view(table, batches, connection, how, final, chosen.columns, choose, beside)
        return staying(found) if chosen.columns else found

    def trace(rows: Rows) -> Table:
        # Only this format needs it.
        from ..views import trace as spans

        if connection is not None:
            rows = rows[table.numbers(rows["endpoint"] // 2) == connection]
        return spans.view(
            table, rows, not revisions, reading.start, reading.moment, choose, gathered.beside(reading.moment)
        )

    taken_back = count = 0

    def counted(batches: Iterable[Rows]) -> Iterator[Rows]:
        nonlocal count
        for rows in batches:
            count += view.count(table, rows, connection)
            yield rows

    if reading.growing:
        runs = reading.transitions()
        # Relative times need the start of the capture, which is known once there are rows.
        first = next((rows for rows in runs if len(rows)), None)
        reading.show(shown(counted(itertools.chain(() if first is None else (first,), runs)), False), wording.format)
        check(connection, reading)
    else:
        rows = in_time(reading.history())
        if not revisions:
            rows, taken_back = settled(rows)
        check(connection, reading)
        count = view.count(table, rows, connection)
        reading.show(trace(rows) if wording.format == PERFETTO else shown([rows], not revisions), wording.format)
    code = reading.finish()
    if connection is not None and not count and table.count:
        reading.say("connection {number} changes no state in the packets read", number=connection)
    else:
        say_without_rows(reading, chosen, count)
    if taken_back:
        one = "later packets disproved 1 assumption; --revisions shows it"
        many = "later packets disproved {count:,} assumptions; --revisions shows them"
        reading.say(one if taken_back == 1 else many, count=taken_back)
    context.exit(code)


def check(connection: int | None, reading: Session) -> None:
    """Complain about a connection number that the capture does not have."""
    archive = reading.origin.archive
    count = reading.capture.table.count if archive is None else archive.connections
    if connection is not None and connection >= count:
        raise click.UsageError(
            Message(
                "there is no connection {number}; the capture has {count:,}",
                number=connection,
                count=count,
            )
        )
