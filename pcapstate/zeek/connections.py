"""What Zeek says of connections: ``conn_state``, ``history`` and the sizes, from what was gathered of both ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ..rows import Rows
from ..table import worded
from .tables import CLOSED, ESTABLISHED, HAS_FIN, INACTIVE, IS_KNOWN, PARTIAL, RESET, SYN_ACK_SENT, SYN_SENT

if TYPE_CHECKING:
    from .watcher import Stories

STATES = ("S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
"""The values of ``conn_state``."""
GAVE_UP = re.compile(r"\^?S[^HAFGIQ]*R.*", re.DOTALL)
"""The history of an originator that reset its attempt before anything else."""


class InZeeksTerms:
    """Some connections; ``rows``: theirs in the table."""

    def __init__(self, stories: Stories, rows: Rows) -> None:
        rows = rows.astype(np.int64)
        self.story = stories.stories[rows]
        self.origin = self.story["origin"].astype(np.int64)
        """The side of the originator."""
        ends = 2 * rows + self.origin
        self.sender, self.answerer = stories.ends[ends], stories.ends[ends ^ 1]
        """The rows of END of originator and responder."""
        self._letters = stories.letters[rows]
        self.known = self.story["bits"] & IS_KNOWN != 0
        """Whether any packet of it could be read whole."""

    def histories(self) -> list[str | None]:
        """Return the history of each; None without one."""
        found: list[str | None] = []
        turned, lengths = self.origin.tolist(), self.story["letters"].tolist()
        for line, length, turn in zip(self._letters, lengths, turned, strict=True):
            text = line[:length].tobytes().decode("ascii")
            found.append((text.swapcase() if turn else text) or None)
        return found

    def states(self) -> Rows:
        """Return the ``conn_state`` of each: indices into STATES."""
        sender, answerer = self.sender["state"], self.answerer["state"]
        silent = np.isin(sender, (INACTIVE, PARTIAL)), np.isin(answerer, (INACTIVE, PARTIAL))
        empty = (self.sizes(self.sender, self.answerer) == 0) & (self.sizes(self.answerer, self.sender) == 0)
        refused = np.isin(sender, (SYN_SENT, SYN_ACK_SENT)) | ((sender == RESET) & empty)
        given_up = np.zeros(len(sender), dtype=bool)
        doubtful = np.flatnonzero((sender == RESET) & silent[1])
        if len(doubtful):
            histories = self.histories()
            given_up[doubtful] = [GAVE_UP.fullmatch(histories[row] or "") is not None for row in doubtful]
        answers = (
            ("REJ", (answerer == RESET) & refused),
            ("RSTRH", (answerer == RESET) & silent[0]),
            ("RSTR", answerer == RESET),
            ("RSTOS0", given_up),
            ("OTH", (sender == RESET) & silent[1]),
            ("RSTO", sender == RESET),
            ("SF", (sender == CLOSED) & (answerer == CLOSED)),
            ("SH", (sender == CLOSED) & silent[1]),
            ("S2", sender == CLOSED),
            ("SHR", (answerer == CLOSED) & silent[0]),
            ("S3", answerer == CLOSED),
            ("S0", (sender == SYN_SENT) & (answerer == INACTIVE)),
            ("S1", (sender == ESTABLISHED) & (answerer == ESTABLISHED)),
        )
        found: Rows = np.select(
            [condition for _, condition in answers], [STATES.index(name) for name, _ in answers], STATES.index("OTH")
        )
        return found

    def sizes(self, ends: Rows, peers: Rows) -> Rows:
        """Return how many bytes ends have sent, by their sequence numbers."""
        size = np.maximum(ends["last"], ends["acked"])
        size = np.where(size != 0, size - 1, 0)
        size = np.where((ends["bits"] & HAS_FIN != 0) & (size != 0), size - 1, size)
        # A half-open connection was found and given up: its numbers are those of another one.
        stale = (ends["before"] == SYN_SENT) & (ends["state"] == RESET) & (peers["state"] == INACTIVE)
        found: Rows = np.where(stale & (ends["acked"] > 1), 0, size)
        return found

    def words(self) -> tuple[tuple[str | None, ...], Rows]:
        """Return the different histories, and the index among them of each."""
        return worded(self.histories())
