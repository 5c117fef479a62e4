"""What a worker keeps of the captures that it has read, so that the next question about one need not read it again.

At most two readings are there at a time: the one with the connections and transitions of a capture, and one for a
question that needs another. Each has half of the memory that captures may take.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..capture import Source, Watcher
from ..errors import PcapstateError
from ..escaping import safe
from ..memory import CHOSEN, LEAST_FOR_CONNECTIONS, PROGRAM
from ..messages import Message, nameless
from ..moments import Moment, parse_moment
from ..reading import Origin, Reading
from ..rows import Rows
from ..tcp.settling import certainties, in_time, settled
from .roots import Found, Refused

SHARE = LEAST_FOR_CONNECTIONS + 64_000_000
"""The fewest bytes of a reading: for connections, and for what stands beside them."""
LEAST = PROGRAM + 2 * SHARE
"""The smallest possible bound on the memory of a worker, in bytes."""
Value = TypeVar("Value")


class Records(NamedTuple):
    """A capture that has been read up to a moment."""

    reading: Reading
    transitions: Rows
    """TRANSITION, settled, in order."""
    last: Rows
    """The place in ``transitions`` of the one of each endpoint to the state that it is in; -1: there is none."""
    certainty: Rows
    """How certain each transition is (Certainty)."""


class Kept:
    """The readings of the capture that was asked about last; ``memory``: bytes that a worker may take."""

    def __init__(self, memory: int) -> None:
        self._whole = memory
        self.memory = PROGRAM + max((memory - PROGRAM) // 2, SHARE)
        self._records: tuple[Any, Records] | None = None
        self._other: tuple[Any, Any] | None = None

    def records(self, capture: Found, at: str | None) -> Records:
        """Return a capture with its transitions, up to a moment. Raises PcapstateError."""
        key = (capture[1:], at)
        if self._records is None or self._records[0] != key:
            self.forget()
            self._records = key, recorded(self.reading(capture, at, record=True, details=True, each=CHOSEN))
        return self._records[1]

    def other(self, capture: Found, question: Any, answer: Callable[[], Value]) -> Value:
        """Return the answer to a question, which is worked out if it is not the one before."""
        key = (capture[1:], question)
        if self._other is None or self._other[0] != key:
            self.forget_other()
            self._other = key, answer()
        found: Value = self._other[1]
        return found

    def forget(self) -> None:
        """Forget all readings, so that their memory is free."""
        self._records = self._other = None

    def forget_other(self) -> None:
        """Forget what is beside the connections and transitions of a capture."""
        self._other = None

    def reading(
        self,
        capture: Found,
        at: str | None,
        *,
        watchers: Callable[[Source], Sequence[Watcher]] = lambda source: (),
        alone: bool = False,
        **how: Any,
    ) -> Reading:
        """Begin a reading of a capture; ``alone``: all others are forgotten. Raises PcapstateError."""
        if alone:
            self.forget()
        memory = self._whole if alone else self.memory
        # Tables and what follows them hold each other, so that their memory would stay for long.
        gc.collect()
        try:
            return Reading(Origin((capture.path,)), at=moment(at), memory=memory, watchers=watchers, **how)
        except PcapstateError as error:
            raise Refused(of_capture(error, capture)) from None


def recorded(reading: Reading) -> Records:
    """Read to the end, or the moment; return what the reading has recorded."""
    try:
        transitions = settled(in_time(reading.history()))[0]
    finally:
        reading.close()
    states = reading.capture.table.endpoints["state"]
    last = np.full(len(states), -1, dtype=np.int64)
    # Where the capture's clock steps back, a timer may stand before what began it.
    proves = transitions["to"] == states[transitions["endpoint"]]
    np.maximum.at(last, transitions["endpoint"][proves], np.flatnonzero(proves))
    return Records(reading, transitions, last, certainties(transitions, True))


def brief(reading: Reading, until: float) -> bool:
    """Read to the end unless it takes too long; ``until``: of the monotonic clock. Return whether all was read."""
    try:
        for _ in reading.transitions():
            if time.monotonic() > until:
                return False
    finally:
        reading.close()
    return True


def moment(at: str | None) -> Moment | None:
    """Read a moment; times of day are UTC. Raises MomentError."""
    return None if at is None else parse_moment(at, utc=True)


def of_capture(error: PcapstateError, capture: Found) -> str:
    """Return an error about a capture with the name that the client has given it, not its path."""
    said = str(error)
    if isinstance(said, Message) and "name" in said.fields:
        said = f"{safe(capture.name)}: {nameless(error)}"
    return said.replace(capture.path, safe(capture.name))
