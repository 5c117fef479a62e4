"""Plain kernels whose arrays refuse what Python would forgive: negative indices, and slices beyond the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcapstate.kernels import running


class Guarded:
    """An array that kernels get: every index must be within it, as machine code needs it to be."""

    __slots__ = ("_of", "_size")

    def __init__(self, of: Any) -> None:
        self._of = memoryview(of) if of.dtype == np.uint8 else of
        self._size = len(of)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, at: Any) -> Any:
        return self._of[self._within(at)]

    def __setitem__(self, at: Any, value: Any) -> None:
        self._of[self._within(at)] = value

    def _within(self, at: Any) -> Any:
        if isinstance(at, slice):
            if not 0 <= at.start <= at.stop <= self._size:
                raise IndexError(f"{at} of {self._size} items")
        elif not 0 <= at < self._size:
            raise IndexError(f"item {at} of {self._size}")
        return at


def _all_guarded(one: Any) -> Any:
    if isinstance(one, tuple):  # arrays that travel together
        return type(one)(*map(_all_guarded, one))
    return Guarded(one) if isinstance(one, np.ndarray) else one


def _guarded(function: Callable[..., int], types: tuple[Any, ...]) -> Callable[..., int]:
    def call(*arguments: Any) -> int:
        return int(function(*map(_all_guarded, arguments)))

    return call


def guard() -> None:
    """Let all plain kernels from now on run with guarded arrays."""
    running._plain = _guarded
