"""Frames behind a PKTAP header, in which macOS says which process sent or got them, and what their link type is.

Layout: LINKTYPE_PKTAP (https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html) and xnu's bsd/net/pktap.h. All numbers
in it are little-endian. Done a batch at a time with NumPy: such captures are rare.
"""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from .packet_options import DIRECTION_SHIFT, INBOUND, OUTBOUND, PROCESS_NUMBER
from .process_blocks import ProcessTable, told

WRAPPED = (258, 149)
"""Link types of such frames: LINKTYPE_PKTAP, and LINKTYPE_USER2, which Apple took before."""
HEADER = np.dtype(
    {
        "names": ["length", "next", "dlt", "flags", "trailer", "process", "effective"],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<u4", "V24", "V24"],
        "offsets": [0, 4, 8, 36, 48, 52, 84],
        "itemsize": 108,
    }
)
"""The part of the header that all versions have. ``process`` is an id (4 bytes) and a command."""
UUID_AT, EFFECTIVE_UUID_AT = 124, 140
LONGEST = 1024
"""Bytes of a header that are believed; there are some 150."""
PACKET = 1
"""``next``: a packet follows."""
FLAG_IN, FLAG_OUT = 1, 2
RAW_DLT, RAW_LINKTYPE = 12, 101
"""The one DLT_ value of the link types read here that is another LINKTYPE_."""


def is_pktap(linktype: int) -> bool:
    """Tell whether frames of a link type may have such a header."""
    return linktype in WRAPPED


def unwrap(data: Rows, frames: Rows, table: ProcessTable) -> None:
    """Make the frames (FRAME) in ``data`` (uint8) that have the header those behind it; note their processes.

    What has no proper header is left as it is.
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
    # An option of the packet's block may say it as well.
    frames["process"][rows] = direction | np.where(process, process, before & PROCESS_NUMBER)
    frames["effective"][rows] = np.where(effective, effective, frames["effective"][rows])


def _numbers(data: Rows, named: Rows, offsets: Rows, length: Rows, uuid_at: int, table: ProcessTable) -> Rows:
    """Return the numbers of processes as named in headers at ``offsets``, by id, command and UUID."""
    width = named.dtype.itemsize
    told_of = np.zeros((len(named), width + 16), dtype=np.uint8)
    told_of[:, :width] = np.ascontiguousarray(named).view(np.uint8).reshape(-1, width)
    long = length >= uuid_at + 16
    told_of[long, width:] = np.lib.stride_tricks.sliding_window_view(data, 16)[offsets[long] + uuid_at]
    different, which = np.unique(told_of, axis=0, return_inverse=True)
    numbers = []
    for one in different:
        raw, identifier = one[:width].tobytes(), one[width:].tobytes()
        process = told(int.from_bytes(raw[:4], "little"), raw[4:21], identifier)
        numbers.append(0 if process is None else table.number(process))
    return np.array(numbers, dtype=np.int64)[which.reshape(-1)]
