"""The library of compiled kernels: found, held against the sources, loaded.

It lies in a folder with a manifest in JSON, which says what is in it and what it was built from. Loading both takes
less time than importing a module with plain kernels, and needs neither Numba nor LLVM.
"""

from __future__ import annotations

import ctypes
import json
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .parameters import parameter

PACKAGE = Path(__file__).parents[1]
BUILT = Path(__file__).with_name("built")
"""Where the library is, unless PCAPSTATE_LIBRARY names a folder."""
MANIFEST = "kernels.json"

NOT_BUILT = "kernels are not built for these sources (`make kernels` builds them)"
DAMAGED = "the library of compiled kernels is damaged"

Call = Callable[..., int]


class Unusable(Exception):
    """There is no library that could be used, as its text says."""


class Library:
    """A library of compiled kernels. Raises Unusable."""

    def __init__(self, folder: Path) -> None:
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            name, *recorded = manifest["library"]
            path = folder / name
            sources = manifest.get("sources", {})
            # What is cut off would end this process when it is mapped. A wheel is installed whole, and stays.
            if os.path.getsize(path) != recorded[0] or (sources and not _is(path, recorded)):
                raise Unusable(DAMAGED)
            if not all(_is(PACKAGE / one, told) for one, told in sources.items()):
                raise Unusable(NOT_BUILT)
            self._library = ctypes.CDLL(str(path))
            level = self._library.pcapstate_level()
            self.variants: tuple[str, ...] = tuple(manifest["variants"][:level])
            self._parameters: dict[str, list[Any]] = manifest["kernels"]
            self.checked: bool = manifest["checked"]
        except FileNotFoundError:
            raise Unusable(NOT_BUILT) from None
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            raise Unusable(DAMAGED) from None
        if not self.variants:
            raise Unusable("compiled kernels need a newer processor")
        if self.checked:
            import faulthandler

            # A kernel that leaves an array ends the process: this says where it was called.
            faulthandler.enable(2, all_threads=False)

    def call(self, kernel: str, variant: str) -> Call:
        """Return a kernel, to be called with arrays and integers. Raises KeyError where there is none of that name."""
        types = tuple(parameter(one) for one in self._parameters[kernel])
        return _foreign(getattr(self._library, exported(kernel, variant)), types)


def exported(kernel: str, variant: str) -> str:
    """Return the name of a kernel's variant in the library."""
    return f"{kernel}__{variant.replace('-', '_')}"


def _is(path: Path, recorded: list[Any]) -> bool:
    """Tell whether a file is what it was: size, time of change, and digest, which counts where the time differs."""
    size, changed, digest = recorded
    status = os.stat(path)
    if status.st_size != size or status.st_mtime_ns == changed:
        return bool(status.st_size == size)
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _foreign(function: Any, types: tuple[Any, ...]) -> Call:
    function.restype = ctypes.c_int64
    flattened: list[Any] = []
    for one in types:
        if one is int:
            flattened.append(ctypes.c_int64)
        else:
            flattened += [ctypes.c_void_p, ctypes.c_int64] * (len(one) if isinstance(one, tuple) else 1)
    function.argtypes = flattened

    passing = [None if one is int else _Passing(one if isinstance(one, tuple) else (one,)) for one in types]

    def call(*arguments: Any) -> int:
        flat: list[Any] = []
        for one, arrays, given in zip(types, passing, arguments, strict=True):
            if arrays is None:
                flat.append(given)
            else:
                flat += arrays.described(given if isinstance(one, tuple) else (given,))
        return int(function(*flat))

    return call


class _Passing:
    """What a kernel is told of arrays: an address and a length each. It takes long to ask an array for its address."""

    def __init__(self, kinds: tuple[Any, ...]) -> None:
        self._kinds = kinds
        # No array is kept alive, and other threads find either what was before or what is new.
        self._last: tuple[tuple[weakref.ref[Any], ...], list[int]] = (), []

    def described(self, arrays: tuple[Any, ...]) -> list[int]:
        """Return addresses and lengths; raise TypeError if an array has another dtype than the kernel wants."""
        last, told = self._last
        if len(last) != len(arrays) or any(one() is not array for one, array in zip(last, arrays, strict=True)):
            told = []
            for kind, array in zip(self._kinds, arrays, strict=True):
                if array.dtype != kind:
                    raise TypeError(f"kernel wants {kind}, was given {array.dtype}")
                told += [array.ctypes.data, len(array)]
            self._last = tuple(map(weakref.ref, arrays)), told
        return told
