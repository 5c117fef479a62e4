"""Write a page for each state of TCP, in each language, from the catalogue of meanings and the table of transitions.

``generate.py`` writes them into ``docs/states``. What a page shows of a capture is output of the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from examples import run

from pcapstate.diagram.figure import FIGURE, NOT_IN_FIGURE
from pcapstate.tcp.machine import ANY_OPEN, TABLE, Event, Row
from pcapstate.tcp.states import State, shown
from pcapstate.wording.languages import LANGUAGES, translate
from pcapstate.wording.meanings import ORDER, meaning
from pcapstate.wording.styles import LINUX, MACOS, RFC, WINDOWS

ENDINGS = (
    *(Event.SENT_RST, Event.GOT_RST, Event.GAVE_UP, Event.GOT_UNREACHABLE, Event.GOT_ICMP_ERROR),
    Event.SENT_NEW_SYN,
)
"""Ways out of a connection that the diagram leaves out."""

SS = {
    State.CLOSED: "UNCONN",
    State.LISTEN: "LISTEN",
    State.SYN_RECEIVED: "SYN-RECV",
    State.ESTABLISHED: "ESTAB",
}
"""States that ss of Linux spells differently from RFC 9293."""
SS_FILTERS = {
    State.CLOSED: "closed",
    State.LISTEN: "listening",
    State.SYN_RECEIVED: "syn-recv",
}
"""States whose filter in ss differs from their name in RFC 9293."""

EXAMPLES = {
    State.LISTEN: "netstat -a tests/pcaps/close-by-client.pcap --local 192.0.2.80",
    State.SYN_SENT: "explain --sample filtered --brief",
    State.SYN_RECEIVED: "explain --sample lost-syn-ack --brief",
    State.ESTABLISHED: "explain --sample reset --brief",
    State.FIN_WAIT_1: "explain --sample fin-behind-a-hole --brief",
    State.FIN_WAIT_2: "explain --sample server-closes-first --brief",
    State.CLOSE_WAIT: "explain --sample half-close --brief",
    State.CLOSING: "explain --sample simultaneous-close --brief",
    State.LAST_ACK: "explain --sample lost-last-ack --brief",
    State.TIME_WAIT: "explain --sample client-closes-first --brief",
    State.CLOSED: "explain --sample refused --brief",
    State.UNKNOWN: "connections tests/pcaps/host-scan.pcap --state UNKNOWN --filter 'connection < 4'",
}
"""The command that shows each state."""


class Texts(NamedTuple):
    """What the pages say beside the catalogues, in one language."""

    other: str
    states: str
    intro: str
    columns: tuple[str, str]
    normal: str
    many: str
    names: str
    named: tuple[str, str, str]
    hidden_in_ss: str
    no_name: str
    entered: str
    left: str
    froms: tuple[str, str, str]
    tos: tuple[str, str, str]
    any_open: str
    picture: str
    listener: str
    nothing_enters: str
    seen: str
    more: str
    and_: str


TEXTS = {
    "en": Texts(
        other="[日本語]({page})",
        states="The states of TCP",
        intro="A connection has two ends, and each end has a state of its own. These are the states in the order of "
        "RFC 9293 §3.3.2. [`pcapstate states`](../states.md) prints the meanings on a terminal; "
        "[the state machine](../state-machine.md) has all transitions.",
        columns=("State", "Meaning"),
        normal="When it is normal",
        many="What many of them point to",
        names="In netstat",
        named=("System", "Name", "Command"),
        hidden_in_ss="`ss` lists it only with `-a` or `state`.",
        no_name="No netstat has a name for it. `pcapstate` shows it where packets do not tell more:",
        entered="How an end gets into it",
        left="How an end leaves it",
        froms=("From", "Cause", "Reason"),
        tos=("To", "Cause", "Reason"),
        any_open="any open state",
        picture="![The state diagram of RFC 9293](../pictures/state-machine.svg)",
        listener="The socket that listens stays in {state}. The step is that of the new connection.",
        nothing_enters="A program opens the port to listen (passive open, RFC 9293 §3.10.1). No packet shows that; "
        "the port's first SYN-ACK proves it.",
        seen="In a capture",
        more="[`pcapstate explain`](../explain.md) without `--brief` has the reasons.",
        and_=", ",
    ),
    "ja": Texts(
        other="[English]({page})",
        states="TCP の状態",
        intro="接続には両端があり、それぞれが自分の状態を持っています。状態は RFC 9293 §3.3.2 の順に並べています。"
        "[`pcapstate states --lang ja`](../states.md) を実行すると、同じ説明が端末に表示されます。すべての遷移は"
        "[状態遷移のページ](../state-machine.md) (英語) にあります。",
        columns=("状態", "意味"),
        normal="正常なとき",
        many="多いときに疑うこと",
        names="netstat での表示",
        named=("システム", "表記", "コマンド"),
        hidden_in_ss="`ss` は、`-a` か `state` を付けたときだけ表示します。",
        no_name="netstat にはこれを表す名前がありません。パケットから状態がわからないときに `pcapstate` が表示します。",
        entered="この状態になるとき",
        left="この状態から出るとき",
        froms=("前の状態", "原因", "理由"),
        tos=("次の状態", "原因", "理由"),
        any_open="接続があるどの状態からも",
        picture="![RFC 9293 の状態遷移図](../pictures/state-machine.ja.svg)",
        listener="待ち受けているソケット自体は {state} のままです。次の状態へ進むのは、新しくできる接続です。",
        nothing_enters="プログラムがポートで待ち受けを始めます (パッシブオープン、RFC 9293 §3.10.1)。このときパケットは"
        "流れません。ポートが最初の SYN-ACK を返したときに、待ち受けていたことがわかります。",
        seen="キャプチャで見る",
        more="[`pcapstate explain`](../explain.md) から `--brief` を外すと、理由も表示されます。",
        and_="、",
    ),
}

NOTE = "<!-- written by docs/generate.py -->\n"


def file_name(state: State | None, language: str) -> str:
    """Return the name of a state's page; None: of the page that lists them."""
    name = "index" if state is None else state.name.lower().replace("_", "-")
    return f"{name}.md" if language == LANGUAGES[0] else f"{name}.{language}.md"


def link(state: State, language: str, folder: str = "") -> str:
    """Return a link to a state's page, from a page beside it or above its folder."""
    return f"[{shown(state)}]({folder}{file_name(state, language)})"


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    titles = tuple(titles)
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def steps() -> Iterator[tuple[tuple[State, ...], Row]]:
    """Yield the rows of the table that a whole life or an abort has, with the states that they lead from."""
    for row in TABLE:
        if row.next is State.UNKNOWN or (State.UNKNOWN in row.states and row.event not in ENDINGS):
            yield row.states, row
        elif row.event in FIGURE:
            yield tuple(state for state in row.states if (state, row.event) not in NOT_IN_FIGURE), row
        elif row.event in ENDINGS:
            yield tuple(state for state in row.states if state not in (State.UNKNOWN, State.LISTEN)), row


def entries(state: State, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield the rows that lead into a state, and not back to it after a gap in the capture."""
    texts = TEXTS[language]
    for before, row in steps():
        if row.next is state and before and State.UNKNOWN not in before:
            whole = set(ANY_OPEN) - {State.LISTEN} <= set(before)
            names = texts.any_open if whole else texts.and_.join(link(one, language) for one in before)
            yield names, translate(row.cause, language), translate(row.reason, language)


def exits(state: State, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield the rows that lead out of a state."""
    for before, row in steps():
        if state in before and row.next is not None:
            yield link(row.next, language), translate(row.cause, language), translate(row.reason, language)


def commands(state: State, language: str) -> str:
    """Return how each system spells a state, and the command that lists it."""
    rfc = RFC.states[state]
    asked = "netstat -a" if state is State.LISTEN else "netstat"
    if state is State.CLOSED:
        asked = "connections"
    rows = (
        ("Windows", WINDOWS.states[state], f"netstat -ano \\| findstr {WINDOWS.states[state]}"),
        ("Linux, netstat", LINUX.states[state], f"netstat -tan \\| grep -w {LINUX.states[state]}"),
        ("Linux, ss", SS.get(state, rfc), f"ss -tan state {SS_FILTERS.get(state, rfc.lower())}"),
        ("macOS", MACOS.states[state], f"netstat -anp tcp \\| grep -w {MACOS.states[state]}"),
        ("RFC 9293", rfc, ""),
        ("pcapstate", WINDOWS.states[state], f"pcapstate {asked} CAPTURE --state {WINDOWS.states[state]}"),
    )
    return table(
        TEXTS[language].named,
        ((system, f"`{name}`", f"`{command}`" if command else "") for system, name, command in rows),
    )


def example(state: State, language: str) -> str:
    """Return a block with a command and what it prints."""
    command = f"pcapstate {EXAMPLES[state]}" + f" --lang {language}" * (language != LANGUAGES[0])
    return f"```console\n$ {command}\n{run(command)[0]}```\n"


def page(state: State, language: str) -> str:
    """Return the page of a state."""
    texts = TEXTS[language]
    told = meaning(state, language)
    parts = [NOTE + f"# {shown(state)}\n", told.meaning + "\n"]
    others = [texts.other.format(page=file_name(state, one)) for one in LANGUAGES if one != language]
    parts.insert(1, " · ".join([*others, f"[{texts.states}]({file_name(None, language)})"]) + "\n")
    parts.append(f"- **{texts.normal}**: {told.normal}\n- **{texts.many}**: {told.piling_up}\n")
    parts.append(f"## {texts.names}\n")
    if state is State.UNKNOWN:
        parts += [texts.no_name + "\n", "```sh\npcapstate connections CAPTURE --state UNKNOWN\n```\n"]
    else:
        parts.append(commands(state, language))
        if state in (State.LISTEN, State.SYN_RECEIVED, State.TIME_WAIT, State.CLOSED):
            parts.append(texts.hidden_in_ss + "\n")
    found = list(entries(state, language))
    parts += [f"## {texts.entered}\n", table(texts.froms, found) if found else texts.nothing_enters + "\n"]
    parts += [f"## {texts.left}\n", table(texts.tos, exits(state, language))]
    if state is State.LISTEN:
        parts.append(texts.listener.format(state=shown(state)) + "\n")
    parts += [f"## {texts.seen}\n", example(state, language)]
    if EXAMPLES[state].startswith("explain"):
        parts.append(texts.more + "\n")
    return "\n".join(parts)


def index(language: str) -> str:
    """Return the page that lists the states."""
    texts = TEXTS[language]
    others = [texts.other.format(page=file_name(None, one)) for one in LANGUAGES if one != language]
    rows = ((link(state, language), meaning(state, language).meaning) for state in ORDER)
    parts = [NOTE + f"# {texts.states}\n", " · ".join(others) + "\n", texts.intro + "\n", texts.picture + "\n"]
    return "\n".join([*parts, table(texts.columns, rows)])


def state_pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page."""
    for language in LANGUAGES:
        yield file_name(None, language), index(language)
        for state in ORDER:
            yield file_name(state, language), page(state, language)
