"""Errors of filters point at the place, in one line; length and depth are bounded."""

from __future__ import annotations

import re
import shlex

import pytest

from pcapstate.errors import PcapstateError
from pcapstate.query import parser
from pcapstate.query.errors import QueryError
from pcapstate.query.fields import Field
from pcapstate.query.parser import parse
from pcapstate.query.shorthands import from_options
from tests.helpers.filtered_rows import FIELDS, OUTCOMES, fits
from tests.helpers.paths import ROOT


def error(text: str, fields: dict[str, Field] = FIELDS) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, fields)
    found = caught.value
    assert isinstance(found, PcapstateError)
    assert len(str(found).splitlines()) == 1
    assert str(found).isprintable()
    return found


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("state = CLOSE_WAIT adn port = 443", "adn", 'expected "and" or "or" at character 20, before "adn": '),
        ("state = CLOSE_WAIT port = 443", "port", 'expected "and" or "or" at character 20, before "port": '),
        ("port = 443)", ")", 'expected "and" or "or" at character 11, before ")": '),
        ("(port = 443", "", 'expected "and", "or" or ")" at the end: '),
        ("port = 443 or", "", 'expected a field (such as port), "not" or "(" at the end: '),
        ("", "", 'the filter is empty: expected a field (such as port), "not" or "(" at the end: »«'),
        ("and port = 1", "and", 'expected a field (such as port), "not" or "(" at character 1, before "and": '),
        ("port", "", "expected an operator (such as =) behind port at the end: "),
        ("port not = 4", "not", 'expected an operator (such as =) behind port at character 6, before "not": '),
        ("port = ", "", "expected a port such as 443 or https at the end: "),
        ("age > and", "and", 'expected a duration such as 60s, 1.5ms or 2h at character 7, before "and" (in quotes'),
        ("port in {443 8443}", "8443", 'expected "," or "}" at character 14, before "8443": '),
        ("port in {443, }", "}", 'expected a port such as 443 or https at character 15, before "}": '),
        ("port in {}", "}", 'expected a port such as 443 or https at character 10, before "}": '),
        ("port = (443 or 8443)", "or", 'expected "," or ")" at character 13, before "or": '),
        ("prot = 3", "prot", 'there is no field "prot" at character 1 (did you mean port?): '),
        ("1s < age", "1s", 'there is no field "1s" at character 1 (known: port, client_port, state,'),
        ("state = CLOSE_WIAT", "CLOSE_WIAT", 'no state is called "CLOSE_WIAT" at character 9 (did you mean CLOSE_WAIT'),
        ("state = reset", "reset", 'no state is called "reset" at character 9 (known: UNKNOWN, CLOSED, LISTEN'),
        ("outcome = reset by client", "reset", 'no outcome is called "reset" at character 11 (did you mean reset by c'),
        ("outcome ~ foo*", "foo*", 'no outcome is like "foo*" at character 11 (known: open, reset by client, half-'),
        ("outcome contains foo", "foo", 'no outcome contains "foo" at character 18 (known: open'),
        ("port = banana", "banana", 'no port is called "banana" at character 8 ('),
        (
            "port = qqqq",
            "qqqq",
            'no port is called "qqqq" at character 8 (a number from 0 to 65535, or a name such as https',
        ),
        ("port = sql", "sql", 'no port is called "sql" at character 8 (did you mean sql'),
        ("port = htps", "htps", 'no port is called "htps" at character 8 (did you mean https, '),
        ("port = 65536", "65536", '"65536" is not a port at character 8 (ports go from 0 to 65535): '),
        ("port = -1", "-1", 'no port is called "-1" at character 8'),
        ("port in {1..x}", "x", 'no port is called "x" at character 13'),
        ("port in {x..1}", "x", 'no port is called "x" at character 10'),
        ("port in {2..1}", "2..1", 'the range begins after its end, "1", at character 10: '),
        ("port = 9-1", "9-1", 'the range begins after its end, "1", at character 8: '),
        ("port > 1..2", "1..2", '">" takes one value, and this is several at character 8: '),
        ("port > 1-2", "1-2", '">" takes one value, and this is several at character 8: '),
        (
            "age > 5 apples",
            "apples",
            'expected a unit (ns us ms s m h d), "and" or "or" at character 9, before "apples": ',
        ),
        ("age in {5 apples}", "apples", 'expected a unit (ns us ms s m h d), "," or "}" at character 11, before'),
        ("(age > 5 apples)", "apples", 'expected a unit (ns us ms s m h d), "and", "or" or ")" at character 10'),
        ("age > 5 s apples", "apples", 'expected "and" or "or" at character 11, before "apples": '),
        ("age > 5apples", "5apples", '"apples" is not a unit of a duration at character 7 (units: ns us ms s m h d): '),
        ("age > 5..", "", "expected a duration such as"),
        ("age > old", "old", '"old" is not a duration at character 7 (a duration such as 60s, 1.5ms or 2h): '),
        ("age > 1h30", "1h30", '"1h30" is not a duration at character 7'),
        ("bytes > 1h", "1h", '"h" is not a unit of a number at character 9 (units: k M G T or Ki Mi Gi Ti): '),
        ("bytes > 1k1k", "1k1k", '"1k1k" is not a number at character 9'),
        ("bytes > 9223372036854775808", "9223372036854775808", '"9223372036854775808" is too large at character 9: '),
        ("age > 9999999999 h", "9999999999 h", '"9999999999h" is too large at character 7: '),
        ("bytes > " + "9" * 50, "9" * 50, f'"{"9" * 39}…" is too long for a number at character 9: '),
        ("opened > soon", "soon", "'soon' is no time at character 10: "),
        ("host = 300.1.1.1", "300.1.1.1", '"300.1.1.1" is neither an IP address nor a network at character 8 (such as'),
        ("host = 10.0.0.0/33", "10.0.0.0/33", '"10.0.0.0/33" is neither an IP address nor a network at character 8'),
        (
            "host = 10.0.0.5:443",
            "10.0.0.5:443",
            '"10.0.0.5:443" is neither an IP address nor a network at character 8 (the',
        ),
        (
            "host = [::1]:80",
            "[::1]:80",
            '"[::1]:80" is neither an IP address nor a network at character 8 (the port is',
        ),
        (
            "host in {10.0.0.1..10.0.0.9}",
            "10.0.0.1..10.0.0.9",
            "host does not take ranges at character 10 (they are for",
        ),
        ("state < 3", "<", '"<" does not fit state at character 7 (it has = != in ~ !~ contains): '),
        ("port ~ 4*", "~", '"~" does not fit port at character 6 (it has = != < <= > >= in): '),
        ("age not contains 4", "not", '"not contains" does not fit age at character 5'),
        ("handshake_seen > 1", ">", '">" does not fit handshake_seen at character 16 (it has = !=): '),
        ("handshake_seen = {true}", "{", "handshake_seen takes no list at character 18: "),
        ("handshake_seen = maybe", "maybe", 'handshake_seen is true or false, not "maybe", at character 18: '),
        ("name contains ''", "''", "the text is empty at character 15: "),
        ("state contains '-'", "'-'", "the text is empty at character 16: "),
        ("name = 'abc", "'abc", "the quote opened at character 8 is never closed: "),
        (r"name = 'abc\'", r"'abc\'", "the quote opened at character 8 is never closed: "),
        ("port = 1 & port = 2", "&", 'unexpected "&" at character 10 ("&&" is meant?): '),
        ("port = 1 | port = 2", "|", 'unexpected "|" at character 10 ("||" is meant?): '),
        ("port <> 3", ">", 'expected a port such as 443 or https at character 7, before ">": '),
    ],
)
def test_errors_point_at_the_place(text: str, place: str, message: str) -> None:
    found = error(text)
    assert str(found).startswith(f"--filter: {message}")
    assert text[found.position : found.position + found.length] == place
    if len(place) <= 40:
        assert f"»{place}«" in str(found)
    assert found.text == text
    assert found.source == "--filter"


def test_an_error_shows_what_is_around_it_and_nothing_harmful() -> None:
    text = "port = 443 and state = CLOSE_WAIT adn port = 443 and state = TIME_WAIT"
    assert str(error(text)).endswith(": … and state = CLOSE_WAIT »adn« port = 443 and state = …")
    assert str(error("port = \x1b[31m\u202e")).endswith(r": port = »\x1b[31m\u202e«")
    assert str(error("port\n=\n443 x")).endswith(": port = 443 »x«")
    assert len(str(error("x" * 9_000))) < 400
    assert len(str(error("port = 1 " * 1_000))) < 400
    assert len(str(error("opened = " + "x" * 9_000))) < 400


def test_length_and_depth_are_bounded() -> None:
    fits_still = "port = 1 or " * 800 + "port = 443"
    assert fits(fits_still)
    assert "longer than 10,000 characters" in str(error(fits_still + " " * 10_000))
    deep = parser.DEEPEST
    assert fits("(" * deep + "port = 443" + ")" * deep)
    assert fits("not " * deep + "port = 443")
    for opening in ("(", "not ", "not (", "!"):
        found = error(opening * 3_000 if len(opening) < 2 else opening * 2_000)
        assert found.reason == "more than 50 parentheses and nots within each other"
    assert fits("port in {" + ", ".join(map(str, range(443, 2_000))) + "}")


def test_words_that_are_nothing_have_no_name() -> None:
    assert OUTCOMES[2] is None
    assert "None" not in str(error("outcome = none"))


PAGE = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", FENCED[0].splitlines())
def test_examples_of_the_documentation_are_filters(text: str) -> None:
    parse(text, FIELDS)


@pytest.mark.parametrize("line", FENCED[1].splitlines())
def test_errors_of_the_documentation_are_those_that_there_are(line: str) -> None:
    text = line.rpartition(": ")[2].replace("»", "").replace("«", "")
    assert str(error(text)) == line


@pytest.mark.parametrize(("option", "same"), re.findall(r"^\| `(--.*?)` \| `(.*?)` \|$", PAGE, re.MULTILINE))
def test_options_of_the_documentation_are_the_filters_that_it_says(option: str, same: str) -> None:
    name, value = shlex.split(option)
    values = {f"--{one}": [value] if name == f"--{one}" else [] for one in ("state", "port", "host")}
    assert from_options(*values.values(), FIELDS) == parse(same, FIELDS)
