"""Rows of text in columns, as netstat prints them: indented by two, two blanks between columns."""

from __future__ import annotations

from collections.abc import Sequence

from .widths import display_width

Lines = Sequence[Sequence[str]]

FEW = 2_000
"""Rows up to which tabulate lays out a table; it takes 28 µs for a row of ten columns, ``in_columns`` takes 2."""


def aligned(titles: Sequence[str], rows: Lines, right: Sequence[bool]) -> bytes:
    """Return titles and rows as a table; ``right``: which columns are flush right."""
    lines = [titles, *rows]
    if len(rows) > FEW:
        pieces = [lines[start : start + FEW] for start in range(0, len(lines), FEW)]
        widths = [0] * len(titles)
        for piece in pieces:
            widths = widest(piece, widths)
        return b"".join(in_columns(piece, widths, right) for piece in pieces)
    from tabulate import tabulate

    align = ["right" if one else "left" for one in right]
    text = tabulate(lines, tablefmt="plain", colalign=align, disable_numparse=True)
    return "".join(f"  {line.rstrip()}\n" for line in text.split("\n")).encode()


def widest(lines: Lines, widths: Sequence[int]) -> list[int]:
    """Return how wide each column must be for ``lines``, and at least as wide as it is."""
    if not lines:
        return list(widths)
    columns = zip(*lines, strict=True)
    return [max(width, _width(column)) for column, width in zip(columns, widths, strict=True)]


def in_columns(lines: Lines, widths: Sequence[int], right: Sequence[bool]) -> bytes:
    """Return lines in columns of given widths: the same text as tabulate's, for tables of any length."""
    if not lines:
        return b""
    columns = zip(*lines, strict=True)
    padded = [_padded(*one) for one in zip(columns, widths, right, strict=True)]
    return "".join(f"  {'  '.join(line).rstrip()}\n" for line in zip(*padded, strict=True)).encode()


def _width(column: Sequence[str]) -> int:
    if _is_ascii(column):
        return max(len(cell.strip()) for cell in column)
    return max(display_width(cell.strip()) for cell in set(column))


def _padded(column: Sequence[str], width: int, right: bool) -> list[str]:
    if _is_ascii(column):
        return (
            [cell.strip().rjust(width) for cell in column] if right else [cell.strip().ljust(width) for cell in column]
        )
    texts = {}
    for cell in set(column):
        text = cell.strip()
        blanks = " " * (width - display_width(text))
        texts[cell] = blanks + text if right else text + blanks
    return [texts[cell] for cell in column]


def _is_ascii(column: Sequence[str]) -> bool:
    return all(map(str.isascii, column))
