"""The process that compiles: ``python -m pcapstate.kernels.compiling FOLDER JOB MODULE …``, which ``compiled`` starts.

It writes an object file for each kernel of the modules, and ``symbols-JOB.json``: what stands for the kernels there,
and their parameters.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import descr_to_dtype, dtype_to_descr

from ..errors import PcapstateError
from . import source


def described(given: source.Parameter) -> Any:
    """Return what stands for a kernel's parameter in JSON: null for an int, a list of arrays that travel together."""
    if isinstance(given, np.dtype):
        return {"array": dtype_to_descr(given)}
    return None if given is int else {"arrays": [dtype_to_descr(one) for one in source.arrays_of(given)]}


def parameter(told: Any) -> np.dtype[Any] | type[int] | tuple[np.dtype[Any], ...]:
    """Return the parameter that something in JSON stands for; a tuple: arrays that travel together."""
    if told is None:
        return int
    if "array" in told:
        return descr_to_dtype(told["array"])
    return tuple(descr_to_dtype(one) for one in told["arrays"])


def compile_modules(folder: Path, number: str, modules: Sequence[str]) -> None:
    """Write the object code of the kernels of modules into a folder; ``number``: of the job, among those of a part."""
    import numba
    from numba import types

    homes = [f"{source.PACKAGE}.{module}" for module in modules]
    for home in homes:
        importlib.import_module(home)
    symbols = {}
    for name, (function, parameters) in source.ENTRIES.items():
        if function.__module__ not in homes:
            continue
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
        exec(f"def {name}({', '.join(names)}):\n    return function({', '.join(arguments)})", space)
        unit = numba.cfunc(types.int64(*signature), error_model="numpy")(space[name])
        (folder / f"{name}.o").write_bytes(unit._library.serialize_using_object_code()[2][0])
        symbols[name] = unit._wrapper_name, [described(one) for one in parameters]
    (folder / f"symbols-{number}.json").write_text(json.dumps(symbols))


def main() -> int:
    """Compile the kernels of modules: the command line has the folder, the number of the job, and the modules."""
    if len(sys.argv) < 4 or not source.COMPILING:
        raise PcapstateError("pcapstate.kernels.compiling is started by pcapstate itself")
    compile_modules(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
