"""Typed columns as an Arrow stream (the C data and C stream interfaces of Arrow), which other libraries read in place.

Nothing is copied but booleans and texts: consumers get the arrays themselves, and keep them as long as they need.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .rows import Rows
from .typed import BOOLEAN, MOMENT, NUMBERS, OF_WORDS, SPAN, Typed

NULLABLE = 2
"""ARROW_FLAG_NULLABLE."""
INTEGERS = {"int8": b"c", "int32": b"i", "int64": b"l", "uint16": b"S"}
STREAM = b"arrow_array_stream"
DONE = 0


class Type(NamedTuple):
    """A type, or a column with its type, as the format strings of Arrow name it."""

    name: bytes
    format: bytes
    null: bool = False
    """Whether it can be nothing."""
    children: tuple[Type, ...] = ()
    values: Type | None = None
    """Of a dictionary."""


class ArrowSchema(ctypes.Structure):
    """A type, as the C data interface lays it out."""


class ArrowArray(ctypes.Structure):
    """An array, as the C data interface lays it out."""


class ArrowArrayStream(ctypes.Structure):
    """A stream of arrays of one type, as the C stream interface lays it out."""


RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
DESTROY = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.c_void_p),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_kept: dict[int, Any] = {}
"""What consumers still use, by the number in ``private_data``: they may move a structure, and release it elsewhere."""
_streams: dict[int, ArrowArrayStream] = {}
"""The structures that capsules point to."""
_numbers = itertools.count(1)


def capsule(columns: Sequence[Typed]) -> Any:
    """Return the PyCapsule of a stream with one batch: these columns, of which there is at least one."""
    types = Type(b"", b"+s", children=tuple(map(_type, columns)))
    stream = ArrowArrayStream()
    number = _keep((stream, types, iter([columns])))
    stream.get_schema, stream.get_next = _address(_get_schema), _address(_get_next)
    stream.get_last_error, stream.release = _address(_get_last_error), _address(_release_stream)
    stream.private_data = number
    _streams[ctypes.addressof(stream)] = stream
    found = _new_capsule(ctypes.addressof(stream), STREAM, _address(_destroy))
    return found


# --- types


def _type(column: Typed) -> Type:
    name, null = column.name.encode(), column.type in (MOMENT, SPAN, *OF_WORDS) or column.missing is not None
    if column.type == BOOLEAN:
        return Type(name, b"b", null)
    if column.type == NUMBERS:
        return Type(name, b"+l", children=(Type(b"item", b"l"),))
    if column.type in (MOMENT, SPAN):
        return Type(name, b"tsn:UTC" if column.type == MOMENT else b"tDn", null)
    plain = INTEGERS[column.values.dtype.name]
    return Type(name, plain, null, values=Type(b"", b"u") if column.type in OF_WORDS else None)


def _fill_schema(found: ArrowSchema, of: Type) -> None:
    below = [_schema(one) for one in of.children]
    pointers = (ctypes.POINTER(ArrowSchema) * len(below))(*map(ctypes.pointer, below))
    values = None if of.values is None else _schema(of.values)
    found.format, found.name, found.metadata, found.flags = of.format, of.name, None, NULLABLE if of.null else 0
    found.n_children, found.children = len(below), pointers
    found.dictionary = None if values is None else ctypes.pointer(values)
    found.release = _address(_release_schema)
    # A text given to a structure is only pointed to.
    found.private_data = _keep((of, below, pointers, values))


def _schema(of: Type) -> ArrowSchema:
    found = ArrowSchema()
    _fill_schema(found, of)
    return found


# --- arrays


def _fill_array(
    found: ArrowArray,
    count: int,
    nothing: Rows | None,
    buffers: Sequence[Rows],
    children: Sequence[ArrowArray] = (),
    values: ArrowArray | None = None,
) -> None:
    """Fill a structure in; ``nothing``: where there is nothing; ``buffers``: all but the bits that say so."""
    missing = 0 if nothing is None else int(np.count_nonzero(nothing))
    bits = _bits(~nothing) if nothing is not None and missing else None
    held = (ctypes.c_void_p * (1 + len(buffers)))(None if bits is None else bits.ctypes.data)
    for at, buffer in enumerate(buffers, 1):
        held[at] = buffer.ctypes.data
    pointers = (ctypes.POINTER(ArrowArray) * len(children))(*map(ctypes.pointer, children))
    found.length, found.null_count, found.offset = count, missing, 0
    found.n_buffers, found.n_children = len(held), len(children)
    found.buffers, found.children = held, pointers
    found.dictionary = None if values is None else ctypes.pointer(values)
    found.release = _address(_release_array)
    found.private_data = _keep((bits, list(buffers), held, list(children), pointers, values))


def _array(column: Typed) -> ArrowArray:
    found, count = ArrowArray(), len(column.values)
    values = np.ascontiguousarray(column.values)
    if column.type == NUMBERS:
        assert column.offsets is not None
        numbers = ArrowArray()
        _fill_array(numbers, count, None, [values])
        _fill_array(found, column.rows, None, [column.offsets], [numbers])
    elif column.type in OF_WORDS:
        _fill_array(found, count, column.nothing, [values], values=_texts(column.words))
    else:
        _fill_array(found, count, column.nothing, [_bits(values) if column.type == BOOLEAN else values])
    return found


def _texts(words: tuple[str, ...]) -> ArrowArray:
    found, encoded = ArrowArray(), [word.encode("utf-8", "replace") for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    _fill_array(found, len(words), None, [ends, np.frombuffer(b"".join(encoded) or b" ", dtype=np.uint8)])
    return found


def _bits(values: Rows) -> Rows:
    return np.packbits(values, bitorder="little")


# --- what consumers call


def _keep(what: Any) -> int:
    number = next(_numbers)
    _kept[number] = what
    return number


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


def _lasting(kind: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function one that C calls: it is never freed."""

    def made(function: Callable[..., Any]) -> Any:
        found = kind(function)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(found))
        return found

    return made


def _release(kind: type[ArrowSchema] | type[ArrowArray]) -> Any:
    """Return what releases a structure, with those below it, wherever its consumer moved it."""
    # Called also while the interpreter ends and modules, builtins too, have lost their names: none of them is used.
    kept, free, address, structure = _kept, RELEASE, ctypes.addressof, kind.from_address

    @_lasting(RELEASE)
    def release(pointer: int) -> None:
        found: Any = structure(pointer)
        below, at = [found.dictionary.contents] if found.dictionary else [], 0
        while at < found.n_children:
            below.append(found.children[at].contents)
            at += 1
        for one in below:
            if one.release:
                free(one.release)(address(one))
        found.release = None
        kept.pop(found.private_data, None)

    return release


_release_schema, _release_array = _release(ArrowSchema), _release(ArrowArray)


def _of_streams() -> Any:
    """Return what releases a stream, and what is called for a capsule that is gone: its consumer may have moved it."""
    kept, streams, free, address, name, kind = _kept, _streams, RELEASE, ctypes.addressof, STREAM, ArrowArrayStream
    # The capsule is being destroyed: as an object it would come to life again.
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )

    @_lasting(RELEASE)
    def release(pointer: int) -> None:
        found = kind.from_address(pointer)
        found.release = None
        kept.pop(found.private_data, None)

    @_lasting(DESTROY)
    def destroy(capsule: int) -> None:
        found = streams.pop(pointer_of(capsule, name))
        if found.release:
            free(found.release)(address(found))

    return release, destroy


_release_stream, _destroy = _of_streams()


@_lasting(GET)
def _get_schema(pointer: int, out: int) -> int:
    _, types, _ = _kept[ArrowArrayStream.from_address(pointer).private_data]
    _fill_schema(ArrowSchema.from_address(out), types)
    return DONE


@_lasting(GET)
def _get_next(pointer: int, out: int) -> int:
    rest: Iterator[Sequence[Typed]]
    _, _, rest = _kept[ArrowArrayStream.from_address(pointer).private_data]
    found = ArrowArray.from_address(out)
    columns = next(rest, None)
    if columns is None:
        # The end.
        found.release = None
    else:
        _fill_array(found, columns[0].rows, None, [], [_array(column) for column in columns])
    return DONE


@_lasting(LAST_ERROR)
def _get_last_error(pointer: int) -> int | None:
    return None


_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
