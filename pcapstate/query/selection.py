"""Which rows are shown, in which order, with which columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ..messages import Message
from ..moments import PACKET, parse_moment
from ..rows import Rows
from .columns import select_columns, sort_order
from .options import SelectionOptions

if TYPE_CHECKING:
    from .expression import Expression
    from .fields import Field
    from .ordering import Values

Choice = Callable[["Values", int], Rows]
"""Is given a look-up of columns for some of the rows, and how many rows there are; returns the indices of those to
show."""
Span = Callable[[], tuple[int, int]]
"""Tells the times of the capture's first packet and of the moment shown, from which other times count."""


class Selection:
    """A selection of rows by the fields and columns of a table; raises QueryError.

    ``fields`` gets a function that reads times.
    """

    def __init__(
        self,
        options: SelectionOptions,
        fields: Callable[[Callable[[str], int]], Mapping[str, Field]],
        columns: Iterable[str],
        utc: bool,
    ) -> None:
        names = tuple(columns)
        self._keys = () if options.sort is None else sort_order(options.sort, names)
        self.columns = None if options.columns is None else select_columns(options.columns, names)
        """The columns to show, or None for those of the command."""
        self._options, self._fields, self._utc = options, fields, utc
        self.found = 0
        """How many rows it has chosen so far."""
        # Mistakes are told before anything is read, though what relative times mean is known only then.
        self._condition = self._understood(0, 0)

    def _understood(self, start: int, end: int) -> Expression | None:
        options = self._options
        if options.filter is None and not (options.state or options.port or options.host):
            return None
        # Start-up: most runs choose no rows.
        from .expression import both
        from .parser import parse
        from .shorthands import from_options

        def read(text: str) -> int:
            moment = parse_moment(text, self._utc)
            if moment.kind == PACKET:
                raise ValueError(Message("a packet is no time; compare the packet's number"))
            return moment.time(start, end)

        fields = self._fields(read)
        plain = from_options(options.state, options.port, options.host, fields)
        return both(plain, None if options.filter is None else parse(options.filter, fields))

    def condition(self, span: Span) -> Expression | None:
        """Return the condition on rows, with times as ``span`` tells; None: there is none."""
        return self._understood(*span())

    @property
    def needed(self) -> frozenset[str]:
        """The names of all columns that are looked at or shown."""
        condition = () if self._condition is None else self._condition.columns
        return frozenset((*condition, *(key.column for key in self._keys), *(self.columns or ())))

    @property
    def chooses(self) -> bool:
        """Whether it leaves rows out, or changes their order."""
        return self._condition is not None or bool(self._keys)

    @property
    def filters(self) -> bool:
        """Whether ``--filter`` was given."""
        return self._options.filter is not None

    @property
    def sorts(self) -> bool:
        """Whether ``--sort`` was given."""
        return bool(self._keys)

    def choice(self, span: Span) -> Choice | None:
        """Return what chooses rows, and puts them in order, with times as ``span`` tells then; None to take all."""
        if not self.chooses:
            return None

        from .ordering import matching, order

        def rows(values: Values, count: int) -> Rows:
            found = order(self._keys, values, matching(self._understood(*span()), values, count))
            self.found += len(found)
            return found

        return rows
