"""Write the parts of the documentation that repeat the code: state machine, outcomes, fields, states, pictures.

    python docs/generate.py            write them into the pages and pictures in docs
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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from lesson_parts import LESSON_PARTS  # noqa: E402 (it lies beside this file)
from meanings import EVENTS, FIELDS  # noqa: E402
from pictures import PICTURES  # noqa: E402
from state_pages import state_pages  # noqa: E402

from pcapstate.agents.tools import TOOLS  # noqa: E402
from pcapstate.capture import Capture  # noqa: E402 (the package need not be installed)
from pcapstate.diagram.figure import boxes, figure  # noqa: E402
from pcapstate.hosts_word import reasons as reasons_of  # noqa: E402
from pcapstate.metrics.families import COUNTER, families  # noqa: E402
from pcapstate.metrics.meter import Meter  # noqa: E402
from pcapstate.output.formats import FORMATS  # noqa: E402
from pcapstate.screen.keys import KEYS  # noqa: E402
from pcapstate.sockets import columns as netstat_columns  # noqa: E402
from pcapstate.sources.reader import CaptureReader  # noqa: E402
from pcapstate.table import ADDRESS, DURATION, ENDPOINT_ADDRESS, NUMBER, NUMBER_OR_NOTHING, TIME, Column  # noqa: E402
from pcapstate.tcp import outcomes as outcomes_of  # noqa: E402
from pcapstate.tcp.machine import ANY_OPEN, CERTAINTY, ORIGIN, SYNCHRONIZED, TABLE, Certainty, Event, Row  # noqa: E402
from pcapstate.tcp.states import State, shown  # noqa: E402
from pcapstate.views import check, connection_columns, timeline_columns  # noqa: E402
from pcapstate.wording.styles import STYLES  # noqa: E402

MARKED = re.compile(r"(?<=<!-- generated: )(\S+)( -->\n).*?(?=<!-- end of generated part -->)", re.DOTALL)

COLUMNS = {
    "timeline": (*timeline_columns.COLUMNS, timeline_columns.AGE, *timeline_columns.NAMES),
    "connections": (*connection_columns.COLUMNS, *connection_columns.MORE),
    "check": tuple(check.COLUMNS.values()),
    "netstat": tuple(netstat_columns.COLUMNS[name] for name in netstat_columns.FOR_PROGRAMS),
}


def meaning(of: dict[Any, str], key: Any) -> str:
    """Return what is said here of an event or a field."""
    if key not in of:
        name = getattr(key, "name", key)
        raise SystemExit(f"docs/generate.py: nothing is said here of {name}; add a line to docs/meanings.py")
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


def undrawn() -> Iterator[str]:
    """Yield the transitions that the diagram leaves out: their arrows would hide the rest."""
    drawn = figure()
    for number, row in enumerate(TABLE):
        if CERTAINTY[row.event] is Certainty.REVISED:
            continue
        rest = tuple(one for one in row.states if row.next is None or number not in drawn.get(boxes(one, row.next), ()))
        if rest:
            yield f"- {named(rest)} → {following(row)}: {row.cause}\n"


def spellings() -> Iterator[str]:
    """Yield the states that people see under another name."""
    for state in State:
        if shown(state) != state.name:
            yield f"- {state.name} is shown as {shown(state)}\n"


def styles() -> Iterator[str]:
    """Yield the table of how each style spells the states."""
    spelled = [style.states for style in STYLES.values()]
    rows = ((*(f"`{one[state]}`" for one in spelled),) for state in State)
    yield table(tuple(STYLES), rows)


def outcomes() -> Iterator[str]:
    """Yield the outcomes in the order in which they are tried, read from the code that tries them."""
    tree = ast.parse(inspect.getsource(outcomes_of.outcomes))
    rules = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "rules"
    )
    assert isinstance(rules, ast.Tuple)
    order = [ast.literal_eval(rule.elts[0]) for rule in rules.elts if isinstance(rule, ast.Tuple)]
    order += [name for name in outcomes_of.OUTCOMES if name not in order]
    yield table(
        ("", "Outcome", "When"),
        ((str(at), f"`{name}`", outcomes_of.OUTCOMES[name]) for at, name in enumerate(order, 1)),
    )


def kind(column: Column, said: str) -> str:
    """Return the type of a field as programs get it."""
    if column.kind == NUMBER:
        return "integer"
    if column.kind == NUMBER_OR_NOTHING:
        return "integer or null"
    if column.kind == DURATION:
        return "number (seconds) or null"
    if column.kind == TIME:
        return "number (seconds)" + (" or null" if "nothing" in said or column.nothing else "")
    if column.kind == ADDRESS:
        return "string (IP address)"
    if column.kind == ENDPOINT_ADDRESS:
        return "string (IP address and port)"
    words = [word for word in column.words if isinstance(word, str)]
    if set(column.words) == {False, True}:
        return "boolean"
    few = 0 < len(words) <= len(Certainty)
    text = "string: " + " or ".join(f"`{word}`" for word in words) if few else "string"
    return f"{text} or null" if None in column.words else text


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


def agent_tools() -> Iterator[str]:
    """Yield the table of the tools that agents are offered."""
    yield table(
        ("Tool", "Answer", "Arguments"),
        (
            (
                f"`{tool.name}`",
                tool.text,
                ", ".join(f"**`{name}`**" if name in tool.required else f"`{name}`" for name in tool.arguments),
            )
            for tool in TOOLS
        ),
    )
    yield "\nArguments in bold are needed.\n"


def columns() -> Iterator[str]:
    """Yield the table of all columns of netstat."""
    yield table(
        ("Column", "Title", "Type", "Meaning"),
        (
            (f"`{one.name}`", one.title, kind(one, said), said)
            for one in netstat_columns.COLUMNS.values()
            for said in [meaning(FIELDS["netstat"], one.name)]
        ),
    )


def vocabulary() -> Iterator[str]:
    """Yield the table of which columns each command has, and which of them only filter."""
    known = {
        "connections": (connection_columns.fields(int), connection_columns.BY_NAME),
        "timeline": (timeline_columns.fields(int), timeline_columns.BY_NAME),
        "netstat": (netstat_columns.fields(int), netstat_columns.COLUMNS),
    }
    names = dict.fromkeys(name for fields, columns in known.values() for name in (*columns, *fields))

    def cell(name: str, fields: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
        if name not in columns:
            return "filter" * (name in fields)
        return "all" if name in fields else "sort, show"

    yield table(
        ("Column", *(f"`{command}`" for command in known)),
        ((f"`{name}`", *(cell(name, *one) for one in known.values())) for name in sorted(names)),
    )


def reasons() -> Iterator[str]:
    """Yield the table of reasons why a host's table differs."""
    yield table(
        ("Reason", "Sentence"),
        (
            (f"`{code}`", re.sub(r"\{(\w+):[^|}]*\|([^}]*)\}", r"{\1} \2", reasons_of.SENTENCES[code]))
            for code in reasons_of.CODES
        ),
    )


def formats() -> Iterator[str]:
    """Yield the names of the output formats."""
    yield ", ".join(f"`{name}`" for name in FORMATS) + "\n"


def keys() -> Iterator[str]:
    """Yield the table of the screen's keys."""
    yield table(("Key", "What it does"), ((f"`{key.shown}`", key.meaning) for key in KEYS))


def metrics() -> Iterator[str]:
    """Yield the table of metrics, of a capture that counts dropped packets and has one."""
    meter = Meter()
    meter.attach(Capture(CaptureReader(HERE.parent / "tests/pcaps/example.pcapng")))
    numbers = meter.numbers()._replace(clock=0, dropped=0)
    yield table(
        ("Metric", "Type", "Labels", "Meaning"),
        (
            (
                f"`{one.name}{'_total' * (one.kind == COUNTER)}`",
                one.kind,
                ", ".join(f"`{name}`" for name, _ in one.samples[0][0]),
                one.help,
            )
            for one in families(numbers)
        ),
    )


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "transitions": transitions,
    "origins": origins,
    "events": events,
    "undrawn": undrawn,
    "spellings": spellings,
    "outcomes": outcomes,
    "formats": formats,
    "keys": keys,
    "styles": styles,
    "metrics": metrics,
    "agent-tools": agent_tools,
    "columns-netstat": columns,
    "columns-of-commands": vocabulary,
    "reasons": reasons,
    **LESSON_PARTS,
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
    fresh = {path: generated(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.md"))}
    fresh |= {folder / "states" / name: text for name, text in state_pages()}
    fresh |= {folder / "pictures" / name: draw() for name, draw in PICTURES.items()}
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if not arguments:
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(fresh[path], encoding="utf-8")
    for path in stale:
        print(
            f"{path.relative_to(folder.parent)}: "
            + ("differs; run python docs/generate.py" if arguments else "written")
        )
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
