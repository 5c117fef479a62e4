"""What a view cannot decide, which needs no kernel."""

from __future__ import annotations

from kernel_lab.document import Connection, Recorded
from kernel_lab.segments import FLAGS, CaptureFile, Segment
from kernel_lab.truth import Life, Transition
from random_lab.deciding import Case, undecidable

CLIENT, SERVER = "10.0.0.1:40000", "10.0.0.2:80"


def _segment(time: float, source: str, flags: str, seq: int, ack: int) -> Segment:
    bits = sum(FLAGS[letter] for letter in flags)
    destination = SERVER if source == CLIENT else CLIENT
    return Segment(time, int(time * 10), source, destination, seq, ack, bits, 0, b"")


# The client opens and closes; its FIN is at 101.
OPENING = [
    _segment(0.0, CLIENT, "S", 100, 0),
    _segment(0.1, SERVER, "SA", 500, 101),
    _segment(0.2, CLIENT, "A", 101, 501),
]
FIN = _segment(1.0, CLIENT, "FA", 101, 501)


def _life(local: str, *states: str) -> Life:
    remote, isn = (SERVER, 100) if local == CLIENT else (CLIENT, 500)
    how = "active" if local == CLIENT else "passive"
    return Life(local, remote, how, isn, None, [Transition(n / 2, state) for n, state in enumerate(states)])


def _case(shown: list[Segment], arrived: list[Segment], server: Life, only: str = "") -> Case:
    client = _life(CLIENT, "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1")
    connection = Connection(CLIENT, SERVER, client, server, shown)
    capture = CaptureFile(1, len(shown), shown)
    recorded = Recorded("", "", "", "", "", "", -1.0, 60.0, capture, [client, server], [], [], [])
    own = {"client": shown, "server": arrived}
    return Case(connection, recorded, begin=0.0, own=own, siblings=1, opening_shown=True, only=only)


OPEN = _life(SERVER, "SYN_RECEIVED", "ESTABLISHED")


def test_what_arrives_as_shown_is_decided() -> None:
    closed = _life(SERVER, "SYN_RECEIVED", "ESTABLISHED", "CLOSE_WAIT")
    case = _case([*OPENING, FIN], [*OPENING, FIN], closed)
    assert undecidable(case, "client") == undecidable(case, "server") == ""


def test_one_fin_that_does_not_arrive_is_not_decided() -> None:
    assert undecidable(_case([*OPENING, FIN], OPENING, OPEN), "server") == "FIN is shown, but did not arrive"


def test_a_fin_repeated_without_an_answer_is_decided() -> None:
    again = [_segment(time, CLIENT, "FA", 101, 501) for time in (1.0, 2.0, 4.0)]
    assert undecidable(_case([*OPENING, *again], OPENING, OPEN), "server") == ""


def test_an_answer_that_does_not_cover_the_fin_decides() -> None:
    answer = _segment(3.0, SERVER, "A", 501, 101)
    assert undecidable(_case([*OPENING, FIN, answer], [*OPENING, answer], OPEN), "server") == ""


def test_a_fin_of_the_direction_not_shown_is_decided_by_a_pure_ack_alone() -> None:
    acks = [_segment(1.1, SERVER, "A", 501, 102)]
    closed = _life(SERVER, "SYN_RECEIVED", "ESTABLISHED", "CLOSE_WAIT")
    everything = [*OPENING, FIN, *acks]
    of_server = [s for s in everything if s.source == SERVER]
    pure = _case(of_server, everything, closed, only="server")
    pure.own["client"] = everything
    assert undecidable(pure, "server") == ""
    behind_its_own_fin = [OPENING[1], _segment(0.9, SERVER, "FA", 501, 101), *acks]
    crossing = _case(behind_its_own_fin, everything, closed, only="server")
    crossing.own["client"] = everything
    assert undecidable(crossing, "server") == "one direction only: the FIN of the other is not shown"
