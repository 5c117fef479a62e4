"""The plain options --state, --port and --host, as the filters that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .conditions import RANGES, Item, between, comparison, item, likeness
from .expression import Expression, both, either
from .fields import Field
from .lists import read_list

AN_ADDRESS = re.compile(r"[\d.*?]*\d[\d.*?]*|.*[:/\[\]].*", re.DOTALL | re.ASCII)
"""What is meant for an address, even where it is none."""


def from_options(
    states: Iterable[str], ports: Iterable[str], hosts: Iterable[str], fields: Mapping[str, Field]
) -> Expression | None:
    """Return the filter that the values of --state, --port and --host stand for; None where there are none.

    Each value is a list with commas. Rows fit where they have any of the states, any of the ports, and any of the
    hosts. ``fields`` has ``state``, ``port`` and ``host`` where these options are given, and ``name`` (TEXT) where
    hosts can be given by name: a host that is no address is looked for among those, with * and ? as wildcards.
    Raises QueryError.
    """
    return both(
        _any_of("state", _items("state", states, fields), fields),
        _any_of("port", _items("port", ports, fields), fields),
        _hosts(hosts, fields),
    )


def _items(name: str, texts: Iterable[str], fields: Mapping[str, Field]) -> list[Item]:
    def read(text: str) -> Item:
        low, dots, high = text.partition("..")
        if dots and fields[name].kind in RANGES:
            return between(name, fields[name], low.strip(), high.strip())
        return item(name, fields[name], text)

    return [one for text in texts for one in read_list(f"--{name}", text, read)]


def _any_of(name: str, items: list[Item], fields: Mapping[str, Field]) -> Expression | None:
    return comparison(name, fields[name], "in" if len(items) > 1 else "=", items) if items else None


def _hosts(texts: Iterable[str], fields: Mapping[str, Field]) -> Expression | None:
    def read(text: str) -> Item | Expression:
        if "name" not in fields or AN_ADDRESS.fullmatch(text):
            return item("host", fields["host"], text)
        if "*" in text or "?" in text:
            return likeness("name", fields["name"], "~", text)
        return comparison("name", fields["name"], "=", [item("name", fields["name"], text)])

    found = [one for text in texts for one in read_list("--host", text, read)]
    addresses = _any_of("host", [one for one in found if isinstance(one, Item)], fields)
    parts = [one for one in (addresses, *found) if isinstance(one, Expression)]
    return either(*parts) if parts else None
