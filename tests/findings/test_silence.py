"""Hosts that fell silent."""

from __future__ import annotations

from tests.helpers.diagnosing import of_talks

from making.packets import REQUEST, Talk  # isort: skip


def test_silence_wants_three_tries() -> None:
    def repeated(times: int) -> Talk:
        talk = Talk().opened()
        request = talk.client.data(REQUEST)
        for _ in range(times):
            talk.wait(0.5)
            talk.client.emit(request)
        return talk

    assert of_talks(repeated(2)) == []
    assert of_talks(repeated(3)) == ["fell-silent problem"]
    answered = repeated(3)
    answered.server.ack()
    assert of_talks(answered) == []
