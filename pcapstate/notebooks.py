"""Answers of the library as HTML, which notebooks show: tables, ladders, pictures.

Nothing in it runs, and nothing is loaded. Text has the colour of the page; squares beside states have those of a
report, with a rim, so that both stand out on light and on dark ground.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from markupsafe import Markup

from .escaping import safe
from .ladder.drawing import Line
from .ladder.explaining import Part
from .objects import State
from .plot.colours import LIGHT
from .tcp import states
from .wording.times import TimeFormat

FIRST, LAST = 20, 5
"""Rows of a table that are shown, where there are more than both."""
FIRST_PARTS, LAST_PARTS = 60, 20
"""The same of a ladder: packets with what there is to say of them."""
LONGEST = 300
"""Characters of a cell."""
TIMES = frozenset(
    ("time", "opened", "last", "first", "client_first", "client_last", "server_first", "server_last", "moment")
)
"""Fields with times, which are written on the clock."""
DURATIONS = frozenset(("duration", "age", "idle", "rtt"))
PARTS = ("_host", "_address", "_port")
"""Ends of the names of fields that repeat a part of another."""
UTC = TimeFormat(utc=True)

FRAME = Markup('<div style="overflow-x:auto">{}</div>')
TABLE = Markup('<table style="border-collapse:collapse"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
CELL = Markup('<td style="text-align:{};padding:.2em .6em;vertical-align:top;{}">{}</td>')
ON_ONE_LINE, IN_LINES = "white-space:nowrap", "min-width:24em"
LINE = 60
"""Characters of a cell that stays on one line."""
HEAD = Markup('<th scope="col" style="text-align:{};padding:.2em .6em">{}</th>')
ACROSS = Markup('<tr><td colspan="{}" style="text-align:left;padding:.1em .6em .1em 2.5em;opacity:.85">{}</td></tr>')
SQUARE = Markup(
    '<span style="display:inline-block;width:.7em;height:.7em;background:{};border:1px solid #808080;'
    'border-radius:2px"></span> {}'
)
NOTE = Markup("<p>{}</p>")


def html_of(objects: Sequence[Any]) -> str:
    """Return objects of ``objects``, all of one kind, as an HTML table: the first ones, and the last ones.

    Only these are looked at: the sequence may make its objects when they are asked for.
    """
    count = len(objects)
    if not count:
        return str(NOTE.format("no rows"))
    cut = count > FIRST + LAST
    first = [objects[place] for place in range(FIRST if cut else count)]
    last = [objects[place] for place in range(count - LAST, count)] if cut else []
    names = _columns(_fields(first[0]))
    numbers = [name not in TIMES and all(_is_number(getattr(one, name)) for one in first) for name in names]
    sides = ["right" if number else "left" for number in numbers]
    rows = [_row((_cell(name, getattr(one, name)) for name in names), sides) for one in first]
    if cut:
        rows.append(_across(len(names), f"… {count - FIRST - LAST:,} more"))
    rows += [_row((_cell(name, getattr(one, name)) for name in names), sides) for one in last]
    heads = Markup("").join(HEAD.format(side, name) for name, side in zip(names, sides, strict=True))
    table = TABLE.format(heads, Markup("").join(rows))
    return str(FRAME.format(table + NOTE.format("1 row" if count == 1 else f"{count:,} rows")))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _fields(one: Any) -> tuple[str, ...]:
    named: tuple[str, ...] = getattr(one, "_fields", ())
    return named or tuple(field.name for field in dataclasses.fields(one))


def _columns(names: Sequence[str]) -> list[str]:
    """Return the fields without those that repeat a part of another."""
    return [name for name in names if not any(name.endswith(part) and name[: -len(part)] in names for part in PARTS)]


def _row(cells: Iterable[str], sides: Sequence[str]) -> Markup:
    made = []
    for side, cell in zip(sides, cells, strict=True):
        # Markup is a state, whose tags are longer than it is.
        long = not isinstance(cell, Markup) and len(cell) > LINE
        made.append(CELL.format(side, IN_LINES if long else ON_ONE_LINE, cell))
    return Markup("<tr>{}</tr>").format(Markup("").join(made))


def _across(columns: int, text: Any) -> Markup:
    return ACROSS.format(columns, text)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, State):
        return state(states.State[value.name], value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if name in TIMES:
            return UTC.moment(value)
        return f"{value / 1e9:.6f} s" if name in DURATIONS else f"{value:,}" if _counts(name) else str(value)
    if isinstance(value, tuple | list):
        return _short(", ".join(map(str, value)))
    return _short(str(value))


def _counts(name: str) -> bool:
    """Tell whether a number counts something: the others name something, and have no commas."""
    return not name.endswith("port") and name not in ("connection", "packet", "pid", "seq", "ack", "sent_again")


def _short(text: str) -> str:
    text = safe(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def state(one: states.State, name: str) -> Markup:
    """Return the name of a state behind a square in its colour."""
    return SQUARE.format(LIGHT[one.name], name)


def html_of_ladder(
    heading: str,
    ends: tuple[str, str],
    parts: Sequence[Part],
    line: Callable[[int], Line],
    told: Callable[[Part], Iterator[str]],
) -> str:
    """Return the ladder of a connection: a row for each packet, and below it what there is to say.

    ``line``: returns the runs of a step as ``ladder.drawing.Ladder`` does; ``told``: returns the sentences of a part.
    """
    cut = len(parts) > FIRST_PARTS + LAST_PARTS
    rows: list[Markup] = []
    for part in parts[:FIRST_PARTS] if cut else parts:
        rows += _part(part, line, told)
    if cut:
        rows.append(_across(4, f"… {len(parts) - FIRST_PARTS - LAST_PARTS:,} more"))
        for part in parts[-LAST_PARTS:]:
            rows += _part(part, line, told)
    titles = (("right", ""), ("right", ends[0]), ("left", ""), ("left", ends[1]))
    heads = Markup("").join(HEAD.format(side, safe(text)) for side, text in titles)
    return str(FRAME.format(NOTE.format(heading) + TABLE.format(heads, Markup("").join(rows))))


def _part(part: Part, line: Callable[[int], Line], told: Callable[[Part], Iterator[str]]) -> Iterator[Markup]:
    if part.step is not None:
        head, _, _, arrow, _, _ = line(part.at)
        client, server = (
            state(after, after.name + (" *" if before != after else ""))
            for before, after in zip(part.step.before, part.step.after, strict=True)
        )
        cells = (safe(head.text.strip()), client, safe(arrow.text), server)
        yield _row(cells, ("right", "right", "left", "left"))
    for text in told(part):
        yield _across(4, safe(text))


def picture(svg: str, told: str) -> str:
    """Return a picture whose styles stay its own, with what it shows for those who do not see it."""
    data = base64.b64encode(svg.encode()).decode()
    return str(Markup('<img alt="{}" style="max-width:100%" src="data:image/svg+xml;base64,{}">').format(told, data))
