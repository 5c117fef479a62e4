"""``pcapstate netstat``: the table that netstat would have shown."""

from __future__ import annotations

import click

from ..views import netstat as view
from .session import Reading, source_options


@click.command()
@source_options
@click.option("-a", "--all", "all_", is_flag=True, help="Also the LISTENING ports that the capture proves.")
@click.option("-n", "--numeric", is_flag=True, help="Ports as numbers, not as names of services.")
@click.option("--local", metavar="ADDRESS|NETWORK", help="Whose netstat: this host's, or all hosts' of a network.")
@click.pass_context
def netstat(
    context: click.Context,
    captures: tuple[str, ...],
    interface: str | None,
    bpf: str | None,
    duration: float | None,
    time_wait: float,
    format_: str,
    all_: bool,
    numeric: bool,
    local: str | None,
) -> None:
    """Show what netstat would have said at the end of a capture.

    Without --local it is the netstat of the one host that takes part in every connection; where there is none, or
    more than one, each connection is shown from its client's side. A line above the table says which.

    \b
    Examples:
      pcapstate netstat capture.pcapng
      pcapstate netstat -an capture.pcapng --local 192.168.1.5
      sudo pcapstate netstat -i eth0 --duration 10
    """
    if local is not None:
        try:
            view.parse_network(local)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None
    reading = Reading(captures, interface, bpf, duration, time_wait, record=False)
    reading.read()
    table = reading.capture.table
    whose = view.perspective(table, local)
    rows = view.view(table, whose, all_, people=format_ == "table", numeric=numeric)
    reading.show(rows, format_, heading=f"\nActive Connections, {whose.why}\n\n")
    code = reading.close()
    if local is not None and not view.is_there(table, whose):
        click.echo(f"pcapstate: {local} is in no connection of this capture", err=True)
    context.exit(code)
