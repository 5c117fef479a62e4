"""ICMP errors: a quoted SYN or SYN-ACK did not arrive, which ends the attempt."""

from __future__ import annotations

from typing import Any

from ..decode.protocols import (
    ICMP_PARAMETER_PROBLEM,
    ICMP_TIME_EXCEEDED,
    ICMP_UNREACHABLE,
    ICMPV6_PARAMETER_PROBLEM,
    ICMPV6_UNREACHABLE,
)
from ..decode.segment import SEGMENT_ICMPV6
from ..kernels.source import i64, rare
from .lookup import side_of
from .machine import Event
from .states import State
from .tables import KNOWN_CLOSED_BY_RST, KNOWN_SENT_SYN, NOTE_FAST_OPEN, NOTE_UNREACHABLE, World
from .transition import step

V6 = SEGMENT_ICMPV6 >> 8
"""Added to the types of ICMPv6."""
LAST_CODE = 15
"""The highest code of "destination unreachable" that there is (RFC 1812 §5.2.7.1)."""
CODE_NETWORK, CODE_HOST = 0, 1
CODE_NO_ROUTE, CODE_BEYOND_SCOPE, CODE_ADDRESS = 0, 2, 3
"""Codes of "destination unreachable", of ICMP and of ICMPv6."""
CODE_REASSEMBLY = 1
"""Code of "time exceeded": fragments were not reassembled in time."""


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
    if kind in (ICMP_UNREACHABLE, V6 | ICMPV6_UNREACHABLE):
        event = Event.GOT_UNREACHABLE
    if step(w, e, event, segment):
        me["known"] = i64(me["known"]) | KNOWN_CLOSED_BY_RST
        if state == State.SYN_SENT:
            w.connections[number]["notes"] = notes | NOTE_UNREACHABLE


@rare
def counts(kind: int, code: int) -> bool:
    """Tell whether an ICMP error means anything for a connection, as on Linux."""
    if kind == ICMP_UNREACHABLE:
        return code <= LAST_CODE
    return kind != ICMP_TIME_EXCEEDED or code != CODE_REASSEMBLY


@rare
def ends_request(kind: int, code: int) -> bool:
    """Tell whether an ICMP error about a SYN-ACK makes a listener forget the SYN, as Linux does."""
    if kind == ICMP_UNREACHABLE:
        return code in (CODE_NETWORK, CODE_HOST)
    if kind == V6 | ICMPV6_UNREACHABLE:
        return code not in (CODE_NO_ROUTE, CODE_BEYOND_SCOPE, CODE_ADDRESS)
    return kind in (ICMP_TIME_EXCEEDED, ICMP_PARAMETER_PROBLEM, V6 | ICMPV6_PARAMETER_PROBLEM)
