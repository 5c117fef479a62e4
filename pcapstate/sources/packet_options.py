"""Options of a pcapng packet block: direction, process, dropped packets before it.

Format: draft-ietf-opsawg-pcapng §3.5 and §4.3; the process options of macOS as Apple's libpcap writes them. A process
is stored as its number in the source's table. If an option identifies it by pid or text, the kernel leaves a row of
LABEL for Python, which looks it up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import i64, rare, u8, u32

LABEL = np.dtype(
    [
        ("row", "i8"),  # of the frame
        ("kind", "i8"),  # one of the values below
        ("at", "i8"),  # a process id, or the offset of a text in the buffer
        ("length", "i8"),  # of the text
    ]
)
LABEL_PROCESS_ID, LABEL_TEXT = 1, 2

PROCESS_NUMBER = 0x3FFF
"""The bits of FRAME's ``process`` that number the process; 0 for none."""
DIRECTION_SHIFT = 14
"""Above them the packet's direction, as in epb_flags."""
INBOUND, OUTBOUND = 1, 2

OPTION_END, COMMENT, FLAGS, DROPS, PROCESS_AND_THREAD = 0, 1, 2, 4, 8
DARWIN_PROCESS, DARWIN_EFFECTIVE_PROCESS = 0x8001, 0x8003

ROWS, WHY, LAST, LABELS, DROPPED, NUMBERED, DECLARED, PASSED, LEFT_OUT = range(9)
"""Cells of an index kernel's ``result``: frames in all, reason it stopped, time of the last frame; labels left; packets
reported as dropped by options (-1: no report); blocks that take a frame number; interfaces declared in the section;
skipped blocks that Python would read; packets on interfaces beyond the limit."""
RESULT_SIZE = 9

MOST_DROPS, MOST_DROPS_IN_ALL = 2**40, 2**62
"""Larger counts of dropped packets are ignored; their sum is clamped so that it never overflows."""


@rare
def read_options(
    data: Any, at: int, end: int, big: int, processes: Any, known: int, labels: Any, row: int, result: Any
) -> int:
    """Read the options in ``data[at:end]``; return FRAME's ``process``, and above its 16 bits ``effective``.

    ``processes[:known]``: the numbers of the section's process blocks. It writes at most one row of ``labels``.
    """
    process = effective = direction = 0
    kind = label = size = 0
    while end - at >= 8:
        word = u32(data, at, big)
        code = word >> 16 if big else word & 0xFFFF
        length = word & 0xFFFF if big else word >> 16
        at += 4
        if code == OPTION_END or length > end - at:
            break
        if code == FLAGS and length == 4:
            direction = u32(data, at, big) & 3
        elif code == DARWIN_PROCESS and length == 4:
            which = u32(data, at, big)
            if which < known:
                process = i64(processes[which])
        elif code == DARWIN_EFFECTIVE_PROCESS and length == 4:
            which = u32(data, at, big)
            if which < known:
                effective = i64(processes[which])
        elif code == PROCESS_AND_THREAD and length == 8:
            which = u32(data, at, big)
            if which != 0:
                kind, label = LABEL_PROCESS_ID, which
        elif code == COMMENT and kind == 0 and length >= 5 and says_process(data, at):
            kind, label, size = LABEL_TEXT, at, length
        elif code == DROPS and length == 8:
            high = u32(data, at, big) if big else u32(data, at + 4, big)
            low = u32(data, at + 4, big) if big else u32(data, at, big)
            if high < MOST_DROPS >> 32:
                result[DROPPED] = min(max(0, result[DROPPED]) + (high << 32 | low), MOST_DROPS_IN_ALL)
        at += (length + 3) & ~3
    if process == 0 and kind != 0 and result[LABELS] < len(labels):
        one = labels[result[LABELS]]
        one["row"] = row
        one["kind"] = kind
        one["at"] = label
        one["length"] = size
        result[LABELS] += 1
    if direction == 3:
        direction = 0
    return effective << 16 | direction << DIRECTION_SHIFT | process


@rare
def says_process(data: Any, at: int) -> bool:
    """Tell whether a comment starts with ``PID=`` or ``PID:``, as written by several capture tools."""
    if u8(data, at) != 0x50 or u8(data, at + 1) != 0x49 or u8(data, at + 2) != 0x44:
        return False
    return u8(data, at + 3) in (0x3D, 0x3A)
