"""Network interfaces, opened for capture through Scapy, and what the system says of them."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import Any, Protocol

import numpy as np

from ..errors import LiveError
from ..escaping import safe
from ..scapy_modules import scapy_module
from .framing import MAXIMUM_CAPTURED
from .packet_socket import Captured, PacketSocket, can_be_read


class Packets(Protocol):
    """Where the packets of an interface are read; ``drops``: those that were lost, None where nobody counts them."""

    drops: int | None

    def read(self) -> Captured | None:
        """Return packets that are there, None where there is none. Raises OSError where the interface is gone."""

    def count_drops(self) -> None:
        """Bring ``drops`` up to date."""


class OpenInterface:
    """An interface that is captured on; ``packets``: where they are read. Raises LiveError where it cannot be.

    ``addresses``: the interface's own, as text; ``linktype``: LINKTYPE_ value of its frames.
    """

    def __init__(self, name: str, bpf: str | None) -> None:
        self.name = name
        self.socket, self.linktype, self.addresses = _open(name, bpf)
        inner = getattr(self.socket, "ins", None)
        if can_be_read() and isinstance(inner, socket.socket) and inner.family == socket.AF_PACKET:
            self.packets: Packets = PacketSocket(inner)
        else:
            self.packets = _OneByOne(self.socket)

    def fate(self, error: OSError) -> str:
        """Tell what became of the interface, whose packets can no longer be read."""
        with suppress(OSError, AttributeError):
            try:
                socket.if_nametoindex(self.name)
            except OSError:
                return "the interface is gone"
        if "down" in (error.strerror or ""):
            return "the interface went down"
        return f"capturing failed ({safe(error.strerror or str(error))})"

    def close(self) -> None:
        """Close the socket."""
        with suppress(OSError):
            self.socket.close()


class _OneByOne:
    """Reads a socket of Scapy."""

    drops: int | None = None

    def __init__(self, opened: Any) -> None:
        self._socket = opened

    def read(self) -> Captured | None:
        if not waited([self._socket], 0):
            return None
        _, data, stamp = self._socket.recv_raw(MAXIMUM_CAPTURED)
        if data is None:
            return Captured(b"", *[np.zeros(0, dtype=np.int64)] * 3)
        length = np.array([len(data)], dtype=np.int64)
        return Captured(data, length, length, np.array([round(stamp * 1e9) if stamp else time.time_ns()]))

    def count_drops(self) -> None:
        pass


def waited(sockets: list[Any], seconds: float) -> bool:
    """Wait for packets of any of these sockets of Scapy; tell whether there are some."""
    found: list[Any] = scapy_module("supersocket").SuperSocket.select(sockets, seconds)
    return bool(found)


def _open(name: str, bpf: str | None) -> tuple[Any, int, tuple[str, ...]]:
    """Return a capture socket, its link type, and the addresses of the interface."""
    # Loading Scapy takes a moment, and only live capture needs it.
    for one in ("arch", "layers.inet", "layers.l2"):
        scapy_module(one)
    conf, scapy_error = scapy_module("config").conf, scapy_module("error").Scapy_Exception
    try:
        known = {one.name: one for one in conf.ifaces.values()} | dict(conf.ifaces.items())
        if name not in known:
            names = ", ".join(sorted(safe(str(one.name)) for one in conf.ifaces.values()))
            raise LiveError(f"no interface {safe(name)!r}; there is: {names}")
        opened = conf.L2listen(iface=name, filter=bpf)
    except PermissionError:
        raise LiveError(_privileges(name)) from None
    except (OSError, scapy_error) as error:
        text = str(error)
        if "ermission" in text or "not permitted" in text:
            raise LiveError(_privileges(name)) from None
        if bpf and ("ilter" in text or "compil" in text):
            raise LiveError(f"not a valid capture filter (BPF): {safe(bpf)}") from None
        raise LiveError(f"cannot capture on {safe(name)}: {safe(getattr(error, 'strerror', None) or text)}") from None
    linktype = int(conf.l2types.layer2num.get(getattr(opened, "LL", None), 1))
    own = [known[name]]
    if "127.0.0.1" in own[0].ips.get(4, ()):
        # What a host sends to itself passes its loopback interface, to whichever of its addresses it is sent.
        own = list(conf.ifaces.values())
    addresses = (address.partition("%")[0] for one in own for of_family in one.ips.values() for address in of_family)
    return opened, linktype, tuple(dict.fromkeys(addresses))


def _privileges(name: str) -> str:
    if os.name == "nt":
        return f"capturing on {safe(name)} needs Npcap and a terminal run as administrator"
    return f"capturing on {safe(name)} needs privileges: run it with sudo, or give Python CAP_NET_RAW"
