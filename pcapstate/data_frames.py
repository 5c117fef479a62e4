"""Columns as tables of pandas, Polars and Arrow. Each library is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from .errors import CallError
from .messages import Message
from .typed import BOOLEAN, CATEGORY, HOST, MOMENT, NUMBERS, SPAN, TEXT, Typed


def imported(name: str, call: str, package: str) -> Any:
    """Return the module of a library. Raises CallError, which names the package to install."""
    try:
        return import_module(name)
    except ImportError:
        text = "{call} needs {library}: pip install '{package}'"
        raise CallError(Message(text, call=call, library=name.partition(".")[0], package=package)) from None


class Frames:
    """What has columns, as tables of other libraries: states are categories, times are time stamps.

    It is an Arrow stream (``__arrow_c_stream__``), which Polars, DuckDB, pyarrow and others read directly.
    """

    def _typed(self) -> Sequence[Typed]:
        """Return the columns, made anew: whoever gets the arrays may change them."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``. Raises CallError if pandas is not installed."""
        pandas = imported("pandas", "to_pandas()", "pandas")
        return pandas.DataFrame({one.name: _for_pandas(pandas, one) for one in self._typed()}, copy=False)

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame``. Raises CallError if Polars is not installed."""
        polars = imported("polars", "to_polars()", "polars")
        columns = self._typed()
        kinds = {TEXT: lambda one: polars.String, CATEGORY: lambda one: polars.Enum(list(one.words))}
        chosen = {one.name: kinds[one.type](one) for one in columns if one.type in kinds}
        return polars.DataFrame(Taken(columns)).cast(chosen)

    def to_arrow(self) -> Any:
        """Return an ``arro3.core.Table``. Raises CallError if arro3-core is not installed (``pcapstate[arrow]``)."""
        return imported("arro3.core", "to_arrow()", "pcapstate[arrow]").Table.from_arrow(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        # Only who asks for it needs it.
        from .arrow_stream import capsule

        return capsule(self._typed())


class Taken(Frames):
    """Columns that are handed over once."""

    def __init__(self, columns: Sequence[Typed]) -> None:
        self._taken = columns

    def _typed(self) -> Sequence[Typed]:
        return self._taken


def _for_pandas(pandas: Any, column: Typed) -> Any:
    values = column.values
    if column.type == MOMENT:
        return pandas.DatetimeIndex(values.view("M8[ns]"), tz="UTC", copy=False).array
    if column.type == SPAN:
        return values.view("m8[ns]")
    if column.type in (CATEGORY, HOST):
        kind = pandas.CategoricalDtype(list(column.words))
        return pandas.Categorical.from_codes(values, dtype=kind)
    if column.type == TEXT:
        texts = np.array([*column.words, None], dtype=object)[values]
        # That of texts, also where all are missing.
        return pandas.Series(texts, dtype=pandas.Series([""]).dtype).array
    if column.type == NUMBERS:
        assert column.offsets is not None
        lists = np.empty(len(column.offsets) - 1, dtype=object)
        lists[:] = [tuple(part.tolist()) for part in np.split(values, column.offsets[1:-1])] if len(lists) else []
        return lists
    if column.missing is None:
        return values
    arrays = pandas.arrays
    return (arrays.BooleanArray if column.type == BOOLEAN else arrays.IntegerArray)(values, column.missing, copy=False)
