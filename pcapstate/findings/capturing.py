"""The capture itself: what it does not have, or has otherwise than the network had it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..decode import protocols
from ..moments import SECOND
from ..rows import Rows
from ..tcp import tables as c
from ..tcp.states import State
from ..wording.counts import Count
from ..wording.times import duration
from .filters import Filter, of_connections, of_frames
from .finding import Finding, Severity, first_of, share
from .frames_seen import LARGE
from .groups import different
from .marked import Marked
from .scope import Span, span
from .situation import Situation

DAMAGES = 5
"""Damaged captures that are told of one by one."""
HALF = 0.5
"""The share of connections from which something missing is a matter of the capture as a whole."""
TWICE, TWICE_SHARE = 5, 0.2
"""Segments captured twice, and their share of all, from which a copy is no accident."""
LARGE_LEAST = 10
"""Large segments from which it is worth saying that there are some."""
STEP_BACK, LONG_STEP_BACK = SECOND // 1000, SECOND
"""Time steps back by less where interfaces and queues are written down one after the other; by more where somebody
set the clock."""

HEADERS_CUT = [
    protocols.SKIPPED_REASON + one for one in (protocols.SHORT_LINK, protocols.SHORT_IP, protocols.SHORT_TCP)
]


def damaged(s: Situation) -> Iterator[Finding]:
    """Tell what could not be read."""
    for damage in s.damages[:DAMAGES]:
        fields = {"name": damage.name, "what": damage.what, "offset": Count(damage.offset)}
        yield Finding("capture-damaged", Severity.WARNING, {**fields, "packets": Count(damage.packets)})


def dropped(s: Situation) -> Iterator[Finding]:
    """Tell what the capturing system says that it lost."""
    if s.drops:
        fields = {"drops": Count(s.drops), "frames": Count(s.seen.frames)}
        yield Finding("packets-dropped", Severity.WARNING, fields)


def gaps(s: Situation) -> Iterator[Finding]:
    """Point at data that was acknowledged and is not in the capture, though both directions are captured."""
    ends = s.busy
    ends = ends[(s.packets[ends] > 0) & (s.packets[ends ^ 1] > 0)]
    unseen = s.trouble("unseen", ends)
    both = len(ends) // 2
    ends, unseen = ends[unseen > 0], unseen[unseen > 0]
    if len(ends):
        yield _of_connections(
            s, "capture-gaps", Severity.WARNING, ends >> 1, both, s.trouble("gap", ends),
            when=span(s.trouble("gap_time", ends)),
            bytes=Count(unseen.sum()),
        )  # fmt: skip


def one_way(s: Situation) -> Iterator[Finding]:
    """Point at connections of which the capture has one direction only, though the other end answered."""
    ends = s.busy
    unseen = ends[(s.packets[ends] == 0)]
    peer = unseen ^ 1
    answers = (s.trouble("unseen", unseen) > 0) | (
        (s.known[peer] & c.KNOWN_SENT_SYN != 0) & ~np.isin(s.state[peer], (State.SYN_SENT, State.CLOSED))
    )
    numbers = unseen[answers] >> 1
    if len(numbers):
        half = len(numbers) >= HALF * (len(s.busy) // 2)
        yield _of_connections(
            s,
            "one-way",
            Severity.WARNING if half else Severity.NOTE,
            numbers,
            len(s.busy) // 2,
            s.detail("packet", unseen[answers] ^ 1),
            hosts=s.hosts(unseen[answers]),
        )


def joined_late(s: Situation) -> Iterator[Finding]:
    """Tell how many connections were open before the capture began, where they are most of them."""
    handshake = c.KNOWN_SENT_SYN | c.KNOWN_SENT_SYN_ACK
    without = (s.known[s.client] | s.known[s.server]) & handshake == 0
    without &= (s.state[s.client] != State.UNKNOWN) | (s.state[s.server] != State.UNKNOWN)
    numbers = np.flatnonzero(without & ~s.explained)
    if len(numbers) and len(numbers) >= HALF * s.count:
        yield _of_connections(s, "joined-late", Severity.NOTE, numbers, s.count, numbers[:0])


def captured_twice(s: Situation) -> Iterator[Finding]:
    """Tell that packets are there twice, as with mirrored ports and Linux' interface "any"."""
    ends = s.busy
    copies = s.table.seldom["copies"][ends].astype(np.int64)
    total = int(copies.sum())
    if total >= TWICE and total >= TWICE_SHARE * s.packets.sum(dtype=np.int64):
        chosen = ends[copies > 0]
        yield _of_connections(
            s,
            "captured-twice",
            Severity.NOTE,
            np.unique(chosen >> 1),
            s.count,
            s.trouble("copied", chosen),
            copies=Count(total),
        )


def stored_again(s: Situation) -> Iterator[Finding]:
    """Tell that a part of the capture is there a second time; here it counts once."""
    found = s.seen.stored_again
    again = found.again
    if not found.count:
        return
    part = found.parts[0]
    selected = sum(one.last - one.first + 1 for one in found.parts)
    yield Finding(
        "stored-again",
        Severity.WARNING,
        {
            "packets": Count(again.count),
            "parts": Count(found.count - 1),
            "first": str(part.first),
            "last": str(part.last),
            "origin_first": str(part.origin_first),
            "origin_last": str(part.origin_last),
            "shift": duration(part.shift),
        },
        also=[*(["later"] if part.shift else []), *(["more"] if found.count > 1 else [])],
        packet_count=again.count,
        packets=again.numbers,
        filter=f"frame.number in {{{', '.join(f'{one.first}..{one.last}' for one in found.parts)}}}",
        selected=None if len(found.parts) == found.count else selected,
        first=again.first,
        last=again.last,
    )


def headers_cut(s: Situation) -> Iterator[Finding]:
    """Tell how many frames are cut off inside their headers, so that nothing can be said of them."""
    count = int(s.skipped[HEADERS_CUT].sum())
    if count:
        fields = {"frames": Count(count), "share": share(count, s.seen.frames)}
        yield Finding("headers-cut", Severity.WARNING, fields)


def frames_cut(s: Situation) -> Iterator[Finding]:
    """Tell how many frames are cut off."""
    if s.seen.cut.count and s.count:
        yield _of_frames("frames-cut", Severity.NOTE, s.seen.cut, s, "frame.cap_len < frame.len")


def large_segments(s: Situation) -> Iterator[Finding]:
    """Tell of segments that no Ethernet carries in one frame: offload, or jumbo frames."""
    if s.seen.large.count >= LARGE_LEAST:
        fields = {"largest": Count(s.seen.largest), "limit": Count(LARGE)}
        selecting = "" if s.seen.other_large else f"tcp.len > {LARGE}"
        yield _of_frames("large-segments", Severity.NOTE, s.seen.large, s, selecting, **fields)


def steps_back(s: Situation) -> Iterator[Finding]:
    """Tell where packets are dated before those that they follow."""
    if s.seen.step_back >= STEP_BACK:
        severity = Severity.WARNING if s.seen.step_back >= LONG_STEP_BACK else Severity.NOTE
        step = duration(s.seen.step_back)
        yield _of_frames("time-steps-back", severity, s.seen.back, s, "frame.time_delta < 0", step=step)


def _of_frames(
    kind: str, severity: Severity, frames: Marked, s: Situation, selecting: str, **fields: object
) -> Finding:
    """Return a finding about frames; ``selecting``: the display filter for all of them, empty where there is none."""
    told = {"frames": Count(frames.count), "share": share(frames.count, s.seen.frames), **fields}
    found = of_frames(frames.numbers, frames.count)
    if selecting and found.selected is not None:
        found = Filter(selecting)
    return Finding(
        kind, severity, told, packet_count=frames.count, packets=frames.numbers, filter=found.text,
        selected=found.selected, first=frames.first, last=frames.last,
    )  # fmt: skip


def _of_connections(
    s: Situation,
    kind: str,
    severity: Severity,
    rows: Rows,
    whole: int,
    packets: Rows,
    *,
    when: Span | None = None,
    **fields: object,
) -> Finding:
    """Return a finding about connections as the capture has them; ``when``: as for ``about``."""
    rows, packets = different(rows), different(packets[packets > 0])
    told = {"count": Count(len(rows)), "all": Count(whole), "share": share(len(rows), whole), **fields}
    selecting = of_connections(s, rows)
    first, last = s.during(rows) if when is None else when
    return Finding(
        kind, severity, told, None, (), len(rows), first_of(s.table.numbers(rows)), len(packets), first_of(packets),
        selecting.text, selecting.selected, first, last,
    )  # fmt: skip
