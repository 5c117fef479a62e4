"""Run the kernels compiled: build them once with Numba, keep the machine code, load it later without Numba.

Importing Numba takes longer than reading a million packets, so it happens only in a process of its own that writes
object code (``python -m pcapstate.compiling``). Later runs link that object code with llvmlite alone, in some
milliseconds, and call it through ctypes, which lets go of the interpreter's lock meanwhile.

Small inputs never wait for any of this: they run the same functions as plain Python (see ``Kernels``).
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import kernel
from .compiling import parameter

ENGINE, TRAFFIC = "engine", "traffic"
PARTS = {
    ENGINE: (
        ("tcp.flows", "tcp.tracker", "tcp.giving_up", "output.text"),
        ("sources.framing", "decode.frames", "names.gathering", "application.openings"),
    ),
    TRAFFIC: (("traffic.hashing", "traffic.watching"),),
}
"""Where the kernels live: those that nearly every call needs, and those for statistics and routes, built when they are
first asked for. What is in one pair of parentheses is compiled by one process."""
MODULES = tuple(module for jobs in PARTS.values() for job in jobs for module in job)
DEPENDS = (
    "kernel",
    "compiled",
    "compiling",
    "sources.options",
    "decode.contracts",
    "decode.kinds",
    "decode.encapsulations",
    "decode.gre",
    "decode.links",
    "decode.rare_links",
    "decode.icmp_errors",
    "decode.marks",
    "decode.network",
    "decode.networks",
    "decode.tunnels",
    "decode.udp_tunnels",
    "decode.scaling",
    "decode.wlan",
    "tcp.states",
    "tcp.machine",
    "tcp.contracts",
    "tcp.sequence",
    "tcp.lasting",
    "tcp.clock",
    "tcp.details",
    "tcp.troubles",
    "tcp.copies",
    "tcp.windows",
    "tcp.counting",
    "tcp.handshake",
    "tcp.resets",
    "tcp.reuse",
    "tcp.own_peer",
    "tcp.closing",
    "tcp.evidence",
    "tcp.unreachable",
    "traffic.contracts",
    "traffic.paths",
    "traffic.ports",
    "traffic.bindings",
    "traffic.fragments",
    "traffic.messages",
    "views.table",
    *MODULES,
)

PLAIN_WHEN_BUILT = 250_000
"""Bytes of capture up to which plain Python ends sooner than loading the object code takes."""
PLAIN_UNBUILT = 6_000_000
"""Bytes of capture up to which plain Python ends sooner than the first compilation takes."""

SCRATCH = "building-"
"""How the names of folders begin in which something is being compiled."""
ABANDONED = 86_400
"""Seconds after which nobody is compiling there any more."""

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

CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")
"""Whether Numba checks every index in what is compiled and loaded: for tests, since it takes time."""


def _keep_quiet(message: str) -> None:
    """Say nothing: a library does not print."""


announce: Callable[[str], None] = _keep_quiet
"""Where to say that compiling takes a while; the command line puts it on stderr."""


class Kernels:
    """The kernels as attributes, run plain or compiled, as the amount of work suggests.

    ``size`` is the number of bytes to come, or None where nobody knows (a pipe): then it starts plain, and
    ``worked`` changes over as soon as the bytes done so far say that it pays. Both runs share all arrays, so the
    change can come between any two calls. ``PCAPSTATE_KERNELS=plain`` or ``=compiled`` decides it by hand.
    """

    def __init__(self, size: int | None = None) -> None:
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
            if name in self._waiting and self.compiled and self._pays(TRAFFIC):
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
        if part not in self._unbuilt and _built(part) is None:
            self._unbuilt.add(part)
        return part not in self._unbuilt

    def worked(self, done: int, to_come: int = 0) -> None:
        """Count ``done`` bytes as worked off and change to compiled kernels where what is ahead is worth it."""
        self._done += done
        self._amount = max(self._amount, self._done, to_come)
        if self.compiled or self._choice == "plain":
            return
        if self._choice != "compiled" and self._amount <= PLAIN_WHEN_BUILT:
            return
        if not self._pays(ENGINE):
            return
        calls = compiled_calls(ENGINE)
        if calls is None:
            self._choice = "plain"
            return
        self._calls.update(calls)
        self.compiled = True


def _names(part: str) -> list[str]:
    """Return the names of a part's kernels, and import the modules in which they are."""
    homes = [f"{__package__}.{module}" for job in PARTS[part] for module in job]
    for home in homes:
        importlib.import_module(home)
    return [name for name, (function, _) in kernel.ENTRIES.items() if function.__module__ in homes]


def _plain_calls(part: str) -> dict[str, Call]:
    return {name: _plain(*kernel.ENTRIES[name]) for name in _names(part)}


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


# --- the object code: where it is kept ---------------------------------------------------------------------------


def _key() -> str:
    """Name the object code by all that it depends on: the sources, the compiler, the processor, and CHECKED."""
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for module in DEPENDS:
        digest.update(Path(__file__).parent.joinpath(module.replace(".", "/") + ".py").read_bytes())
    features = json.dumps(sorted(llvm.get_host_cpu_features().items()))
    for part in (
        llvmlite.__version__,
        np.__version__,
        sys.version,
        platform.machine(),
        llvm.get_host_cpu_name(),
        features,
        "checked" if CHECKED else "",
    ):
        digest.update(part.encode())
    return digest.hexdigest()[:24]


def _folders() -> list[Path]:
    """List the folders that may hold the object code, best first."""
    folders = []
    if named := os.environ.get("PCAPSTATE_CACHE_DIR"):
        folders.append(Path(named))
    elif sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        folders.append(Path(base) / "pcapstate" / "cache")
    elif base := os.environ.get("XDG_CACHE_HOME"):
        folders.append(Path(base) / "pcapstate")
    else:
        with contextlib.suppress(RuntimeError):
            folders.append(Path.home() / ".cache" / "pcapstate")
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folders.append(Path(tempfile.gettempdir()) / f"pcapstate-{user}")
    return folders


def _private(folder: Path) -> bool:
    """Tell whether only this user can have written there: what is loaded from it will be run."""
    if not hasattr(os, "getuid"):
        return True
    try:
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _built(part: str) -> Path | None:
    """Return the folder with a part's object code for this machine and these sources, or None."""
    key = f"{_key()}-{part}"
    for base in _folders():
        folder = base / key
        # Whose folder it is comes first: one of somebody else may not even be looked into.
        if _private(base) and _private(folder) and os.path.isfile(folder / "symbols.json"):
            return folder
    return None


def build(part: str) -> Path | None:
    """Compile a part into the first folder that can be written; return it, or None where that cannot be done."""
    key = f"{_key()}-{part}"
    for base in _folders():
        try:
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(base):
                continue
            _remove_left_behind(base)
            scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=base))
        except OSError:
            continue
        runs: list[subprocess.Popen[bytes]] = []
        try:
            environment = {
                **os.environ,
                "PCAPSTATE_COMPILING": "1",
                "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            }
            # -P: what lies in the current folder, beside captures, is no part of this program.
            command = [sys.executable, "-P", "-m", "pcapstate.compiling", str(scratch)]
            for number, job in enumerate(PARTS[part]):
                arguments = [*command, str(number), *job]
                runs.append(
                    subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
                )
            complaints = [run.communicate()[1].decode(errors="replace") for run in runs]
            for run, complaint in zip(runs, complaints, strict=True):
                if run.returncode != 0:
                    last = (complaint.strip().splitlines() or ["no message"])[-1]
                    announce(f"Compiling failed ({last}); running slower, as plain Python.")
                    return None
            parts = sorted(scratch.glob("symbols-*.json"))
            symbols = {name: symbol for one in parts for name, symbol in json.loads(one.read_text()).items()}
            (scratch / "symbols.json").write_text(json.dumps(symbols))
            target = base / key
            try:
                scratch.rename(target)
            except OSError:  # another process was first
                if not (target / "symbols.json").is_file():
                    return None
            return target
        finally:
            for run in runs:
                run.kill()
                run.wait()
            shutil.rmtree(scratch, ignore_errors=True)
    return None


def _remove_left_behind(base: Path) -> None:
    """Remove what compilations left behind that were killed."""
    for scratch in base.glob(f"{SCRATCH}*"):
        if time.time() - scratch.stat().st_mtime > ABANDONED:
            shutil.rmtree(scratch, ignore_errors=True)


# --- the object code: loaded -------------------------------------------------------------------------------------

_loaded: dict[str, dict[str, Call]] = {}
_kept: list[Any] = []

ANNOUNCED = {
    ENGINE: "Compiling the engine for this machine, once; this takes about 10 seconds …",
    TRAFFIC: "Compiling what counts all frames, once; this takes about 15 seconds …",
}


def compiled_calls(part: str) -> dict[str, Call] | None:
    """Return the compiled kernels of a part by name, built first where needed; None where that cannot be done."""
    if part not in _loaded:
        folder = _built(part)
        if folder is None:
            announce(ANNOUNCED[part])
            folder = build(part)
        if folder is None:
            return None
        _loaded[part] = _load(folder)
    return _loaded[part]


def _load(folder: Path) -> dict[str, Call]:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    never = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
    for symbol in _NEVER_CALLED:
        llvm.add_symbol(symbol, never)
    if CHECKED:
        loud = ctypes.CFUNCTYPE(None)(_left_an_array)
        _kept.append(loud)
        # What an error path calls first.
        llvm.add_symbol("numba_gil_ensure", ctypes.cast(loud, ctypes.c_void_p).value)
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    symbols = json.loads((folder / "symbols.json").read_text())
    for name in symbols:
        engine.add_object_file(llvm.ObjectFileRef.from_data((folder / f"{name}.o").read_bytes()))
    engine.finalize_object()
    _kept.append(engine)
    # Modules of kernels that run compiled are not imported, which takes a while: what they are given is told here.
    return {
        name: _foreign(engine.get_function_address(symbol), tuple(parameter(one) for one in parameters))
        for name, (symbol, parameters) in symbols.items()
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
        parameters += [ctypes.c_int64] if one is int else [ctypes.c_void_p, ctypes.c_int64]
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *parameters)(address)

    def call(*arguments: Any) -> int:
        flat: list[Any] = []
        for one, given in zip(types, arguments, strict=True):
            if one is int:
                flat.append(given)
            else:
                if given.dtype != one:
                    raise TypeError(f"kernel wants {one}, was given {given.dtype}")
                flat += [given.ctypes.data, len(given)]
        return int(function(*flat))

    return call
