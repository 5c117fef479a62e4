"""Build the library of compiled kernels: ``python -m pcapstate.kernels.building [--checked] [--target NAME] FOLDER``.

The build of a wheel does this (``hatch_build.py``), and ``make kernels`` in a checkout. Each module with kernels is
compiled by a process of its own (``compiling``); what comes of it is kept, with the sources it was made of, and taken
again as long as these are the same. Whoever runs pcapstate needs nothing of this.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .compiling import imported
from .library import BUILT, MANIFEST, PACKAGE
from .objects import object_code, supporting_code
from .source import MODULES
from .targets import TARGETS, system_linker, this_platform

KEPT = PACKAGE.parent / "build" / "kernels"
"""Where IR and objects are kept for the next time."""

COMPILERS = ("numba", "llvmlite", "numpy")

# Numba would optimise for the processor it runs on. What is vectorised is decided for each variant, behind Numba.
_FOR_ANY = {
    "PCAPSTATE_COMPILING": "1",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
}


class BuildFailed(Exception):
    """Kernels could not be compiled or linked, as the text says."""


def build(folder: Path, name: str, checked: bool = False, checkout: bool = True) -> None:
    """Write the library for a target, and what is to be known of it, into a folder. Raises BuildFailed.

    ``checked``: with a check of every index. ``checkout``: the sources may change, so each run compares them.
    """
    target, folder = TARGETS[name], folder.resolve()
    modules = _compiled(checked)
    sources = imported()
    for one in modules:
        sources.update(one["sources"])
    for path, digest in sources.items():
        if _digest(PACKAGE / path) != digest:
            raise BuildFailed(f"{path} changed meanwhile")
    kernels = {kernel: told for one in modules for kernel, told in one["kernels"].items()}
    objects = _objects(kernels, name, checked)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="linking-", dir=folder) as scratch:
        linked = Path(scratch, target.library)
        _link(objects, linked, name)
        size, digest = linked.stat().st_size, _digest(linked)
        # A process may have mapped the library that is there: it keeps its file.
        linked.replace(folder / target.library)
        manifest: dict[str, Any] = {
            "library": [target.library, size, (folder / target.library).stat().st_mtime_ns, digest],
            "variants": target.variants,
            "checked": checked,
            "sources_hash": hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest(),
            "kernels": {kernel: told["parameters"] for kernel, told in kernels.items()},
        }
        if checkout:
            manifest["sources"] = {
                path: [status.st_size, status.st_mtime_ns, digest]
                for path, digest in sorted(sources.items())
                if (status := (PACKAGE / path).stat())
            }
        written = Path(scratch, MANIFEST)
        written.write_text(json.dumps(manifest), "utf-8")
        written.replace(folder / MANIFEST)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _compilers() -> str:
    return " ".join(f"{one} {importlib.metadata.version(one)}" for one in COMPILERS)


def _at_once() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _compiled(checked: bool) -> list[dict[str, Any]]:
    """Return what ``compiling`` writes of each module with kernels, kept or new."""
    folder = KEPT / ("checked" if checked else "unchecked")
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_at_once()) as pool:
        return list(pool.map(lambda module: _one_compiled(module, folder, checked), MODULES))


def _one_compiled(module: str, folder: Path, checked: bool) -> dict[str, Any]:
    path, compilers = folder / f"{module}.json", _compilers()
    try:
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if kept["compilers"] == compilers and all(
            _digest(PACKAGE / one) == digest for one, digest in kept["sources"].items()
        ):
            return kept
    except (OSError, ValueError, KeyError):
        pass
    environment = {
        **os.environ,
        **_FOR_ANY,
        "NUMBA_BOUNDSCHECK": str(int(checked)),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH")))),
    }
    with tempfile.TemporaryDirectory(prefix="compiling-", dir=folder) as scratch:
        out = Path(scratch, "out.json")
        command = [sys.executable, "-m", f"{__package__}.compiling", f"{PACKAGE.name}.{module}", str(out)]
        # From the checkout: pip's build environment removes its path from sys.path where it is installed editable.
        done = subprocess.run(command, env=environment, cwd=PACKAGE.parent, capture_output=True, text=True)
        if done.returncode:
            raise BuildFailed(f"{module}: {done.stderr.strip() or f'ended with code {done.returncode}'}")
        told: dict[str, Any] = {**json.loads(out.read_text("utf-8")), "compilers": compilers}
        out.write_text(json.dumps(told), "utf-8")
        out.replace(path)
    return told


def _objects(kernels: dict[str, dict[str, Any]], name: str, checked: bool) -> list[Path]:
    """Return the object files of all that the library is made of, kept or new; others are removed."""
    target = TARGETS[name]
    folder = KEPT / ("checked" if checked else "unchecked") / name
    folder.mkdir(parents=True, exist_ok=True)
    made_by = f"{_compilers()} {target} {_digest(Path(__file__).with_name('objects.py'))}"

    def one(kernel: str, variant: str) -> Path:
        told = kernels[kernel]
        key = hashlib.sha256(f"{made_by} {variant} {told['symbol']} {told['ir']}".encode()).hexdigest()
        path = folder / f"{kernel}-{variant}-{key[:24]}.o"
        if not path.exists():
            code = object_code(told["ir"], told["symbol"], kernel, variant, target)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as out:
                out.write(code)
            Path(out.name).replace(path)
        return path

    with ThreadPoolExecutor(_at_once()) as pool:
        every = [(kernel, variant) for variant in target.variants for kernel in kernels]
        objects = list(pool.map(lambda given: one(*given), every))
    supporting = folder / "supporting.o"
    supporting.write_bytes(supporting_code((told["ir"] for told in kernels.values()), target))
    objects.append(supporting)
    for path in set(folder.iterdir()) - set(objects):
        path.unlink(missing_ok=True)
    return objects


def _link(objects: Sequence[Path], out: Path, name: str) -> None:
    target = TARGETS[name]
    linker, text = system_linker() if name == this_platform() else None, ["-Wl,-z,text"]
    if linker is None:
        text = []  # Zig does so anyway, and refuses the flag
        if importlib.util.find_spec("ziglang") is None:
            raise BuildFailed("there is neither a C compiler (cc, or what CC names) nor the package ziglang, to link")
        linker = [sys.executable, "-m", "ziglang", "cc", "-target", target.zig]
    how = ["-shared", "-s"]
    if name.startswith("linux"):
        # Everything is found when it is linked, and no code is changed when it is loaded.
        how += ["-nostartfiles", "-Wl,-z,defs", *text, "-Wl,-z,noexecstack", "-Wl,--build-id=none"]
    elif name.startswith("macos"):
        how = ["-dynamiclib", f"-Wl,-install_name,@rpath/{target.library}"]
    done = subprocess.run(
        [*linker, *how, "-o", str(out), *map(str, objects)], capture_output=True, text=True, cwd=out.parent
    )
    if done.returncode:
        raise BuildFailed(f"linking failed: {done.stderr.strip()}")


def main() -> int:
    """Build as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=BUILT, help="where it is written")
    parser.add_argument("--target", choices=TARGETS, default=this_platform(), help="default: this machine")
    parser.add_argument("--checked", action="store_true", help="check every index, for tests")
    parser.add_argument("--fixed", action="store_true", help="for a wheel, whose sources do not change")
    given = parser.parse_args()
    if given.target is None:
        parser.error("kernels cannot be compiled on this machine")
    try:
        build(given.folder, given.target, given.checked, not given.fixed)
    except BuildFailed as failure:
        print(f"kernels are not built: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
