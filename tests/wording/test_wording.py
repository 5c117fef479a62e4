"""How things are worded: the styles, the languages, names and meanings of states."""

from __future__ import annotations

import ast
import errno
import os
import re
import string
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import pcapstate
from pcapstate.cli.main import cli
from pcapstate.escaping import safe
from pcapstate.findings.finding import Severity
from pcapstate.report.sources import texts as texts_of_reports
from pcapstate.table import WORD, Column, Table
from pcapstate.tcp.machine import Certainty
from pcapstate.tcp.states import State
from pcapstate.views.reading_aids import translated
from pcapstate.wording import ja, meanings, missing, styles
from pcapstate.wording.ja import (
    CATALOG,
    ERRORS,
    HELP,
    TABLES,
    errors,
    help,
    tables,
)
from pcapstate.wording.language import Language
from pcapstate.wording.languages import LANGUAGES, language_of, translate
from pcapstate.wording.meanings import ORDER, meaning
from pcapstate.wording.state_names import nearest_state, state_named
from pcapstate.wording.styles import LINUX, MACOS, RFC, STYLES, WINDOWS, Style
from tests.helpers.paths import PCAPS

VIEWS = Path(pcapstate.__file__).parent / "views"
EVERY_STYLE = pytest.mark.parametrize("style", STYLES.values(), ids=list(STYLES))


def test_the_styles_spell_states_as_their_netstat_does() -> None:
    names = "UNKNOWN CLOSED LISTEN SYN_SENT SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK "
    spellings = {
        "windows": names.replace("LISTEN", "LISTENING") + "TIME_WAIT",
        "linux": "UNKNOWN CLOSE LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT CLOSING LAST_ACK "
        "TIME_WAIT",
        "macos": names.replace("SYN_RECEIVED", "SYN_RCVD") + "TIME_WAIT",
        "rfc": names.replace("_", "-") + "TIME-WAIT",
    }
    assert {name: " ".join(styles.shown_states(style)) for name, style in STYLES.items()} == spellings


@EVERY_STYLE
def test_a_style_is_complete(style: Style) -> None:
    assert set(style.states) == set(State)
    assert len(set(style.states.values())) == len(State)
    assert [one.column for one in style.titles if one.column in ("proto", "local", "foreign", "state")] == [
        "proto", "local", "foreign", "state",
    ]  # fmt: skip
    assert STYLES[style.name] is style


def test_titles_stand_in_the_order_of_each_system() -> None:
    assert [one.title for one in LINUX.titles] == [
        "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State",
    ]  # fmt: skip
    assert [one.title for one in WINDOWS.titles] == ["Proto", "Local Address", "Foreign Address", "State"]
    assert MACOS.titles[-1].title == "(state)"
    assert next(iter(STYLES)) == "windows"


@pytest.mark.parametrize(
    ("host", "port", "ipv6", "windows", "linux", "macos", "rfc"),
    [
        ("10.0.0.1", "80", False, "10.0.0.1:80", "10.0.0.1:80", "10.0.0.1.80", "10.0.0.1:80"),
        ("2001:db8::1", "80", True, "[2001:db8::1]:80", "2001:db8::1:80", "2001:db8::1.80", "[2001:db8::1]:80"),
        ("web.example", "https", False, *["web.example:https"] * 2, "web.example.https", "web.example:https"),
        ("web.example", "https", True, *["web.example:https"] * 2, "web.example.https", "web.example:https"),
        ("0.0.0.0", "0", False, "0.0.0.0:0", "0.0.0.0:*", "*.*", "*:*"),
        ("::", "0", True, "[::]:0", ":::*", "*.*", "*:*"),
        ("::", "22", True, "[::]:22", ":::22", "*.22", "*:22"),
    ],
)
def test_endpoints(host: str, port: str, ipv6: bool, windows: str, linux: str, macos: str, rfc: str) -> None:
    expected = {"windows": windows, "linux": linux, "macos": macos, "rfc": rfc}
    assert {name: styles.endpoint_text(style, host, port, ipv6) for name, style in STYLES.items()} == expected
    assert {name: styles.restyled(style, windows) for name, style in STYLES.items()} == expected


@EVERY_STYLE
@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_address_and_port_are_both_in_the_text(style: Style, address: object, port: int) -> None:
    canonical = f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
    text = styles.restyled(style, canonical)
    host, _, written = text.rpartition(style.before_port)
    assert written == str(port)
    assert host.strip("[]") == ("*" if str(address) in styles.ANY_HOSTS and style.any_host else str(address))


@EVERY_STYLE
@given(st.text())
def test_no_text_makes_an_endpoint_fail(style: Style, text: str) -> None:
    assert isinstance(styles.restyled(style, text), str)


def test_who_has_no_peer() -> None:
    assert [styles.no_peer_text(WINDOWS, "tcp", ipv6) for ipv6 in (False, True)] == ["0.0.0.0:0", "[::]:0"]
    assert [styles.no_peer_text(WINDOWS, "udp", ipv6) for ipv6 in (False, True)] == ["*:*", "*:*"]
    assert [styles.no_peer_text(LINUX, "udp", ipv6) for ipv6 in (False, True)] == ["0.0.0.0:*", ":::*"]
    assert styles.no_peer_text(MACOS, "udp", True) == "*.*"
    assert styles.no_peer_text(RFC, "tcp", False) == "*:*"


def test_words_for_protocols_processes_and_headings() -> None:
    words = [
        [styles.protocol_text(style, *one) for style in STYLES.values()] for one in (("tcp", True), ("udp", False))
    ]
    assert words == [["TCP", "tcp6", "tcp6", "TCP"], ["UDP", "udp", "udp4", "UDP"]]
    assert styles.process_text(LINUX, 404, "sshd") == "404/sshd"
    assert styles.process_text(LINUX, 404, None) == "404/-"
    assert styles.process_text(WINDOWS, 404, "sshd") == "404"
    assert {styles.process_text(style, None, None) for style in STYLES.values()} == {"-"}
    assert styles.heading(LINUX, True) == "Active Internet connections (servers and established)"
    assert styles.heading(LINUX, False) == "Active Internet connections (w/o servers)"
    assert styles.heading(MACOS, True) == "Active Internet connections (including servers)"


@pytest.mark.parametrize("state", State)
def test_a_state_is_known_by_every_spelling(state: State) -> None:
    for style in STYLES.values():
        spelling = style.states[state]
        for text in (spelling, spelling.lower(), spelling.replace("_", "-"), f" {spelling.replace('_', '')} "):
            assert state_named(text) is state


@pytest.mark.parametrize(("text", "state"), [("ESTAB", 5), ("SynReceived", 4), ("FinWait1", 6), ("fin wait 2", 7)])
def test_a_state_is_known_by_the_spelling_of_other_tools(text: str, state: int) -> None:
    assert state_named(text) == state


def test_what_is_no_state_has_a_nearest_one_or_none() -> None:
    assert state_named("FIN_WAIT") is None
    assert nearest_state("LISTNING") is State.LISTEN
    assert nearest_state("CLOSEWAIT1") is State.CLOSE_WAIT
    assert nearest_state("banana") is None
    assert nearest_state("") is None


@given(st.text())
def test_any_text_may_be_asked_for(text: str) -> None:
    assert state_named(text) in (None, *State)
    assert nearest_state(text * 1000) in (None, *State)


def test_texts_that_a_language_lacks_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = missing.texts()
    catalog = {text: text for text in known if text != "Local Address"}
    explained = {state: one for state, one in meanings.MEANINGS.items() if state is not State.CLOSED}
    monkeypatch.setattr(missing, "language_of", lambda code: Language(catalog, explained))
    monkeypatch.setattr(missing, "texts", lambda: known)
    assert missing.missing("xx") == ["Local Address", *meanings.MEANINGS[State.CLOSED]]


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_no_language_lacks_a_text(code: str) -> None:
    assert missing.missing(code) == []


def test_texts_are_found_through_variables() -> None:
    source = """
MANY = {True: ("{count} hosts", "no host"), False: "one host"}
first, second = "a first text", "a second text"

def lines(session, count, lang):
    one, many = "1 packet", "{count} packets"
    text: str = one if count == 1 else many
    session.say(text, count=count)
    session.say(MANY[count > 1], other="a field")
    print(translate(second or "-", lang), translate("{count}", lang), Text("said as well", {}))
    yield "in brackets", {"count": count}
    yield "not said", count
"""
    assert list(missing.in_module(source)) == [
        "1 packet", "{count} packets", "{count} hosts", "no host", "one host", "a second text", "said as well",
        "in brackets",
    ]  # fmt: skip


def test_every_translated_text_is_in_the_sources() -> None:
    package = Path(pcapstate.__file__).parent
    files = [path for path in package.rglob("*.py") if path.parent.name not in LANGUAGES]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    written = {one.value for tree in trees for one in ast.walk(tree) if isinstance(one, ast.Constant)}
    made = {styles.heading(style, all_) for style in STYLES.values() for all_ in (False, True)}
    named = {one.word for enum in (Certainty, Severity) for one in enum}
    system = {os.strerror(number) for number in errno.errorcode}
    # As some versions of Python say it.
    system |= {"month must be in 1..12", "day is out of range for month"}
    helped = {*missing.in_help(), *texts_of_reports()}
    for code in LANGUAGES[1:]:
        assert set(language_of(code).catalog) - written - made - named - system - helped == set()


NAMES = re.compile(r"[A-Z0-9a-z]*[A-Z0-9][A-Za-z0-9]*|[0-9a-f:.]+|\{line\}|")
"""What is the same in each language: protocols, addresses, a whole line."""


@pytest.mark.parametrize("name", ["example.pcapng", "office.pcapng", "half-open.pcap"])
def test_every_text_that_a_run_looks_up_is_listed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = set()

    class Recorded(dict[str, str]):
        def get(self, text: str, otherwise: Any = None) -> Any:
            looked_up.add(text)
            return super().get(text, otherwise)

    known = {*missing.texts()}
    recorded = language_of("ja")._replace(catalog=Recorded())
    # Modules that a call imports keep the function, so it must stay the same.
    monkeypatch.setattr(ja, "LANGUAGE", recorded)
    language_of.cache_clear()
    calls = ("netstat -aboe", "netstat -fers --both", "netstat -a", "connections", "timeline", "diagnose", "states")
    for call in calls:
        path = [] if call == "states" else [str(PCAPS / name)]
        result = CliRunner().invoke(cli, [*call.split(), *path, "--lang", "ja"])
        assert result.exit_code == 0, result.output
    language_of.cache_clear()
    assert len(looked_up) > 100
    said = {text for text in looked_up - known if len(missing.FIELD.sub("", text)) > 1}
    assert {text for text in said if not NAMES.fullmatch(text)} == set()


def test_texts_of_all_kinds_are_known() -> None:
    known = missing.texts()
    for text in (
        "Foreign State",
        "sent SYN",
        "half-closed",
        "doubtful",
        "the capture has no packet",
        "Active Connections",
        "Statistics by protocol.",
        "List every state change, with the packet that proves it.",
        "COLUMN,...",
        "no such file",
        "there is no column {word}",
        "Missing command.",
    ):
        assert text in known


def test_japanese_is_that_of_windows() -> None:
    assert translate("Active Connections", "ja") == "アクティブな接続"
    assert [translate(one.title, "ja") for one in WINDOWS.titles] == [
        "プロトコル", "ローカル アドレス", "外部アドレス", "状態",
    ]  # fmt: skip
    assert translate("Segments Retransmitted", "ja") == "再送信されたセグメント"
    assert translate("Network Destination", "ja") == "ネットワーク宛先"


def test_english_and_what_has_no_translation_stay_as_they_are() -> None:
    assert translate("State", "en") == "State"
    assert translate("in no catalog", "ja") == "in no catalog"
    with pytest.raises(ValueError, match="no language"):
        translate("State", "xx")


def fields(text: str) -> set[tuple[str, str]]:
    """The fields of a text with their forms; a form with a noun (``findings.finding.Count``) is English only."""
    found = [(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None]
    return {(name, "" if "|" in form else form) for name, form in found if not form.startswith("=")}


@pytest.mark.parametrize("text", CATALOG)
def test_a_translation_has_the_fields_of_the_text(text: str) -> None:
    assert fields(CATALOG[text]) == fields(text)
    assert CATALOG[text].strip() != ""
    assert CATALOG[text] in (CATALOG[text].strip(), f" {CATALOG[text].strip()}" if text[0] == " " else "")
    assert safe(CATALOG[text]) == CATALOG[text]


def test_no_text_is_translated_in_two_places() -> None:
    names = set(vars(ja)) - {"CATALOG", "LANGUAGE", "MEANINGS"}
    every = [vars(ja)[one] for one in names if one.isupper()]
    assert len(CATALOG) == sum(map(len, every))
    of_calls = (errors.CALLS, errors.MOMENTS, errors.FILTERS, errors.CAPTURES)
    of_machines = (errors.OUTPUTS, errors.INTERFACES, errors.SYSTEM)
    assert len(ERRORS) == sum(map(len, (*of_calls, *of_machines)))
    assert len(HELP) == sum(map(len, (help.COMMANDS, help.OPTIONS, help.PLACEHOLDERS, help.CLICK)))
    assert len(TABLES) == len(tables.HEADINGS) + len(tables.TITLES) + len(tables.WORDS)


def test_a_message_is_translated_before_it_is_filled_in() -> None:
    message = "{count:,} frames are not TCP: {parts}"
    assert translate(message, "ja").format(count=1234, parts="{ARP}") == "TCP 以外のフレームが 1,234 個あります: {ARP}"


def test_a_table_is_translated_except_for_what_may_come_from_a_capture() -> None:
    columns = (
        Column("outcome", "Outcome", WORD, ("open", "closed")),
        Column("handshake_seen", "Handshake", WORD, (False, True)),
        Column("program", "Program", WORD, ("open", None)),
    )
    out = translated(Table(columns, iter([])), "ja").columns
    assert [one.title for one in out] == ["結果", "ハンドシェイク", "プログラム"]
    assert [one.words for one in out] == [("確立中", "終了"), ("いいえ", "はい"), ("open", None)]
    assert [one.name for one in out] == [one.name for one in columns]
    assert translated(Table(columns[:1], iter([])), "en").columns == columns[:1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
def test_every_state_is_explained(state: State, language: str) -> None:
    for style in STYLES.values():
        told = meaning(state, language, style)
        assert all(len(text) >= 12 and not set(text) & set("{}\n") for text in told)
        assert all(text[-1] in ".。" for text in told)
        assert safe("".join(told)) == "".join(told)


@pytest.mark.parametrize("state", State)
def test_states_in_explanations_are_spelled_as_the_style_does(state: State) -> None:
    every = [meanings.MEANINGS[state], *(language_of(code).meanings.get(state) for code in LANGUAGES[1:])]
    told = [one for one in every if one is not None]
    assert all([fields(text) for text in one] == [fields(text) for text in told[0]] for one in told)
    for text in (text for one in told for text in one):
        bare = "".join(literal for literal, *_ in string.Formatter().parse(text))
        spellings = {style.states[one] for style in STYLES.values() for one in State}
        assert [one for one in spellings if one in bare] == []


def test_explanations_take_the_style() -> None:
    assert "CLOSE-WAIT" in meaning(State.FIN_WAIT_2, "en", RFC).piling_up
    assert "CLOSE_WAIT" in meaning(State.FIN_WAIT_2, "ja", LINUX).piling_up
    assert " to CLOSE " in meaning(State.CLOSED, "en", LINUX).piling_up
    assert sorted(ORDER) == list(State)
