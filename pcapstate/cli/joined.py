"""Tables for programs that come one after the other, as one run of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Joined:
    """Runs of rows that come one after the other, joined to what one run would be."""

    def __init__(self, format: str) -> None:
        self._format = format
        self._begun = False

    def more(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text of a further run."""
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
        """Yield what ends it all."""
        if self._format == "json":
            yield b"\n]\n" if self._begun else b"[]\n"
