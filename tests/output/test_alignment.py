"""Text in columns and lines of a terminal: wide characters count as two."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabulate import tabulate

from pcapstate.escaping import safe
from pcapstate.kernels.running import Kernels
from pcapstate.output.alignment import Columns
from pcapstate.output.formats import render
from pcapstate.output.paragraphs import CLOSING, OPENING, definitions, units, wrapped
from pcapstate.output.widths import display_width
from pcapstate.table import NUMBER, SOCKET, WORD, Batch, Column, Table, cells

printable = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=8)
cell = st.one_of(printable, st.sampled_from(("", "TCP", "状態", "ローカル アドレス", "e\u0301", "👩‍👧", "  x  ")))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], list[bool]]:
    columns = draw(st.integers(1, 5))
    line = st.lists(cell, min_size=columns, max_size=columns)
    right = draw(st.lists(st.booleans(), min_size=columns, max_size=columns))
    return draw(st.lists(line, min_size=1, max_size=8)), right


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("LISTEN", 6), ("状態", 4), ("ﾎﾟｰﾄ", 4), ("e\u0301", 1), ("a\x07b", 3), ("é\x07", 2)]
)
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


def laid_out(lines: list[list[str]], right: list[bool], kernels: Kernels) -> bytes:
    """Return lines, the first of titles, as tables of any length are written, in batches of one row."""
    columns = tuple(
        Column(str(at), title, WORD, tuple(dict.fromkeys(line[at] for line in lines[1:])), right=right[at])
        for at, title in enumerate(lines[0])
    )
    batches = [
        Batch(columns, np.array([[column.words.index(cell) for column, cell in zip(columns, line, strict=True)]]))
        for line in lines[1:]
    ]
    out = Columns(lines[0], right, kernels)
    out.widen(batches)
    return out.head() + b"".join(out.lines(batches))


def aligned(titles: list[str], rows: list[list[str]], right: list[bool]) -> bytes:
    """Return titles and rows as tabulate lays them out."""
    align = ["right" if one else "left" for one in right]
    text = tabulate([titles, *rows], tablefmt="plain", colalign=align, disable_numparse=True)
    return "".join(f"  {line.rstrip()}\n" for line in text.split("\n")).encode()


@given(tables())
def test_columns_are_laid_out_as_by_tabulate(table: tuple[list[list[str]], list[bool]]) -> None:
    lines, right = table
    shown = [[safe(cell) for cell in line] for line in lines[1:]]
    assert laid_out(lines, right, Kernels()) == aligned(lines[0], shown, right)


hosts = st.sampled_from(("10.0.0.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1:2:3:4"))
sockets = st.lists(
    st.tuples(hosts, st.integers(0, 65_535), st.sampled_from((-1, 0, 1)), st.sampled_from((-1, 2))), min_size=1
)


@given(sockets, st.sampled_from((":", ".")), st.booleans(), st.booleans())
def test_sockets_are_laid_out_as_their_texts(
    rows: list[tuple[str, int, int, int]], before_port: str, brackets: bool, right: bool
) -> None:
    words = ("www.example.org", "ホスト", "https")
    column = Column("s", "Socket", SOCKET, words, before_port=before_port, brackets=brackets, right=right)
    texts, given_cells = [], []
    for host, port, name, service in rows:
        one = ipaddress.ip_address(host)
        one = one.ipv4_mapped or one if one.version == 6 else one
        bits = int(one) if one.version == 6 else 0xFFFF << 32 | int(one)
        halves = [int(np.uint64(part).astype(np.int64)) for part in (bits >> 64, bits & 2**64 - 1)]
        given_cells.append([*halves, port, name, service])
        shown = f"[{one}]" if brackets and one.version == 6 else str(one)
        texts.append([(words[name] if name >= 0 else shown) + before_port + (words[2] if service >= 0 else str(port))])
    batch = Batch((column,), np.array(given_cells, dtype=np.int64))
    out = Columns(["Socket"], [right], Kernels())
    out.widen([batch])
    assert out.head() + b"".join(out.lines([batch])) == aligned(["Socket"], texts, [right])


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("titles", [("Number", "Word"), ("番号", "状態")])
@pytest.mark.parametrize("once", [False, True])
def test_batches_of_a_table_share_their_columns(titles: tuple[str, str], growing: bool, once: bool) -> None:
    words = ("TCP", "ブラウザー", "a b")
    columns = (Column("n", titles[0], NUMBER), Column("word", titles[1], WORD, words))
    numbers = np.arange(2_100)
    batches = [
        Batch(columns, cells(columns, len(part), n=part, word=part % 3)) for part in (numbers[1_000:], numbers[:1_000])
    ]
    out = b"".join(render(Table(columns, iter(batches) if once else batches), "table", Kernels(), growing))
    rows = [[str(number), words[number % 3]] for number in (*numbers[1_000:], *numbers[:1_000])]
    assert out == aligned(list(titles), rows, [True, False])


def test_rows_that_come_later_never_make_columns_narrower() -> None:
    columns = (Column("word", "Word", WORD, ("a", "クライアント", "b")), Column("n", "N", NUMBER))
    batches = [Batch(columns, cells(columns, 1, word=np.array([word]), n=1)) for word in (0, 1, 2)]
    out = b"".join(render(Table(columns, iter(batches)), "table", Kernels(), growing=True)).decode().splitlines()
    assert out == ["  Word  N", "  a     1", "  クライアント  1", "  b             1"]


def test_words_are_those_of_their_batch() -> None:
    columns = (Column("word", "Word", WORD),)
    batches = [Batch((columns[0]._replace(words=(word,)),), np.zeros((1, 1), dtype=np.int64)) for word in ("a", "bcd")]
    for format_, text in (("csv", "word\r\na\r\nbcd\r\n"), ("table", "  Word\n  a\n  bcd\n")):
        assert b"".join(render(Table(columns, batches), format_, Kernels())).decode() == text


def test_wide_cells_stand_under_their_title() -> None:
    out = aligned(["プロトコル", "状態"], [["TCP", "ESTABLISHED"], ["接続", "x"]], [False, False]).decode().splitlines()
    assert out == ["  プロトコル  状態", "  TCP         ESTABLISHED", "  接続        x"]
    assert aligned(["番号"], [["1"]], [True]).decode() == "  番号\n     1\n"


def test_a_table_without_rows_has_its_titles() -> None:
    assert aligned(["A", "B"], [], [False, True]) == b"  A  B\n"


@given(st.text(st.characters(exclude_categories=("C",))), st.integers(1, 60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    for line in lines:
        assert line == line.rstrip()
        assert display_width(line) <= width or len(units().findall(line.strip())) == 1


def test_japanese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    assert wrapped("接続を待っています。", 8) == ["接続を", "待ってい", "ます。"]
    assert wrapped("「接続」です。", 6) == ["「接", "続」で", "す。"]
    assert wrapped("端が CLOSE_WAIT にある (例)。", 10) == ["端が", "CLOSE_WAIT", "にある", "(例)。"]
    assert wrapped("1接、1(接", 8) == ["1接、1", "(接"]


@given(st.text(st.sampled_from("接続（「」。、ーッ( )a1"), max_size=30), st.integers(8, 20))
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(text: str, width: int) -> None:
    text = re.sub(r"\s+|(?<![接続])[」。、ーッ)]+|[（「(]+(?![接続])", "", text)
    closing = set(CLOSING.replace("\\", ""))
    opening = set(OPENING.replace("\\", ""))
    for line in wrapped(text, width):
        assert line[0] not in closing
        assert line[-1] not in opening


def test_definitions_stand_side_by_side_with_their_labels() -> None:
    entries = [("A", [("意味", "word " * 9), ("Long label", "x")]), ("B", [("意味", "y")])]
    assert definitions(entries, 40) == (
        "A\n"
        "  意味        word word word word word\n"
        "              word word word word\n"
        "  Long label  x\n"
        "\n"
        "B\n"
        "  意味        y\n"
    )
    assert definitions([], 80) == ""
    assert max(map(display_width, definitions(entries, 5).splitlines())) <= 30
    assert max(map(len, definitions([("A", [("m", "word " * 90)])], 500).splitlines())) <= 100
