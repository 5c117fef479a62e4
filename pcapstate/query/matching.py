"""What a condition's values match, for whole columns at once.

Each test has ``match(values)``: of each row, whether it matches, and whether there is a value at all.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from ..addresses import Network, within
from ..rows import Rows
from ..table import NEVER
from .fields import Field, Kind, as_word

Answer = tuple[Rows, Rows]

MOST = 2**63 - 1


class Matcher(Protocol):
    """A test of a column's values."""

    def match(self, values: Any) -> Answer:
        """Return whether each value matches, and whether there is one (two arrays of bool)."""
        ...


@dataclass(frozen=True)
class Ranges:
    """Integers in any of some ranges, both ends included, in order and apart; below ``least`` is nothing."""

    spans: tuple[tuple[int, int], ...]
    least: int

    def match(self, values: Any) -> Answer:
        """Match an array of integers."""
        given = np.asarray(values).astype(np.int64, copy=False)
        present = given >= self.least
        if not self.spans:
            return np.zeros(len(given), dtype=bool), present
        lows, highs = (np.array(ends, dtype=np.int64) for ends in zip(*self.spans, strict=True))
        if len(lows) == 1:
            return (given >= lows[0]) & (given <= highs[0]), present
        at = np.searchsorted(lows, given, side="right") - 1
        return (at >= 0) & (given <= highs[at]), present


@dataclass(frozen=True)
class Words:
    """Some words of a fixed list: ``wanted`` and ``known`` (all that stand for something) are their indices."""

    wanted: frozenset[int]
    known: frozenset[int]

    def match(self, values: Any) -> Answer:
        """Match an array of indices."""
        given = np.asarray(values)
        return np.isin(given, sorted(self.wanted)), np.isin(given, sorted(self.known))


@dataclass(frozen=True)
class Texts:
    """Texts: the same as one of ``wanted``, or with ``how`` "~" or "contains" like one; ``exact``: case counts."""

    wanted: frozenset[str]
    how: str
    exact: bool = False

    def match(self, values: Any) -> Answer:
        """Match an array of texts, or a pair of texts and indices into them; each distinct text is looked at once."""
        if isinstance(values, tuple):
            words, indices = list(values[0]), np.asarray(values[1])
        else:
            given = np.asarray(values, dtype=object).tolist()
            places: dict[Any, int] = {}
            indices = np.array([places.setdefault(one, len(places)) for one in given], dtype=np.int64)
            words = list(places)
        of_folded = likeness(self.wanted, self.how)
        like = of_folded if self.exact else lambda word: of_folded(word.casefold())
        is_text = np.array([*(isinstance(word, str) for word in words), False], dtype=bool)
        is_like = np.array([*(isinstance(word, str) and like(word) for word in words), False], dtype=bool)
        # The last cell stands for all that is no index.
        at = np.where((indices >= 0) & (indices < len(words)), indices, len(words))
        return is_like[at], is_text[at]


@dataclass(frozen=True)
class Networks:
    """Addresses in any of some networks."""

    networks: tuple[Network, ...]

    def match(self, values: Any) -> Answer:
        """Match a tuple of arrays: the high and the low bits of addresses."""
        inside = within(values[0], values[1], self.networks)
        return inside, np.ones(len(inside), dtype=bool)


@dataclass(frozen=True)
class Flags:
    """Flags that are set, or that are not."""

    wanted: bool

    def match(self, values: Any) -> Answer:
        """Match an array of booleans, or of 0 and 1; below 0 is nothing."""
        given = np.asarray(values)
        present = given >= 0 if given.dtype != bool else np.ones(len(given), dtype=bool)
        return present & ((given > 0) == self.wanted), present


def likeness(wanted: frozenset[str], how: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text is one of ``wanted``, or is like (~) or contains one."""
    if how == "~":
        # fnmatch's patterns take time in proportion to the text, whatever names a capture has.
        globs = [re.compile(fnmatch.translate(pattern.replace("[", "[[]"))) for pattern in wanted]
        return lambda text: any(glob.match(text) is not None for glob in globs)
    if how == "contains":
        return lambda text: any(part in text for part in wanted)
    return wanted.__contains__


def words_like(field: Field, pattern: str, how: str) -> frozenset[int]:
    """Return the indices of those words of a field that are like (~) a pattern, or contain it."""
    like = likeness(frozenset([as_word(pattern)]), how)
    return frozenset(index for index, word in enumerate(field.words) if word is not None and like(as_word(word)))


def ranges(field: Field, operator: str, pairs: list[tuple[Fraction, Fraction]]) -> Ranges:
    """Return the test that a number is in any of some ranges, or in a relation to one number (a pair of the same)."""
    least = NEVER + 1 if field.signed or field.kind is Kind.TIME else 0
    spans = []
    for low, high in pairs:
        start, end = {
            "<": (least, math.ceil(high) - 1),
            "<=": (least, math.floor(high)),
            ">": (math.floor(low) + 1, MOST),
            ">=": (math.ceil(low), MOST),
        }.get(operator, (math.ceil(low), math.floor(high)))
        start, end = max(start, least), min(end, MOST)
        if start <= end:
            spans.append((start, end))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1] + 1:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return Ranges(tuple(apart), least)
