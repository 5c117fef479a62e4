"""What no packet of a view can decide: why an endpoint's states may be others than a view makes believe.

Packets that a view shows need not arrive, and those that arrive need not be shown. Where nothing that the view shows
later tells the difference, the endpoint is not judged; how often the program's words are right there is still counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from kernel_lab.document import Connection, Recorded, evidence_of
from kernel_lab.segments import Segment
from kernel_lab.truth import Life

_ANSWERED = 0.2
"""Seconds after which a segment answers to what was shown before: that is when a kernel sends again at the earliest."""
_BEGINS = 0.001
"""Seconds between the SYN that comes and the SYN-ACK that answers it, at most."""
_REPEATED = 3
"""A FIN shown so often without a sign of its receiver has not arrived."""
_MARKS = ("FIN", "ACK of FIN", "RST", "SYN-ACK", "ACK of SYN")


@dataclass
class Case:
    """A connection as a view shows it, and what its hosts' own interfaces saw of it."""

    connection: Connection
    recorded: Recorded
    begin: float
    """When the capture began to show anything, where it began late; else 0."""
    own: dict[str, list[Segment]]
    """The segments of this connection on the interface of the client's and of the server's end."""
    siblings: int
    """How many connections the pair of endpoints has had."""
    opening_shown: bool
    """Whether each of them shows its SYN."""
    only: str
    """The end whose segments alone are shown; empty where both are."""

    def life(self, end: str) -> Life | None:
        """The socket at an end."""
        return self.connection.client_life if end == "client" else self.connection.server_life

    def address(self, end: str) -> str:
        """The endpoint."""
        return self.connection.client if end == "client" else self.connection.server


def undecidable(case: Case, end: str) -> str:
    """Why the states of this end cannot be told from the view; empty if they can be."""
    life, local = case.life(end), case.address(end)
    if case.siblings > 1 and not case.opening_shown:
        return "the same endpoints are used again, and a SYN is not shown"
    if case.begin and any(s.time < case.begin and (s.has("F") or s.has("R")) for own in case.own.values() for s in own):
        return "it was being closed before the capture began"
    if life is None:
        return ""
    own = case.own[end]
    ends = _Ends(life, local, own)
    shown = case.connection.segments
    closed = next((t.time for t in life.transitions if t.state == "CLOSED"), inf)
    until = min(closed, case.recorded.end)
    arrived = [s for s in own if s.destination == local and life.start - _BEGINS <= s.time <= until]
    reason = (
        _hidden_fin(case)
        or _hidden_since(case, end, own, until)
        or _hidden_close(life, ends, shown)
        or _hidden_end(case, life, ends, closed)
    )
    if reason:
        return reason
    # What is shown after the end is no riddle any more.
    told = [s for s in shown if s.destination == local and s.time <= _end_shown(case, life)]
    for mark in _MARKS:
        if any(ends.has(s, mark) for s in told) and not any(ends.has(s, mark) for s in arrived):
            last = max(s.time for s in told if ends.has(s, mark))
            if not _contradicted(mark, ends, shown, local, last):
                return f"{mark} is shown, but did not arrive" if last < closed else f"{mark} came too late"
    in_view, on_host = _order(ends, told), _order(ends, arrived)
    if [mark for mark in in_view if mark in on_host] != [mark for mark in on_host if mark in in_view]:
        return f"{' and '.join(on_host)} arrived in another order than shown"
    return ""


class _Ends:
    """Where the sequence numbers of the FINs of both ends are, from the view of one of them."""

    def __init__(self, life: Life, local: str, own: list[Segment]) -> None:
        self.local, self.opening = local, (life.isn + 1) & 0xFFFFFFFF
        self.own_fins = [s for s in own if s.source == local and s.has("F")]
        self.peer_fins = [s for s in own if s.destination == local and s.has("F")]
        self.passive = any(t.state == "SYN_RECEIVED" for t in life.transitions)

    def has(self, segment: Segment, mark: str) -> bool:
        """Whether a segment to this end is such a one."""
        match mark:
            case "FIN":
                return segment.has("F")
            case "ACK of FIN":
                return bool(self.own_fins) and not segment.has("R") and segment.covers(self.own_fins[0].end)
            case "RST":
                return segment.has("R")
            case "SYN-ACK":
                return segment.has("SA")
            case _:
                return self.passive and not segment.has("R") and segment.covers(self.opening)


def _order(ends: _Ends, segments: list[Segment]) -> list[str]:
    """Which of the marks that end a connection come first."""
    first = {mark: next((n for n, s in enumerate(segments) if ends.has(s, mark)), -1) for mark in _MARKS[:3]}
    return sorted((mark for mark, at in first.items() if at >= 0), key=lambda mark: (first[mark], mark))


def _contradicted(mark: str, ends: _Ends, shown: list[Segment], local: str, last: float) -> bool:
    """Whether what the end sends later tells that what was shown last then did not arrive."""
    later = [s for s in shown if s.source == local and s.time > last]
    answers = [s for s in later if s.time > last + _ANSWERED]
    match mark:
        case "FIN":
            fins = [s for s in shown if s.destination == local and s.has("F")]
            if any(s.has("R") and not s.covers(fins[-1].end) for s in later):
                return True
            if any(s.has("A") and not s.has("R") and not s.covers(fins[-1].end) for s in answers):
                return True
            return not later and len(fins) >= _REPEATED
        case "ACK of FIN":
            return any(s.has("F") for s in answers)
        case "RST":
            return any(not s.has("R") for s in answers)
        case "SYN-ACK":
            return any(s.has("S") and not s.has("A") for s in answers)
        case _:
            return any(s.has("SA") for s in answers)


def _hidden_fin(case: Case) -> str:
    """One direction only: the FIN of the other end shows only in a pure ACK that moves on by one, before any other FIN.

    A FIN with data, or one that crosses another, cannot be told from data.
    """
    if not case.only:
        return ""
    hidden = case.address("server" if case.only == "client" else "client")
    fins = [s for s in case.own["server" if case.only == "client" else "client"] if s.source == hidden and s.has("F")]
    if not fins:
        return ""
    shown = [s for s in case.connection.segments if s.has("A")]
    at = next((n for n, s in enumerate(shown) if s.ack == fins[0].end), 0)
    pure = at > 0 and shown[at].length == 0 and shown[at - 1].ack == (fins[0].end - 1) & 0xFFFFFFFF
    if pure and not any(s.has("F") for s in shown[: at + 1]):
        return ""
    return "one direction only: the FIN of the other is not shown"


def _hidden_since(case: Case, end: str, own: list[Segment], until: float) -> str:
    """The end went on sending, of which the view shows nothing: it seems to have given up."""
    local = case.address(end)
    if case.only and case.only != end:
        return ""
    last = max((s.time for s in case.connection.segments if s.source == local), default=inf)
    since = [s for s in own if s.source == local and last + _ANSWERED < s.time <= until]
    return "what it sent later is not shown" if since else ""


def _hidden_close(life: Life, ends: _Ends, shown: list[Segment]) -> str:
    """The end closed before the peer's FIN came, but its FIN is not shown before the answer to it."""
    if not ends.peer_fins:
        return ""
    came = ends.peer_fins[0]
    entered = next((t.time for t in life.transitions if t.state == "FIN_WAIT_1"), inf)
    if entered > came.time:
        return ""
    shown_fins = [s for s in shown if s.source == ends.local and s.has("F")]
    if not shown_fins:
        return "it closed first, but its FIN is not shown"
    if shown_fins[0].covers(came.end):
        return "it closed first, but its FIN is shown only after the peer's"
    return ""


def _hidden_end(case: Case, life: Life, ends: _Ends, closed: float) -> str:
    """The end closed without a word in the view, and segments shown later look as if it were still there."""
    if closed > case.recorded.end or _end_shown(case, life) < inf:
        return ""
    later = [s for s in case.connection.segments if s.destination == ends.local and s.time > closed]
    if any(ends.has(s, mark) for s in later for mark in _MARKS):
        return "it ended without a word, and was sent more"
    return ""


def _end_shown(case: Case, life: Life) -> float:
    """When the view tells that the socket has ended; never: infinity."""
    for index, transition in enumerate(life.transitions):
        if transition.state == "CLOSED":
            told = evidence_of(case.recorded, case.connection, life, index)
            return inf if told is None else told
    return inf
