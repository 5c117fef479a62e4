"""What an ICMP error says of the segment that it quotes: a SYN or SYN-ACK that did not arrive ends the attempt."""

from __future__ import annotations

from typing import Any

from ..kernels.source import i64, rare
from .lookup import side_of
from .machine import Event
from .states import State
from .tables import KNOWN_CLOSED_BY_RST, KNOWN_SENT_SYN, NOTE_FAST_OPEN, NOTE_UNREACHABLE, World
from .transition import step

UNREACHABLE_TYPE, TIME_EXCEEDED, PARAMETER_PROBLEM = 3, 11, 12
UNREACHABLE_TYPE_IPV6, PARAMETER_PROBLEM_IPV6 = 0x101, 0x104
"""ICMP's types as SEGMENT has them: 0x100 more for ICMPv6."""
LAST_CODE = 15
"""The highest code of "destination unreachable" that there is (RFC 1812 §5.2.7.1)."""
NETWORK, HOST = 0, 1
NO_ROUTE, BEYOND_SCOPE, ADDRESS = 0, 2, 3
REASSEMBLY = 1
"""Fragments that were not put together in time."""


@rare
def icmp_error(w: World, number: int, segment: Any) -> None:
    """Weigh an ICMP error that quotes a segment of connection ``number``.

    Linux gives up a SYN on any error that counts at all. RFC 9293 §3.9.2.2 and other systems call some of them soft,
    and send the SYN again, which takes it back; so does Linux itself where the error comes while it still sends the
    SYN, as between containers.
    """
    e = 2 * number + side_of(w, segment, number)
    me = w.endpoints[e]
    kind, code = segment["ack"] >> 8, segment["ack"] & 0xFF
    if i64(me["base"]) != segment["seq"] or not counts(kind, code):
        return
    state = i64(me["state"])
    notes = w.connections[number]["notes"]
    if state == State.SYN_RECEIVED:
        request = i64(me["known"]) & KNOWN_SENT_SYN == 0
        if notes & NOTE_FAST_OPEN != 0 or (request and not ends_request(kind, code)):
            return
    elif state != State.SYN_SENT:
        return
    event = Event.GOT_ICMP_ERROR
    if kind in (UNREACHABLE_TYPE, UNREACHABLE_TYPE_IPV6):
        event = Event.GOT_UNREACHABLE
    if step(w, e, event, segment):
        me["known"] = i64(me["known"]) | KNOWN_CLOSED_BY_RST
        if state == State.SYN_SENT:
            w.connections[number]["notes"] = notes | NOTE_UNREACHABLE


@rare
def counts(kind: int, code: int) -> bool:
    """Tell whether an ICMP error says anything of a connection, as Linux takes it."""
    if kind == UNREACHABLE_TYPE:
        return code <= LAST_CODE
    return kind != TIME_EXCEEDED or code != REASSEMBLY


@rare
def ends_request(kind: int, code: int) -> bool:
    """Tell whether an ICMP error about a SYN-ACK makes a listener forget the SYN, as Linux does."""
    if kind == UNREACHABLE_TYPE:
        return code in (NETWORK, HOST)
    if kind == UNREACHABLE_TYPE_IPV6:
        return code not in (NO_ROUTE, BEYOND_SCOPE, ADDRESS)
    return kind in (TIME_EXCEEDED, PARAMETER_PROBLEM, PARAMETER_PROBLEM_IPV6)
