"""Fields and rows to try filters on: rows as dictionaries of Python values, and as the columns that a lookup gives."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pcapstate.query.fields import Field, Kind
from pcapstate.query.parser import parse
from pcapstate.tcp.states import State

OUTCOMES = ("open", "reset by client", None, "half-closed")
SECOND = 1_000_000_000


def read_time(text: str) -> int:
    if text == "noon":
        return 43_200 * SECOND
    if not text.lstrip("-").isdecimal():
        raise ValueError(f"{text!r} is no time")
    return int(text) * SECOND


FIELDS = {
    "port": Field(Kind.PORT, ("client_port", "server_port")),
    "client_port": Field(Kind.PORT, ("client_port",)),
    "state": Field(Kind.STATE, ("client_state", "server_state")),
    "client_state": Field(Kind.STATE, ("client_state",)),
    "age": Field(Kind.DURATION, ("age",)),
    "skew": Field(Kind.DURATION, ("skew",), signed=True),
    "bytes": Field(Kind.NUMBER, ("bytes",)),
    "opened": Field(Kind.TIME, ("opened",), read=read_time),
    "outcome": Field(Kind.WORD, ("outcome",), words=OUTCOMES),
    "name": Field(Kind.TEXT, ("client_name", "server_name")),
    "host": Field(Kind.ADDRESS, ("client_host", "server_host")),
    "handshake_seen": Field(Kind.FLAG, ("handshake_seen",)),
    "guessed": Field(Kind.FLAG, ("guessed",)),
}

ROW: dict[str, Any] = {
    "client_port": 51000,
    "server_port": 443,
    "client_state": State.ESTABLISHED,
    "server_state": State.CLOSE_WAIT,
    "age": 60 * SECOND,
    "skew": -5,
    "bytes": 1500,
    "opened": 100 * SECOND,
    "outcome": 1,
    "client_name": None,
    "server_name": "www.Example.com",
    "client_host": "10.0.0.5",
    "server_host": "2001:db8::1",
    "handshake_seen": True,
    "guessed": -1,
}
"""One row; flags and numbers below 0 (but ``skew``), NEVER and None are nothing."""


def bits(addresses: Iterable[str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    values = []
    for text in addresses:
        address = ipaddress.ip_address(text)
        values.append(int(address) if address.version == 6 else 0xFFFF << 32 | int(address))
    high, low = ([value >> shift & (1 << 64) - 1 for value in values] for shift in (64, 0))
    return np.array(high, dtype=np.uint64).view(np.int64), np.array(low, dtype=np.uint64).view(np.int64)


def lookup(rows: list[dict[str, Any]]) -> Callable[[str], Any]:
    """Return the columns of rows, with the types that views have: narrow integers, words and indices, bits."""

    def column(name: str) -> Any:
        values = [row[name] for row in rows]
        if name.endswith("_host"):
            return bits(values)
        if name == "client_name":
            return np.array([*values, None], dtype=object)[:-1]
        if name == "server_name":
            words = [*dict.fromkeys(values)]
            return words, np.array([words.index(value) for value in values], dtype=np.int64)
        types = {"client_port": "u2", "server_port": "u2", "client_state": "u1", "handshake_seen": "?", "guessed": "i1"}
        return np.array(values, dtype=types.get(name, "i8"))

    return column


def chosen(text: str, rows: list[dict[str, Any]]) -> list[bool]:
    result = parse(text, FIELDS).evaluate(lookup(rows))
    assert result.dtype == bool
    return [bool(one) for one in result]


def fits(text: str, **values: Any) -> bool:
    """Tell whether ROW, with some other values, fits a filter."""
    (one,) = chosen(text, [ROW | values])
    return one
