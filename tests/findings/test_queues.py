"""Ports that drop SYNs, and full accept queues."""

from __future__ import annotations

from pcapstate.views import diagnosis as view
from tests.helpers.diagnosing import findings_of, syn, until, whole
from tests.helpers.paths import PCAPS

from making.files import pcap  # isort: skip
from making.packets import REQUEST, SECOND, START, Talk, merged  # isort: skip


def test_a_port_that_answers_others_drops_syns() -> None:
    (one,) = findings_of(PCAPS / "accept-queue-full.pcap")
    assert (one.kind, one.count, one.also, one.fields["before"]) == (
        "syns-dropped",
        2,
        ["before", "other clients", "nothing since"],
        "0.004000s",
    )
    (one,) = findings_of(pcap(merged(syn(1), whole(2), until(4))))
    assert (one.kind, one.also) == ("syns-dropped", ["after", "other clients"])
    (one,) = findings_of(pcap(merged(syn(1), until(4))))
    assert (one.kind, one.also, one.instead) == ("unanswered", [], "")


def test_a_port_that_was_there_long_ago_may_be_down() -> None:
    for seconds, kind in ((59, "syns-dropped"), (61, "unanswered")):
        gone = syn(1, start=START + seconds * SECOND)
        (one,) = findings_of(pcap(merged(whole(2), gone, until(seconds + 4))))
        assert one.kind == kind
    assert one.also == ["answered before"]
    assert "whether the host is up" in view.following(one, "en")


def test_a_queue_that_is_full_drops_acks_and_syns() -> None:
    talk = Talk(server=("192.0.2.80", 443))
    talk.client.syn()
    answer = talk.server.syn_ack()
    talk.client.ack()
    for turn in range(2):
        talk.wait(2**turn)
        talk.server.emit(answer)
        talk.client.ack()
    found = findings_of(pcap(merged(talk, *(syn(number) for number in range(5)), until(4))))
    assert [f"{one.kind} {one.severity.word}" for one in found] == ["syns-dropped problem", "queue-full warning"]
    assert "acks, too" in found[0].also


def test_a_queue_is_full_where_data_is_ignored_too() -> None:
    talk = Talk()
    talk.client.syn()
    answer = talk.server.syn_ack()
    talk.client.ack()
    for turn in range(3):
        talk.wait(2**turn)
        talk.server.emit(answer)
        talk.client.data(REQUEST) if turn == 0 else talk.client.ack()
    (one,) = findings_of(pcap(talk.packets))
    assert (one.kind, one.severity.word, one.also) == ("queue-full", "problem", ["waiting", "data ignored"])
