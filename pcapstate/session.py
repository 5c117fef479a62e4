"""A capture, or interfaces, that answers several questions."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .asked import (
    NETSTAT,
    UNNAMED,
    Time,
    answers_to,
    connections_chosen,
    gathering_for,
    needs_of,
    netstat_rows,
    not_gathered,
    selection_of_connections,
    texts,
    traffic_of,
)
from .errors import CallError, CaptureDamaged
from .memory import CHOSEN, DIAGNOSE, DIAGNOSE_CHOSEN, FRAMES_SEEN, SHOWN
from .messages import Message
from .moments import SECOND, parse_moment
from .objects import (
    Connection,
    Counter,
    Finding,
    Netstat,
    Route,
    Transition,
    counters_of,
    findings_of,
    routes_of,
    transitions_of,
)
from .query.options import SelectionOptions
from .query.selection import Selection
from .reading import Losses, Origin, Reading
from .records import Arriving, Records
from .rows import Rows
from .sockets.answers import Answer, Answers
from .sockets.question import Question
from .table import Table
from .tcp import states as numbers
from .tcp.flow_table import FlowTable
from .tcp.settling import in_time, settled
from .tcp.time_wait import TimeWait
from .traffic.counters import counters
from .views import connections as connections_view
from .views import timeline as timeline_view
from .views import timeline_columns
from .views.gathered import Gathered

if TYPE_CHECKING:
    from .drawn import Ladder, StatesOverTime


class Snapshot(NamedTuple):
    """All connections at one moment, from ``Session.moments``; valid until the next moment is read."""

    moment: int
    """Nanoseconds since the epoch."""
    table: FlowTable
    answer: Answer
    columns: tuple[str, ...]
    span: tuple[int, int]

    def connections(self, filter: str | None = None) -> Records[Connection]:
        """Return the connections in the order of their numbers; ``filter``: as for ``--filter``. Raises QueryError."""
        selection = selection_of_connections(filter)
        gathered = Gathered(selection.needed)
        if gathered.watches or (gathered.details and self.table.details is None):
            raise not_gathered(selection)
        return connections_chosen(self.table, selection, lambda: self.span, gathered.beside(self.moment))

    def netstat(self) -> Records[Netstat]:
        """Return the rows of netstat at this moment."""
        return netstat_rows(self.answer, self.columns)


class Session:
    """A capture, or interfaces, that answers several questions.

    Nothing is read before the first question. Files are read again if a question needs more data than the one before.
    A source that can be read only once (a pipe, an interface, an open file) answers one question, and ``connections``
    after it. Raises CallError, CaptureError, LiveError, MomentError.
    """

    def __init__(self, origin: Origin, *, two_msl: float, at: Time | None, memory: int | None, split: bool) -> None:
        origin.check()
        self._origin, self._at = origin, at
        self._options: dict[str, Any] = {"time_wait": TimeWait(two_msl), "memory": memory, "split": split}
        self._again, self._elsewhere = origin.files, False
        self._reading: Reading | None = None
        self._state: Generator[Rows, None, None] | None = None
        if self._again or origin.missing:
            # Report a file that is no capture at once, not at the first question.
            origin.open().close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the capture."""
        if self._state is not None:
            self._state.close()
        if self._reading is not None:
            self._reading.close()

    @property
    def growing(self) -> bool:
        """Whether packets may still arrive: from an interface, standard input, or a file that is followed."""
        return self._origin.growing

    # --- the last reading

    @property
    def damages(self) -> Sequence[CaptureDamaged]:
        """The damage found so far: captures that are damaged or cut short."""
        return [] if self._reading is None else self._reading.capture.damages

    @property
    def losses(self) -> Losses | None:
        """What the reading for the last question missed; None before a question."""
        return None if self._reading is None else self._reading.losses()

    @property
    def moment(self) -> int | None:
        """The time of the last answer, ns since the epoch; None before a question."""
        return None if self._reading is None else self._reading.moment

    # --- questions

    def transitions(
        self, filter: str | None = None, *, revisions: bool = False
    ) -> Records[Transition] | Arriving[Transition]:
        """Return the transitions, as ``pcapstate timeline`` lists them.

        For files, transitions that later packets disproved are left out, so all come at the end. With ``revisions``,
        and for growing sources, each comes as its packet is read, and corrections come as ``revised``. ``filter``: as
        for ``--filter``. Raises QueryError.
        """
        selection = Selection(SelectionOptions(filter=filter), timeline_columns.fields, timeline_columns.BY_NAME, False)
        lazily = revisions or self.growing
        for name in timeline_columns.AT_THE_END:
            if lazily and name in selection.needed:
                raise CallError(
                    Message("the column {name} needs all packets, but these rows come one by one", name=name)
                )
        gathered = Gathered(selection.needed, self._options["memory"])
        reading = self._new(record=True, **gathering_for(gathered, CHOSEN if filter else SHOWN))
        choose = selection.choice(reading.span)

        def view(rows: Iterable[Rows]) -> Table:
            beside = gathered.beside(reading.moment)
            return timeline_view.view(reading.capture.table, rows, None, None, not lazily, choose=choose, beside=beside)

        if not lazily:
            return Records(view([settled(in_time(reading.history()))[0]]), transitions_of)
        runs = self._state = reading.transitions()
        # The next run overwrites the one before.
        batches = (batch for rows in runs for batch in view([rows.copy()]).batches)
        return Arriving(view([]).columns, batches, transitions_of)

    def connections(self, filter: str | None = None) -> Records[Connection]:
        """Return the connections in the order of their numbers. ``filter``: as for ``--filter``. Raises QueryError."""
        selection = selection_of_connections(filter)
        gathered = Gathered(selection.needed, self._options["memory"])
        missing = gathered.watches or (self._reading is not None and gathered.details and not self._has_details)
        if self._reading is None or (self._again and (self._elsewhere or missing)):
            self._new(**gathering_for(gathered, CHOSEN if filter else SHOWN))
        elif missing:
            raise not_gathered(selection)
        reading = self._read_on()
        return connections_chosen(reading.capture.table, selection, reading.span, gathered.beside(reading.moment))

    def netstat(
        self,
        at: Time | None = None,
        local: str | Sequence[str] | None = None,
        *,
        listening: bool = False,
        names: bool = False,
        udp: bool = False,
        filter: str | None = None,
    ) -> Records[Netstat]:
        """Return the rows of netstat on a host, at a moment or at the end.

        ``local``: the host, as addresses or networks (None: the host that the capture implies). ``listening``: with
        listening ports; ``udp``: with UDP ports, too. ``names``: with names of hosts and programs from the capture.
        ``filter``: as for ``--filter``. Raises QueryError.
        """
        answers = answers_to(local, listening, names, udp, filter, repeats=False)
        self._ask(answers, at=at)
        return netstat_rows(answers.at(), NETSTAT if names else UNNAMED)

    def routes(self, at: Time | None = None, local: str | Sequence[str] | None = None) -> Records[Route]:
        """Return the routes and neighbours of a host, as far as traffic shows them."""
        from .routing.routing_table import routes
        from .views.routes import view

        answers = Answers(Question(local=texts(local), route=True))
        self._ask(answers, at=at)
        return Records(view(routes(traffic_of(answers.at()))), routes_of)

    def statistics(self, at: Time | None = None, local: str | Sequence[str] | None = None) -> Records[Counter]:
        """Return the counters of ``netstat -s`` of a host."""
        from .views.statistics import view

        answers = Answers(Question(local=texts(local), statistics=True))
        reading = self._ask(answers, at=at)
        answer = answers.at()
        found = counters(traffic_of(answer), reading.capture.table, answer.whose)
        return Records(view(found), counters_of)

    def diagnose(self, filter: str | None = None, *, lang: str = "en") -> Records[Finding]:
        """Return the findings of ``pcapstate diagnose``. ``filter``: the connections to diagnose. Raises QueryError."""
        # Imported here, since only this question needs the rules.
        from .findings.diagnosis import diagnose
        from .findings.frames_seen import FramesSeen
        from .views.diagnosis import view

        selection = selection_of_connections(filter)
        seen, gathered = FramesSeen(), Gathered(selection.needed, self._options["memory"])
        reading = self._new(
            details=True,
            each=(DIAGNOSE_CHOSEN if filter else DIAGNOSE) + gathered.bytes_each,
            beside=FRAMES_SEEN + gathered.bytes_beside,
            watchers=lambda source: [seen, *gathered.watchers(source)],
            followers=[gathered.moved],
        )
        self._read_on()
        # Here parts that a capture has twice count once; ``connections`` counts all packets.
        self._elsewhere = True
        choose, beside = selection.choice(reading.span), gathered.beside(reading.moment)
        chosen = None if choose is None else connections_view.chosen(reading.capture.table, choose, beside)
        return Records(view(diagnose(reading.capture, seen, chosen), lang), findings_of)

    def states_over_time(
        self,
        every: float | None = None,
        *,
        local: str | Sequence[str] | None = None,
        side: str | None = None,
        states: Iterable[str] | None = None,
        filter: str | None = None,
    ) -> StatesOverTime:
        """Return how many connections are in each state over time, as ``pcapstate plot`` draws it.

        A row for each change, or for each state ``every`` so many seconds. ``local``: whose states, as for
        ``netstat``; or ``side``: those of each ``client``, ``server``, or ``both``. ``states``: the states to count,
        such as CLOSED (None: the open ones that occur). ``filter``: the connections to count. Raises QueryError,
        ValueError.
        """
        from .drawn import StatesOverTime
        from .memory import PLOTTED
        from .plot.picture import SIDES
        from .views import states_over_time as view

        if side is not None and (local is not None or side not in SIDES):
            raise ValueError("side is client, server or both, and excludes local")
        if every is not None and not every > 0:
            raise ValueError("every is a number of seconds above 0")
        wanted = None if states is None else tuple(numbers.State[str(one)] for one in states)
        selection = selection_of_connections(filter)
        gathered = Gathered(selection.needed, self._options["memory"])
        answers = Answers(Question(local=texts(local)), shown=frozenset())
        gathering = answers.gathering
        reading = self._new(
            record=True,
            kept=True,
            details=gathered.details,
            each=PLOTTED + answers.bytes_each + gathered.bytes_each,
            beside=gathering.bytes_beside + gathered.bytes_beside,
            watchers=lambda source: [*gathering.watchers(source), *gathered.watchers(source)],
            followers=[answers.moved, gathered.moved],
        )
        answers.attach(reading)
        transitions, table = reading.history(), reading.capture.table
        choose, beside = selection.choice(reading.span), gathered.beside(reading.moment)
        chosen = None if choose is None else connections_view.chosen(table, choose, beside)
        whose = answers.perspective()
        found = view.over_time(table, transitions, whose if side is None else side, chosen, reading.span())
        at = None if every is None else view.moments(found.start, found.end, max(round(every * SECOND), 1))
        if every is not None and at is None:
            raise ValueError(f"every makes more than {view.MOST:,} moments")
        told = Message(SIDES[side]) if side is not None else Message(whose.why, host=whose.host)
        return StatesOverTime(found, found.occurring() if wanted is None else wanted, told, at)

    def explain(self, connection: int | None = None, *, lang: str = "en") -> Ladder:
        """Return a connection packet by packet; without a number, the one with the most to see.

        The capture is read twice, so it has to be files. Raises CallError.
        """
        from .drawn import Ladder
        from .ladder.gathering import gathered, most_telling

        if not self._again:
            raise CallError("the capture is read twice: give a file, not standard input")
        reading = self._new(each=CHOSEN)
        self._read_on()
        table = reading.capture.table
        if connection is None:
            if not len(table.connections):
                raise CallError("the capture has no TCP connection")
            connection = int(table.numbers(np.array([most_telling(table, np.arange(len(table.connections)))]))[0])
        found = gathered(reading, lambda watchers: self._new(each=CHOSEN, watchers=lambda _: watchers), connection)
        return Ladder(found, self._options["time_wait"].seconds, self._at is None, lang)

    def moments(
        self,
        every: float,
        count: int | None = None,
        *,
        local: str | Sequence[str] | None = None,
        listening: bool = False,
        names: bool = False,
        udp: bool = False,
    ) -> Iterator[Snapshot]:
        """Yield all connections every ``every`` seconds of the capture's time, and at its end, from one reading.

        With ``at``, from that moment on. ``count``: the most moments; other parameters: as for ``netstat``.
        """
        answers = answers_to(local, listening, names, udp, None, repeats=True)
        reached: list[int] = []
        reading = self._new(every=every, count=count, **needs_of(answers))
        answers.attach(reading)
        # After ``count`` moments, the states are not those at the end.
        self._elsewhere = count is not None
        columns = NETSTAT if names else UNNAMED

        def snapshot(moment: int) -> Snapshot:
            return Snapshot(moment, reading.capture.table, answers.at(moment), columns, (reading.start, reading.moment))

        self._state = reading.transitions(reached.append)
        tables = 0
        for _ in self._state:
            while reached:
                tables += 1
                yield snapshot(reached.pop(0))
        stops = reading.capture.stops
        if not stops.ended and (stops.news or not tables):
            yield snapshot(reading.moment)

    # --- readings

    def _new(self, *, at: Time | None = None, **options: Any) -> Reading:
        """Begin a reading, which replaces the one before."""
        if self._reading is not None and not self._again:
            raise CallError("this source can be read only once; open it anew to ask another question")
        self.close()
        wanted, self._elsewhere = self._at if at is None else at, at is not None
        moment = None if wanted is None else parse_moment(str(wanted))
        self._reading, self._state = Reading(self._origin, at=moment, **self._options, **options), None
        return self._reading

    def _read_on(self) -> Reading:
        """Read to the end, or the moment."""
        assert self._reading is not None
        if self._state is None:
            self._state = self._reading.transitions()
        for _ in self._state:
            pass
        return self._reading

    def _ask(self, answers: Answers, at: Time | None) -> Reading:
        """Read the data for answers, to the end or the moment."""
        answers.attach(self._new(at=at, **needs_of(answers)))
        return self._read_on()

    @property
    def _has_details(self) -> bool:
        return self._reading is not None and self._reading.capture.table.details is not None
