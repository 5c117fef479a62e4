"""The languages of headings, titles and messages; English is what stands in the code.

A message with fields is translated first and filled in afterwards, so that the text in the code is the key:
``translate("{count:,} frames are not TCP: {parts}", language).format(count=3, parts="ARP")``.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from ..messages import Message
from .language import Language

ENGLISH = "en"
_FOLDERS = (
    one for one in os.scandir(os.path.dirname(__file__)) if os.path.exists(os.path.join(one.path, "__init__.py"))
)
LANGUAGES = (ENGLISH, *sorted(one.name for one in _FOLDERS))
"""The codes of all languages; the first is that of the texts in the code."""

OWN_NAMES = {"en": "English", "ja": "日本語"}
"""What languages are called in their own words, where that is not their code."""


def translate(text: str, code: str) -> str:
    """Return an English text in a language of ``LANGUAGES``; what has no translation stays English."""
    return language_of(code).catalog.get(text, text)


def told(text: str, code: str) -> str:
    """Return a message, or a text without fields, in a language of ``LANGUAGES``."""
    if code == ENGLISH:
        return text
    if not isinstance(text, Message):
        return translate(text, code)
    template = translate(text.template, code)
    if not text.fields:
        return template
    return template.format(
        **{name: told(one, code) if isinstance(one, Message) else one for name, one in text.fields.items()}
    )


@cache
def language_of(code: str) -> Language:
    """Return the language with a code. Raises ValueError."""
    if code not in LANGUAGES:
        raise ValueError(f"{code!r} is no language of {', '.join(LANGUAGES)}")
    if code == ENGLISH:
        return Language({}, {})
    found: Language = import_module(f".{code}", __package__).LANGUAGE
    return found
