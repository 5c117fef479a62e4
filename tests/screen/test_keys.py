"""What each key and each click does, on a capture."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from pcapstate.addresses import parse_network
from pcapstate.output.widths import display_width
from pcapstate.screen.connections import ConnectionTable
from pcapstate.screen.keys import KEYS
from pcapstate.tcp.time_wait import TimeWait
from pcapstate.wording.languages import LANGUAGES, translate
from tests.helpers.paths import PCAPS
from tests.helpers.running import run
from tests.helpers.screens import heading, lines, on_screen, press, rows, the_app, until

OFFICE = PCAPS / "office.pcapng"
EXAMPLE = PCAPS / "example.pcapng"


def test_begins_at_the_end_with_all_rows() -> None:
    async def play(pilot: Pilot[None]) -> None:
        assert "end" in heading(pilot)
        assert len(rows(pilot)) == 14
        assert "1:SYN_SENT 1  2:ESTABLISHED 9" in lines(pilot)[2]

    on_screen(OFFICE, play=play)


def test_begins_at_a_moment() -> None:
    async def play(pilot: Pilot[None]) -> None:
        assert "09:00:30.0" in heading(pilot)

    on_screen(OFFICE, play=play, at="30")


def test_time_wait_of_a_host() -> None:
    async def play(pilot: Pilot[None]) -> None:
        known = json.loads(
            run("netstat", OFFICE, "--time-wait", "10.0.0.5=5", "--time-wait", "30", "--format", "json").stdout
        )
        assert len(rows(pilot)) == len(known) < 14

    on_screen(OFFICE, play=play, time_wait=TimeWait(30, ((parse_network("10.0.0.5"), 5),)))


def test_a_moment_that_is_not_in_the_capture() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: any("no packet #1000000" in one.message for one in pilot.app._notifications))
        assert "end" in heading(pilot)

    on_screen(EXAMPLE, play=play, at="#1000000")


def test_begins_at_a_packet() -> None:
    async def play(pilot: Pilot[None]) -> None:
        known = json.loads(run("netstat", EXAMPLE, "--at", "#26", "--format", "json").stdout)
        assert len(rows(pilot)) == len(known)

    on_screen(EXAMPLE, play=play, at="#26")


def test_filter() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "slash")
        field = pilot.app.query_one(Input)
        assert field.has_focus
        await press(pilot, *"sta", "tab")
        assert field.value == "state"
        field.value = "state = ESTABLISHD"
        await pilot.pause()
        problem = str(pilot.app.query_one("#filter Static", Static).render())
        assert "ESTABLISHED" in problem
        await press(pilot, "enter")
        # A filter with a mistake is not applied, and stays to be mended.
        assert field.has_focus
        assert len(rows(pilot)) == 14
        field.value = "state = CLOSE_WAIT"
        await press(pilot, "enter")
        assert [row.split()[3] for row in rows(pilot)] == ["CLOSE_WAIT"]
        assert "filter: state = CLOSE_WAIT" in lines(pilot)[1]
        await press(pilot, "slash")
        assert field.value == "state = CLOSE_WAIT"
        await press(pilot, "escape")
        assert len(rows(pilot)) == 1
        await press(pilot, "escape")
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play)


def test_states_by_digit_and_click() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "4")
        assert [row.split()[3] for row in rows(pilot)] == ["CLOSE_WAIT"]
        await press(pilot, "0")
        assert len(rows(pilot)) == 14
        at = lines(pilot)[2].index("TIME_WAIT")
        await pilot.click("#states", offset=(at, 0))
        assert {row.split()[3] for row in rows(pilot)} == {"TIME_WAIT"}
        await pilot.click("#states", offset=(at, 0))
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play)


def test_sort_by_key_and_click() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "s")
        assert "Statev" in lines(pilot)[3]
        names = [row.split()[3] for row in rows(pilot)]
        assert names != sorted(names, reverse=True)
        await press(pilot, "S")
        assert "State^" in lines(pilot)[3]
        assert [row.split()[3] for row in rows(pilot)] == names[::-1]
        at = lines(pilot)[3].index("Local")
        await pilot.click("#connections", offset=(at + 1, 0))
        assert "Local Addressv" in lines(pilot)[3]

    on_screen(OFFICE, play=play)


def test_both_ends_ended_and_listening() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "b")
        assert "Foreign State" in lines(pilot)[3]
        assert any("CLOSE_WAIT   FIN_WAIT_2" in row for row in rows(pilot))
        await press(pilot, "b", "t")
        assert any(" CLOSED " in row for row in rows(pilot))
        await press(pilot, "t", "l")
        assert any(" LISTENING " in row for row in rows(pilot))
        await press(pilot, "l")
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play, size=(140, 40))


def test_names() -> None:
    async def play(pilot: Pilot[None]) -> None:
        assert not any("https" in row.split()[2] for row in rows(pilot))
        await press(pilot, "n")
        text = "\n".join(lines(pilot))
        assert ":https" in text
        assert "mail.example.org:imaps" in text
        await press(pilot, "n")
        assert "mail.example.org:imaps" not in "\n".join(lines(pilot))

    on_screen(OFFICE, play=play, size=(160, 30))


def test_time() -> None:
    async def play(pilot: Pilot[None]) -> None:
        app = the_app(pilot)
        reading = app.feed.reading
        await press(pilot, "home")
        assert len(rows(pilot)) == 0
        await press(pilot, "full_stop")
        assert "SYN_SENT" in rows(pilot)[0]
        await press(pilot, "full_stop", "full_stop")
        assert "ESTABLISHED" in rows(pilot)[0]
        await press(pilot, "comma")
        assert "SYN_SENT" in rows(pilot)[0]
        await press(pilot, "end")
        assert len(rows(pilot)) == 14
        assert "end" in heading(pilot)
        await press(pilot, "left", "left")
        # A notch is about a hundredth of the capture, in a round number of seconds.
        assert "2.000s before the end" in heading(pilot)
        await press(pilot, "shift+left")
        assert "12.000s before the end" in heading(pilot)
        await press(pilot, "shift+right", "right", "right", "right")
        assert "before the end" not in heading(pilot) or " 0.000000s before" in heading(pilot)
        line = pilot.app.query_one("#timeline")
        await pilot.click("#timeline", offset=(line.size.width // 2, 0))
        at = app._moment
        assert at is not None
        assert 0.4 < (at - reading.start) / (reading.moment - reading.start) < 0.6

    on_screen(OFFICE, play=play)


def test_played_and_paused() -> None:
    async def play(pilot: Pilot[None]) -> None:
        app = the_app(pilot)
        await press(pilot, "p")
        assert "1x" in heading(pilot)
        await press(pilot, "p", "p")
        assert "100x" in heading(pilot)
        await until(pilot, lambda: len(rows(pilot)) > 3)
        await press(pilot, "space")
        at = app._moment
        await pilot.pause(0.3)
        assert app._moment == at
        await press(pilot, "space")
        await until(pilot, lambda: app._moment != at)
        await press(pilot, "p", "p")
        # It stops at the end.
        await until(pilot, lambda: not app._speed)
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play)


def test_connection() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "enter")
        text = lines(pilot)
        assert text[0].startswith(" connection 8  10.0.0.5:49204 → 203.0.113.44:443")
        assert any("client: CLOSED ─#" in line and "CLOSE_WAIT" in line for line in text)
        assert any("SYN seq 0 win" in line and "SYN_SENT*" in line for line in text)
        assert any("*FIN_WAIT_1" in line for line in text)
        # Keys of the table do nothing here.
        await press(pilot, "b", "left")
        assert lines(pilot)[0] == text[0]
        await press(pilot, "escape")
        assert len(rows(pilot)) == 1
        await press(pilot, "b")
        assert "Foreign State" in lines(pilot)[3]

    on_screen(OFFICE, play=play)


def test_filter_for_wireshark_is_copied() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "c")
        assert pilot.app.clipboard == "tcp.stream == 8"

    on_screen(OFFICE, play=play)


def test_packets_of_a_connection_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "w")
        await until(pilot, lambda: (tmp_path / "connection-8.pcapng").exists() and len(pilot.app._notifications) == 1)
        await press(pilot, "w")
        # A file that is there stays as it is.
        await until(pilot, lambda: (tmp_path / "connection-8-2.pcapng").exists() and len(pilot.app._notifications) == 2)

    on_screen(OFFICE, play=play)
    extracted = tmp_path / "extracted.pcapng"
    run("extract", OFFICE, "--connection", "8", "-o", extracted)
    assert (tmp_path / "connection-8.pcapng").read_bytes() == extracted.read_bytes()


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="no folder that cannot be written")
def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        await until(pilot, lambda: any("No such file" in one.message for one in pilot.app._notifications))

    on_screen(OFFICE, play=play)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_help_names_every_key(lang: str) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        text = "\n".join(lines(pilot))
        for key in KEYS:
            assert key.shown in text
            assert translate(key.meaning, lang) in text
            assert lang == "en" or translate(key.meaning, lang) != key.meaning
        await press(pilot, "escape")
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play, lang=lang, size=(120, 34))


def test_selected_row_stays_selected() -> None:
    async def play(pilot: Pilot[None]) -> None:
        table = pilot.app.query_one(ConnectionTable)
        await press(pilot, "down", "down", "down")
        chosen = table.connection
        assert chosen is not None
        await press(pilot, "s", "s", "s")
        assert table.connection == chosen
        await press(pilot, "t")
        assert table.connection == chosen
        await press(pilot, "G")
        assert table.connection != chosen
        last = table.connection
        await press(pilot, "g", "pagedown", "pageup", "k", "j")
        assert table.connection != last

    on_screen(OFFICE, play=play, size=(100, 14))


def test_click_selects_and_double_click_opens() -> None:
    async def play(pilot: Pilot[None]) -> None:
        await pilot.click("#connections", offset=(10, 6))
        await pilot.click("#connections", offset=(10, 6), times=2)
        await until(pilot, lambda: lines(pilot)[0].startswith(" connection 8"))

    on_screen(OFFICE, play=play)


@pytest.mark.parametrize("size", [(40, 20), (100, 8), (20, 5)])
def test_a_terminal_that_is_too_small_is_said(size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[None]) -> None:
        assert "too small" in "".join(lines(pilot)).replace("\n", "") or size[0] < 30
        assert not rows(pilot)
        await pilot.resize_terminal(100, 24)
        await pilot.pause(0.2)
        assert len(rows(pilot)) == 14

    on_screen(OFFICE, play=play, size=size)


@pytest.mark.parametrize("size", [(60, 12), (80, 24), (250, 80)])
def test_terminals_of_all_sizes(size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "b", "t", "n", "l", "enter")
        assert lines(pilot)[0].startswith(" connection")
        await press(pilot, "escape", "question_mark", "escape", "slash", "escape")
        assert len(rows(pilot)) == min(size[1] - 6, 22)
        assert max(map(display_width, lines(pilot))) <= size[0]

    on_screen(OFFICE, play=play, size=size)


def test_capture_without_a_connection(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((PCAPS / "time-steps-back.pcap").read_bytes()[:24])

    async def play(pilot: Pilot[None]) -> None:
        await press(pilot, "enter", "c", "w", "left", "home", "full_stop", "s", "t", "l", "b", "p", "space", "4")
        assert not rows(pilot)

    on_screen(empty, play=play)


def test_damaged_capture_is_said(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(OFFICE.read_bytes()[:-20])

    async def play(pilot: Pilot[None]) -> None:
        assert "cut" in heading(pilot)
        assert rows(pilot)

    on_screen(cut, play=play)
