"""PKTAP headers of macOS, with the process and link type of the frame after them.

Layout: LINKTYPE_PKTAP (https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html) and xnu's bsd/net/pktap.h. All numbers
in it are little-endian. A batch is processed at once with NumPy: such captures are rare.
"""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from .packet_options import DIRECTION_SHIFT, INBOUND, OUTBOUND, PROCESS_NUMBER
from .process_blocks import ProcessTable, process_of

WRAPPED = (258, 149)
"""Link types of such frames: LINKTYPE_PKTAP, and LINKTYPE_USER2, which Apple used before."""
HEADER = np.dtype(
    {
        "names": ["length", "next", "dlt", "flags", "trailer", "process", "effective"],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<u4", "V24", "V24"],
        "offsets": [0, 4, 8, 36, 48, 52, 84],
        "itemsize": 108,
    }
)
"""The part common to all versions of the header. ``process`` is an id (4 bytes) and a command."""
UUID_AT, EFFECTIVE_UUID_AT = 124, 140
LONGEST = 1024
"""Most bytes of a valid header; it usually has about 150."""
PACKET = 1
"""``next``: a packet follows."""
FLAG_IN, FLAG_OUT = 1, 2
RAW_DLT, RAW_LINKTYPE = 12, 101
"""The only DLT_ value of a supported link type that differs from its LINKTYPE_."""


def is_pktap(linktype: int) -> bool:
    """Tell whether frames of a link type may have a PKTAP header."""
    return linktype in WRAPPED


def unwrap(data: Rows, frames: Rows, table: ProcessTable) -> None:
    """Strip the header from the frames (FRAME) in ``data`` (uint8), and set their link types and processes.

    Frames without a valid header stay as they are.
    """
    wrapped = np.isin(frames["linktype"], WRAPPED) & (frames["captured"] >= HEADER.itemsize)
    rows = np.flatnonzero(wrapped)
    if not len(rows):
        return
    offsets = frames["offset"][rows]
    headers = np.lib.stride_tricks.sliding_window_view(data, HEADER.itemsize)[offsets].view(HEADER)[:, 0]
    length = headers["length"].astype(np.int64)
    sound = (headers["next"] == PACKET) & (length >= HEADER.itemsize) & (length <= LONGEST)
    sound &= (length <= frames["captured"][rows]) & (length <= frames["length"][rows])
    sound &= (headers["dlt"] <= 0xFFFF) & ~np.isin(headers["dlt"], WRAPPED)
    rows, headers, length, offsets = rows[sound], headers[sound], length[sound], offsets[sound]
    if not len(rows):
        return
    wire = frames["length"][rows] - length
    trailer = headers["trailer"].astype(np.int64)
    wire -= np.where(trailer <= wire, trailer, 0)
    frames["offset"][rows] += length
    frames["captured"][rows] = np.minimum(frames["captured"][rows] - length, wire)
    frames["length"][rows] = wire
    frames["linktype"][rows] = np.where(headers["dlt"] == RAW_DLT, RAW_LINKTYPE, headers["dlt"])

    flags = headers["flags"]
    direction = np.where(flags & FLAG_IN, INBOUND, np.where(flags & FLAG_OUT, OUTBOUND, 0)) << DIRECTION_SHIFT
    before = frames["process"][rows].astype(np.int64)
    direction = np.where(direction, direction, before & ~PROCESS_NUMBER)
    process = _numbers(data, headers["process"], offsets, length, UUID_AT, table)
    effective = _numbers(data, headers["effective"], offsets, length, EFFECTIVE_UUID_AT, table)
    # An option of the packet block may have the process, too.
    frames["process"][rows] = direction | np.where(process, process, before & PROCESS_NUMBER)
    frames["effective"][rows] = np.where(effective, effective, frames["effective"][rows])


def _numbers(data: Rows, named: Rows, offsets: Rows, length: Rows, uuid_at: int, table: ProcessTable) -> Rows:
    """Return the numbers of the processes in headers at ``offsets``: id, command and UUID."""
    width = named.dtype.itemsize
    told_of = np.zeros((len(named), width + 16), dtype=np.uint8)
    told_of[:, :width] = np.ascontiguousarray(named).view(np.uint8).reshape(-1, width)
    long = length >= uuid_at + 16
    told_of[long, width:] = np.lib.stride_tricks.sliding_window_view(data, 16)[offsets[long] + uuid_at]
    different, which = np.unique(told_of, axis=0, return_inverse=True)
    numbers = []
    for one in different:
        raw, identifier = one[:width].tobytes(), one[width:].tobytes()
        process = process_of(int.from_bytes(raw[:4], "little"), raw[4:21], identifier)
        numbers.append(0 if process is None else table.number(process))
    return np.array(numbers, dtype=np.int64)[which.reshape(-1)]
