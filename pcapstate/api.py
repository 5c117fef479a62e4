"""The library: the answers of the commands as typed objects, without a command line and without output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .asked import (
    Time,
    texts,
)
from .objects import (
    Connection,
    Netstat,
    Transition,
    transitions_of,
)
from .reading import Origin, Path
from .records import Arriving, Records
from .session import Session
from .table import Batch
from .tcp.time_wait import DEFAULT_TWO_MSL
from .views import timeline_columns


def open(
    *paths: Path,
    interface: str | Sequence[str] | None = None,
    capture_filter: str | None = None,
    duration: float | None = None,
    buffer: int | None = None,
    promiscuous: bool = True,
    snaplen: int | None = None,
    wait: bool = False,
    follow: bool = False,
    two_msl: float = DEFAULT_TWO_MSL,
    at: Time | None = None,
    memory: int | None = None,
    split_vlans: bool = False,
) -> Session:
    """Open a capture (several: as one in time order), or interfaces.

    For interfaces: ``capture_filter``, ``duration`` (seconds), ``buffer`` (the kernel's, in bytes), ``promiscuous``,
    ``snaplen`` (bytes kept of a packet), ``wait`` (for interfaces that are not there or go away).
    ``follow``: the file is still being written. ``two_msl``: seconds of TIME_WAIT. ``at``: the moment at which to stop.
    ``memory``: the memory bound in bytes; beyond it, connections are evicted (``Session.losses``). ``split_vlans``: the
    same 4-tuple on different VLANs is several connections. Raises CallError, CaptureError, LiveError, MomentError.
    """
    origin = Origin(
        paths,
        texts(interface),
        capture_filter,
        duration,
        buffer,
        promiscuous,
        snaplen,
        wait=(lambda what, name: None) if wait else None,
        follow=follow,
    )
    return Session(origin, two_msl=two_msl, at=at, memory=memory, split=split_vlans)


def transitions(
    *paths: Path, filter: str | None = None, two_msl: float = DEFAULT_TWO_MSL
) -> Records[Transition] | Arriving[Transition]:
    """Read a capture and return its transitions (see ``Session.transitions``). Raises CaptureError, QueryError."""
    session = open(*paths, two_msl=two_msl)
    if session.growing:
        return _arriving(session, filter)
    with session:
        return session.transitions(filter)


def live(
    *interfaces: str,
    filter: str | None = None,
    capture_filter: str | None = None,
    duration: float | None = None,
    snaplen: int | None = None,
    wait: bool = False,
    two_msl: float = DEFAULT_TWO_MSL,
) -> Arriving[Transition]:
    """Capture on interfaces and yield transitions as packets come. Raises LiveError, QueryError.

    ``capture_filter``: a BPF filter for packets; ``duration``: seconds until it ends (None: never);
    ``snaplen``: bytes kept of a packet (None: all); ``wait``: wait for interfaces that are not there or go away.
    """
    session = open(
        interface=interfaces,
        capture_filter=capture_filter,
        duration=duration,
        snaplen=snaplen,
        wait=wait,
        two_msl=two_msl,
    )
    return _arriving(session, filter)


def _arriving(session: Session, filter: str | None) -> Arriving[Transition]:
    """Return the transitions of a session that is opened with the first, and closed after the last."""

    def batches() -> Iterator[Batch]:
        with session:
            found = session.transitions(filter)
            assert isinstance(found, Arriving)
            yield from found.batches()

    return Arriving(timeline_columns.COLUMNS, batches(), transitions_of)


def connections(*paths: Path, filter: str | None = None, two_msl: float = DEFAULT_TWO_MSL) -> Records[Connection]:
    """Read a capture and return its connections in the order of their numbers. Raises CaptureError, QueryError."""
    with open(*paths, two_msl=two_msl) as session:
        return session.connections(filter)


def netstat(
    *paths: Path,
    at: Time | None = None,
    local: str | Sequence[str] | None = None,
    listening: bool = False,
    names: bool = False,
    udp: bool = False,
    filter: str | None = None,
    two_msl: float = DEFAULT_TWO_MSL,
) -> Records[Netstat]:
    """Read a capture and return the rows of netstat at a moment, or at the end (see ``Session.netstat``).

    Raises CaptureError, MomentError, QueryError, and ValueError if ``local`` is neither an address nor a network.
    """
    with open(*paths, two_msl=two_msl) as session:
        return session.netstat(at, local, listening=listening, names=names, udp=udp, filter=filter)
