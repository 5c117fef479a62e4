"""What the applications at both ends of a connection do, step by step."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Step = tuple[Any, ...]
Script = tuple[Step, ...]


def talk(chance: random.Random) -> tuple[list[Step], list[Step]]:
    """Requests and answers before the end, read to the last byte."""
    client: list[Step] = []
    server: list[Step] = []
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        request, answer = (chance.choice([0, 1, 1, 300, 1400, 9000, 40_000]) for _ in range(2))
        client += [("send", request), ("receive", answer)]
        server += [("receive", request), _rest(chance), ("send", answer)]
    return [*client, _rest(chance)], server


def _rest(chance: random.Random) -> Step:
    """A while without doing anything."""
    return ("sleep", chance.choice([0.0, 0.0, 0.001, 0.01, 0.05, 0.3, 0.6, 1.2]))


def _size(chance: random.Random) -> int:
    return chance.choice([1, 1, 100, 600, 3000])


def _close(chance: random.Random) -> tuple[Script, Script]:
    return (("close",),), (("drain",), _rest(chance), ("close",))


def _shut(chance: random.Random) -> tuple[Script, Script]:
    return (("shutdown",), ("drain",), _rest(chance), ("close",)), (("drain",), _rest(chance), ("close",))


def _half_close(chance: random.Random) -> tuple[Script, Script]:
    """The peer goes on sending for long after it got the FIN."""
    more = chance.choice([1, 3000, 60_000])
    answer = (("drain",), ("send", more), _rest(chance), ("send", _size(chance)), _rest(chance), ("close",))
    return (("shutdown",), ("drain",), _rest(chance), ("close",)), answer


def _simultaneous(chance: random.Random) -> tuple[Script, Script]:
    return (("meet",), ("close",)), (("meet",), ("close",))


def _simultaneous_shutdown(chance: random.Random) -> tuple[Script, Script]:
    both = (("meet",), ("shutdown",), ("drain",), _rest(chance), ("close",))
    return both, both


def _fin_with_data(chance: random.Random) -> tuple[Script, Script]:
    answer = (("drain",), _rest(chance), ("cork",), ("send", _size(chance)), ("close",))
    return (("cork",), ("send", _size(chance)), ("close",)), answer


def _fins_with_data_cross(chance: random.Random) -> tuple[Script, Script]:
    both = (("meet",), ("cork",), ("send", _size(chance)), ("close",))
    return both, both


def _data_after_close(chance: random.Random) -> tuple[Script, Script]:
    """The peer sends to an end that has closed, which answers with RST."""
    return (("close",),), (_rest(chance), ("send", _size(chance)), _rest(chance), ("close",))


def _unread(chance: random.Random) -> tuple[Script, Script]:
    """Closed with data unread: RST instead of FIN."""
    nap = ("sleep", chance.choice([0.05, 0.2, 0.5]))
    return (nap, ("close",)), (("send", _size(chance)), ("drain",), _rest(chance), ("close",))


def _unread_after_shutdown(chance: random.Random) -> tuple[Script, Script]:
    nap = ("sleep", chance.choice([0.05, 0.2, 0.5]))
    return (("shutdown",), nap, ("close",)), (("drain",), ("send", _size(chance)), _rest(chance), ("close",))


def _abort(chance: random.Random) -> tuple[Script, Script]:
    return (("abort",),), (("drain",), _rest(chance), ("close",))


def _abort_after_shutdown(chance: random.Random) -> tuple[Script, Script]:
    return (("shutdown",), _rest(chance), ("abort",)), (("drain",), _rest(chance), ("send", 100), ("close",))


def _abort_in_close_wait(chance: random.Random) -> tuple[Script, Script]:
    return (("shutdown",), ("drain",), ("close",)), (("drain",), _rest(chance), ("abort",))


def _abort_both(chance: random.Random) -> tuple[Script, Script]:
    return (("meet",), ("abort",)), (("meet",), ("abort",))


def _close_in_mid_stream(chance: random.Random) -> tuple[Script, Script]:
    """An end closes while much is on its way to it."""
    return (("sleep", chance.choice([0.0, 0.01, 0.1])), ("close",)), (("send", 90_000), _rest(chance), ("close",))


def _long_last_data(chance: random.Random) -> tuple[Script, Script]:
    """The FIN waits behind data."""
    return (("send", 60_000), ("close",)), (("drain",), _rest(chance), ("close",))


def _open_to_the_end(chance: random.Random) -> tuple[Script, Script]:
    return (("wait",),), (("wait",),)


def _one_waits(chance: random.Random) -> tuple[Script, Script]:
    """The peer never closes."""
    return (chance.choice([(("shutdown",), ("wait",)), (("close",),)]), (("drain",), ("wait",)))


# How connections end: what the end that begins with it does, and what the other does.
ENDINGS: dict[str, Callable[[random.Random], tuple[Script, Script]]] = {
    "close": _close,
    "close again": _close,
    "shutdown": _shut,
    "half close": _half_close,
    "simultaneous": _simultaneous,
    "simultaneous shutdown": _simultaneous_shutdown,
    "FIN with data": _fin_with_data,
    "FINs with data cross": _fins_with_data_cross,
    "data after close": _data_after_close,
    "unread": _unread,
    "unread after shutdown": _unread_after_shutdown,
    "abort": _abort,
    "abort after shutdown": _abort_after_shutdown,
    "abort in CLOSE_WAIT": _abort_in_close_wait,
    "abort by both": _abort_both,
    "close in mid-stream": _close_in_mid_stream,
    "long last data": _long_last_data,
    "open": _open_to_the_end,
    "one waits": _one_waits,
}
