"""The text kernel: numbers, times and addresses as the standard library writes them."""

from __future__ import annotations

import csv
import io
import ipaddress
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.kernels.running import Kernels
from pcapstate.output.formats import FORMATS, render
from pcapstate.table import (
    ADDRESS,
    ENDPOINT_ADDRESS,
    NEVER,
    NUMBER,
    NUMBER_OR_NOTHING,
    TIME,
    WORD,
    Batch,
    Column,
    Table,
    cells,
    single,
)

COLUMNS = (
    Column("number", "Number", NUMBER),
    Column("maybe", "Maybe", NUMBER_OR_NOTHING),
    Column("time", "Time", TIME),
    Column("word", "Word", WORD, ("plain", "a, b", None, True)),
    Column("address", "Address", ADDRESS),
    Column("end", "End", ENDPOINT_ADDRESS),
)
KERNELS = Kernels()
signed = st.integers(-(2**63) + 1, 2**63 - 1)


def bits(address: str) -> tuple[int, int]:
    one = ipaddress.ip_address(address)
    value = int(one) if one.version == 6 else 0xFFFF << 32 | int(one)
    return tuple(int(np.uint64(part).astype(np.int64)) for part in (value >> 64, value & 2**64 - 1))  # type: ignore[return-value]


def text(format_: str, rows: list[tuple[int, int, int, int, str, str, int]]) -> str:
    batches = []
    for number, maybe, time, word, address, end, port in rows:
        batches.append(
            cells(COLUMNS, 1, number=number, maybe=maybe, time=time, word=word, address=bits(address),
                  end=(*bits(end), port))
        )  # fmt: skip
    table = Table(COLUMNS, [Batch(COLUMNS, batch) for batch in batches])
    return b"".join(render(table, format_, KERNELS)).decode()


addresses = st.ip_addresses().map(str).filter(lambda one: not one.startswith("::ffff:"))


@given(
    signed, signed, st.one_of(signed, st.just(NEVER)), st.integers(0, 3), addresses, addresses, st.integers(0, 65535)
)
def test_json_reads_back(number: int, maybe: int, time: int, word: int, address: str, end: str, port: int) -> None:
    line = text("jsonl", [(number, maybe, time, word, address, end, port)])
    back = json.loads(line, parse_float=str, parse_int=int)
    whole, fraction = divmod(abs(time), 10**9)
    sign = "-" if time < 0 else ""
    assert back == {
        "number": number,
        "maybe": None if maybe < 0 else maybe,
        "time": None if time == NEVER else f"{sign}{whole}.{fraction:09d}",
        "word": COLUMNS[3].words[word],
        "address": address,
        "end": f"[{end}]:{port}" if ":" in end else f"{end}:{port}",
    }


def test_csv_reads_back_and_quotes() -> None:
    rows = list(csv.reader(io.StringIO(text("csv", [(1, -1, NEVER, 1, "10.0.0.1", "::1", 80)]), newline="")))
    assert rows == [[column.name for column in COLUMNS], ["1", "", "", "a, b", "10.0.0.1", "[::1]:80"]]


@pytest.mark.parametrize("count", [0, 1, 3, 20_000])
def test_json_is_one_array_whatever_the_number_of_rows(count: int) -> None:
    one = (5, 5, 5, 3, "10.0.0.1", "2001:db8::1", 80)
    batch = cells(COLUMNS, count, number=np.arange(count), maybe=5, time=5, word=3, address=bits(one[4]),
                  end=(*bits(one[5]), 80))  # fmt: skip
    kernels = Kernels()
    out = b"".join(render(single(COLUMNS, batch), "json", kernels))
    assert [row["number"] for row in json.loads(out)] == list(range(count))


@pytest.mark.parametrize("growing", [False, True])
def test_table_is_aligned(growing: bool) -> None:
    batch = cells(COLUMNS, 2, number=np.array([1, 100]), maybe=-1, time=5, word=0, address=bits("10.0.0.1"),
                  end=(*bits("10.0.0.1"), 80))  # fmt: skip
    out = b"".join(render(single(COLUMNS, batch), "table", KERNELS, growing)).decode().splitlines()
    assert out[0].split() == ["Number", "Maybe", "Time", "Word", "Address", "End"]
    assert [line.index("plain") for line in out[1:]] == [out[1].index("plain")] * 2
    assert out[0].index("Word") == out[1].index("plain")


def test_every_format_is_known() -> None:
    for format_ in FORMATS:
        assert all(isinstance(piece, bytes) for piece in render(Table(COLUMNS, []), format_, KERNELS))


def test_tsv_has_tabs_between_fields_and_nowhere_else() -> None:
    columns = (Column("a", "A", WORD, ('x\ty"z', None, "=1", "日本")), Column("b", "B", NUMBER))
    table = single(columns, cells(columns, 4, a=np.arange(4), b=np.arange(4)))
    text = b"".join(render(table, "tsv", Kernels())).decode()
    assert text == "a\tb\nx\\ty\"z\t0\n\t1\n'=1\t2\n日本\t3\n"


def test_markdown_is_one_table_in_which_no_text_is_markup() -> None:
    columns = (Column("a", "A", WORD, ("![x](http://a)", "FIN_WAIT_2", "a|b\n _c_", None)), Column("n", "N", NUMBER))
    batches = [Batch(columns, cells(columns, 2, a=at, n=at)) for at in (np.array([0, 1]), np.array([2, 3]))]
    assert b"".join(render(Table(columns, batches), "markdown", Kernels())).decode().splitlines() == [
        "| a                 |   n |",
        "|:------------------|----:|",
        r"| \!\[x\](http://a) |   0 |",
        "| FIN_WAIT_2        |   1 |",
        r"| a\|b\\n \_c\_     |   2 |",
        "|                   |   3 |",
    ]


def test_markdown_without_rows_has_the_names_of_the_columns() -> None:
    assert text("markdown", []).splitlines()[0].split()[:2] == ["|", COLUMNS[0].name]
