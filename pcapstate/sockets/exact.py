"""The cells that one system's netstat fills in a way of its own, where scripts are to read its table."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..application.hints import GUESS
from ..rows import Rows
from ..table import NUMBER, WORD, Column
from ..tcp.states import State
from ..wording.styles import Style, process_text
from .annotations import Annotations
from .rows import NOBODY, Netstat

WITHOUT_QUEUES = (State.LISTEN, State.SYN_RECEIVED, State.TIME_WAIT)
"""States of which systems show empty queues, whatever is on its way."""
UNOWNED = "Can not obtain ownership information"
"""What Windows' -b says of a socket whose program it does not know."""


def exact(rows: Netstat, name: str, notes: Annotations, style: Style) -> tuple[Column, Any] | None:
    """Return a column as a system prints it, and its values; None where that is as people have it otherwise."""
    if name == "recv_queue":
        return Column(name, "", NUMBER), 0
    if name == "send_queue":
        waiting = np.maximum(rows.values("send_queue"), 0)
        return Column(name, "", NUMBER), np.where(np.isin(rows.state, WITHOUT_QUEUES), 0, waiting)
    if name == "process":
        return _processes(rows, notes, style)
    if name == "program" and style.name == "windows":
        words, which = notes.program(rows)
        return Column(name, "", WORD, tuple(map(_in_brackets, words))), which
    return None


def _processes(rows: Netstat, notes: Annotations, style: Style) -> tuple[Column, Rows]:
    """Return process and program in one column: a dash where no process is known, whatever packets say of it."""
    programs, which = notes.program(rows)
    pairs, found = np.unique(np.stack([notes.pid(rows), which], axis=1), axis=0, return_inverse=True)
    texts = tuple(process_text(style, None if pid == NOBODY else pid, programs[one]) for pid, one in pairs.tolist())
    return Column("process", "", WORD, texts or ("-",), nothing="-"), found.reshape(-1)


def _in_brackets(program: str | None) -> str:
    if program is None:
        return UNOWNED
    return program if program.startswith(GUESS) else f"[{program}]"
