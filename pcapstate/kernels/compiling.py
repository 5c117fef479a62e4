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


def described(given: np.dtype[Any] | type[int]) -> Any:
    """Return what stands for a kernel's parameter in JSON."""
    return dtype_to_descr(given) if isinstance(given, np.dtype) else None


def parameter(told: Any) -> np.dtype[Any] | type[int]:
    """Return the parameter that something in JSON stands for."""
    return int if told is None else descr_to_dtype(told)


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
        names, arguments = [], []
        for index, one in enumerate(parameters):
            if one is int:
                signature.append(types.int64)
                names.append(f"n{index}")
                arguments.append(f"n{index}")
            else:
                signature += [types.CPointer(numba.from_dtype(one)), types.int64]
                names += [f"p{index}", f"n{index}"]
                arguments.append(f"carray(p{index}, (n{index},))")
        space: dict[str, Any] = {"carray": numba.carray, "function": function}
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
