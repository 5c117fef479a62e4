"""The language of filters: its grammar, and what each kind of field compares with."""

from __future__ import annotations

import pytest

from pcapstate.addresses import parse_network, within
from pcapstate.query.parser import parse
from pcapstate.table import NEVER
from pcapstate.tcp.states import State
from tests.helpers.filtered_rows import FIELDS, bits, fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("guessed or port = 443 and bytes = 1500", True),
        ("port = 443 or bytes = 1 and bytes = 2", True),
        ("(port = 443 or bytes = 1) and bytes = 2", False),
        ("not port = 443 or bytes = 1500", True),
        ("not (port = 443 or bytes = 1500)", False),
        ("not not port = 443", True),
        ("not port = 1 and not port = 443", False),
        ("NOT port = 1 AND bytes = 1500", True),
        ("! port = 1 && bytes = 1 || Port == 443", True),
        ("!(port=443)&&handshake_seen", False),
        ("handshake_seen and not guessed", True),
        ("handshake-seen", True),
        ("\n port\t= 443\n", True),
    ],
)
def test_not_binds_closer_than_and_and_that_closer_than_or(text: str, expected: bool) -> None:
    assert fits(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes = 1500", True),
        ("bytes = 1.5k", True),
        ("bytes == 1.5 kB", True),
        ("bytes != 1500", False),
        ("bytes < 1500", False),
        ("bytes <= 1500", True),
        ("bytes > 1499.5", True),
        ("bytes < 1500.5", True),
        ("bytes = 1500.5", False),
        ("bytes != 1500.5", True),
        ("bytes >= 1501", False),
        ("bytes > -1", True),
        ("bytes < 2KiB", True),
        ("bytes < 1 Ki", False),
        ("bytes < 1M", True),
        ("bytes = 1500 B", True),
        ("bytes in {1, 1.4k..1.6k}", True),
        ("bytes in (1, 2)", False),
        ("bytes not in {1, 2}", True),
        ("bytes in {2000, 9000}", False),
        ("bytes in {1000, 2000}", False),
        ("bytes in {2000..9000, 1000..1800, 1..1200}", True),
        ("bytes = 1k..2k", True),
        ("bytes != {1000..2000, 3}", False),
        ("age = 60s", True),
        ("age = 1m", True),
        ("age = 1 min", True),
        ("age = 60", True),
        ("age > 0.99 MIN", True),
        ("age >= 0h59s1s", True),
        ("age < 1h30m", True),
        ("age < 1d", True),
        ("age = 60000ms", True),
        ("age = 60000000us", True),
        ("age = 60000000\u00b5s", True),
        ("age = 60000000000 ns", True),
        ("age > 60.0000000001s", False),
        ("age < 60.0000000001s", True),
        ("skew = -5ns", True),
        ("skew < 0", True),
        ("skew in -10ns..-1ns", True),
        ("opened = 100", True),
        ("opened < noon", True),
        ("opened in -5..99", False),
        ("opened in {0..1, 2..3, 99..101}", True),
    ],
)
def test_numbers_durations_and_times(text: str, expected: bool) -> None:
    assert fits(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port = 443", True),
        ("port = https", True),
        ("port = HTTPS", True),
        ('port = "https"', True),
        ("port = 51000", True),
        ("port = 80", False),
        # Either end: = is any of them, != none of them.
        ("port != 443", False),
        ("port != 80", True),
        ("client_port != 443", True),
        ("port < 1024", True),
        ("client_port < 1024", False),
        ("port > https", True),
        ("port in {80, 440..450}", True),
        ("port in {80, 440-450}", True),
        ("port = 440 .. 450", True),
        ("port not in {https, 80}", False),
        ("port not in {80}", True),
        ("port in https..http-alt", True),
        ("port = 0000000000000000000000000000000000000000000000443", True),
    ],
)
def test_ports(text: str, expected: bool) -> None:
    assert fits(text) is expected


@pytest.mark.parametrize("port", [591, 8008, 8080])
def test_a_name_that_several_ports_have_means_all_of_them(port: int) -> None:
    assert fits("port = http-alt", server_port=port)
    assert not fits("port != http-alt", server_port=port)


SPELLINGS: dict[State, tuple[str, ...]] = {
    State.CLOSED: ("CLOSED", "CLOSE", "UNCONN"),
    State.LISTEN: ("LISTEN", "LISTENING", "listening"),
    State.SYN_SENT: ("SYN_SENT", "SYN-SENT", "syn_sent"),
    State.SYN_RECEIVED: ("SYN_RECEIVED", "SYN-RECEIVED", "SYN_RECV", "SYN-RECV", "SYN_RCVD"),
    State.ESTABLISHED: ("ESTABLISHED", "ESTAB", "Established"),
    State.FIN_WAIT_1: ("FIN_WAIT_1", "FIN_WAIT1", "FIN-WAIT-1", "finwait1", '"FIN WAIT 1"'),
    State.FIN_WAIT_2: ("FIN_WAIT_2", "FIN_WAIT2", "FIN-WAIT-2"),
    State.CLOSE_WAIT: ("CLOSE_WAIT", "close-wait", "CLOSE-WAIT", "CloseWait"),
    State.CLOSING: ("CLOSING",),
    State.LAST_ACK: ("LAST_ACK", "LAST-ACK"),
    State.TIME_WAIT: ("TIME_WAIT", "TIME-WAIT", "TIMEWAIT"),
    State.UNKNOWN: ("UNKNOWN",),
}


@pytest.mark.parametrize("state", SPELLINGS)
def test_states_in_every_spelling(state: State) -> None:
    for spelling in SPELLINGS[state]:
        for other in State:
            assert fits(f"client_state = {spelling}", client_state=other) is (other is state), spelling


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("state = CLOSE_WAIT", True),
        ("state != CLOSE_WAIT", False),
        ("state != LISTEN", True),
        ("state in {listening, estab}", True),
        ("state not in (listening, time-wait)", True),
        ("state ~ close*", True),
        ("state ~ fin-wait-?", False),
        ("state matches *WAIT", True),
        ("state !~ *WAIT", False),
        ("state not matches FIN*", True),
        ("state contains wait", True),
        ("client_state contains wait", False),
        ("state not contains wait", False),
        ('outcome = "reset by client"', True),
        ("outcome = reset-by-client", True),
        ("outcome != half_closed", True),
        ("outcome ~ reset*", True),
        ("outcome contains by", True),
    ],
)
def test_states_and_other_words(text: str, expected: bool) -> None:
    assert fits(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = www.example.COM", True),
        ("name = example.com", False),
        ("name != example.com", True),
        ("name != 'WWW.example.com'", False),
        ("name ~ *.example.com", True),
        ("name ~ ???.example.com", True),
        ("name ~ example*", False),
        ("name ~ www[.]example.com", False),
        ("name !~ *.example.org", True),
        ("name contains EXAMPLE", True),
        ("name not contains example", False),
        ("name contains *", False),
        ('name in {a, "www.example.com"}', True),
        (r'name = "a\"b\\c"', False),
    ],
)
def test_texts(text: str, expected: bool) -> None:
    assert fits(text) is expected


def test_quotes_hold_anything() -> None:
    for name in ('a"b\\c', "and", "x y", "a..b", "", "a\nb", "O'Neil"):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        assert fits(f'name = "{escaped}"', server_name=name)
        assert fits(str(parse(f'name = "{escaped}"', FIELDS)), server_name=name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host = 10.0.0.5", True),
        ("host = 10.0.0.0/8", True),
        ("host in 10.0.0.0/255.0.0.0", True),
        ("host = 10.9.9.9/8", True),
        ("host = 11.0.0.0/8", False),
        ("host != 10.0.0.0/8", False),
        ("host != 11.0.0.0/8", True),
        ("host = 2001:db8::1", True),
        ("host = [2001:db8::1]", True),
        ("host = 2001:DB8::/32", True),
        ("host = ::ffff:10.0.0.5", True),
        ("host in {192.0.2.0/24, 2001:db8::/64}", True),
        ("host not in {192.0.2.0/24, 2001:db8::/64}", False),
        ("host = 0.0.0.0/0", True),
    ],
)
def test_addresses(text: str, expected: bool) -> None:
    assert fits(text) is expected


def test_no_ipv4_address_is_in_a_network_of_ipv6_but_a_mapped_one() -> None:
    high, low = bits(["10.0.0.1", "2001:db8::1", "255.255.255.255", "::"])
    expected = {
        "::/0": [False, True, False, True],
        "::/64": [False, False, False, True],
        "0.0.0.0/0": [True, False, True, False],
        "::ffff:0:0/96": [True, False, True, False],
        "10.0.0.1": [True, False, False, False],
        "::": [False, False, False, True],
    }
    for text, inside in expected.items():
        assert within(high, low, (parse_network(text),)).tolist() == inside, text


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        *(
            (f"{field} {operator} 5", {field: missing})
            for field, missing in (("age", -1), ("bytes", -1), ("opened", NEVER), ("skew", NEVER), ("age", NEVER))
            for operator in ("=", "!=", "<", "<=", ">", ">=", "in", "not in")
        ),
        *((f"outcome {operator} open", {"outcome": 2}) for operator in ("=", "!=", "in", "not in", "~", "!~")),
        *((f"client_state {operator} estab", {"client_state": 99}) for operator in ("=", "!=", "not in")),
        *((f"guessed {operator} true", {"guessed": -1}) for operator in ("=", "!=")),
        *((f"name {operator} x", {"server_name": None}) for operator in ("=", "!=", "!~", "not contains", "not in")),
    ],
)
def test_what_is_missing_matches_no_comparison(text: str, missing: dict[str, int | None]) -> None:
    assert not fits(text, **missing)
    assert fits(f"not {text}", **missing)


def test_of_several_columns_those_that_there_are_count() -> None:
    assert fits("name != other")
    assert not fits("name != other", server_name=None)
    assert not fits("name = other", server_name=None)
    assert not fits("state != LISTEN", client_state=99, server_state=-1)
    assert fits("state != LISTEN", client_state=99)
