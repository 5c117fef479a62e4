"""The UDP ports that the capture shows in use, for ``netstat -a``.

A port is in use where a datagram was sent from it. One that was only sent to may be closed, and one whose host said
since that it is closed (ICMP port unreachable) is. Nothing tells when a port is closed quietly; one that has sent
nothing for a minute nearly always is: a name was asked for from it.
"""

from __future__ import annotations

import numpy as np

from ..addresses import IPV4_MAPPED
from ..tcp.perspective import Perspective
from ..traffic.traffic import Traffic
from .rows import Ports

IDLE = 60 * 10**9
"""Nanoseconds without a datagram sent after which a port is taken to be closed."""


def ports(traffic: Traffic, whose: Perspective) -> Ports:
    """Return the local UDP ports in use by address and port; those of all hosts where there is no single one."""
    rows = traffic.ports
    high, low = rows["high"], rows["low"]
    chosen = (rows["number"] > 0) & (rows["closed"] == 0)
    # Who asks for an address by DHCP has none yet.
    chosen &= (high != 0) | ((low != IPV4_MAPPED) & (low != 0))
    if whose.networks:
        chosen &= whose.holds(high, low)
    rows = rows[chosen]
    rows = rows[np.lexsort((rows["port"], rows["low"].view(np.uint64), rows["high"].view(np.uint64)))]
    return Ports(*(rows[name].copy() for name in Ports._fields))
