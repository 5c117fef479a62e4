"""``pcapstate connections``: one line per connection."""

from __future__ import annotations

import click

from ..views import connections as view
from .session import Reading, source_options


@click.command()
@source_options
@click.pass_context
def connections(
    context: click.Context,
    captures: tuple[str, ...],
    interface: str | None,
    bpf: str | None,
    duration: float | None,
    time_wait: float,
    format_: str,
) -> None:
    """List the connections of a capture: both states, and how each went.

    Several captures are read as one, in time order; - reads standard input.

    \b
    Examples:
      pcapstate connections capture.pcapng
      pcapstate connections monday.pcap tuesday.pcap --format csv > connections.csv
      sudo pcapstate connections -i eth0 --filter "port 443" --duration 30
    """
    reading = Reading(captures, interface, bpf, duration, time_wait, record=False)
    reading.read()
    table = reading.capture.table
    reading.show(view.view_for_people(table) if format_ == "table" else view.view(table), format_)
    context.exit(reading.close())
