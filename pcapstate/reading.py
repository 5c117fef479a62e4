"""One reading of a source: its packets, up to a moment, within a memory bound, and the losses.

The library and every command read through this module. It needs no terminal and answers no question: answers are made
from ``capture.table``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, NamedTuple

import numpy as np

from .capture import Capture, Source, Watcher, open_source
from .errors import CallError, CaptureDamaged
from .memory import LEAST, PACKETS_WAITING, connections_within, default_bound
from .messages import Message
from .moments import END, SECOND, Moment
from .names.protocols import account
from .rows import Rows
from .sources.framing import MAXIMUM_CAPTURED
from .sources.merging import left_out
from .sources.paths import meant
from .stops import Stops
from .tcp.eviction import EVICTION_ORDER
from .tcp.flow_table import bytes_each
from .tcp.history import FEWEST_TRANSITIONS, TRANSITION_BYTES, History
from .tcp.tables import NOTE_MIXED
from .tcp.time_wait import TimeWait

Path = str | os.PathLike[str] | IO[bytes]
STANDARD_INPUT = "-"
LEAST_SNAPLEN = 64
"""Fewer bytes of a packet often lack its TCP header."""


class Origin(NamedTuple):
    """Where packets come from: captures, or interfaces."""

    captures: tuple[Path, ...] = ()
    """Files, folders, patterns, open binary files, or STANDARD_INPUT; several are read as one, in time order."""
    interfaces: tuple[str, ...] = ()
    capture_filter: str | None = None
    """A capture filter (BPF), for interfaces."""
    duration: float | None = None
    """Seconds after which capturing ends, for interfaces."""
    buffer: int | None = None
    """Bytes of the kernel's buffer for each interface (None: a default)."""
    promiscuous: bool = True
    """Interfaces also capture packets for other stations."""
    snaplen: int | None = None
    """Bytes kept of a packet, for interfaces (None: all)."""
    record: tuple[str, Any] | None = None
    """For interfaces: the file to keep packets in, and its ``recording.Rotation``."""
    wait: Callable[[str, str], None] | None = None
    """Wait for interfaces that are not there or go away; called with what became of one, and its name."""
    follow: bool = False
    """The capture file is still being written: wait at its end for more."""
    archive: Any = None
    """A dataset in place of captures: ``archive.archive.Archive``."""
    giving_up: Any = None
    """For interfaces: how the program gives up its privileges (``privileges.GivenUp``); None: it is not ours."""

    @property
    def live(self) -> bool:
        """Whether it has no end of its own."""
        return bool(self.interfaces) or self.follow

    @property
    def growing(self) -> bool:
        """Whether packets may still arrive while it is read."""
        return self.live or (self.archive is None and self.captures == (STANDARD_INPUT,))

    @property
    def files(self) -> bool:
        """Whether it consists of files, which can be read again."""
        return (
            self.archive is None
            and not self.live
            and all(
                isinstance(one.source, str | os.PathLike) and os.path.isfile(one.source) for one in meant(self.captures)
            )
        )

    @property
    def missing(self) -> bool:
        """Whether a named file does not exist."""
        return (
            self.archive is None
            and not self.live
            and any(
                isinstance(one.source, str | os.PathLike)
                and one.source != STANDARD_INPUT
                and not os.path.exists(one.source)
                for one in meant(self.captures)
            )
        )

    def check(self) -> None:
        """Raise CallError if its fields contradict each other."""
        if self.archive is not None:
            return
        if not self.interfaces:
            if not self.captures:
                raise CallError("name a capture file, - for standard input, or an interface")
            if self.capture_filter is not None or self.duration is not None:
                raise CallError("a capture filter and a duration apply to interfaces only")
            if self.buffer is not None or not self.promiscuous:
                raise CallError("a buffer and promiscuous mode apply to interfaces only")
            if self.wait is not None:
                raise CallError("only an interface can be waited for; --follow waits for a file")
            if self.snaplen is not None:
                raise CallError("a snap length applies to interfaces only")
            if self.record is not None:
                raise CallError("only packets of interfaces are kept in a file; the capture is one")
        elif self.captures:
            raise CallError("give either capture files or an interface, not both")
        if self.snaplen is not None and not LEAST_SNAPLEN <= self.snaplen <= MAXIMUM_CAPTURED:
            raise CallError(
                Message(
                    "a snap length is between {least} and {most:,} bytes",
                    least=LEAST_SNAPLEN,
                    most=MAXIMUM_CAPTURED,
                )
            )
        if self.follow and (self.interfaces or len(self.captures) != 1 or self.captures == (STANDARD_INPUT,)):
            raise CallError("only one capture file, folder or pattern (in quotes) can be followed")

    def open(self) -> Any:
        """Open it as a ``capture.Source``. Raises CaptureError, LiveError."""
        if self.archive is not None:
            from .archive.source import ArchiveSource

            return ArchiveSource(self.archive)
        if self.follow:
            from .sources.following import FollowingReader

            return FollowingReader(os.fspath(self.captures[0]))  # type: ignore[arg-type]
        if not self.interfaces:
            return open_source(self.captures)
        # Imported here, since only live capture needs it.
        from .sources.interfaces import BUFFER, Capturing
        from .sources.live import LiveReader

        how = Capturing(self.capture_filter, self.buffer or BUFFER, self.promiscuous, self.snaplen or MAXIMUM_CAPTURED)
        return LiveReader(self.interfaces, how, self.duration, self.record, self.wait, self.giving_up)


class Losses(NamedTuple):
    """The losses of a reading, and its irregularities; zero and empty without any."""

    damages: Sequence[CaptureDamaged]
    """Captures that are damaged or cut short."""
    files_left_out: str
    """The files of a folder or pattern that were left out, and why."""
    files_missing: bool
    """Whether any of these files is, or may be, a capture."""
    dropped: int
    """Packets that the kernel or the capturing program reports as dropped."""
    record_failure: str
    """Why keeping captured packets in a file ended early, if it did."""
    dropped_here: bool
    """Whether this program was capturing when they were dropped."""
    left_out_packets: int
    """Packets on interfaces beyond the limit."""
    source_evicted: dict[str, int]
    """Metadata of the source beyond the limits: counts by message, a template with ``{count}``."""
    evicted: dict[str, int]
    """Connections evicted to stay within the memory bound, by ``EVICTION_ORDER``."""
    duplicates: int
    """Duplicates of packets in the capture."""
    mixed: tuple[int, int]
    """Connections that mix packets of several VLANs or VNIs: how many, and the number of the first."""
    unreadable: Sequence[tuple[str, int]]
    """Unreadable frames, by reason."""
    not_tcp: Sequence[tuple[str, int]]
    """Frames without TCP, by protocol."""

    @property
    def packets_lost(self) -> bool:
        """Whether packets are missing that should have been read."""
        return bool(
            self.damages
            or self.files_missing
            or self.record_failure
            or self.left_out_packets
            or (self.dropped and self.dropped_here)
        )


class Reading:
    """Reads a source once. Raises CallError, CaptureError, LiveError, MomentError.

    ``at``: the moment at which to stop; ``every``: seconds between moments, at most ``count`` of them. ``record``: keep
    transitions, or (``passing``) only yield them; those of growing sources are only yielded, unless ``kept``.
    ``details``: also rows of DETAIL and TROUBLE. ``watchers``: a function from the source to the watchers of its
    frames. ``memory``: the bound in bytes (None: a default); of these the caller takes ``each`` for every connection
    or transition, and ``beside`` for watchers. ``followers``, ``undisturbed``: as for ``FlowTable``; ``threads``: as
    for ``Capture``.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        at: Moment | None = None,
        every: float | None = None,
        count: int | None = None,
        time_wait: TimeWait = TimeWait(),  # noqa: B008 (it cannot be changed)
        split: bool = False,
        record: bool = False,
        passing: bool = False,
        kept: bool = False,
        details: bool = False,
        watchers: Callable[[Source], Sequence[Watcher]] = lambda source: (),
        memory: int | None = None,
        threads: int | None = None,
        each: int = 0,
        beside: int = 0,
        followers: Sequence[Callable[[Rows], None]] = (),
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        origin.check()
        self.origin, self.at = origin, at
        beside += PACKETS_WAITING if origin.interfaces else 0
        keeps = record and not passing and (kept or not origin.growing)
        least = FEWEST_TRANSITIONS * (TRANSITION_BYTES + each) if keeps else 0
        self.memory = memory or default_bound(beside + least)
        """The memory bound in bytes."""
        share = max((self.memory - LEAST) // 2, least) if keeps else 0
        self._history = History(share // (TRANSITION_BYTES + each)) if keeps else None
        try:
            most = connections_within(self.memory, bytes_each(details) + each, beside + share)
        except ValueError as error:
            raise CallError(Message("the memory limit is too low: {error}", error=str(error))) from None
        if origin.archive is not None:
            at = origin.archive.moment(at)
        stops = Stops(at, None if every is None else round(every * SECOND), count, self._time_of_last_packet())
        source = origin.open()
        how: dict[str, Any] = {
            "details": details,
            "watchers": watchers(source),
            "stops": stops,
            "most": most,
            "history": self._history,
            "followers": followers,
            "undisturbed": undisturbed,
        }
        self.capture: Capture
        if origin.archive is not None:
            from .archive.answering import capture_of

            # Its options are those that it was built with.
            self.capture = capture_of(origin.archive, source, record, at, every is not None, **how)
        else:
            self.capture = Capture(source, time_wait, record, split=split, threads=threads, **how)
        self.interrupted = False
        """Reading was ended before its moment, or its end."""

    def _time_of_last_packet(self) -> int | None:
        """Return the time of the last packet, where the moment counts from it and the files can be read twice."""
        if self.origin.archive is not None:
            found: int | None = self.origin.archive.clock
            return found
        if self.at is None or self.at.kind != END or not self.origin.files:
            return None
        source = open_source(self.origin.captures)
        try:
            times = [batch.clock for batch in source.batches()]
        finally:
            source.close()
        return times[-1] if times else None

    def transitions(self, reached: Callable[[int], None] | None = None) -> Generator[Rows, None, None]:
        """Read to the end, or the last moment; yield transitions (TRANSITION) in runs, each overwritten by the next.

        ``reached`` is called with each moment once the states are up to it.
        """
        yield from self.capture.follow(None, reached)

    def read(self, reached: Callable[[int], None] | None = None) -> None:
        """Read to the end, or the last moment."""
        for _ in self.transitions(reached):
            pass

    def history(self, reached: Callable[[int], None] | None = None) -> Rows:
        """Read to the end, or the last moment; return all transitions (TRANSITION).

        ``reached``: as for ``transitions``.
        """
        history = self._history
        assert history is not None, "transitions are not recorded"
        for batch in self.transitions(reached):
            history.add(batch)
        return history.take()

    @property
    def start(self) -> int:
        """The time of the first packet, ns since the epoch; 0 before a packet."""
        return self.capture.start or 0

    @property
    def moment(self) -> int:
        """The time of the states, ns since the epoch; 0 before a packet."""
        # An interrupted reading does not reach the requested moment.
        return (self.capture.clock if self.interrupted else self.capture.moment) or 0

    def span(self) -> tuple[int, int]:
        """Return ``start`` and ``moment``, to which relative times in filters refer."""
        return self.start, self.moment

    def losses(self) -> Losses:
        """Return the losses so far."""
        source, table = self.capture.source, self.capture.table
        not_tcp, unreadable = account(self.capture.decoder.skipped)
        mixed = np.flatnonzero(table.connections["notes"] & NOTE_MIXED)
        files = getattr(source, "left_out", [])
        return Losses(
            damages=self.capture.damages,
            files_left_out=left_out(files) if files else "",
            files_missing=bool(files and getattr(source, "missing", False)),
            dropped=source.drops or 0,
            record_failure=getattr(source, "record_failure", ""),
            dropped_here=bool(getattr(source, "live", False)),
            left_out_packets=getattr(source, "left_out_packets", 0),
            source_evicted=getattr(source, "overflow", {}),
            evicted=dict(zip(EVICTION_ORDER, table.evicted.tolist(), strict=True)),
            duplicates=int(table.seldom["copies"].sum(dtype=np.int64)),
            mixed=(len(mixed), int(table.numbers(mixed[:1])[0]) if len(mixed) else 0),
            unreadable=unreadable,
            not_tcp=not_tcp,
        )

    def close(self) -> None:
        """Close files and sockets."""
        self.capture.source.close()
