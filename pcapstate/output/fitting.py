"""Tables on a terminal: as wide as it is, dates said once, states in colour. Files and pipes get every table whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..kernels.running import Kernels
from ..table import ADDRESS, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, SOCKET, WORD, Batch, Column, Table, worded
from .screen import Screen
from .shortening import cut, cut_address, narrowest_title, title_lines
from .widths import display_width
from .writer import aligned_layout, cell_layout, shown_word

ADDRESSES = (ADDRESS, ENDPOINT_ADDRESS, SOCKET)
SHORT_ADDRESS = 24
"""Columns that addresses are cut to: [2001:db8:..:5678]:65535."""
SHORTEST_ADDRESS, SHORTEST_WORD = len("[fe80:..:1]:65535"), 8
"""Columns that addresses, and words that can be cut at all, are cut to where nothing else helps."""
USUAL_ADDRESS = len("255.255.255.255:65535")
USUAL_WORD = 24
"""Columns kept for what has not come yet, where rows are shown as they come: longer words are rare."""
DATE = len("2023-11-14")


class Need(NamedTuple):
    """What a column wants and what it can do with, in columns of a terminal."""

    words: int
    title: int
    least_words: int
    least_title: int
    shortest: int
    rank: int

    @property
    def most(self) -> int:
        """The width that shows all of it."""
        return max(self.words, self.title)

    def least(self, tight: bool) -> int:
        """Return the width that it gives way to; what is to stay as long as it can is cut only where it is tight."""
        words = self.words if self.rank == 1 and not tight else min(self.words, self.least_words)
        return max(words, self.least_title)


class Plan(NamedTuple):
    """Which columns are shown, how wide each, and how many blanks stand before and between them."""

    chosen: tuple[int, ...]
    widths: tuple[int, ...]
    indent: int
    gap: int


def plan(needs: Sequence[Need], room: int) -> Plan:
    """Return what fits into ``room`` columns, and as little more as can be where nothing does."""
    for indent, gap, rank in ((2, 2, 1), (0, 1, 1), (0, 1, 0)):
        chosen = [at for at, need in enumerate(needs) if need.rank <= rank]
        if _taken(needs, chosen, indent, gap) <= room:
            break
    for _, at in sorted((need.rank, at) for at, need in enumerate(needs) if at not in chosen):
        if _taken(needs, [*chosen, at], indent, gap) <= room:
            chosen.append(at)
    return spread(needs, tuple(sorted(chosen)), room, indent, gap)


def spread(needs: Sequence[Need], chosen: tuple[int, ...], room: int, indent: int, gap: int) -> Plan:
    """Return the plan that shows these columns: each gets what it wants, the modest ones first."""
    widths = {at: needs[at].least(gap == 1) for at in chosen}
    spare = room - _taken(needs, chosen, indent, gap)
    wanting = sorted((needs[at].most - widths[at], at) for at in chosen)
    for index, (wanted, at) in enumerate(wanting):
        given = max(min(wanted, spare // (len(wanting) - index)), 0)
        widths[at] += given
        spare -= given
    shortest = {at: max(needs[at].least_title, min(needs[at].words, needs[at].shortest)) for at in chosen}
    while spare < 0 and (above := [at for at in chosen if widths[at] > shortest[at]]):
        widths[max(above, key=widths.__getitem__)] -= 1
        spare += 1
    return Plan(chosen, tuple(widths[at] for at in chosen), indent, gap)


def _taken(needs: Sequence[Need], chosen: Sequence[int], indent: int, gap: int) -> int:
    return indent + gap * max(len(chosen) - 1, 0) + sum(needs[at].least(gap == 1) for at in chosen)


def drawn(table: Table, screen: Screen, kernels: Kernels, growing: bool) -> Iterator[bytes]:
    """Yield the text of a table for a terminal; ``growing``: rows still come, so each batch is given out at once."""
    drawing = _Drawing(table.columns, screen, kernels)
    if growing:
        for batch in table.batches:
            drawing.measure(batch)
            yield from drawing.settle(reserving=batch)
            yield from drawing.lines(batch)
        return
    batches = list(table.batches) if isinstance(table.batches, Iterator) else table.batches
    for batch in batches:
        drawing.measure(batch)
    yield from drawing.settle()
    for batch in batches:
        yield from drawing.lines(batch)


class _Drawing:
    """A table on a terminal, measured first and then drawn."""

    def __init__(self, columns: tuple[Column, ...], screen: Screen, kernels: Kernels) -> None:
        self._columns, self._screen, self._kernels = columns, screen, kernels
        self._titles = [column.title.strip() for column in columns]
        self._widths = [0] * len(columns)
        self._dates: dict[str, None] = {}
        self._dated = [at for at, column in enumerate(columns) if column.dated]
        self._date: str | None = None
        self._first: str | None = None
        self._room = 0
        self._plan: Plan | None = None

    def measure(self, batch: Batch) -> None:
        """Take notice of how wide the texts of a batch are, and of which days."""
        layout = cell_layout(batch.columns)
        for _ in layout.write(batch.cells, self._kernels):
            pass
        self._widths = list(map(max, self._widths, layout.widest.tolist()))
        if len(self._dated) == 1 and self._first is None:
            self._first = next((day for day, _ in self._days(batch) if day is not None), None)
        elif len(self._dated) > 1:
            words = (word for at in self._dated for word in batch.columns[at].words)
            self._dates.update((str(word)[:DATE], None) for word in words if word is not None)

    @property
    def _undated(self) -> bool:
        """Whether dates stand in lines of their own: of one column where it changes, of several where there is one."""
        return len(self._dated) == 1 or len(self._dates) == 1

    def settle(self, reserving: Batch | None = None) -> Iterator[bytes]:
        """Decide which columns are shown, for what was measured (or is usual); yield the titles if these are new."""
        needs = [self._need(at, reserving) for at in range(len(self._columns))]
        room = self._screen.columns
        if self._plan is not None and room == self._room:
            # Rows that were shown stay above: the columns are the same, as wide as they now must be.
            before = self._plan
            self._plan = spread(needs, before.chosen, room, before.indent, before.gap)
            return
        self._plan, self._room = plan(needs, room), room
        for at, title in enumerate(self._titles):
            if at not in self._plan.chosen:
                self._screen.left_out[title] = None
        first = self._first if len(self._dated) == 1 else next(iter(self._dates), None)
        if self._undated and self._date is None and first is not None:
            yield self._day(first)
        yield self._head(self._plan)

    def _need(self, at: int, reserving: Batch | None) -> Need:
        column, title, words = self._columns[at], self._titles[at], self._widths[at]
        if column.dated and self._undated:
            words -= DATE + 1
        if reserving is not None and column.kind in ADDRESSES:
            words = max(words, USUAL_ADDRESS)
        elif reserving is not None and column.kind == WORD and not column.dated:
            sizes = [display_width(shown_word(column, word)) for word in reserving.columns[at].words]
            words = max(words, *(size for size in sizes if size <= USUAL_WORD), 0)
        least, shortest = (column.least, SHORTEST_WORD) if column.least else (words, words)
        if column.kind in ADDRESSES:
            least, shortest = SHORT_ADDRESS, SHORTEST_ADDRESS
        return Need(words, display_width(title), least, narrowest_title(title), shortest, column.rank)

    def _head(self, plan: Plan) -> bytes:
        cells = []
        for at, width in zip(plan.chosen, plan.widths, strict=True):
            lines = title_lines(self._titles[at], width)
            blanks = [" " * max(width - display_width(line), 0) for line in lines]
            right = self._right(self._columns[at])
            cells.append([blank + line if right else line + blank for line, blank in zip(lines, blanks, strict=True)])
        height = max(map(len, cells), default=1)
        filled = [
            [" " * width] * (height - len(lines)) + lines for lines, width in zip(cells, plan.widths, strict=True)
        ]
        rows = [" " * plan.indent + (" " * plan.gap).join(parts) for parts in zip(*filled, strict=True)]
        return "".join(f"{row.rstrip()}\n" for row in rows).encode()

    def _right(self, column: Column) -> bool:
        return column.right or column.kind in (NUMBER, NUMBER_OR_NOTHING)

    # --- rows

    def lines(self, batch: Batch) -> Iterator[bytes]:
        """Yield the lines of a batch, and one for each new day."""
        assert self._plan is not None
        plan = self._plan
        for day, part in self._days(batch):
            if day is not None:
                yield self._day(day)
            fit = self._fit(part, plan)
            right = [self._right(self._columns[at]) for at in plan.chosen]
            layout = aligned_layout(fit.columns, plan.widths, right, plan.indent, plan.gap, self._screen.colour)
            yield from layout.write(fit.cells, self._kernels)

    def _day(self, day: str) -> bytes:
        self._date = day
        return f"{' ' * (self._plan.indent if self._plan else 0)}{day}\n".encode()

    def _days(self, batch: Batch) -> Iterator[tuple[str | None, Batch]]:
        """Yield parts of a batch, each with the day that begins with it where that is another one."""
        if len(self._dated) != 1:
            yield None, batch
            return
        (at,) = self._dated
        words = batch.columns[at].words
        days = list(dict.fromkeys(str(word)[:DATE] for word in words if word is not None))
        of_word = np.array([-1 if word is None else days.index(str(word)[:DATE]) for word in words])
        of_row = of_word[batch.cells[:, _cell(batch.columns, at)]]
        told = np.flatnonzero(of_row >= 0)
        known = of_row[told]
        first = -1 if self._date not in days else days.index(self._date)
        changes = told[known != np.concatenate(([first], known[:-1]))].tolist()
        new = set(changes)
        for start, end in zip([0, *changes], [*changes, len(of_row)], strict=True):
            if end > start:
                yield days[of_row[start]] if start in new else None, Batch(batch.columns, batch.cells[start:end])

    def _fit(self, batch: Batch, plan: Plan) -> Batch:
        """Return the columns that are shown, their texts cut to their widths."""
        columns, cells = [], []
        for at, width in zip(plan.chosen, plan.widths, strict=True):
            column, first = batch.columns[at], _cell(batch.columns, at)
            given = batch.cells[:, first : first + column.width]
            if column.dated and self._undated:
                column = column._replace(words=tuple(one and str(one)[DATE + 1 :] for one in column.words))
            elif self._widths[at] > width and column.kind in ADDRESSES:
                texts = b"".join(cell_layout((column,)).write(given, self._kernels)).decode().split("\n")[:-1]
                before_port = "" if column.kind == ADDRESS else column.before_port
                words, indices = worded([cut_address(text, width, before_port) for text in texts])
                column, given = column._replace(kind=WORD, words=words), indices.reshape(-1, 1)
            elif self._widths[at] > width and column.kind == WORD and width < self._need(at, None).words:
                words = tuple(cut(shown_word(column, word), width) for word in column.words)
                column = column._replace(words=words)
            columns.append(column)
            cells.append(given)
        return Batch(tuple(columns), np.hstack(cells))


def _cell(columns: Sequence[Column], at: int) -> int:
    """Return the first cell of a column."""
    return sum(column.width for column in columns[:at])
