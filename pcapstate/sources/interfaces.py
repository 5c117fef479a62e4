"""Network interfaces, opened for capture: on Linux with sockets of our own, elsewhere with those of Scapy."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..errors import LiveError
from ..escaping import safe
from ..kernels.running import Kernels
from ..messages import Message, reason
from ..scapy_modules import scapy_module
from . import linux_sockets as linux
from .framing import MAXIMUM_CAPTURED
from .packet_ring import PacketRing, can_be_mapped
from .packet_socket import Captured, PacketSocket, can_be_read, captured_together
from .ring_blocks import LINKTYPE_SLL2
from .socket_filters import program_for

BUFFER = 32 << 20
"""Bytes that the kernel keeps of an interface until they are read, unless told."""
ANY = "any"
"""The name that stands for all interfaces, on Linux."""
ABSENT, GONE, DOWN, BACK, FAILED = "absent", "gone", "down", "back", "failed"
"""What becomes of an interface: of one that is ABSENT, GONE or DOWN more may be heard."""


class Capturing(NamedTuple):
    """How packets of interfaces are captured."""

    bpf: str | None = None
    """A filter of libpcap."""
    buffer: int = BUFFER
    """Bytes that the kernel keeps of each interface until they are read."""
    promiscuous: bool = True
    """Packets for other stations, too."""
    snaplen: int = MAXIMUM_CAPTURED
    """Bytes kept of a packet."""


class Packets(Protocol):
    """Where the packets of an interface are read.

    ``drops``: packets that were dropped, None where nobody counts them; ``delay``: seconds by which a packet may come
    late; ``pause``: seconds in which no more can come than there is room for.
    """

    drops: int | None
    delay: float
    pause: float

    def read(self) -> Captured | None:
        """Return packets that are there, None where there is none. Raises OSError where the interface is gone."""

    def count_drops(self) -> None:
        """Bring ``drops`` up to date."""


class OpenInterface:
    """An interface that is captured on; ``packets``: where they are read. Raises LiveError where it cannot be.

    ``addresses``: the interface's own, as text; ``linktype``: LINKTYPE_ value of its frames; ``away``: whether it is
    waited for, to come back.
    """

    away = False

    def __init__(self, name: str, how: Capturing, kernels: Kernels) -> None:
        self.name, self._promiscuous = name, how.promiscuous
        self.no_ring = ""
        """Why the kernel refused a memory-mapped ring, if it did."""
        self.socket: Any
        self.packets: Packets
        if can_be_read():
            self._open_packet_socket(how, kernels)
        else:
            self.socket, self.linktype, self.addresses = _open_with_scapy(name, how)
            self.packets = _OneByOne(self.socket, self.linktype, how.snaplen)

    def _open_packet_socket(self, how: Capturing, kernels: Kernels) -> None:
        known, name = _known(self.name), self.name
        link = linux.ALL if name == ANY else self._link(known)
        self.linktype = link.linktype
        self.addresses = _addresses(known, name)
        cooked = self.linktype == LINKTYPE_SLL2
        program = program_for(how.bpf, self.linktype, cooked, how.snaplen)
        try:
            self.socket = linux.open_socket(self.linktype, program)
        except PermissionError:
            raise LiveError(_privileges(name)) from None
        except OSError as error:
            raise _not_opened(name, error) from None
        try:
            self.packets = self._packets(how, kernels)
            linux.bind(self.socket, link.number, self._promiscuous)
        except OSError as error:
            self.socket.close()
            raise _not_opened(name, error) from None

    def _link(self, known: Mapping[str, Any]) -> linux.Link:
        if self.name not in known:
            raise _unknown(self.name, known)
        try:
            return linux.link(self.name)
        except OSError as error:
            raise _not_opened(self.name, error) from None

    def _packets(self, how: Capturing, kernels: Kernels) -> Packets:
        # Plain kernels would copy byte by byte.
        if kernels.compiled and can_be_mapped():
            try:
                return PacketRing(self.socket, self.linktype, how.snaplen, how.buffer, kernels)
            except OSError as error:
                self.no_ring = reason(error)
        return PacketSocket(self.socket, self.linktype, how.snaplen)

    def fate(self, error: OSError) -> tuple[str, str]:
        """Tell what became of the interface, whose packets can no longer be read: GONE, DOWN or FAILED, and a text."""
        with suppress(OSError, AttributeError):
            try:
                socket.if_nametoindex(self.name)
            except OSError:
                return GONE, Message("the interface is gone")
        if "down" in (error.strerror or ""):
            return DOWN, Message("the interface went down")
        return FAILED, Message("capturing failed ({why})", why=reason(error))

    @property
    def can_come_back(self) -> bool:
        """Whether packets of the interface can be read again once it has come back."""
        return can_be_read()

    def comes_back(self) -> bool:
        """Read its packets again if it is there, and up; tell whether it is. Raises LiveError if it is another one."""
        try:
            link = linux.link(self.name)
            if not link.up:
                return False
            if link.linktype != self.linktype:
                raise LiveError("the interface came back with another link layer")
            linux.bind(self.socket, link.number, self._promiscuous)
        except OSError:
            return False
        return True

    def ask_addresses(self) -> None:
        """Bring ``addresses`` up to date; those that it had before stay its own."""
        scapy_module("config").conf.ifaces.reload()
        known = _known()
        if self.name == ANY or self.name in known:
            self.addresses = tuple(dict.fromkeys((*self.addresses, *_addresses(known, self.name))))

    def close(self) -> None:
        """Close the socket."""
        with suppress(OSError):
            self.socket.close()


class _OneByOne:
    """Reads a socket of Scapy."""

    drops: int | None = None
    delay = pause = 0.0

    def __init__(self, opened: Any, linktype: int, most: int) -> None:
        self._socket, self._linktype, self._most = opened, linktype, most

    def read(self) -> Captured | None:
        if not waited([self._socket], 0):
            return None
        _, data, stamp = self._socket.recv_raw(MAXIMUM_CAPTURED)
        if data is None:
            nothing = np.zeros(0, dtype=np.int64)
            return captured_together(b"", nothing, nothing, nothing, self._linktype)
        length = np.array([len(data)], dtype=np.int64)
        time_ = np.array([round(stamp * 1e9) if stamp else time.time_ns()])
        return captured_together(data[: self._most], np.minimum(length, self._most), length, time_, self._linktype)

    def count_drops(self) -> None:
        pass


def waited(sockets: list[Any], seconds: float) -> bool:
    """Wait for packets of any of these sockets of Scapy; tell whether there are some."""
    found: list[Any] = scapy_module("supersocket").SuperSocket.select(sockets, seconds)
    return bool(found)


def is_there(name: str) -> bool:
    """Ask the system whether there is such an interface. Raises LiveError without the privilege to capture on it."""
    if not can_be_read():
        return name in _known(name)
    try:
        linux.open_socket(LINKTYPE_SLL2, ()).close()
        if name != ANY:
            linux.link(name)
    except PermissionError:
        raise LiveError(_privileges(name)) from None
    except OSError:
        return False
    return True


def _known(wanted: str = ANY) -> dict[str, Any]:
    """Return the interfaces as Scapy knows them, by their names; it looks again where one that is wanted is missing."""
    # Loading Scapy takes a moment, and only live capture needs it.
    for one in ("arch", "layers.inet", "layers.l2"):
        scapy_module(one)
    interfaces = scapy_module("config").conf.ifaces
    for again in (True, False):
        found = {one.name: one for one in interfaces.values()} | dict(interfaces.items())
        if wanted in (ANY, *found):
            break
        if again:
            interfaces.reload()
    return found


def _addresses(known: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the addresses that are local where an interface is captured on."""
    # What a host sends to itself passes its loopback interface, to whichever of its addresses it is sent.
    every = name == ANY or "127.0.0.1" in known[name].ips.get(4, ())
    interfaces = known.values() if every else [known[name]]
    own = (address.partition("%")[0] for one in interfaces for of_family in one.ips.values() for address in of_family)
    return tuple(dict.fromkeys(own))


def _open_with_scapy(name: str, how: Capturing) -> tuple[Any, int, tuple[str, ...]]:
    """Return a capture socket, its link type, and the addresses of the interface."""
    known = _known(name)
    conf, scapy_error = scapy_module("config").conf, scapy_module("error").Scapy_Exception
    if name not in known:
        raise _unknown(name, known)
    try:
        opened = conf.L2listen(iface=name, filter=how.bpf, promisc=how.promiscuous)
    except PermissionError:
        raise LiveError(_privileges(name)) from None
    except (OSError, scapy_error) as error:
        text = str(error)
        if "ermission" in text or "not permitted" in text:
            raise LiveError(_privileges(name)) from None
        if how.bpf and ("ilter" in text or "compil" in text):
            raise LiveError(Message("not a valid capture filter (BPF): {text}", text=safe(how.bpf))) from None
        raise _not_opened(name, error) from None
    linktype = int(conf.l2types.layer2num.get(getattr(opened, "LL", None), 1))
    return opened, linktype, _addresses(known, name)


def _unknown(name: str, known: Mapping[str, Any]) -> LiveError:
    names = ", ".join(sorted({safe(str(one.name)) for one in known.values()}))
    return LiveError(Message("no interface {name!r}; there is: {names}", name=safe(name), names=names))


def _not_opened(name: str, error: Exception) -> LiveError:
    return LiveError(Message("cannot capture on {name}: {why}", name=safe(name), why=reason(error)))


def _privileges(name: str) -> str:
    if os.name == "nt":
        return Message("capturing on {name} needs Npcap and a terminal run as administrator", name=safe(name))
    text = "capturing on {name} needs privileges: run it with sudo, or give Python CAP_NET_RAW"
    return Message(text, name=safe(name))
