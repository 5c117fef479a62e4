"""The comparison of inferred states with the kernel's, which needs no kernel."""

from __future__ import annotations

from typing import Any

from kernel_lab.compare import differences, effective_states, matches

CLIENT, SERVER = "10.0.0.1:40000", "10.0.0.2:80"
OPTIONAL = {"inferable": False, "reason": "before the capture began"}


def _truth(client: list[Any], server: list[Any], **more: Any) -> dict[str, Any]:
    """A truth of one connection; states alone, or as a pair with a mark."""

    def entries(states: list[Any]) -> list[list[Any]]:
        return [[0.0, state] if isinstance(state, str) else [0.0, *state] for state in states]

    return {
        "connections": [
            {
                "client": CLIENT,
                "server": SERVER,
                "client_transitions": entries(client),
                "server_transitions": entries(server),
                "final": {"client": "CLOSED", "server": "CLOSED"},
                **more,
            }
        ]
    }


def _rows(address: str, *states: str, certainty: str = "seen") -> list[dict[str, Any]]:
    return [{"connection": 0, "address": address, "to": state, "certainty": certainty} for state in states]


def _said(client_state: str, server_state: str, client: str = CLIENT, server: str = SERVER) -> list[dict[str, Any]]:
    return [
        {
            "connection": 0,
            "client": client,
            "server": server,
            "client_state": client_state,
            "server_state": server_state,
        }
    ]


def test_equal_states_do_not_differ() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED"], ["SYN_RECEIVED", "ESTABLISHED"])
    timeline = _rows(CLIENT, "SYN_SENT", "ESTABLISHED") + _rows(SERVER, "SYN_RECEIVED", "ESTABLISHED")
    assert differences(truth, timeline, _said("ESTABLISHED", "ESTABLISHED")) == []


def test_a_wrong_state_is_told_with_the_right_ones() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "CLOSING"], [])
    timeline = _rows(CLIENT, "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2")
    (problem,) = differences(truth, timeline, _said("FIN_WAIT_2", "UNKNOWN"))
    assert "FIN_WAIT_2, in the kernel SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING" in problem


def test_a_missing_and_a_superfluous_state_are_wrong() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED"], [])
    assert differences(truth, _rows(CLIENT, "SYN_SENT"), _said("SYN_SENT", "UNKNOWN"))
    timeline = _rows(CLIENT, "SYN_SENT", "ESTABLISHED", "CLOSED")
    assert differences(truth, timeline, _said("CLOSED", "UNKNOWN"))


def test_what_cannot_be_inferred_may_be_left_out_or_said() -> None:
    truth = _truth(["SYN_SENT", ("CLOSED", OPTIONAL)], [])
    for states in (["SYN_SENT"], ["SYN_SENT", "CLOSED"]):
        assert differences(truth, _rows(CLIENT, *states), _said(states[-1], "UNKNOWN")) == []


def test_the_final_state_must_be_the_last_one_entered() -> None:
    truth = _truth(["SYN_SENT", "ESTABLISHED"], [])
    timeline = _rows(CLIENT, "SYN_SENT", "ESTABLISHED")
    assert differences(truth, timeline, _said("CLOSED", "UNKNOWN"))


def test_an_endpoint_that_cannot_be_inferred_is_left_alone() -> None:
    truth = _truth(["SYN_SENT"], ["SYN_RECEIVED"], client_inferable=False)
    timeline = _rows(CLIENT, "TIME_WAIT") + _rows(SERVER, "SYN_RECEIVED")
    assert differences(truth, timeline, _said("TIME_WAIT", "SYN_RECEIVED")) == []


def test_an_endpoint_that_never_took_part_has_no_transitions() -> None:
    truth = _truth(["SYN_SENT"], [])
    timeline = _rows(CLIENT, "SYN_SENT")
    assert differences(truth, timeline, _said("SYN_SENT", "LISTEN")) == []
    assert differences(truth, timeline, _said("SYN_SENT", "SYN_RECEIVED"))
    assert differences(truth, timeline + _rows(SERVER, "SYN_RECEIVED"), _said("SYN_SENT", "UNKNOWN"))


def test_a_port_that_refuses_is_closed() -> None:
    truth = _truth(["SYN_SENT", "CLOSED"], [])
    timeline = _rows(CLIENT, "SYN_SENT", "CLOSED")
    assert differences(truth, timeline, _said("CLOSED", "CLOSED")) == []
    assert differences(truth, timeline, _said("CLOSED", "UNKNOWN"))


def test_a_state_that_only_seems_so_may_be_said() -> None:
    truth = _truth(["SYN_SENT"], ["SYN_RECEIVED", "CLOSED"], server_may_seem={"ESTABLISHED": "reset at once"})
    for states in (["SYN_RECEIVED", "CLOSED"], ["SYN_RECEIVED", "ESTABLISHED", "CLOSED"]):
        timeline = _rows(CLIENT, "SYN_SENT") + _rows(SERVER, *states)
        assert differences(truth, timeline, _said("SYN_SENT", "CLOSED")) == []


def test_roles_may_be_mistaken_only_without_a_handshake() -> None:
    swapped = _said("ESTABLISHED", "ESTABLISHED", client=SERVER, server=CLIENT)
    timeline = _rows(CLIENT, "ESTABLISHED") + _rows(SERVER, "ESTABLISHED")
    late = _truth([("SYN_SENT", OPTIONAL), ("ESTABLISHED", OPTIONAL)], [("SYN_RECEIVED", OPTIONAL), "ESTABLISHED"])
    assert differences(late, timeline, swapped) == []
    early = _truth(["SYN_SENT", "ESTABLISHED"], ["SYN_RECEIVED", "ESTABLISHED"])
    assert any("said to be the client" in problem for problem in differences(early, timeline, swapped))


def test_connections_must_be_as_many_and_between_the_same() -> None:
    truth = _truth(["SYN_SENT"], [])
    assert differences(truth, [], [])
    assert differences(truth, _rows(CLIENT, "SYN_SENT"), _said("SYN_SENT", "UNKNOWN", server="10.0.0.3:80"))


def test_a_revision_takes_back_what_it_contradicts() -> None:
    back_to_an_earlier_state = (
        _rows(SERVER, "SYN_RECEIVED", "ESTABLISHED")
        + _rows(SERVER, "SYN_RECEIVED", certainty="revised")
        + _rows(SERVER, "ESTABLISHED")
    )
    assert effective_states(back_to_an_earlier_state) == ["SYN_RECEIVED", "ESTABLISHED"]
    to_another_state = _rows(SERVER, "ESTABLISHED", "CLOSE_WAIT") + _rows(SERVER, "FIN_WAIT_1", certainty="revised")
    assert effective_states(to_another_state) == ["ESTABLISHED", "FIN_WAIT_1"]


def test_optional_states_are_matched_wherever_they_are() -> None:
    transitions = [("SYN_SENT", False), ("ESTABLISHED", True), ("FIN_WAIT_1", False), ("CLOSED", True)]
    assert matches(transitions, ["ESTABLISHED", "CLOSED"])
    assert matches(transitions, ["SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "CLOSED"])
    assert not matches(transitions, ["SYN_SENT", "CLOSED"])
    assert not matches(transitions, ["ESTABLISHED", "CLOSED", "FIN_WAIT_1"])
