"""Write the parts of the documentation that repeat the code: the state machine, the outcomes, the fields.

    python docs/generate.py            write them into docs/*.md
    python docs/generate.py --check    write nothing; exit with 1 if a file is not what it would be

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end of generated part -->``; the rest of a
file is written by hand and left alone. So that no meaning can be forgotten, a field or an event without one here is
an error.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from pcapstate.output.formats import FORMATS  # noqa: E402 (the package need not be installed)
from pcapstate.tcp.machine import ANY_OPEN, CERTAINTY, ORIGIN, SYNCHRONIZED, TABLE, Certainty, Event, Row  # noqa: E402
from pcapstate.tcp.states import State, shown  # noqa: E402
from pcapstate.views import connections, netstat, timeline  # noqa: E402
from pcapstate.views.table import (  # noqa: E402
    ADDRESS,
    ENDPOINT_ADDRESS,
    NUMBER,
    NUMBER_OR_NOTHING,
    TIME,
    Column,
)

MARKED = re.compile(r"(?<=<!-- generated: )(\S+)( -->\n).*?(?=<!-- end of generated part -->)", re.DOTALL)

MANY = 4
"""Rows with at least so many states are named below a diagram, not drawn: their arrows would hide the rest."""

EVENTS = {
    Event.SENT_SYN: "its SYN",
    Event.SENT_SYN_ACK: "its SYN-ACK",
    Event.SENT_ACK: "a segment that only an endpoint with an open connection sends",
    Event.SENT_ACK_OF_FIN: "a segment whose acknowledgment number covers the peer's FIN",
    Event.SENT_FIN: "its FIN, for the first time",
    Event.SENT_RST: "its RST, which its peer would accept",
    Event.SENT_NEW_SYN: "a SYN with another initial sequence number, on the same 4-tuple",
    Event.SENT_NEW_SYN_ACK: "the SYN-ACK that answers a new connection on the same 4-tuple",
    Event.GOT_SYN_ACK: "a SYN-ACK was sent to it after it had sent its own",
    Event.GOT_ACK_OF_SYN: "a segment that acknowledges its SYN was sent to it",
    Event.GOT_ACK: "a segment of an open connection was sent to it, and nothing was known of it",
    Event.GOT_FIN: "the peer's FIN was sent to it, and so was all before that FIN",
    Event.GOT_ACK_OF_FIN: "a segment that acknowledges its FIN was sent to it",
    Event.GOT_RST: "a RST was sent to it that it would accept",
    Event.GOT_RST_TO_SYN: "a RST that acknowledges its SYN was sent to it",
    Event.MISSED_SYN_ACK: "what is sent shows that it sent a SYN-ACK, which the capture does not have",
    Event.MISSED_ACK_OF_SYN_ACK: "what its peer sends shows that it acknowledged the SYN-ACK; the capture lacks that",
    Event.SENT_SYN_ACK_AGAIN: "its SYN-ACK once more, though an ACK of it was sent",
    Event.SENT_FIN_AGAIN: "its FIN once more, which does not acknowledge the peer's FIN",
    Event.SENT_FIN_AGAIN_WITH_ACK: "its FIN once more, which acknowledges the peer's FIN",
    Event.SENT_FIN_WITHOUT_ACK: "its FIN, which does not acknowledge the peer's FIN sent before",
    Event.STILL_SENDS: "more, after a RST or a new SYN that should have ended the connection",
    Event.TIME_WAIT_OVER: "2 MSL have passed since TIME_WAIT began, or began anew",
    Event.SENT_REFUSAL: "a RST that answers a SYN",
    Event.SENT_RST_IN_ANSWER: "a RST without ACK that answers the packet before it",
    Event.SENT_FIN_UNSURE: "its FIN, while the end of what its peer sent, perhaps a FIN, is not in the capture",
    Event.GOT_FIN_UNSURE: "the same FIN was sent to it",
    Event.SENT_FIN_EARLY: "its FIN, so soon after its fast-open SYN-ACK that no ACK of that can have arrived",
    Event.SENT_MORE: "data or a FIN behind an acknowledgment of the peer's FIN",
    Event.GOT_MORE: "the same was sent to it",
    Event.MISSED_FIN: "nothing it sent is captured, and its peer acknowledged exactly one number more: taken for a FIN",
    Event.SENT_ACK_BEYOND_FIN: "an acknowledgment of more than what was taken for the peer's uncaptured FIN",
    Event.MISSED_NO_FIN: "its peer acknowledged more than what was taken for its uncaptured FIN",
}

FIELDS = {
    "timeline": {
        "time": "when the packet was captured; of a timer, when it ran out",
        "packet": "number of the packet that proves it, as Wireshark's `frame.number`; nothing where a timer ran out",
        "connection": "number of the connection, as Wireshark's `tcp.stream`",
        "endpoint": "which end of the connection changed its state",
        "address": "address and port of that end",
        "peer": "address and port of the other end",
        "from": "its state before",
        "to": "its state from then on",
        "cause": "what happened ([all causes](state-machine.md#transitions))",
        "certainty": "how sure that is ([what the words mean](inference.md#how-sure-a-transition-is))",
    },
    "connections": {
        "connection": "number of the connection, as Wireshark's `tcp.stream`",
        "client": "address and port of the end that opened it",
        "server": "address and port of the other end",
        "client_state": "state of the client's end when the capture ended",
        "server_state": "state of the server's end when the capture ended",
        "opened": "time of its first packet",
        "last": "time of its last packet",
        "outcome": "how it went ([all outcomes](outcomes.md))",
        "handshake_seen": "SYN, SYN-ACK and an acknowledgment of that are in the capture",
        "client_packets": "packets that the client sent",
        "server_packets": "packets that the server sent",
        "client_bytes": "payload bytes that the client sent, retransmissions included",
        "server_bytes": "payload bytes that the server sent, retransmissions included",
        "retransmissions": "segments that either end sent again",
        "client_guessed": "no handshake tells which end is the client; the ports suggested it",
        "client_retransmissions": "segments that the client sent again",
        "server_retransmissions": "segments that the server sent again",
        "client_first": "time of the client's first packet; nothing where it sent none",
        "client_last": "time of the client's last packet; nothing where it sent none",
        "server_first": "time of the server's first packet; nothing where it sent none",
        "server_last": "time of the server's last packet; nothing where it sent none",
    },
    "netstat": {
        "proto": "the protocol",
        "local_address": "address of this host's end",
        "local_port": "port of this host's end",
        "foreign_address": "address of the other end; `0.0.0.0` or `::` for a port that listens",
        "foreign_port": "port of the other end; 0 for a port that listens",
        "state": "state of this host's end",
        "pid": "always nothing: packets do not tell which process it is",
        "program": "always nothing, for the same reason",
        "connection": "number of the connection, as Wireshark's `tcp.stream`; nothing for a port that listens",
    },
}
COLUMNS = {"timeline": timeline.COLUMNS, "connections": connections.COLUMNS, "netstat": netstat.COLUMNS}


def meaning(of: dict[Any, str], key: Any) -> str:
    """Return what is said here of an event or a field."""
    if key not in of:
        name = getattr(key, "name", key)
        raise SystemExit(f"docs/generate.py: nothing is said here of {name}; add a line to EVENTS or FIELDS")
    return of[key]


def table(titles: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def named(states: tuple[State, ...]) -> str:
    """Return the states of a row as text, with a short name for those that several rows share."""
    for group, name in ((ANY_OPEN, "any open state"), (SYNCHRONIZED, "any synchronized state")):
        if set(group) <= set(states):
            rest = [state for state in states if state not in group]
            return ", ".join([*(state.name for state in rest), name])
    return ", ".join(state.name for state in states)


def following(row: Row) -> str:
    """Return the state that a row leads to as text."""
    return "the state before CLOSED" if row.next is None else row.next.name


def transitions() -> Iterator[str]:
    """Yield the table of transitions."""
    yield table(
        ("From", "Event", "To", "Cause", "Certainty", "Reason"),
        (
            (
                named(row.states),
                f"`{row.event.name}`",
                following(row),
                row.cause,
                CERTAINTY[row.event].word,
                row.reason,
            )
            for row in TABLE
        ),
    )
    yield "\n“Any synchronized state” is one of " + ", ".join(state.name for state in SYNCHRONIZED) + ".\n"
    rest = [state for state in ANY_OPEN if state not in SYNCHRONIZED]
    yield "“Any open state” is one of these, or " + ", ".join(state.name for state in rest) + ".\n"


def origins() -> Iterator[str]:
    """Yield the states in which an endpoint must have been when it is met for the first time."""
    for event, state in ORIGIN.items():
        yield f"- `{event.name}`: {state.name}\n"
    yield "- any other event: UNKNOWN\n"


def events() -> Iterator[str]:
    """Yield the table of events."""
    yield table(
        ("Event", "Certainty", "The endpoint sent, or met"),
        ((f"`{event.name}`", CERTAINTY[event].word, meaning(EVENTS, event)) for event in Event),
    )


def drawn(wanted: Callable[[Row], bool]) -> Iterator[str]:
    """Yield a Mermaid diagram of the rows that are wanted, and a list of those it would be crowded by."""
    arrows: dict[tuple[str, str], list[str]] = {}
    crowded = []
    for row in TABLE:
        if not wanted(row):
            continue
        if row.next is None or len(row.states) >= MANY:
            crowded.append(row)
            continue
        for state in row.states:
            label = row.cause.replace(":", ",")
            labels = arrows.setdefault((state.name, row.next.name), [])
            if label not in labels:
                labels.append(label)
    yield "```mermaid\nstateDiagram-v2\n"
    for (start, end), labels in arrows.items():
        yield f"    {start} --> {end} : {' / '.join(labels)}\n"
    yield "```\n"
    if crowded:
        yield "\nNot drawn, since they start from many states or lead back to any:\n\n"
        for row in crowded:
            yield f"- {named(row.states)} → {following(row)}: {row.cause}\n"


def usual() -> Iterator[str]:
    """Yield the diagram of what is seen, assumed or timed."""
    return drawn(lambda row: CERTAINTY[row.event] is not Certainty.REVISED)


def revised() -> Iterator[str]:
    """Yield the diagram of what puts assumptions right."""
    return drawn(lambda row: CERTAINTY[row.event] is Certainty.REVISED)


def spellings() -> Iterator[str]:
    """Yield the states that people see under another name."""
    for state in State:
        if shown(state) != state.name:
            yield f"- {state.name} is shown as {shown(state)}\n"


def outcomes() -> Iterator[str]:
    """Yield the outcomes in the order in which they are tried, read from the code that tries them."""
    tree = ast.parse(inspect.getsource(connections.outcomes))
    rules = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "rules"
    )
    assert isinstance(rules, ast.Tuple)
    order = [ast.literal_eval(rule.elts[0]) for rule in rules.elts if isinstance(rule, ast.Tuple)]
    order += [name for name in connections.OUTCOMES if name not in order]
    yield table(
        ("", "Outcome", "When"),
        ((str(at), f"`{name}`", connections.OUTCOMES[name]) for at, name in enumerate(order, 1)),
    )


def kind(column: Column, said: str) -> str:
    """Return the type of a field as programs get it."""
    if column.kind == NUMBER:
        return "integer"
    if column.kind == NUMBER_OR_NOTHING:
        return "integer or null"
    if column.kind == TIME:
        return "number (seconds)" + (" or null" if "nothing" in said else "")
    if column.kind == ADDRESS:
        return "string (IP address)"
    if column.kind == ENDPOINT_ADDRESS:
        return "string (IP address and port)"
    words = [word for word in column.words if isinstance(word, str)]
    if set(column.words) == {False, True}:
        return "boolean"
    if not words:
        return "null"
    return "string: " + " or ".join(f"`{word}`" for word in words) if len(words) <= len(Certainty) else "string"


def fields(command: str) -> Callable[[], Iterator[str]]:
    """Return what yields the table of a command's fields."""

    def write() -> Iterator[str]:
        yield table(
            ("Field", "Type", "Meaning"),
            (
                (f"`{one.name}`", kind(one, said), said)
                for one in COLUMNS[command]
                for said in [meaning(FIELDS[command], one.name)]
            ),
        )

    return write


def formats() -> Iterator[str]:
    """Yield the names of the output formats."""
    yield ", ".join(f"`{name}`" for name in FORMATS) + "\n"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "transitions": transitions,
    "origins": origins,
    "events": events,
    "diagram": usual,
    "revisions": revised,
    "spellings": spellings,
    "outcomes": outcomes,
    "formats": formats,
    **{f"fields-{command}": fields(command) for command in COLUMNS},
}


def generated(text: str) -> str:
    """Return a file's text with its generated parts as they should be."""

    def part(match: re.Match[str]) -> str:
        return match[1] + match[2] + "\n" + "".join(PARTS[match[1]]()) + "\n"

    return MARKED.sub(part, text)


def main(arguments: list[str], folder: Path = HERE) -> int:
    """Write the generated parts into the pages in a folder, or check them."""
    if arguments not in ([], ["--check"]):
        print("usage: python docs/generate.py [--check]", file=sys.stderr)
        return 2
    stale = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        fresh = generated(text)
        if fresh != text:
            stale.append(path)
            if not arguments:
                path.write_text(fresh, encoding="utf-8")
    for path in stale:
        print(f"{folder.name}/{path.name}: " + ("differs; run python docs/generate.py" if arguments else "written"))
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
