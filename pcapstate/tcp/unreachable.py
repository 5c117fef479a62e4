"""What an ICMP error says of the segment that it quotes: a SYN that did not arrive ends the attempt."""

from __future__ import annotations

from typing import Any

from ..kernel import i64, rare
from .clock import step
from .contracts import CLOSED_BY_RST, UNREACHABLE, World
from .flows import side_of
from .machine import Event
from .states import State

UNREACHABLE_TYPE, UNREACHABLE_TYPE_IPV6 = 3, 0x101
"""ICMP's types as SEGMENT has them: 0x100 more for ICMPv6."""


@rare
def icmp_error(w: World, number: int, segment: Any) -> None:
    """Weigh an ICMP error that quotes a segment of connection ``number``.

    Linux gives up on any error that answers a SYN. RFC 9293 §3.9.2.2 and other systems call some of them soft, and
    send the SYN again, which takes it back.
    """
    e = 2 * number + side_of(w, segment, number)
    me = w.endpoints[e]
    if i64(me["state"]) != State.SYN_SENT or i64(me["base"]) != segment["seq"]:
        return
    kind = segment["ack"] >> 8
    event = Event.GOT_ICMP_ERROR
    if kind in (UNREACHABLE_TYPE, UNREACHABLE_TYPE_IPV6):
        event = Event.GOT_UNREACHABLE
    if step(w, e, event, segment):
        me["known"] = i64(me["known"]) | CLOSED_BY_RST
        w.connections[number]["notes"] |= UNREACHABLE
