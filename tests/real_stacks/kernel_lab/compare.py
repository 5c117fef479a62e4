"""The kernel's states against those a program inferred from the packets. Pure: no file, no process, no privilege."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

_ENDS = ("client", "server")
# What an endpoint that never took part may be said to be.
_UNTOUCHED = {"CLOSED", "LISTEN", "UNKNOWN"}


def differences(truth: dict[str, Any], timeline: list[dict[str, Any]], connections: list[dict[str, Any]]) -> list[str]:
    """What is wrong with an inferred timeline and list of connections; empty if all is as in the kernel.

    `timeline` and `connections` are the lines that `pcapstate timeline` and `pcapstate connections` print.
    """
    expected = truth["connections"]
    by_number = sorted(connections, key=lambda row: row["connection"])
    problems = []
    if len(by_number) != len(expected):
        problems.append(f"{len(by_number)} connections instead of {len(expected)}")
    rows: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in timeline:
        rows[row["connection"], row["address"]].append(row)
    for index, (wanted, found) in enumerate(zip(expected, by_number, strict=False)):
        problems += [f"connection {index}: {problem}" for problem in _connection(wanted, found, rows)]
    return problems


def _connection(
    wanted: dict[str, Any], found: dict[str, Any], rows: dict[tuple[int, str], list[dict[str, Any]]]
) -> list[str]:
    if {wanted["client"], wanted["server"]} != {found["client"], found["server"]}:
        return [f"is between {found['client']} and {found['server']}, not {wanted['client']} and {wanted['server']}"]
    problems = []
    if wanted["client"] != found["client"] and _handshake_captured(wanted):
        problems.append(f"{found['client']} is said to be the client, it is {wanted['client']}")
    for end in _ENDS:
        if not wanted.get(f"{end}_inferable", True):
            continue
        # By address: without a handshake in the capture, which end is the client is a guess.
        said_to_be = "client" if found["client"] == wanted[end] else "server"
        own_rows = rows[found["connection"], wanted[end]]
        state = found[f"{said_to_be}_state"]
        problems += [f"{end}: {problem}" for problem in _endpoint(wanted, end, own_rows, state)]
    return problems


def _handshake_captured(wanted: dict[str, Any]) -> bool:
    first = wanted["client_transitions"][:1]
    return bool(first) and len(first[0]) == 2


def _endpoint(wanted: dict[str, Any], end: str, rows: list[dict[str, Any]], state: str) -> list[str]:
    transitions = [(entry[1], len(entry) == 2) for entry in wanted[f"{end}_transitions"]]
    seeming = wanted.get(f"{end}_may_seem", {})
    entered = [name for name in effective_states(rows) if name not in seeming or name in dict(transitions)]
    if not transitions:
        problems = [f"never took part, but has transitions to {' '.join(entered)}"] if entered else []
        allowed = {"CLOSED"} if end == "server" and _refused(wanted) else _UNTOUCHED
        return problems + ([] if state in allowed else [f"never took part, but ends as {state}"])
    if not matches(transitions, entered):
        shown = [name if required else f"({name})" for name, required in transitions]
        return [f"entered {' '.join(entered) or 'nothing'}, in the kernel {' '.join(shown)}"]
    last = effective_states(rows)[-1:]
    if last and state != last[0]:
        return [f"ends as {state}, though {last[0]} was entered last"]
    return []


def _refused(wanted: dict[str, Any]) -> bool:
    """Whether a RST answered the SYN: then the port is known to be closed."""
    if "icmp_error" in wanted:
        return False
    states = [entry[1] for entry in wanted["client_transitions"] if len(entry) == 2]
    return bool(states == ["SYN_SENT", "CLOSED"] and wanted["final"]["server"] == "CLOSED")


def matches(transitions: list[tuple[str, bool]], entered: list[str]) -> bool:
    """Whether states were entered in the given order; (state, False) marks one that may be left out."""
    if not transitions:
        return not entered
    (state, required), rest = transitions[0], transitions[1:]
    if entered and entered[0] == state and matches(rest, entered[1:]):
        return True
    return not required and matches(rest, entered)


def effective_states(rows: list[dict[str, Any]]) -> list[str]:
    """The states entered, after what the timeline itself takes back.

    A `revised` row says that a later packet contradicted an assumption: what came after the last time its state was
    entered did not happen or, if the endpoint is not said to have been in that state, the state it revises.
    """
    entered: list[str] = []
    for row in rows:
        if row["certainty"] != "revised":
            entered.append(row["to"])
        elif row["to"] in entered:
            del entered[len(entered) - entered[::-1].index(row["to"]) :]
        else:
            entered[-1:] = [row["to"]]
    return entered
