"""Write rows as text, for machines and for tables alike: the one place that turns numbers into characters.

All cells of a table are integers; what each column means is said by a kind. Since nothing but digits, hex digits,
fixed words and punctuation can come out, nothing from a capture needs escaping here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernel import entry, inner
from ..views.table import ADDRESS, DURATION, NEVER, NUMBER, NUMBER_OR_NOTHING, TIME, WORD

LONGEST = 64
"""More characters than any value but a word takes."""

DIGIT, HEX_LETTER, COLON, DOT, MINUS, OPEN, CLOSE = 48, 87, 58, 46, 45, 91, 93


@entry(np.int64, int, int, int, np.int64, np.uint8, np.int64, np.uint8, int)
def write_rows(
    cells: Any, width: int, first: int, count: int, columns: Any, literals: Any, words: Any, out: Any, longest: int
) -> int:
    """Write rows ``first`` to ``count`` of ``cells`` (``width`` a row) as text into ``out``.

    ``columns`` has four numbers a column: kind, first cell, start and end of the text before it in ``literals``, then
    a last pair for the text after a row. ``words`` has start and end in ``literals`` of each word; the value of a
    WORD cell indexes it, and word 1 stands for nothing. ``longest``: characters a row can take. Stops where ``out``
    has less room than that; ``words[0]`` then holds the rows written. Returns the characters written.
    """
    at = 0
    row = first
    fields = (len(columns) - 2) // 4
    while row < count and len(out) - at >= longest:
        base = row * width
        for field in range(fields):
            kind = columns[4 * field]
            cell = base + columns[4 * field + 1]
            at = put_literal(out, at, literals, columns[4 * field + 2], columns[4 * field + 3])
            value = cells[cell]
            if kind == NUMBER:
                at = put_number(out, at, value)
            elif kind == WORD:
                at = put_literal(out, at, literals, words[2 * value], words[2 * value + 1])
            elif kind == TIME:
                at = put_literal(out, at, literals, words[2], words[3]) if value == NEVER else put_time(out, at, value)
            elif kind == DURATION:
                at = put_literal(out, at, literals, words[2], words[3]) if value < 0 else put_time(out, at, value)
            elif kind == NUMBER_OR_NOTHING:
                at = put_literal(out, at, literals, words[2], words[3]) if value < 0 else put_number(out, at, value)
            elif kind == ADDRESS:
                at = put_address(out, at, value, cells[cell + 1])
            else:
                low = cells[cell + 1]
                if is_ipv4(value, low):
                    at = put_address(out, at, value, low)
                else:
                    out[at] = OPEN
                    at = put_address(out, at + 1, value, low)
                    out[at] = CLOSE
                    at += 1
                out[at] = COLON
                at = put_number(out, at + 1, cells[cell + 2])
        at = put_literal(out, at, literals, columns[4 * fields], columns[4 * fields + 1])
        row += 1
    words[0] = row - first
    return at


@inner
def put_literal(out: Any, at: int, literals: Any, start: int, end: int) -> int:
    """Write fixed text; return where it ends, as all of these do."""
    for index in range(start, end):
        out[at] = literals[index]
        at += 1
    return at


@inner
def put_number(out: Any, at: int, value: int) -> int:
    """Write a number in decimal."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    digits = 1
    limit = 10
    while digits < 19 and value >= limit:
        digits += 1
        limit *= 10
    for index in range(digits):
        out[at + digits - 1 - index] = DIGIT + value % 10
        value //= 10
    return at + digits


@inner
def put_time(out: Any, at: int, value: int) -> int:
    """Write nanoseconds as seconds with nine decimals."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    at = put_number(out, at, value // 1_000_000_000)
    out[at] = DOT
    rest = value % 1_000_000_000
    for index in range(9):
        out[at + 9 - index] = DIGIT + rest % 10
        rest //= 10
    return at + 10


@inner
def is_ipv4(high: int, low: int) -> bool:
    """Tell whether an address is IPv4, kept as ::ffff:a.b.c.d."""
    return high == 0 and low >> 32 == 0xFFFF


@inner
def group(high: int, low: int, index: int) -> int:
    """Return the 16-bit group of an IPv6 address at an index from 0, the first, to 7."""
    if index < 4:
        return (high >> (48 - 16 * index)) & 0xFFFF
    return (low >> (112 - 16 * index)) & 0xFFFF


@inner
def put_address(out: Any, at: int, high: int, low: int) -> int:
    """Write an address: dotted for IPv4, as RFC 5952 wants it for IPv6."""
    if is_ipv4(high, low):
        for index in range(4):
            if index > 0:
                out[at] = DOT
                at += 1
            at = put_number(out, at, (low >> (24 - 8 * index)) & 0xFF)
        return at
    # The longest run of zero groups, if two or more, the first of equals, becomes "::".
    best, length, run = -1, 1, 0
    for index in range(8):
        if group(high, low, index) == 0:
            run += 1
            if run > length:
                best, length = index - run + 1, run
        else:
            run = 0
    index = 0
    while index < 8:
        if index == best:
            out[at] = out[at + 1] = COLON
            at += 2
            index += length
            continue
        if index > 0 and index != best + length:
            out[at] = COLON
            at += 1
        value = group(high, low, index)
        started = False
        for place in range(4):
            digit = (value >> (12 - 4 * place)) & 15
            if digit != 0 or started or place == 3:
                started = True
                out[at] = DIGIT + digit if digit < 10 else HEX_LETTER + digit
                at += 1
        index += 1
    return at
