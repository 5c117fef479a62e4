"""The picture as shapes: where areas, lines and texts are, for whatever draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..rows import Rows
from ..tcp.states import State
from .picture import Band, Picture
from .ticks import numbers, ticks

WIDTH, MARGIN = 1000, 20
LEFT, RIGHT = 190, 24
"""Room beside the bands: for their names, and for half of the last time."""
CHART = WIDTH - LEFT - RIGHT
"""Width of the bands, each of as many columns."""
ALL_HEIGHT, HEIGHT, GAP = 200, 52, 16
"""Heights of the band of all, and of each other; room between two."""
TITLE_SIZE, NAME_SIZE, SIZE = 20, 15, 13
TOP, LEADING, BOTTOM = 34, 20, 34
CHARACTER = 8
"""Width of a digit of a time on the axis, and of the room around it."""
TALLER = 1.06
"""Height of the band of all beside its highest column."""


class Area(NamedTuple):
    """A surface: its corners, and the name of its colour."""

    points: Sequence[tuple[float, float]]
    colour: str


class Line(NamedTuple):
    """A straight line."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str


class Label(NamedTuple):
    """A text: where its line stands, and which part of it is there (``start``, ``middle`` or ``end``)."""

    at: tuple[float, float]
    text: str
    size: int = SIZE
    colour: str = "ink"
    anchor: str = "start"
    bold: bool = False


Shape = Area | Line | Label


class Layout(NamedTuple):
    """A picture as shapes, those behind others first."""

    height: int
    shapes: tuple[Shape, ...]


def layout(picture: Picture) -> Layout:
    """Return where everything is."""
    bands = picture.bands(CHART)
    heads = (picture.title, *picture.subtitles)
    top = TOP + LEADING * len(heads)
    heights = [ALL_HEIGHT if band.state is None else HEIGHT for band in bands]
    tops = [top + sum(heights[:number]) + GAP * number for number in range(len(bands))]
    bottom = tops[-1] + heights[-1] if bands else top
    shapes = [
        *_head(heads),
        *_axis(picture, top, bottom),
        *(one for band, y, high in zip(bands, tops, heights, strict=True) for one in _band(picture, band, y, high)),
    ]
    return Layout(bottom + BOTTOM, tuple(shapes))


def _head(lines: Sequence[str]) -> Iterator[Shape]:
    yield Label((MARGIN, TOP), lines[0], TITLE_SIZE, bold=True)
    for number, line in enumerate(lines[1:], 1):
        yield Label((MARGIN, TOP + 4 + LEADING * number), line, colour="faint")


def _band(picture: Picture, band: Band, top: float, height: float) -> Iterator[Shape]:
    bottom = top + height
    middle = top + height / 2
    if band.state is None:
        scale = height / max(band.most * TALLER, 1)
        for number in numbers(band.most, 4):
            y = bottom - number * scale
            yield Line((LEFT, y), (LEFT + CHART, y), "line")
            yield Label((LEFT - 12, y + 4), f"{number:,}", colour="faint", anchor="end")
        below = np.zeros(CHART)
        for state, counts in zip(picture.states, picture.stacked(CHART), strict=True):
            yield from _areas(bottom - below * scale, bottom - (below + counts) * scale, state)
            below = below + counts
    else:
        yield Line((LEFT, bottom), (LEFT + CHART, bottom), "line")
        scale = (height - 2) / max(band.most, 1)
        yield from _areas(np.full(CHART, bottom), bottom - band.values * scale, band.state)
        yield _swatch(MARGIN, middle - 16, band.state)
    yield Label((MARGIN + 18, middle - 4), band.name, NAME_SIZE, bold=True)
    most = picture.said("at most {count:,}").format(count=band.most)
    yield Label((MARGIN + 18, middle + 15), most, colour="faint")


def _areas(lower: Rows, upper: Rows, state: State) -> Iterator[Area]:
    """Yield the surfaces between two lines of steps, one for each run of columns in which there is any."""
    there = np.flatnonzero(np.diff((lower != upper).astype(np.int8), prepend=0, append=0)).tolist()
    for first, last in zip(there[::2], there[1::2], strict=True):
        along = [*_steps(upper[first:last], first), *reversed([*_steps(lower[first:last], first)])]
        yield Area(along, state.name)


def _steps(heights: Rows, first: int) -> Iterator[tuple[float, float]]:
    """Yield the corners of a line that is level within each column, from a column on."""
    edges = [0, *(np.flatnonzero(np.diff(heights)) + 1).tolist(), len(heights)]
    for start, end in pairwise(edges):
        y = round(float(heights[start]), 1)
        yield LEFT + first + start, y
        yield LEFT + first + end, y


def _swatch(x: float, y: float, state: State) -> Area:
    return Area(((x, y), (x + 12, y), (x + 12, y + 12), (x, y + 12)), state.name)


def _axis(picture: Picture, top: float, bottom: float) -> Iterator[Shape]:
    start, end = picture.over_time.start, picture.over_time.end
    span = max(end - start, 1)
    yield Line((LEFT, bottom), (LEFT + CHART, bottom), "faint")
    fit = ticks(start, end, picture.how.times, lambda step, longest: step * CHART // span >= (longest + 2) * CHARACTER)
    for tick in fit:
        x = LEFT + round((tick.time - start) * CHART / span, 1)
        yield Line((x, top), (x, bottom + 5), "line")
        yield Label((x, bottom + 20), tick.text, colour="faint", anchor="middle")
