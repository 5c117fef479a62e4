"""Questions for handouts and learning platforms: Markdown, GIFT (Moodle), JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..wording.languages import language_of, translate
from .checking import LETTERS

EXPORTS = ("markdown", "gift", "json")
SPECIAL = re.compile(r"[\\~=#{}:]")
"""What GIFT gives a meaning to (Moodle, "GIFT format", special characters)."""


class Item(NamedTuple):
    """A question in words."""

    title: str
    """Of the connection."""
    kind: str
    """A name of ``questions.Kind``."""
    packet: int
    """The packet that it is about."""
    ladder: tuple[str, ...]
    text: str
    choices: tuple[str, ...]
    right: int
    explained: tuple[str, ...]


def exported(items: Sequence[Item], format: str, lang: str) -> str:
    """Return questions in a format of EXPORTS."""
    if format == "json":
        return json.dumps([_record(one) for one in items], ensure_ascii=False, indent=1) + "\n"
    if format == "gift":
        return "\n".join(_gift(number, one, lang) for number, one in enumerate(items, 1))
    return _markdown(items, lang)


def _record(one: Item) -> dict[str, object]:
    return {
        "connection": one.title,
        "kind": one.kind,
        "packet": one.packet,
        "ladder": list(one.ladder),
        "question": one.text,
        "choices": list(one.choices),
        "answer": one.choices[one.right],
        "explanation": list(one.explained),
    }


def _markdown(items: Sequence[Item], lang: str) -> str:
    parts, title = [f"# {translate('Which state?', lang)}\n"], ""
    for number, one in enumerate(items, 1):
        if one.title != title:
            title = one.title
            parts.append(f"## {title}\n")
        ladder = "\n".join(one.ladder)
        block = f"```\n{ladder}\n```\n\n" if one.ladder else ""
        choices = "".join(f"    - {LETTERS[at]}) `{text}`\n" for at, text in enumerate(one.choices))
        parts.append(f"{block}{number}. {one.text}\n\n{choices}")
    parts.append(f"# {translate('Answers', lang)}\n")
    parts += (
        f"{number}. {LETTERS[one.right]}) `{one.choices[one.right]}`: {_sentences(one, lang)}\n"
        for number, one in enumerate(items, 1)
    )
    return "\n".join(parts)


def _gift(number: int, one: Item, lang: str) -> str:
    # A blank line would end the question, so the lines of the ladder are told apart by a sign of GIFT.
    ladder = "\\n".join(_escaped(html.escape(line)) for line in one.ladder)
    block = f"<pre>{ladder}</pre>" if one.ladder else ""
    lines = [f"::{number:03} {_escaped(one.title)}::[html]{block}<p>{_text(one.text)}</p>{{"]
    lines += (f"{'=' if at == one.right else '~'}{_text(text)}" for at, text in enumerate(one.choices))
    lines += [f"####{_text(_sentences(one, lang))}", "}", ""]
    return "\n".join(lines)


def _sentences(one: Item, lang: str) -> str:
    return language_of(lang).separator.join(one.explained)


def _text(text: str) -> str:
    return _escaped(html.escape(text, quote=False))


def _escaped(text: str) -> str:
    return SPECIAL.sub(lambda found: "\\" + found[0], text)
