"""Processes named in a capture, by process blocks, process ids and comments.

Sources: Apple's libpcap (Darwin process event blocks), Wireshark's custom block with a process information entry,
epb_processid_threadid of draft-ietf-opsawg-pcapng, the packet comments of etl2pcapng, ptcpdump and pymobiledevice3.
All text comes from the capture: its length is bounded here, and it is escaped where it is shown.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from . import packet_options
from .blocks import read_options, text

PROCESSES = 0x3FFF
"""Most processes of a source, so that a number fits into its bits in FRAME."""
KNOWN_TEXTS = 1 << 16
"""Most comments cached, so that a comment on each of millions of packets takes little memory."""
LONGEST_COMMENT = 4096
"""Most bytes of a comment that are read."""
NAME_LENGTH = 255
UNKNOWN_PROCESS = 0xFFFFFFFF
"""A process id of -1: unknown."""

BLOCK_NAME, BLOCK_PATH, DARWIN_UUID = 2, 3, 4
INFORMATION_NAME, INFORMATION_PATH, INFORMATION_UUID = 2, 3, 8
PROCESS_INFORMATION = 3
"""The process entry in Wireshark's custom block."""

COMMENT = re.compile(rb"PID[=:]\s{0,8}(\d{1,10})(?:\nCmd: ([^\n]*)|, ProcName: ([^,\n]*))?", re.DOTALL)


class Process(NamedTuple):
    """A process as named in the capture: untrusted and not escaped."""

    pid: int | None
    name: str  # empty if only the id is known
    uuid: str | None = None  # of the executable


class ProcessTable:
    """The processes of a source without duplicates, numbered from 1; 0: none, or beyond the limit."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self._numbers: dict[Process, int] = {}

    def number(self, process: Process) -> int:
        """Return the number of a process; a new one gets the next."""
        number = self._numbers.get(process)
        if number is None:
            if len(self.processes) >= PROCESSES:
                return 0
            self.processes.append(process)
            number = self._numbers[process] = len(self.processes)
        return number


class Renumbering:
    """Renumbers the processes of one source to the table of several sources."""

    def __init__(self, table: ProcessTable, processes: list[Process]) -> None:
        self._table, self._processes = table, processes
        self._numbers = np.zeros(1, dtype=np.uint16)

    def number(self, frames: np.ndarray[Any, Any]) -> None:
        """Renumber the processes of frames (FRAME); ``processes`` may have grown."""
        if not self._processes:
            return
        added = [self._table.number(process) for process in self._processes[len(self._numbers) - 1 :]]
        self._numbers = np.append(self._numbers, np.array(added, dtype=np.uint16))
        process = frames["process"]
        frames["process"] = (
            process & ~np.uint16(packet_options.PROCESS_NUMBER)
            | (self._numbers[process & packet_options.PROCESS_NUMBER])
        )
        frames["effective"] = self._numbers[frames["effective"]]


class ProcessNotes(ProcessTable):
    """The process table of a capture, filled from its blocks and packets."""

    def __init__(self) -> None:
        super().__init__()
        self.declared = 0
        """The number of process blocks in the section so far."""
        self.numbers = np.zeros(64, dtype=np.uint16)
        """Their numbers, which packets refer to by index."""
        self._by_id: dict[int, int] = {}
        self._by_text: dict[bytes, int] = {}

    def section(self) -> None:
        """Forget the indices of the section before."""
        self.declared = 0
        self._by_id.clear()

    def darwin(self, body: bytes, big: bool) -> None:
        """Add the body of a Darwin process event block; a damaged one takes an index, too."""
        process = _described(body, big, BLOCK_NAME, BLOCK_PATH, DARWIN_UUID)
        if self.declared == len(self.numbers):
            self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)])
        self.numbers[self.declared] = self.number(process) if process is not None else 0
        self.declared += 1

    def custom(self, body: bytes) -> None:
        """Add the body of a custom block of Wireshark; its fields are little-endian."""
        entry, length = int.from_bytes(body[4:8], "little"), int.from_bytes(body[8:12], "little")
        if entry != PROCESS_INFORMATION or length > len(body) - 12:
            return
        process = _described(body[12 : 12 + length], False, INFORMATION_NAME, INFORMATION_PATH, INFORMATION_UUID)
        if process is not None and process.pid is not None and len(self._by_id) < KNOWN_TEXTS:
            # A later process with the same id replaces it: ids are reused.
            self._by_id[process.pid] = self.number(process)

    def label(self, frames: Any, labels: Any, data: Any) -> None:
        """Set the processes of frames (FRAME) from ``labels`` (LABEL); their texts are in ``data``."""
        found = []
        for kind, at, length in zip(labels["kind"].tolist(), labels["at"].tolist(), labels["length"].tolist(),
                                    strict=True):  # fmt: skip
            if kind == packet_options.LABEL_PROCESS_ID:
                number = self._by_id.get(at)
                if number is None:
                    number = self.number(Process(at, ""))
                    if len(self._by_id) < KNOWN_TEXTS:
                        self._by_id[at] = number
            else:
                number = self._by_comment(data[at : at + min(length, LONGEST_COMMENT)].tobytes())
            found.append(number)
        frames["process"][labels["row"]] |= np.array(found, dtype=np.uint16)

    def _by_comment(self, comment: bytes) -> int:
        from hashlib import blake2b

        # Keyed by a digest: so many long comments would fill the memory.
        print = blake2b(comment, digest_size=16).digest()
        number = self._by_text.get(print)
        if number is None:
            said = COMMENT.match(comment)
            number = 0
            if said is not None and 0 < (pid := int(said[1])) < UNKNOWN_PROCESS:
                path = said[2] if said[2] is not None else said[3] or b""
                number = self.number(Process(pid, text(path.rpartition(b"/")[2], NAME_LENGTH)))
            if len(self._by_text) >= KNOWN_TEXTS:
                self._by_text.clear()
            self._by_text[print] = number
        return number


def process_of(pid: int, name: bytes, identifier: bytes = b"") -> Process | None:
    """Return the process with a 32-bit id, a name and a UUID, each of which may be missing; None without any."""
    name_text = text(name, NAME_LENGTH)
    known = identifier if len(identifier) == 16 and any(identifier) else b""
    if pid in (0, UNKNOWN_PROCESS) and not name_text and not known:
        return None
    digits = known.hex()
    uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}" if known else None
    return Process(None if pid == UNKNOWN_PROCESS else pid, name_text, uuid)


def _described(body: bytes, big: bool, name: int, path: int, identifier: int) -> Process | None:
    if len(body) < 4:
        return None
    found: dict[int, bytes] = {}
    for code, value in read_options(body, 4, big):
        found.setdefault(code, value)
    shown = found.get(name) or found.get(path, b"").rpartition(b"/")[2]
    return process_of(int.from_bytes(body[:4], "big" if big else "little"), shown, found.get(identifier, b""))
