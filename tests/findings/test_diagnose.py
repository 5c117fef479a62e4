"""What is pointed at, and what is not: captures and conversations on both sides of each threshold."""

from __future__ import annotations

import pytest

from pcapstate.views import diagnosis as view
from pcapstate.wording.findings import KINDS
from tests.helpers.diagnosing import findings_of, of_talks, told
from tests.helpers.paths import PCAPS

from making.files import pcap  # isort: skip
from making.packets import ANSWER, LINE, REQUEST, SECOND, START, Side, Talk, fragments, merged  # isort: skip

EXPECTED = {
    "accept-queue-full.pcap": ["syns-dropped warning"],
    "answered-late.pcap": ["answered-late warning"],
    "close-by-client.pcap": [],
    "close-by-server.pcap": [],
    "closed-first.pcap": ["closed-first note"],
    "damaged-last-packet.pcap": ["capture-damaged warning"],
    "damaged-snaplen.pcap": ["headers-cut warning"],
    "every-packet-twice.pcap": ["captured-twice note"],
    "unreachable.pcap": ["unreachable warning"] * 5,
    "example.pcapng": [
        *("close-wait-left warning", "close-wait-left warning", "reset-in-request warning"),
        *("unanswered warning", "refused warning"),
    ],
    "fast-open.pcap": [],
    "fin-behind-a-hole.pcap": [],
    "forged-reset.pcap": [],
    "fragments-ipv4.pcap": [],
    "full-backlog-then-accepted.pcap": ["queue-full warning"],
    "full-backlog.pcap": ["queue-full warning"],
    "gap-before-fin.pcap": ["capture-gaps warning"],
    "half-close.pcap": [],
    "half-closed-at-end.pcap": [],
    "half-open.pcap": ["half-open problem"],
    "handshakes-left.pcap": ["never-completed warning"],
    "host-scan.pcap": ["host-scan warning"],
    "joined-late.pcap": ["joined-late note"],
    "keepalives-unanswered.pcap": ["fell-silent problem"],
    "keepalives.pcap": [],
    "large-segments.pcap": ["large-segments note", "frames-cut note"],
    "lost-final-ack.pcap": [],
    "lost-last-ack.pcap": [],
    "names-and-drops.pcapng": ["packets-dropped warning"],
    "one-direction-client.pcap": ["one-way warning"],
    "one-direction-server.pcap": ["one-way warning"],
    "only-syn-fin-rst.pcap": ["capture-gaps warning", "reset-to-close note"],
    "pcap-snaplen.pcap": ["frames-cut note"],
    "pcapng-simple-packets.pcapng": [],
    "port-scan.pcap": ["port-scan warning"],
    "refused-then-accepted.pcap": [],
    "refused.pcap": ["refused warning"],
    "reset-by-client.pcap": ["reset-in-answer note"],
    "reset-by-server.pcap": ["reset-in-request warning"],
    "reset-with-data.pcap": ["reset-lost-data warning"],
    "reused-ports.pcap": [],
    "sent-again.pcap": ["sent-again warning"],
    "simultaneous-close.pcap": [],
    "simultaneous-open.pcap": [],
    "stored-again.pcap": ["stored-again warning"],
    "stray-reset.pcap": [],
    "superseded.pcap": [],
    "syn-flood.pcap": ["syn-flood warning"],
    "time-steps-back.pcap": ["time-steps-back warning"],
    "timed-out.pcap": ["fell-silent problem"],
    "unanswered.pcap": ["unanswered warning"],
    "window-stays-zero.pcap": ["zero-window problem"],
    "zero-window.pcap": ["zero-window warning"],
}
IN_MEMORY = {"time-wait-ports", "ports-reused", "mixed-scan"}
"""Kinds that take more packets than a small capture has."""


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_pointed_at(name: str) -> None:
    assert told(PCAPS / name) == EXPECTED[name]


def test_every_kind_is_shown_by_a_capture() -> None:
    shown = {one.split()[0] for kinds in EXPECTED.values() for one in kinds}
    assert shown | IN_MEMORY == set(KINDS)


def test_a_finding_names_connections_and_packets() -> None:
    left, other, *_ = findings_of(PCAPS / "example.pcapng")
    assert (left.host, left.count, left.connections, left.packets) == ("10.0.0.5", 2, (4, 6), (38, 95))
    assert left.filter == "tcp.stream in {4, 6}"
    assert (other.host, other.connections, other.filter) == ("198.51.100.7", (8,), "tcp.stream == 8")
    (reset,) = findings_of(PCAPS / "reset-with-data.pcap")
    assert (reset.host, reset.packets, int(reset.fields["own"])) == ("192.0.2.80", (7,), 512)
    (half_open,) = findings_of(PCAPS / "half-open.pcap")
    assert (half_open.host, half_open.packets) == ("192.0.2.80", (9,))
    (closed,) = findings_of(PCAPS / "window-stays-zero.pcap")
    assert (closed.host, closed.packets) == ("192.0.2.80", (5,))
    (silent,) = findings_of(PCAPS / "keepalives-unanswered.pcap")
    assert (silent.host, silent.packets, int(silent.fields["probes"])) == ("192.0.2.80", (13,), 4)
    (scan,) = findings_of(PCAPS / "port-scan.pcap")
    assert (scan.host, scan.count, scan.fields["found"], len(scan.connections)) == ("198.51.100.66", 20, "80", 20)
    assert scan.filter == "ip.addr == 198.51.100.66 && ip.addr == 192.0.2.80 && tcp.port == 40001"


# --- closing


def closed_by_peer(first: str = "server", port: int = 51_812, address: str = "10.0.0.5") -> Talk:
    """One end has closed, the other has acknowledged that and does not close."""
    talk = Talk((address, port)).opened().exchange()
    side: Side = getattr(talk, first)
    side.fin()
    side.peer.ack()
    return talk


def until(seconds: float) -> Talk:
    """Something else that goes on until so many seconds after the start."""
    return Talk(("10.0.0.9", 40_000), ("10.0.0.10", 22), start=START + round(seconds * SECOND)).opened()


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


# --- resets and silence


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


# --- opening


def syn(number: int, *, ack: bool = False, start: int = START, server: str = "192.0.2.80", again: int = 0) -> Talk:
    """A SYN from an address of its own, perhaps answered by a SYN-ACK, perhaps sent again."""
    talk = Talk((f"198.51.100.{number}", 1024 + number), (server, 443), start=start)
    first = talk.client.syn()
    if ack:
        talk.server.syn_ack()
    for turn in range(again):
        talk.wait(2**turn)
        talk.client.emit(first)
    return talk


def whole(number: int) -> Talk:
    """A connection that was opened, and stays open."""
    return Talk((f"203.0.113.{number}", 40_000 + number), ("192.0.2.80", 443)).opened()


def test_a_flood_is_of_many_addresses() -> None:
    assert of_talks(*(syn(number, ack=True) for number in range(9))) == []
    assert of_talks(*(syn(number, ack=True) for number in range(10))) == ["syn-flood warning"]
    many = [syn(number % 250, start=START + number * 1000) for number in range(100)]
    assert of_talks(*many) == ["syn-flood problem"]


def test_a_busy_server_is_not_flooded() -> None:
    """Handshakes whose last ACK is still under way are no flood; those that stay so are."""
    young = [syn(number, ack=True, start=START + SECOND // 2) for number in range(20)]
    assert of_talks(*young, whole(1)) == []
    old = [syn(number, ack=True) for number in range(20)]
    assert of_talks(*old, whole(1), until(2)) == ["syn-flood warning"]
    assert of_talks(*old, *(whole(number) for number in range(30)), until(2)) == []


def test_clients_that_try_again_are_no_flood() -> None:
    assert of_talks(*(syn(number, again=3) for number in range(20))) == ["unanswered warning"]


def test_unanswered_wants_time() -> None:
    assert of_talks(syn(1), until(2)) == []
    assert of_talks(syn(1), until(4)) == ["unanswered warning"]
    assert of_talks(syn(1, again=1)) == []
    assert of_talks(syn(1, again=2)) == ["unanswered warning"]


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


def test_a_host_that_sends_on_other_ports_is_up() -> None:
    other = Talk(("10.0.0.9", 40_000), ("192.0.2.80", 22), start=START + 4 * SECOND).opened()
    (one,) = findings_of(pcap(merged(syn(1), other)))
    assert (one.kind, one.instead) == ("unanswered", "host is up")
    for language in ("en", "ja"):
        assert "192.0.2.80:443" in view.following(one, language)
    assert "whether the host is up" not in view.following(one, "en")


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


# --- the flow of data


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


# --- the capture itself


def test_loss_on_the_network_is_no_gap_of_the_capture() -> None:
    lost = Talk().opened()
    segment = lost.client.send("PA", LINE, captured=False)
    lost.client.data(LINE)
    lost.server.ack(ack=segment.seq)
    lost.wait(0.3)
    lost.client.emit(segment)
    lost.server.ack()
    assert of_talks(lost) == []
    missed = Talk().opened()
    missed.client.send("PA", LINE, captured=False)
    missed.client.data(LINE)
    missed.server.ack()
    assert of_talks(missed) == ["capture-gaps warning"]
    unfinished = Talk().opened()
    unfinished.client.send("PA", LINE, captured=False)
    unfinished.client.data(LINE)
    assert of_talks(unfinished) == []


def test_what_is_written_down_behind_its_ack_is_no_gap() -> None:
    talk = Talk().opened()
    segment = talk.client.send("PA", LINE, captured=False)
    talk.server.ack()
    talk.client.emit(segment)
    assert of_talks(talk) == []


def test_what_came_before_the_capture_is_no_gap() -> None:
    talk = Talk().opened()
    for _ in range(3):
        talk.server.data(LINE)
    talk.packets.clear()
    for _ in range(3):
        talk.client.ack(ack=talk.server.next - len(LINE))
    talk.client.ack()
    talk.server.data(LINE)
    talk.client.ack()
    assert of_talks(talk) == ["joined-late note"]


def test_half_of_the_connections_make_a_late_capture() -> None:
    late = Talk().opened()
    late.packets.clear()
    late.exchange()
    assert of_talks(late, whole(1)) == ["joined-late note"]
    assert of_talks(late, whole(1), whole(2)) == []


def test_one_way_connections_among_others_are_a_note() -> None:
    half = Talk().opened().exchange()
    half.packets = [packet for packet in half.packets if packet.outgoing]
    assert of_talks(half) == ["one-way warning"]
    others = [whole(number) for number in range(3)]
    assert of_talks(half, *others) == ["one-way note"]


def test_small_steps_of_the_clock_are_not_told() -> None:
    for nanoseconds, expected in ((900_000, []), (2_000_000, ["time-steps-back note"])):
        talk = Talk().opened()
        talk.time -= talk.step + nanoseconds
        assert told(pcap(talk.exchange().packets)) == expected


def test_packets_on_the_loopback_are_as_large_as_they_like() -> None:
    for address, expected in (("127.0.0.1", []), ("::1", []), ("192.0.2.1", ["large-segments note"])):
        talk = Talk((address, 51_812), ("127.0.0.1" if address == "127.0.0.1" else address, 80))
        if address == "192.0.2.1":
            talk = Talk((address, 51_812), ("192.0.2.2", 80))
        talk.opened()
        for _ in range(12):
            talk.server.data(bytes(2896))
            talk.client.ack()
        assert told(pcap(talk.packets)) == expected


def test_what_came_in_fragments_is_no_large_segment() -> None:
    talk = Talk().opened()
    for _ in range(12):
        talk.server.data(bytes(2896))
        talk.client.ack()
    pieces = [piece for packet in talk.packets for piece in fragments(packet, 1400)]
    assert told(pcap(pieces)) == []


# --- at a moment


def test_at_a_moment_only_what_was_seen_until_then() -> None:
    unanswered = PCAPS / "unanswered.pcap"
    assert told(unanswered, at="1.5") == []
    assert told(unanswered, at="3.5") == ["unanswered warning"]
    assert told(unanswered, at="#2") == []
    example = PCAPS / "example.pcapng"
    assert told(example, at="3") == []
    assert told(example, at="9") == ["close-wait-left warning", "refused warning"]
    assert told(PCAPS / "half-closed-at-end.pcap", at="90") == ["close-wait-left problem"]
    assert told(PCAPS / "zero-window.pcap", at="0.5") == []
    assert told(PCAPS / "zero-window.pcap", at="1.5") == ["zero-window warning"]
