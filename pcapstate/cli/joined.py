"""Consecutive tables for programs, joined to one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Joined:
    """The text of consecutive tables, joined to that of one table."""

    def __init__(self, format: str) -> None:
        self._format = format
        self._begun = False

    def more(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text of a further table."""
        text = b"".join(pieces)
        begun = self._begun
        if self._format == "json":
            text = text.removeprefix(b"[").removesuffix(b"]\n").rstrip(b"\n")
            if text:
                self._begun = True
                yield (b"," if begun else b"[") + text
            return
        self._begun = True
        if self._format == "csv" and begun:
            text = text.partition(b"\r\n")[2]
        yield text

    def end(self) -> Iterator[bytes]:
        """Yield the end of the text."""
        if self._format == "json":
            yield b"\n]\n" if self._begun else b"[]\n"
