"""A table for people in another language: its titles, and the words that are pcapstate's own."""

from __future__ import annotations

from collections.abc import Sequence

from ..table import WORD, Batch, Column, Table
from ..wording.languages import translate

VOCABULARY = frozenset(
    (
        *("outcome", "endpoint", "role", "cause", "certainty", "client_guessed", "handshake_seen"),
        *("counter", "stated", "gateway"),
    )
)
"""The columns whose words are a fixed vocabulary; words of all others may come from a capture."""


def translated(table: Table, language: str) -> Table:
    """Return a table with titles and vocabulary in a language of ``wording.languages.LANGUAGES``."""
    columns = in_language(table.columns, language)
    return Table(columns, [Batch(columns, batch.cells) for batch in table.batches])


def in_language(columns: Sequence[Column], language: str) -> tuple[Column, ...]:
    """Return columns with titles and vocabulary in a language."""
    return tuple(_column(one, language) for one in columns)


def _column(column: Column, language: str) -> Column:
    column = column._replace(title=translate(column.title, language))
    if column.kind == WORD and column.name in VOCABULARY:
        column = column._replace(words=tuple(_word(word, language) for word in column.words))
    return column


def _word(word: str | bool | None, language: str) -> str | bool | None:
    if isinstance(word, bool):
        return translate("yes" if word else "no", language)
    return None if word is None else translate(word, language)
