"""Numbers in texts, with the word for one or for several."""

from __future__ import annotations


class Count(int):
    """A number in a text: ``{n}`` 1,234; ``{n:host|hosts}`` 1,234 hosts; ``{n:=is|are}`` just the word."""

    def __format__(self, spec: str) -> str:
        """Write it as told above."""
        if "|" not in spec:
            return format(int(self), spec or ",")
        one, many = spec.removeprefix("=").split("|", 1)
        word = one if self == 1 else many
        return word if spec.startswith("=") else f"{int(self):,} {word}"
