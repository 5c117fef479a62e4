"""What all commands share: where packets come from, reading with progress, and the closing lines on stderr."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import numpy as np

from ..capture import Capture, Source, Watcher, open_source
from ..errors import OutputClosed
from ..kernels import running
from ..memory import LEAST, LIVE, connections_within, default_bound
from ..moments import END, SECOND, parse_moment
from ..names.protocols import account
from ..output.formats import render
from ..output.screen import message, screen
from ..output.whole_files import keep_privileges_to_replace, out, overwrites
from ..rows import Rows
from ..sources.merging import left_out
from ..sources.paths import meant
from ..stops import Cutter
from ..table import Table
from ..tcp.eviction import KINDS
from ..tcp.flow_table import bytes_each
from ..tcp.history import EACH as TRANSITION_EACH
from ..tcp.history import FEWEST, History
from ..tcp.tables import MIXED
from ..wording.languages import translate
from ..wording.times import duration
from .interruption import Interruption
from .options import SourceOptions

LONG = 50_000_000
"""Bytes of capture from which a progress bar is worth its line."""


class Reading:
    """One run of a command over its source: reads it, shows progress, and says at the end what was left out.

    ``each``: bytes that a view takes for each connection, or transition; ``beside``: bytes that watchers take.
    """

    def __init__(
        self,
        options: SourceOptions,
        *,
        record: bool = False,
        details: bool = False,
        watchers: Callable[[Source], Sequence[Watcher]] = lambda source: (),
        each: int = 0,
        beside: int = 0,
        every: float | None = None,
        count: int | None = None,
        utc: bool = False,
        lang: str = "en",
    ) -> None:
        self._lang, self._quiet = lang, options.quiet
        if options.quiet:
            running.announce = lambda message: None
        self.screen = screen()
        """The terminal that tables are drawn on, if output goes to one."""
        captures, interfaces = options.captures, options.interfaces
        if not interfaces:
            if not captures:
                raise click.UsageError("name a capture file, - for standard input, or an interface with -i")
            if options.capture_filter is not None or options.duration is not None:
                raise click.UsageError("--capture-filter and --duration go with -i")
        elif captures:
            raise click.UsageError("give either capture files or an interface, not both")
        self.at = None if options.at is None else parse_moment(options.at, utc)
        cutter = Cutter(self.at, None if every is None else round(every * SECOND), count, self._end(options))
        if options.follow and (interfaces or len(captures) != 1 or captures == ("-",)):
            raise click.UsageError("--follow goes with one capture file, folder or pattern (in quotes)")
        self.live = bool(interfaces) or options.follow
        """It has no end of its own: Ctrl-C is how to end it."""
        self.growing = self.live or captures == ("-",)
        self._each = each
        beside += LIVE if interfaces else 0
        keeps = record and not self.growing
        least = FEWEST * (TRANSITION_EACH + each) if keeps else 0
        self._bound = options.memory or default_bound(beside + least)
        self._share = max((self._bound - LEAST) // 2, least) if keeps else 0
        try:
            most = connections_within(self._bound, bytes_each(details) + each, beside + self._share)
        except ValueError as error:
            raise click.UsageError(f"--memory: {error}") from None
        for one in meant(captures):
            if isinstance(one.source, str) and (why := overwrites(one.source, not one.found)):
                raise click.UsageError(why)
        if options.follow:
            from ..sources.following import FollowingReader

            try:
                source: Any = FollowingReader(captures[0])
            except KeyboardInterrupt:
                # It waited for the file to begin: nothing is known, which is no error.
                raise OutputClosed from None
        elif not interfaces:
            source = open_source(captures)
        else:
            from ..sources.live import LiveReader

            keep_privileges_to_replace()
            source = LiveReader(interfaces, options.capture_filter, options.duration)
        self.capture = Capture(
            source,
            options.time_wait,
            record,
            details=details,
            watchers=watchers(source),
            cutter=cutter,
            split=options.split_vlans,
            most=most,
        )
        self.interrupted = False

    def _end(self, options: SourceOptions) -> int | None:
        """Return the time of the last packet, where the moment counts from it."""
        if self.at is None or self.at.kind != END or options.interfaces or options.follow:
            return None
        if any(not isinstance(one.source, str) or not os.path.isfile(one.source) for one in meant(options.captures)):
            return None  # a pipe can be read only once
        source = open_source(options.captures)
        try:
            times = [batch.clock for batch in source.batches()]
        finally:
            source.close()
        return times[-1] if times else None

    def transitions(self, reached: Callable[[int], None] | None = None) -> Generator[Rows, None, None]:
        """Read the source to its end, its last moment, or Ctrl-C; yield transitions on the way.

        ``reached`` is called with each moment once the states are those of it.
        """
        stop = getattr(self.capture.source, "stop", None)
        with self._progress() as progress, Interruption(self.growing, stop) as interruption:
            self.capture.table.undisturbed = interruption.held

            def show(moment: int) -> None:
                assert reached is not None
                with interruption.held():
                    reached(moment)

            following = self.capture.follow(progress, None if reached is None else show)
            try:
                for batch in following:
                    with interruption.held():
                        yield batch
            except KeyboardInterrupt:
                # What is known is shown; a second Ctrl-C ends it at once.
                self.interrupted = True
            finally:
                following.close()
                self.interrupted |= interruption.came

    def read(self, reached: Callable[[int], None] | None = None) -> None:
        """Read the source to its end, its last moment, or Ctrl-C."""
        for _ in self.transitions(reached):
            pass

    def history(self) -> Rows:
        """Read the source to its end, its last moment, or Ctrl-C; return all transitions."""
        history = History(self.capture.table, self._share // (TRANSITION_EACH + self._each))
        for batch in self.transitions():
            history.add(batch)
        return history.take()

    @property
    def moment(self) -> int:
        """The time that the states are about, ns since the epoch."""
        # The moment that was asked for is not reached where reading was interrupted.
        return (self.capture.last if self.interrupted else self.capture.moment) or 0

    @property
    def start(self) -> int:
        """The time of the first packet, ns since the epoch."""
        return self.capture.cutter.start or 0

    @contextmanager
    def _progress(self) -> Iterator[Callable[[int], None] | None]:
        size = self.capture.source.size
        if size is None or size < LONG or self._quiet or not sys.stderr.isatty():
            yield None
            return
        with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
            yield lambda position: bar.update(position - bar.pos)

    def show(self, table: Table, format: str, heading: str = "") -> None:
        """Write a table to where output goes."""
        pieces = render(table, format, self.capture.source.kernels, self.growing, self.screen)
        self.write(itertools.chain([heading.encode()] if heading and format == "table" else [], pieces))

    def in_lines(self, text: str, indent: int = 0) -> str:
        """Return a text behind so many blanks, in lines that fit the terminal; in a file or a pipe it stays one."""
        return " " * indent + text if self.screen is None else self.screen.lines(text, indent)

    def write(self, pieces: Iterable[bytes]) -> None:
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
            if self.live:
                raise OutputClosed from None
            raise

    def say(self, text: str, *, error: bool = False, **fields: Any) -> None:
        """Say a line on stderr, in the language that was asked for; ``text`` is a template for the fields.

        With ``--quiet`` only an ``error`` is said: what the exit code tells, too.
        """
        if self._quiet and not error:
            return
        click.echo(message(f"pcapstate: {translate(text, self._lang).format(**fields)}"), err=True)

    def close(self) -> int:
        """Say on stderr what was left out; return the exit code."""
        code = 0
        for damage in self.capture.damages:
            click.echo(message(f"pcapstate: {damage}"), err=True)
            code = 1
        later, last = None if self.interrupted else self.capture.cutter.unfinished, self.capture.last
        if last is None and not self.interrupted and not self.capture.damages:
            self.say("the capture has no packet")
        elif later is not None and last is not None and later > last and self.at is not None:
            self.say(
                "{moment} is {duration} after the last packet; this is what was known by then",
                moment=self.at.text,
                duration=duration(later - last),
            )
        if lines := getattr(self.capture.source, "left_out", []):
            click.echo(message(f"pcapstate: {left_out(lines)}"), err=True)
            code = max(code, int(getattr(self.capture.source, "missing", False)))
        code = max(code, self._say_what_the_source_let_go())
        self._say_what_gave_way()
        self._say_what_is_mixed()
        self._say_what_found_no_room()
        if drops := self.capture.source.drops:
            one, many = "1 packet", "{count:,} packets"
            if getattr(self.capture.source, "live", False):
                lost = f"lost {one if drops == 1 else many}, which came faster than they could be read"
                self.say(lost, error=True, count=drops)
                code = 1
            else:
                self.say(f"whoever captured lost {one if drops == 1 else many}, as the capture says", count=drops)
        if self.interrupted and not self.live:
            one, many = "interrupted; this is what 1 packet told", "interrupted; this is what {count:,} packets told"
            self.say(one if self.capture.frames == 1 else many, error=True, count=self.capture.frames)
            code = 1
        others, unreadable = account(self.capture.decoder.skipped)
        self._say_how_many(
            unreadable, "1 frame could not be read: {parts}", "{count:,} frames could not be read: {parts}"
        )
        self._say_how_many(others, "1 frame is not TCP: {parts}", "{count:,} frames are not TCP: {parts}")
        return code

    def _say_how_many(self, kinds: Sequence[tuple[str, int]], one: str, many: str) -> None:
        total = sum(count for _, count in kinds)
        if total:
            parts = ", ".join(f"{count:,} {translate(name, self._lang)}" for name, count in kinds)
            self.say(one if total == 1 else many, count=total, parts=parts)

    def _say_what_found_no_room(self) -> None:
        if self.screen is not None and self.screen.left_out:
            self.say("no room for {titles}; pipes and files get all", titles=", ".join(self.screen.left_out))

    def _say_what_is_mixed(self) -> None:
        table = self.capture.table
        if copies := int(table.seldom["copies"].sum(dtype=np.int64)):
            one = "1 packet is a copy of another one; it changes no state and is no retransmission"
            many = "{count:,} packets are copies of others; they change no state and are no retransmissions"
            self.say(one if copies == 1 else many, count=copies)
        mixed = np.flatnonzero(table.connections["notes"] & MIXED)
        if len(mixed):
            one = "connection {first} mixes packets of several VLANs or VNIs; see --split-vlans"
            many = "{count:,} connections mix packets of several VLANs or VNIs, {first} first; see --split-vlans"
            self.say(one if len(mixed) == 1 else many, count=len(mixed), first=int(table.numbers(mixed[:1])[0]))

    def _say_what_the_source_let_go(self) -> int:
        """Say what of the source found no room; return the exit code."""
        source = self.capture.source
        for text, count in getattr(source, "let_go", {}).items():
            self.say(text, count=count)
        left_out = getattr(source, "left_out_packets", 0)
        if left_out:
            text = "{count:,} packets on other interfaces than the first 65,536 were left out"
            self.say(text, error=True, count=left_out)
        return int(left_out > 0)

    def _say_what_gave_way(self) -> None:
        gone = dict(zip(KINDS, self.capture.table.let_go.tolist(), strict=True))
        total = sum(gone.values())
        if total:
            kinds = ", ".join(f"{count:,} {translate(kind, self._lang)}" for kind, count in gone.items() if count)
            one = "1 connection was let go, to stay within {bound} MB (--memory): {kinds}"
            many = "{count:,} connections were let go, to stay within {bound} MB (--memory): {kinds}"
            self.say(one if total == 1 else many, count=total, bound=self._bound // 1_000_000, kinds=kinds)
