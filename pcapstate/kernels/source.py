"""One source, two ways to run: the marks that the hot loops carry.

A *kernel* is a readable Python loop over arrays. Run plain, it is just that function. When pcapstate is built
(``pcapstate.kernels.building``), the same source goes through Numba, in a process with ``PCAPSTATE_COMPILING=1``.

Rules that keep both runs equal: integers fit into int64 and are masked explicitly (``& 0xFFFFFFFF``), fields are read
by item access (``row["seq"]``), narrow fields are widened with ``i64`` before any arithmetic, no index is negative, and
every index into capture bytes is checked first, since compiled code does not check it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

PACKAGE_NAME = __name__.split(".", 1)[0]
MODULES = (
    "tcp.tracker",
    "decode.frames",
    "traffic.watching",
    "application.openings",
    "tcp.lookup",
    "tcp.timeouts",
    "tcp.duplicates",
    "sources.framing",
    "output.text",
    "names.payload_copies",
    "traffic.hashing",
    "findings.looking",
    "zeek.following",
    "zeek.checking",
    "archive.keys",
    "comparing.prints",
    "sources.copying",
    "sources.comments",
    "sources.ring_blocks",
)
"""The modules that have an ``entry``; those that take longest to compile come first."""
COMPILING = os.environ.get("PCAPSTATE_COMPILING", "") != ""
CALLED = os.environ.get("PCAPSTATE_COMPILING") == "called"
"""Whether compiled functions are called from Python in this very process, as ``fuzz.bounds`` does."""

i64: Callable[[Any], int] = np.int64 if COMPILING else int  # type: ignore[assignment]
"""Widen a narrow field: to int64 where compiled, to a Python integer where plain."""

Parameter = np.dtype[Any] | type[Any]
"""What a kernel is given: a 1-D array of a dtype, an int64 (int), or arrays that travel together, as a class derived
from NamedTuple whose fields are ``Annotated[Any, dtype]``."""

ENTRIES: dict[str, tuple[Callable[..., int], tuple[Parameter, ...]]] = {}
"""The kernels that Python calls, by name: function and parameters."""


def arrays_of(tables: type[Any]) -> tuple[np.dtype[Any], ...]:
    """Return the dtypes of arrays that travel together, in the order of the fields."""
    hints = get_type_hints(tables, include_extras=True)
    return tuple(np.dtype(hints[field].__metadata__[0]) for field in tables._fields)


def _marked(function: Function, forceinline: bool) -> Function:
    if COMPILING:
        import numba

        # No array is made inside a kernel, so nothing needs numba's reference counts: that halves the tracker's time.
        # Wrappers that let Python and C call each function would be compiled for nothing: a third of the time.
        compiled: Function = numba.njit(
            error_model="numpy",
            _nrt=False,
            forceinline=forceinline,
            no_cpython_wrapper=not CALLED,
            no_cfunc_wrapper=not CALLED,
        )(function)
        return compiled
    return function


def inner(function: Function) -> Function:
    """Mark a function of the hot path that only kernels call: it is compiled into its callers."""
    return _marked(function, True)


def rare(function: Function) -> Function:
    """Mark a function that kernels call seldom: it stays a call, which keeps the hot path short."""
    return _marked(function, False)


def entry(*parameters: Any) -> Callable[[Function], Function]:
    """Mark a kernel that Python calls with ``parameters`` (see ``Parameter``); it returns an int."""
    types = tuple(one if one is int or hasattr(one, "_fields") else np.dtype(one) for one in parameters)

    def register(function: Function) -> Function:
        marked = _marked(function, False)
        ENTRIES[function.__name__] = (marked, types)
        return marked

    return register


if COMPILING:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic
    from numba.np import arrayobj

    def _index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)

    # A negative index would count from the end, and every access would ask for it first: a tenth of the tracker's time.
    assert callable(arrayobj.fix_integer_index)
    arrayobj.fix_integer_index = _index

    @intrinsic  # type: ignore[untyped-decorator]
    def fetch(typing: Any, array: Any, index: Any) -> Any:  # noqa: D103
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = signature.args[0]
            view = context.make_array(kind)(context, builder, arguments[0])
            row = cgutils.get_item_pointer(context, builder, kind, view, [arguments[1]], wraparound=False)
            row = builder.bitcast(row, ir.IntType(8).as_pointer())
            flag = ir.IntType(32)
            shape = ir.FunctionType(ir.VoidType(), [row.type, flag, flag, flag])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", (row.type,), shape)
            # To be read, to be kept near, as data.
            builder.call(prefetch, [row, flag(0), flag(3), flag(1)])
            return context.get_dummy_value()

        return types.void(array, index), generate

    @intrinsic  # type: ignore[untyped-decorator]
    def _copy(typing: Any, out: Any, at: Any, data: Any, start: Any, count: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def pointer(place: int) -> Any:
                kind = signature.args[place]
                view = context.make_array(kind)(context, builder, arguments[place])
                return cgutils.get_item_pointer(context, builder, kind, view, [arguments[place + 1]], wraparound=False)

            cgutils.raw_memcpy(builder, pointer(0), pointer(2), arguments[4], 1)
            return context.get_dummy_value()

        return types.void(out, types.int64, data, types.int64, types.int64), generate

    @inner
    def copy_bytes(out: Any, at: int, data: Any, start: int, count: int) -> None:  # noqa: D103
        if count > 0:
            # Where indices are checked, these are.
            out[at], out[at + count - 1] = data[start], data[start + count - 1]
            _copy(out, at, data, start, count)

else:

    def fetch(array: Any, index: int) -> None:
        """Say that a row will be needed soon, so that the processor has it from memory by then: it changes nothing."""

    def copy_bytes(out: Any, at: int, data: Any, start: int, count: int) -> None:
        """Copy bytes from one array to another: a loop over them takes many times longer."""
        out[at : at + count] = data[start : start + count]


# Reading numbers out of capture bytes: shifts where compiled, from_bytes where plain (the faster way of each).
if COMPILING:

    @inner
    def u8(data: Any, at: int) -> int:  # noqa: D103
        return i64(data[at])

    @inner
    def be16(data: Any, at: int) -> int:  # noqa: D103
        return i64(data[at]) << 8 | i64(data[at + 1])

    @inner
    def be32(data: Any, at: int) -> int:  # noqa: D103
        return i64(data[at]) << 24 | i64(data[at + 1]) << 16 | i64(data[at + 2]) << 8 | i64(data[at + 3])

    @inner
    def le32(data: Any, at: int) -> int:  # noqa: D103
        return i64(data[at + 3]) << 24 | i64(data[at + 2]) << 16 | i64(data[at + 1]) << 8 | i64(data[at])

else:

    def u8(data: Any, at: int) -> int:
        """Return the byte at an offset."""
        value: int = data[at]
        return value

    def be16(data: Any, at: int) -> int:
        """Return the big-endian 16-bit number at an offset."""
        return int.from_bytes(data[at : at + 2], "big")

    def be32(data: Any, at: int) -> int:
        """Return the big-endian 32-bit number at an offset."""
        return int.from_bytes(data[at : at + 4], "big")

    def le32(data: Any, at: int) -> int:
        """Return the little-endian 32-bit number at an offset."""
        return int.from_bytes(data[at : at + 4], "little")


@inner
def u32(data: Any, at: int, big: int) -> int:
    """Return the 32-bit number at an offset in the byte order of the capture."""
    if big:
        return be32(data, at)
    return le32(data, at)


@inner
def put32(out: Any, at: int, value: int, big: int = 0) -> None:
    """Write the low 32 bits of a value, little-endian unless ``big``."""
    first, step = (24, -8) if big else (0, 8)
    out[at] = value >> first & 0xFF
    out[at + 1] = value >> first + step & 0xFF
    out[at + 2] = value >> first + 2 * step & 0xFF
    out[at + 3] = value >> first + 3 * step & 0xFF


MINUS, DIGIT = b"-0"


@inner
def put_number(out: Any, at: int, value: int) -> int:
    """Write a number in decimal; return where it ends."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    digits = 1
    limit = 10
    while digits < 19 and value >= limit:
        digits += 1
        limit *= 10
    for index in range(digits):
        out[at + digits - 1 - index] = DIGIT + value % 10
        value //= 10
    return at + digits
