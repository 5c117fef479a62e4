"""Run the kernels: compiled, from the library that was built with pcapstate, or plain, as the Python they are."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..timings import timed_kernel
from . import source
from .library import BUILT, Call, Library, Unusable

PLAIN = "plain"
SMALL = 50_000
"""Bytes of capture that plain kernels read as quickly as anybody could wish."""


class Kernels:
    """The kernels as attributes. ``way``: ``plain``, a variant of the library, or the best one that there is.

    PCAPSTATE_KERNELS says so where no ``way`` is given. Kernels without a usable library are plain; ``missing`` is the
    reason. Both ways share all arrays and give the same answers.
    """

    def __init__(self, way: str | None = None) -> None:
        way = way or os.environ.get("PCAPSTATE_KERNELS", "")
        found = Unusable("") if way == PLAIN else _library(os.environ.get("PCAPSTATE_LIBRARY"))
        self.missing = str(found) if isinstance(found, Unusable) else ""
        self.compiled = isinstance(found, Library)
        self._library = found
        if isinstance(found, Library):
            self.variant = way if way in found.variants else found.variants[-1]

    def __getattr__(self, name: str) -> Call:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            call = self._library.call(name, self.variant) if isinstance(self._library, Library) else _plain_call(name)
        except KeyError:
            raise AttributeError(name) from None
        call = timed_kernel(call, name)
        setattr(self, name, call)
        return call


@cache
def _library(folder: str | None) -> Library | Unusable:
    try:
        return Library(Path(folder) if folder else BUILT)
    except Unusable as why:
        return why


def _plain_call(name: str) -> Call:
    for module in source.MODULES:
        importlib.import_module(f"{source.PACKAGE_NAME}.{module}")
    return _plain(*source.ENTRIES[name])


def _plain(function: Callable[..., int], types: tuple[Any, ...]) -> Call:
    octets = np.dtype(np.uint8)
    views = [index for index, one in enumerate(types) if one == octets]

    def call(*arguments: Any) -> int:
        given = list(arguments)
        for index in views:
            # A memoryview hands out Python integers, several times faster than an array does.
            given[index] = memoryview(given[index])
        return int(function(*given))

    return call
