"""A filter that is understood: which columns it needs, and which rows it lets through."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from ..rows import Rows
from .fields import Field
from .matching import Matcher

Lookup = Callable[[str], Any]
"""Returns the values of the column of this name, as its field's kind says (``fields.Kind``)."""


class Expression(ABC):
    """A condition on rows. ``str`` gives a text that means the same when it is parsed."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that ``evaluate`` looks up, in the order of the text."""

    def evaluate(self, lookup: Lookup) -> Rows:
        """Return which rows it lets through (an array of bool); ``lookup`` is asked once for each column."""
        found: dict[str, Any] = {}

        def once(column: str) -> Any:
            if column not in found:
                found[column] = lookup(column)
            return found[column]

        return self._rows(once)

    @abstractmethod
    def _rows(self, lookup: Lookup) -> Rows: ...


@dataclass(frozen=True)
class Condition(Expression):
    """A field compared with values: true where any of its columns matches or, ``negated``, where none does."""

    field: Field
    test: Matcher
    negated: bool
    written: str = dataclasses.field(compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the field's columns."""
        return self.field.columns

    def _rows(self, lookup: Lookup) -> Rows:
        answers = [self.test.match(lookup(column)) for column in self.field.columns]
        match = reduce(np.logical_or, [one for one, _ in answers])
        present = reduce(np.logical_or, [one for _, one in answers])
        return present & ~match if self.negated else match

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class And(Expression):
    """All of some conditions."""

    parts: tuple[Expression, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of all parts, each once."""
        return tuple(dict.fromkeys(column for part in self.parts for column in part.columns))

    def _rows(self, lookup: Lookup) -> Rows:
        return reduce(np.logical_and, [part._rows(lookup) for part in self.parts])

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Or(Expression):
    """Any of some conditions."""

    parts: tuple[Expression, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of all parts, each once."""
        return tuple(dict.fromkeys(column for part in self.parts for column in part.columns))

    def _rows(self, lookup: Lookup) -> Rows:
        return reduce(np.logical_or, [part._rows(lookup) for part in self.parts])

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


@dataclass(frozen=True)
class Not(Expression):
    """The contrary of a condition: all rows that it does not let through."""

    part: Expression

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the part."""
        return self.part.columns

    def _rows(self, lookup: Lookup) -> Rows:
        return ~self.part._rows(lookup)

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, And | Or) else f"not {self.part}"


def both(*parts: Expression | None) -> Expression | None:
    """Return what lets through the rows that all parts do; a part that is None lets through all."""
    given = [part for part in parts if part is not None]
    flat = [one for part in given for one in (part.parts if isinstance(part, And) else (part,))]
    return And(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None


def either(*parts: Expression) -> Expression:
    """Return what lets through the rows that any of the parts does (there is at least one)."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Or) else (part,))]
    return Or(tuple(flat)) if len(flat) > 1 else flat[0]
