"""What all commands share: where packets come from, reading with progress, and the closing lines on stderr."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..capture import Source, Watcher
from ..errors import CallError, OutputClosed
from ..escaping import quoted, safe
from ..kernels.running import SMALL
from ..messages import Message
from ..moments import parse_moment
from ..output.formats import PEOPLE, PROGRAMS, render
from ..output.screen import message, screen
from ..output.whole_files import keep_privileges_to_replace, out, overwrites
from ..reading import Losses, Origin, Reading
from ..rows import Rows
from ..sources.paths import meant
from ..table import Table, ahead_of_writing
from ..timings import asked
from ..views.drops import with_drops
from ..wording.languages import told, translate
from ..wording.times import duration
from .interruption import Interruption
from .options import SourceOptions

if TYPE_CHECKING:
    from ..metrics.service import Metrics

LONG = 50_000_000
"""Bytes of capture from which a progress bar is worth its line."""
RECORD_FAILURE = "keeping packets ended: {why}"
OF_AN_INTERFACE = {
    "absent": "waiting for {name}, which is not there",
    "gone": "{name} is gone; capturing goes on once it is back",
    "down": "{name} is down; capturing goes on once it is up",
    "back": "{name} is back; capturing goes on",
}
"""What there is to say of an interface that is waited for, by what became of it (see ``sources.interfaces``)."""


def recording(options: SourceOptions) -> tuple[str, Any] | None:
    """Return where captured packets are kept, and when another file is begun. Raises UsageError."""
    if options.write is None:
        if options.rotate is not None or options.keep is not None:
            raise click.UsageError("--rotate and --keep go with -w")
        return None
    # Only who keeps packets needs it.
    from ..sources.recording import Rotation, rotation_of

    if options.keep is not None and options.rotate is None:
        raise click.UsageError("--keep goes with --rotate")
    try:
        rotation = Rotation() if options.rotate is None else rotation_of(options.rotate)
    except ValueError as error:
        raise click.BadParameter(
            Message("{rotate} {error}", rotate=quoted(options.rotate or ""), error=str(error)), param_hint="--rotate"
        ) from None
    return options.write, rotation._replace(keep=options.keep or 0)


def _metrics(place: tuple[str, int], local: Sequence[str]) -> Metrics:
    # Only who serves metrics needs it.
    from ..metrics.service import Metrics

    return Metrics(place, local)


def _giving_up(origin: Origin, options: SourceOptions, network: bool) -> tuple[Origin, str]:
    """Return the origin with how privileges are given up, and the path of the output that gets in its place then.

    ``network``: names are looked up. Raises CallError, OutputError.
    """
    # Only who captures needs it.
    from ..sources.privileges import GivenUp, owner

    how = GivenUp(options.user, network)
    replaced = keep_privileges_to_replace(owner(how))
    return origin._replace(giving_up=how._replace(temporary=bool(replaced))), replaced


class Session(Reading):
    """A reading on the command line: shows progress, ends at Ctrl-C, writes tables, and says what was left out.

    ``each`` and the like: as of ``Reading``; ``local``: addresses and networks of this host, for metrics; ``network``:
    names are looked up. Raises UsageError.
    """

    def __init__(
        self,
        options: SourceOptions,
        *,
        record: bool = False,
        passing: bool = False,
        kept: bool = False,
        details: bool = False,
        watchers: Callable[[Source], Sequence[Watcher]] = lambda source: (),
        each: int = 0,
        beside: int = 0,
        every: float | None = None,
        count: int | None = None,
        utc: bool = False,
        lang: str = "en",
        followers: Sequence[Callable[[Rows], None]] = (),
        local: Sequence[str] = (),
        network: bool = False,
    ) -> None:
        self._lang, self._quiet = lang, options.quiet
        self._interruption: Interruption | None = None
        self._metrics: Metrics | None = None
        self._told_record_failure = False
        self.listener: Callable[[str], None] | None = None
        """Takes what is said, while a screen is where stderr is."""
        self.screen = screen()
        """The terminal that tables are drawn on, if output goes to one."""
        origin = Origin(
            options.captures,
            options.interfaces,
            options.capture_filter,
            options.duration,
            options.buffer,
            not options.no_promiscuous,
            options.snaplen,
            recording(options),
            self._say_what_became if options.wait else None,
            options.follow,
            archive=options.archive,
        )
        self.growing = origin.growing
        replaced = ""
        try:
            origin.check()
            at = None if options.at is None else parse_moment(options.at, utc)
            for one in meant(() if options.archive is not None else options.captures):
                if isinstance(one.source, str) and (why := overwrites(one.source, not one.found)):
                    raise CallError(why)
            if options.metrics is not None:
                if not self.growing:
                    raise CallError("--metrics goes with -i, --follow or standard input, where packets arrive")
                self._metrics = _metrics(options.metrics, local)
            if options.interfaces:
                origin, replaced = _giving_up(origin, options, network)
            elif options.user is not None:
                raise CallError("--user goes with -i")
            super().__init__(
                origin,
                at=at,
                every=every,
                count=count,
                time_wait=options.time_wait,
                split=options.split_vlans,
                record=record or self._metrics is not None,
                passing=passing or not record,
                kept=kept,
                details=details,
                watchers=lambda source: self._with_meter(watchers(source)),
                memory=options.memory,
                threads=options.threads,
                each=each,
                beside=beside,
                followers=followers,
                undisturbed=self._held,
            )
        except BaseException as error:
            self._stop_metrics()
            if isinstance(error, CallError):
                raise click.UsageError(str(error)) from None
            if isinstance(error, KeyboardInterrupt) and (options.follow or options.wait):
                # It waited for the file or the interface: nothing is known, which is no error.
                raise OutputClosed from None
            raise
        if self._metrics is not None:
            self.say("serving metrics at {url}", url=self._metrics.serve(self.capture))
        source = self.capture.source
        if timings := asked():
            timings.opened()
        if options.verbose:
            self._say_what_was_given_up(origin, replaced)
        if why := getattr(source, "no_ring", ""):
            self.say("the kernel has no ring for packets ({why}); at high rates more are dropped", why=why)
        if options.interfaces and not self._quiet and sys.stderr.isatty():
            # Until a packet comes, nothing else shows that it works.
            where = ", ".join(getattr(source, "addresses", ()))
            self.say("capturing on {name} ({where}), Ctrl-C ends", name=source.name, where=where or "-")
        if source.kernels.missing and not self._quiet and (source.size is None or source.size > SMALL):
            why = Message(source.kernels.missing)
            self.say("{why}; running as plain Python, which is slower", why=why)

    def transitions(self, reached: Callable[[int], None] | None = None) -> Generator[Rows, None, None]:
        """Read the source to its end, its last moment, or Ctrl-C; yield transitions on the way.

        ``reached`` is called with each moment once the states are those of it.
        """
        stop = getattr(self.capture.source, "stop", None)
        with self._progress() as progress, Interruption(self.growing, stop) as interruption:
            self._interruption = interruption

            def show(moment: int) -> None:
                assert reached is not None
                with interruption.held():
                    reached(moment)

            def passed(position: int) -> None:
                self._say_record_failure()
                if progress is not None:
                    progress(position)

            following = self.capture.follow(passed, None if reached is None else show)
            try:
                for batch in following:
                    with interruption.held():
                        yield batch
            except KeyboardInterrupt:
                # What is known is shown; a second Ctrl-C ends it at once.
                self.interrupted = True
            finally:
                following.close()
                self._stop_metrics()
                if timings := asked():
                    timings.packets += self.capture.frames
                self.interrupted |= interruption.came

    def _held(self) -> AbstractContextManager[None]:
        held = nullcontext() if self._interruption is None else self._interruption.held()
        return held if self._metrics is None else self._metrics.meter.during(held)

    def _stop_metrics(self) -> None:
        if self._metrics is not None:
            self._metrics.stop()

    def _with_meter(self, watchers: Sequence[Watcher]) -> Sequence[Watcher]:
        return watchers if self._metrics is None else [*watchers, self._metrics.meter]

    @contextmanager
    def _progress(self) -> Iterator[Callable[[int], None] | None]:
        size = self.capture.source.size
        if size is None or size < LONG or self._quiet or not sys.stderr.isatty():
            yield None
            return
        with click.progressbar(length=size, label=translate("Reading", self._lang), file=sys.stderr) as bar:
            yield lambda position: bar.update(position - bar.pos)

    def show(self, table: Table, format: str, heading: str = "") -> None:
        """Write a table to where output goes."""
        table = self.with_drops(table, format)
        if self.capture.threads > 1 and not self.growing:
            table = ahead_of_writing(table)
        pieces = render(table, format, self.capture.source.kernels, self.growing, self.screen)
        self.write(itertools.chain([heading.encode()] if heading and format == PEOPLE else [], pieces))

    def with_drops(self, table: Table, format: str) -> Table:
        """Return a table as programs get it of interfaces: JSON says in each row how many packets were dropped.

        Of a dataset: each packet has its capture and frame.
        """
        if self.origin.archive is not None and format != PEOPLE:
            found: Table = self.origin.archive.with_captures(table)
            return found
        # Other formats have a line of names, which scripts may count on.
        if not self.origin.interfaces or format == PEOPLE or PROGRAMS[format].one_table:
            return table
        return with_drops(table, lambda: self.capture.source.drops)

    def in_lines(self, text: str, indent: int = 0) -> str:
        """Return a text behind so many blanks, in lines that fit the terminal; in a file or a pipe it stays one."""
        return " " * indent + text if self.screen is None else self.screen.lines(text, indent)

    def write(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Write text to where output goes."""
        to = out()
        try:
            for piece in pieces:
                # Without a buffer (PYTHONUNBUFFERED) a signal can cut a write short.
                while (written := to.write(piece)) is not None and written < len(piece):
                    piece = piece[written:]
                if self.growing:
                    to.flush()
            to.flush()
        except BrokenPipeError:
            raise OutputClosed from None
        except KeyboardInterrupt:
            if self.origin.live:
                raise OutputClosed from None
            raise

    def say(self, text: str, *, error: bool = False, **fields: Any) -> None:
        """Say a line on stderr, in the language that was asked for; ``text`` is a template for the fields.

        With ``--quiet`` only an ``error`` is said: what the exit code tells, too.
        """
        if self._quiet and not error:
            return
        said = told(Message(text, **fields), self._lang)
        if self.listener is None:
            click.echo(message(f"pcapstate: {said}"), err=True)
        else:
            self.listener(said)

    def _say_what_became(self, what: str, interface: str) -> None:
        self.say(OF_AN_INTERFACE[what], name=safe(interface))

    def _say_what_was_given_up(self, origin: Origin, replaced: str) -> None:
        for text, fields in getattr(self.capture.source, "given_up", ()):
            # Who asks for it gets it, quiet or not: a screen keeps the rest back.
            self.say(text, error=True, **fields)
        if replaced:
            self.say("a process beside it keeps its privileges, to put {path} in its place", error=True, path=replaced)
        if origin.record is not None and origin.record[1].another:
            path = safe(origin.record[0])
            text = "a process beside it keeps its privileges, to make the files of the ring {path}"
            self.say(text, error=True, path=path)

    def finish(self) -> int:
        """Say on stderr what was left out; return the exit code."""
        lost = self.losses()
        for one in self._remarks(lost, self._lang):
            self.say(one.text, error=one.error, **one.fields)
        return int(lost.packets_lost or (self.interrupted and not self.origin.live))

    def remarks(self, lang: str) -> list[str]:
        """Return what ``finish`` says, in a language."""
        return [told(Message(one.text, **one.fields), lang) for one in self._remarks(self.losses(), lang)]

    def _remarks(self, lost: Losses, lang: str) -> Iterator[Remark]:
        for damage in lost.damages:
            yield Remark(str(damage), {}, error=True)
        later, last = None if self.interrupted else self.capture.stops.unfinished, self.capture.clock
        if self.origin.interfaces and not self.capture.frames and not lost.damages:
            text = "no packet arrived on {name}; pcapstate interfaces lists all interfaces"
            yield Remark(text, {"name": self.capture.source.name})
        elif last is None and not self.interrupted and not lost.damages:
            yield Remark("the capture has no packet", {})
        elif later is not None and last is not None and later > last and self.at is not None:
            yield Remark(
                "{moment} is {duration} after the last packet; the answer is what is known at that time",
                {"moment": self.at.text, "duration": duration(later - last)},
            )
        if lost.files_left_out:
            yield Remark(lost.files_left_out, {}, error=True)
        for text, count in lost.source_evicted.items():
            yield Remark(text, {"count": count})
        if lost.left_out_packets:
            text = "{count:,} packets on interfaces beyond the first 65,536 were left out"
            yield Remark(text, {"count": lost.left_out_packets}, error=True)
        yield from self._evicted(lost, lang)
        yield from _mixed(lost)
        if self.screen is not None and self.screen.left_out:
            titles = ", ".join(self.screen.left_out)
            yield Remark("no room for {titles}; pipes and files get all columns", {"titles": titles})
        yield from _dropped(lost)
        if lost.record_failure and not self._told_record_failure:
            yield Remark(RECORD_FAILURE, {"why": lost.record_failure}, error=True)
        if self.interrupted and not self.origin.live:
            one, many = "interrupted after 1 packet", "interrupted after {count:,} packets"
            yield Remark(one if self.capture.frames == 1 else many, {"count": self.capture.frames}, error=True)
        yield from _how_many(
            lost.unreadable, "1 frame could not be read: {parts}", "{count:,} frames could not be read: {parts}", lang
        )
        yield from _how_many(lost.not_tcp, "1 frame is not TCP: {parts}", "{count:,} frames are not TCP: {parts}", lang)

    def _evicted(self, lost: Losses, lang: str) -> Iterator[Remark]:
        total = sum(lost.evicted.values())
        if total:
            kinds = ", ".join(f"{count:,} {translate(kind, lang)}" for kind, count in lost.evicted.items() if count)
            one = "1 connection was evicted to stay within {bound} MB (--memory): {kinds}"
            many = "{count:,} connections were evicted to stay within {bound} MB (--memory): {kinds}"
            fields = {"count": total, "bound": self.memory // 1_000_000, "kinds": kinds}
            yield Remark(one if total == 1 else many, fields)

    def _say_record_failure(self) -> None:
        """Say why keeping packets ended early, once it does."""
        why = getattr(self.capture.source, "record_failure", "")
        if why and not self._told_record_failure:
            self._told_record_failure = True
            self.say(RECORD_FAILURE, error=True, why=why)


class Remark(NamedTuple):
    """A line of what was left out or lost."""

    text: str
    """A template, or a message with its fields."""
    fields: dict[str, Any]
    error: bool = False
    """It is what the exit code tells, too."""


def _how_many(kinds: Sequence[tuple[str, int]], one: str, many: str, lang: str) -> Iterator[Remark]:
    total = sum(count for _, count in kinds)
    if total:
        parts = ", ".join(f"{count:,} {translate(name, lang)}" for name, count in kinds)
        yield Remark(one if total == 1 else many, {"count": total, "parts": parts})


def _dropped(lost: Losses) -> Iterator[Remark]:
    if not lost.dropped:
        return
    if lost.dropped_here:
        one = "dropped 1 packet, which arrived faster than it could be read"
        many = "dropped {count:,} packets, which arrived faster than they could be read"
    else:
        one, many = "the capture reports 1 dropped packet", "the capture reports {count:,} dropped packets"
    yield Remark(one if lost.dropped == 1 else many, {"count": lost.dropped}, error=lost.dropped_here)


def _mixed(lost: Losses) -> Iterator[Remark]:
    if lost.duplicates:
        one = "1 packet is a duplicate in the capture; it changes no state and is not a retransmission"
        many = "{count:,} packets are duplicates in the capture; they change no state and are not retransmissions"
        yield Remark(one if lost.duplicates == 1 else many, {"count": lost.duplicates})
    mixed, first = lost.mixed
    if mixed:
        one = "connection {first} mixes packets of several VLANs or VNIs; see --split-vlans"
        many = "{count:,} connections mix packets of several VLANs or VNIs, {first} first; see --split-vlans"
        yield Remark(one if mixed == 1 else many, {"count": mixed, "first": first})
