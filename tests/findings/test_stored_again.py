"""Packets that a capture has a second time count once in ``diagnose``."""

from __future__ import annotations

import numpy as np
import pytest

from pcapstate.decode.segment import ACK, SEGMENT, SEGMENT_NONE, SYN
from pcapstate.findings import stored_again
from pcapstate.findings.finding import Finding
from pcapstate.findings.first_syns import ROOM, FirstSyns
from pcapstate.findings.last_data import LastData
from pcapstate.views import diagnosis as view
from tests.helpers.diagnosing import findings_of
from tests.helpers.paths import PCAPS

from making.files import pcap  # isort: skip
from making.packets import LINE, REQUEST, SECOND, Packet, Talk, merged  # isort: skip


def traffic(exchanges: int = 30) -> list[Packet]:
    """Two connections at a time, the second of which is reset."""
    talks = [Talk(("10.0.0.5", 50_000 + number), isn=(1000 + number, 2000 + number)).opened() for number in range(2)]
    for number in range(exchanges):
        for talk in talks:
            talk.exchange(b"request %d" % number)
    talks[0].closed_by(talks[0].server)
    talks[1].client.send("RA", window=0)
    return merged(*talks)


def later(packets: list[Packet], seconds: float) -> list[Packet]:
    return [packet._replace(time=packet.time + round(seconds * SECOND)) for packet in packets]


def without(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.kind != "stored-again"]


ONCE = traffic()
FRAMES = len(ONCE)


def test_a_capture_joined_with_itself() -> None:
    found = findings_of(pcap(ONCE + ONCE))
    first = found[0]
    assert (first.kind, first.severity.word) == ("stored-again", "warning")
    assert (first.packet_count, first.packets[:2], first.also) == (FRAMES, (FRAMES + 1, FRAMES + 2), [])
    assert first.filter == f"frame.number in {{{FRAMES + 1}..{2 * FRAMES}}}"
    assert f"Packets {FRAMES + 1} to {2 * FRAMES} repeat packets 1 to {FRAMES}." in view.text(first, "en")
    assert without(found) == findings_of(pcap(ONCE))


def test_three_times() -> None:
    found = findings_of(pcap(ONCE * 3))
    assert (found[0].packet_count, found[0].also) == (2 * FRAMES, ["more"])
    assert "There is 1 more such part." in view.text(found[0], "en")
    assert without(found) == findings_of(pcap(ONCE))


def test_captures_that_overlap() -> None:
    found = findings_of(pcap(ONCE[:150] + ONCE[100:]))
    assert (found[0].kind, found[0].packet_count, found[0].filter) == ("stored-again", 50, "frame.number in {151..200}")
    kinds = [one.kind for one in findings_of(pcap(ONCE))]
    assert [one.kind for one in without(found)] == kinds


def test_replayed_later() -> None:
    found = findings_of(pcap(ONCE + later(ONCE, 3600)))
    assert (found[0].kind, found[0].packet_count, found[0].also) == ("stored-again", FRAMES, ["later"])
    assert "1h 0min later" in view.text(found[0], "en")
    assert without(found) == findings_of(pcap(ONCE))


def test_it_does_not_depend_on_how_many_segments_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = findings_of(pcap(ONCE + ONCE))
    monkeypatch.setattr(stored_again, "REMEMBERED", 100)
    found = findings_of(pcap(ONCE + ONCE))
    assert without(found) == without(expected)
    assert found[0].packet_count == FRAMES
    other = traffic(40)[FRAMES:]
    assert findings_of(pcap(ONCE + ONCE + later(other, 100)))[0].packet_count == FRAMES


def test_what_follows_counts() -> None:
    lossy = Talk(("10.0.0.7", 50_009)).opened()
    lossy.wait(1000)
    for _ in range(12):
        line = lossy.client.data(LINE)
        lossy.wait(0.25)
        lossy.client.emit(line)
        lossy.server.ack()
    found = findings_of(pcap(ONCE + ONCE + lossy.packets))
    assert {"stored-again", "sent-again"} <= {one.kind for one in found}


def test_a_clock_that_is_set_back_is_no_repetition() -> None:
    assert [one.kind for one in findings_of(PCAPS / "time-steps-back.pcap")] == ["time-steps-back"]
    other = Talk(("10.0.0.9", 50_001), isn=(77, 99)).opened().exchange()
    found = [one.kind for one in findings_of(pcap(ONCE + other.packets))]
    assert "time-steps-back" in found
    assert "stored-again" not in found


def test_what_a_host_sends_again_is_no_repetition() -> None:
    """The same SYN, or request, again and again, as of hosts that set neither identification nor time stamps."""
    talk = Talk(("2001:db8::5", 50_000), ("2001:db8::80", 80))
    syn = talk.client.syn()
    for turn in range(30):
        talk.wait(turn)
        talk.client.emit(syn)
    assert "stored-again" not in [one.kind for one in findings_of(pcap(talk.packets))]
    talk = Talk(("2001:db8::5", 50_000), ("2001:db8::80", 80)).opened()
    request = talk.client.data(REQUEST)
    for _ in range(30):
        talk.wait(1)
        talk.client.emit(request)
        talk.server.ack()
    assert "stored-again" not in [one.kind for one in findings_of(pcap(talk.packets))]


def test_notes_follow_connections_that_give_way() -> None:
    """What is kept of endpoints and connections moves up where the tracker lets others go."""
    segments = np.zeros(6, dtype=SEGMENT)
    segments["flags"] = [SYN, SYN | ACK, SYN, SYN, SYN, SEGMENT_NONE]
    segments["endpoint"] = [0, 1, 4, 4, 6, 8]
    segments["number"] = [1, 2, 3, 4, 5, 6]
    syns = FirstSyns()
    syns.tracked(segments)
    assert syns.of(np.array([0, 1, 2, 3, 4, 10**6])).tolist() == [1, 0, 3, 5, 0, 0], "the first of two"
    syns.moved(np.array([0, 2]))
    assert syns.of(np.arange(4)).tolist() == [1, 3, 0, 0]
    segments["endpoint"] = [2 * ROOM + 4, 1, 4, 4, 6, 8]
    syns.tracked(segments[:1])
    assert syns.of(np.array([1, ROOM + 2])).tolist() == [3, 1]

    last = LastData()
    last.tracked(segments, (np.array([1, 2, 3]), np.array([True, True, False])))
    assert last.is_short(np.array([0, 1, 4, 10**6])).tolist() == [False, True, False, False]
    last.moved(np.array([0]))
    assert last.is_short(np.array([0, 1, 2])).tolist() == [False, True, False]
