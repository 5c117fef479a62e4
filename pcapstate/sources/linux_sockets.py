"""Packet sockets of Linux (packet(7)), opened for one interface, or for all of them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from typing import NamedTuple

from .hardware_types import LINKTYPE_SLL2, linktype_of
from .packet_socket import PACKET_AUXDATA, SOL_PACKET
from .socket_filters import Program, attach

SIOCGIFFLAGS, SIOCGIFHWADDR = 0x8913, 0x8927
IFF_UP = 1
ETH_P_ALL = 3
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 1, 1
SO_TIMESTAMPNS = 35
EVERY = 0
"""The index that stands for all interfaces."""


class Link(NamedTuple):
    """An interface as the kernel knows it."""

    number: int
    """The index of the interface."""
    hardware: int
    """Its ARPHRD_ value."""
    up: bool

    @property
    def linktype(self) -> int:
        """LINKTYPE_ value of its frames."""
        return linktype_of(self.hardware)


ALL = Link(EVERY, -1, True)


def link(name: str) -> Link:
    """Ask the kernel for an interface. Raises OSError where there is none."""
    import fcntl

    asked = struct.pack("16s24x", os.fsencode(name)[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        hardware = struct.unpack_from("16xH", fcntl.ioctl(any_socket, SIOCGIFHWADDR, asked))[0]
        flags = struct.unpack_from("16xH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))[0]
    return Link(socket.if_nametoindex(name), hardware, bool(flags & IFF_UP))


def open_socket(linktype: int, program: Program) -> socket.socket:
    """Open a packet socket that gets nothing until it is bound; with what is told beside packets. Raises OSError."""
    kind = socket.SOCK_DGRAM if linktype == LINKTYPE_SLL2 else socket.SOCK_RAW
    opened = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        if program:
            attach(opened, program)
        opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except BaseException:
        opened.close()
        raise
    return opened


def bind(opened: socket.socket, index: int, promiscuous: bool) -> None:
    """Bind a packet socket to an interface, or to EVERY: packets come from now on. Raises OSError."""
    if promiscuous and index != EVERY:
        asked = struct.pack("=iHH8x", index, PACKET_MR_PROMISC, 0)
        opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, asked)
    # Python's own bind wants the name of an interface.
    address = struct.pack("=H", socket.AF_PACKET) + struct.pack("!H", ETH_P_ALL) + struct.pack("=i12x", index)
    library = ctypes.CDLL(None, use_errno=True)
    if library.bind(opened.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
