"""Captured packets kept in pcapng files, written by a thread of their own: one file, or a ring of them.

A ring's files are named as dumpcap names them: a number and the time of the file's beginning in front of the suffix.
"""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple

from ..errors import OutputError
from ..escaping import safe
from ..kernels.running import Kernels
from ..messages import Message, of_name, reason
from ..rows import Rows
from .framing import MAXIMUM_CAPTURED
from .privileges import User
from .ring_files import RingFiles, made
from .ring_process import RingProcess
from .written_blocks import interface_description, interface_statistics, section_header
from .written_packets import PacketBlocks

WAITING = 64
"""Batches that wait to be written at most; beyond that, reading waits, and at last the kernel drops packets."""


class Rotation(NamedTuple):
    """When another file is begun, and how many are kept; 0: never, all."""

    size: int = 0
    """Bytes."""
    seconds: float = 0.0
    keep: int = 0

    @property
    def another(self) -> bool:
        """Whether there is more than one file."""
        return bool(self.size or self.seconds)


class Recorder:
    """Writes packets to a file, or a ring of files. Raises OutputError where the first one cannot be made.

    ``interfaces``: name and link type of each interface, as ``frames["interface"]`` counts them; ``snaplen``: bytes
    that a packet has at most. ``owner``: the user whose files they are, where root runs this. ``apart``: privileges are
    given up once this is made, and the files of a ring go on all the same. ``failure`` says why writing ended before
    its time; packets go on being accepted then, and are not written.
    """

    def __init__(
        self,
        path: str,
        rotation: Rotation,
        interfaces: Sequence[tuple[str, int]],
        kernels: Kernels,
        snaplen: int = MAXIMUM_CAPTURED,
        owner: User | None = None,
        apart: bool = False,
    ) -> None:
        self._rotation, self._interfaces = rotation, interfaces
        self._snaplen = snaplen
        self.failure = ""
        self._name = path
        self._ring: RingFiles | RingProcess | None = None
        self._blocks = PacketBlocks(kernels)
        self._file: BinaryIO
        self._drops: Sequence[int | None] = ()
        if rotation.another:
            self._ring = RingProcess(path, rotation.keep, owner) if apart else RingFiles(path, rotation.keep)
        try:
            with _as(owner):
                self._begin()
        except OSError as error:
            if self._ring is not None:
                self._ring.close()
            raise OutputError(of_name(safe(path), reason(error))) from None
        self._waiting: queue.Queue[tuple[Rows, Rows] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="pcapstate-record", daemon=True)

    def start(self) -> None:
        """Begin to write: in a thread, so after privileges are given up, which goes by thread."""
        self._thread.start()

    def put(self, data: Rows, frames: Rows) -> None:
        """Take packets (FRAME); they may be overwritten afterwards."""
        if len(frames) and not self.failure:
            self._waiting.put((data.copy(), frames.copy()))

    def close(self, drops: Sequence[int | None]) -> None:
        """Write what waits, and how many packets each interface dropped; end the file."""
        self._drops = drops
        self._waiting.put(None)
        self._thread.join()
        if self._ring is not None:
            self._ring.close()

    # --- the thread

    def _run(self) -> None:
        while (taken := self._waiting.get()) is not None:
            if self.failure:
                continue
            try:
                self._write(*taken)
            except OSError as error:
                self._fail(error)
        with suppress(OSError):
            if not self.failure:
                self._end()
        with suppress(OSError):
            self._file.close()

    def _fail(self, error: OSError) -> None:
        self.failure = of_name(safe(self._name), reason(error))
        # ValueError: the file is closed, and the next one cannot be made.
        with suppress(OSError, ValueError):
            # A packet cut short would damage what is there.
            self._file.truncate(self._whole)

    def _write(self, data: Rows, frames: Rows) -> None:
        rotation = self._rotation
        for blocks in self._blocks.of(data, frames):
            late = rotation.seconds and time.monotonic() - self._since >= rotation.seconds
            if late or (rotation.size and self._whole >= rotation.size):
                self._end()
                self._file.close()
                self._begin()
            self._put(blocks)

    def _put(self, octets: bytes | memoryview) -> None:
        left = memoryview(octets)
        while left:
            left = left[self._file.write(left) :]
        self._whole += len(octets)

    def _begin(self) -> None:
        if self._ring is None:
            descriptor = made(self._name)
        else:
            self._name, descriptor = self._ring.next()
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._whole, self._since = 0, time.monotonic()
        described = [interface_description(linktype, name, self._snaplen) for name, linktype in self._interfaces]
        self._put(section_header() + b"".join(described))

    def _end(self) -> None:
        for number, drops in enumerate(self._drops):
            if drops is not None:
                self._put(interface_statistics(number, drops))


@contextmanager
def _as(who: User | None) -> Iterator[None]:
    """Be the user whose files are made for a while: root would follow a link that somebody laid."""
    if who is None or os.geteuid() != 0:
        yield
        return
    os.setegid(who.group)
    os.seteuid(who.user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


UNITS = {"k": 1_000, "M": 10**6, "G": 10**9, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
AMOUNT = re.compile(r"(\d{1,12})([kMGsmhd])", re.ASCII)


def rotation_of(text: str) -> Rotation:
    """Read after which size (k, M, G) or time (s, m, h, d) another file is begun. Raises ValueError."""
    found = AMOUNT.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise ValueError(Message("is neither a size (100M) nor a time (1h)"))
    amount = int(found[1]) * UNITS[found[2]]
    return Rotation(size=amount) if found[2] in "kMG" else Rotation(seconds=float(amount))
