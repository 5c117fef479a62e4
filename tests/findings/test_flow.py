"""Retransmissions, and windows that stay zero."""

from __future__ import annotations

from tests.helpers.diagnosing import of_talks, until

from making.packets import ANSWER, LINE, REQUEST, Talk  # isort: skip


def test_sent_again_wants_ten() -> None:
    def lossy(times: int) -> Talk:
        talk = Talk().opened()
        for _ in range(times):
            line = talk.client.data(LINE)
            talk.wait(0.25)
            talk.client.emit(line)
            talk.server.ack()
        return talk

    assert of_talks(lossy(9)) == []
    assert of_talks(lossy(10)) == ["sent-again warning"]
    assert of_talks(lossy(50)) == ["sent-again problem"]
    good = Talk(("10.0.0.5", 52_000)).opened()
    for _ in range(400):
        good.exchange(LINE, ANSWER)
    assert of_talks(lossy(10), good) == [], "a small share of what the hosts exchange"


def test_a_window_that_opens_soon_is_fine() -> None:
    def closed(seconds: float, opens: bool = True) -> Talk:
        talk = Talk().opened()
        talk.client.data(REQUEST)
        talk.server.ack(window=0)
        talk.wait(seconds)
        if opens:
            talk.server.ack()
        return talk

    assert of_talks(closed(0.5)) == []
    assert of_talks(closed(1.5)) == ["zero-window warning"]
    assert of_talks(closed(12)) == ["zero-window problem"]
    assert of_talks(closed(0, opens=False), until(3)) == ["zero-window warning"]
    assert of_talks(closed(0, opens=False), until(0.9)) == []
