r"""Zeek's conn.log: tab-separated values behind lines that describe them, as Zeek's own ASCII writer writes it.

Nothing in it needs escaping: no value has a tab, a line break, a ``\x`` or a comma, and none begins with ``#``. A text
that is what stands for nothing would be written with its first character as ``\x``, as Zeek does it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ...table import Column, Table
from ..writer import Layout
from .format import Format, Writer

UNSET, EMPTY = "-", "(empty)"
TYPES = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "local_orig": "bool",
    "local_resp": "bool",
    "missed_bytes": "count",
    "history": "string",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "tunnel_parents": "set[string]",
    "ip_proto": "count",
}
"""Zeek's type of each field."""


class ZeekWriter(Writer):
    """What describes the values comes once, before them; when the log was begun and ended is the time of writing."""

    _begun = False

    def more(self, table: Table) -> Iterator[bytes]:
        """Yield the text of a further table."""
        if not self._begun:
            self._begun = True
            names = [column.name for column in table.columns]
            yield _head(names)
        yield from self._rows(table, zeek_layout)

    def end(self) -> Iterator[bytes]:
        """Yield the last line."""
        yield _line("#close", _now())


def zeek_layout(columns: tuple[Column, ...]) -> Layout:
    """Lay rows out as lines of a log."""
    before = ["" if index == 0 else "\t" for index in range(len(columns))]
    return Layout(columns, before, "\n", _word, UNSET)


def _word(column: Column, word: Any) -> str:
    if word is None:
        return UNSET
    text = str(word)
    if text in (UNSET, EMPTY):
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    return text or EMPTY


def _head(names: list[str]) -> bytes:
    return b"".join(
        (
            b"#separator \\x09\n",
            _line("#set_separator", ","),
            _line("#empty_field", EMPTY),
            _line("#unset_field", UNSET),
            _line("#path", "conn"),
            _line("#open", _now()),
            _line("#fields", *names),
            _line("#types", *(TYPES[name] for name in names)),
        )
    )


def _line(*parts: str) -> bytes:
    return ("\t".join(parts) + "\n").encode()


def _now() -> str:
    return time.strftime("%Y-%m-%d-%H-%M-%S")


FORMAT = Format("zeek", 20, (), ZeekWriter, one_table=True, command="connections")
