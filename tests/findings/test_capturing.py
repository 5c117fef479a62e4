"""What the capture itself lacks, has twice, or has in odd sizes."""

from __future__ import annotations

from tests.helpers.diagnosing import of_talks, told, whole

from making.files import pcap  # isort: skip
from making.packets import LINE, Talk, fragments  # isort: skip


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
