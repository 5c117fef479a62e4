"""The pipeline from bytes to states: source, decoder and tracker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from .decode.decoder import Decoder
from .errors import CaptureDamaged
from .kernels.running import Kernels
from .rows import Rows
from .sources.merging import MergedReader
from .sources.paths import meant
from .sources.process_blocks import Process
from .sources.reader import Batch, CaptureReader
from .stops import Stops
from .tcp.flow_table import MOST_CONNECTIONS, FlowTable
from .tcp.history import History
from .tcp.tables import TRANSITION
from .tcp.time_wait import TimeWait
from .working_ahead import MOST_THREADS, ahead, processors

READ_AHEAD_SIZE = 16_000_000
"""Captures of at least so many bytes are read and decoded ahead, each in a thread."""
WAITING = 2
"""Batches that are read while another is decoded: one waits, one is being read."""
NO_TRANSITIONS = np.zeros(0, dtype=TRANSITION)
LOOK = 1.0
"""Seconds between two checks for abandoned attempts, while a capture grows."""


class Source(Protocol):
    """A source of frames: one capture, several merged ones, an interface."""

    name: str
    size: int | None
    kernels: Kernels

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage, complete once all batches are read."""

    @property
    def processes(self) -> list[Process]:
        """The processes, numbered from 1 by FRAME's ``process`` and ``effective``."""

    @property
    def names(self) -> list[tuple[bytes, list[str]]]:
        """The entries of name resolution blocks: an address (4 or 16 bytes) and its names."""

    @property
    def drops(self) -> int | None:
        """The number of packets reported as dropped; None without a report."""

    def batches(self) -> Iterator[Batch]:
        """Yield the frames in order."""

    def close(self) -> None:
        """Close files and sockets."""


@runtime_checkable
class Dataset(Protocol):
    """A source that is a dataset: a reading of it has the connections that a question is about, and no others."""

    station: list[tuple[int, int]]
    """The addresses (high and low half) of the capturing host, where all captures are from one; else none."""

    def everybody(self) -> FlowTable:
        """Return a table with some connections by the moment: any host in all of these is in all that there were."""

    def is_there(self, networks: Sequence[Any]) -> bool:
        """Tell whether any connection by the moment has an end in some networks."""


class Watcher(Protocol):
    """Looks at frames beside the tracker, for names, statistics or programs."""

    datagrams: bool
    """Whether it needs UDP datagrams among the segments."""

    def watch(self, batch: Batch, segments: Rows) -> Any:
        """Look at a decoded batch, in the decoding thread; copy data to keep, since the buffer is reused."""

    def tracked(self, segments: Rows, seen: Any) -> None:
        """Look at segments after the tracker (``endpoint`` is set); ``seen``: the result of ``watch``."""


@runtime_checkable
class ByEndpoint(Protocol):
    """A watcher that keeps data by connection or endpoint."""

    def moved(self, kept: Rows) -> None:
        """Follow the tracker's compaction after it evicted connections: its row n was row ``kept[n]``."""


@runtime_checkable
class OfTable(Protocol):
    """A watcher whose rows are those of the tracker's table."""

    def follow(self, table: FlowTable) -> None:
        """Take the table, before any segment is tracked."""


@runtime_checkable
class ByFragment(Protocol):
    """A watcher that needs all packets of a segment."""

    def reassembled(self, number: int, fragments: Sequence[int]) -> None:
        """Take the numbers of the frames with a segment's fragments, in the decoding thread, before ``watch``.

        ``number``: of the frame that completes it. The segment need not be of TCP, if a tunnel carries it.
        """


class Capture:
    """Reads a source once, keeping the state of every connection.

    ``follow`` reads to the end and yields the transitions on the way; ``table`` has the connections so far; ``damages``
    and ``decoder.skipped`` have what could not be read. ``record``: keep transitions; ``details``: also rows of DETAIL;
    ``stops``: the moments at which to stop, the last of which ends the reading; ``most``: the most connections kept;
    ``split``: whether the same 4-tuple in another virtual network is another connection; ``threads``: from 1 to
    MOST_THREADS (None: as many as there are processors).
    """

    def __init__(
        self,
        source: Source,
        time_wait: TimeWait = TimeWait(),  # noqa: B008 (it cannot be changed)
        record: bool = True,
        *,
        details: bool = False,
        watchers: Sequence[Watcher] = (),
        stops: Stops | None = None,
        most: int = MOST_CONNECTIONS,
        split: bool = False,
        history: History | None = None,
        followers: Sequence[Callable[[Rows], None]] = (),
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
        threads: int | None = None,
    ) -> None:
        self.source = source
        self.threads = threads or min(MOST_THREADS, processors())
        """The most threads that work at the same time."""
        self.stops = stops or Stops()
        self.watchers = watchers
        reassembled = [one.reassembled for one in watchers if isinstance(one, ByFragment)]
        self.decoder = Decoder(source.kernels, any(one.datagrams for one in watchers), reassembled)
        decoder = self.decoder
        self.tracked_with = time_wait, split
        self.table = FlowTable(
            source.kernels,
            time_wait,
            record,
            details,
            most,
            split,
            history=history,
            followers=[*(one.moved for one in watchers if isinstance(one, ByEndpoint)), *followers],
            network_names=lambda: decoder.networks,
            undisturbed=undisturbed,
        )
        for one in watchers:
            if isinstance(one, OfTable):
                one.follow(self.table)
        self.frames = 0
        self.clock: int | None = None
        """The current time of the reading: of the last packet, or later while an interface is silent."""

    @property
    def start(self) -> int | None:
        """The time of the first packet, ns since the epoch."""
        return self.stops.start

    @property
    def moment(self) -> int | None:
        """The moment of ``table``, ns since the epoch: the requested one, or the last packet's."""
        later = self.stops.due
        return self.clock if later is None or self.clock is None else max(self.clock, later)

    @property
    def damages(self) -> list[CaptureDamaged]:
        """The damage in the source so far."""
        return self.source.damages

    def follow(
        self, progress: Callable[[int], None] | None = None, reached: Callable[[int], None] | None = None
    ) -> Generator[Rows, None, None]:
        """Read all frames; yield transitions (TRANSITION) in batches, each overwritten by the next.

        ``progress`` is called with the bytes read so far, ``reached`` with each moment of the stops once ``table`` is
        up to it; an empty run follows. Exhaust or close the generator to close the source. Raises MomentError.
        """
        threads = self.threads if self.source.size is not None and self.source.size >= READ_AHEAD_SIZE else 1
        pieces = self._pieces(threads)
        if threads > 2 and not self.stops.repeats:
            pieces = ahead(pieces)
        growing, looked = self.source.size is None, time.monotonic()
        try:
            for piece in pieces:
                self.frames += piece.frames
                if piece.dropped:
                    self.table.dropped(piece.dropped)
                yield from self.table.follow(piece.segments, len(piece.segments))
                # Time also passes with frames without TCP, and while an interface is silent.
                yield from self.table.pass_time(piece.clock)
                for watcher, seen in zip(self.watchers, piece.seen, strict=True):
                    watcher.tracked(piece.segments, seen)
                self.clock = piece.clock
                if piece.moment is not None and reached is not None:
                    yield from self.table.give_up()
                    reached(piece.moment)
                    # An empty run lets the caller look at the table now.
                    yield NO_TRANSITIONS
                elif growing and time.monotonic() - looked >= LOOK:
                    yield from self.table.give_up()
                    looked = time.monotonic()
                if progress is not None:
                    progress(piece.position)
            # A stopped reading has not reached the moment.
            later = None if getattr(self.source, "stopped", False) else self.stops.due
            if later is not None and later > self.table.clock:
                # The moment is after the last packet: only timers change states until then.
                yield from self.table.pass_time(later)
            yield from self.table.give_up()
            self.decoder.finish()
        except BaseException:
            # It ends in the middle of a piece: the states are those at the last tracked packet.
            if self.table.count:
                self.clock = self.table.clock
            raise
        finally:
            pieces.close()
            self.source.close()

    def _pieces(self, threads: int) -> Generator[Piece, None, None]:
        with closing(self._batches(threads)) as batches:
            for whole in batches:
                for batch, moment in self.stops.split(whole):
                    segments = self.decoder.decode(batch)
                    seen = [watcher.watch(batch, segments) for watcher in self.watchers]
                    yield Piece(segments, len(batch.frames), batch.clock, batch.position, moment, seen, batch.dropped)
                if self.stops.ended:
                    return

    def _batches(self, threads: int) -> Generator[Batch, None, None]:
        if threads > 1 and isinstance(self.source, CaptureReader):
            self.source.keep(WAITING)
            yield from ahead(batch for batch in self.source.batches())
        else:
            yield from self.source.batches()


class Piece(NamedTuple):
    """The segments of a batch, or of its part up to a moment, and the results of the watchers."""

    segments: Rows
    frames: int  # number of frames
    clock: int  # the source's time after it
    position: int  # bytes read so far
    moment: int | None  # the moment reached after it
    seen: list[Any]
    dropped: int  # the time before which packets were dropped, or 0


def open_source(paths: Sequence[str | os.PathLike[str] | Any]) -> Source:
    """Open one capture, or several as one in time order, also from directories and patterns.

    Raises CaptureError.
    """
    sources = meant(paths)
    return CaptureReader(paths[0]) if len(sources) == 1 and not sources[0].found else MergedReader(sources)
