"""What netstat answers to a question, at one moment after the other."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..errors import CallError
from ..hosts_word.host_socket import HostsWord
from ..memory import default_bound
from ..query.selection import Selection
from ..reading import Reading
from ..rows import Rows
from ..table import without_nothing
from ..tcp.perspective import Perspective, in_all
from ..traffic.local import LocalTraffic
from .annotations import Annotations
from .changes import Changes, compare
from .columns import FOR_PROGRAMS, WORDED
from .gathering import Gathering
from .question import Question
from .rows import IDLE, SocketRows, udp_ports
from .table import values

# What answers take beside what the tracker keeps: upper bounds of the peak, in bytes for each connection
# (tests/test_memory.py); docs/performance.md tells what they consist of.
EACH = 16
"""For each row: its endpoint and its state, five bytes; more while the rows are found."""
EACH_CHOSEN = 48
"""With a selection that chooses rows."""
EACH_NAMED = 56
"""With names of hosts: the different addresses, in order, while messages are searched for them."""
EACH_OPENING = 12
"""With payloads that open conversations: of which kinds each endpoint's is kept."""
EACH_COMPARED = 64
"""Compared to the moment before: the rows of both moments, and what became of each."""


class Answer(NamedTuple):
    """What netstat answers at a moment."""

    moment: int
    whose: Perspective
    rows: SocketRows | None
    """The table of sockets; None: it was not asked for."""
    notes: Annotations | None
    """The names and programs of its rows."""
    changes: Changes | None
    """What became of each row since the answer before, where answers are compared."""
    unmatched: int
    """Rows of which the selection chose none."""
    idle: int
    """UDP ports left out, since they were idle for long."""
    traffic: LocalTraffic | None
    """All frames as the host saw them, for routes, statistics and Ethernet's; None: they were not asked for."""


class Answers:
    """The answers to one question: give a reading the watchers of ``gathering``, ``attach`` it, ask ``at`` a moment.

    ``named``: names of hosts, unless the question asks for numbers; ``shown``: columns that are shown whatever the
    selection says; ``bound``: bytes that the run may take; ``compares``: each answer is compared to the one before;
    ``repeats``: there are several; ``grouped``: rows stand by protocol and family; ``word``: a table that the host
    itself printed, which knows processes and ports that packets do not show. Raises CallError.
    """

    def __init__(
        self,
        question: Question,
        selection: Selection | None = None,
        *,
        named: bool = False,
        shown: frozenset[str] = frozenset(FOR_PROGRAMS),
        bound: int | None = None,
        repeats: bool = False,
        compares: bool = False,
        grouped: bool = False,
        word: HostsWord | None = None,
    ) -> None:
        question.check()
        if selection is not None and (selection.columns or selection.chooses) and not question.sockets:
            raise CallError(
                "filters, --sort and --columns apply to the table of connections only, not to -e, -r and -s"
            )
        self.question, self._selection = question, selection
        self._repeats, self._compares, self._grouped = repeats, compares, grouped
        needed = shown if selection is None else shown | selection.needed
        self.gathering = Gathering(question, needed, named, default_bound() if bound is None else bound, word)
        self._reading: Reading | None = None
        self._before: SocketRows | None = None
        self._whose: Perspective | None = None

    @property
    def bytes_each(self) -> int:
        """The bytes that answers take for each connection, at most."""
        parts = (
            (self._selection is not None and self._selection.chooses, EACH_CHOSEN),
            (self.gathering.with_names, EACH_NAMED),
            (self.gathering.with_openings, EACH_OPENING),
            (self._repeats, EACH_COMPARED),
        )
        return EACH + sum(each for wanted, each in parts if wanted)

    def attach(self, reading: Reading) -> None:
        """Take the reading that the answers are about."""
        self._reading = reading

    def moved(self, kept: Rows) -> None:
        """Follow the table, which evicted connections: its row n is the former row ``kept[n]``."""
        if self._before is not None:
            self._before.moved(kept)
        self.gathering.moved(kept)

    @property
    def _the_reading(self) -> Reading:
        assert self._reading is not None
        return self._reading

    def perspective(self) -> Perspective:
        """Return whose netstat it is; of answers that are repeated that of all, as long as it holds."""
        table = self._the_reading.capture.table
        if not self._repeats or self.question.local or self.gathering.own:
            return self.gathering.perspective(table)
        if self._whose is None:
            if not len(table.connections):
                return self.gathering.nobodys
            self._whose = self.gathering.perspective(table)
        elif self._whose.networks and not self._whose.lasting and not in_all(table, self._whose.networks):
            self._whose, self._before = self.gathering.nobodys, None
        return self._whose

    def at(self, moment: int | None = None) -> Answer:
        """Return the answer at the moment that was read to; ``moment``: its time, from which ages count."""
        question, reading = self.question, self._the_reading
        answer = Answer(reading.moment if moment is None else moment, self.perspective(), None, None, None, 0, 0, None)
        if question.sockets:
            answer = self._with_sockets(answer)
        if question.ethernet or question.route or question.statistics:
            answer = answer._replace(traffic=LocalTraffic(self.gathering.the_traffic, answer.whose))
        return answer

    def _with_sockets(self, answer: Answer) -> Answer:
        question, selection, reading = self.question, self._selection, self._the_reading
        rows = SocketRows(
            reading.capture.table,
            answer.whose,
            answer.moment,
            listening=question.servers,
            both=question.both,
            connections=question.connections,
            ports=udp_ports(self.gathering.the_traffic, answer.whose) if question.udp_ports else None,
            told=self.gathering.told,
        )
        if len(question.families) == 1:
            rows.keep(rows.of_family(question.families[0]))
        notes = self.gathering.annotations()
        unmatched = idle = 0
        if choose := None if selection is None else selection.choice(reading.span):
            count = len(rows)
            rows.keep(choose(lambda part: partial(compared_to, rows.some(part), notes=notes), count))
            unmatched = 0 if len(rows) else count
        if question.udp_ports and not (selection is not None and selection.filters):
            left_out = rows.idle_ports(IDLE)
            idle = int(np.count_nonzero(left_out))
            rows.keep(~left_out)
        changes = None
        if self._grouped and not (selection is not None and selection.sorts):
            rows.group()
        elif self._compares:
            before, self._before = self._before, rows.some(slice(None))
            changes = compare(rows, before)
        return answer._replace(rows=rows, notes=notes, changes=changes, unmatched=unmatched, idle=idle)


def compared_to(rows: SocketRows, name: str, notes: Annotations) -> Any:
    """Return a column as filters want it: text as its words and the indices into them."""
    column, found = values(rows, name, notes)
    return (column.words, found) if name in WORDED else without_nothing(column, found)
