"""``pcapstate timeline``: every transition."""

from __future__ import annotations

import click

from ..tcp.flow_table import FlowTable
from ..views import timeline as view
from .session import Reading, copied, source_options


@click.command()
@source_options
@click.option("--connection", type=click.IntRange(min=0), metavar="N", help="Only this connection (tcp.stream).")
@click.option("--revisions", is_flag=True, help="Show assumptions that later packets took back, too.")
@click.pass_context
def timeline(
    context: click.Context,
    captures: tuple[str, ...],
    interface: str | None,
    bpf: str | None,
    duration: float | None,
    time_wait: float,
    format_: str,
    connection: int | None,
    revisions: bool,
) -> None:
    """List every state change, with the packet that proves it.

    A state is "seen" where the endpoint's own segment proves it, "assumed" where a segment sent to it implies it,
    and "timer" where 2 MSL have passed. From a file, assumptions that a later packet contradicted are left out
    (--revisions shows them, and what put them right as "revised"); from a pipe or an interface, where rows are
    printed as they come, they are always shown.

    \b
    Examples:
      pcapstate timeline capture.pcapng
      pcapstate timeline capture.pcapng --connection 3 --format jsonl
      tcpdump -w - | pcapstate timeline -
    """
    reading = Reading(captures, interface, bpf, duration, time_wait, record=True)
    table, people = reading.capture.table, format_ == "table"
    taken_back = 0
    if reading.growing:
        reading.show(view.view(table, reading.transitions(), connection, people, final=False), format_)
        check(connection, table)
    else:
        rows = copied(reading.transitions())
        if not revisions:
            rows, taken_back = view.settled(rows)
        check(connection, table)
        reading.show(view.view(table, [rows], connection, people, final=not revisions), format_)
    code = reading.close()
    if taken_back:
        times = "once" if taken_back == 1 else f"{taken_back:,} times"
        click.echo(f"pcapstate: later packets took back an assumption {times}; --revisions shows it", err=True)
    context.exit(code)


def check(connection: int | None, table: FlowTable) -> None:
    """Complain about a connection number that the capture does not have."""
    if connection is not None and connection >= len(table.connections):
        raise click.UsageError(f"there is no connection {connection}; the capture has {len(table.connections):,}")
