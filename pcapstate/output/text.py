"""Write rows as text, for machines and for tables alike: the one place that turns cells into characters.

All cells of a table are integers; what each column means is said by a kind. Since nothing but digits, hex digits,
fixed words and punctuation can come out, nothing from a capture needs escaping here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.source import DIGIT, MINUS, entry, inner, put_number
from ..table import ADDRESS, CLOCK, DURATION, ENDPOINT_ADDRESS, NEVER, NUMBER, NUMBER_OR_NOTHING, TIME, WORD

LONGEST = 64
"""More characters than any value but a word takes."""

HEX_LETTER, COLON, DOT, OPEN, CLOSE, BLANK = 87, 58, 46, 91, 93, 32


FIELD = 9
"""Numbers that tell of a column: kind, first cell, start and end in ``literals`` of the text before it, its width (0:
as wide as its text), whether it is flush right; of a SOCKET also start and end of the text before the port, and
whether IPv6 has brackets."""
WORDS = 3
"""Numbers that tell of a word: start and end in ``literals``, and the columns of a terminal that it takes."""


@entry(np.int64, int, int, int, np.int64, np.uint8, np.int64, np.uint8, int, np.int64)
def write_rows(
    cells: Any,
    width: int,
    first: int,
    count: int,
    columns: Any,
    literals: Any,
    words: Any,
    out: Any,
    longest: int,
    told: Any,
) -> int:
    """Write rows ``first`` to ``count`` of ``cells`` (``width`` a row) as text into ``out``.

    ``columns`` has FIELD numbers a column, then three for the text after a row: start, end, and whether blanks before
    it are left out. ``words`` has WORDS numbers a word; the value of a WORD cell is its place, and word 1 stands for
    nothing. ``longest``: characters a row can take. Stops where ``out`` has less room than that; ``told[0]`` then holds
    the rows written, and behind it how wide the text of each column was at most, never less than before. Returns the
    characters written.
    """
    at = 0
    row = first
    fields = len(columns) // FIELD
    after = FIELD * fields
    while row < count and len(out) - at >= longest:
        base = row * width
        begin = at + columns[3] - columns[2]
        for field in range(fields):
            this = FIELD * field
            kind = columns[this]
            cell = base + columns[this + 1]
            at = put_literal(out, at, literals, columns[this + 2], columns[this + 3])
            start = at
            value = cells[cell]
            beyond = 0  # bytes of the text beyond the columns that it takes
            word = -1
            if kind == NUMBER:
                at = put_number(out, at, value)
            elif kind == WORD:
                word = value
            elif kind == CLOCK:
                at = put_literal(out, at, literals, words[WORDS * value], words[WORDS * value + 1])
                beyond = at - start - words[WORDS * value + 2]
                if cells[cell + 1] >= 0:
                    at = put_digits(out, at, cells[cell + 1], 6)
            elif kind == TIME:
                if value == NEVER:
                    word = 1
                else:
                    at = put_time(out, at, value)
            elif kind == DURATION:
                if value < 0:
                    word = 1
                else:
                    at = put_time(out, at, value)
            elif kind == NUMBER_OR_NOTHING:
                if value < 0:
                    word = 1
                else:
                    at = put_number(out, at, value)
            elif kind == ADDRESS:
                at = put_address(out, at, value, cells[cell + 1])
            elif kind == ENDPOINT_ADDRESS:
                at = put_host(out, at, value, cells[cell + 1], 1)
                out[at] = COLON
                at = put_number(out, at + 1, cells[cell + 2])
            else:
                host, port = cells[cell + 3], cells[cell + 4]
                if host >= 0:
                    at = put_literal(out, at, literals, words[WORDS * host], words[WORDS * host + 1])
                    beyond = at - start - words[WORDS * host + 2]
                else:
                    at = put_host(out, at, value, cells[cell + 1], columns[this + 8])
                at = put_literal(out, at, literals, columns[this + 6], columns[this + 7])
                if port >= 0:
                    at = put_literal(out, at, literals, words[WORDS * port], words[WORDS * port + 1])
                else:
                    at = put_number(out, at, cells[cell + 2])
            if word >= 0:
                at = put_literal(out, at, literals, words[WORDS * word], words[WORDS * word + 1])
                beyond = at - start - words[WORDS * word + 2]
            taken = at - start - beyond
            told[1 + field] = max(told[1 + field], taken)
            if taken < columns[this + 4]:
                at = put_blanks(out, start, at, columns[this + 4] - taken, columns[this + 5])
        if columns[after + 2] != 0:
            while at > begin and out[at - 1] == BLANK:
                at -= 1
        at = put_literal(out, at, literals, columns[after], columns[after + 1])
        row += 1
    told[0] = row - first
    return at


@inner
def put_blanks(out: Any, start: int, at: int, count: int, before: int) -> int:
    """Write blanks behind the text from ``start`` to ``at``, or in front of it."""
    if before != 0:
        for index in range(at - 1, start - 1, -1):
            out[index + count] = out[index]
        for index in range(start, start + count):
            out[index] = BLANK
    else:
        for index in range(at, at + count):
            out[index] = BLANK
    return at + count


@inner
def put_host(out: Any, at: int, high: int, low: int, brackets: int) -> int:
    """Write an address, that of IPv6 in brackets where there are to be any."""
    if brackets == 0 or is_ipv4(high, low):
        return put_address(out, at, high, low)
    out[at] = OPEN
    at = put_address(out, at + 1, high, low)
    out[at] = CLOSE
    return at + 1


@inner
def put_literal(out: Any, at: int, literals: Any, start: int, end: int) -> int:
    """Write fixed text; return where it ends, as all of these do."""
    for index in range(start, end):
        out[at] = literals[index]
        at += 1
    return at


@inner
def put_time(out: Any, at: int, value: int) -> int:
    """Write nanoseconds as seconds with nine decimals."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    at = put_number(out, at, value // 1_000_000_000)
    out[at] = DOT
    return put_digits(out, at + 1, value % 1_000_000_000, 9)


@inner
def put_digits(out: Any, at: int, value: int, count: int) -> int:
    """Write so many digits of a number."""
    for index in range(at + count - 1, at - 1, -1):
        out[index] = DIGIT + value % 10
        value //= 10
    return at + count


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
