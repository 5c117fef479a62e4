"""Tables on a terminal: no line is wider than it, what matters stays, and files and pipes get all."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.cli import session
from pcapstate.kernels.running import Kernels
from pcapstate.output.colours import wanted
from pcapstate.output.fitting import Need, plan
from pcapstate.output.formats import render
from pcapstate.output.screen import Screen
from pcapstate.output.shortening import cut, cut_address, cut_in_the_middle, title_lines
from pcapstate.output.widths import display_width
from pcapstate.table import (
    ENDPOINT_ADDRESS,
    LEFT,
    LIVE,
    NUMBER,
    WORD,
    Batch,
    Column,
    Table,
    cells,
    single,
    staying,
    worded,
)
from tests.helpers.paths import PCAPS, ROOT
from tests.helpers.running import COMMAND, run

SGR = re.compile(r"\x1b\[[\d;]*m")


# --- which columns, and how wide

needs = st.lists(
    st.builds(
        Need,
        st.integers(0, 40),
        st.integers(8, 12),
        st.integers(17, 24),
        st.integers(0, 8),
        st.integers(8, 17),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=9,
)


@given(needs, st.integers(1, 250))
def test_a_plan_fits_unless_what_must_stay_does_not(needs: list[Need], room: int) -> None:
    chosen, widths, indent, gap = plan(needs, room)
    taken = indent + gap * max(len(chosen) - 1, 0) + sum(widths)
    staying = [at for at, need in enumerate(needs) if need.rank == 0]
    assert set(staying) <= set(chosen)
    assert list(chosen) == sorted(set(chosen))
    floors = [max(needs[at].least_title, min(needs[at].words, needs[at].shortest)) for at in chosen]
    assert all(width >= floor for floor, width in zip(floors, widths, strict=True))
    assert all(width <= max(needs[at].most, needs[at].least(True)) for at, width in zip(chosen, widths, strict=True))
    if taken > room:
        assert (list(chosen), indent, gap) == (staying, 0, 1)
        assert list(widths) == floors
    natural = 2 + 2 * (len(needs) - 1) + sum(max(need.most, need.least(False)) for need in needs)
    if natural <= room:
        assert (len(chosen), indent, gap) == (len(needs), 2, 2)
        assert taken == natural


def test_of_columns_that_can_go_the_highest_rank_goes_first() -> None:
    fixed = [Need(10, 4, 10, 4, 10, rank) for rank in (0, 2, 3, 4)]
    assert plan(fixed, 48).chosen == (0, 1, 2, 3)
    assert plan(fixed, 47).chosen == (0, 1, 2)
    assert plan(fixed, 24).chosen == (0, 1)
    assert plan(fixed, 23).chosen == (0,)
    # What is less important stays where only it has room.
    assert plan([Need(10, 4, 10, 4, 10, 0), Need(30, 4, 30, 4, 30, 2), Need(5, 4, 5, 4, 5, 3)], 30).chosen == (0, 2)


def test_columns_stand_closer_before_one_of_rank_1_goes() -> None:
    two = [Need(10, 4, 10, 4, 10, 0), Need(10, 4, 5, 4, 5, 1)]
    assert plan(two, 24) == ((0, 1), (10, 10), 2, 2)
    assert plan(two, 23) == ((0, 1), (10, 10), 0, 1)
    assert plan(two, 17) == ((0, 1), (10, 6), 0, 1)
    assert plan(two, 15) == ((0,), (10,), 0, 1)


# --- texts made shorter


@pytest.mark.parametrize(
    ("text", "width", "before_port", "short"),
    [
        ("[2001:db8:1:2:3:4:5:6789]:51790", 31, ":", "[2001:db8:1:2:3:4:5:6789]:51790"),
        ("[2001:db8:1:2:3:4:5:6789]:51790", 30, ":", "[2001:db8:1:..:4:5:6789]:51790"),
        ("[2001:db8:1:2:3:4:5:6789]:51790", 24, ":", "[2001:db8:..:6789]:51790"),
        ("[2001:db8:1111:2222::6789]:51790", 24, ":", "[2001:db8:..:6789]:51790"),
        ("2001:db8:1:2:3:4:5:6789:443", 24, ":", "2001:db8:1:..:5:6789:443"),
        ("2001:db8:1:2:3:4:5:6789.https", 24, ".", "2001:db8:..:5:6789.https"),
        ("2001:db8:1111:2222:3333:4444:5555:6789", 24, "", "2001:db8:..:5555:6789"),
        ("www.subdomain.example.org:https", 24, ":", "www.subd..mple.org:https"),
        ("ホスト.とても長い名前.example:https", 24, ":", "ホスト....example:https"),
    ],
)
def test_addresses_are_cut_in_the_middle(text: str, width: int, before_port: str, short: str) -> None:
    assert cut_address(text, width, before_port) == short
    assert display_width(short) <= width


@given(st.ip_addresses(v=6), st.integers(0, 65_535), st.sampled_from((24, 26, 30, 47)))
def test_an_address_keeps_its_port_its_beginning_and_its_end(
    address: ipaddress.IPv6Address, port: int, width: int
) -> None:
    text = f"[{address}]:{port}"
    short = cut_address(text, width, ":")
    assert len(short) <= width
    assert short.endswith(f"]:{port}")
    if short != text:
        first, last = short[1:].rpartition("]")[0].split("..")
        assert str(address).startswith(first)
        assert str(address).endswith(last)
        assert first.count(":") + last.count(":") >= 2


@given(st.text(st.sampled_from("aé日本が゛e\u0301\u200d.:"), max_size=30), st.integers(0, 30))
def test_what_is_cut_fits(text: str, width: int) -> None:
    for short in (cut(text, width), cut_in_the_middle(text, width), cut_address(text, width, ":")):
        assert display_width(short) <= width
        assert short == text or display_width(text) > width


@pytest.mark.parametrize(
    ("title", "width", "lines"),
    [
        ("Client State", 12, ["Client State"]),
        ("Client State", 11, ["Client", "State"]),
        ("クライアントの状態", 18, ["クライアントの状態"]),
        ("クライアントの状態", 17, ["クライアント", "の状態"]),
        ("Network Destination", 5, ["Network", "Destination"]),
        ("", 5, [""]),
    ],
)
def test_titles_are_broken_between_words(title: str, width: int, lines: list[str]) -> None:
    assert title_lines(title, width) == lines


# --- tables

BOTH = [ipaddress.ip_address("2001:db8:85a3:8d3:1319:8a2e:370:7348"), ipaddress.ip_address("::ffff:10.0.0.1")]
ROWS = Column("n", "N", NUMBER)


def shown(table: Table, columns: int, growing: bool = False, colour: bool = False) -> list[str]:
    screen = Screen(columns, colour)
    return b"".join(render(table, "table", Kernels(), growing, screen)).decode().splitlines()


def ends() -> Table:
    """Return a table of a number, an IPv6 or IPv4 end, and a word."""
    columns = (
        ROWS,
        Column("end", "End", ENDPOINT_ADDRESS),
        Column("word", "Word", WORD, ("クライアントがリセット", "open"), rank=2, least=12),
    )
    bits = [int(one) for one in BOTH]
    high, low = (np.array([bit >> 64 for bit in bits]), np.array([bit & 2**64 - 1 for bit in bits], dtype=np.uint64))
    values = cells(columns, 2, n=np.array([1, 20]), end=(high, low.view(np.int64), 443), word=np.arange(2))
    return single(columns, values)


@pytest.mark.parametrize("growing", [False, True])
def test_a_table_at_fixed_widths(growing: bool) -> None:
    assert shown(ends(), 80, growing) == [
        "   N  End                                         Word",
        "   1  [2001:db8:85a3:8d3:1319:8a2e:370:7348]:443  クライアントがリセット",
        "  20  10.0.0.1:443                                open",
    ]
    assert shown(ends(), 60, growing) == [
        "   N  End                               Word",
        "   1  [2001:db8:85a3:..:370:7348]:443   クライアントがリセ..",
        "  20  10.0.0.1:443                      open",
    ]
    assert shown(ends(), 44, growing) == [
        "   N  End                       Word",
        "   1  [2001:db8:..:7348]:443    クライアン..",
        "  20  10.0.0.1:443              open",
    ]
    assert shown(ends(), 30, growing) == [
        "   N  End",
        "   1  [2001:db8:..:7348]:443",
        "  20  10.0.0.1:443",
    ]


def test_what_finds_no_room_is_told_unless_it_was_asked_for() -> None:
    screen = Screen(30)
    list(render(ends(), "table", Kernels(), screen=screen))
    assert list(screen.left_out) == ["Word"]
    screen = Screen(30)
    list(render(staying(ends()), "table", Kernels(), screen=screen))
    assert list(screen.left_out) == []


def dated(*columns: Sequence[str | None]) -> Table:
    """Return a table of columns of times, and the number of each row."""
    words = [worded(texts) for texts in columns]
    described = (
        *(Column(f"t{at}", f"T{at}", WORD, known, "-", True, dated=True) for at, (known, _) in enumerate(words)),
        ROWS,
    )
    count = len(columns[0])
    values = {f"t{at}": indices for at, (_, indices) in enumerate(words)}
    return single(described, cells(described, count, n=np.arange(count), **values))


@pytest.mark.parametrize("growing", [False, True])
def test_a_date_is_told_where_it_begins(growing: bool) -> None:
    times = [None, "2023-11-14 23:59:59.5", "2023-11-14 23:59:59.6", "2023-11-15 00:00:00.1", None]
    assert shown(dated(times), 80, growing) == [
        "  2023-11-14",
        "          T0  N",
        "           -  0",
        "  23:59:59.5  1",
        "  23:59:59.6  2",
        "  2023-11-15",
        "  00:00:00.1  3",
        "           -  4",
    ]


def test_batches_of_one_day_tell_it_once() -> None:
    parts = [dated([f"2023-11-14 0{hour}:00"]) for hour in (1, 2, 3)]
    batches = [batch for part in parts for batch in part.batches]
    table = Table(parts[0].columns, batches)
    assert shown(table, 80) == ["  2023-11-14", "     T0  N", "  01:00  0", "  02:00  0", "  03:00  0"]
    assert shown(Table(table.columns, iter(batches)), 80, growing=True) == shown(table, 80)


def test_dates_of_several_columns_are_told_once_where_they_are_one() -> None:
    same = ["2023-11-14 01:00", "2023-11-14 02:00"], ["2023-11-14 03:00", None]
    assert shown(dated(*same), 80) == ["  2023-11-14", "     T0     T1  N", "  01:00  03:00  0", "  02:00      -  1"]
    other = ["2023-11-14 01:00"], ["2023-11-15 01:00"]
    assert shown(dated(*other), 80) == [
        "                T0                T1  N",
        "  2023-11-14 01:00  2023-11-15 01:00  0",
    ]


def test_a_table_without_rows_has_its_titles() -> None:
    assert shown(dated([]), 80) == ["  T0  N"]


def test_colour_takes_no_room() -> None:
    columns = (Column("s", "State", WORD, ("ESTABLISHED", "CLOSE_WAIT"), tones=(LIVE, LEFT)), ROWS)
    table = single(columns, cells(columns, 2, s=np.arange(2), n=7))
    plain, coloured = shown(table, 20), shown(table, 20, colour=True)
    assert [SGR.sub("", line) for line in coloured] == plain
    assert coloured[1:] == ["  \x1b[32mESTABLISHED\x1b[0m  7", "  \x1b[35mCLOSE_WAIT\x1b[0m   7"]
    assert "\x1b" not in b"".join(render(table, "table", Kernels())).decode()


def test_rows_that_come_later_may_need_more_room() -> None:
    columns = (Column("word", "Word", WORD, least=6), Column("n", "N", NUMBER))
    words = [("a",), ("bcdefghijk",), ("c" * 30,)]
    batches = [Batch((columns[0]._replace(words=one), columns[1]), np.array([[0, 1]])) for one in words]
    assert shown(Table(columns, iter(batches)), 20, growing=True) == [
        "  Word  N",
        "  a     1",
        "  bcdefghijk  1",
        "  ccccccccccccc..  1",
    ]


def test_another_width_makes_another_table() -> None:
    columns = (Column("word", "Word", WORD, ("a",)), Column("n", "N", NUMBER, rank=2), Column("m", "M", NUMBER))
    screen = Screen(20)

    def batches() -> Iterator[Batch]:
        for width in (20, 9, 20):
            screen._columns = width
            yield Batch(columns, np.array([[0, 1, 2]]))

    out = b"".join(render(Table(columns, batches()), "table", Kernels(), True, screen)).decode().splitlines()
    assert out == ["  Word  N  M", "  a     1  2", "  Word  M", "  a     2", "  Word  N  M", "  a     1  2"]


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_when_there_is_colour(environment: dict[str, str], colour: bool) -> None:
    assert wanted(environment) is colour


# --- in a terminal


def in_terminal(columns: int, *arguments: str | Path, **environment: str) -> list[str]:
    """Run a command in a terminal of so many columns; return the lines that it shows."""
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, np.array([24, columns, 0, 0], dtype=np.uint16).tobytes())
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdin=its, stdout=its, stderr=its,
        env={**inherited, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(its)
    out = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        out += part
    os.close(ours)
    assert process.wait(60) == 0
    return out.decode().replace("\r\n", "\n").splitlines()


def piped(*arguments: str | Path) -> list[str]:
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, timeout=60, check=True)
    return done.stdout.decode().splitlines()


COMMANDS = (
    ["connections"],
    ["timeline"],
    ["timeline", "--relative"],
    ["netstat", "-a", "-o", "-b", "-f"],
    ["netstat", "--both"],
    ["netstat", "-r"],
    ["netstat", "-e", "-s"],
    ["netstat", "-r", "--at", "0"],
    ["diagnose"],
)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(command: list[str], language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (80, 100, 120, 200):
        monkeypatch.setattr(session, "screen", lambda columns=columns: Screen(columns, colour=True))
        lines = run(*command, PCAPS / "office.pcapng", "--lang", language).stdout.splitlines()
        assert len(lines) > 5
        assert max(display_width(SGR.sub("", line)) for line in lines) <= columns


def test_the_documentation_shows_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n\$ pcapstate (.*)\n([^`]*)```", text)
    screen = Screen(80)
    monkeypatch.setattr(session, "screen", lambda: screen)
    monkeypatch.chdir(ROOT)
    shown = run(*block[0].split())
    assert shown.stdout == block[1]
    assert f"`{shown.stderr.splitlines()[0]}`" in text


def test_a_terminal_is_found_and_its_width_kept() -> None:
    for columns in (80, 120):
        lines = in_terminal(columns, "netstat", "-a", "-o", "-b", "-f", PCAPS / "office.pcapng")
        widths = [display_width(SGR.sub("", line)) for line in lines]
        assert columns - 20 < max(widths) <= columns
        assert any(line.startswith("pcapstate: 100 frames") for line in lines)


def test_a_wide_terminal_shows_what_a_pipe_gets() -> None:
    path = PCAPS / "office.pcapng"
    for command in ("connections", "netstat"):
        assert in_terminal(400, command, path, NO_COLOR="1")[: len(piped(command, path))] == piped(command, path)
    lines = in_terminal(400, "timeline", path, "--utc", NO_COLOR="1")
    whole = piped("timeline", path, "--utc")
    (day,) = {line.split()[0] for line in whole[1:]}
    assert lines[0] == f"  {day}"
    assert [line.split() for line in lines[2 : 1 + len(whole)]] == [line.split()[1:] for line in whole[1:]]


def test_states_have_colour_in_a_terminal_that_has_it() -> None:
    path = PCAPS / "example.pcapng"
    assert "\x1b[32mESTABLISHED\x1b[0m" in "\n".join(in_terminal(80, "netstat", path))
    assert "\x1b[1;33mWARNING\x1b[0m" in "\n".join(in_terminal(80, "diagnose", path))
    for command in ("netstat", "connections", "timeline", "diagnose"):
        assert "\x1b" not in "\n".join(piped(command, path))
        assert "\x1b" not in "\n".join(in_terminal(80, command, path, NO_COLOR="1"))
        assert "\x1b" not in "\n".join(in_terminal(80, command, path, TERM="dumb"))


def test_output_to_a_file_is_whole(tmp_path: Path) -> None:
    path, file = PCAPS / "office.pcapng", tmp_path / "out.txt"
    in_terminal(80, "connections", path, "--output", file)
    assert file.read_text(encoding="utf-8").splitlines() == piped("connections", path)


def test_left_out_columns_are_told_and_columns_that_were_asked_for_stay() -> None:
    path = PCAPS / "office.pcapng"
    lines = " ".join(in_terminal(80, "connections", path))
    assert "no room for Outcome, Packets, Bytes, Retrans, Client Is; pipes and files get all columns" in lines
    asked = in_terminal(80, "connections", path, "--columns", "connection,outcome,packets,bytes,retransmissions")
    assert asked[0].split() == ["Conn", "Outcome", "Packets", "Bytes", "Retrans"]
    assert "no room" not in " ".join(asked)
