"""Half-open connections, and data that a reset lost."""

from __future__ import annotations

import pytest

from tests.helpers.diagnosing import findings_of, of_talks

from making.files import pcap  # isort: skip
from making.packets import LINE, Talk  # isort: skip


def test_half_open_wants_silence_and_no_close() -> None:
    def answered(idle: float, flags: str = "R", close: bool = False) -> Talk:
        talk = Talk().opened().exchange()
        if close:
            talk.server.fin()
            talk.client.ack()
        talk.wait(idle)
        talk.client.data(LINE)
        talk.server.send(flags, window=0)
        return talk

    assert of_talks(answered(30)) == ["half-open problem"]
    assert of_talks(answered(2)) == ["reset-in-request warning"]
    assert of_talks(answered(30, "RA")) == ["reset-in-request warning"]
    assert of_talks(answered(30, close=True)) == ["reset-to-close note"]


def test_a_keepalive_answered_by_a_reset_is_half_open() -> None:
    talk = Talk().opened().exchange()
    talk.wait(7200)
    talk.client.ack(seq=talk.client.next - 1)
    talk.server.send("R", window=0)
    assert of_talks(talk) == ["half-open problem"]


def test_reset_with_data() -> None:
    def reset(own: bytes = b"", theirs: bytes = b"", acked: bool = False) -> Talk:
        talk = Talk().opened()
        before = talk.server.next
        if own:
            talk.client.data(own)
        if theirs:
            talk.server.data(theirs)
        if acked:
            talk.server.ack()
        talk.client.send("RA", window=0, ack=talk.server.next if acked else before)
        return talk

    assert of_talks(reset(own=bytes(65))) == ["reset-lost-data warning"]
    assert of_talks(reset(own=bytes(64))) == ["reset-lost-data note"]
    assert of_talks(reset(own=bytes(500), acked=True)) == ["reset-to-close note"]
    assert of_talks(reset(theirs=bytes(500))) == ["reset-lost-data warning"]
    assert of_talks(reset(theirs=bytes(500), acked=True)) == ["reset-in-answer note"], "the RST acknowledges it"


@pytest.mark.parametrize(("size", "expected"), [(500, ["reset-lost-data note"]), (31, ["reset-to-close note"])])
def test_what_comes_behind_a_close_is_lost_and_no_more_than_a_note(size: int, expected: list[str]) -> None:
    talk = Talk().opened().exchange()
    talk.client.fin()
    talk.server.ack()
    talk.server.data(bytes(size))
    talk.client.send("R", window=0)
    assert of_talks(talk) == expected
    if size > 64:
        (one,) = findings_of(pcap(talk.packets))
        assert (one.also, int(one.fields["theirs"])) == (["theirs", "late"], size)
