"""SYNs that stay without an answer, or get it late."""

from __future__ import annotations

from pcapstate.views import diagnosis as view
from tests.helpers.diagnosing import findings_of, of_talks, syn, until, whole

from making.files import pcap  # isort: skip
from making.packets import SECOND, START, Talk, merged  # isort: skip


def test_unanswered_wants_time() -> None:
    assert of_talks(syn(1), until(2)) == []
    assert of_talks(syn(1), until(4)) == ["unanswered warning"]
    assert of_talks(syn(1, again=1)) == []
    assert of_talks(syn(1, again=2)) == ["unanswered warning"]


def test_a_host_that_sends_on_other_ports_is_up() -> None:
    other = Talk(("10.0.0.9", 40_000), ("192.0.2.80", 22), start=START + 4 * SECOND).opened()
    (one,) = findings_of(pcap(merged(syn(1), other)))
    assert (one.kind, one.instead) == ("unanswered", "host is up")
    for language in ("en", "ja"):
        assert "192.0.2.80:443" in view.following(one, language)
    assert "whether the host is up" not in view.following(one, "en")


def test_one_syn_that_was_lost_is_no_full_queue() -> None:
    def late(number: int) -> Talk:
        talk = Talk(("10.0.0.5", 50_000 + number))
        first = talk.client.syn()
        talk.wait(1)
        talk.client.emit(first)
        talk.server.syn_ack()
        talk.client.ack()
        return talk

    assert of_talks(late(0), late(1), whole(1)) == []
    assert of_talks(late(0), late(1), late(2)) == ["answered-late warning"]
