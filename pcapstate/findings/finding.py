"""What a finding is, and how its text is told in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from ..messages import Message
from ..rows import Rows
from ..wording.languages import told, translate

LISTED = 20
"""Connections and packets that a finding names at most; how many there are it says as well."""


class Severity(IntEnum):
    """How much a finding matters."""

    PROBLEM = 0
    """Something is broken, or will be soon."""
    WARNING = 1
    """Something that ought to be looked at; it may be meant so."""
    NOTE = 2
    """Good to know when reading the rest."""

    @property
    def word(self) -> str:
        """The word for programs and people."""
        return self.name.lower()


class Text(NamedTuple):
    """An English template and its fields: numbers, texts, or templates themselves."""

    template: str
    fields: Mapping[str, Any]

    def told(self, language: str) -> str:
        """Return the text in a language."""
        fields = {name: _told(value, language) for name, value in self.fields.items()}
        return translate(self.template, language).format(**fields)


def _told(value: Any, language: str) -> Any:
    if isinstance(value, Text):
        return value.told(language)
    return told(value, language) if isinstance(value, Message) else value


@dataclass(frozen=True)
class Finding:
    """One thing to point at; its texts are those of its kind in ``wording.findings.KINDS``, filled with ``fields``."""

    kind: str
    severity: Severity
    fields: Mapping[str, Any]
    host: str | None = None
    """The address that it is about; None where it is about no host, or about many."""
    also: Sequence[str] = ()
    """The further sentences of its kind that hold."""
    count: int = 0
    """How many connections it is about."""
    connections: tuple[int, ...] = ()
    """The first of them (tcp.stream)."""
    packet_count: int = 0
    packets: tuple[int, ...] = ()
    """The first packets (frame.number) that show it."""
    filter: str = ""
    """A display filter of Wireshark that selects it."""
    selected: int | None = None
    """How many of the connections, or packets, that filter selects, where it is too long for all."""
    first: int | None = None
    """When what it is about began, ns since the epoch; None where nothing tells it."""
    last: int | None = None
    """When it was there the last time."""
    instead: str = ""
    """The name of what is to be done instead of what its kind says; empty: as its kind says."""


def first_of(numbers: Rows) -> tuple[int, ...]:
    """Return the first of numbers in ascending order, as many as a finding names."""
    return tuple(int(one) for one in numbers[:LISTED])


def share(part: int, whole: int) -> str:
    """Return a part of a whole in per cent."""
    per_cent = 100 * part / max(whole, 1)
    return f"{per_cent:.0f} %" if per_cent >= 10 or part == 0 else f"{per_cent:.1f} %"
