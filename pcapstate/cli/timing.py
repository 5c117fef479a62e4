"""``--timings``: where the time of a command went, on stderr."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ..timings import Timings, timing
from ..wording.languages import translate
from .spoken import of_this_run, say

Command = TypeVar("Command", bound=Callable[..., Any])


def timings_option(command: Command) -> Command:
    """Add ``--timings`` to a command."""

    @functools.wraps(command)
    def measured(*arguments: Any, timings: bool, **values: Any) -> Any:
        if not timings:
            return command(*arguments, **values)
        ended, result = None, None
        with timing() as found:
            try:
                result = command(*arguments, **values)
            except click.exceptions.Exit as end:
                # The command came to its end.
                ended = end
        language = of_this_run(click.get_current_context()).language
        say("timings; stages overlap where they run at once", language)
        for line in lines(found, language):
            click.echo(line, err=True)
        if ended is not None:
            raise ended
        return result

    option = click.option("--timings", is_flag=True, help="At the end, say on stderr where the time went.")
    decorated: Any = option(measured)
    added: Command = decorated
    return added


def lines(timings: Timings, language: str) -> list[str]:
    """Return a line for each stage, then one for each total; fields are words without blanks."""
    totals = timings.totals()
    seconds, processor = translate("seconds", language), translate("processor", language)
    counted = translate("share", language), translate("ns/packet", language), translate("calls", language)
    rows = [[translate("stage", language), seconds, processor, *counted]]

    def each(seconds: float) -> str:
        return f"{seconds / totals.packets * 1e9:.1f}" if totals.packets else "-"

    for name, spent in timings.stages().items():
        share = f"{spent.seconds / totals.elapsed:.1%}"
        times = [f"{spent.seconds:.3f}", f"{spent.processor:.3f}", share, each(spent.seconds)]
        rows.append([translate(name, language), *times, str(spent.calls)])
    rows.append([translate("elapsed", language), f"{totals.elapsed:.3f}"])
    rows.append([processor, f"{totals.processor:.3f}"])
    rows.append([translate("packets", language), str(totals.packets)])
    rows.append([translate("packets/s", language), f"{totals.packets / totals.elapsed:.0f}"])
    if totals.peak is not None:
        rows.append([translate("peak-MB", language), f"{totals.peak / 1e6:.1f}"])
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the fields of rows in columns: the first to the left, the others to the right."""
    from ..output.widths import display_width

    widths = [max(display_width(row[at]) for row in rows if at < len(row)) for at in range(len(rows[0]))]
    out = []
    for row in rows:
        blanks = [" " * (width - display_width(text)) for width, text in zip(widths, row, strict=False)]
        numbers = (blank + text for blank, text in zip(blanks[1:], row[1:], strict=True))
        out.append("  ".join(["", row[0] + blanks[0], *numbers]))
    return out
