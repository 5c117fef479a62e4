"""Small stories at both ends: what is said of packets, states and clocks is what was done to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from making.both_ends import TRANSIT, BothEnds, clamped, with_checksums
from making.files import pcap
from making.packets import LINE, SECOND, START, Talk

from pcapstate.comparing import fates as f
from pcapstate.comparing.comparison import Comparison
from pcapstate.comparing.findings import findings
from pcapstate.comparing.pairs import HALF_OPEN
from pcapstate.errors import NothingInCommon
from pcapstate.tcp.states import State
from tests.helpers.comparing import compared

Written = Callable[..., Comparison]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(both: BothEnds, offset: int | None = None) -> Comparison:
        paths = [tmp_path / "client.pcap", tmp_path / "server.pcap"]
        for path, packets in zip(paths, both.captures(), strict=True):
            path.write_bytes(pcap(packets, nanoseconds=True))
        return compared(*paths, offset)

    return write


def fates(found: Comparison, fate: int) -> list[tuple[int, int]]:
    """The frames of packets that fared so: on the sender's and on the receiver's side, -1 where there is none."""
    told = found.fates
    return [
        tuple(
            int(side.packets["number"][place]) if (place := places[row]) >= 0 else -1
            for side, places in zip((told.sent, told.got), told.rows, strict=True)
        )
        for row in np.flatnonzero(told.fate == fate).tolist()
    ]  # type: ignore[misc]


def states(found: Comparison) -> list[tuple[str, str]]:
    """The pairs of states of all connections, in the order of time."""
    client, server = found.pairs.states
    return [(State(int(one)).name, State(int(other)).name) for one, other in zip(client, server, strict=True)]


def kinds(found: Comparison) -> set[str]:
    return {one.kind for one in findings(found)}


def test_an_undisturbed_connection_has_one_state_after_the_other(written: Written) -> None:
    talk = Talk().opened()
    found = written(BothEnds([talk.closed_by(talk.client)]))
    assert states(found) == [
        ("SYN_SENT", "LISTEN"),
        ("SYN_SENT", "SYN_RECEIVED"),
        ("ESTABLISHED", "SYN_RECEIVED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("FIN_WAIT_1", "ESTABLISHED"),
        ("FIN_WAIT_1", "CLOSE_WAIT"),
        ("FIN_WAIT_2", "CLOSE_WAIT"),
        ("FIN_WAIT_2", "LAST_ACK"),
        ("TIME_WAIT", "LAST_ACK"),
        ("TIME_WAIT", "CLOSED"),
    ]
    assert (found.fates.transit == TRANSIT).all()
    assert kinds(found) == set()


def test_a_lost_syn_ack_leaves_the_client_where_it_was(written: Written) -> None:
    talk = Talk()
    talk.client.syn()
    answer = talk.server.syn_ack()
    talk.wait(1)
    talk.server.emit(answer)
    talk.client.ack()
    found = written(BothEnds([talk], lost=frozenset((1,))))
    assert states(found)[1:3] == [("SYN_SENT", "SYN_RECEIVED"), ("ESTABLISHED", "SYN_RECEIVED")]
    # The second SYN-ACK came, a step and a second after the first.
    assert int(found.pairs.since[2]) == START + 2 * talk.step + SECOND + TRANSIT
    assert fates(found, f.LOST) == [(2, -1)]


def test_a_lost_last_ack_leaves_the_server_in_last_ack(written: Written) -> None:
    talk = Talk().opened()
    found = written(BothEnds([talk.closed_by(talk.client)], lost=frozenset((len(talk.packets) - 1,))))
    assert states(found)[-1] == ("TIME_WAIT", "LAST_ACK")


def test_a_lost_reset_leaves_the_connection_half_open(written: Written) -> None:
    talk = Talk().opened().exchange()
    talk.client.send("RA", window=0)
    place = len(talk.packets) - 1
    talk.wait(3)
    # What the server sends later brings the next reset.
    talk.server.data(LINE)
    talk.client.send("R", seq=talk.client.next, window=0)
    found = written(BothEnds([talk], lost=frozenset((place,))))
    (half_open,) = np.flatnonzero(found.pairs.verdict == HALF_OPEN).tolist()
    assert states(found)[half_open] == ("CLOSED", "ESTABLISHED")
    assert states(found)[-1] == ("CLOSED", "CLOSED")
    assert "half-open-between" in kinds(found)
    (finding,) = (one for one in findings(found) if one.kind == "half-open-between")
    assert finding.packets == (place + 1,)


def test_a_reset_that_nobody_sent_is_told(written: Written) -> None:
    talk = Talk().opened().exchange()
    talk.server.send("RA", window=0)
    place = len(talk.packets) - 1
    talk.wait(2)
    talk.server.data(LINE)
    found = written(BothEnds([talk], unseen=(frozenset(), frozenset((place,)))))
    assert fates(found, f.UNSENT) == [(-1, place + 1)]
    assert "not-sent" in kinds(found)
    assert ("CLOSED", "ESTABLISHED") in states(found)


def test_addresses_may_be_translated(written: Written) -> None:
    talks = [Talk(client=("10.0.0.5", 51_000 + one), isn=(one << 20, one << 21)) for one in range(1, 4)]
    for talk in talks:
        talk.opened().exchange().closed_by(talk.server)
    found = written(BothEnds(talks, outside=("203.0.113.9", 7_000)))
    assert (found.joined.rows[0] >= 0).all()
    assert (found.joined.rows[1] >= 0).all()
    assert fates(found, f.LOST) == fates(found, f.UNSENT) == []
    assert kinds(found) == {"translated-between"}


def test_what_comes_late_is_out_of_order(written: Written) -> None:
    talk = Talk().opened()
    for _ in range(4):
        talk.client.data(LINE)
    found = written(BothEnds([talk], late={4: 2 * talk.step}))
    assert found.fates.reordered.sum() == 1
    assert int(found.fates.transit.max()) == TRANSIT + 2 * talk.step


def test_what_a_router_changes_is_named(written: Written) -> None:
    talk = Talk().opened().exchange()
    other = {0: clamped(1380), 3: lambda ip: with_checksums(ip[:-1] + b"!")}
    found = written(BothEnds([talk], changed=other))
    assert sorted(found.fates.changed[found.fates.changed > 0].tolist()) == [f.OPTIONS, f.PAYLOAD]
    assert fates(found, f.LOST) == []
    assert "changed-between" in kinds(found)


def test_what_the_way_repeats_is_no_retransmission(written: Written) -> None:
    talk = Talk().opened().exchange()
    found = written(BothEnds([talk], repeated=frozenset((3, 5))))
    assert len(fates(found, f.REPEATED)) == 2
    assert fates(found, f.UNSENT) == []


def test_what_a_capture_drops_is_no_loss(written: Written) -> None:
    talk = Talk().opened().exchange()
    found = written(BothEnds([talk], unseen=(frozenset(), frozenset((3,)))))
    assert fates(found, f.LOST) == []
    assert fates(found, f.MISSED) == [(4, -1)]
    assert "missing-from-capture" in kinds(found)


@pytest.mark.parametrize(("offset", "drift"), [(-3 * SECOND, 5e-5), (2 * SECOND, -8e-5), (90 * 86_400 * SECOND, 0.0)])
def test_offset_and_drift_of_the_clocks_are_found(written: Written, offset: int, drift: float) -> None:
    talks = []
    for one in range(1, 60):
        talk = Talk(client=("10.0.0.5", 50_000 + one), isn=(one << 18, one << 19), start=START + 10 * one * SECOND)
        talks.append(talk.opened().exchange())
    found = written(BothEnds(talks, offset=offset, drift=drift, transit=(SECOND // 1_000, SECOND // 1_000)))
    assert abs(found.clock.offset - offset) < 1_200_000
    assert abs(found.clock.drift - drift) <= 1e-6 + (found.clock.drift_uncertainty or 0)
    assert found.clock.uncertainty is not None
    assert abs(found.clock.ahead(START + 300 * SECOND) - offset - round(drift * 300 * SECOND)) < 200_000
    assert fates(found, f.LOST) == []


def test_an_asymmetric_way_is_within_the_uncertainty(written: Written) -> None:
    talk = Talk().opened().exchange()
    found = written(BothEnds([talk], transit=(TRANSIT // 5, TRANSIT)))
    assert found.clock.uncertainty == (TRANSIT + TRANSIT // 5) // 2
    assert abs(found.clock.offset) == TRANSIT * 2 // 5


def test_an_offset_that_is_given_counts(written: Written) -> None:
    talk = Talk().opened().exchange()
    found = written(BothEnds([talk], transit=(TRANSIT // 5, TRANSIT), offset=SECOND), SECOND)
    assert sorted(set(found.fates.transit.tolist())) == [TRANSIT // 5, TRANSIT]
    wrong = written(BothEnds([talk], offset=SECOND), 2 * SECOND)
    assert "offset-wrong" in kinds(wrong)


def test_a_capture_that_begins_late_knows_what_the_other_one_saw(written: Written) -> None:
    talk = Talk().opened().exchange().exchange()
    found = written(BothEnds([talk], unseen=(frozenset(range(5)), frozenset())))
    assert fates(found, f.LOST) == fates(found, f.UNSENT) == []
    assert states(found)[0][1] in ("LISTEN", "SYN_RECEIVED")
    assert states(found)[-1] == ("ESTABLISHED", "ESTABLISHED")


def test_one_direction_alone_is_compared(written: Written) -> None:
    talk = Talk().opened().exchange()
    back = frozenset(place for place, packet in enumerate(talk.packets) if not packet.outgoing)
    found = written(BothEnds([talk], unseen=(back, back), lost=back))
    assert found.clock.uncertainty is None
    assert fates(found, f.LOST) == []
    assert len(fates(found, f.DELIVERED)) == len(talk.packets) - len(back)


def test_the_server_may_be_named_first(tmp_path: Path) -> None:
    talk = Talk().opened()
    both = BothEnds([talk.closed_by(talk.client)], lost=frozenset((len(talk.packets) - 1,)))
    paths = [tmp_path / "client.pcap", tmp_path / "server.pcap"]
    for path, packets in zip(paths, both.captures(), strict=True):
        path.write_bytes(pcap(packets))
    there, back = compared(*paths), compared(*reversed(paths))
    assert states(there) == states(back)
    assert there.pairs.packets[0].tolist() == back.pairs.packets[0].tolist()
    assert fates(there, f.LOST) == fates(back, f.LOST)


def test_segments_that_are_cut_on_the_way_arrive(written: Written) -> None:
    """A network card cuts what its host sends in one: the sender's capture has the whole, the receiver's the parts."""
    whole, parts = Talk().opened(), Talk().opened()
    whole.client.data(LINE * 3)
    for _ in range(3):
        parts.client.data(LINE)
    for talk in (whole, parts):
        talk.server.ack()
    sent = BothEnds([whole]).captures()[0]
    got = BothEnds([parts]).captures()[1]
    found = _of(written, sent, got)
    assert fates(found, f.LOST) == fates(found, f.UNSENT) == []
    assert len(fates(found, f.DELIVERED)) == len(whole.packets)
    # Without the middle one it is lost.
    del got[4]
    assert len(fates(_of(written, sent, got), f.MISSED)) == 1


def _of(written: Written, sent: list, got: list) -> Comparison:  # type: ignore[type-arg]
    class Both(BothEnds):
        def captures(self) -> tuple[list, list]:  # type: ignore[type-arg]
            return sent, got

    return written(Both([]))


def test_captures_of_other_traffic_have_nothing_in_common(tmp_path: Path) -> None:
    paths = [tmp_path / "one.pcap", tmp_path / "other.pcap"]
    for path, isn in zip(paths, ((1, 2), (3, 4)), strict=True):
        path.write_bytes(pcap(Talk(client=("10.0.0.5", 51_000 + isn[0]), isn=isn).opened().packets))
    with pytest.raises(NothingInCommon, match="no packet in common"):
        compared(*paths)
    with pytest.raises(NothingInCommon, match="the same"):
        compared(paths[0], paths[0])
