"""What happens between the two stacks. Each situation is played twice: opened by Linux, and opened by lwIP."""

from __future__ import annotations

import time
from collections.abc import Callable

from lwip_lab.ends import Pair

Situation = Callable[[Pair], None]
SITUATIONS: dict[str, Situation] = {}
# Until what was sent last has arrived, where no state tells.
_ARRIVES = 0.3


def _situation(play: Situation) -> Situation:
    SITUATIONS[play.__name__] = play
    return play


def _arrive() -> None:
    time.sleep(_ARRIVES)


def _close(first: str, pair: Pair) -> None:
    """The normal end."""
    one, other = (pair.a, pair.b) if first == "a" else (pair.b, pair.a)
    one.close()
    other.wait("CLOSE_WAIT")
    _arrive()
    other.close()
    one.wait("TIME_WAIT", "CLOSED")
    other.wait("CLOSED")


@_situation
def opener_closes(pair: Pair) -> None:
    pair.open()
    _close("a", pair)


@_situation
def acceptor_closes(pair: Pair) -> None:
    pair.open()
    _close("b", pair)


@_situation
def request_and_answer(pair: Pair) -> None:
    pair.open()
    pair.a.send(400)
    _arrive()
    pair.b.send(4000)
    _arrive()
    _close("b", pair)


@_situation
def stays_open(pair: Pair) -> None:
    pair.open()
    pair.a.send(1)
    _arrive()


@_situation
def half_close(pair: Pair) -> None:
    pair.open()
    pair.a.shutdown()
    pair.b.wait("CLOSE_WAIT")
    pair.a.wait("FIN_WAIT_2")
    pair.b.send(5000)
    _arrive()
    pair.b.close()
    pair.a.wait("TIME_WAIT")


@_situation
def half_close_by_acceptor(pair: Pair) -> None:
    pair.open()
    pair.b.shutdown()
    pair.b.wait("FIN_WAIT_2")
    pair.a.send(700)
    _arrive()
    pair.a.close()
    pair.b.wait("TIME_WAIT")


@_situation
def simultaneous_close(pair: Pair) -> None:
    pair.open()
    releases = [pair.wire.hold(pair.sends(end, "F")) for end in (pair.a, pair.b)]
    pair.a.close()
    pair.b.close()
    for end in (pair.a, pair.b):
        pair.wire.await_segment(pair.sends(end, "F"))
    with pair.wire.still():
        for release in releases:
            release()
    for end in (pair.a, pair.b):
        end.wait("TIME_WAIT", "CLOSED")


@_situation
def abort_by_opener(pair: Pair) -> None:
    pair.open()
    pair.a.abort()
    pair.b.wait("CLOSED")


@_situation
def abort_by_acceptor(pair: Pair) -> None:
    pair.open()
    pair.b.abort()
    pair.a.wait("CLOSED")


@_situation
def abort_when_half_closed(pair: Pair) -> None:
    pair.open()
    pair.a.shutdown()
    pair.b.wait("CLOSE_WAIT")
    pair.a.wait("FIN_WAIT_2")
    pair.b.abort()
    pair.a.wait("CLOSED")


@_situation
def data_after_close(pair: Pair) -> None:
    """A host that has closed answers data with RST; lwIP does so with an ACK in it."""
    pair.open()
    pair.a.close()
    pair.b.wait("CLOSE_WAIT")
    _arrive()
    pair.b.send(300)
    pair.b.wait("CLOSED")


@_situation
def data_with_fin(pair: Pair) -> None:
    pair.open()
    pair.a.send(300)
    pair.a.shutdown()
    pair.b.wait("CLOSE_WAIT")
    _arrive()
    pair.b.finish(200)
    pair.a.wait("TIME_WAIT")
    pair.b.wait("CLOSED")


@_situation
def data_with_fin_after_close(pair: Pair) -> None:
    """Data and FIN to a host that has closed: the data draws a RST."""
    pair.open()
    pair.a.close()
    pair.b.wait("CLOSE_WAIT")
    _arrive()
    pair.b.finish(200)
    pair.b.wait("CLOSED")


@_situation
def refused(pair: Pair) -> None:
    pair.a.connect()
    pair.wire.await_segment(pair.sends(pair.b, "R"))
    pair.a.wait("CLOSED")


@_situation
def given_up_in_syn_sent(pair: Pair) -> None:
    pair.wire.drop(pair.sends(pair.a, "S"), times=100)
    pair.a.connect()
    pair.a.wait("SYN_SENT")
    _arrive()
    pair.a.abort()
    pair.a.wait("CLOSED")


@_situation
def syn_lost(pair: Pair) -> None:
    pair.wire.drop(pair.sends(pair.a, "S"))
    pair.open()
    _close("a", pair)


@_situation
def syn_ack_lost(pair: Pair) -> None:
    pair.wire.drop(pair.sends(pair.b, "SA"))
    pair.open()
    _close("a", pair)


@_situation
def handshake_ack_lost(pair: Pair) -> None:
    pair.wire.drop(pair.sends(pair.a, "A", "SF"))
    pair.open()
    _close("b", pair)


@_situation
def fin_lost(pair: Pair) -> None:
    pair.open()
    pair.wire.drop(pair.sends(pair.a, "F"))
    _close("a", pair)


@_situation
def fin_of_acceptor_lost(pair: Pair) -> None:
    pair.open()
    pair.wire.drop(pair.sends(pair.b, "F"))
    _close("b", pair)


@_situation
def ack_of_fin_lost(pair: Pair) -> None:
    pair.open()
    pair.wire.drop(pair.sends(pair.b, "A", "F"))
    pair.a.close()
    pair.b.wait("CLOSE_WAIT")
    pair.a.wait("FIN_WAIT_2")
    pair.b.close()
    pair.b.wait("CLOSED")


@_situation
def last_ack_lost(pair: Pair) -> None:
    pair.open()
    pair.a.close()
    pair.b.wait("CLOSE_WAIT")
    pair.a.wait("FIN_WAIT_2")
    pair.wire.drop(pair.sends(pair.a, "A", "F"))
    pair.b.close()
    pair.b.wait("LAST_ACK")
    pair.b.wait("CLOSED")


@_situation
def data_lost(pair: Pair) -> None:
    pair.open()
    pair.wire.drop(pair.sends(pair.a, "P"))
    pair.a.send(300)
    pair.wire.await_segment(pair.sends(pair.a, "P"), count=2, timeout=15.0)
    _arrive()
    _close("a", pair)


@_situation
def rst_lost(pair: Pair) -> None:
    """The peer learns of it when it sends more."""
    pair.open()
    pair.wire.drop(pair.sends(pair.a, "R"))
    pair.a.abort()
    pair.a.wait("CLOSED")
    _arrive()
    pair.b.send(100)
    pair.b.wait("CLOSED")


@_situation
def rst_in_time_wait(pair: Pair) -> None:
    """Linux ends TIME_WAIT by it, lwIP does not: the answer to an old FIN tells."""
    pair.open()
    _close("a", pair)
    fin = pair.last(pair.b, "F")
    pair.forge(fin, "R")
    _arrive()
    pair.forge(fin, "FA", shift=-1)
    _arrive()


@_situation
def rst_in_window(pair: Pair) -> None:
    """In the window, but not the next number: challenged, not obeyed."""
    pair.open()
    pair.a.send(100)
    _arrive()
    pair.forge(pair.last(pair.a), "R", shift=100)
    _arrive()
    _close("a", pair)


@_situation
def fin_ahead(pair: Pair) -> None:
    """A FIN that nobody sent, far ahead of what was."""
    pair.open()
    pair.a.send(100)
    _arrive()
    pair.forge(pair.last(pair.a), "FA", shift=900_000_000)
    _arrive()
    _close("a", pair)


@_situation
def syn_when_open(pair: Pair) -> None:
    """A host that was restarted opens from the same port: challenged."""
    pair.open()
    pair.b.send(100)
    _arrive()
    pair.forge(pair.last(pair.a), "S", shift=70_000)
    _arrive()
    _close("b", pair)


@_situation
def fin_twice(pair: Pair) -> None:
    pair.wire.repeat(pair.sends(pair.a, "F"))
    pair.open()
    _close("a", pair)
