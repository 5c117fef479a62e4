"""Fuzzing of what reads the command line: filters, values of options, columns, moments."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pcapstate.capture import Capture
from pcapstate.errors import PcapstateError
from pcapstate.escaping import safe
from pcapstate.kernels.running import Kernels
from pcapstate.moments import parse_moment, written
from pcapstate.query.columns import select_columns, sort_order
from pcapstate.query.expression import Lookup
from pcapstate.query.ordering import order
from pcapstate.query.parser import parse
from pcapstate.query.shorthands import from_options
from pcapstate.rows import Rows
from pcapstate.sockets import columns
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.views import connection_columns, timeline_columns
from pcapstate.views.connections import Beside, Connections, Words
from pcapstate.zeek.watcher import Stories

from . import mutating
from .target import PCAPS, ROOT, Wrong

_table: list[FlowTable] = []


def _office() -> FlowTable:
    if not _table:
        capture = Capture(CaptureReader(PCAPS / "office.pcapng", Kernels()), details=True, watchers=[Stories()])
        for _ in capture.follow():
            pass
        _table.append(capture.table)
    return _table[0]


def _time(text: str) -> int:
    return parse_moment(text, True).time(1_700_000_000 * 10**9, 1_700_000_100 * 10**9)


def filters(data: bytes) -> None:
    """Read a text as a filter, as values of options, as columns to sort by and to show; apply what can be applied."""
    text = data.decode("utf-8", "surrogateescape")
    for of in (connection_columns, columns, timeline_columns):
        fields = of.fields(_time)
        for reading in (
            lambda fields=fields: parse(text, fields),
            lambda fields=fields: from_options([text] if "state" in fields else [], [], [], fields),
            lambda fields=fields: from_options([], [text], [], fields),
            lambda fields=fields: from_options([], [], [text], fields),
        ):
            expression = _answered(reading)
            if expression is not None and of is connection_columns:
                rows = np.arange(len(_office().connections))
                if len(expression.evaluate(Connections(_office(), rows, _beside()).compared)) != len(rows):
                    raise Wrong("not an answer for each row")
    keys = _answered(lambda: sort_order(text, connection_columns.BY_NAME))
    if keys:
        rows = np.arange(len(_office().connections))
        if sorted(order(keys, _values, rows).tolist()) != rows.tolist():
            raise Wrong("not each row once")
    _answered(lambda: select_columns(text, connection_columns.BY_NAME))


def _values(part: slice) -> Lookup:
    return Connections(_office(), np.arange(part.start, part.stop), _beside()).compared


def _beside() -> Beside:
    return Beside(_office().clock, _names)


def _names(table: FlowTable, rows: Rows, name: str) -> Words:
    return (None, "www.example.com"), rows % 2


def moments(data: bytes) -> None:
    """Read a text as a moment."""
    text = data.decode("utf-8", "surrogateescape")
    for utc in (True, False):
        found = _answered(partial(parse_moment, text, utc))
        if found is not None:
            for start, end in ((0, 0), (1_700_000_000 * 10**9, 1_700_000_100 * 10**9), (2**62 - 1, 2**62 - 1)):
                time = found.time(start, end)
                if abs(time) < 2**62:
                    written(time, utc)


def _answered(reading: Callable[[], Any]) -> Any:
    try:
        return reading()
    except PcapstateError as error:
        if safe(str(error)) != str(error):
            raise Wrong(f"an error that cannot be shown: {error!r}") from None
    return None


def filter_seeds() -> list[bytes]:
    """Return the filters of the documentation, and all columns."""
    text = (ROOT / "docs" / "filters.md").read_text()
    words = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^(?!#|\|)\S.*[=~<>].*$", text, re.MULTILINE)]
    return [
        one.encode()
        for one in dict.fromkeys((*words, "-client,server", ",".join(connection_columns.BY_NAME), "80,443"))
    ]


def moment_seeds() -> list[bytes]:
    """Return a moment of each kind."""
    return [
        *(b"12.5", b"-3", b"#417", b"14:05:10", b"14:05:10,5", b"2023-11-14 22:13:20Z", b"@1700000000.5"),
        *(b"2023-11-14T22:13:20.123456789+01:00", b"2023-1-1", b"9999-12-31 23:59:59-23:59", b"0001-01-01", b"1e9"),
    ]


def any_text(data: bytes, chance: random.Random) -> bytes:
    """Return a text with words of others put into it, or any bytes changed."""
    if chance.random() < 0.5:
        words = chance.choice(WORDS)
        at = chance.randrange(len(data) + 1)
        return data[:at] + words + data[at + chance.randrange(4) :]
    return mutating.any_bytes(data, chance)


WORDS = (
    *(
        b" and ",
        b" or ",
        b"not ",
        b"(",
        b")",
        b"{",
        b"}",
        b" in ",
        b"..",
        b"=",
        b"!=",
        b"~",
        b" contains ",
        b'"',
        b"\\",
    ),
    *(
        b"state",
        b"port",
        b"host",
        b"client",
        b"age",
        b"bytes",
        b"60s",
        b"443",
        b"::/0",
        b"10.0.0.0/8",
        b"*",
        b"?",
        b",",
    ),
    *(b"-", b"+", b"#", b"@", b":", b".", b"Z", b"9999999999999999999", "\u0663".encode(), b"\0", b"\x1b[", b"\xff"),
)
