"""``pcapstate explain``: the ladder of a connection, and sentences whose numbers are those of its packets."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest

from pcapstate.decode.segment import ACK, FIN, SYN
from pcapstate.decode.syn_options import SHIFT
from pcapstate.errors import CaptureError
from pcapstate.ladder.explaining import Said, Why, parts
from pcapstate.ladder.steps import NO_PACKET, Step, Steps
from pcapstate.output.widths import display_width
from pcapstate.wording.explanations import explanation
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import CAPTURES, PCAPS, SAMPLES
from tests.helpers.running import dangerous, process, run
from tests.helpers.stories import parse
from tests.helpers.story_texts import OPEN
from tests.helpers.terminals import in_terminal
from tests.ladder.test_steps import ladders

EXAMPLE = PCAPS / "example.pcapng"
JAPANESE = re.compile("[぀-ヿ㐀-鿿]")


@pytest.mark.parametrize("path", [*CAPTURES, *SAMPLES], ids=lambda path: path.name)
def test_every_capture_in_both_languages(path: Path) -> None:
    for lang in ("en", "ja"):
        out = ""
        with suppress(CaptureError):
            out = run("explain", path, "--lang", lang, "--all").stdout
        assert dangerous(out) == []
        assert all(display_width(line) <= 100 for line in out.splitlines()), "as wide as a page"
        if lang == "ja":
            # What stands under a packet begins with four blanks.
            blocks = re.findall(r"(?m)(?:^    (?! ).*\n)+", out)
            assert all(JAPANESE.search(block) for block in blocks)


@pytest.mark.parametrize("path", [*CAPTURES, *SAMPLES], ids=lambda path: path.name)
def test_no_sentence_has_a_number_that_the_packets_do_not_have(path: Path) -> None:
    found: dict[int, Steps] = {}
    with suppress(CaptureError):
        found = ladders(path)
    for steps in found.values():
        known = {step.number: step for step in steps if step.flags != NO_PACKET}
        told = [part for part in parts(steps, "1min 0s", unfolded=True) if part.step is not None]
        assert [part.step for part in told] == list(steps)
        for part in told:
            for said in part.said:
                if isinstance(said, Said):
                    check(part.step, said, known)
                else:
                    assert said.change in part.step.changes


def check(step: Step | None, said: Said, known: dict[int, Step]) -> None:
    """Check the numbers of a sentence against the packet and those before it."""
    assert step is not None
    fields = said.fields
    explanation(said.name, **fields)
    earlier = [one for one in known.values() if one.number <= step.number]
    other = [one for one in earlier if one.side != step.side]
    if "ack" in fields:
        assert fields["ack"] == step.ack
    if said.name == "ack-of-syn":
        assert any(one.flags & SYN and one.seq == fields["seq"] == step.ack - 1 for one in other)
    elif said.name == "ack-of-fin":
        assert any(one.flags & FIN and one.seq + one.length == fields["fin"] == step.ack - 1 for one in other)
    elif said.name == "ack-of-syn-data":
        assert step.ack == fields["seq"] + 1 + fields["length"]
        assert any(one.flags & SYN and one.length == fields["length"] for one in other)
    elif said.name == "ack-of-data":
        one = known[int(fields["number"])]
        assert (one.seq, one.length) == (fields["seq"], fields["length"])
        assert one.seq + one.length == step.ack
        # Of what was sent twice nobody knows which of the two arrived.
        assert not any(
            other.again and other.seq + other.length == step.ack for other in earlier if other.side == one.side
        )
    elif said.name == "fin-number":
        assert step.seq + step.length + bool(step.flags & SYN) == fields["fin"]
    elif said.name == "closed-first":
        assert fields["number"] == step.number
        assert not any(one.flags >= 0 and one.flags & FIN for one in other)
    elif said.name == "data":
        assert fields["length"] == step.length > 0
    elif said.name == "gap":
        assert fields["missing"] == step.gap > 0
    elif said.name == "lost":
        again = known[int(fields["number"])]
        assert (again.side, again.seq, again.again) == (step.side, step.seq, True)
        acks = [one for one in known.values() if one.side != step.side and step.number < one.number < again.number]
        assert not any(one.flags & ACK and one.ack > step.seq for one in acks if one.flags >= 0 and not one.copy)
    elif said.name in ("lost-ack", "ack-not-taken"):
        acked = known[int(fields["number"])]
        assert acked.side != step.side
        assert acked.ack >= step.seq + step.length + bool(step.flags & (SYN | FIN)) > step.seq
    elif said.name == "gap-filled":
        late = known[int(fields["number"])]
        assert late.side == step.side
        assert late.seq - late.gap <= step.seq < late.seq
    elif said.name == "acknowledged-unseen":
        assert fields["missing"] == step.ack - max(highest(one) for one in other) > 0
    elif said.name == "repeated-ack":
        assert any(one.flags & ACK and one.ack == step.ack for one in earlier if one.side == step.side)
        assert max(highest(one) for one in other) > step.ack
    elif said.name == "ack-before-fin":
        assert any(one.flags & FIN and one.seq + one.length == fields["fin"] >= step.ack for one in other)
    elif said.name in ("rst-out-of-window", "rst-challenged"):
        assert fields["seq"] == step.seq
    elif said.name == "syn-data":
        assert fields["length"] == step.length > 0
    elif said.name == "windows-scaled":
        syn = next(one for one in reversed(earlier) if one.side != step.side and one.flags & SYN)
        assert [1 << (one.options & SHIFT) - 1 for one in (syn, step)] == [fields["theirs"], fields["own"]]
    elif said.name in ("relative-numbers", "first-number"):
        assert step.seq == 0


def highest(step: Step) -> int:
    """Return the number behind a packet."""
    return step.seq + step.length + bool(step.flags & SYN) + bool(step.flags & FIN)


def test_a_whole_life() -> None:
    out = run("explain", EXAMPLE, "--connection", "3").stdout
    for text in (
        "connection 3: client 10.0.0.5:51806, server 203.0.113.80:443",
        "SYN_SENT* ",
        "client SYN_SENT → ESTABLISHED: ",
        "ack 1 = 0 + 1: the SYN with number 0 has arrived",
        "The client closed first, with packet #52",
        "The client waits for 2 MSL (1min 0s)",
        "ack 81 = 80 + 1: the FIN with number 80 has arrived",
    ):
        assert text in out


def test_the_most_telling_connection_is_explained() -> None:
    result = run("explain", EXAMPLE, "--brief")
    assert "is explained; --connection N explains another" in result.stderr
    assert "FIN" in result.stdout


def test_brief_and_ascii() -> None:
    out = run("explain", EXAMPLE, "--connection", "3", "--brief", "--ascii").stdout
    assert out.isascii()
    assert len(out.splitlines()) == 3 + 11
    assert "SYN_SENT* --" in out


def test_long_runs_of_data_are_folded(tmp_path: Path) -> None:
    story = OPEN + "".join(
        f"C PA {1 + 100 * number} 1 100 -> EST, EST\nS A 1 {101 + 100 * number} 0 -> EST, EST\n"
        for number in range(200)
    )
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(story_frames(parse(story))))
    out = run("explain", path).stdout
    (fold,) = [line for line in out.replace("\n    ", " ").splitlines() if "..." in line]
    assert "#4 to #403: 400 segments of data and ACKs, 20,000 bytes from the client, 0 bytes from the server" in fold
    assert len(run("explain", path, "--brief", "--all").stdout.splitlines()) == 3 + 403


def test_a_part_of_a_connection() -> None:
    whole = run("explain", EXAMPLE, "--connection", "1", "--brief", "--all").stdout.splitlines()
    part = run("explain", EXAMPLE, "--connection", "1", "--brief", "--all", "--from", "#10", "--at", "#12")
    assert part.stdout.splitlines()[3:] == [line for line in whole if line[:3] in ("#10", "#11", "#12")]
    rows = json.loads(run("explain", EXAMPLE, "--connection", "1", "--from", "#10", "--format", "json").stdout)
    assert rows[0]["packet"] == 10
    none = process("explain", EXAMPLE, "--connection", "1", "--from", "#4000")
    assert (none.returncode, none.stderr.count(b"\n")) == (2, 1)
    assert b"no packet of the connection is at #4000 or later" in none.stderr


def test_the_other_connections_are_named() -> None:
    err = run("explain", PCAPS / "office.pcapng").stderr
    assert re.search(r"others: \d+ \([a-z -]+\), ", err)
    assert "more (pcapstate connections)" in err
    assert "others" not in run("explain", PCAPS / "keepalives.pcap").stderr


def test_what_keeps_a_connection_open_is_told() -> None:
    out = run("explain", PCAPS / "keepalives.pcap").stdout
    assert out.count("Keep-alive: the client repeats") == 2
    assert out.count("answers the keep-alive") == 3
    out = run("explain", PCAPS / "zero-window.pcap").stdout
    assert out.count("probes the closed window") == 2
    assert "has room again" in out


def test_a_hole_and_what_fills_it() -> None:
    out = " ".join(run("explain", PCAPS / "fin-behind-a-hole.pcap").stdout.split())
    for text in (
        "Data before the FIN is missing, and a FIN counts only after it",
        "The server asks for number 1 next, so it does not have the FIN with number 42 yet",
        "This packet brings what was missing before packet #4",
    ):
        assert text in out


def test_a_key_for_each_packet() -> None:
    arguments = "explain", EXAMPLE, "--connection", "3", "--steps"
    numbers = [f"#{one['packet']} ".encode() for one in json.loads(run(*arguments[:-1], "--format", "json").stdout)]
    with in_terminal(*arguments) as terminal:
        terminal.until(b"q: quit]")
        assert [one in terminal.output for one in numbers[:2]] == [True, False]
        for key, number in ((b" ", numbers[1]), (b"\r", numbers[2])):
            terminal.press(key)
            terminal.until(number)
        assert numbers[3] not in terminal.output
        terminal.press(b"a")
        assert terminal.ended() == 0
        assert numbers[-1] in terminal.output
    for key, code in ((b"q", 0), (b"\x03", 1)):
        with in_terminal(*arguments) as terminal:
            terminal.press(key)
            assert terminal.ended() == code
            assert numbers[1] not in terminal.output
    done = process("explain", EXAMPLE, "--steps")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_steps_for_programs() -> None:
    rows = json.loads(run("explain", EXAMPLE, "--connection", "3", "--format", "json").stdout)
    assert len(rows) == 11
    first, second = rows[:2]
    assert first["flags"] == "SYN"
    assert (first["sender"], first["client_before"], first["client_state"]) == ("client", "CLOSED", "SYN_SENT")
    assert (second["ack"], second["server_before"], second["server_state"]) == (1, "LISTEN", "SYN_RECEIVED")
    assert second["server_cause"] == "sent SYN-ACK"
    assert first["retransmission"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a capture"),
        ([EXAMPLE, "--connection", "999"], "there is no connection 999"),
        ([EXAMPLE, "--connection", "1", "--filter", "outcome = refused"], "exclude each other"),
        ([EXAMPLE, "--filter", "outcome = nothing"], "--filter"),
        (["-"], "read twice"),
        ([PCAPS / "no-such.pcap"], "no-such.pcap"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str | Path], said: str) -> None:
    done = process("explain", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1


def test_sentences_of_a_change_come_from_the_table() -> None:
    (steps,) = [ladders(EXAMPLE)[3]]
    reasons = [said.reason for part in parts(steps, "") for said in part.said if isinstance(said, Why)]
    assert len(reasons) == sum(len(step.changes) for step in steps)
    assert all(reason.endswith(".") for reason in reasons)
