"""A ladder as text, with a sentence under each packet that changes a state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..output.colours import painted
from ..output.paragraphs import wrapped
from ..samples.catalogue import Sample
from ..tcp.states import State
from ..views.reading_aids import Manner
from ..views.samples import heading
from ..wording.languages import translate
from .drawing import ASCII_SIGNS, SIGNS, Ladder, Line
from .explaining import SIDES, Fold, Part, Said
from .sentences import Sentences
from .steps import Steps

WIDTH = 100
"""Columns of a ladder in a file or a pipe."""
INDENT = 4
AT_AN_END = (State.CLOSED, State.TIME_WAIT, State.LISTEN)
"""States behind which nothing of a connection is to come."""

CAPTURE_ENDS = Said("capture-ends", {})


class Drawing:
    """The text of a ladder with its sentences, in lines of ``width`` columns.

    ``number``, ``ends``: of the connection, its client and its server; ``brief``: without sentences.
    """

    def __init__(
        self,
        number: int,
        ends: tuple[str, str],
        steps: Steps,
        how: Manner,
        width: int = WIDTH,
        colour: bool = False,
        ascii_: bool = False,
        brief: bool = False,
    ) -> None:
        self._number, self._ends, self._steps, self._how, self._brief = number, ends, steps, how, brief
        self._width, self._colour = width, colour
        self._ladder = Ladder(steps, self._width, how, ASCII_SIGNS if ascii_ else SIGNS)
        self._sentences = Sentences(how, "->" if ascii_ else "→")

    def pieces(self, found: Iterable[Part], ended: bool, sample: Sample | None = None) -> Iterator[bytes]:
        """Yield the text of the heading, and of each part; ``ended``: behind the last step the capture has ended."""
        lang = self._how.lang
        if sample is not None:
            yield "".join(f"\n{self._paragraph(text, 0)}" for text in heading(sample, lang)).encode()
        title = translate("connection {number}", lang).format(number=self._number)
        ends = (f"{translate(role, lang)} {end}" for role, end in zip(SIDES, self._ends, strict=True))
        yield f"\n{title}: {', '.join(ends)}\n\n".encode()
        apart = True
        for part in found:
            apart = part.fold is not None or bool(part.said)
            yield "".join(self._lines(part)).encode()
        if self._brief:
            return
        rest = [self._paragraph(self._sentences.sentence(CAPTURE_ENDS))] if ended and self._left_open() else []
        if sample is not None:
            rest.append("".join(self._paragraph(f"? {translate(text, lang)}", 0) for text in sample.ask))
        yield ("" if apart else "\n").encode() + "\n".join(rest).encode()

    def _left_open(self) -> bool:
        return any(state not in AT_AN_END for state in self._steps[-1].after) if len(self._steps) else False

    def _lines(self, part: Part) -> Iterator[str]:
        if part.fold is not None:
            yield f"{self._folded(part.fold)}\n" if self._brief else f"{self._folded(part.fold)}\n\n"
        else:
            yield f"{self._drawn(self._ladder[part.at])}\n"
        if part.said and not self._brief:
            yield from (self._paragraph(self._sentences.sentence(said)) for said in part.said)
            yield "\n"

    def _drawn(self, line: Line) -> str:
        return "".join(painted(run.text, run.tone) if self._colour else run.text for run in line).rstrip()

    def _folded(self, fold: Fold) -> str:
        return self._paragraph(f"... {self._sentences.fold(fold)}").rstrip("\n")

    def _paragraph(self, text: str, indent: int = INDENT) -> str:
        return "".join(f"{' ' * indent}{line}\n" for line in wrapped(text, min(self._width, WIDTH) - indent))
