"""CLOSE_WAIT that lasts, and who closed first."""

from __future__ import annotations

import pytest

from tests.helpers.diagnosing import findings_of, of_talks, until

from making.files import pcap  # isort: skip
from making.packets import LINE, SECOND, START, Side, Talk, merged  # isort: skip


def closed_by_peer(first: str = "server", port: int = 51_812, address: str = "10.0.0.5") -> Talk:
    """One end has closed, the other has acknowledged that and does not close."""
    talk = Talk((address, port)).opened().exchange()
    side: Side = getattr(talk, first)
    side.fin()
    side.peer.ack()
    return talk


@pytest.mark.parametrize(
    ("first", "seconds", "expected"),
    [
        ("server", 4, []),
        ("server", 6, ["close-wait-left warning"]),
        ("server", 70, ["close-wait-left warning"]),
        ("client", 70, ["close-wait-left problem"]),
    ],
)
def test_close_wait_that_lasts(first: str, seconds: int, expected: list[str]) -> None:
    assert of_talks(closed_by_peer(first), until(seconds)) == expected


def test_close_wait_is_told_of_the_host_that_did_not_close() -> None:
    talks = [closed_by_peer("server", 50_000 + number) for number in range(12)]
    later = closed_by_peer("server", 51_000)
    young = Talk(("10.0.0.5", 51_001), start=START + 64 * SECOND + SECOND // 2).opened()
    young.server.fin()
    young.client.ack()
    one, *_ = findings_of(pcap(merged(*talks, later, young, until(65))))
    assert (one.kind, one.severity.word, one.host, one.count) == ("close-wait-left", "problem", "10.0.0.5", 13)


def test_who_still_sends_has_not_forgotten_to_close() -> None:
    talk = closed_by_peer("client")
    for _ in range(30):
        talk.wait(1)
        talk.server.data(LINE)
        talk.client.ack()
    assert of_talks(talk, until(31)) == []
    assert of_talks(talk, until(60)) == ["close-wait-left warning"]


def test_a_fin_that_nobody_acknowledged_proves_no_close_wait() -> None:
    talk = Talk().opened().exchange()
    talk.server.fin()
    assert of_talks(talk, until(100)) == []


def test_closed_first_wants_ten() -> None:
    def closed(number: int) -> Talk:
        talk = Talk(("10.0.0.5", 50_000 + number)).opened()
        return talk.closed_by(talk.client if number % 2 else talk.server)

    assert of_talks(*(closed(number) for number in range(9))) == []
    (one,) = findings_of(pcap(merged(*(closed(number) for number in range(10)))))
    assert (one.kind, one.fields["by_client"], one.fields["by_server"], one.also) == ("closed-first", 5, 5, [])
