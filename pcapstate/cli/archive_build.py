"""``pcapstate archive build``: captures to a dataset, or more of them into it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..errors import CallError
from ..escaping import quoted, safe
from ..messages import Message
from ..moments import DURATIONS, SECOND
from ..tcp.time_wait import TimeWait
from ..wording.languages import translate
from .options import octets, one_object
from .spoken import HEADINGS, lang_option, said, say

DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(DURATIONS)})")
FARTHEST = 2**60
"""Nanoseconds that a clock is behind at most: 36 years, so that no time overflows."""
LISTED = 10
"""Files of one kind that are named on stderr; of the others it says how many they are."""


def duration(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Read a duration such as 30d or 90m, in nanoseconds. Raises BadParameter."""
    if value is None:
        return None
    match = DURATION.fullmatch(value.strip().lower())
    if match is None:
        raise click.BadParameter(Message("{value} is no duration, such as 90m, 12h or 30d", value=quoted(value)))
    return round(float(match[1]) * DURATIONS[match[2]])


def pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read NAME=VALUE. Raises BadParameter."""
    found = []
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not rest or not name:
            raise click.BadParameter(Message("{value} is not NAME=VALUE", value=quoted(value)))
        found.append((name, rest))
    return tuple(found)


def skews(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Read SENSOR=SECONDS. Raises BadParameter."""
    found = []
    for name, text in pairs(context, parameter, values):
        try:
            found.append((name, round(float(text) * SECOND)))
            if abs(found[-1][1]) > FARTHEST:
                raise OverflowError
        except (ValueError, OverflowError):
            raise click.BadParameter(Message("{text} is not a number of seconds", text=quoted(text))) from None
    return tuple(found)


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", "dataset", required=True, metavar="DATASET", help="The dataset: a folder, or a URL.")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Local processes. [default: one each processor]"
)
@click.option(
    "--spark", metavar="MASTER", help="Let Spark do the tasks: its master, such as spark://host:7077, yarn or local[4]."
)
@click.option(
    "--sensor", "sensors", multiple=True, callback=pairs, metavar="NAME=PATTERN",
    help="Captures whose path matches are from this sensor. Repeatable. [default: the folder below SOURCE]",
)  # fmt: skip
@click.option(
    "--skew", "skews", multiple=True, callback=skews, metavar="SENSOR=SECONDS",
    help="How far a sensor's clock is behind. Repeatable. [default: estimated from packets that two sensors captured]",
)  # fmt: skip
@click.option("--no-estimate", is_flag=True, help="Do not estimate how far clocks are apart.")
@click.option(
    "--retain",
    callback=duration,
    metavar="DURATION",
    help="Afterwards drop what ended longer ago than this, such as 30d.",
)
@click.option(
    "--final-after", callback=duration, default="1h", show_default=True, metavar="DURATION",
    help="A connection that has been closed for so long is final; at the first build.",
)  # fmt: skip
@click.option(
    "--buckets",
    type=click.IntRange(1, 4096),
    metavar="N",
    help="Parts of the tracker's work, a power of two; at the first build.",
)
@click.option(
    "--range",
    "range_size",
    metavar="SIZE",
    default="256M",
    show_default=True,
    help="Larger captures are cut into ranges of this size.",
)
@click.option("--patience", callback=duration, metavar="DURATION", help="A task that takes longer is begun anew.")
@click.option(
    "--time-wait",
    multiple=True,
    metavar="[HOST=]S",
    help="Seconds in TIME_WAIT (2 MSL; default 60), for all hosts or for a host or network. Repeatable.",
)
@click.option(
    "--split-vlans", is_flag=True, help="Separate connections with the same addresses on different VLANs or VNIs."
)
@one_object
@click.option("--quiet", is_flag=True, help="Only errors on stderr: no remarks, no progress.")
@lang_option(help=HEADINGS)
@click.pass_context
def build(context: click.Context, /, **values: Any) -> None:
    """Bring a dataset up to date with captures: files, folders, patterns, or URLs of object stores.

    The same command again adds only what is new. Connections that are open go on from where they were; a capture that
    comes late is put in its place. A build that was interrupted goes on where it was.

    \b
    Examples:
      pcapstate archive build captures/ -o dataset
      pcapstate archive build "s3://bucket/2026/*.pcapng" -o s3://bucket/dataset --spark spark://host:7077
      pcapstate archive build sensors/ -o dataset --skew west=0.7 --retain 30d
    """
    # Only this command needs it.
    from ..archive.adding import Building
    from ..archive.building import build as run
    from ..archive.manifest import Options
    from ..archive.retaining import retain
    from ..archive.storage import Storage

    lang, quiet = values["lang"], values["quiet"]
    wait: TimeWait = time_wait_option(context, values["time_wait"])
    bits = (values["buckets"] or 16).bit_length() - 1
    if values["buckets"] is not None and values["buckets"] != 1 << bits:
        raise click.BadParameter(
            Message("{number} is no power of two", number=values["buckets"]), param_hint="--buckets"
        )
    waits = [("", wait.seconds), *((str(network), seconds) for network, seconds in wait.elsewhere)]
    options = Options(waits, values["split_vlans"], values["final_after"], bits)
    size = octets(values["range_size"]) or 0
    if size < 1:
        raise click.BadParameter(
            Message("{value} is no size", value=quoted(values["range_size"])), param_hint="--range"
        )
    if values["patience"] == 0:
        raise click.BadParameter(
            Message("{value} is no duration, such as 90m, 12h or 30d", value="0"), param_hint="--patience"
        )
    asked = Building(
        values["sources"], options, values["sensors"], values["skews"], not values["no_estimate"], range_size=size
    )
    workers = _workers(values)
    try:
        if (url := workers.address()) and not quiet:
            say("watch the tasks at {url}", lang, url=url)
        with _progress(lang, quiet) as progress:
            storage = Storage(values["dataset"])
            report = run(storage, asked, workers, progress)
        retained = None if values["retain"] is None else retain(storage, values["retain"])
    except CallError as error:
        raise click.UsageError(str(error)) from None
    finally:
        workers.close()
    tell(report, retained, values["format_"], lang, quiet)
    context.exit(0 if report.whole else 1)


def time_wait_option(context: click.Context, values: tuple[str, ...]) -> TimeWait:
    """Read ``--time-wait``, as other commands do."""
    from .options import time_wait

    return time_wait(context, click.Option(["--time-wait"]), values)


def _workers(values: dict[str, Any]) -> Any:
    try:
        if values["spark"] is not None:
            if values["processes"] is not None or values["patience"] is not None:
                raise click.UsageError(
                    "--processes and --patience are for local processes; Spark has settings of its own"
                )
            from ..archive.on_spark import OnSpark

            return OnSpark(values["spark"])
        from ..archive.processes import Processes

        patience = values["patience"]
        return Processes(values["processes"], patience=None if patience is None else patience / SECOND)
    except CallError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def _progress(lang: str, quiet: bool) -> Iterator[Any]:
    """Show on a terminal how far each stage is."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    stage = ""
    width = 0

    def show(step: Any) -> None:
        nonlocal stage, width
        if step.stage != stage and stage:
            click.echo(err=True)
            width = 0
        stage = step.stage
        few, more = "{stage}: {done:,} of {total:,}", "{stage}: {done:,} of {total:,}, {packets:,} packets"
        told = translate(more if step.packets else few, lang).format(
            stage=translate(step.stage, lang), done=step.done, total=step.total, packets=step.packets
        )
        if step.whole:
            told += f", {100 * step.size // step.whole} %"
        click.echo("\r" + told + " " * (width - len(told)), err=True, nl=False)
        width = len(told)

    try:
        yield show
    finally:
        if stage:
            click.echo(err=True)


def tell(report: Any, retained: Any, format_: str, lang: str, quiet: bool) -> None:
    """Say what a build did: on stdout what there is now, on stderr what is missing."""
    for kind, text in (
        (report.left_out, "left out: {why}"),
        (report.copies, "left out: {url} is the same as {why}"),
        (report.missing, "missing: {url}: {why}"),
    ):
        shown = kind if kind is report.missing else kind[:LISTED]
        if quiet and kind is not report.missing:
            continue
        for url, why in shown:
            told = why if isinstance(why, Message) else Message(safe(str(why)))
            say(text, lang, url=safe(url), why=told)
        if len(kind) > len(shown):
            say("left out: {count:,} more", lang, count=len(kind) - len(shown))
    if format_ == "json":
        found = {
            **{
                name: getattr(report, name)
                for name in ("captures", "packets", "segments", "connections", "again", "early")
            },
            "handed_over": report.handed_over,
            "missing": [[url, str(why)] for url, why in report.missing],
            "left_out": [[url, str(why)] for url, why in report.left_out],
            "copies": report.copies,
            "skews": {name: skew / SECOND for name, skew in report.skews.items()},
            "retained": None if retained is None else retained._asdict(),
        }
        click.echo(json.dumps(found))
        return
    lines = [
        (
            "captures added: {captures:,} ({packets:,} packets); connections in the dataset: {connections:,}",
            {"captures": report.captures, "packets": report.packets, "connections": report.connections},
        )
    ]
    if report.again:
        lines.append(("{count:,} captures were tracked again, since new ones are as old", {"count": report.again}))
    for name, skew in report.skews.items():
        lines.append(
            ("the clock of {sensor} is {seconds} s behind", {"sensor": safe(name), "seconds": f"{skew / SECOND:.6f}"})
        )
    if retained is not None and retained.files:
        text = "{captures:,} captures and {connections:,} connections that ended long ago were dropped"
        lines.append((text, {"captures": retained.captures, "connections": retained.connections}))
    if report.early:
        lines.append(("{count:,} connections were made final early, to stay within memory", {"count": report.early}))
    for text, fields in lines:
        click.echo(said(text, lang, **fields))
