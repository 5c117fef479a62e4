"""What there is to say under each step of a ladder: why states changed, and what the numbers tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..decode.segment import ACK, FIN, PSH, RST, SEGMENT_ICMP, SYN, URG
from ..decode.syn_options import HAS_FAST_OPEN, SHIFT
from ..rows import Rows
from ..tcp.machine import TABLE, Certainty
from ..tcp.settling import ROW_CERTAINTY, less_certain
from ..tcp.states import State
from .numbers import NONE_YET, Numbers, numbers
from .steps import NO_PACKET, Change, Step, Steps

SIDES = ("client", "server")
FEWEST = 6
"""Steps of data in a row that are folded into one line."""
SETUP = (State.UNKNOWN, State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED)
RECEIVING = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)


class Why(NamedTuple):
    """A change of one end, whose reason stands in the transition table."""

    change: Change

    @property
    def reason(self) -> str:
        """The reason, in English."""
        return TABLE[self.change.row].reason

    @property
    def certainty(self) -> Certainty:
        """How sure the change is, before the capture has ended."""
        return Certainty(int(less_certain(ROW_CERTAINTY[[self.change.row]], np.array([self.change.doubt]))[0]))


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

    at: int
    """The place of the step, or of the first one of the fold."""
    step: Step | None
    fold: Fold | None
    said: tuple[Why | Said, ...]


def parts(steps: Steps, wait: str, unfolded: bool = False, first: int = 0) -> Iterator[Part]:
    """Yield the parts of a ladder from a place on.

    ``wait``: how long TIME_WAIT lasts. ``unfolded``: each step is a part.
    """
    remarks = Remarks(steps, wait)
    at = first
    for start, end in [] if unfolded else _runs(remarks.plain[first:]):
        yield from (Part(place, steps[place], None, tuple(remarks.said(place))) for place in range(at, first + start))
        yield Part(first + start, None, _fold(steps.rows[first + start : first + end]), ())
        at = first + end
    yield from (Part(place, steps[place], None, tuple(remarks.said(place))) for place in range(at, len(steps)))


def _runs(plain: Rows) -> list[tuple[int, int]]:
    """Return where the runs of plain steps begin and end that are long enough to be folded."""
    edges = np.flatnonzero(np.diff(plain.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    found: list[tuple[int, int]] = edges[edges[:, 1] - edges[:, 0] >= FEWEST].tolist()
    return found


def _fold(run: Rows) -> Fold:
    sent = [int(run["length"][run["side"] == side].sum(dtype=np.int64)) for side in (0, 1)]
    first, last = run[0], run[-1]
    duration = int(last["time"] - first["time"])
    return Fold(int(first["number"]), int(last["number"]), len(run), (sent[0], sent[1]), duration)


class _End:
    """What one end sends in the whole connection."""

    def __init__(self, rows: Rows, side: int, counts: Rows, so_far: Numbers) -> None:
        flags = rows["flags"]
        own = counts & (rows["side"] == side)
        self._rows = rows
        self._acked = so_far.acked[side]
        self._fins = np.flatnonzero(own & (flags & FIN != 0))[:1].tolist()
        self._syns = np.flatnonzero(own & (flags & SYN != 0)).tolist()
        self._gaps = np.flatnonzero(own & (rows["gap"] > 0))
        self._gap_ends = rows["seq"][self._gaps]
        self._data = np.flatnonzero(own & (rows["length"] > 0) & (flags & (SYN | FIN) == 0))
        ends = so_far.behind[self._data]
        order = np.argsort(ends, kind="stable")
        self._data, self._data_ends = self._data[order], ends[order]
        self.numbers = [rows["seq"][at] for at in self._syns[:1]] + [so_far.behind[at] - 1 for at in self._fins]
        """The numbers of its SYN and its FIN."""

    def last_syn(self, at: int) -> int | None:
        """Return the place of its last SYN before a place."""
        found = bisect_right(self._syns, at - 1)
        return self._syns[found - 1] if found else None

    def syn(self, at: int) -> int | None:
        """Return the number of its last SYN before a place."""
        place = self.last_syn(at)
        return None if place is None else int(self._rows["seq"][place])

    def fin(self, at: int) -> int | None:
        """Return the number of its FIN, if that was sent before a place."""
        if not self._fins or self._fins[0] >= at:
            return None
        row = self._rows[self._fins[0]]
        return int(row["seq"]) + int(row["length"]) + int(row["flags"] & SYN != 0)

    def data_before(self, number: int, at: int) -> int | None:
        """Return the place of the packet whose data ends before a number, if it was sent once before a place."""
        first, last = np.searchsorted(self._data_ends, [number, number + 1])
        found = [int(one) for one in self._data[first:last] if one < at]
        return found[0] if len(found) == 1 and not self._rows["again"][found[0]] else None

    def gap_around(self, number: int, at: int) -> int | None:
        """Return the place of the packet before which a number was missing, if it stands before a place."""
        found = int(np.searchsorted(self._gap_ends, number, side="right"))
        if found == len(self._gaps) or self._gaps[found] >= at:
            return None
        place = int(self._gaps[found])
        return place if self._gap_ends[found] - self._rows["gap"][place] <= number else None

    def misses_before(self, number: int, at: int) -> bool:
        """Tell whether something was missing behind a number in what it sent up to a place."""
        return bool(((self._gaps <= at) & (self._gap_ends > number)).any())

    def acknowledged(self, number: int) -> int:
        """Return the place of its first packet that acknowledges all before a number, which one does."""
        return int(np.searchsorted(self._acked, number)) - 1


class Remarks:
    """What there is to say of each step of a connection; ``wait``: how long TIME_WAIT lasts."""

    def __init__(self, steps: Steps, wait: str) -> None:
        rows = steps.rows
        self._steps, self._rows, self._wait = steps, rows, wait
        flags, side, places = rows["flags"], rows["side"], np.arange(len(rows))
        counts = (flags >= 0) & (flags & RST == 0) & ~rows["copy"]
        so_far = numbers(rows)
        self._ends = [_End(rows, one, counts, so_far) for one in (0, 1)]
        self._acked, self._acked_by_peer = (so_far.acked[which, places] for which in (side, 1 - side))
        self._highest, self._highest_of_peer = (so_far.highest[which, places] for which in (side, 1 - side))
        self._window, self._window_of_peer = (so_far.window[which, places] for which in (side, 1 - side))
        acks = counts & (flags & ACK != 0) & (flags & (SYN | FIN) == 0)
        pure = acks & (rows["length"] == 0)
        at_acked = (rows["seq"] == self._acked_by_peer - 1) & (rows["length"] <= 1) & acks
        self._probe = acks & (self._window_of_peer == 0) & (at_acked | (rows["seq"] == self._acked_by_peer))
        self._probe &= at_acked | (rows["length"] == 1)
        self._keep_alive = at_acked & (rows["seq"] < self._highest) & ~self._probe
        behind_keep_alive = np.concatenate([[False], self._keep_alive[:-1]])
        behind_again = np.concatenate([[False], (rows["again"] | rows["copy"])[:-1]])
        same = pure & (rows["ack"] == self._acked)
        self._answer = same & behind_keep_alive
        self._repeated = same & (self._highest_of_peer > rows["ack"]) & (rows["window"] == self._window)
        self._repeated &= ~behind_again & ~rows["again"] & (rows["window"] > 0)
        self._opens = acks & (self._window == 0) & (rows["window"] > 0)
        self._ahead = acks & (rows["ack"] > self._highest_of_peer) & (self._highest_of_peer != NONE_YET)
        self._ahead &= rows["ack"] > self._acked
        self._late = counts & (rows["length"] > 0) & (rows["seq"] < self._highest) & ~rows["again"]
        self._late &= ~self._keep_alive
        self._once = self._found_once(pure, so_far)
        self.plain = self._plain(acks)
        """Whether a step is data or an ACK of it, and nothing more."""

    def _found_once(self, pure: Rows, so_far: Numbers) -> dict[int, list[str]]:
        """Return what is said of the first step that shows it, by the place of the step."""
        rows, found = self._rows, dict[int, list[str]]()
        for side, end in enumerate(self._ends):
            fin = end.fin(len(rows))
            of_peer = rows["side"] == 1 - side
            closed = (rows["length"] > 0) & of_peer & (rows["flags"] >= 0) & ~rows["again"] & ~rows["copy"]
            without = np.zeros(len(rows), dtype=bool)
            if fin is not None:
                closed &= self._acked > fin
                sent = so_far.behind == fin + 1
                after = np.maximum.accumulate(sent & (rows["side"] == side) & (rows["flags"] & FIN != 0))
                without = pure & of_peer & after & (rows["ack"] <= fin) & (rows["ack"] >= self._acked)
            else:
                closed[:] = False
            for name, where in (("half-close", closed), ("ack-before-fin", without)):
                for at in np.flatnonzero(where)[:1].tolist():
                    found.setdefault(at, []).append(name)
        return found

    def _plain(self, acks: Rows) -> Rows:
        rows = self._rows
        plain = acks & (rows["flags"] & ~(ACK | PSH | URG | 0xC0) == 0) & (rows["window"] > 0) & (rows["gap"] == 0)
        plain &= (rows["before"] == rows["after"]).all(axis=1) & (rows["lost"] == 0) & ~rows["again"]
        for remarkable in (self._probe, self._keep_alive, self._answer, self._repeated, self._opens, self._ahead):
            plain &= ~remarkable
        plain &= ~self._late
        for side, end in enumerate(self._ends):
            special = np.isin(rows["ack"], np.array(end.numbers, dtype=np.int64) + 1)
            plain &= ~((rows["side"] == 1 - side) & (rows["ack"] > self._acked) & special)
        plain[list(self._steps.changes)] = False
        plain[list(self._once)] = False
        return plain

    def said(self, at: int) -> Iterator[Why | Said]:
        """Yield what there is to say of the step at a place."""
        step = self._steps[at]
        yield from map(Why, step.changes)
        sender, receiver = SIDES[step.side], SIDES[1 - step.side]
        if step.flags == NO_PACKET:
            if step.number and any(one.before == State.TIME_WAIT for one in step.changes):
                yield Said("time-wait-reuse", {})
        elif step.flags == SEGMENT_ICMP:
            yield Said("icmp-error", {"end": sender})
        elif step.copy:
            yield Said("duplicate", {"sender": sender})
        elif step.flags & RST:
            yield from self._of_reset(step, at, sender, receiver)
        else:
            yield from self._of_sending(step, at, sender, receiver)
            if not step.again and not self._keep_alive[at]:
                yield from self._of_opening(step, at, receiver)
                yield from self._of_arrival(step, at)
                yield from self._of_data(step, at, sender, receiver)
            yield from self._of_closing(step, at, sender, receiver)
            if step.lost:
                yield Said("lost", {"number": step.lost})

    def _of_reset(self, step: Step, at: int, sender: str, receiver: str) -> Iterator[Said]:
        state, acked = step.before[1 - step.side], int(self._acked_by_peer[at])
        if any(one.side != step.side for one in step.changes) and state not in SETUP:
            yield Said("reset", {})
        elif state == State.SYN_SENT:
            yield Said("refusal", {"sender": sender})
        elif not step.changes and state not in SETUP and acked != NONE_YET:
            if step.seq < acked:
                yield Said("rst-out-of-window", {"seq": step.seq, "receiver": receiver})
            elif step.seq > acked and self._challenged(step, at):
                expected = self._steps[at + 1].ack
                if expected != step.seq:
                    yield Said("rst-challenged", {"seq": step.seq, "receiver": receiver, "expected": expected})

    def _challenged(self, step: Step, at: int) -> bool:
        """Tell whether the next step is a bare ACK of the other end, which acknowledges nothing more."""
        if at + 1 == len(self._steps):
            return False
        answer = self._steps[at + 1]
        bare = answer.flags == ACK and not answer.length and answer.side != step.side
        return bare and not answer.changes and answer.ack == self._acked[at + 1]

    def _of_sending(self, step: Step, at: int, sender: str, receiver: str) -> Iterator[Said]:
        """Yield how a packet follows those before it."""
        end = self._ends[step.side]
        if step.gap:
            yield Said("gap", {"missing": step.gap})
        if self._probe[at]:
            yield Said("window-probe", {"sender": sender})
        elif self._keep_alive[at]:
            yield Said("keep-alive", {"sender": sender, "receiver": receiver})
        elif step.again:
            yield Said("retransmission", {"sender": sender})
            number = step.seq + step.length + bool(step.flags & SYN) + bool(step.flags & FIN)
            if number > step.seq and self._acked_by_peer[at] >= number:
                acked = self._steps[self._ends[1 - step.side].acknowledged(number)].number
                if step.flags & SYN and step.flags & ACK:
                    yield Said("ack-not-taken", {"number": acked, "end": sender})
                else:
                    yield Said("lost-ack", {"number": acked})
        elif self._late[at] and (place := end.gap_around(step.seq, at)) is not None:
            yield Said("gap-filled", {"number": self._steps[place].number})

    def _of_opening(self, step: Step, at: int, receiver: str) -> Iterator[Said]:
        if step.flags & SYN and step.seq == 0 and self._ends[step.side].syn(at) is None:
            name = "relative-numbers" if self._ends[1 - step.side].syn(at) is None else "first-number"
            yield Said(name, {"sender": SIDES[step.side], "initial": self._steps.first[step.side]})
        if not step.flags & SYN:
            return
        peer = self._ends[1 - step.side].syn(at)
        if not step.flags & ACK:
            if peer is None:
                yield Said("syn-target", {"receiver": receiver})
            elif step.after == (State.SYN_RECEIVED, State.SYN_RECEIVED):
                yield Said("simultaneous-open", {})
            elif step.before[1 - step.side] not in SETUP and not step.changes and self._challenged(step, at):
                yield Said("syn-challenged", {"end": receiver})
        if step.options & HAS_FAST_OPEN:
            yield Said("fast-open", {})
        if step.length:
            yield Said("syn-data", {"length": step.length})

    def _of_arrival(self, step: Step, at: int) -> Iterator[Said]:
        """Yield what the acknowledgment number tells."""
        receiver, end = SIDES[1 - step.side], self._ends[1 - step.side]
        syn, fin = end.syn(at), end.fin(at)
        if step.flags & ACK and step.ack > self._acked[at]:
            if syn is not None and step.ack == syn + 1:
                yield Said("ack-of-syn", {"ack": step.ack, "seq": syn})
            elif syn is not None and step.flags & SYN and step.ack == self._highest_of_peer[at]:
                yield Said("ack-of-syn-data", {"ack": step.ack, "seq": syn, "length": step.ack - syn - 1})
            elif fin is not None and step.ack == fin + 1:
                yield Said("ack-of-fin", {"ack": step.ack, "fin": fin})
            elif self._ahead[at]:
                yield Said(
                    "acknowledged-unseen",
                    {"sender": SIDES[step.side], "missing": step.ack - int(self._highest_of_peer[at])},
                )
            elif not step.length and not step.flags & (SYN | FIN) and self._highest_of_peer[at] != NONE_YET:
                place = end.data_before(step.ack, at)
                if place is None:
                    yield Said("ack-of-all", {"ack": step.ack})
                else:
                    data = self._steps[place]
                    fields: dict[str, int | str] = {"ack": step.ack, "seq": data.seq, "length": data.length}
                    yield Said("ack-of-data", {**fields, "number": data.number})
        if step.flags & SYN and step.flags & ACK and step.before[0] == State.SYN_SENT:
            yield from self._of_window_scale(step, at)
            yield Said("syn-ack-under-way", {"receiver": receiver})
        if step.after == (State.ESTABLISHED, State.ESTABLISHED) and step.before[0] == State.SYN_SENT:
            yield Said("handshake-complete", {})
            if not step.length and step.flags == ACK:
                yield Said("pure-ack", {})

    def _of_window_scale(self, step: Step, at: int) -> Iterator[Said]:
        """Yield whether windows are scaled, which both SYNs decide."""
        place = self._ends[1 - step.side].last_syn(at)
        if place is None:
            return
        shifts = int(self._rows["options"][place]) & SHIFT, step.options & SHIFT
        if all(shifts):
            one, other = (1 << shift - 1 for shift in shifts)
            fields: dict[str, int | str] = {"sender": SIDES[step.side], "receiver": SIDES[1 - step.side]}
            yield Said("windows-scaled", {**fields, "theirs": one, "own": other})
        elif any(shifts):
            yield Said("windows-not-scaled", {})

    def _of_data(self, step: Step, at: int, sender: str, receiver: str) -> Iterator[Said]:
        if step.length and not step.changes and not self._probe[at]:
            yield Said("data", {"sender": sender, "length": step.length})
        if self._answer[at]:
            yield Said("keep-alive-answer", {"sender": sender})
        elif self._repeated[at] and "ack-before-fin" not in self._once.get(at, ()):
            yield Said("repeated-ack", {"sender": sender, "ack": step.ack})
        if step.flags & ACK and not step.flags & SYN:
            if step.window == 0 and self._window[at] != 0:
                yield Said("zero-window", {"sender": sender, "receiver": receiver})
            elif self._opens[at]:
                yield Said("window-open", {"sender": sender})

    def _of_closing(self, step: Step, at: int, sender: str, receiver: str) -> Iterator[Said]:
        me, peer = self._ends[step.side], self._ends[1 - step.side]
        other = peer.fin(at)
        for name in self._once.get(at, ()):
            if name == "half-close":
                yield Said(name, {"sender": receiver, "receiver": sender})
            elif other is not None:
                yield Said(name, {"sender": sender, "ack": step.ack, "fin": other})
        if step.flags & FIN and me.fin(at) is None:
            yield Said("fin-number", {"fin": step.seq + step.length + bool(step.flags & SYN)})
            if other is None:
                yield Said("closed-first", {"end": sender, "number": step.number})
            elif step.ack == other + 1 and self._acked[at] <= other:
                yield Said("fin-with-ack", {})
            elif step.ack <= other and step.flags & ACK:
                yield Said("simultaneous-close", {})
            unchanged = not any(one.side != step.side for one in step.changes)
            if unchanged and step.before[1 - step.side] in RECEIVING:
                if me.misses_before(int(self._acked_by_peer[at]), at):
                    yield Said("fin-behind-gap", {"receiver": receiver})
        elif step.flags & FIN and step.again and step.before[1 - step.side] == State.TIME_WAIT:
            yield Said("time-wait-again", {"receiver": receiver})
        for change in step.changes:
            if change.after == State.TIME_WAIT:
                yield Said("time-wait", {"end": SIDES[change.side], "wait": self._wait})
