"""What only some questions need of an endpoint: the times and counts of DETAIL, kept where they are asked for."""

from __future__ import annotations

from typing import Any

from ..decode.segment import FIN, RST, SYN
from ..kernels.source import i64, rare
from .tables import World


@rare
def note_details(w: World, e: int, segment: Any) -> None:
    """Note what a segment that endpoint ``e`` sent adds to its row of DETAIL."""
    mine = w.details[e]
    flags = i64(segment["flags"])
    time = segment["time"]
    if flags & SYN != 0:
        mine["opening"] = time
        mine["syns"] += 1
    if flags & RST != 0:
        mine["resets"] += 1
        return  # the window of a RST means nothing
    if flags & FIN != 0:
        mine["fins"] += 1
    if i64(segment["window"]) == 0:
        if mine["closed_since"] == 0:
            mine["closed_since"] = time
            mine["closed_windows"] += 1
            w.troubles[e]["closing"] = segment["number"]
    elif mine["closed_since"] != 0:
        closed = time - mine["closed_since"]
        mine["closed_for"] += closed
        mine["closed_since"] = 0
        if closed > w.troubles[e]["closed_longest"]:
            w.troubles[e]["closed_longest"] = closed
            w.troubles[e]["closed_at"] = w.troubles[e]["closing"]
