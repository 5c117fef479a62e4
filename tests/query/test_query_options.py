"""The plain options as filters; the columns of --sort and --columns."""

from __future__ import annotations

import re

import pytest

from pcapstate.query.columns import SortKey, select_columns, sort_order
from pcapstate.query.errors import QueryError
from pcapstate.query.expression import both
from pcapstate.query.parser import parse
from pcapstate.query.shorthands import from_options
from tests.helpers.filtered_rows import FIELDS


@pytest.mark.parametrize(
    ("states", "ports", "hosts", "written"),
    [
        ([], [], [], None),
        (["close-wait"], [], [], "state = close-wait"),
        (["close-wait,LISTENING", "estab"], [], [], "state in {close-wait, LISTENING, estab}"),
        ([], ["443, 8000-8999", "http..https"], [], "port in {443, 8000..8999, http..https}"),
        ([], [], ["10.0.0.0/8", "[2001:db8::1]"], "host in {10.0.0.0/8, [2001:db8::1]}"),
        ([], [], ["*.example.com,fe80::1,www.a"], "host = fe80::1 or name ~ *.example.com or name = www.a"),
        (
            ["estab"],
            ["https"],
            ["1.2.3.4,a.example"],
            "state = estab and port = https and (host = 1.2.3.4 or name = a.example)",
        ),
    ],
)
def test_options_are_filters(states: list[str], ports: list[str], hosts: list[str], written: str | None) -> None:
    expression = from_options(states, ports, hosts, FIELDS)
    if written is None:
        assert expression is None
    else:
        assert str(expression) == written
        assert expression == parse(written, FIELDS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((["estab,foo"], [], []), '--state: no state is called "foo" at character 7 (known: UNKNOWN'),
        ((["estab,,foo"], [], []), "--state: a word is missing at character 7: estab,»«,foo"),
        (([""], [], []), "--state: a word is missing at the end: »«"),
        (([], ["80, htps"], []), '--port: no port is called "htps" at character 5 (did you mean https'),
        (([], ["5..1"], []), '--port: the range begins after its end, "1", at character 1: »5..1«'),
        (([], [], ["300.1.1.1"]), '--host: "300.1.1.1" is neither an IP address nor a network at character 1'),
        (([], [], ["10.0.0.*"]), '--host: "10.0.0.*" is neither an IP address'),
        (([], [], ["example.com:80"]), '--host: "example.com:80" is neither an IP address'),
        (([], ["1" * 20_000], []), "--port: the list is longer than 10,000 characters"),
    ],
)
def test_errors_of_options(options: tuple[list[str], list[str], list[str]], message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)):
        from_options(*options, FIELDS)


def test_a_host_is_an_address_where_there_are_no_names() -> None:
    with pytest.raises(QueryError, match="neither an IP address"):
        from_options([], [], ["example.com"], {"host": FIELDS["host"]})


def test_filters_combine() -> None:
    one, two = parse("port = 1 or port = 2", FIELDS), parse("age > 5s and bytes > 1", FIELDS)
    assert both(None, None) is None
    assert both(one, None) is one
    assert str(both(one, two)) == "(port = 1 or port = 2) and age > 5s and bytes > 1"


COLUMNS = ("state", "age", "local_port", "connection")


def test_sort_orders() -> None:
    assert sort_order("-age,local_port", COLUMNS) == (SortKey("age", True), SortKey("local_port", False))
    assert sort_order(" +State , -local-port ", COLUMNS) == (SortKey("state", False), SortKey("local_port", True))
    assert select_columns("age, STATE,local-port", COLUMNS) == ("age", "state", "local_port")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age,stat", 'there is no column "stat" at character 5 (did you mean state?): age,»stat«'),
        ("port", 'there is no column "port" at character 1 (did you mean local_port?): »port«'),
        ("xyz", 'there is no column "xyz" at character 1 (known: state, age, local_port, connection): »xyz«'),
        ("age,state, age", "the column age is named twice at character 12: age,state, »age«"),
        ("age,,state", "a word is missing at character 5: age,»«,state"),
        ("age,", "a word is missing at the end: age,»«"),
        ("", "a word is missing at the end: »«"),
    ],
)
def test_columns_that_are_wrong(text: str, message: str) -> None:
    for source, read in (("--sort", sort_order), ("--columns", select_columns)):
        with pytest.raises(QueryError) as caught:
            read(text, COLUMNS)
        assert str(caught.value) == f"{source}: {message}"


def test_a_minus_without_a_column() -> None:
    with pytest.raises(QueryError, match='there is no column ""'):
        sort_order("-", COLUMNS)
