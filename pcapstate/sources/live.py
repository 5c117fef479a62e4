"""Frames from a network interface, through Scapy's capture sockets, framed like a capture file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..compiled import Kernels
from ..errors import CaptureDamaged, LiveError
from ..naming import safe
from .blocks import Interface, Name
from .framing import FRAME
from .pktap import is_pktap, unwrap
from .processes import Process, ProcessTable
from .reader import Batch

PATIENCE = 0.2
"""Seconds after which frames are given out even if they are few."""
MOST = 4096
"""Frames of one batch at most."""
LARGEST = 262_144


class LiveReader:
    """Reads an interface, for ``duration`` seconds or for ever; its interface is that of CaptureReader.

    Raises LiveError where there is no such interface, no privilege, or the filter is not valid.
    """

    size = None
    drops: int | None = None

    def __init__(self, interface: str, bpf: str | None = None, duration: float | None = None) -> None:
        self.name = safe(interface)
        self.kernels = Kernels(None)
        self.damages: list[CaptureDamaged] = []
        self._table = ProcessTable()
        self.interfaces: list[Interface] = []
        self.names: list[Name] = []
        self._duration = duration
        self._socket, self._linktype = _open(interface, bpf)
        _give_up_privileges()

    @property
    def processes(self) -> list[Process]:
        """The processes that packets name: those of macOS's interface ``pktap`` do."""
        return self._table.processes

    def close(self) -> None:
        """Close the capture socket."""
        self._socket.close()

    def batches(self) -> Iterator[Batch]:
        """Yield frames as they come, at most PATIENCE later; batches without frames let time pass."""
        from scapy.supersocket import SuperSocket

        ends = None if self._duration is None else time.monotonic() + self._duration
        number = position = 0
        while True:
            due = time.monotonic() + PATIENCE
            raw: list[bytes] = []
            stamps: list[int] = []
            while len(raw) < MOST:
                now = time.monotonic()
                limit = min(due, ends) if ends is not None else due
                if now >= limit:
                    break
                if not SuperSocket.select([self._socket], limit - now):
                    break
                _, data, stamp = self._socket.recv_raw(LARGEST)
                if data is None:
                    continue
                raw.append(data)
                stamps.append(round(stamp * 1e9) if stamp else time.time_ns())
            frames = np.zeros(len(raw), dtype=FRAME)
            if raw:
                lengths = np.array([len(one) for one in raw], dtype=np.int64)
                frames["time"] = stamps
                frames["number"] = np.arange(number + 1, number + 1 + len(raw))
                frames["offset"] = np.cumsum(lengths) - lengths
                frames["captured"] = frames["length"] = lengths
                frames["linktype"] = self._linktype
                number += len(raw)
                position += int(lengths.sum())
            data = np.frombuffer(b"".join(raw) or b"\0", dtype=np.uint8).copy()
            if is_pktap(self._linktype):
                unwrap(data, frames, self._table)
            yield Batch(data, frames, position, max([time.time_ns(), *stamps[-1:]]))
            self.kernels.worked(sum(map(len, raw)))
            if ends is not None and time.monotonic() >= ends:
                return


def _open(interface: str, bpf: str | None) -> tuple[Any, int]:
    # Loading Scapy takes half a second, and only live capture needs it.
    import scapy.arch
    import scapy.layers.inet
    import scapy.layers.l2  # noqa: F401
    from scapy.config import conf
    from scapy.error import Scapy_Exception

    try:
        names = set(conf.ifaces) | {one.name for one in conf.ifaces.values()}
        if interface not in names:
            known = ", ".join(sorted(safe(str(one.name)) for one in conf.ifaces.values()))
            raise LiveError(f"no interface {safe(interface)!r}; there is: {known}")
        socket = conf.L2listen(iface=interface, filter=bpf)
    except PermissionError:
        raise LiveError(_privileges(interface)) from None
    except (OSError, Scapy_Exception) as error:
        text = str(error)
        if "ermission" in text or "not permitted" in text:
            raise LiveError(_privileges(interface)) from None
        if bpf and ("ilter" in text or "compil" in text):
            raise LiveError(f"not a valid capture filter (BPF): {safe(bpf)}") from None
        raise LiveError(f"cannot capture on {safe(interface)}: {safe(text)}") from None
    linktype = conf.l2types.layer2num.get(getattr(socket, "LL", None), 1)
    return socket, int(linktype)


def _give_up_privileges() -> None:
    """Become the user who called sudo: from here on only hostile bytes are handled, and that needs no privilege."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.name != "posix" or os.geteuid() != 0 or not (user.isdecimal() and group.isdecimal()) or user == "0":
        return
    import pwd

    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
    try:
        os.environ["HOME"] = pwd.getpwuid(int(user)).pw_dir
    except KeyError:
        os.environ.pop("HOME", None)


def _privileges(interface: str) -> str:
    if os.name == "nt":
        return f"capturing on {safe(interface)} needs Npcap and a terminal run as administrator"
    return f"capturing on {safe(interface)} needs privileges: run it with sudo, or give Python CAP_NET_RAW"
