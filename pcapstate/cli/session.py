"""What all commands share: where packets come from, reading with progress, and the closing lines on stderr."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import numpy as np

from ..capture import Capture, open_source
from ..names.protocols import account
from ..output.formats import FORMATS, render
from ..tcp.contracts import TRANSITION
from ..tcp.flow_table import TWO_MSL
from ..views.table import Table

Command = TypeVar("Command", bound=Callable[..., Any])
Rows = np.ndarray[Any, Any]

LONG = 50_000_000
"""Bytes of capture from which a progress bar is worth its line."""


def _number(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("is not a number")
    return value


def source_options(command: Command) -> Command:
    """Add the argument and options that say where packets come from, and the output format."""
    for decorate in reversed(
        (
            click.argument("captures", nargs=-1, metavar="CAPTURE...", type=click.Path()),
            click.option("-i", "--interface", metavar="NAME", help="Capture live on this interface instead of a file."),
            click.option("--filter", "bpf", metavar="BPF", help="Capture only what this BPF filter lets through."),
            click.option(
                "--duration",
                type=click.FloatRange(min=0, min_open=True),
                callback=_number,
                metavar="S",
                help="End after S seconds.",
            ),
            click.option(
                "--time-wait",
                type=click.FloatRange(min=0, max=86_400),
                callback=_number,
                default=TWO_MSL,
                show_default=True,
                metavar="S",
                help="Seconds that TIME_WAIT lasts (2 MSL).",
            ),
            click.option(
                "--format",
                "format_",
                type=click.Choice(FORMATS),
                default="table",
                show_default=True,
                help="Output format.",
            ),
        )
    ):
        command = decorate(command)
    return command


class OutputClosed(Exception):
    """Nobody reads standard output any more (``| head``)."""


class Reading:
    """One run of a command over its source: reads it, shows progress, and says at the end what was left out."""

    def __init__(
        self,
        captures: tuple[str, ...],
        interface: str | None,
        bpf: str | None,
        duration: float | None,
        time_wait: float,
        record: bool,
    ) -> None:
        if interface is None:
            if not captures:
                raise click.UsageError("name a capture file, - for standard input, or an interface with -i")
            if bpf is not None or duration is not None:
                raise click.UsageError("--filter and --duration go with -i")
            source: Any = open_source(captures)
        else:
            if captures:
                raise click.UsageError("give either capture files or an interface, not both")
            from ..sources.live import LiveReader

            source = LiveReader(interface, bpf, duration)
        self.live = interface is not None
        self.growing = self.live or captures == ("-",)
        self.capture = Capture(source, time_wait, record)
        self.interrupted = False

    def transitions(self) -> Generator[Rows, None, None]:
        """Read the source to its end, or to Ctrl-C; yield transitions on the way."""
        with self._progress() as progress:
            following = self.capture.follow(progress)
            try:
                yield from following
            except KeyboardInterrupt:
                # What is known is shown; a second Ctrl-C ends it at once.
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                self.interrupted = True
            finally:
                following.close()

    def read(self) -> None:
        """Read the source to its end, or to Ctrl-C."""
        for _ in self.transitions():
            pass

    @contextmanager
    def _progress(self) -> Iterator[Callable[[int], None] | None]:
        size = self.capture.source.size
        if size is None or size < LONG or not sys.stderr.isatty():
            yield None
            return
        with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
            yield lambda position: bar.update(position - bar.pos)

    def show(self, table: Table, format_: str, heading: str = "") -> None:
        """Write a table to standard output."""
        out = sys.stdout.buffer
        try:
            if heading and format_ == "table":
                out.write(heading.encode())
            for piece in render(table, format_, self.capture.source.kernels, self.growing):
                out.write(piece)
                if self.growing:
                    out.flush()
            out.flush()
        except BrokenPipeError:
            raise OutputClosed from None

    def close(self) -> int:
        """Say on stderr what was left out; return the exit code."""
        code = 0
        frames = self.capture.frames
        for damage in self.capture.damages:
            click.echo(f"pcapstate: {damage}", err=True)
            code = 1
        if self.interrupted and not self.live:
            click.echo(f"pcapstate: interrupted; this is what {_counted(frames, 'packet')} told", err=True)
            code = 1
        skipped = account(self.capture.decoder.skipped)
        if skipped:
            parts = ", ".join(f"{count:,} {name}" for name, count in skipped)
            total = sum(count for _, count in skipped)
            click.echo(f"pcapstate: {_counted(total, 'frame')} skipped: {parts}", err=True)
        return code


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def copied(batches: Iterable[Rows]) -> Rows:
    """Return all batches of transitions in one array."""
    kept = [batch.copy() for batch in batches]
    return np.concatenate(kept) if kept else np.zeros(0, dtype=TRANSITION)
