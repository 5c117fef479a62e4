"""Lists the texts that a language does not have yet: ``python -m pcapstate.wording.missing ja``."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ..tcp.machine import TABLE, Certainty
from ..tcp.outcomes import OUTCOMES
from .findings import KINDS
from .languages import ENGLISH, LANGUAGES, language_of
from .meanings import MEANINGS
from .styles import STYLES, heading

FIELD = re.compile(r"\{\w*\}|[\W\d]")
"""What needs no translation: fields that stand alone, and signs."""
SAYING = {"say", "translate", "_say_how_many"}
"""Functions whose texts are translated."""


def texts() -> list[str]:
    """Return the English texts that the program shows: each once, in order.

    They are those that stand in its sources as arguments of what translates them, and those that any language has: a
    text may get there through a variable.
    """
    found = [*_in_sources(), *OUTCOMES, *(row.cause for row in TABLE), *(one.word for one in Certainty)]
    found += (text for code in LANGUAGES for text in language_of(code).catalog)
    for style in STYLES.values():
        found += (heading(style, all_) for all_ in (False, True))
        found += (one.title for one in (*style.titles, style.process))
    for kind in KINDS.values():
        found += (one for one in _strings(kind) if " " in one)
    return list(dict.fromkeys(one for one in found if one))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (one for part in value.values() for one in _strings(part))
    elif isinstance(value, tuple | list):
        yield from (one for part in value for one in _strings(part))


def _in_sources() -> Iterator[str]:
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = node.args[1:2] if name == "Column" else node.args if name in SAYING else []
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and FIELD.sub("", one.value).strip():
                    yield one.value


def missing(code: str) -> list[str]:
    """Return the English texts that a language does not have. Raises ValueError."""
    language = language_of(code)
    meanings = (text for state, one in MEANINGS.items() if state not in language.meanings for text in one)
    return [*(one for one in texts() if one not in language.catalog), *meanings]


def main() -> int:
    """Print the missing texts of the languages named, or of all; a line each."""
    for code in sys.argv[1:] or (one for one in LANGUAGES if one != ENGLISH):
        for text in missing(code):
            print(f"{code}\t{text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
