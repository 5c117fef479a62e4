"""SYN floods, and servers that are only busy."""

from __future__ import annotations

from tests.helpers.diagnosing import of_talks, syn, until, whole

from making.packets import SECOND, START  # isort: skip


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
