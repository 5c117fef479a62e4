"""Colours of a terminal, where it has them: the text says the same without."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..table import ALARM, CAUTION, LEFT, LIVE, MOVING, OVER, WAITING

CODES = {LIVE: "32", WAITING: "36", MOVING: "33", LEFT: "35", OVER: "2", ALARM: "1;31", CAUTION: "1;33"}
"""Select Graphic Rendition (ECMA-48) for each tone: of the eight colours that each terminal has and each theme fits."""


def painted(text: str, tone: int) -> str:
    """Return a text in the colour of its tone; that of PLAIN, or of nothing, stays as it is."""
    code = CODES.get(tone)
    return text if code is None or not text else f"\x1b[{code}m{text}\x1b[0m"


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a terminal of this environment is to show colours (no-color.org)."""
    return not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"
