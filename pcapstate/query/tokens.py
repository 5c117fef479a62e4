"""A filter in text, cut into words, quoted strings and symbols."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..escaping import quoted
from ..messages import Message
from .errors import QueryError

SYMBOLS = ("..", "==", "!=", "!~", "<=", ">=", "&&", "||", "=", "<", ">", "~", "!", "(", ")", "{", "}", ",")
SAME = {"==": "=", "&&": "and", "||": "or", "!": "not", "matches": "~"}
"""What has two spellings."""
KEYWORDS = ("and", "or", "not", "in", "contains", "matches")

WORD, STRING, SYMBOL, END = range(4)
"""Kinds of token. A keyword is a SYMBOL."""

_SYMBOL = re.compile("|".join(re.escape(one) for one in SYMBOLS))
_WORD = re.compile(r"""(?:(?!\.\.)[^\s(){},=!<>~&|"'])+""")
_STRING = re.compile(r"""(["'])((?:\\.|(?!\1|\\).)*)\1""", re.DOTALL)
_SPACE = re.compile(r"\s*")


class Token(NamedTuple):
    """One token: of a STRING ``text`` is what is meant, of a SYMBOL its one spelling."""

    kind: int
    text: str
    position: int
    length: int

    def is_(self, *symbols: str) -> bool:
        """Tell whether it is one of these symbols or keywords."""
        return self.kind == SYMBOL and self.text in symbols


def tokens(text: str, source: str) -> list[Token]:
    """Return the tokens of a text, with an END behind them; raises QueryError."""
    found = []
    at = _after_space(text, 0)
    while at < len(text):
        if match := _SYMBOL.match(text, at):
            found.append(Token(SYMBOL, SAME.get(match[0], match[0]), at, len(match[0])))
        elif match := _WORD.match(text, at):
            folded = match[0].casefold()
            if folded in KEYWORDS:
                found.append(Token(SYMBOL, SAME.get(folded, folded), at, len(match[0])))
            else:
                found.append(Token(WORD, match[0], at, len(match[0])))
        elif match := _STRING.match(text, at):
            found.append(Token(STRING, re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL), at, len(match[0])))
        elif text[at] in "\"'":
            raise QueryError(source, text, at, len(text) - at, Message("the quote opened"), Message(" is never closed"))
        else:
            hint = Message(" ({text} is meant?)", text=quoted(text[at] * 2)) if text[at] in "&|" else ""
            raise QueryError(source, text, at, 1, Message("unexpected {text}", text=quoted(text[at])), hint)
        at = _after_space(text, at + found[-1].length)
    found.append(Token(END, "", len(text), 0))
    return found


def as_written(text: str) -> str:
    """Return a value as a filter can have it: bare, or in quotes where it needs them."""
    if _WORD.fullmatch(text) and text.casefold() not in KEYWORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
