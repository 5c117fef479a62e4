"""Compile the kernels of one module to LLVM IR: ``python -m pcapstate.kernels.compiling MODULE OUT``.

``pcapstate.kernels.building`` starts one such process for each module with kernels, and makes machine code of what it
writes. The IR is optimised for no processor in particular, so one IR serves all of them.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PcapstateError
from . import source
from .library import PACKAGE
from .parameters import described

Compiled = dict[str, Any]
"""What OUT holds: ``sources`` (path in the package: SHA-256), and of each of ``kernels`` its IR, symbol, parameters."""


def compile_module(name: str) -> Compiled:
    """Compile the kernels of a module; ``name``: its full name."""
    import numba

    importlib.import_module(name)
    kernels = {}
    for kernel, (function, parameters) in source.ENTRIES.items():
        if function.__module__ != name:
            continue
        called, signature = _called_from_c(kernel, function, parameters)
        unit = numba.cfunc(signature, error_model="numpy")(called)
        kernels[kernel] = {
            "ir": unit._library.get_llvm_str(),
            "symbol": unit._wrapper_name,
            "parameters": [described(one) for one in parameters],
        }
    return {"sources": imported(), "kernels": kernels}


def _called_from_c(kernel: str, function: Any, parameters: tuple[source.Parameter, ...]) -> tuple[Any, Any]:
    """Return a function that takes each array as its address and its length, and the types of its parameters."""
    import numba
    from numba import types

    signature: list[Any] = []
    names: list[str] = []
    arguments: list[str] = []
    space: dict[str, Any] = {"carray": numba.carray, "function": function}
    for index, one in enumerate(parameters):
        if one is int:
            signature.append(types.int64)
            names.append(f"n{index}")
            arguments.append(f"n{index}")
            continue
        views = []
        for field, kind in enumerate((one,) if isinstance(one, np.dtype) else source.arrays_of(one)):
            signature += [types.CPointer(numba.from_dtype(kind)), types.int64]
            names += [f"p{index}_{field}", f"n{index}_{field}"]
            views.append(f"carray(p{index}_{field}, (n{index}_{field},))")
        if isinstance(one, np.dtype):
            arguments += views
        else:
            space[f"Tables{index}"] = one
            arguments.append(f"Tables{index}({', '.join(views)})")
    exec(f"def {kernel}({', '.join(names)}):\n    return function({', '.join(arguments)})", space)
    return space[kernel], types.int64(*signature)


def imported() -> dict[str, str]:
    """Return the files of this package that this process has imported, among them all that its kernels are made of."""
    files = {
        Path(getattr(module, "__file__", None) or "")
        for name, module in list(sys.modules.items())
        if name == "__main__" or name.split(".", 1)[0] == source.PACKAGE_NAME
    }
    return {
        file.relative_to(PACKAGE).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
        if PACKAGE in file.parents
    }


def main() -> int:
    """Compile a module: the command line has its name, and the file to write."""
    if len(sys.argv) != 3 or not source.COMPILING:
        raise PcapstateError("pcapstate.kernels.building starts this")
    Path(sys.argv[2]).write_text(json.dumps(compile_module(sys.argv[1])), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
