"""The registry of link types, and the dispatch function generated from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...kernels.source import Function, inner

Decoder = Callable[..., tuple[int, int]]


class LinkType(NamedTuple):
    """A link type: its number is a LINKTYPE_ (or DLT_) value."""

    number: int
    name: str
    decode: Decoder
    least: int
    common: bool


LINK_TYPES: dict[int, LinkType] = {}


def link_type(*numbers: int, name: str, least: int = 4, common: bool = False) -> Callable[[Function], Function]:
    """Register a kernel that reads the header of frames of some link types.

    Its arguments are the capture bytes, and begin and end of a frame with at least ``least`` bytes. It returns an
    EtherType (or ``BY_VERSION``) and the offset of the payload; without a payload, -1 minus the index in ``skipped`` of
    the reason in place of the EtherType. ``common``: dispatched first, within the hot path.
    """

    def register(function: Function) -> Function:
        kernel = inner(function)
        for number in numbers:
            if number in LINK_TYPES:
                raise ValueError(f"link type {number} is registered twice")
            LINK_TYPES[number] = LinkType(number, name, kernel, least, common)
        return kernel

    return register


def registered() -> list[LinkType]:
    """Return all link types, in the order of their numbers."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "dispatch":
            importlib.import_module(f"{__package__}.{module.name}")
    return [LINK_TYPES[number] for number in sorted(LINK_TYPES)]


def choosing(types: Sequence[LinkType], otherwise: Callable[..., tuple[int, int]], too_short: int) -> Decoder:
    """Return a function (data, at, end, link type) that calls the decoder of a link type, or ``otherwise``.

    It is one chain of conditions, which Numba compiles well and plain Python runs fast.
    """
    names: dict[str, Any] = {"__name__": __name__, "otherwise": otherwise}
    lines = ["def choose(data, at, end, linktype):"]
    for decode in dict.fromkeys(one.decode for one in types):
        same = [one for one in types if one.decode is decode]
        called = f"decode_{same[0].number}"
        names[called] = decode
        lines.append(f"    if {' or '.join(f'linktype == {one.number}' for one in same)}:")
        if same[0].least:
            lines += [f"        if end - at < {same[0].least}:", f"            return {too_short}, at"]
        lines.append(f"        return {called}(data, at, end)")
    lines.append("    return otherwise(data, at, end, linktype)")
    exec("\n".join(lines), names)
    choose: Decoder = names["choose"]
    return choose
