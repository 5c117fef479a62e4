"""Texts made shorter for a narrow column: two full stops stand for what is left out, and no width is exceeded."""

from __future__ import annotations

import re
import unicodedata

from .widths import display_width

GAP = ".."
"""Not "…", which takes one column of some terminals and two of others."""
TITLE_PARTS = re.compile(r" |(?=の|番号)")
"""Where a title may be broken."""


def cut(text: str, width: int) -> str:
    """Return a text, or its beginning and ``..``, in at most ``width`` columns."""
    if display_width(text) <= width:
        return text
    return _beginning(text, width - len(GAP)) + GAP[: max(width, 0)]


def cut_in_the_middle(text: str, width: int) -> str:
    """Return a text, or its beginning, ``..`` and its end, in at most ``width`` columns."""
    if display_width(text) <= width or width <= len(GAP):
        return cut(text, width)
    room = width - len(GAP)
    end = _end(text, room // 2)
    return _beginning(text, room - display_width(end)) + GAP + end


def cut_address(text: str, width: int, before_port: str = "") -> str:
    """Return an address or name of a host, with ``before_port`` and a port where that is told, in ``width`` columns.

    The port stays whole as long as something of the host fits, and IPv6 addresses are cut between groups.
    """
    if display_width(text) <= width:
        return text
    host, _, port = text.rpartition(before_port) if before_port else (text, "", "")
    port = before_port + port
    before, after = ("[", "]") if host.startswith("[") and host.endswith("]") else ("", "")
    host = host[len(before) : len(host) - len(after)]
    room = width - display_width(port) - len(before) - len(after)
    if room < len(GAP) + 2:
        return cut_in_the_middle(text, width)
    short = _cut_groups(host, room) if ":" in host else None
    return before + (short or cut_in_the_middle(host, room)) + after + port


def _cut_groups(host: str, room: int) -> str | None:
    """Return the first and last groups of an IPv6 address, as many as fit; None where not even two do."""
    groups = host.split(":")
    best = None
    first, last = 1, 1
    while first + last < len(groups):
        text = f"{':'.join(groups[:first])}:{GAP}:{':'.join(groups[-last:])}"
        if display_width(text) > room:
            break
        # "::" would stand beside the gap.
        if groups[first - 1] and groups[-last]:
            best = text
        first, last = (first + 1, last) if first <= last else (first, last + 1)
    return best


def title_lines(title: str, width: int) -> list[str]:
    """Return a title in lines of at most ``width`` columns, broken where a word ends."""
    lines: list[str] = []
    for part in _title_parts(title):
        joined = f"{lines[-1]} {part}" if lines and f"{lines[-1]} {part}" in title else (lines or [""])[-1] + part
        if lines and display_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines or [""]


def narrowest_title(title: str) -> int:
    """Return the columns that a title takes at least."""
    return max(map(display_width, _title_parts(title)), default=0)


def _title_parts(title: str) -> list[str]:
    return [part for part in TITLE_PARTS.split(title) if part]


def _beginning(text: str, width: int) -> str:
    """Return as much of a text's beginning as fits, without a character that combines with what is cut off."""
    taken = 0
    for at, one in enumerate(text):
        taken += display_width(one)
        if taken > width:
            return text[:at]
    return text


def _end(text: str, width: int) -> str:
    taken = 0
    for at in range(len(text) - 1, -1, -1):
        taken += display_width(text[at])
        if taken > width:
            end = text[at + 1 :]
            break
    else:
        return text
    # A combining character would join the gap.
    while end and unicodedata.category(end[0]).startswith("M"):
        end = end[1:]
    return end
