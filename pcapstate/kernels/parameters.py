"""How the parameters of kernels stand in JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.format import descr_to_dtype, dtype_to_descr

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
