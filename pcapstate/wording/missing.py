"""Lists the texts that a language does not have yet: ``python -m pcapstate.wording.missing ja``."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ..comparing.fates import CHANGE_WORDS, FATES
from ..comparing.pairs import PROOFS, VERDICTS
from ..hosts_word.reasons import SENTENCES
from ..report.sources import texts as texts_of_reports
from ..samples.catalogue import SAMPLES
from ..tcp.machine import TABLE, Certainty
from ..tcp.outcomes import OUTCOMES
from ..timings import STAGES
from .comparing import COMPARED, FIRST, SECOND
from .explanations import EXPLANATIONS
from .findings import KINDS
from .languages import ENGLISH, LANGUAGES, language_of
from .meanings import MEANINGS
from .styles import STYLES, heading

FIELD = re.compile(r"\{\w*\}|[\W\d]")
"""What needs no translation: fields that stand alone, and signs."""
SAYING = {
    "say": slice(0, 1),
    "translate": slice(0, 1),
    "said": slice(0, 1),
    "Text": slice(0, 1),
    "Message": slice(0, 1),
    "of_name": slice(1, 2),
    "Remark": slice(0, 1),
    "_how_many": slice(1, 3),
    "CallError": slice(0, 1),
    "CaptureError": slice(0, 1),
    "LiveError": slice(0, 1),
    "NothingInCommon": slice(0, 1),
    "OutputError": slice(0, 1),
    "UsageError": slice(0, 1),
    "ClickException": slice(0, 1),
    "BadParameter": slice(0, 1),
    "Unusable": slice(0, 1),
    "_damaged": slice(0, 1),
    "Failed": slice(0, 1),
    "_converted": slice(0, 1),
    "to_unpack": slice(0, 1),
    "Column": slice(1, 2),
}
"""Calls whose texts are translated, and which of their arguments those are."""
Values = dict[str, list[ast.expr]]
"""What each name of a module may be."""


def texts() -> list[str]:
    """Return the English texts that the program shows: each once, in order.

    They are those that its sources translate, directly or through a variable, those of the commands' help, and those
    that any language has: a text may come from another module.
    """
    found = [*_in_sources(), *in_help(), *OUTCOMES, *OUTCOMES.values(), *(one.word for one in Certainty)]
    found += (text for row in TABLE for text in (row.cause, row.reason))
    found += EXPLANATIONS.values()
    found += STAGES
    found += SENTENCES.values()
    found += texts_of_reports()
    found += (text for one in SAMPLES for text in (one.title, one.shows, *one.ask))
    found += (text for code in LANGUAGES for text in language_of(code).catalog)
    for style in STYLES.values():
        found += (heading(style, all_) for all_ in (False, True))
        found += (one.title for one in (*style.titles, style.process))
    found += (FIRST, SECOND, *FATES, *VERDICTS, *(one for one in (*PROOFS, *CHANGE_WORDS) if one))
    for kind in (*KINDS.values(), *COMPARED.values()):
        found += (one for one in _strings(kind) if " " in one)
    return list(dict.fromkeys(one for one in found if one))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (one for part in value.values() for one in _strings(part))
    elif isinstance(value, tuple | list):
        yield from (one for part in value for one in _strings(part))


def in_help() -> Iterator[str]:
    """Yield the texts of the help of all commands, and those of click."""
    # Nothing else of the package's inner parts needs the commands.
    from ..cli.main import COMMANDS, HIDDEN, Commands, cli
    from ..cli.translated import SAID_BY_CLICK, help_texts, option_texts

    context = click.Context(cli)
    own = [Commands.get_command(cli, context, name) for name in (*COMMANDS, *HIDDEN)]
    inner = [
        group.get_command(context, name)
        for group in own
        if isinstance(group, click.Group)
        for name in group.list_commands(context)
    ]
    for command in (cli, *own, *inner):
        assert command is not None
        yield from (text for text in (*help_texts(command), *option_texts(command)) if len(FIELD.sub("", text)) > 1)
    yield from SAID_BY_CLICK


def _in_sources() -> Iterator[str]:
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        yield from in_module(path.read_text("utf-8"))


def in_module(source: str) -> Iterator[str]:
    """Yield the texts that a module translates, or hands to its caller as a template with its fields."""
    nodes = list(ast.walk(ast.parse(source)))
    values: Values = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _assign(target, node.value, values)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _assign(node.target, node.value, values)
    for node in nodes:
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = node.args[SAYING[name]] if name in SAYING else []
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict):
            given = node.elts[:1]
        for one in given:
            yield from (text for text in _resolved(one, values) if FIELD.sub("", text).strip())


def _assign(target: ast.expr, value: ast.expr, values: Values) -> None:
    if isinstance(target, ast.Name):
        values.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple):
        of = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for i, one in enumerate(target.elts):
            _assign(one, of[i] if of else value, values)


def _resolved(node: ast.expr, values: Values) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
        return
    parts: list[ast.expr | None] = []
    if isinstance(node, ast.Name):
        parts += values.get(node.id, [])
        values = {name: known for name, known in values.items() if name != node.id}
    elif isinstance(node, ast.IfExp):
        parts += [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        parts += node.values
    elif isinstance(node, ast.Subscript):
        parts.append(node.value)
    elif isinstance(node, ast.Dict):
        parts += node.values
    elif isinstance(node, ast.Tuple):
        parts += node.elts
    for part in parts:
        if part is not None:
            yield from _resolved(part, values)


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
