"""What there is to say of a connection, and its steps, as far as packets have come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..ladder.gathering import ends_of
from ..ladder.steps import NO_STEPS, Steps, Story, on_same_tuple, steps
from ..tcp import tables as c
from ..wording.counts import Count
from ..wording.languages import translate
from .board import Board
from .feed import Feed

SENT = "{packets:packet|packets}, {bytes:byte|bytes}, {again:retransmission|retransmissions}"


class About(NamedTuple):
    """What there is to say of a connection: ``title``, and lines of counters."""

    title: str
    lines: tuple[str, ...]
    steps: Steps


NOTHING = About("", (), NO_STEPS)


class ConnectionStory:
    """Tells of the connection with a number."""

    def __init__(self, board: Board, feed: Feed, number: int, lang: str) -> None:
        self._board, self._feed, self._number, self._lang = board, feed, number, lang
        self.complete = False
        """Nothing will be added."""

    def now(self) -> About | None:
        """Return what is known; None: the connection was evicted."""
        assert self._board.replay is not None
        self.complete = self._feed.ended
        replay, capture, lang = self._board.replay, self._feed.reading.capture, self._lang
        table = replay.table
        found = np.flatnonzero(table.numbers(np.arange(len(table.connections))) == self._number)
        if not len(found):
            return None
        row = int(found[0])
        rows = on_same_tuple(table, row)
        until = self._feed.reading.moment if self._feed.ended else capture.clock or 0
        known = steps(
            Story(replay.of_connections(rows), rows, row, until), capture.source.kernels, *capture.tracked_with
        )
        client = 2 * row + int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
        ends = ends_of(table, row)
        lines = []
        for side, role in enumerate(("client", "server")):
            end = table.endpoints[client ^ side]
            sent = translate(SENT, lang).format(
                packets=Count(end["packets"]), bytes=Count(end["bytes"]), again=Count(end["retransmissions"])
            )
            lines.append(f"{translate(role, lang)} {ends[side]}: {sent}")
        title = translate("connection {number}", lang).format(number=self._number)
        return About(f"{title}  {ends[0]} → {ends[1]}", tuple(lines), known)
