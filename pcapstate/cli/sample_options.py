"""The options that take a sample of the package in place of a capture."""

from __future__ import annotations

import functools
from typing import Any

import click

from ..escaping import quoted
from ..messages import Message
from ..query.errors import did_you_mean
from ..samples.catalogue import SAMPLES, Sample, capture_of, sample_named
from .options import Command, SourceOptions

NOTHING = "#"
"""What ``--without`` has where no number follows."""


def _sample(context: click.Context, parameter: click.Parameter, value: str | None) -> Sample | None:
    if value is None:
        return None
    found = sample_named(value)
    if found is None:
        hint = did_you_mean(value, [one.name for one in SAMPLES], "pcapstate explain --list-samples lists them")
        raise click.BadParameter(Message("no sample {name}: {hint}", name=quoted(value), hint=Message(hint)))
    return found


def _completed(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [one.name for one in SAMPLES if one.name.startswith(incomplete)]


def _lost(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    sample = context.params.get("sample")
    known = sample.without if isinstance(sample, Sample) else ()
    # Without a #, behind which a shell reads a comment.
    return [str(number) for number in known if str(number).startswith(incomplete)]


def _packet(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    if value == NOTHING:
        raise click.BadParameter(Message("a shell takes an unquoted #4 for a comment: give 4 or '#4'"))
    digits = value.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise click.BadParameter(Message("{text} is no packet: give its number, such as #4", text=quoted(value)))
    return int(digits)


def sample_options(command: Command) -> Command:
    """Add ``--sample`` and ``--without`` to a command, below the decorator of its source.

    It gets the sample or None, with the packet that was lost; a source that reads its capture; and the connection that
    it is about, unless ``--connection`` or ``--filter`` chooses another.
    """

    @functools.wraps(command)
    def chosen(
        *arguments: Any, source: SourceOptions, sample: Sample | None, without: int | None, **values: Any
    ) -> Any:
        source = from_sample(source, sample, without)
        if sample is not None:
            sample = sample._replace(lost=without)
            if values["connection"] is None and values["filter"] is None:
                values["connection"] = sample.connection
        return command(*arguments, source=source, sample=sample, **values)

    without = click.option(
        "--without",
        callback=_packet,
        shell_complete=_lost,
        is_flag=False,
        flag_value=NOTHING,
        metavar="#N",
        help="The sample as it went when this packet was lost.",
    )
    sample = click.option(
        "--sample",
        callback=_sample,
        shell_complete=_completed,
        metavar="NAME",
        help="A recorded exchange that comes with the package.",
    )
    decorated: Any = sample(without(chosen))
    found: Command = decorated
    return found


def from_sample(source: SourceOptions, sample: Sample | None, without: int | None) -> SourceOptions:
    """Return where packets come from, with a sample in place of captures. Raises UsageError."""
    if sample is None:
        if without is not None:
            raise click.UsageError("--without needs --sample")
        return source
    if source.captures:
        raise click.UsageError("--sample and captures exclude each other")
    if without is not None and without not in sample.without:
        if not sample.without:
            raise click.UsageError(Message("the sample {name} was recorded only whole", name=sample.name))
        known = ", ".join(f"#{number}" for number in sample.without)
        text = "the sample {name} was not recorded without #{number}, but without each of {known}"
        raise click.UsageError(Message(text, name=sample.name, number=without, known=known))
    return source._replace(captures=(str(capture_of(sample, without)),))
