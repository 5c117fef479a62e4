"""The columns of a table by their types: what data frames, Arrow and Parquet are made of.

An address with a port becomes two columns. Each column is one array, so that others can take it over without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .addresses import IPV4_MAPPED, address
from .rows import Rows, different
from .table import (
    ADDRESS,
    DURATION,
    ENDPOINT_ADDRESS,
    NEVER,
    NUMBER,
    NUMBER_OR_NOTHING,
    TIME,
    WORD,
    Batch,
    Cells,
    Column,
    Table,
)

BOOLEAN, INTEGER, MOMENT, SPAN, CATEGORY, HOST, TEXT, NUMBERS = range(8)
"""Types of column. BOOLEAN; INTEGER; MOMENT: nanoseconds since the epoch, SPAN: nanoseconds, of both NEVER is nothing;
CATEGORY: a code of one of all words that there can be, HOST, TEXT: of one of the addresses or texts that there are, of
all three -1 is nothing; NUMBERS: several integers."""

OF_WORDS = (CATEGORY, HOST, TEXT)
APART = {"address": ("local_address", "local_port"), "peer": ("foreign_address", "foreign_port")}
"""Addresses and ports whose two columns have names of their own."""


class Typed(NamedTuple):
    """A column: ``values`` has one for each row."""

    name: str
    type: int
    values: Rows
    words: tuple[str, ...] = ()
    """Of OF_WORDS: what the codes stand for, each once."""
    missing: Rows | None = None
    """Of BOOLEAN, INTEGER that can be nothing: where they are."""
    offsets: Rows | None = None
    """Of NUMBERS: the numbers of row ``i`` are ``values[offsets[i]:offsets[i + 1]]``."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    @property
    def nothing(self) -> Rows | None:
        """Where there is nothing; None: there is always something."""
        if self.type in (MOMENT, SPAN):
            found: Rows = self.values == NEVER
            return found
        return self.values < 0 if self.type in OF_WORDS else self.missing


def apart(name: str) -> tuple[str, str]:
    """Return the names of the two columns that an address with a port becomes."""
    return APART.get(name) or (f"{name}_address", f"{name}_port")


def names(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the names of the typed columns of columns."""
    there = _alone(columns)
    return tuple(
        name
        for column in columns
        for name in (_parts(column, there) if column.kind == ENDPOINT_ADDRESS else (column.name,))
    )


def _alone(columns: Sequence[Column]) -> frozenset[str]:
    """Return the names of the columns that are no address with a port."""
    return frozenset(column.name for column in columns if column.kind != ENDPOINT_ADDRESS)


def _parts(column: Column, there: frozenset[str]) -> tuple[str, ...]:
    """Return the columns that an address with a port becomes, but for those that stand beside it."""
    return tuple(name for name in apart(column.name) if name not in there)


def typed(table: Table) -> list[Typed]:
    """Return the columns of a table for programs; its batches are gone through once."""
    return gathered(table.columns, list(table.batches))


def gathered(columns: tuple[Column, ...], batches: Sequence[Batch]) -> list[Typed]:
    """Return the columns of batches; ``columns``: those that there are without any."""
    count = sum(len(batch.cells) for batch in batches)
    columns = batches[0].columns if batches else columns
    there = _alone(columns)
    takers = [_taker(column, count, there) for column in columns]
    done = 0
    # Batch by batch: its cells stay in the processor's cache until all columns have theirs.
    for batch in batches:
        rows, at = slice(done, done + len(batch.cells)), 0
        for taker, column in zip(takers, batch.columns, strict=True):
            taker.take(rows, batch.cells[:, at : at + column.width], column)
            at += column.width
        done = rows.stop
    hosts = [taker for taker in takers if isinstance(taker, _Hosts)]
    known = _hosts([taker.halves for taker in hosts])
    codes = dict(zip(map(id, hosts), known[1], strict=True))
    found: list[Typed] = []
    for taker in takers:
        if isinstance(taker, _Hosts):
            found += taker.found(known[0], codes[id(taker)])
        else:
            found += taker.columns()
    return found


class _Taker:
    """Takes the cells of a column from batch after batch."""

    def __init__(self, column: Column, count: int) -> None:
        self._name = column.name
        self._values: Rows = np.empty(count, dtype=np.int64)

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        """Take the cells of some rows."""
        self._values[rows] = cells[:, 0]

    def columns(self) -> Iterator[Typed]:
        """Yield what they are."""
        raise NotImplementedError


class _Numbers(_Taker):
    def __init__(self, column: Column, count: int) -> None:
        super().__init__(column, count)
        self._missing = np.empty(count, dtype=bool) if column.kind == NUMBER_OR_NOTHING else None
        if column.name.endswith("_port") and self._missing is None:
            self._values = np.empty(count, dtype=np.uint16)

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        super().take(rows, cells, column)
        if self._missing is not None:
            np.less(cells[:, 0], 0, out=self._missing[rows])

    def columns(self) -> Iterator[Typed]:
        yield Typed(self._name, INTEGER, self._values, missing=self._missing)


class _Times(_Taker):
    def __init__(self, column: Column, count: int) -> None:
        super().__init__(column, count)
        self._type = MOMENT if column.kind == TIME else SPAN

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        super().take(rows, cells, column)
        if self._type == SPAN:
            some = self._values[rows]
            some[some < 0] = NEVER

    def columns(self) -> Iterator[Typed]:
        yield Typed(self._name, self._type, self._values)


class _Words(_Taker):
    """Batches may have words of their own; all of them become one list of words, each with its code."""

    def __init__(self, column: Column, count: int) -> None:
        self._name, self._type = column.name, TEXT if column.texts else CATEGORY
        self._places: dict[str, int] = {}
        self._codes: tuple[object, Rows] = (None, np.zeros(0, dtype=np.int64))
        fixed = not column.texts and len(column.words) <= np.iinfo(np.int8).max
        self._values = np.empty(count, dtype=np.int8 if fixed else np.int32)
        self._learn(column.words)

    def _learn(self, words: tuple[object, ...]) -> Rows:
        if self._codes[0] is not words:
            places = self._places
            codes = [-1 if word is None else places.setdefault(str(word), len(places)) for word in words]
            if len(places) > np.iinfo(self._values.dtype).max:
                self._values = self._values.astype(np.int32)
            self._codes = words, np.array(codes, dtype=np.int32)
        return self._codes[1]

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        codes = self._learn(column.words)
        self._values[rows] = codes[cells[:, 0]]

    def columns(self) -> Iterator[Typed]:
        yield Typed(self._name, self._type, self._values, tuple(self._places))


class _Booleans(_Taker):
    def __init__(self, column: Column, count: int) -> None:
        self._name = column.name
        self._values = np.empty(count, dtype=bool)
        self._missing = np.empty(count, dtype=bool) if None in column.words else None

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        self._values[rows] = np.array([word is True for word in column.words])[cells[:, 0]]
        if self._missing is not None:
            self._missing[rows] = np.array([word is None for word in column.words])[cells[:, 0]]

    def columns(self) -> Iterator[Typed]:
        yield Typed(self._name, BOOLEAN, self._values, missing=self._missing)


class _Lists(_Taker):
    def __init__(self, column: Column, count: int) -> None:
        self._name, self._rows = column.name, list[tuple[int, ...]]()

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        words: tuple[object, ...] = column.words
        for place in cells[:, 0].tolist():
            word = words[place]
            assert isinstance(word, tuple)
            self._rows.append(word)

    def columns(self) -> Iterator[Typed]:
        ends = np.cumsum([0, *map(len, self._rows)], dtype=np.int32)
        values = np.array([number for row in self._rows for number in row], dtype=np.int64)
        yield Typed(self._name, NUMBERS, values, offsets=ends)


class _Hosts(_Taker):
    """An address, with its port where it has one."""

    def __init__(self, column: Column, count: int, there: frozenset[str]) -> None:
        self._column, self._there = column, there
        self.halves = np.empty((2, count), dtype=np.int64)
        self._ports = np.empty(count, dtype=np.uint16) if column.kind == ENDPOINT_ADDRESS else None

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        self.halves[:, rows] = cells[:, :2].T
        if self._ports is not None:
            self._ports[rows] = cells[:, 2]

    def found(self, known: tuple[str, ...], codes: Rows) -> Iterator[Typed]:
        """Yield the columns; ``known``: the addresses of the table."""
        if self._ports is None:
            yield Typed(self._column.name, HOST, codes, known)
            return
        host, port = apart(self._column.name)
        if host not in self._there:
            yield Typed(host, HOST, codes, known)
        if port not in self._there:
            yield Typed(port, INTEGER, self._ports)


class _Nothing(_Taker):
    """An address with a port whose parts stand beside it."""

    def __init__(self) -> None:
        pass

    def take(self, rows: slice, cells: Cells, column: Column) -> None:
        pass

    def columns(self) -> Iterator[Typed]:
        return iter(())


def _taker(column: Column, count: int, there: frozenset[str]) -> _Taker:
    if column.kind in (NUMBER, NUMBER_OR_NOTHING):
        return _Numbers(column, count)
    if column.kind in (TIME, DURATION):
        return _Times(column, count)
    if column.kind == ENDPOINT_ADDRESS and not _parts(column, there):
        return _Nothing()
    if column.kind in (ADDRESS, ENDPOINT_ADDRESS):
        return _Hosts(column, count, there)
    if column.kind != WORD:
        raise ValueError(f"no column for programs: kind {column.kind}")
    kinds = [type(word) for word in column.words if word is not None]
    if kinds and all(issubclass(one, bool) for one in kinds):
        return _Booleans(column, count)
    return _Lists(column, count) if kinds and issubclass(kinds[0], tuple) else _Words(column, count)


def _hosts(columns: Sequence[Rows]) -> tuple[tuple[str, ...], list[Rows]]:
    """Return the different addresses in ascending order, as texts, and their codes in each column.

    ``columns``: the halves of addresses. All have one list of addresses, so that columns can be compared.
    """
    if not columns:
        return (), []
    high, low = (np.concatenate([column[half] for column in columns]).view(np.uint64) for half in (0, 1))
    highs, codes = different(high)
    lows, places = different(low)
    if len(highs) > 1:
        both, places = different(codes * len(lows) + places)
        highs, lows = highs[both // len(lows)], lows[both % len(lows)]
    else:
        highs = np.broadcast_to(highs, lows.shape)
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    return tuple(_texts(highs, lows)), np.split(places.astype(np.int32), ends)


def _texts(high: Rows, low: Rows) -> list[str]:
    """Return addresses as texts."""
    ipv4 = (high == 0) & (low >> 32 == IPV4_MAPPED >> 32)
    octets = [(low >> shift & 255).tolist() for shift in (24, 16, 8, 0)]
    rows = zip(ipv4.tolist(), high.tolist(), low.tolist(), *octets, strict=True)
    return [f"{a}.{b}.{c}.{d}" if is_ipv4 else str(address(one, two)) for is_ipv4, one, two, a, b, c, d in rows]
