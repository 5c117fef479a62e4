"""What the page of a report is made of: a template, styles, and a program in JavaScript; and the texts in these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "page"
TEMPLATE = "report.html"
SCRIPTS = (
    *("data.js", "words.js", "addresses.js", "filter.js", "colours.js"),
    *("chart.js", "moment.js", "strips.js", "story.js", "main.js"),
)
"""The program, in this order: each file begins with what those before it have."""
TEXTS = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)*)\"""")
"""A text that template or program translates."""


def source(name: str) -> str:
    """Return a file of the page."""
    return (FOLDER / name).read_text("utf-8")


def texts() -> Iterator[str]:
    """Yield the English texts that template and program translate."""
    for name in (TEMPLATE, *SCRIPTS):
        yield from TEXTS.findall(source(name))
