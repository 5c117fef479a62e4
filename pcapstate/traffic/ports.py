"""UDP ports: datagrams by port, and ports that a host reports as closed."""

from __future__ import annotations

from typing import Any

from ..kernels.source import i64, inner, rare
from .hashing import finished, mixed, mixed_address, taken
from .tables import OTHER_PORTS, PORTS, SENDING_PORTS, Tables


@inner
def find_port(t: Tables, high: int, low: int, port: int, quota: int) -> int:
    """Return the row of a port of an address, which is added within a quota if it is new; otherwise -1."""
    m = t.memory
    key = finished(mixed_address(high, low, m, 0) + mixed(port, m, 4), m)
    mask = len(t.port_slots) - 1
    slot = key & mask
    while t.port_slots[slot] != 0:
        number = i64(t.port_slots[slot]) - 1
        one = t.ports[number]
        if one["low"] == low and one["high"] == high and one["port"] == port:
            return number
        slot = (slot + 1) & mask
    if quota < 0:
        return -1
    number = taken(t, PORTS, quota, key)
    if number < 0:
        return -1
    t.port_slots[slot] = number + 1
    one = t.ports[number]
    one["low"], one["high"], one["port"], one["key"] = low, high, port, key
    return number


@rare
def count_datagram(
    t: Tables,
    source_high: int,
    source_low: int,
    source_port: int,
    target_high: int,
    target_low: int,
    target_port: int,
    unicast: bool,
    length: int,
    frame: Any,
) -> None:
    """Count a UDP datagram with ``length`` bytes of payload at both ports; at the source port only if not unicast."""
    row = find_port(t, source_high, source_low, source_port, SENDING_PORTS)
    if row >= 0:
        one = t.ports[row]
        if one["sent_packets"] == 0:
            one["first"] = frame["time"]
            one["number"] = frame["number"]
        one["last"] = frame["time"]
        one["sent_packets"] += 1
        one["sent_bytes"] += length
        one["closed"] = 0
    if unicast:
        row = find_port(t, target_high, target_low, target_port, OTHER_PORTS)
        if row >= 0:
            t.ports[row]["received_packets"] += 1
            t.ports[row]["received_bytes"] += length


@rare
def close_port(t: Tables, high: int, low: int, port: int, number: int) -> None:
    """Record that a host reported its port as closed in the frame with this number."""
    row = find_port(t, high, low, port, -1)
    if row >= 0:
        t.ports[row]["closed"] = number
