"""The options that take a sample of the package in place of a capture."""

from __future__ import annotations

from typing import Any

import click

from ..samples.catalogue import SAMPLES, Sample, capture_of, sample_named
from .options import SourceOptions
from .suggestions import nearest


class SampleName(click.ParamType):
    """The name of a sample."""

    name = "sample"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sample:
        """Return the sample; fails with the nearest name."""
        if isinstance(value, Sample):
            return value
        found = sample_named(value)
        if found is None:
            near = nearest(value, [one.name for one in SAMPLES])
            hint = f"the nearest is {near}" if near else "pcapstate explain --list-samples lists them"
            self.fail(f"there is no sample {value!r}; {hint}", param, ctx)
        return found

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Return the names that begin so."""
        names = [one.name for one in SAMPLES if one.name.startswith(incomplete)]
        return [click.shell_completion.CompletionItem(name) for name in names]


class PacketNumber(click.ParamType):
    """The number of a packet: 4 or #4."""

    name = "packet"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if isinstance(value, int):
            return value
        digits = value.removeprefix("#")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
            self.fail(f"{value!r} is no packet: give its number, such as #4", param, ctx)
        return int(digits)


SAMPLE = click.option(
    "--sample", type=SampleName(), metavar="NAME", help="A recorded exchange that comes with the package, as capture."
)
WITHOUT = click.option(
    "--without", type=PacketNumber(), metavar="#N", help="The sample as it went when this packet was lost."
)


def from_sample(source: SourceOptions, sample: Sample | None, without: int | None) -> SourceOptions:
    """Return where packets come from, with a sample in place of captures. Raises UsageError."""
    if sample is None:
        if without is not None:
            raise click.UsageError("--without needs --sample")
        return source
    if source.captures:
        raise click.UsageError("--sample and captures exclude each other")
    if without is not None and without not in sample.without:
        recorded = ", ".join(f"#{number}" for number in sample.without)
        hint = f"it was recorded without one of {recorded}" if recorded else "it was recorded only whole"
        raise click.UsageError(f"the sample {sample.name} was not recorded without #{without}; {hint}")
    return source._replace(captures=(str(capture_of(sample, without)),))
