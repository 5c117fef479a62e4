"""The captures beside this package, one short function each; ``make.py`` writes them."""

from __future__ import annotations

from . import connections, damaged, example, formats, links
from .registry import CAPTURES, Made

__all__ = ["CAPTURES", "Made", "connections", "damaged", "example", "formats", "links"]
