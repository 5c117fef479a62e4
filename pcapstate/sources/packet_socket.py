"""A packet socket of Linux (packet(7)), read many packets at a call, with what the kernel tells of each.

One call for each packet would lose them from some ten thousand a second: the thread that reads must get the
interpreter's lock back after each.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from .framing import FRAME, MAXIMUM_CAPTURED
from .ring_blocks import (
    ADDRESSES,
    ARPHRD_LOOPBACK,
    ETHERTYPE_VLAN,
    FRONT,
    LINKTYPE_ETHERNET,
    LINKTYPE_SLL2,
    PACKET_OUTGOING,
    SLL2_HEADER,
    TAG,
    TP_STATUS_VLAN_TPID_VALID,
    TP_STATUS_VLAN_VALID,
)

RECEIVE_BUFFER = 32 << 20
"""Bytes that the kernel keeps at most until they are read; it doubles that, for what it keeps beside packets."""
SLOTS = 64
"""Packets that are read at a call."""
ROOM = FRONT + MAXIMUM_CAPTURED
"""Bytes for each packet, and for what it grows by."""

SO_RCVBUFFORCE, SCM_TIMESTAMPNS = 33, 35
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA = 263, 6, 8


VECTOR = np.dtype([("base", "u8"), ("length", "u8")])
"""A struct iovec, where addresses have 64 bits."""
MESSAGE = np.dtype(
    [
        ("name", "u8"), ("name_length", "u4"), ("pad", "u4"), ("vector", "u8"), ("vectors", "u8"), ("control", "u8"),
        ("control_length", "u8"), ("flags", "u4"), ("pad2", "u4"), ("length", "u4"), ("pad3", "u4"),
    ]
)  # fmt: skip
"""A struct mmsghdr there."""
NAME = np.dtype(
    [
        ("family", "u2"), ("protocol", ">u2"), ("interface", "i4"), ("hatype", "u2"), ("kind", "u1"),
        ("address_length", "u1"), ("address", "u1", 8),
    ]
)  # fmt: skip
"""A struct sockaddr_ll."""
COOKED = np.dtype(
    [
        ("protocol", ">u2"), ("reserved", "u2"), ("interface", ">i4"), ("hatype", ">u2"), ("kind", "u1"),
        ("address_length", "u1"), ("address", "u1", 8),
    ]
)  # fmt: skip
"""A cooked header (version 2)."""
CONTROL = np.dtype(
    [
        ("time_length", "u8"), ("time_level", "i4"), ("time_type", "i4"), ("seconds", "i8"), ("nanoseconds", "i8"),
        ("tag_length", "u8"), ("tag_level", "i4"), ("tag_type", "i4"), ("status", "u4"), ("lengths", "u4", 2),
        ("places", "u2", 2), ("tci", "u2"), ("tpid", "u2"), ("pad", "u4"),
    ]
)  # fmt: skip
"""The control messages of a packet, in the order in which the kernel puts them: its time, and its tag."""


class Captured(NamedTuple):
    """Packets that were read together."""

    data: bytes
    frames: Any  # FRAME: time, offset, captured, length and linktype; one packet after the other


def captured_together(data: bytes, captured: Any, length: Any, time: Any, linktype: int) -> Captured:
    """Return packets that lie one after the other in ``data``: with captured and real length, and time, of each."""
    frames = np.zeros(len(captured), dtype=FRAME)
    frames["time"], frames["captured"], frames["length"], frames["linktype"] = time, captured, length, linktype
    frames["offset"] = np.cumsum(captured) - captured
    return Captured(data, frames)


def can_be_read() -> bool:
    """Tell whether packet sockets are read so here."""
    return sys.platform.startswith("linux") and ctypes.sizeof(ctypes.c_long) == 8


class PacketSocket:
    """Reads an open packet socket that gives times (SO_TIMESTAMPNS) and tags (PACKET_AUXDATA); it never waits.

    ``most``: bytes kept of a packet; ``drops``: packets that the kernel had no room for, as far as ``count_drops``
    asked. With the link type of cooked frames, packets come without a link layer and get that header.
    """

    delay = pause = 0.0

    def __init__(self, opened: socket.socket, linktype: int, most: int) -> None:
        self._socket, self._linktype, self._most = opened, linktype, most
        self.drops: int | None = 0
        _enlarge(opened)
        self._data = np.empty(SLOTS * ROOM, dtype=np.uint8)
        self._names = np.zeros(SLOTS, dtype=NAME)
        self._control = np.zeros(SLOTS, dtype=CONTROL)
        self._vectors = np.zeros(SLOTS, dtype=VECTOR)
        self._messages = np.zeros(SLOTS, dtype=MESSAGE)
        slots = np.arange(SLOTS, dtype=np.uint64)
        self._vectors["base"] = self._data.ctypes.data + FRONT + slots * np.uint64(ROOM)
        self._vectors["length"] = MAXIMUM_CAPTURED
        for field, parts in (("name", self._names), ("vector", self._vectors), ("control", self._control)):
            self._messages[field] = parts.ctypes.data + slots * np.uint64(parts.itemsize)
        self._messages["vectors"] = 1
        self._call = ctypes.CDLL(None, use_errno=True).recvmmsg

    def read(self) -> Captured | None:
        """Return packets that are there, None where there is none. Raises OSError where the interface is gone."""
        self._messages["name_length"] = NAME.itemsize
        self._messages["control_length"] = CONTROL.itemsize
        flags = socket.MSG_DONTWAIT | socket.MSG_TRUNC
        count = self._call(self._socket.fileno(), ctypes.c_void_p(self._messages.ctypes.data), SLOTS, flags, None)
        if count <= 0:
            number = ctypes.get_errno()
            if count == 0 or number in (errno.EAGAIN, errno.EINTR):
                return None
            raise OSError(number, os.strerror(number))
        control, names = self._control[:count], self._names[:count]
        captured = np.minimum(self._messages["length"][:count].astype(np.int64), MAXIMUM_CAPTURED)
        start = np.arange(count, dtype=np.int64) * ROOM + FRONT
        told = self._messages["control_length"][:count] >= CONTROL.itemsize - 4
        told &= (control["tag_level"] == SOL_PACKET) & (control["tag_type"] == PACKET_AUXDATA)
        # A filter may cut packets.
        length = np.where(told, control["lengths"][:, 0], self._messages["length"][:count]).astype(np.int64)
        tagged = told & (control["status"] & TP_STATUS_VLAN_VALID != 0)
        cooked = self._linktype == LINKTYPE_SLL2
        if not cooked:
            tagged &= (captured >= ADDRESSES) & (self._linktype == LINKTYPE_ETHERNET)
        protocols = names["protocol"].astype(np.int64)
        for index in np.flatnonzero(tagged).tolist():
            kind, tci = self._tag(control[index])
            if cooked:
                self._put_tag(int(start[index]), 0, tci, int(protocols[index]))
                protocols[index] = kind
            else:
                self._put_tag(int(start[index]), ADDRESSES, kind, tci)
        start[tagged] -= TAG
        captured[tagged] += TAG
        length[tagged] += TAG
        if cooked:
            self._put_headers(start, names, protocols)
            start, captured, length = start - SLL2_HEADER, captured + SLL2_HEADER, length + SLL2_HEADER
        captured = np.minimum(captured, self._most)
        timed = (control["time_level"] == socket.SOL_SOCKET) & (control["time_type"] == SCM_TIMESTAMPNS)
        stamps = np.where(timed, control["seconds"] * 1_000_000_000 + control["nanoseconds"], time.time_ns())
        # On loopback each packet passes twice, out and in.
        kept = (names["hatype"] != ARPHRD_LOOPBACK) | (names["kind"] != PACKET_OUTGOING)
        octets = memoryview(self._data)  # type: ignore[arg-type]
        ends = (start + captured)[kept].tolist()
        data = b"".join([octets[one:end] for one, end in zip(start[kept].tolist(), ends, strict=True)])
        return captured_together(data, captured[kept], length[kept], stamps[kept], self._linktype)

    @staticmethod
    def _tag(control: Any) -> tuple[int, int]:
        """Return the EtherType and the rest of a tag."""
        kind = int(control["tpid"]) if control["status"] & TP_STATUS_VLAN_TPID_VALID else ETHERTYPE_VLAN
        return kind, int(control["tci"])

    def _put_tag(self, start: int, behind: int, *halves: int) -> None:
        """Put a tag ``behind`` so many bytes of the frame at ``start``, which begins earlier then."""
        self._data[start - TAG : start - TAG + behind] = self._data[start : start + behind].copy()
        tag = struct.pack(">HH", *halves)
        self._data[start - TAG + behind : start + behind] = np.frombuffer(tag, dtype=np.uint8)

    def _put_headers(self, start: Any, names: Any, protocols: Any) -> None:
        """Put cooked headers in front of the packets at ``start``."""
        headers = np.zeros(len(names), dtype=COOKED)
        for field in ("interface", "hatype", "kind", "address_length"):
            headers[field] = names[field]
        headers["protocol"] = protocols
        within = np.arange(8) < names["address_length"][:, None]
        headers["address"] = np.where(within, names["address"], 0)
        places = start[:, None] - SLL2_HEADER + np.arange(SLL2_HEADER)
        self._data[places] = headers.view(np.uint8).reshape(-1, SLL2_HEADER)

    def count_drops(self) -> None:
        """Ask the kernel how many packets it had no room for, which it counts anew from then on."""
        with suppress(OSError):
            told = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
            self.drops = (self.drops or 0) + struct.unpack("II", told)[1]


def _enlarge(opened: socket.socket) -> None:
    """Let the kernel keep as much as possible: beyond its limit (net.core.rmem_max) only with CAP_NET_ADMIN."""
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        with suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER)
            return
