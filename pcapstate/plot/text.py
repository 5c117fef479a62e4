"""The picture as text: bars of block characters, or of ASCII, in a terminal's colours where it has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..output.colours import painted
from ..output.paragraphs import wrapped
from ..output.widths import display_width
from ..table import PLAIN
from ..views.reading_aids import STATE_TONES
from .picture import Band, Picture
from .ticks import Tick, ticks

WIDTH = 100
"""Columns in a file or a pipe."""
WIDEST = 400
FEWEST = 8
"""Columns of the bars at least."""
HIGHEST = 4
"""Lines of a band at most."""
LOWEST = 2
"""Lines of a band in a file or a pipe."""


class Signs(NamedTuple):
    """What bars and axes are drawn with."""

    bars: str
    """From nothing to a full cell."""
    side: str
    corner: str
    line: str
    mark: str


SIGNS, ASCII_SIGNS = Signs(" ▁▂▃▄▅▆▇█", "│", "└", "─", "┬"), Signs(" .:#", "|", "+", "-", "+")


def drawn(
    picture: Picture, width: int = WIDTH, height: int | None = None, signs: Signs = SIGNS, colour: bool = False
) -> str:
    """Return the picture in lines of ``width`` columns; ``height``: of the terminal, None: it is none."""
    head = [line for one in (picture.title, *picture.subtitles) for line in wrapped(one, width)]
    counted = [(band.name, f"{band.most:,}") for band in picture.bands(1)]
    if not counted:
        return "\n".join((*head, ""))
    names, numbers = (max(map(display_width, column)) for column in zip(*counted, strict=True))
    room = max(width - names - numbers - 3, FEWEST)
    # Two lines of axis, and that of the prompt.
    lines = LOWEST if height is None else (height - len(head) - 4) // len(counted)
    lines = min(max(lines, 1), HIGHEST)
    body = [
        line
        for band in picture.bands(room)
        for line in _band(band, names, numbers, min(lines, max(band.most, 1)), signs, colour)
    ]
    return "\n".join((*head, "", *body, *_axis(picture, names + numbers + 2, room, signs), ""))


def _band(band: Band, names: int, numbers: int, lines: int, signs: Signs, colour: bool) -> Iterator[str]:
    """Yield the lines of a band: its bars, behind its name and its largest number.

    ``lines``: how many there are at most; a number of 1 needs no more than one.
    """
    lines = min(lines, max(band.most, 1))
    levels = len(signs.bars) - 1
    # The highest bar leaves some of its cell free, so that it does not touch the band above.
    full = lines * levels - 1
    heights = -(-band.values * full // max(band.most, 1))
    tone = PLAIN if band.state is None or not colour else STATE_TONES[band.state]
    name = painted(band.name, tone) + " " * (names - display_width(band.name))
    for line in range(lines):
        lead = f"{name} {band.most:>{numbers},} " if line == 0 else " " * (names + numbers + 2)
        cells = np.clip(heights - levels * (lines - 1 - line), 0, levels)
        bars = "".join(signs.bars[cell] for cell in cells.tolist()).rstrip()
        yield f"{lead}{signs.side}{painted(bars, tone)}"


def _axis(picture: Picture, indent: int, room: int, signs: Signs) -> Iterator[str]:
    """Yield the line under the bars, and the times below it."""
    start, end = picture.over_time.start, picture.over_time.end
    span = max(end - start, 1)

    def column(tick: Tick) -> int:
        return min((tick.time - start) * room // span, room - 1)

    found = ticks(start, end, picture.how.times, lambda step, longest: step * room // span >= longest + 2)
    line, below = list(signs.line * room), ""
    for tick in found:
        at = column(tick)
        line[at] = signs.mark
        # The last one ends where the line does.
        at = min(at, room - len(tick.text))
        if at >= len(below) + (2 if below else 0) or not below:
            below += " " * (at - len(below)) + tick.text
    yield " " * indent + signs.corner + "".join(line)
    if below:
        yield " " * (indent + 1) + below
