"""The languages of headings, titles and messages; English is what stands in the code.

A message with fields is translated first and filled in afterwards, so that the text in the code is the key:
``translate("{count:,} frames are not TCP: {parts}", language).format(count=3, parts="ARP")``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

LANGUAGES = ("en", "ja")
"""The languages; the first is the one without ``--lang``."""


def translate(text: str, language: str) -> str:
    """Return an English text in a language of ``LANGUAGES``; what has no translation stays English."""
    return _catalog(language).get(text, text)


@cache
def _catalog(language: str) -> Mapping[str, str]:
    if language == "en":
        return {}
    if language == "ja":
        from .japanese import CATALOG

        return CATALOG
    raise ValueError(f"{language!r} is no language of {', '.join(LANGUAGES)}")
