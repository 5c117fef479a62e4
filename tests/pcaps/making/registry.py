"""The list of all captures, filled by the decorator ``capture``."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Maker = Callable[[], bytes]


class Made(NamedTuple):
    """One capture: how it is made, and what is expected of it."""

    make: Maker
    shows: str
    like: str | None  # the capture that it must give the same output as
    exit_code: int | None  # for the damaged ones
    says: str  # and a part of the one line they end with


CAPTURES: dict[str, Made] = {}
"""By file name, in the order of the README."""


def capture(
    extension: str, *, like: str | None = None, exit_code: int | None = None, says: str = ""
) -> Callable[[Maker], Maker]:
    """Register a function that returns a capture's bytes; its name and docstring are the capture's."""

    def register(make: Maker) -> Maker:
        name = make.__name__.replace("_", "-") + extension
        CAPTURES[name] = Made(make, " ".join((make.__doc__ or "").split()), like, exit_code, says)
        return make

    return register
