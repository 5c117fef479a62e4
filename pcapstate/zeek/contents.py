"""What of a connection's data is in the capture: gaps, and whether an end's last byte has been seen.

``x`` is the end that sent the data, ``y`` its peer. Both are rows of END.
"""

from __future__ import annotations

from typing import Any

from ..kernels.source import i64, inner, rare
from .letters import add_scaled
from .tables import (
    BLOCKS,
    CLOSED,
    ESTABLISHED,
    GAP,
    HAS_CLOSED,
    HAS_ENDED,
    HAS_FIN,
    HAS_LOST,
    IS_DEFERRED,
    IS_PARTIAL,
    RESET,
)

MOST_UNANSWERED = 16_384
"""Bytes behind a hole, or at all, of which nothing is acknowledged: then acknowledgments are not in the capture."""
MOST_WAITING = 10 * 1024 * 1024
"""Bytes that may wait for an acknowledgment."""
FIRST = 1
"""The number of the first byte of data."""


@inner
def is_clean(x: Any) -> bool:
    """Tell whether an end was opened as usual, and at most closed since."""
    return x["state"] == ESTABLISHED or (x["state"] == CLOSED and x["before"] == ESTABLISHED)


@inner
def is_unanswered(x: Any) -> bool:
    """Tell whether no data of an end was acknowledged."""
    return x["acked"] <= FIRST


@rare
def size_of(x: Any) -> int:
    """Return how many bytes an end has sent, by its sequence numbers."""
    size = max(x["last"], x["acked"])
    if size != 0:
        size -= 1
    if i64(x["bits"]) & HAS_FIN != 0 and size != 0:
        size -= 1
    return size


@rare
def miss(story: Any, letters: Any, number: int, x: Any, y: Any, side: int, length: int) -> None:
    """Note that bytes are missing. Where a connection was not opened as usual, that says nothing."""
    if is_clean(x) and is_clean(y):
        x["gaps"] += 1
        add_scaled(story, letters, number, side, GAP, i64(x["gaps"]))
        story["missed"] += length


@inner
def deliver(blocks: Any, e: int, x: Any) -> None:
    """Go on behind a hole that was filled, over all blocks that now follow without one."""
    at, count = 2 * BLOCKS * e, i64(x["blocks"])
    taken = 0
    while taken < count and blocks[at + 2 * taken] <= x["read"]:
        x["read"] = max(x["read"], blocks[at + 2 * taken + 1])
        taken += 1
    if taken > 0:
        for index in range(2 * (count - taken)):
            blocks[at + index] = blocks[at + 2 * taken + index]
        x["blocks"] = count - taken


@rare
def give_up(story: Any, letters: Any, blocks: Any, number: int, e: int, x: Any, y: Any, until: int) -> None:
    """Note what is missing before a number that was acknowledged."""
    if until <= FIRST + 1 and i64(story["bits"]) & IS_PARTIAL != 0:
        return  # it was sent before the capture began
    if i64(x["bits"]) & HAS_LOST == 0:
        at = 2 * BLOCKS * e
        while i64(x["blocks"]) > 0 and blocks[at] < until:
            miss(story, letters, number, x, y, e & 1, blocks[at] - x["read"])
            x["read"] = blocks[at]
            deliver(blocks, e, x)
        if until > x["read"]:
            miss(story, letters, number, x, y, e & 1, until - x["read"])
    x["read"] = max(x["read"], until)
    deliver(blocks, e, x)


@inner
def acknowledged(story: Any, letters: Any, blocks: Any, number: int, e: int, x: Any, y: Any, until: int) -> None:
    """Follow an acknowledgment of what ``x`` has sent before a number."""
    if i64(x["bits"]) & HAS_FIN != 0 and until >= x["fin"]:
        until = x["fin"] - 1
    if until <= x["trimmed"]:
        return
    if until > x["read"]:
        give_up(story, letters, blocks, number, e, x, y, until)
    x["trimmed"] = until
    if may_end(x):
        end(story, x, y)


@rare
def sent(blocks: Any, e: int, x: Any, start: int, until: int) -> None:
    """Follow data of ``x`` from a number to another."""
    if i64(x["bits"]) & HAS_LOST != 0:
        return
    start = max(start, x["acked"], x["trimmed"])
    if until <= start:
        return
    if start <= x["read"]:
        x["read"] = max(x["read"], until)
        deliver(blocks, e, x)
        if is_unanswered(x) and size_of(x) > MOST_UNANSWERED:
            x["trimmed"] = max(x["trimmed"], x["read"])
    else:
        put_block(blocks, e, x, start, until)
    farthest, waiting = furthest(blocks, e, x), x["read"] - x["trimmed"]
    for index in range(i64(x["blocks"])):
        waiting += blocks[2 * BLOCKS * e + 2 * index + 1] - blocks[2 * BLOCKS * e + 2 * index]
    if (is_unanswered(x) and farthest - x["read"] > MOST_UNANSWERED) or waiting > MOST_WAITING:
        x["bits"] = i64(x["bits"]) | HAS_LOST
        x["blocks"] = 0


@inner
def furthest(blocks: Any, e: int, x: Any) -> int:
    """Return where the last block ends; without blocks, what was read up to."""
    count = i64(x["blocks"])
    if count == 0:
        return x["read"]
    return blocks[2 * BLOCKS * e + 2 * count - 1]


@rare
def put_block(blocks: Any, e: int, x: Any, start: int, until: int) -> None:
    """Keep data behind a hole, in order and apart; where there is no room, the last holes are taken for one."""
    at, count = 2 * BLOCKS * e, i64(x["blocks"])
    place = 0
    while place < count and blocks[at + 2 * place + 1] < start:
        place += 1
    behind = place
    while behind < count and blocks[at + 2 * behind] <= until:
        start, until = min(start, blocks[at + 2 * behind]), max(until, blocks[at + 2 * behind + 1])
        behind += 1
    if behind == place and count == BLOCKS:
        # The last hole that is known stays one: what lies behind it begins later than it did.
        if place == count:
            blocks[at + 2 * count - 1] = until
        return
    if behind == place:
        for index in range(2 * (count - place)):
            last = at + 2 * count - 1 - index
            blocks[last + 2] = blocks[last]
        count += 1
    else:
        for index in range(2 * (count - behind)):
            blocks[at + 2 * (place + 1) + index] = blocks[at + 2 * behind + index]
        count -= behind - place - 1
    blocks[at + 2 * place], blocks[at + 2 * place + 1] = start, until
    x["blocks"] = count


# --- the end of an end


@inner
def is_pending(x: Any, y: Any) -> bool:
    """Tell whether something that ``x`` has sent is still to come, or something of ``y`` if ``x`` can still ask."""
    if i64(x["bits"]) & HAS_LOST != 0 or x["last"] < x["read"]:
        return False
    if x["read"] != x["last"] - 1 and x["read"] != x["last"]:
        return True
    return x["state"] != RESET and i64(y["blocks"]) > 0


@inner
def may_end(x: Any) -> bool:
    """Tell whether an end has said that it is one, and nobody has looked whether all of it was captured."""
    bits = i64(x["bits"])
    return bits & HAS_ENDED == 0 and (bits & HAS_FIN != 0 or x["state"] == CLOSED or x["state"] == RESET)


@rare
def end(story: Any, x: Any, y: Any) -> None:
    """Note that all of an end was captured, if it was."""
    if is_pending(x, y):
        return
    x["bits"] = i64(x["bits"]) | HAS_ENDED
    if i64(story["bits"]) & IS_DEFERRED != 0:
        close(story, x, y)
        story["bits"] = i64(story["bits"]) & ~IS_DEFERRED


@rare
def close(story: Any, x: Any, y: Any) -> None:
    """Note that an end has closed; not yet where something that it sent before is still to come."""
    if is_pending(x, y):
        story["bits"] = i64(story["bits"]) | IS_DEFERRED
        return
    story["bits"] = i64(story["bits"]) & ~IS_DEFERRED
    x["bits"] = i64(x["bits"]) | HAS_CLOSED
