"""Run the kernels compiled: build them once with Numba, keep the machine code, load it later without Numba.

Importing Numba takes longer than reading a million packets, so it happens only in a process of its own that writes
object code (``python -m pcapstate.kernels.compiling``). Later runs link that object code with llvmlite alone, in some
milliseconds, and call it through ctypes, which lets go of the interpreter's lock meanwhile.

Small inputs never wait for any of this: they run the same functions as plain Python (see ``Kernels``).
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ..escaping import safe
from . import building, cache, source
from .compiling import parameter

ENGINE, TRAFFIC = "engine", "traffic"
PARTS = {
    ENGINE: (
        ("tcp.lookup", "tcp.tracker", "tcp.timeouts", "output.text"),
        ("sources.framing", "decode.frames", "names.payload_copies", "application.openings"),
    ),
    TRAFFIC: (("traffic.hashing", "traffic.watching"),),
}
"""Where the kernels live: those that nearly every call needs, and those for statistics and routes, built when they are
first asked for. What is in one pair of parentheses is compiled by one process."""

PLAIN_WHEN_BUILT = 250_000
"""Bytes of capture up to which plain Python ends sooner than loading the object code takes."""
PLAIN_UNBUILT = 6_000_000
"""Bytes of capture up to which plain Python ends sooner than the first compilation takes."""

Call = Callable[..., int]

# Numba's error paths mention these; the kernels raise nothing, so they are never called.
_NEVER_CALLED = (
    "numba_do_raise",
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_runtime_build_excinfo_struct",
    "numba_unpickle",
    "NRT_Free",
    "NRT_MemInfo_call_dtor",
)


def _keep_quiet(message: str) -> None:
    """Say nothing: a library does not print."""


announce: Callable[[str], None] = _keep_quiet
"""Where to say that compiling takes a while; the command line puts it on stderr."""


class Kernels:
    """The kernels as attributes, run plain or compiled, as the amount of work suggests.

    ``size`` is the number of bytes to come, or None where nobody knows (a pipe): then it starts plain, and
    ``worked`` changes over as soon as the bytes done so far say that it pays. Both runs share all arrays, so the
    change can come between any two calls. ``PCAPSTATE_KERNELS=plain`` or ``=compiled`` decides it by hand.
    ``waits``: whether to wait for what must be compiled first; otherwise everything goes on plain meanwhile.
    """

    def __init__(self, size: int | None = None, *, waits: bool = True) -> None:
        self._waits = waits
        self._calls: dict[str, Call] = {}
        self._done = self._amount = 0
        self._choice = os.environ.get("PCAPSTATE_KERNELS", "auto")
        self._waiting: set[str] = set()
        self._unbuilt: set[str] = set()
        self.compiled = False
        self.worked(0, size or 0)
        if not self.compiled:
            self._calls = _plain_calls(ENGINE)

    def __getattr__(self, name: str) -> Call:
        if not name.startswith("_"):
            if name not in self._calls:
                self._calls.update(_plain_calls(TRAFFIC))
                self._waiting = set(_names(TRAFFIC))
            if name in self._waiting and self.compiled and self._pays(TRAFFIC) and self._ready(TRAFFIC):
                self._waiting.clear()
                self._calls.update(compiled_calls(TRAFFIC) or {})
            if name in self._calls:
                return self._calls[name]
        raise AttributeError(name)

    def _pays(self, part: str) -> bool:
        """Tell whether what is ahead is worth compiling a part, where that is still to be done."""
        if self._choice == "compiled" or self._amount > PLAIN_UNBUILT:
            return True
        # Looked for once: it is asked after each block of a capture that has nothing but small ones.
        if part not in self._unbuilt and not built(part):
            self._unbuilt.add(part)
        return part not in self._unbuilt

    def _ready(self, part: str) -> bool:
        return self._waits or self._choice == "compiled" or ready(part)

    def worked(self, done: int, to_come: int = 0) -> None:
        """Count ``done`` bytes as worked off and change to compiled kernels where what is ahead is worth it."""
        self._done += done
        self._amount = max(self._amount, self._done, to_come)
        if self.compiled or self._choice == "plain":
            return
        if self._choice != "compiled" and self._amount <= PLAIN_WHEN_BUILT:
            return
        if not self._pays(ENGINE) or not self._ready(ENGINE):
            return
        calls = compiled_calls(ENGINE)
        if calls is None:
            self._choice = "plain"
            return
        self._calls.update(calls)
        self.compiled = True


def _names(part: str) -> list[str]:
    """Return the names of a part's kernels, and import the modules in which they are."""
    homes = [f"{source.PACKAGE}.{module}" for job in PARTS[part] for module in job]
    for home in homes:
        importlib.import_module(home)
    return [name for name, (function, _) in source.ENTRIES.items() if function.__module__ in homes]


def _plain_calls(part: str) -> dict[str, Call]:
    return {name: _plain(*source.ENTRIES[name]) for name in _names(part)}


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


def built(part: str) -> bool:
    """Tell whether a part need not be compiled first, or cannot be."""
    try:
        return cache.folder_of(part) is not None or cache.failed(part)
    except ImportError:
        return True


# --- compiled kernels

_loaded: dict[str, dict[str, Call] | None] = {}
_kept: list[Any] = []
_threads: dict[str, threading.Thread] = {}

ANNOUNCED = {
    ENGINE: "Compiling the engine for this machine, once; this takes about 10 seconds …",
    TRAFFIC: "Compiling what counts all frames, once; this takes about 15 seconds …",
}


def ready(part: str) -> bool:
    """Tell whether ``compiled_calls`` need not wait for a part; otherwise a thread begins to wait for it."""
    if part in _loaded:
        return True
    if part not in _threads:
        if not _threads:
            atexit.register(lambda: building.stop(_threads.values()))
        _threads[part] = threading.Thread(target=compiled_calls, args=(part,), name="pcapstate-compile", daemon=True)
        _threads[part].start()
    return not _threads[part].is_alive()


def compiled_calls(part: str) -> dict[str, Call] | None:
    """Return the compiled kernels of a part by name, built first where needed; None where that cannot be done."""
    if part not in _loaded:
        calls = None
        try:
            calls = _found_or_built(part)
        except ImportError as error:
            announce(f"{safe(str(error))}: running slower, as plain Python.")
        _loaded[part] = calls
    return _loaded[part]


def _found_or_built(part: str) -> dict[str, Call] | None:
    folder = cache.folder_of(part)
    code = None if folder is None else cache.read(folder)
    if code is None:
        if cache.failed(part) and os.environ.get("PCAPSTATE_KERNELS") != "compiled":
            return None
        announce(ANNOUNCED[part])
        folder = building.build(part, PARTS[part], announce)
        code = None if folder is None else cache.read(folder)
    if code is None:
        return None
    try:
        return _load(code)
    except (OSError, RuntimeError) as error:
        announce(f"The compiled kernels cannot be loaded ({safe(str(error))}); running slower, as plain Python.")
        return None


def _load(code: cache.Built) -> dict[str, Call]:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    never = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
    for symbol in _NEVER_CALLED:
        llvm.add_symbol(symbol, never)
    if cache.CHECKED:
        loud = ctypes.CFUNCTYPE(None)(_left_an_array)
        _kept.append(loud)
        # What an error path calls first.
        llvm.add_symbol("numba_gil_ensure", ctypes.cast(loud, ctypes.c_void_p).value)
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for one in code.objects:
        engine.add_object_file(llvm.ObjectFileRef.from_data(one))
    engine.finalize_object()
    _kept.append(engine)
    # Modules of kernels that run compiled are not imported, which takes a while: what they are given is told here.
    return {
        name: _foreign(engine.get_function_address(symbol), tuple(parameter(one) for one in parameters))
        for name, (symbol, parameters) in code.symbols.items()
    }


def _left_an_array() -> None:
    """End the process, and say where: an exception cannot get out of what C calls, so the kernel would give 0."""
    import faulthandler

    os.write(2, b"a compiled kernel left an array\n")
    faulthandler.dump_traceback(2, all_threads=False)
    os.abort()


def _foreign(address: int, types: tuple[Any, ...]) -> Call:
    parameters: list[Any] = []
    for one in types:
        if one is int:
            parameters.append(ctypes.c_int64)
        else:
            parameters += [ctypes.c_void_p, ctypes.c_int64] * (len(one) if isinstance(one, tuple) else 1)
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *parameters)(address)

    def call(*arguments: Any) -> int:
        flat: list[Any] = []
        for one, given in zip(types, arguments, strict=True):
            if one is int:
                flat.append(given)
                continue
            kinds, arrays = (one, given) if isinstance(one, tuple) else ((one,), (given,))
            for kind, array in zip(kinds, arrays, strict=True):
                if array.dtype != kind:
                    raise TypeError(f"kernel wants {kind}, was given {array.dtype}")
                flat += [array.ctypes.data, len(array)]
        return int(function(*flat))

    return call
