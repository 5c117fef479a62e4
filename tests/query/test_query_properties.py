"""Filters at random: they choose what a look at row after row chooses, and raise nothing but their own error."""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.query.columns import select_columns, sort_order
from pcapstate.query.errors import QueryError
from pcapstate.query.parser import parse
from pcapstate.query.shorthands import from_options
from pcapstate.table import NEVER
from pcapstate.tcp.states import State
from tests.helpers.filtered_rows import FIELDS, OUTCOMES, ROW, chosen

Row = dict[str, Any]
Piece = tuple[str, Callable[[Row], bool]]
"""A filter in text, and what it means, row by row."""

ports = st.sampled_from((0, 22, 80, 443, 591, 8008, 8080, 51000, 65535))
small = st.integers(-1, 5)
addresses = st.sampled_from(("10.0.0.5", "10.0.1.9", "192.0.2.1", "::1", "2001:db8::1", "2001:db8:1::1", "255.0.0.1"))
networks = st.sampled_from(("10.0.0.0/8", "10.0.0.0/24", "2001:db8::/32", "2001:db8::1/128", "0.0.0.0/0", "192.0.2.1"))
names = st.one_of(
    st.none(), st.sampled_from(("a", "A.b", "and", "x*y", "a[b]", "", "it's", 'a"\\', "ß", "a b", "ab.b"))
)
rows = st.fixed_dictionaries(
    {
        "client_port": ports,
        "server_port": ports,
        "client_state": st.integers(0, len(State)),
        "server_state": st.integers(0, len(State)),
        "age": st.one_of(small.map(lambda one: one * 500_000_000), st.just(NEVER)),
        "skew": st.one_of(small, st.just(NEVER)),
        "bytes": st.one_of(small, st.sampled_from((1000, 1024, 2000, 2**63 - 1))),
        "opened": st.one_of(small.map(lambda one: one * 1_000_000_000), st.just(NEVER)),
        "outcome": st.integers(-1, len(OUTCOMES)),
        "client_name": names,
        "server_name": names,
        "client_host": addresses,
        "server_host": addresses,
        "handshake_seen": st.booleans(),
        "guessed": st.integers(-1, 1),
    }
)
COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
PORT_NAMES = {"ssh": {22}, "http": {80}, "https": {443}, "http-alt": {591, 8008, 8080}}


def values(name: str, row: Row) -> list[Any]:
    """Return what there is of a field in a row, missing values left out."""
    found = []
    for column in FIELDS[name].columns:
        value = row[column]
        if name in ("state", "client_state"):
            value = State(value).name if value < len(State) else None
        elif name == "outcome":
            value = OUTCOMES[value] if 0 <= value < len(OUTCOMES) else None
        elif name in ("age", "bytes", "guessed") and value < 0:
            value = None
        if value is not None and value != NEVER:
            found.append(value)
    return found


def leaf(name: str, text: str, matches: Callable[[Any], bool], negated: bool = False) -> Piece:
    def holds(row: Row) -> bool:
        there = values(name, row)
        found = any(matches(value) for value in there)
        return bool(there) and not found if negated else found

    return f"{name} {text}", holds


@st.composite
def quantities(draw: st.DrawFn, name: str) -> tuple[str, Fraction]:
    number = draw(st.one_of(small, st.sampled_from(("0.5", "1.5", "2.25", "1000"))))
    units = {"bytes": {"": 1, "k": 1000, "KiB": 1024, " b": 1}, "opened": {"": 10**9}}
    times = {"": 10**9, "s": 10**9, " ms": 10**6, "ns": 1, "m": 60 * 10**9}
    if name == "opened":
        number = draw(small)
    if name == "port":
        return (str(port := draw(ports)), Fraction(port))
    unit, size = draw(st.sampled_from(list(units.get(name, times).items())))
    return f"{number}{unit}", Fraction(number) * size


@st.composite
def ordered(draw: st.DrawFn) -> Piece:
    name = draw(st.sampled_from(("port", "age", "skew", "bytes", "opened")))
    if draw(st.booleans()):
        sign = draw(st.sampled_from(tuple(COMPARE)))
        text, wanted = draw(quantities(name))
        return leaf(name, f"{sign} {text}", lambda value: bool(COMPARE[sign](value, wanted)))
    pairs = []
    for _ in range(draw(st.integers(1, 4))):
        low, high = sorted((draw(quantities(name)), draw(quantities(name))), key=lambda one: one[1])
        pairs.append((low, high) if draw(st.booleans()) else (low, low))
    body = ", ".join(low[0] if low == high else f"{low[0]}..{high[0]}" for low, high in pairs)
    shape = draw(st.sampled_from(("in {%s}", "in (%s)", "not in {%s}", "!= {%s}", "= {%s}")))
    negated = shape.startswith(("not", "!"))
    return leaf(name, shape % body, lambda value: any(low[1] <= value <= high[1] for low, high in pairs), negated)


@st.composite
def worded(draw: st.DrawFn) -> Piece:
    sign = draw(st.sampled_from(("=", "!=", "==")))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        state = draw(st.sampled_from(State))
        spelled = draw(st.sampled_from((state.name, state.name.replace("_", "-"), state.name.lower().replace("_", ""))))
        name = draw(st.sampled_from(("state", "client_state")))
        return leaf(name, f"{sign} {spelled}", lambda value: value == state.name, sign == "!=")
    if kind == 1:
        outcome = draw(st.sampled_from([one for one in OUTCOMES if one]))
        return leaf("outcome", f'{sign} "{outcome}"', lambda value: value == outcome, sign == "!=")
    if kind == 2:
        network = draw(networks)
        inside = ipaddress.ip_network(network)
        return leaf("host", f"{sign} {network}", lambda value: ipaddress.ip_address(value) in inside, sign == "!=")
    if kind == 3:
        service = draw(st.sampled_from(tuple(PORT_NAMES)))
        return leaf("port", f"{sign} {service}", lambda value: value in PORT_NAMES[service], sign == "!=")
    name = draw(st.sampled_from(("handshake_seen", "guessed")))
    return leaf(name, "", lambda value: bool(value))


def is_like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(is_like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and is_like(text[1:], pattern[1:])


@st.composite
def named(draw: st.DrawFn) -> Piece:
    text = draw(st.text("ab.*?[]'\"\\ ß", min_size=1, max_size=4)).casefold()
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    sign = draw(st.sampled_from(("=", "!=", "~", "!~", "matches", "contains", "not contains")))
    if sign in ("=", "!="):
        return leaf("name", f"{sign}{quoted}", lambda value: value.casefold() == text, sign == "!=")
    if sign.endswith("contains"):
        return leaf("name", f"{sign}{quoted}", lambda value: text in value.casefold(), sign.startswith("not"))
    return leaf("name", f"{sign}{quoted}", lambda value: is_like(value.casefold(), text), sign == "!~")


def negated(piece: Piece) -> Piece:
    return f"not {piece[0]}", lambda row: not piece[1](row)


def in_parentheses(piece: Piece) -> Piece:
    return f"({piece[0]})", piece[1]


def all_of(word: str, pieces: list[Piece]) -> Piece:
    return f" {word} ".join(text for text, _ in pieces), lambda row: all(holds(row) for _, holds in pieces)


def any_of(word: str, pieces: list[Piece]) -> Piece:
    return f" {word} ".join(text for text, _ in pieces), lambda row: any(holds(row) for _, holds in pieces)


def grown(inner: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    """Grow filters as their grammar says: what binds less stands in parentheses."""
    single = st.one_of(inner, inner.map(negated))
    both = st.builds(all_of, st.sampled_from(("and", "&&", "AND")), st.lists(single, min_size=1, max_size=3))
    either = st.builds(any_of, st.sampled_from(("or", "||", "Or")), st.lists(both, min_size=1, max_size=3))
    return either.map(in_parentheses)


filters = st.recursive(st.one_of(ordered(), worded(), named()), grown, max_leaves=8)


@given(filters, st.lists(rows, max_size=6))
@settings(deadline=None)
def test_a_filter_chooses_what_a_look_at_each_row_chooses(piece: Piece, given_rows: list[Row]) -> None:
    text, holds = piece
    assert chosen(text, given_rows) == [holds(row) for row in given_rows]


@given(filters, st.lists(rows, max_size=3))
@settings(deadline=None)
def test_a_filter_that_is_written_means_the_same(piece: Piece, given_rows: list[Row]) -> None:
    expression = parse(piece[0], FIELDS)
    written = str(expression)
    again = parse(written, FIELDS)
    assert again == expression
    assert str(again) == written
    assert again.columns == expression.columns
    assert chosen(written, given_rows) == chosen(piece[0], given_rows)


pieces = st.sampled_from(
    (*FIELDS, "and", "or", "not", "in", "~", "!~", "contains", "matches", "(", ")", "{", "}", ",", "..", "=", "!=", "<",
     ">=", "&&", "||", "!", "443", "https", "60s", "5 min", "CLOSE_WAIT", "10.0.0.0/8", "[::1]", '"', "'a b'", "\\",
     "true", "noon", "9999999999999999999999", "1e9", "-", "\u0660", "\u2028", "\x00", "\udc80", "nan", "inf")
)  # fmt: skip


def only_its_own_error(read: Callable[[], Any]) -> None:
    found: QueryError | None = None
    try:
        read()
    except QueryError as error:
        found = error
    if found is not None:
        assert 0 <= found.position <= found.position + found.length <= len(found.text)
        assert len(str(found).splitlines()) == 1
        assert len(str(found)) < 800
        str(found).encode()  # no half of a surrogate pair


@given(st.one_of(st.text(max_size=40), st.lists(pieces, max_size=20).map(" ".join), st.lists(pieces).map("".join)))
@settings(deadline=None)
def test_any_text_is_a_filter_or_gives_one_line(text: str) -> None:
    def read() -> None:
        expression = parse(text, FIELDS)
        assert parse(str(expression), FIELDS) == expression
        assert len(chosen(text, [ROW])) == 1

    only_its_own_error(read)


@given(st.sampled_from(tuple(FIELDS)), st.sampled_from(("=", "!=", "<", "in", "~", "contains")), st.text(max_size=30))
@settings(deadline=None)
def test_any_value_fits_or_gives_one_line(name: str, sign: str, value: str) -> None:
    only_its_own_error(lambda: parse(f"{name} {sign} {value}", FIELDS))
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    only_its_own_error(lambda: parse(f"{name} {sign} {quoted}", FIELDS))


@given(st.lists(st.one_of(st.text(max_size=20), pieces), max_size=3), st.text(max_size=20))
@settings(deadline=None)
def test_any_options_are_understood_or_give_one_line(texts: list[str], other: str) -> None:
    only_its_own_error(lambda: from_options(texts, [], [], FIELDS))
    only_its_own_error(lambda: from_options([], texts, [], FIELDS))
    only_its_own_error(lambda: from_options([], [], texts, FIELDS))
    only_its_own_error(lambda: sort_order(other, FIELDS))
    only_its_own_error(lambda: select_columns(other, FIELDS))
