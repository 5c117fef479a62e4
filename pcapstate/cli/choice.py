"""The connections that options choose: for commands whose answer is not a table of connections."""

from __future__ import annotations

import click
import numpy as np

from ..addresses import parse_network, within
from ..query.options import SelectionOptions
from ..query.selection import Selection
from ..rows import Rows
from ..table import slices
from ..tcp.flow_table import FlowTable
from ..tcp.sides import sides_of
from ..views import connection_columns, connections
from ..views.gathered import Gathered
from .session import Session


class ConnectionChoice:
    """The connections that options ask for; raises BadParameter and QueryError.

    ``bound``: bytes that the run may take, None: the default.
    """

    def __init__(self, options: SelectionOptions, local: tuple[str, ...], utc: bool, bound: int | None = None) -> None:
        self._selection = Selection(options, connection_columns.fields, connection_columns.BY_NAME, utc)
        self.gathered = Gathered(self._selection.needed, bound)
        """What a reading must gather for ``rows``."""
        try:
            self._networks = tuple(parse_network(one) for one in local)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--local") from None

    @property
    def chooses(self) -> bool:
        """Whether it leaves connections out."""
        return self._selection.chooses or bool(self._networks)

    def rows(self, reading: Session) -> Rows:
        """Return the rows of the connections to look at, in ascending order."""
        table = reading.capture.table
        rows = np.arange(len(table.connections))
        if choose := self._selection.choice(reading.span):
            rows = connections.chosen(table, choose, self.gathered.beside(reading.moment))
        if self._networks:
            rows = np.concatenate([rows[:0], *(self._of_networks(table, rows[part]) for part in slices(len(rows)))])
        return rows

    def _of_networks(self, table: FlowTable, rows: Rows) -> Rows:
        of = sides_of(table, rows)
        return rows[
            np.logical_or(*(within(*end[:2], self._networks) for end in (of.client_address, of.server_address)))
        ]
