"""The interfaces of this machine, and what capturing on them needs. Only interfaces are asked for, no sockets."""

from __future__ import annotations

import os
import socket
import sys
from typing import NamedTuple

from ..messages import Message
from ..scapy_modules import scapy_module

IFF_UP, IFF_LOOPBACK = 1, 8
CAP_NET_RAW = 13


class InterfaceInfo(NamedTuple):
    """An interface, as text of the system's."""

    name: str
    up: bool
    loopback: bool
    addresses: tuple[str, ...]
    mac: str | None


def interfaces() -> list[InterfaceInfo]:
    """Return the interfaces in the system's order."""
    # Loading Scapy takes a moment, and only live capture needs it.
    for one in ("arch", "layers.l2"):
        scapy_module(one)
    found = []
    for one in scapy_module("config").conf.ifaces.values():
        flags = int(getattr(one, "flags", 0) or 0)
        addresses = tuple(address.partition("%")[0] for family in one.ips.values() for address in family)
        mac = one.mac if one.mac and one.mac != "00:00:00:00:00:00" else None
        found.append(InterfaceInfo(str(one.name), bool(flags & IFF_UP), bool(flags & IFF_LOOPBACK), addresses, mac))
    return found


def missing_privilege() -> str:
    """Return how to get what capturing needs, or nothing if it is there."""
    if os.name == "nt":
        return Message("capturing needs Npcap (npcap.com) and a terminal that runs as administrator")
    if sys.platform.startswith("linux"):
        try:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
            return ""
        except OSError:
            return Message(
                "capturing needs privileges: run it with sudo, or let dumpcap capture (group wireshark):"
                " dumpcap -i NAME -w - | pcapstate netstat -"
            )
    if os.geteuid() != 0 and not os.access("/dev/bpf0", os.R_OK):
        return Message("capturing needs privileges: run it with sudo, or install Wireshark's ChmodBPF")
    return ""
