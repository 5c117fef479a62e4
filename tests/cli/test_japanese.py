"""Help, errors and messages in Japanese: of ``--lang``, wherever it stands, or of the locale."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import pcapstate
from pcapstate.cli.main import COMMANDS, cli
from pcapstate.cli.translated import help_texts, option_texts
from pcapstate.messages import Message, joined, nameless, of_name, reason
from pcapstate.output.formats import FORMATS, PEOPLE
from pcapstate.output.widths import display_width
from pcapstate.wording.languages import told
from tests.helpers.paths import PCAPS
from tests.helpers.running import ended, run

HOME = Path(pcapstate.__file__).parent
OFFICE = str(PCAPS / "office.pcapng")
SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")
"""Three English words in a row."""


def english(text: str) -> re.Match[str] | None:
    """Return a part of a text that is English, apart from commands and what is quoted."""
    return SENTENCE.search(re.sub(r'"[^"]*"|pcapstate [\w. -]+', "", " ".join(text.split())))


def command_named(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_japanese_and_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    given = [name] if name else []
    shown = run(*given, "--help", "--lang", "ja")
    assert shown.exit_code == 0
    # Examples are commands, and have the width that they have in English.
    examples = [line for line in run(*given, "--help").stdout.splitlines() if line.startswith("    ")]
    lines = [line for line in shown.stdout.splitlines() if line not in examples]
    assert [line for line in lines if display_width(line) > 80] == []
    assert english(" ".join(lines)) is None
    assert lines[0].startswith(f"使い方: {' '.join(['pcapstate' if name == '-' else 'cli', *given])} [オプション]")
    assert {"オプション:", "  例:"} <= set(lines) or name == ""
    known = {text for text in (*help_texts(cli), *option_texts(cli)) if " " in text}
    if name:
        command = command_named(name)
        known |= {text for text in (*help_texts(command), *option_texts(command)) if " " in text}
    flat = " ".join(shown.stdout.split())
    assert [text for text in known if text in flat] == []


def test_a_line_of_help_is_broken_between_wide_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("--help", "--lang", "ja").stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  netstat  "))
    assert display_width(lines[at]) > 70
    assert lines[at + 1].startswith(" " * 15)
    assert "".join(lines[at : at + 2]).endswith("。")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lang", "ja", "--help"],
        ["--help", "--lang", "ja"],
        ["--lang=ja", "-h"],
        ["netstat", "--lang", "ja", "--help"],
        ["netstat", "--help", "--lang", "ja"],
        ["--lang", "ja", "netstat", "--help"],
        ["--lang", "en", "netstat", "--help", "--lang=ja"],
        ["interfaces", "--lang", "ja", "-h"],
        ["--lang", "ja", "completion", "-h"],
    ],
)
def test_the_option_may_stand_anywhere(arguments: list[str]) -> None:
    assert "使い方: " in run(*arguments).stdout


def test_the_locale_decides_without_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "使い方: " in run("states", "--help").stdout
    assert "  意味 " in run("states", "LISTEN").stdout
    assert "アクティブな接続" in run("netstat", OFFICE).stdout
    for arguments in (["states", "--lang", "en", "--help"], ["--lang", "en", "states", "--help"]):
        assert "Usage: " in run(*arguments).stdout
    assert "Active Connections" in run("--lang", "en", "netstat", OFFICE).stdout
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert "アクティブな接続" in run("--lang", "ja", "netstat", OFFICE).stdout


@pytest.mark.parametrize("format", [one for one in FORMATS if one != PEOPLE])
@pytest.mark.parametrize("command", ["netstat -e", "netstat -r", "netstat 100", "connections", "diagnose", "states"])
def test_the_locale_changes_nothing_for_programs(command: str, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *rest = command.split()
    given = [name, *([] if name == "states" else [OFFICE]), *rest, "--format", format]
    english = run(*given).stdout
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert run(*given).stdout == english
    if name == "netstat":
        assert run(*given, "--lang", "ja").stdout == english


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_has_the_language_of_the_locale(name: str) -> None:
    command = command_named(name) if name else cli
    lang = [one for one in command.params if "--lang" in one.opts]
    assert [one.to_info_dict()["default"] for one in lang] == [None]


ERRORS = {
    "": "使い方: ",
    "nestat": 'コマンド "nestat" はありません。netstat, states か extract のことですか?',
    "a.pcap": "a.pcap はコマンドではありません。pcapstate netstat a.pcap を試してください",
    "--at 3 netstat": "--at はコマンドの後に指定してください: pcapstate netstat --at …",
    "netstat --frob x": "オプション '--frob' はありません",
    "netstat --port": "オプション '--port' には値が必要です。",
    "netstat --quiet=1 x": "オプション '--quiet' に値は指定できません。",
    "netstat": "キャプチャ ファイル、標準入力 (-)、インターフェースのいずれかを指定してください",
    "netstat x --style os2": (
        "'--style' の値が正しくありません: 'os2' は 'windows', 'linux', 'macos', 'rfc' のいずれでもありません。"
    ),
    "netstat x --count many": "'--count' の値が正しくありません: 'many' は整数ではありません。",
    "netstat x --count 0": "'--count' の値が正しくありません: 0 は範囲 x>=1 にありません。",
    "netstat x --local nobody": (
        '--local の値が正しくありません: "nobody" は IP アドレスでもネットワーク (192.168.0.0/16 など) でもありません'
        " (使い方は pcapstate netstat --help)"
    ),
    "netstat x --time-wait nan": "'--time-wait' の値が正しくありません: 数値ではありません",
    "netstat x --at noon": '"noon" は時点ではありません。開始からの秒数',
    "netstat x --filter frob=1": '--filter: 1 文字目: フィールド "frob" はありません (指定できるもの: proto, ',
    "netstat x --filter stax=1": "(state のことですか?)",
    "netstat x --filter state=": "--filter: 末尾: ここに必要なもの: 状態 (CLOSE_WAIT など)",
    "netstat x --columns frob": '--columns: 1 文字目: 列 "frob" はありません (指定できるもの: proto, ',
    "netstat x --at 2023-02-31": '"2023-02-31" は時点ではありません',
    "netstat missing.pcap": "missing.pcap: ファイルが見つかりません",
    f"netstat {PCAPS}/damaged-empty.pcap": "damaged-empty.pcap: ファイルが空です",
    f"netstat {PCAPS}/damaged-length.pcap": (
        "damaged-length.pcap: 106 バイト目でパケットの長さフィールドが不正です。その前の 1 パケットを読み取りました"
    ),
    f"netstat {__file__}": "キャプチャ ファイルではありません (pcap でも pcapng でもありません)",
    f"netstat {OFFICE} --at #9999": "パケット #9999 はありません (キャプチャのパケットはこれより少ないです)",
    f"netstat {OFFICE} -e -s --format csv": "csv で出力できる表は 1 つです",
    f"timeline {OFFICE} --connection 999": "接続 999 はありません (キャプチャの接続は 21 個)",
    f"explain {OFFICE} --filter port=9": "条件に一致する接続はありません (条件なしでは 21 個)",
    f"extract {OFFICE} -o x": "--connection、--state、--port、--host、--filter のいずれかで接続を選んでください",
    f"connections {OFFICE} --output /no/such/file": (
        "/no/such/file: 書き込みに失敗しました: ファイルやディレクトリがありません"
    ),
    "extract x": "必要なオプションがありません: '-o' / '--output'.",
    "completion ksh": "'ksh' は 'bash', 'zsh', 'fish' のいずれでもありません。",
    "completion": "必要な引数がありません: '{bash|zsh|fish}'. 次から選んでください: bash, zsh, fish",
    "completion bash zsh": "余分な引数があります (zsh)",
    "states CLOSING_TIME": "'CLOSING_TIME' は TCP の状態ではありません。近いものは CLOSING です",
    "live": "画面の表示には端末が必要です。ファイルやパイプには netstat や timeline を使ってください",
}


@pytest.mark.parametrize("line", ERRORS)
def test_errors_are_japanese(line: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    code, said = ended(capfd, monkeypatch, *line.split())
    assert code in (1, 2)
    assert ERRORS[line] in said
    if line:
        assert english(said) is None


def test_click_speaks_english_again(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "はありません" in ended(capfd, monkeypatch, "--lang", "ja", "netstat", "--frob")[1]
    assert "No such option" in ended(capfd, monkeypatch, "netstat", "--frob")[1]


RAISED = {
    "CallError", "CaptureError", "NoCaptureError", "LiveError", "ListenError", "MomentError", "OutputError",
    "UsageError", "ClickException", "BadParameter", "QueryError", "Unfit", "CaptureDamaged", "InterfaceLost",
}  # fmt: skip


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(HOME.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in RAISED:
                    yield f"{path.relative_to(HOME)}:{node.lineno}", node


def test_errors_are_messages_that_can_be_translated() -> None:
    """A text that is filled in before it is raised has lost its template."""
    found = list(calls())
    assert len(found) > 100
    assert [
        place
        for place, call in found
        for one in call.args
        if isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "format")
    ] == []


def test_a_message_keeps_template_and_fields() -> None:
    what = Message("no such file")
    message = Message("{name}: {what}", name="a {b}", what=what)
    assert message == "a {b}: no such file"
    for one in (message, str(message), str(ValueError(message)), Message(message)):
        assert isinstance(one, Message)
        assert told(one, "ja") == "a {b}: ファイルが見つかりません"
        assert told(one, "en") == message
    assert told("no such file", "ja") == "ファイルが見つかりません"
    assert told(Message("{x} {y"), "ja") == "{x} {y"


def test_messages_of_files_and_of_the_system() -> None:
    error = ValueError(of_name("a.pcap", "no such file"))
    assert str(error) == "a.pcap: no such file"
    assert nameless(error) == "no such file"
    assert nameless(ValueError("something")) == "something"
    assert told(joined([of_name("a", "no such file"), "b"], "; "), "ja") == "a: ファイルが見つかりません; b"
    assert told(reason(PermissionError(13, "Permission denied")), "ja") == "権限がありません"
    assert reason(OSError("\x1b[31m")) == "\\x1b[31m"
