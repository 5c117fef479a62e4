"""Connections of a report packet by packet: the steps of ``explain`` as columns, with all that it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagram.figure import Box, boxes
from ..diagram.shapes import shapes
from ..findings.finding import Text
from ..kernels.running import Kernels
from ..ladder.drawing import cause_text, options_of, segment_text
from ..ladder.explaining import Fold, parts
from ..ladder.sentences import Sentences
from ..ladder.steps import NO_PACKET, Step, Steps, Story, steps
from ..rows import Rows
from ..tcp.flow_table import FlowTable
from ..tcp.states import State
from ..tcp.time_wait import TimeWait
from ..views.reading_aids import Manner
from ..wording.counts import Count
from ..wording.times import duration
from .packing import Packed

OPENED = 400
"""Steps of a connection up to which its folds can be opened: the packets of longer ones stay folded."""
LONGEST = 2_000
"""Steps of a ladder; the rest is cut."""
CUT = "{packets:more packet is|more packets are} not in this file; pcapstate explain shows all"
AGAIN, COPY, GAP, LOST, PACKET, RESET = (1 << bit for bit in range(6))
"""Bits of a step: a retransmission, a duplicate, behind a hole, lost, a packet, a RST."""


class Tuples:
    """Which connections share a 4-tuple."""

    def __init__(self, table: FlowTable) -> None:
        self._before = table.extras["previous"].astype(np.int64) - 1
        self._after = np.full(len(self._before), -1, dtype=np.int64)
        later = np.flatnonzero(self._before >= 0)
        self._after[self._before[later]] = later
        self._known: dict[int, Rows] = {}

    def of(self, row: int) -> Rows:
        """Return the rows of all connections on the 4-tuple of one, ascending."""
        if row not in self._known:
            found = [row]
            while (before := int(self._before[found[-1]])) >= 0:
                found.append(before)
            found.reverse()
            while (after := int(self._after[found[-1]])) >= 0:
                found.append(after)
            self._known |= dict.fromkeys(found, np.array(found))
        return self._known[row]


def stories(segments: Rows, numbers: Rows, groups: Sequence[tuple[int, Rows]], until: int) -> list[Story]:
    """Return the stories of connections.

    ``segments``: as of ``KeptPackets`` for ``numbers``; ``groups``: of each story the number of its connection, and of
    all on its 4-tuple.
    """
    of = segments["endpoint"] >> 1
    order = np.argsort(of, kind="stable")
    begins = np.searchsorted(of[order], np.arange(len(numbers) + 1))
    found = []
    for number, group in groups:
        rows = np.searchsorted(numbers, group)
        own = np.concatenate([order[begins[row] : begins[row + 1]] for row in rows.tolist()])
        # In the order of the capture.
        found.append(Story(segments[np.sort(own)], rows, int(np.searchsorted(numbers, number)), until))
    return found


class Ladders:
    """The ladders of connections, one after the other. ``manners``: how each language is written."""

    def __init__(
        self, manners: Sequence[Manner], start: int, kernels: Kernels, time_wait: TimeWait, split: bool
    ) -> None:
        self._manners, self._start = manners, start
        self._sentences = [Sentences(how) for how in manners]
        self._tracked_with = kernels, time_wait, split
        self._wait = duration(round(time_wait.seconds * 1e9))
        self._texts: dict[tuple[str, ...], int] = {}
        self._arrows: dict[tuple[Box, Box], int] = {}
        self._columns: dict[str, list[Any]] = {
            name: []
            for name in (
                *("step_time", "step_number", "step_side", "step_text", "step_bits", "step_lost"),
                *("step_client", "step_server", "step_was_client", "step_was_server"),
                *("said_step", "said_text", "fold_of", "fold_first", "fold_end", "fold_text"),
                *("move_step", "move_side", "move_arrow"),
            )
        }
        self._ends = [0]
        self._of: list[int] = []

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self._ends[-1]

    def add(self, at: int, story: Story) -> None:
        """Add the ladder of a connection; ``at``: its place among those of the report."""
        found = steps(story, *self._tracked_with)
        self._of.append(at)
        folded = len(found) > OPENED
        column = self._columns
        for part in parts(found, self._wait):
            if len(column["step_time"]) - self.steps >= LONGEST:
                cut = Count(np.count_nonzero(found.rows["flags"][part.at :] != NO_PACKET))
                self._add_line(*(Text(CUT, {"packets": cut}).told(how.lang) for how in self._manners))
                break
            if part.fold is None:
                assert part.step is not None
                self._add_step(part.step)
                for said in part.said:
                    column["said_step"].append(len(column["step_time"]) - 1)
                    column["said_text"].append(self._text(*(one.sentence(said) for one in self._sentences)))
            else:
                self._add_fold(found, part.at, part.fold, folded)
        self._ends.append(len(column["step_time"]))

    def _add_fold(self, found: Steps, at: int, fold: Fold, folded: bool) -> None:
        steps = () if folded else tuple(found[place] for place in range(at, at + fold.packets))
        self._add_line(*(one.fold(fold) for one in self._sentences), steps=steps)

    def _add_line(self, *texts: str, steps: Sequence[Step] = ()) -> None:
        """Add a line that stands for steps, which are in the report or not."""
        column = self._columns
        column["fold_of"].append(len(self._of) - 1)
        column["fold_first"].append(len(column["step_time"]))
        for step in steps:
            self._add_step(step)
        column["fold_end"].append(len(column["step_time"]))
        column["fold_text"].append(self._text(*texts))

    def _add_step(self, step: Step) -> None:
        column = self._columns
        packet = step.flags != NO_PACKET
        bits = (
            (step.again, AGAIN),
            (step.copy, COPY),
            (step.gap > 0, GAP),
            (step.lost > 0, LOST),
            (packet, PACKET),
            (packet and step.flags >= 0 and step.flags & 4 != 0, RESET),
        )
        if packet:
            options = "".join(f" {one}" for one in options_of(step.options))
            text = self._text(*(segment_text(step, how.lang) + options for how in self._manners))
        else:
            text = self._text(*(cause_text(step, how.lang) for how in self._manners))
        place = len(column["step_time"])
        for name, value in (
            ("time", step.time - self._start),
            ("number", step.number),
            ("side", step.side),
            ("text", text),
            ("bits", sum(bit for given, bit in bits if given)),
            ("lost", step.lost),
            ("client", step.after[0]),
            ("server", step.after[1]),
            ("was_client", step.before[0]),
            ("was_server", step.before[1]),
        ):
            column[f"step_{name}"].append(int(value))
        for change in step.changes:
            column["move_step"].append(place)
            column["move_side"].append(change.side)
            column["move_arrow"].append(self._arrow(change.before, change.after))

    def _text(self, *texts: str) -> int:
        return self._texts.setdefault(texts, len(self._texts))

    def _arrow(self, before: State, after: State) -> int:
        return self._arrows.setdefault(boxes(before, after), len(self._arrows))

    def pack(self, packed: Packed) -> None:
        """Add the columns, the texts and the state diagram."""
        packed.add("ladder_of", self._of)
        packed.add("ladder_ends", self._ends)
        for name, column in self._columns.items():
            packed.add(name, np.array(column, dtype=np.int64))
        # A text that is the same in all languages stands once.
        packed.values["texts"] = [texts[0] if len(set(texts)) == 1 else texts for texts in self._texts]
        packed.values["figure"] = shapes(tuple(self._arrows))
