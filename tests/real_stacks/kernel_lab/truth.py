"""From the evidence of one host to the states each of its sockets went through.

The tracepoint tells every change of a full socket, but not of the small sockets Linux keeps instead of a full one:

* A half-open request is no socket to the tracepoint. SYN_RECEIVED is entered when the SYN-ACK is sent; the
  SYN_RECEIVED that the tracepoint tells is that of the full socket made of it when the handshake is over.
* TIME_WAIT, and FIN_WAIT_2 once the process has let go of the socket, are kept in a small socket: the full one is told
  to be CLOSED at the handover. The packets on the host's own interface say which of the two it is and when it ends.

What is derived so is held against the kernel's socket table, which lists the small sockets too, at every checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from kernel_lab.recorder import StateEvent, Table
from kernel_lab.segments import Segment

# A segment and the change of state it causes are this close in time on one host (seconds): mostly microseconds, but
# the machine may be busy. Scenarios leave more than this between things that could be mixed up.
_TOGETHER = 0.010
# The clocks of the trace and of captures differ by less (seconds).
_CLOCKS = 0.000_2
# What a socket table says this much later is no longer of the moment itself (seconds).
_LATER = 0.030


class TruthError(Exception):
    """What was derived is not what the kernel says; nothing can be concluded from this recording."""


@dataclass
class Transition:
    """A state entered.

    `reset` is the RST, received or sent, that ended the socket, where it was one. `silent` says that neither a packet
    nor the tracepoint tells of the end, only the socket table.
    """

    time: float
    state: str
    reset: Segment | None = None
    silent: bool = False


@dataclass
class Life:
    """One socket from its opening until it is CLOSED."""

    local: str
    remote: str
    how: str
    isn: int
    peer_isn: int | None
    transitions: list[Transition] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When it was opened."""
        return self.transitions[0].time

    def sent(self, quoted: Segment) -> bool:
        """Whether what an ICMP error quotes is the SYN or SYN-ACK of this socket."""
        return (quoted.source, quoted.destination, quoted.seq) == (self.local, self.remote, self.isn)

    def state_at(self, time: float) -> str | None:
        """The state at this moment; None before the opening."""
        entered = [transition.state for transition in self.transitions if transition.time <= time]
        return entered[-1] if entered else None


@dataclass
class HostEvidence:
    """What was recorded on one host; its endpoints begin with `prefix`."""

    prefix: str
    segments: list[Segment]
    errors: list[Segment]
    events: list[StateEvent]
    tables: list[tuple[float, Table]]

    def between(self, local: str, remote: str) -> list[Segment]:
        """The segments of one pair of endpoints, both ways."""
        return [segment for segment in self.segments if {segment.source, segment.destination} == {local, remote}]


def lives(host: HostEvidence, *, syn_cookies: bool = False) -> list[Life]:
    """Every socket of the host that took part in a connection, in order of opening."""
    pairs = sorted(
        {(event.local, event.remote) for event in host.events if not event.remote.endswith(":0")}
        | {(s.source, s.destination) for s in host.segments if s.has("SA")}
    )
    found = []
    for local, remote in pairs:
        if not local.startswith(host.prefix):
            continue
        of_pair = lives_of_pair(host, local, remote)
        _verify(host, of_pair, syn_cookies)
        found += of_pair
    return sorted(found, key=lambda life: life.start)


def lives_of_pair(host: HostEvidence, local: str, remote: str) -> list[Life]:
    """The sockets of one pair of endpoints, not yet held against the socket tables."""
    of_pair = _told(host, local, remote)
    for life, following in pairwise([*of_pair, None]):
        assert life is not None
        _add_small_sockets(host, life, following.start if following else inf)
    return of_pair


def _told(host: HostEvidence, local: str, remote: str) -> list[Life]:
    """The sockets of one pair of endpoints, with what the tracepoint tells and the beginning of requests."""
    sent = [segment for segment in host.segments if (segment.source, segment.destination) == (local, remote)]
    active: list[list[StateEvent]] = []
    children: list[list[StateEvent]] = []
    for run in _runs(event for event in host.events if (event.local, event.remote) == (local, remote)):
        if not _refused_at_once(run, sent):
            (active if run[0].now == "SYN_SENT" else children).append(run)
    opened: list[Life] = []
    for run in active:
        opened.append(_active_life(run, sent, {life.isn for life in opened}))
    accepted = _requests(host.between(local, remote), local, {life.isn for life in opened})
    for run in children:
        _adopt(accepted, run)
    return sorted(opened + accepted, key=lambda life: life.start)


def _runs(events: Iterable[StateEvent]) -> list[list[StateEvent]]:
    """The events cut into one run per socket; what comes before the first opening is of another time."""
    runs: list[list[StateEvent]] = []
    for event in events:
        if event.now == "SYN_SENT" or event.before == "LISTEN":
            runs.append([event])
            continue
        # An attempt to use endpoints again fails while their old socket goes on; another network may have the same.
        going_on = [run for run in runs if run[-1].now == event.before]
        if going_on:
            going_on[-1].append(event)
    return runs


def _refused_at_once(run: list[StateEvent], sent: list[Segment]) -> bool:
    """Whether connect() failed without a SYN: the endpoints are still in use by an older socket."""
    begin, end = run[0].time - _CLOCKS, run[-1].time
    states = [event.now for event in run]
    return states == ["SYN_SENT", "CLOSED"] and not any(s.has("S") and begin <= s.time <= end for s in sent)


def _active_life(run: list[StateEvent], sent: list[Segment], used: set[int]) -> Life:
    syns = [s for s in sent if s.has("S") and not s.has("A") and s.time >= run[0].time - _TOGETHER]
    syns = [s for s in syns if s.seq not in used]
    if not syns:
        raise TruthError(f"{run[0].local}: SYN_SENT, but no SYN on its interface")
    transitions = [Transition(event.time, event.now) for event in run]
    return Life(run[0].local, run[0].remote, "active", syns[0].seq, None, transitions)


def _requests(segments: list[Segment], local: str, own_isns: set[int]) -> list[Life]:
    """A half-open request for each initial sequence number in a SYN-ACK that no active socket sent."""
    requests: dict[int, Life] = {}
    syn = None
    for s in segments:
        if s.has("S") and not s.has("A") and s.destination == local:
            syn = s
        elif s.has("SA") and s.source == local and s.seq not in own_isns | set(requests):
            opening = Transition(s.time, "SYN_RECEIVED")
            # Not one less than the SYN-ACK's ack number: with fast open that covers data too.
            peer_isn = syn.seq if syn else None
            requests[s.seq] = Life(s.source, s.destination, "passive", s.seq, peer_isn, [opening])
    return list(requests.values())


def _adopt(requests: list[Life], run: list[StateEvent]) -> None:
    """Give the full socket that came out of a request to it; with fast open it comes just before the SYN-ACK."""
    earlier = [life for life in requests if life.start <= run[0].time + _TOGETHER]
    if not earlier:
        raise TruthError(f"{run[0].local}: a socket for {run[0].remote}, but no SYN-ACK on its interface")
    before = [life for life in earlier if life.start <= run[0].time] or earlier
    transitions = before[-1].transitions
    transitions[0].time = min(transitions[0].time, run[0].time)
    transitions += [Transition(event.time, event.now) for event in run[1:]]


def _add_small_sockets(host: HostEvidence, life: Life, until: float) -> None:
    """Put right the end of a life that went on in a small socket, and end what ended silently."""
    segments = [s for s in host.between(life.local, life.remote) if life.start - _TOGETHER <= s.time < until]
    told = life.transitions[-1]
    before = life.transitions[-2].state if len(life.transitions) > 1 else ""
    gone = _gone(host, life, told.time, until)
    if told.state == "CLOSED":
        told.reset = _reset_at(segments, life, told.time)
        if before in ("FIN_WAIT_2", "CLOSING") and not told.reset:
            life.transitions.pop()
            _after_handover(host, life, segments, told.time, gone)
    elif told.state == "SYN_RECEIVED":
        _end_of_request(host, life, segments, gone)
    last = life.transitions[-1]
    if last.state == "CLOSED":
        return
    gone = _gone(host, life, last.time, until)
    if gone < inf:
        life.transitions.append(Transition(gone, "CLOSED", silent=True))
    elif until < inf:
        # A new socket for the same pair of endpoints has taken its place.
        life.transitions.append(Transition(until, "CLOSED"))


def _gone(host: HostEvidence, life: Life, since: float, until: float) -> float:
    """When the kernel's socket table first had no such socket any more."""
    times = [time for time, table in host.tables if since < time < until and (life.local, life.remote) not in table]
    return min(times, default=inf)


def _listed_after(host: HostEvidence, life: Life, time: float, until: float) -> bool:
    """Whether the kernel's socket table had the socket some time later, so that it outlived what happened then."""
    return any(time + _LATER < at < until and (life.local, life.remote) in table for at, table in host.tables)


def _reset_at(segments: list[Segment], life: Life, time: float) -> Segment | None:
    """The RST that came in, or went out, at the moment the socket was closed."""
    for segment in segments:
        late = _TOGETHER if segment.source == life.local else 0.0
        if segment.has("R") and time - _TOGETHER < segment.time <= time + late:
            return segment
    return None


def _after_handover(host: HostEvidence, life: Life, segments: list[Segment], handover: float, gone: float) -> None:
    """The states of the small socket that a full one in FIN_WAIT_2 or CLOSING was handed over to."""
    received = [s for s in segments if s.source == life.remote]
    fin_ends = [s.end for s in received if s.has("F")]
    acked = [s.time for s in segments if fin_ends and s.source == life.local and s.covers(fin_ends[0])]
    if acked:
        life.transitions.append(Transition(max(handover, acked[0]), "TIME_WAIT"))
        # Only a RST at exactly the next sequence number ends TIME_WAIT.
        resets = [s for s in received if s.has("R") and s.seq == fin_ends[0] and s.time > acked[0]]
    else:
        resets = [s for s in segments if s.has("R") and s.time > handover]
    resets = [s for s in resets if not _listed_after(host, life, s.time, gone)]
    if resets and resets[0].time < gone:
        life.transitions.append(Transition(resets[0].time, "CLOSED", resets[0]))


def _end_of_request(host: HostEvidence, life: Life, segments: list[Segment], gone: float) -> None:
    """A request that never became a socket: a RST ended it if it was exact, or if the request is gone afterwards.

    So did an ICMP error about its SYN-ACK, if the request is gone afterwards.
    """
    about = [error.time for error in host.errors if error.time < gone < inf and life.sent(error)]
    exact = None if life.peer_isn is None else (life.peer_isn + 1) & 0xFFFFFFFF
    resets = [s for s in segments if s.has("R") and s.time < gone and not _listed_after(host, life, s.time, gone)]
    if gone == inf:
        resets = [s for s in resets if s.source == life.remote and s.seq == exact]
    if resets:
        life.transitions.append(Transition(resets[-1].time, "CLOSED", resets[-1]))
    elif about:
        life.transitions.append(Transition(about[-1], "CLOSED"))


def _verify(host: HostEvidence, of_pair: list[Life], syn_cookies: bool) -> None:
    """Hold the derived states against the kernel's socket table at every checkpoint."""
    for time, table in host.tables:
        states = [life.state_at(time) for life in of_pair]
        derived = [state for state in states if state not in (None, "CLOSED")]
        if syn_cookies and derived == ["SYN_RECEIVED"]:
            continue
        pair = (of_pair[0].local, of_pair[0].remote) if of_pair else ("", "")
        listed = [table[pair]] if table.get(pair, "CLOSED") != "CLOSED" else []
        if derived != listed:
            raise TruthError(f"{pair[0]} to {pair[1]} at {time:.6f}: derived {derived}, the kernel lists {listed}")
