"""The samples: what is told of each, in both languages, at two widths, with and without ASCII.

``python -m tests.ladder.test_samples`` writes the texts that they are compared with.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from unittest import mock

import pytest
from click.shell_completion import BashComplete

from pcapstate.cli import session
from pcapstate.cli.main import cli
from pcapstate.decode.segment import ACK, SYN
from pcapstate.ladder.steps import NO_PACKET, Steps
from pcapstate.output.screen import Screen
from pcapstate.output.widths import display_width
from pcapstate.samples.catalogue import CAPTURES, SAMPLES, Sample, capture_of, sample_named
from pcapstate.tcp.states import State
from tests.helpers.running import process, run
from tests.ladder.test_steps import ladders

GOLDEN = Path(__file__).with_name("golden")
TRUTHS = Path(__file__).parents[1] / "real_stacks" / "samples"
NAMES = [one.name for one in SAMPLES]
EVERY = [(one, lost) for one in SAMPLES for lost in (None, *one.without)]


def told(name: str, width: int, *options: str) -> str:
    """Return what ``explain`` writes of a sample on a terminal of a width."""
    with mock.patch.object(session, "screen", return_value=Screen(width)):
        done = run("explain", "--sample", name, *options)
    assert done.exit_code == 0
    return str(done.stdout)


def whole(name: str, lang: str) -> str:
    """Return all texts of a sample that are compared."""
    texts = []
    for width in (80, 120):
        texts.append(f"=== {width} columns\n{told(name, width, '--lang', lang)}")
        texts.append(f"=== {width} columns, ASCII\n{told(name, width, '--lang', lang, '--ascii', '--brief')}")
    return "\n".join(texts)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", NAMES)
def test_texts_are_as_they_were(name: str, lang: str) -> None:
    text = whole(name, lang)
    assert text == (GOLDEN / f"{name}.{lang}.txt").read_text("utf-8")
    for part in text.split("=== ")[1:]:
        head, *lines = part.splitlines()
        width = int(head.split()[0])
        assert all(display_width(line) <= width for line in lines)
        assert "ASCII" not in head or lang != "en" or part.isascii()


def test_every_text_belongs_to_a_sample() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{lang}.txt" for name in NAMES for lang in ("en", "ja")}
    assert {path.name for path in CAPTURES.iterdir()} == {capture_of(*one).name for one in EVERY}


@pytest.mark.parametrize(("sample", "lost"), EVERY, ids=lambda one: one.name if isinstance(one, Sample) else str(one))
def test_nothing_is_left_out(sample: Sample, lost: int | None) -> None:
    done = process("connections", capture_of(sample, lost), "--format", "jsonl", "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(row["connection"] == sample.connection for row in rows)
    assert {row["client"].rpartition(":")[0] for row in rows} == {"192.0.2.10"}


def steps_of(name: str, lost: int | None = None) -> Steps:
    sample = sample_named(name)
    assert sample is not None
    return ladders(capture_of(sample, lost))[sample.connection]


def states(steps: Steps, side: int) -> list[str]:
    """Return the states of an end, each once in a row."""
    names = [State(one).name for one in steps.rows["after"][:, side].tolist()]
    return [one for at, one in enumerate(names) if at == 0 or names[at - 1] != one]


@pytest.mark.parametrize(
    ("name", "client", "server"),
    [
        ("client-closes-first", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", "CLOSE_WAIT LAST_ACK CLOSED"),
        ("server-closes-first", "CLOSE_WAIT LAST_ACK CLOSED", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT"),
        ("three-segment-close", "FIN_WAIT_1 TIME_WAIT", "CLOSE_WAIT LAST_ACK CLOSED"),
        ("reset", "CLOSED", "CLOSED"),
        ("reset-with-unread-data", "CLOSED", "CLOSED"),
        ("simultaneous-close", "FIN_WAIT_1 CLOSING TIME_WAIT", "CLOSE_WAIT CLOSING TIME_WAIT"),
        ("fin-behind-a-hole", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", "CLOSE_WAIT LAST_ACK CLOSED"),
        ("half-open", "CLOSED", "CLOSED"),
        ("keep-alive-unanswered", "CLOSED", "CLOSED"),
    ],
)
def test_how_they_end(name: str, client: str, server: str) -> None:
    for side, expected in enumerate((client, server)):
        found = states(steps_of(name), side)
        assert found[found.index("ESTABLISHED") + 1 :] == expected.split()


def test_how_others_begin() -> None:
    assert states(steps_of("filtered"), 0) == ["SYN_SENT"]
    assert states(steps_of("refused"), 0) == ["SYN_SENT", "CLOSED"]
    assert states(steps_of("simultaneous-open"), 0)[:3] == ["SYN_SENT", "SYN_RECEIVED", "ESTABLISHED"]
    assert states(steps_of("full-accept-queue"), 1).count("SYN_RECEIVED") == 2
    first = steps_of("fast-open")[0]
    assert first.flags & (SYN | ACK) == SYN
    assert first.length > 0
    assert steps_of("time-wait-reuse")[-1].after[0] == State.CLOSED
    assert 0 in steps_of("zero-window").rows["window"]


VARIANTS = [(one, lost) for one, lost in EVERY if lost is not None]


def seen(sample: Sample, lost: int | None = None) -> list[tuple[int, int, int, int, int]]:
    """Return side, flags, and relative numbers of each packet of the connection that a sample is about."""
    rows = steps_of(sample.name, lost).rows
    rows = rows[rows["flags"] != NO_PACKET]
    rows["ack"][rows["flags"] & ACK == 0] = 0
    return [tuple(one) for one in rows[["side", "flags", "seq", "ack", "length"]].tolist()]


@pytest.mark.parametrize(("sample", "lost"), VARIANTS, ids=lambda one: one.name if isinstance(one, Sample) else one)
def test_this_packet_was_lost_and_no_other(sample: Sample, lost: int) -> None:
    assert seen(sample, lost)[:lost] == seen(sample)[:lost]
    known = json.loads((TRUTHS / f"{capture_of(sample, lost).stem}.truth.json").read_text("utf-8"))
    told_of_it = known["connections"][sample.connection]
    (one,) = told_of_it["lost"]
    side, flags, *_ = seen(sample, lost)[lost - 1]
    assert one["to"] == told_of_it["server" if side == 0 else "client"]
    assert {letter for bit, letter in enumerate("FSRPA") if flags >> bit & 1} == set(one["flags"])


@pytest.mark.parametrize("lost", [1, 2, 4, 6, 8, 10])
def test_without_a_packet_it_is_sent_again(lost: int) -> None:
    plain, without = steps_of("client-closes-first"), steps_of("client-closes-first", lost)
    (step,) = [one for one in without if one.number == lost]
    assert (step.flags, step.side) == (plain[lost - 1].flags, plain[lost - 1].side)
    assert step.lost > lost
    assert any("again" in line or "retransmission" in line for line in told_of(lost))


def told_of(lost: int, *options: str) -> list[str]:
    return told("client-closes-first", 100, "--without", f"#{lost}", *options).splitlines()


def test_the_heading_tells_which_packet_was_lost() -> None:
    assert told_of(4)[6].startswith("Here packet #4 was lost on its way.")
    assert told_of(4, "--lang", "ja")[6].startswith("ここではパケット #4 が途中で失われています。")
    assert not any("lost on its way." in line for line in told("client-closes-first", 100).splitlines())


@pytest.mark.parametrize("command", ["explain", "diagram"])
def test_names_and_packets_are_completed_in_a_shell(command: str) -> None:
    shell = BashComplete(cli, {}, "pcapstate", "_PCAPSTATE_COMPLETE")

    def completed(*arguments: str, begun: str) -> list[str]:
        return [one.value for one in shell.get_completions([command, *arguments], begun)]

    assert completed("--sample", begun="ha") == ["half-close", "half-open"]
    assert completed("--sample", "half-close", "--without", begun="1") == ["10", "12"]
    assert completed("--sample", "filtered", "--without", begun="") == []
    assert completed("--without", begun="") == []


def test_a_lost_ack_shows_in_what_comes_again() -> None:
    assert "Packet #11 had acknowledged this" in told("client-closes-first", 100, "--without", "11")


def test_the_list() -> None:
    out = run("explain", "--list-samples").stdout
    assert re.findall(r"(?m)^[a-z].*", out) == NAMES
    rows = [json.loads(line) for line in run("explain", "--list-samples", "--format", "jsonl").stdout.splitlines()]
    assert [row["sample"] for row in rows] == NAMES
    assert rows[0]["without"].split()[0] == "#1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "--sample", "half-clos"], "did you mean half-close"),
        (["explain", "--sample", "xyzzy"], "--list-samples"),
        (["explain", "--sample", "filtered", "--without", "1"], "recorded only whole"),
        (["explain", "--sample", "client-closes-first", "--without", "40"], "not recorded without #40"),
        (["explain", "--sample", "refused", "--without", "x"], "no packet"),
        (["explain", "--sample", "refused", "--without"], "a shell takes an unquoted #4 for a comment"),
        (["explain", "--without", "1"], "needs --sample"),
        (["explain", "x.pcap", "--sample", "refused"], "exclude each other"),
        (["diagram", "--without", "1"], "needs --sample"),
    ],
)
def test_mistakes(arguments: list[str], said: str) -> None:
    for lang in ("en", "ja"):
        done = process(*arguments, "--lang", lang)
        assert (done.returncode, done.stderr.decode().count("\n")) == (2, 1)
        assert lang == "ja" or said in done.stderr.decode()


def test_a_diagram_of_a_sample() -> None:
    assert "CLOSING" in run("diagram", "--sample", "simultaneous-close").stdout


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for one in SAMPLES:
        for code in ("en", "ja"):
            (GOLDEN / f"{one.name}.{code}.txt").write_text(whole(one.name, code), "utf-8")
