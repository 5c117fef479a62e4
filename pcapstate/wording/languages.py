"""The languages of headings, titles and messages; English is what stands in the code.

A message with fields is translated first and filled in afterwards, so that the text in the code is the key:
``translate("{count:,} frames are not TCP: {parts}", language).format(count=3, parts="ARP")``.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from .language import Language

ENGLISH = "en"
LANGUAGES = (ENGLISH, *sorted(one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]) if one.ispkg))
"""The codes of all languages; the first is the one without ``--lang``."""


def translate(text: str, code: str) -> str:
    """Return an English text in a language of ``LANGUAGES``; what has no translation stays English."""
    return language_of(code).catalog.get(text, text)


@cache
def language_of(code: str) -> Language:
    """Return the language with a code. Raises ValueError."""
    if code not in LANGUAGES:
        raise ValueError(f"{code!r} is no language of {', '.join(LANGUAGES)}")
    if code == ENGLISH:
        return Language({}, {})
    found: Language = import_module(f".{code}", __package__).LANGUAGE
    return found
