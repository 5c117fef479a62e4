"""The language of the machine: that of its locale, where it is one of ``LANGUAGES``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from .languages import ENGLISH, LANGUAGES

DETERMINING = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables that name the locale of messages; the first that is set counts (POSIX, XBD 8.2)."""
NEUTRAL = ("", "C", "POSIX")


def language_of_locale(environment: Mapping[str, str]) -> str:
    """Return the language of ``LANGUAGES`` that the environment, or Windows, asks for; English if none of them.

    ``LANGUAGE`` lists languages in order of preference, and counts unless the locale is C, as in gettext.
    """
    name = next((value for one in DETERMINING if (value := environment.get(one))), "")
    if not name and sys.platform == "win32":
        name = _of_windows()
    if name.partition(".")[0] in NEUTRAL:
        return ENGLISH
    wanted = [one for one in environment.get("LANGUAGE", "").split(":") if one] or [name]
    return next((code for one in wanted if (code := _code(one)) in LANGUAGES), ENGLISH)


def _code(name: str) -> str:
    """Return the language of a locale's name: ja of ja_JP.UTF-8@modifier, ja-JP or ja."""
    for sign in "@._-":
        name = name.partition(sign)[0]
    return name.lower()


def _of_windows() -> str:
    import ctypes
    import locale

    kernel: object = getattr(ctypes, "windll").kernel32  # noqa: B009 (only Windows has it)
    return locale.windows_locale.get(kernel.GetUserDefaultUILanguage(), "")  # type: ignore[attr-defined]
