"""``pcapstate connections``: one line per connection."""

from __future__ import annotations

import click

from .. import memory
from ..output.formats import PEOPLE
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..table import staying
from ..views import connection_columns as known
from ..views import connections as view
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

ZEEK = "zeek"


@click.command()
@source_options
@selection_options
@click.option(
    "--checksums",
    is_flag=True,
    help="In Zeek's terms: leave out packets with a wrong TCP checksum, as Zeek without -C does.",
)
@wording_options_of("connections")
@click.pass_context
def connections(
    context: click.Context,
    source: SourceOptions,
    selection: SelectionOptions,
    wording: WordingOptions,
    checksums: bool,
) -> None:
    """List the connections of a capture: both states, and how each went.

    Several captures are read as one, in time order; - reads standard input.

    \b
    Examples:
      pcapstate connections capture.pcapng
      pcapstate connections capture.pcapng --filter "outcome = refused" --sort server
      pcapstate connections monday.pcap tuesday.pcap --format csv > connections.csv
      pcapstate connections capture.pcapng --format zeek > conn.log
      sudo pcapstate connections -i eth0 --capture-filter "port 443" --duration 30
    """
    chosen = Selection(selection, known.fields, known.BY_NAME, wording.utc)
    manner(wording, 0)
    if wording.format == ZEEK and chosen.columns:
        raise click.UsageError("--format zeek has the columns of Zeek's conn.log; --columns goes with other formats")
    gathered = Gathered(chosen.needed | (known.STORIES if wording.format == ZEEK else set()), source.memory, checksums)
    if checksums and not gathered.stories:
        raise click.UsageError("--checksums goes with --format zeek and the columns history and conn_state")
    reading = Session(
        source,
        details=gathered.details,
        watchers=gathered.watchers,
        followers=[gathered.moved],
        each=(memory.CHOSEN if chosen.chooses else memory.SHOWN) + gathered.bytes_each,
        beside=gathered.bytes_beside,
        utc=wording.utc,
        lang=wording.lang,
    )
    reading.read()
    table = reading.capture.table
    choose, beside = chosen.choice(reading.span), gathered.beside(reading.moment)
    if wording.format == PEOPLE:
        names = chosen.columns or (*known.PEOPLE, *(("network",) if source.split_vlans else ()))
        shown = view.view_for_people(table, manner(wording, reading.start), names, choose, beside)
    elif wording.format == ZEEK:
        # Only this format needs it.
        from ..views import zeek_log

        shown = zeek_log.view(table, choose, beside)
    else:
        shown = view.view(table, chosen.columns, choose, beside)
    reading.show(staying(shown) if chosen.columns else shown, wording.format)
    code = reading.finish()
    say_without_rows(reading, chosen, len(table.connections))
    context.exit(code)
