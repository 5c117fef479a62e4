"""Find the reason for each difference between a host's table and the packets' one, by what supports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..addresses import Address, address
from ..moments import SECOND
from ..tcp.machine import Certainty
from ..tcp.states import State
from ..wording.counts import Count
from ..wording.times import duration
from . import reasons as why
from .capture_filters import leaves_out
from .evidence import Change, End, Evidence, reachable
from .host_socket import HostSocket, HostsWord
from .packets_word import PacketSocket, PacketsWord
from .whose import is_loopback, local_addresses

LONGEST_TIME_WAIT = 240 * SECOND
"""2 MSL of RFC 9293; no system waits longer."""
FIN_WAIT_2 = 60 * SECOND
"""How long systems leave a closed socket in FIN_WAIT_2 at least (Linux; others longer)."""
LASTING = frozenset((State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_2))
"""States in which a connection may be silent for as long as it likes."""
BY_SS = frozenset((State.TIME_WAIT, State.SYN_RECEIVED))
"""States that ss lists with -a only."""


class Reason(NamedTuple):
    """A reason, and what supports it."""

    code: str | None
    fields: Mapping[str, Any] = {}
    sentence: str | None = None
    """The key of its sentence, where that is not the code."""
    packet: int | None = None
    connection: int | None = None
    certainty: Certainty | None = None
    state: State | None = None
    """The packets' state, where no row has it."""


class Judge:
    """Finds reasons. ``within``: ns that a change may be from the moment."""

    def __init__(self, word: HostsWord, packets: PacketsWord, evidence: Evidence, within: int) -> None:
        self._word, self.evidence, self._within = word, evidence, within
        self._moment, self._whose = packets.moment, packets.whose
        self._own = frozenset(local_addresses(word))
        self._states = frozenset(one.state for one in word.sockets)
        self._families = frozenset(one.ipv6 for one in word.sockets)

    def asked(self, one: PacketSocket) -> bool:
        """Tell whether a row that the host does not have is one to compare: of UDP, where the file tells of it."""
        return not one.udp or (self._word.has_udp and self._moment - one.last <= FIN_WAIT_2)

    def proof(self, end: End | None) -> Reason:
        """Return what proves the packets' state."""
        return self._reason(None, end)

    # --- both have it

    def differs(self, host: HostSocket, packets: PacketSocket, end: End | None) -> Reason:
        """Return why the states differ."""
        assert host.state is not None
        assert packets.state is not None
        if end is None:
            return Reason(why.UNKNOWN)
        if (moved := self._moved(end, host.state)) is not None:
            return moved
        if not (end.own_packets and end.peer_packets) and packets.state is not State.SYN_SENT:
            return self._reason(why.ONE_DIRECTION, end)
        if packets.state is State.UNKNOWN:
            return self._reason(why.JOINED_LATE, end)
        last = end.at(self._moment)
        if last is not None and last.certainty is not Certainty.SEEN and _was(end, host.state, self._moment):
            return self._assumed(end, last)
        if host.state in reachable(packets.state):
            return self._missing(end, packets)
        if last is not None and last.certainty is not Certainty.SEEN:
            return self._assumed(end, last)
        return self._reason(why.UNKNOWN, end)

    # --- only the host has it

    def only_host(self, host: HostSocket, ends: Sequence[End]) -> Reason:
        """Return why the packets have no row of a connection; ``ends``: the capture's endpoints on its 4-tuple."""
        before = [one for one in ends if one.first <= self._moment]
        later = [one for one in ends if one.first > self._moment]
        if before and host.state is not None:
            known = self._known(host, host.state, before[-1])
            if known is not None:
                return known
        for one in later:
            away = one.first - self._moment
            if not one.begins:
                # It goes on, so it was open; what it was in is not known.
                fields = {"later": duration(away), "packet": str(_first_packet(one))}
                return self._reason(why.OPEN_BEFORE, one, fields, "open_before_until", _first_packet(one))
            if away <= self._within:
                fields = {"later": duration(away), "packet": str(_first_packet(one))}
                return self._reason(why.CHANGED_LATER, one, fields, packet=_first_packet(one))
        if before:
            return self._reason(why.UNKNOWN, before[-1])
        return self._never_seen(host)

    def _known(self, host: HostSocket, state: State, end: End) -> Reason | None:
        """Return why the packets have closed a connection that the host still has."""
        if (moved := self._moved(end, state)) is not None:
            return moved
        last = end.at(self._moment)
        if last is None:
            return None
        if state is State.TIME_WAIT and last.before is State.TIME_WAIT and last.certainty is Certainty.TIMER:
            entered = next((one for one in reversed(end.changes) if one.after is State.TIME_WAIT), last)
            fields = {"idle": duration(self._moment - entered.time)}
            return self._reason(why.TIME_WAIT_LONGER, end, fields, packet=entered.packet)
        if last.certainty is not Certainty.SEEN and _was(end, state, self._moment):
            return self._assumed(end, last)
        return None

    def _never_seen(self, host: HostSocket) -> Reason:
        """Return why the capture has no packet of a connection at all."""
        evidence = self.evidence
        assert host.local is not None
        assert host.foreign is not None
        if is_loopback(host.local) or host.local == host.foreign:
            if not evidence.has_loopback:
                return Reason(why.LOOPBACK)
        if (left_out := self._filtered(host)) is not None:
            return left_out
        if not evidence.has(host.local):
            return Reason(why.OTHER_INTERFACE, {"address": _text(host.local)})
        silent = host.state in LASTING or host.state is None
        if host.state is State.TIME_WAIT and self._moment - evidence.start <= LONGEST_TIME_WAIT:
            silent = True
        if silent and evidence.drops:
            return Reason(why.OPEN_BEFORE, {"drops": Count(evidence.drops)}, "open_before_or_lost")
        if silent:
            return Reason(why.OPEN_BEFORE)
        if evidence.drops:
            return Reason(why.PACKETS_LOST, {"drops": Count(evidence.drops)})
        return Reason(why.UNKNOWN)

    def only_host_port(self, host: HostSocket) -> Reason:
        """Return why the packets have no row of a port without a connection."""
        if host.local is not None and is_loopback(host.local) and not self.evidence.has_loopback:
            return Reason(why.LOOPBACK)
        if host.udp:
            return Reason(why.NO_DATAGRAM)
        if host.state is State.LISTEN:
            return Reason(why.LISTENER)
        return Reason(why.BOUND if host.state is State.CLOSED else why.UNKNOWN)

    def _filtered(self, host: HostSocket) -> Reason | None:
        filters = self.evidence.filters
        if filters and all(one and leaves_out(one, host) for one in filters):
            return Reason(why.FILTERED, {"filter": ", ".join(dict.fromkeys(filters))})
        return None

    # --- only the packets have it

    def only_packets(self, packets: PacketSocket, end: End | None) -> Reason:
        """Return why the host has no row of a socket."""
        if packets.connection < 0:
            if self._not_listed(packets):
                return Reason(why.NOT_LISTED)
            return Reason(why.OTHER_HOST, self._of(packets)) if self._others(packets) else Reason(why.CLOSED_QUIETLY)
        if end is None:
            return Reason(why.UNKNOWN)
        if (moved := self._moved(end, State.CLOSED)) is not None and moved.code == why.CHANGED_LATER:
            return moved
        if self._not_listed(packets):
            return self._reason(why.NOT_LISTED, end)
        if self._others(packets):
            return self._reason(why.OTHER_HOST, end, self._of(packets))
        last = end.at(self._moment)
        since = None if last is None else self._moment - last.time
        by_timer = {State.TIME_WAIT: why.TIME_WAIT_SHORTER}
        if since is not None and since >= FIN_WAIT_2:
            by_timer[State.FIN_WAIT_2] = why.FIN_WAIT_2_OVER
        if last is not None and since is not None and packets.state in by_timer:
            fields = {"idle": duration(since), "packet": str(last.packet or "-")}
            return self._reason(by_timer[packets.state], end, fields, packet=last.packet)
        if end.repeats and end.repeated is not None and self._unanswered(end):
            return self._reason(why.HALF_OPEN, end, {"packet": str(end.repeated)}, packet=end.repeated)
        if self._lives_on(end):
            return self._reason(why.OTHER_MOMENT, end, {"later": duration(end.own_last - self._moment)})
        if end.unseen:
            return self._missing(end, packets)
        opened = self._moment - end.first
        if end.begins and opened <= self._within:
            packet = end.changes[0].packet if end.changes else None
            fields = {"earlier": duration(opened), "packet": str(packet or "-")}
            return self._reason(why.CHANGED_BEFORE, end, fields, "opened_before", packet)
        if not (end.own_packets and end.peer_packets):
            return self._reason(why.ONE_DIRECTION, end)
        return self._missing(end, packets)

    def _not_listed(self, packets: PacketSocket) -> bool:
        """Tell whether the file lists no socket of a kind: then it was not asked for."""
        if self._families and packets.ipv6 not in self._families:
            return True
        if packets.state is State.LISTEN:
            return not self._word.has_listeners
        if not packets.udp and not self._word.has_connections:
            return self._word.has_listeners
        return self._word.form == "ss" and packets.state in BY_SS and not self._states & {*BY_SS, State.LISTEN}

    def _others(self, packets: PacketSocket) -> bool:
        return bool(self._own) and packets.local not in self._own

    def _of(self, packets: PacketSocket) -> dict[str, Any]:
        return {"address": _text(packets.local)}

    def _unanswered(self, end: End) -> bool:
        """Tell whether the peer spoke last, and again and again."""
        return end.peer_last > end.own_last or not end.own_packets

    def _lives_on(self, end: End) -> bool:
        """Tell whether this end still speaks after the moment, other than to end the connection."""
        ended = any(one.time > self._moment and one.after is State.CLOSED for one in end.changes)
        return end.own_last > self._moment and not ended

    # --- both

    def _moved(self, end: End, state: State) -> Reason | None:
        """Return the change to a state just after the moment, or from it just before; None: there is none."""
        for one in end.changes:
            away = one.time - self._moment
            if 0 < away <= self._within and one.after is state:
                fields = {"later": duration(away), "packet": str(one.packet or "-")}
                return self._reason(why.CHANGED_LATER, end, fields, packet=one.packet)
        for one in reversed(end.changes):
            away = self._moment - one.time
            if 0 <= away <= self._within and one.before is state:
                fields = {"earlier": duration(away), "packet": str(one.packet or "-")}
                return self._reason(why.CHANGED_BEFORE, end, fields, packet=one.packet)
        return None

    def _assumed(self, end: End, last: Change) -> Reason:
        if last.packet is None:
            return self._reason(why.ASSUMED, end, {}, "assumed_timer")
        return self._reason(why.ASSUMED, end, {"packet": str(last.packet)}, packet=last.packet)

    def _missing(self, end: End, packets: PacketSocket) -> Reason:
        """Return that packets are missing which led the host to where it is, and what shows that they are."""
        if end.unseen:
            return self._reason(why.PACKETS_LOST, end, {"bytes": Count(end.unseen)}, "packets_lost_gap", end.gap)
        if self.evidence.drops:
            return self._reason(why.PACKETS_LOST, end, {"drops": Count(self.evidence.drops)})
        idle = max(self._moment - packets.last, 0)
        return self._reason(why.NOT_CAPTURED, end, {"idle": duration(idle)})

    def _reason(
        self,
        code: str | None,
        end: End | None,
        fields: Mapping[str, Any] | None = None,
        sentence: str | None = None,
        packet: int | None = None,
    ) -> Reason:
        """Return a reason about an endpoint; without a packet of its own it has that which proves the state."""
        last = None if end is None else end.at(self._moment)
        proof = None if last is None else last.packet
        certainty = None if last is None else last.certainty
        state = None if last is None else last.after
        connection = None if end is None else end.connection
        return Reason(code, fields or {}, sentence, packet or proof, connection, certainty, state)


def _was(end: End, state: State, moment: int) -> bool:
    """Tell whether an endpoint was in a state before, as the packets have it."""
    return any(state in (one.before, one.after) for one in end.changes if one.time <= moment)


def _first_packet(end: End) -> int | None:
    return next((one.packet for one in end.changes if one.packet is not None), None)


def _text(one: Address) -> str:
    return str(address(*one))
