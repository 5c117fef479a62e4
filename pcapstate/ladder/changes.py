"""The changes of a connection without its packets: a connection of a million packets has few."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels.running import Kernels
from ..tcp import tables as c
from ..tcp.flow_table import FlowTable
from ..tcp.settling import in_time
from ..tcp.states import State
from ..tcp.time_wait import TimeWait
from .steps import Change, States, Story


class Changes(NamedTuple):
    """What changed in a connection, and the states at the end."""

    each: tuple[tuple[int, Change], ...]
    """Changes in the order of ``steps``, each behind the number of its packet; 0: a timer."""
    last: States


def changes(story: Story, kernels: Kernels, time_wait: TimeWait = TimeWait(), split: bool = False) -> Changes:  # noqa: B008
    """Return the changes of a connection, whose packets are tracked again. Other arguments: as of ``steps``."""
    table = FlowTable(kernels, time_wait, split=split)
    row = int(np.searchsorted(story.rows, story.row))
    segments = story.segments.copy()
    transitions = [np.zeros(0, dtype=c.TRANSITION)]
    transitions += (one.copy() for one in table.follow(segments, len(segments)))
    if story.until > table.clock:
        transitions += (one.copy() for one in table.pass_time(story.until))
    transitions += (one.copy() for one in table.give_up())
    if row >= len(table.connections):
        return Changes((), (State.UNKNOWN, State.UNKNOWN))
    client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
    whole = np.concatenate(transitions)
    own = in_time(whole[whole["endpoint"] >> 1 == row])
    values = zip(*(own[name].tolist() for name in ("packet", "endpoint", "from", "to", "row", "doubt")), strict=True)
    each = tuple(
        (number, Change(end & 1 ^ client, State(before), State(after), which, doubt))
        for number, end, before, after, which, doubt in values
    )
    one, other = (State(int(table.endpoints["state"][2 * row + (client ^ side)])) for side in (0, 1))
    return Changes(each, (one, other))
