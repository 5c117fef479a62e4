"""One reading of a source: which packets, up to which moment, within how much memory, and what was lost of them.

The library, every command and whatever else asks about a capture reads through here. No terminal is needed, and no
question is answered here: ``capture.table`` is what the answers are made from.
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
from .moments import END, SECOND, Moment
from .names.protocols import account
from .rows import Rows
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


class Origin(NamedTuple):
    """Where packets come from: captures, or interfaces."""

    captures: tuple[Path, ...] = ()
    """Files, folders, patterns, open binary files, or STANDARD_INPUT; several are read as one, in time order."""
    interfaces: tuple[str, ...] = ()
    capture_filter: str | None = None
    """A filter of libpcap, for interfaces."""
    duration: float | None = None
    """Seconds after which capturing on interfaces ends."""
    follow: bool = False
    """The capture file is still being written: wait at its end for more."""

    @property
    def live(self) -> bool:
        """Whether it has no end of its own."""
        return bool(self.interfaces) or self.follow

    @property
    def growing(self) -> bool:
        """Whether packets may come while it is read."""
        return self.live or self.captures == (STANDARD_INPUT,)

    @property
    def files(self) -> bool:
        """Whether it is made of files, which can be read once more."""
        return not self.live and all(
            isinstance(one.source, str | os.PathLike) and os.path.isfile(one.source) for one in meant(self.captures)
        )

    @property
    def missing(self) -> bool:
        """Whether a file that is named is not there."""
        return not self.live and any(
            isinstance(one.source, str | os.PathLike)
            and one.source != STANDARD_INPUT
            and not os.path.exists(one.source)
            for one in meant(self.captures)
        )

    def check(self) -> None:
        """Raise CallError where its parts contradict each other."""
        if not self.interfaces:
            if not self.captures:
                raise CallError("name a capture file, - for standard input, or an interface with -i")
            if self.capture_filter is not None or self.duration is not None:
                raise CallError("--capture-filter and --duration go with -i")
        elif self.captures:
            raise CallError("give either capture files or an interface, not both")
        if self.follow and (self.interfaces or len(self.captures) != 1 or self.captures == (STANDARD_INPUT,)):
            raise CallError("--follow goes with one capture file, folder or pattern (in quotes)")

    def open(self) -> Any:
        """Open it as a ``capture.Source``. Raises CaptureError, LiveError."""
        if self.follow:
            from .sources.following import FollowingReader

            return FollowingReader(os.fspath(self.captures[0]))  # type: ignore[arg-type]
        if not self.interfaces:
            return open_source(self.captures)
        # Only who captures needs what opens interfaces.
        from .sources.live import LiveReader

        return LiveReader(self.interfaces, self.capture_filter, self.duration)


class Losses(NamedTuple):
    """What is missing from what was read, or was not read as it should be; zero and empty where nothing is."""

    damages: Sequence[CaptureDamaged]
    """Captures that are damaged or cut short."""
    files_left_out: str
    """Which files of a folder or pattern were left out, and why."""
    files_missing: bool
    """Some of these should have been read."""
    dropped: int
    """Packets that the kernel or the capturing program reports as dropped."""
    dropped_here: bool
    """They were dropped while this program captured."""
    left_out_packets: int
    """Packets on more interfaces than are told apart."""
    source_evicted: dict[str, int]
    """What the source had no room to keep: a template for each, with ``{count}``, and how often."""
    evicted: dict[str, int]
    """Connections that were evicted to stay within the memory, by ``EVICTION_ORDER``."""
    duplicates: int
    """Packets that are in the capture more than once."""
    mixed: tuple[int, int]
    """Connections whose packets come from several VLANs or VNIs: how many, and the number of the first."""
    unreadable: Sequence[tuple[str, int]]
    """Frames that could not be read, by reason."""
    not_tcp: Sequence[tuple[str, int]]
    """Frames without TCP, by protocol."""

    @property
    def packets_lost(self) -> bool:
        """Whether packets that should have been read were not."""
        return bool(self.damages or self.files_missing or self.left_out_packets or (self.dropped and self.dropped_here))


class Reading:
    """Reads a source once. Raises CallError, CaptureError, LiveError, MomentError.

    ``at``: the moment at which to stop; ``every``: seconds between moments, ``count`` times at most. ``record``:
    transitions are wanted; ``details``: rows of DETAIL and TROUBLE, too. ``watchers`` is given the source and returns
    what looks at its frames. ``memory``: bytes that all may take (None: a default); of these ``each`` for each
    connection or transition and ``beside`` for watchers are left to whoever asks. ``followers``, ``undisturbed``: as of
    ``FlowTable``.
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
        details: bool = False,
        watchers: Callable[[Source], Sequence[Watcher]] = lambda source: (),
        memory: int | None = None,
        each: int = 0,
        beside: int = 0,
        followers: Sequence[Callable[[Rows], None]] = (),
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        origin.check()
        self.origin, self.at = origin, at
        beside += PACKETS_WAITING if origin.interfaces else 0
        keeps = record and not origin.growing
        least = FEWEST_TRANSITIONS * (TRANSITION_BYTES + each) if keeps else 0
        self.memory = memory or default_bound(beside + least)
        """Bytes that all may take."""
        share = max((self.memory - LEAST) // 2, least) if keeps else 0
        self._history = History(share // (TRANSITION_BYTES + each)) if record else None
        try:
            most = connections_within(self.memory, bytes_each(details) + each, beside + share)
        except ValueError as error:
            raise CallError(f"--memory: {error}") from None
        stops = Stops(at, None if every is None else round(every * SECOND), count, self._time_of_last_packet())
        source = origin.open()
        self.capture = Capture(
            source,
            time_wait,
            record,
            details=details,
            watchers=watchers(source),
            stops=stops,
            split=split,
            most=most,
            history=self._history,
            followers=followers,
            undisturbed=undisturbed,
        )
        self.interrupted = False
        """Reading was ended before its moment, or its end."""

    def _time_of_last_packet(self) -> int | None:
        """Return the time of the last packet, where the moment counts from it and the files can be read twice."""
        if self.at is None or self.at.kind != END or not self.origin.files:
            return None
        source = open_source(self.origin.captures)
        try:
            times = [batch.clock for batch in source.batches()]
        finally:
            source.close()
        return times[-1] if times else None

    def transitions(self, reached: Callable[[int], None] | None = None) -> Generator[Rows, None, None]:
        """Read to the end, or the last moment; yield transitions (TRANSITION) in runs that the next one overwrites.

        ``reached`` is called with each moment once the states are those of it.
        """
        yield from self.capture.follow(None, reached)

    def read(self, reached: Callable[[int], None] | None = None) -> None:
        """Read to the end, or the last moment."""
        for _ in self.transitions(reached):
            pass

    def history(self) -> Rows:
        """Read to the end, or the last moment; return all transitions (TRANSITION)."""
        history = self._history
        assert history is not None, "transitions are not recorded"
        for batch in self.transitions():
            history.add(batch)
        return history.take()

    @property
    def start(self) -> int:
        """The time of the first packet, ns since the epoch; 0 before there is one."""
        return self.capture.start or 0

    @property
    def moment(self) -> int:
        """The time that the states are about, ns since the epoch; 0 before there is a packet."""
        # An interrupted reading does not reach the moment that was asked for.
        return (self.capture.clock if self.interrupted else self.capture.moment) or 0

    def span(self) -> tuple[int, int]:
        """Return ``start`` and ``moment``, from which the times of filters count."""
        return self.start, self.moment

    def losses(self) -> Losses:
        """Return what is missing from what was read so far."""
        source, table = self.capture.source, self.capture.table
        not_tcp, unreadable = account(self.capture.decoder.skipped)
        mixed = np.flatnonzero(table.connections["notes"] & NOTE_MIXED)
        files = getattr(source, "left_out", [])
        return Losses(
            damages=self.capture.damages,
            files_left_out=left_out(files) if files else "",
            files_missing=bool(files and getattr(source, "missing", False)),
            dropped=source.drops or 0,
            dropped_here=bool(getattr(source, "live", False)),
            left_out_packets=getattr(source, "left_out_packets", 0),
            source_evicted=getattr(source, "let_go", {}),
            evicted=dict(zip(EVICTION_ORDER, table.evicted.tolist(), strict=True)),
            duplicates=int(table.seldom["copies"].sum(dtype=np.int64)),
            mixed=(len(mixed), int(table.numbers(mixed[:1])[0]) if len(mixed) else 0),
            unreadable=unreadable,
            not_tcp=not_tcp,
        )

    def close(self) -> None:
        """Let go of files and sockets."""
        self.capture.source.close()
