"""Resets: who, how often, after how many bytes, how long after the request, and whether a request was under way."""

from __future__ import annotations

import pytest

from pcapstate.findings.finding import Finding
from pcapstate.views import diagnosis as view
from tests.helpers.diagnosing import findings_of

from making.files import pcap  # isort: skip
from making.packets import ANSWER, LINE, REQUEST, SECOND, START, Talk, merged  # isort: skip

ALERT = bytes.fromhex("1503030012") + bytes(18)
"""A TLS record with an alert, encrypted: close_notify as a rule."""


def talk(number: int = 0, port: int = 80) -> Talk:
    start = START + number * SECOND // 8
    return Talk(("10.0.0.5", 50_000 + number), ("192.0.2.80", port), start=start).opened()


def asked(number: int = 0, waited: float = 1.0, by: str = "server", request: bytes = REQUEST) -> Talk:
    """A request that is acknowledged, and then a RST."""
    one = talk(number)
    one.client.data(request)
    one.server.ack()
    one.wait(waited)
    getattr(one, by).send("RA", window=0)
    return one


def idle(number: int = 0, waited: float = 5.0, by: str = "client") -> Talk:
    one = talk(number).exchange()
    one.wait(waited)
    getattr(one, by).send("RA", window=0)
    return one


def told(*talks: Talk) -> list[str]:
    return [f"{one.kind} {one.severity.word}" for one in findings_of(pcap(merged(*talks)))]


def only(*talks: Talk) -> Finding:
    (found,) = findings_of(pcap(merged(*talks)))
    return found


def test_a_server_that_resets_what_it_works_on() -> None:
    one = only(*(asked(number, waited=number + 1) for number in range(4)), talk(9))
    assert (one.kind, one.severity.word, one.host, one.count) == ("reset-in-request", "warning", "192.0.2.80", 4)
    text = view.text(one, "en")
    assert "Of 5 connections to it, 4 got a RST while a request was unanswered" in text
    assert f"after {len(REQUEST)} bytes from the client and 0 from the server" in text
    assert "The server reset 4, 1.031s to 4.031s (median 3.031s) after the end of the request." in text
    assert one.also == ["by server"]
    assert one.packets == (21, 25, 26, 27)
    assert one.first is not None
    assert one.first > START + SECOND


def test_ten_of_a_server_are_a_problem() -> None:
    assert told(*(asked(number) for number in range(9))) == ["reset-in-request warning"]
    assert told(*(asked(number) for number in range(10))) == ["reset-in-request problem"]
    assert told(*(asked(number) for number in range(10)), *(talk(20 + number) for number in range(100))) == [
        "reset-in-request warning"
    ]


def test_a_client_that_waits_no_longer() -> None:
    one = only(asked(by="client", waited=15))
    assert (one.kind, one.severity.word, one.also) == ("reset-in-request", "note", ["by client"])
    assert "The client reset 1, 15.031s after the end of its own request" in view.text(one, "en")
    assert told(*(asked(number, by="client") for number in range(3))) == ["reset-in-request warning"]
    assert told(asked(by="client", waited=0.01)) == ["reset-to-close note"], "it did not wait"


def test_a_request_that_was_not_even_acknowledged() -> None:
    one = talk()
    one.client.data(REQUEST)
    one.server.send("R", window=0, seq=one.server.next)
    assert only(one).also == ["by server", "not acknowledged"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (ALERT, "reset-to-close note"),
        (b"QUIT\r\n", "reset-in-request warning"),
        (b"\x17\x03\x03" + bytes(100), "reset-in-request warning"),
    ],
)
def test_a_farewell_of_tls_is_no_request(last: bytes, expected: str) -> None:
    one = talk(port=443).exchange()
    one.client.data(last)
    one.server.ack()
    one.server.send("RA", window=0)
    assert told(one) == [expected]


def test_resets_with_nothing_under_way() -> None:
    empty = talk(3)
    empty.client.send("RA", window=0)
    closing = talk(4).exchange()
    closing.client.fin()
    closing.server.send("RA", window=0)
    one = only(idle(0, 5), idle(1, 6), idle(2, 7), empty, closing)
    assert (one.kind, one.severity.word, one.count) == ("reset-to-close", "note", 5)
    text = view.text(one, "en")
    assert "3 RSTs came 5.031s to 7.031s (median 6.031s) after the last data." in text
    assert "1 RST came before any data. 1 RST came after one end had sent its FIN." in text
    assert "4 by the client, 1 by the server" in view.title(one, "en")
    assert f"0 to {len(ANSWER)} (median {len(ANSWER)}) from the server" in text


def test_of_a_lone_reset_nothing_is_known() -> None:
    lone = talk().exchange()
    lone.packets.clear()
    lone.client.send("RA", window=0)
    found = {one.kind: one for one in findings_of(pcap(lone.packets))}
    assert found["reset-to-close"].also == []


def test_a_connection_is_in_one_finding() -> None:
    lost = talk(3).exchange()
    lost.server.data(bytes(500))
    lost.server.send("RA", window=0)
    found = findings_of(pcap(merged(asked(0), idle(1), lost)))
    assert [one.kind for one in found] == ["reset-in-request", "reset-lost-data", "reset-to-close"]
    assert sorted(number for one in found for number in one.connections) == [0, 1, 2]
    assert "2 others to it were reset at other points." in view.text(found[0], "en")


@pytest.mark.parametrize("waited", [0.1, 5])
def test_servers_with_few_resets_share_a_finding(waited: float) -> None:
    def at(server: int, number: int) -> Talk:
        one = Talk(("10.0.0.5", 50_000 + number), (f"192.0.2.{server}", 80), start=START + number * SECOND).opened()
        one.exchange(LINE, LINE)
        one.wait(waited)
        one.client.send("RA", window=0)
        return one

    talks = [at(1, 0), at(1, 1), at(1, 2), at(2, 3), at(2, 4), at(3, 5)]
    found = findings_of(pcap(merged(*talks)))
    assert [(one.host, one.count) for one in found] == [("192.0.2.1", 3), (None, 3)]
    assert "to 2 other servers reset" in view.title(found[1], "en")


def test_a_long_request_that_goes_on_after_the_answer_began() -> None:
    """The server's last word tells whether a request is open: it answered, and then the client asks for more."""
    one = talk().exchange()
    one.client.data(REQUEST)
    one.server.ack()
    one.server.data(ANSWER)
    one.client.ack()
    one.wait(1)
    one.server.send("RA", window=0)
    assert told(one) == ["reset-to-close note"]


@pytest.mark.parametrize(("by", "severity"), [("client", "note"), ("server", "warning")])
def test_a_reset_right_behind_an_answer_may_have_cut_it_off(by: str, severity: str) -> None:
    one = only(idle(0, 0.5, by), idle(1, 0.25, by))
    assert (one.kind, one.severity.word, one.count) == ("reset-in-answer", severity, 2)
    assert "The RST came 0.281250s to 0.531250s after the last data from the server" in view.text(one, "en")
    assert told(idle(0, 1, by)) == ["reset-to-close note"]
