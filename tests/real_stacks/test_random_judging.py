"""How random runs are judged, which needs no kernel."""

from __future__ import annotations

from typing import Any

from random_lab.judging import judge

CLIENT, SERVER = "10.0.0.1:40000", "10.0.0.2:80"
SILENT = {"inferable": False, "reason": "a timer"}


def _truth(client: list[Any], server: list[Any], **more: Any) -> dict[str, Any]:
    entry = {
        "client": CLIENT,
        "server": SERVER,
        "client_transitions": [
            [float(n), *(one if isinstance(one, tuple) else (one,))] for n, one in enumerate(client)
        ],
        "server_transitions": [
            [float(n), *(one if isinstance(one, tuple) else (one,))] for n, one in enumerate(server)
        ],
        "checkpoints": [],
        **more,
    }
    return {"scenario": "run", "connections": [entry]}


def _rows(address: str, *states: str, connection: int = 0, certainty: str = "seen") -> list[dict[str, Any]]:
    peer = SERVER if address == CLIENT else CLIENT
    common = {"connection": connection, "address": address, "peer": peer, "certainty": certainty}
    return [{**common, "to": state, "time": float(n)} for n, state in enumerate(states)]


def test_what_is_right_is_counted_by_connection_endpoint_and_word() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED"], ["SYN_RECEIVED", "ESTABLISHED"])
    rows = _rows(CLIENT, "SYN_SENT", "ESTABLISHED")
    found = judge(truth, rows + _rows(SERVER, "SYN_RECEIVED", "ESTABLISHED", certainty="assumed"))
    assert (found.connections, found.right, found.endpoints, found.endpoints_right) == (1, 1, 2, 2)
    assert found.words == {("seen", True): 2, ("assumed", True): 2}


def test_a_state_that_never_was_makes_its_endpoint_and_its_word_wrong() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "CLOSED"], [])
    found = judge(truth, _rows(CLIENT, "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "CLOSING", "CLOSED"))
    assert (found.connections, found.right, found.endpoints, found.endpoints_right) == (1, 0, 2, 1)
    assert found.words == {("seen", True): 4, ("seen", False): 1}
    (difference,) = found.differences
    assert difference.kind == "after FIN_WAIT_1: said CLOSING, was CLOSED"


def test_what_packets_do_not_tell_may_be_left_out() -> None:
    truth = _truth(["SYN_SENT", ("CLOSED", SILENT)], [])
    for states in (["SYN_SENT"], ["SYN_SENT", "CLOSED"]):
        assert judge(truth, _rows(CLIENT, *states)).endpoints_right == 2


def test_an_endpoint_that_is_not_judged_still_counts_for_the_words() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED"], [], client_inferable=False, client_reason="lost")
    found = judge(truth, _rows(CLIENT, "SYN_SENT", "CLOSED"))
    assert (found.endpoints, found.undecided) == (1, {"lost": 1})
    assert found.words == {("seen", True): 1, ("seen", False): 1}


def test_a_connection_that_never_was_is_wrong() -> None:
    truth = _truth(["SYN_SENT"], [])
    found = judge(truth, _rows(CLIENT, "SYN_SENT") + _rows(CLIENT, "SYN_SENT", connection=1))
    assert (found.connections, found.right) == (2, 1)
    assert found.differences[0].kind == "a connection that never was"


def test_states_at_moments_are_those_of_the_table() -> None:
    moments = [{"t": 0.5, "client": "SYN_SENT", "server": "CLOSED"}, {"t": 5.0, "client": "CLOSED", "server": "CLOSED"}]
    truth = _truth(["SYN_SENT", ("CLOSED", SILENT)], [], checkpoints=moments)
    found = judge(truth, _rows(CLIENT, "SYN_SENT"))
    assert found.moments == {("SYN_SENT", True): 1, ("SYN_SENT", False): 1}
