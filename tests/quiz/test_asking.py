"""The quiz in a pipe and in a terminal."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress

import pytest

from tests.helpers.paths import PCAPS
from tests.helpers.running import process, run
from tests.helpers.terminals import in_terminal

UP, DOWN = b"\x1b[A", b"\x1b[B"


def answers(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("quiz", *arguments, "--export", "-", "--format", "json").stdout)
    return found


def letter(one: dict[str, object]) -> str:
    choices = one["choices"]
    assert isinstance(choices, list)
    return "abcd"[choices.index(one["answer"])]


def test_all_right() -> None:
    known = answers("--sample", "half-close")
    given = "".join(f"{letter(one)}\n" for one in known)
    done = process("quiz", "--sample", "half-close", stdin=given.encode())
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert out.count("Right: ") == len(known)
    assert f"{len(known)} of {len(known)} right, and 0 more with a hint." in out
    assert "Look again" not in out


def test_wrong_answers_and_hints() -> None:
    known = answers("--sample", "refused")
    wrong = next(text for text in "abcd" if text != letter(known[0]))
    given = f"nonsense\n{wrong}\n?\n?\n{letter(known[1])}\n\n{letter(known[2])}\n"
    out = process("quiz", "--sample", "refused", stdin=given.encode()).stdout.decode()
    assert "No choice is 'nonsense'" in out
    assert f"No: {known[0]['answer']}" in out
    assert "1 of 3 right, and 1 more with a hint." in out
    assert f"pcapstate states {known[0]['answer']}" in out
    assert "pcapstate explain --sample refused" in out
    for sentence in known[0]["explanation"]:  # type: ignore[attr-defined]
        assert " ".join(sentence.split()) in " ".join(out.split())


@pytest.mark.parametrize(
    ("lang", "hint"), [("en", "Hint: server: sent SYN-ACK"), ("ja", "ヒント: サーバー: SYN-ACK を送信")]
)
def test_the_first_hint_is_the_cause(lang: str, hint: str) -> None:
    given = b"a\na\n?\n?\n"
    out = process("quiz", PCAPS / "close-by-client.pcap", "--lang", lang, stdin=given).stdout.decode()
    assert out.count(hint) == 1


def test_ctrl_c_while_lines_are_read_ends_with_the_score() -> None:
    """A dumb terminal has no menu: its lines are read."""
    with in_terminal("quiz", "--sample", "refused", term="dumb") as terminal:
        terminal.until(b"> ")
        assert b"Ctrl-C: end" not in terminal.output
        terminal.write(b"syn-sent\n")
        terminal.until(b"Right: SYN_SENT")
        while terminal.output.count(b"\n> ") < 2:
            assert terminal.program.poll() is None
            terminal.read(0.1)
        # A signal just before the read starts is seen behind the read: then a person presses again.
        for _ in range(10):
            terminal.write(b"\x03")
            with suppress(subprocess.TimeoutExpired):
                terminal.program.wait(2)
                break
        assert terminal.ended() == 0
        assert b"1 of 1 right" in terminal.output


def test_the_end_of_input_ends_it() -> None:
    done = process("quiz", "--sample", "refused", stdin=b"")
    assert done.returncode == 0
    assert b"No question was answered." in done.stdout


def test_typed_names_in_the_style_of_a_system() -> None:
    known = answers("--sample", "client-closes-first", "--style", "linux")
    given = "".join(f"{one['answer']}\n" if "→" not in str(one["answer"]) else f"{letter(one)}\n" for one in known)
    assert "ESTABLISHED" in given or "FIN_WAIT1" in given
    out = process("quiz", "--sample", "client-closes-first", "--style", "linux", stdin=given.encode()).stdout.decode()
    assert f"{len(known)} of {len(known)} right" in out


def test_japanese() -> None:
    out = process("quiz", "--sample", "refused", "--lang", "ja", stdin=b"a\n").stdout.decode()
    assert "クライアントはどの状態ですか" in out
    sentences = [line for line in out.splitlines() if not re.search(r"mss|seq|pcapstate", line)]
    assert not re.search(r"[a-z]{3,} [a-z]{3,}", "\n".join(sentences))


def test_all_samples_in_turn_up_to_a_number() -> None:
    out = process("quiz", "--questions", "4", stdin=b"a\n" * 9).stdout.decode()
    assert out.count("\n== ") == 2
    assert " of 4 right" in out


def test_keys_in_a_terminal() -> None:
    known, prompt = answers("--sample", "refused"), b"Ctrl-C: end] "
    with in_terminal("quiz", "--sample", "refused") as terminal:
        for one in known:
            terminal.until(str(one["question"]).encode())
            for pressed in range("abcd".index(letter(one)) + 1):
                while terminal.output.rpartition(str(one["question"]).encode())[2].count(prompt) <= pressed:
                    assert terminal.read(10)
                if pressed < "abcd".index(letter(one)):
                    terminal.press(DOWN)
            terminal.press(b"\r")
            terminal.until(f"Right: {one['answer']}".encode())
        assert terminal.ended() == 0
        assert b"3 of 3 right" in terminal.output


def test_up_from_the_first_choice_is_the_last_and_answers_are_typed() -> None:
    prompt = b"Ctrl-C: end] "
    with in_terminal("quiz", "--sample", "refused") as terminal:
        terminal.until(prompt)
        terminal.press(UP)
        terminal.until(b"> d) ")
        for at, key in enumerate((b"x", b"\x7f", *(bytes([one]) for one in b"SYN-SENT"))):
            while terminal.output.count(prompt) < at + 2:
                assert terminal.read(10)
            terminal.press(key)
        terminal.until(prompt + b"SYN-SENT")
        terminal.press(b"\r")
        terminal.until(b"Right: SYN_SENT")


def test_a_hint_and_the_end_in_a_terminal() -> None:
    with in_terminal("quiz", "--sample", "half-close") as terminal:
        terminal.until(b"Ctrl-C: end] ")
        assert terminal.output.count(b") ") >= 4
        terminal.output = b""
        terminal.press(b"?")
        terminal.until(b"Ctrl-C: end] ")
        assert len(re.findall(rb"[ >] [a-d]\) ", terminal.output)) == 3
        terminal.press(b"\x03")
        assert terminal.ended() == 0
        assert b"No question was answered." in terminal.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "gift"], "--format needs --export"),
        (["--connection", "1"], "need a capture"),
        ([PCAPS / "example.pcapng", "--connection", "999"], "there is no connection 999"),
        (["--sample", "nothing"], "no sample"),
        (["-"], "read twice"),
    ],
)
def test_mistakes(arguments: list[str], said: str) -> None:
    done = process("quiz", *arguments)
    assert (done.returncode, done.stderr.decode().count("\n")) == (2, 1)
    assert said in done.stderr.decode()


def test_nothing_to_ask() -> None:
    done = process("quiz", PCAPS / "one-direction-one-byte.pcap", stdin=b"")
    assert done.returncode in (0, 1)
    assert b"No question was answered." in done.stdout
