"""Generated parts of the lessons: worksheets of captures, and the spelling of states on each system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

from examples import run
from state_pages import SS, link, steps, table

from pcapstate.diagram.figure import FIGURE
from pcapstate.tcp.machine import TABLE, Event
from pcapstate.tcp.states import State
from pcapstate.wording.languages import LANGUAGES, translate
from pcapstate.wording.meanings import ORDER
from pcapstate.wording.styles import LINUX, MACOS, RFC, WINDOWS

WORKSHEETS = {
    "close-by-server": "--sample server-closes-first",
    "refused": "--sample refused",
    "unanswered": "--sample filtered",
    "lost-last-ack": "--sample lost-last-ack --from '#4'",
}
"""The captures of the worksheets, and the part of them, as ``pcapstate explain`` takes them."""

TITLES = {
    "en": ("Packet", "Client", "", "Server", "before"),
    "ja": ("パケット", "クライアント", "", "サーバー", "開始前"),
}
BLANK = "\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_"


def worksheet(capture: str, language: str) -> Iterator[str]:
    """Yield a connection with blanks for the states."""
    *titles, before = TITLES[language]
    rows = [(before, BLANK, "", BLANK)]
    for line in run(f"pcapstate explain {capture} --format jsonl")[0].splitlines():
        step = json.loads(line)
        numbers = [f"seq {step['seq']}"]
        numbers += [f"ack {step['ack']}"] * (step["ack"] is not None) + [f"len {step['length']}"] * (step["length"] > 0)
        said = f"{step['flags']} {' '.join(numbers)}"
        arrow = f"{said} →" if step["sender"] == "client" else f"← {said}"
        rows.append((f"#{step['packet']}", BLANK, arrow, BLANK))
    yield table(titles, rows)


def spelled(language: str) -> Iterator[str]:
    """Yield the table of the states as the tools of each system spell them."""
    rows = (
        (
            link(state, language, "states/"),
            *(f"`{style.states[state]}`" for style in (WINDOWS, LINUX)),
            f"`{SS.get(state, RFC.states[state])}`",
            f"`{MACOS.states[state]}`",
        )
        for state in ORDER
        if state is not State.UNKNOWN
    )
    yield table(("pcapstate", "Windows `netstat`", "Linux `netstat`", "Linux `ss`", "macOS `netstat`"), rows)


def rules(language: str) -> Iterator[str]:
    """Yield the transitions of whole lives, and of resets."""
    every = {"en": "any", "ja": "どの状態でも"}[language]
    rows = [
        (link(state, language, "states/"), translate(row.cause, language), link(row.next, language, "states/"))
        for before, row in steps()
        for state in before
        if State.UNKNOWN not in (state, row.next)
        and row.next is not None
        and row.event in FIGURE - {Event.SENT_ACK_OF_FIN}
    ]
    closed = link(State.CLOSED, language, "states/")
    rows += [
        (every, translate(row.cause, language), closed) for row in TABLE if row.event in (Event.SENT_RST, Event.GOT_RST)
    ]
    yield table(
        {"en": ("State", "What happens", "Next state"), "ja": ("状態", "起きたこと", "次の状態")}[language], rows
    )


LESSON_PARTS: dict[str, Callable[[], Iterator[str]]] = {
    **{
        f"worksheet-{name}-{language}": partial(worksheet, capture, language)
        for name, capture in WORKSHEETS.items()
        for language in LANGUAGES
    },
    **{f"rules-{language}": partial(rules, language) for language in LANGUAGES},
    **{f"spelled-{language}": partial(spelled, language) for language in LANGUAGES},
}
