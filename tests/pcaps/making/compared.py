"""The same conversations captured at both ends, for ``pcapstate compare``."""

from __future__ import annotations

from .both_ends import BothEnds, clamped
from .files import pcap
from .packets import LINE, SECOND, START, Talk
from .registry import capture


def _both() -> BothEnds:
    """Four connections through NAT; the server's clock is 1.25 s ahead."""
    talks = [Talk(client=("10.0.0.5", 51_812 + 8 * one), start=START + one * SECOND) for one in range(4)]
    plain, again, half_open, idle = talks
    plain.opened().exchange().closed_by(plain.client)
    again.opened()
    request = again.client.data(LINE)
    again.wait(0.25)
    again.client.emit(request)
    again.server.ack()
    again.closed_by(again.server)
    half_open.opened().exchange()
    half_open.client.send("RA", window=0)
    idle.opened().exchange()
    idle.wait(4)
    idle.exchange()
    places = [len(one.packets) for one in talks]
    first_of = [sum(places[:one]) for one in range(4)]
    return BothEnds(
        talks,
        lost=frozenset((first_of[1] + 3, first_of[3] - 1)),
        changed={first_of[3]: clamped(1400)},
        outside=("198.51.100.9", 10_000),
        offset=5 * SECOND // 4,
    )


@capture(".pcap")
def compared_client() -> bytes:
    """Four connections through NAT, captured on the client: a request and a RST are lost on their way."""
    return pcap(_both().captures()[0])


@capture(".pcap")
def compared_server() -> bytes:
    """The same four connections, captured on the server, whose clock is 1.25 s ahead: the RST never came."""
    return pcap(_both().captures()[1])
