"""What there is to say under each step of a ladder: why states changed, and what the numbers tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..decode.segment import ACK, FIN, RST, SEGMENT_ICMP, SYN
from ..tcp.machine import TABLE
from ..tcp.states import State
from .steps import NO_PACKET, Change, Step

SIDES = ("client", "server")
FEWEST = 6
"""Steps of data in a row that are folded into one line."""
SETUP = (State.UNKNOWN, State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)


class Why(NamedTuple):
    """A change of one end, whose reason stands in the transition table."""

    change: Change

    @property
    def reason(self) -> str:
        """The reason, in English."""
        return TABLE[self.change.row].reason


class Said(NamedTuple):
    """A sentence by its name in ``wording.explanations``, and its fields."""

    name: str
    fields: dict[str, int | str]


class Fold(NamedTuple):
    """Steps of data in a row, in which nothing else happens."""

    first: int
    """The number of the first packet."""
    last: int
    packets: int
    sent: tuple[int, int]
    """Payload bytes of the client and of the server."""
    duration: int
    """Nanoseconds."""


class Part(NamedTuple):
    """A step with what there is to say of it, or a fold."""

    step: Step | None
    fold: Fold | None
    said: tuple[Why | Said, ...]


class _End:
    """What one end has sent so far, in relative numbers."""

    def __init__(self) -> None:
        self.acked = 0
        self.syn: int | None = None
        self.fin: int | None = None
        self.sent: dict[int, Step] = {}
        """By the number behind it, the packet with data; none that was sent twice: either may be what arrived."""
        self.closed_window = False


def parts(steps: Sequence[Step], wait: str, unfolded: bool = False) -> list[Part]:
    """Return the parts of a ladder; ``wait``: how long TIME_WAIT lasts; ``unfolded``: each step is a part."""
    ends = _End(), _End()
    told = [(step, tuple(_said(step, ends, wait))) for step in steps]
    found: list[Part] = []
    at = 0
    while at < len(told):
        end = at
        while not unfolded and end < len(told) and _is_plain(*told[end]):
            end += 1
        if end - at >= FEWEST:
            run = [step for step, _ in told[at:end]]
            sent = tuple(sum(step.length for step in run if step.side == side) for side in (0, 1))
            fold = Fold(run[0].number, run[-1].number, len(run), (sent[0], sent[1]), run[-1].time - run[0].time)
            found.append(Part(None, fold, ()))
            at = end
            continue
        step, said = told[at]
        found.append(Part(step, None, said))
        at += 1
    return found


ORDINARY = frozenset(("data", "ack-of-data"))


def _is_plain(step: Step, said: tuple[Why | Said, ...]) -> bool:
    """Tell whether a step is data or an ACK of it, and nothing more."""
    marked = step.changes or step.again or step.copy or step.gap or step.flags == NO_PACKET
    return not marked and all(isinstance(one, Said) and one.name in ORDINARY for one in said)


def _said(step: Step, ends: tuple[_End, _End], wait: str) -> Iterator[Why | Said]:
    """Yield what there is to say of a step, and remember what it sent."""
    yield from map(Why, step.changes)
    if step.flags == NO_PACKET:
        return
    me, peer = ends[step.side], ends[1 - step.side]
    sender, receiver = SIDES[step.side], SIDES[1 - step.side]
    if step.flags == SEGMENT_ICMP:
        yield Said("icmp-error", {"end": sender})
        return
    if step.copy:
        yield Said("duplicate", {"sender": sender})
        return
    if step.flags & RST:
        if any(one.side != step.side for one in step.changes) and step.before[1 - step.side] not in SETUP:
            yield Said("reset", {})
        elif step.before[1 - step.side] == State.SYN_SENT:
            yield Said("refusal", {"sender": sender})
        return
    yield from _of_numbers(step, me, peer, sender, receiver)
    yield from _of_closing(step, me, peer, sender, wait)
    if step.flags & SYN:
        me.syn = step.seq
    if step.flags & FIN and me.fin is None:
        me.fin = step.seq + step.length
    if step.again:
        me.sent.pop(step.seq + step.length, None)
    elif step.length:
        me.sent[step.seq + step.length] = step
    if step.flags & ACK:
        me.acked = max(me.acked, step.ack)


def _of_numbers(step: Step, me: _End, peer: _End, sender: str, receiver: str) -> Iterator[Said]:
    if step.gap:
        yield Said("gap", {"missing": step.gap})
    if step.again:
        probing = step.length <= 1 and not step.flags & (SYN | FIN) and step.seq == peer.acked - 1
        yield (
            Said("keep-alive", {"sender": sender, "receiver": receiver})
            if probing
            else Said("retransmission", {"sender": sender})
        )
        return
    if step.flags & SYN and not step.flags & ACK and peer.syn is None:
        yield Said("syn-target", {"receiver": receiver})
    if step.flags & ACK and step.ack > me.acked:
        acked = peer.sent.get(step.ack)
        if peer.syn is not None and step.ack == peer.syn + 1:
            yield Said("ack-of-syn", {"ack": step.ack, "seq": peer.syn})
        elif peer.fin is not None and step.ack == peer.fin + 1:
            yield Said("ack-of-fin", {"ack": step.ack, "fin": peer.fin})
        elif acked is not None and not step.length and not step.flags & FIN:
            numbers: dict[str, int | str] = {"ack": step.ack, "seq": acked.seq, "length": acked.length}
            yield Said("ack-of-data", {**numbers, "number": acked.number})
    if step.flags & SYN and step.flags & ACK and step.before[0] == State.SYN_SENT:
        yield Said("syn-ack-under-way", {"receiver": receiver})
    if step.after == (State.ESTABLISHED, State.ESTABLISHED) and step.before[0] == State.SYN_SENT:
        yield Said("handshake-complete", {})
    if step.length and not step.changes:
        yield Said("data", {"sender": sender, "length": step.length})
    closed = bool(step.flags & ACK) and step.window == 0 and not step.flags & SYN
    if closed and not me.closed_window:
        yield Said("zero-window", {"sender": sender, "receiver": receiver})
    me.closed_window = closed


def _of_closing(step: Step, me: _End, peer: _End, sender: str, wait: str) -> Iterator[Said]:
    if step.flags & FIN and me.fin is None:
        yield Said("fin-number", {"fin": step.seq + step.length})
        if peer.fin is None:
            yield Said("closed-first", {"end": sender, "number": step.number})
    for change in step.changes:
        if change.after == State.TIME_WAIT:
            yield Said("time-wait", {"end": SIDES[change.side], "wait": wait})
