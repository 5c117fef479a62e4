"""An answer in a line or two: what it is about, how many rows, and what it lacks. Nothing in it is from a packet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ROWS = {
    "list_captures": ("capture", "captures"),
    "netstat": ("socket", "sockets"),
    "connections": ("connection", "connections"),
    "timeline": ("state change", "state changes"),
    "explain_connection": ("step", "steps"),
    "who_ended": ("connection", "connections"),
    "findings": ("finding", "findings"),
}
"""What the rows of a tool are."""


def told(name: str, answer: dict[str, Any]) -> str:
    """Return the text of an answer."""
    return " ".join(_sentences(name, answer))


def _sentences(name: str, answer: dict[str, Any]) -> Iterator[str]:
    if name == "filter_help":
        yield f"{len(answer['fields'])} fields."
        return
    if name in ROWS:
        one, many = ROWS[name]
        count, total, offset = len(answer["rows"]), answer["total"], answer["offset"]
        if count == total:
            yield f"{total} {one if total == 1 else many}."
        elif count:
            yield f"{many[0].upper()}{many[1:]} {offset + 1} to {offset + count} of {total}."
        else:
            yield f"No {one} from offset {offset} on, of {total}."
        if answer["left_out"]:
            yield f"{answer['left_out']} are left out; go on with offset {answer['next_offset']}."
    capture = answer.get("capture")
    if capture is not None:
        moment = capture["moment"]
        when = "" if moment is None else f", at {moment:g} s after the first packet"
        connections, packets = capture["connections"], capture["packets_read"]
        many = "connection" if connections == 1 else "connections"
        yield f"{connections} {many} in {packets} {'packet' if packets == 1 else 'packets'}{when}."
    for one in answer.get("losses", ()):
        yield f"Lacks: {one['text']} ({one['count']})."
