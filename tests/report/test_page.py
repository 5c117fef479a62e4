"""The report in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import pcapstate
from pcapstate.query.errors import QueryError
from pcapstate.reading import Origin, Reading
from pcapstate.wording.styles import WINDOWS
from tests.helpers.browser import Report, browser, needs_browser, opened
from tests.helpers.paths import PCAPS
from tests.helpers.running import run

pytestmark = needs_browser
EXAMPLE, OFFICE = PCAPS / "example.pcapng", PCAPS / "office.pcapng"
MOMENTS = 3
"""Of a capture, that are compared."""
HOSTS = 2


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that writes the report on a capture, once."""
    folder = tmp_path_factory.mktemp("reports")

    def write(*arguments: str | Path) -> Path:
        path = folder / f"{'-'.join(Path(one).name for one in arguments)}.html"
        if not path.exists():
            assert run("report", *arguments, "-o", path, "--lang", "en").exit_code in (0, 1)
        return path

    return write


def moments(path: Path) -> list[int]:
    """Return the times of changes and those between, in ns since the start: the ends, and some between them."""
    reading = Reading(Origin((path,)))
    reading.read()
    end = reading.moment - reading.start
    times = {0, end, *(one.time - reading.start for one in pcapstate.transitions(path))}
    found = sorted(time for time in times if 0 <= time <= end)
    found = sorted({*found, *((one + other) // 2 for one, other in pairwise(found))})
    return found[:: max(len(found) // MOMENTS, 1)]


def socket(address: object, port: int) -> str:
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


def rows(path: Path, time: int, host: str | None) -> list[list[str]]:
    return [
        [
            *(socket(one.local_address, one.local_port), socket(one.foreign_address, one.foreign_port)),
            *(SPELLED[one.state], str(one.connection)),
        ]
        for one in pcapstate.netstat(path, at=f"{time // 10**9}.{time % 10**9:09d}s", local=host)
    ]


SPELLED = {state.name: text for state, text in WINDOWS.states.items()}
CAPTURES = sorted(
    path
    for path in PCAPS.iterdir()
    # Those without expected results hold the same conversation as others.
    if path.suffix in (".pcap", ".pcapng") and path.with_name(f"{path.name}.expected").exists()
)


def test_the_table_at_each_moment_is_that_of_netstat(started: Any, written: Any) -> None:
    compared = 0
    # A fifth of them: a browser takes a second for each.
    for path in CAPTURES[::5]:
        report = written(path)
        if 'id="data"' not in report.read_text("utf-8"):
            continue
        with opened(started, report) as page:
            for host in list(page.hosts())[:HOSTS]:
                times = moments(path)
                for time, found in zip(times, page.moments(times, host), strict=True):
                    assert found == rows(path, time, host), (path.name, host, time)
                    compared += 1
    assert compared > 70


def test_without_a_host_each_connection_is_shown_from_its_client(started: Any, written: Any) -> None:
    with opened(started, written(OFFICE)) as page:
        times = moments(OFFICE)
        for time, shown in zip(times, page.moments(times, None), strict=True):
            found = {tuple(row[2:]) for row in shown}
            at = f"{time // 10**9}.{time % 10**9:09d}s"
            with pcapstate.open(OFFICE, at=at) as session:
                known = session.connections()
            for one in known:
                if one.client_state != "CLOSED" and not one.client_guessed:
                    assert (SPELLED[one.client_state], str(one.connection)) in found, (one, time)


FILTERS = """
port = 443|server_port=https|port in {80, 443}|port != 443|client_port in 51790..51806|port = 22-80
state = CLOSE_WAIT|state=close-wait|state = estab|not state = ESTABLISHED|state in {FIN_WAIT_2, TIME_WAIT}
client_state ~ FIN*|state contains wait|server_state !~ *WAIT*|server_state not contains closed
outcome = refused|outcome != closed|outcome = "reset by server"|outcome ~ reset*|outcome contains half
host = 10.0.0.0/8|host = 10.0.0.5|client = 10.0.0.31|server in {203.0.113.0/24, 198.51.100.7}
host = ::/0|host = ::ffff:0:0/96|server != 10.0.0.0/255.255.0.0|host = 2001:db8::/32
duration > 1s|duration < 20ms|duration >= 0.5|duration = 1ms..2s|duration > 1m|duration <= 1s500ms
bytes > 100|bytes > 0.1k|packets >= 10|bytes = 0|client_bytes in {0, 16, 35}|bytes < 1KiB|bytes > 1 k|duration > 500µs
host = 10.0.0.0/0.255.255.255|host = 10.0.0.0/0.0.0.0|host = 10.0.0.5/255.255.255.255
opened > "10:13:25 PM"|opened > "11 PM"|opened > "10 pm"|opened >= 2023-11-14|opened < 2023-11-15|opened > 12am
opened > 5|opened < 22:13:25|opened > "2023-11-14 22:13:25Z"|last > -3|opened > 1m|opened < 0:00:01
handshake_seen|not handshake_seen|handshake_seen = false|client_guessed = yes|retransmissions > 0
port = 443 and (state = CLOSE_WAIT or outcome = refused)|port = 443 && not outcome = open or connection = 0
connection <= 3|connection in {1, 2, 99}|server_first > 10|not server_first > 10|server_first != 3
network = x|network contains VLAN|network ~ "*"
closed_by = server|closed_by != client|closed_by ~ *|not closed_by = both|reset_by = server|reset_by != client
rtt < 20ms|rtt >= 0|not rtt > 0|age > 30s|client_age < 1m|server_age != 1s|idle > 1m
client_packet > 10|not server_packet > 0|duration > 1s and closed_by = client
name ~ *.example.com|server_name = www.example.com|client_name != x|service = https|service != http|service contains s
server_port = 443|client_address = 10.0.0.0/8|server_address in {203.0.113.0/24}|client_since > 5
"""
WRONG = """
port =|prot = 1|port = 99999|state = NOWHERE|host = 10.0.0.300|port > {1, 2}|(port = 1|port ~ 4|= 3
opened > 2023-02-30|opened > 2023-13-01|opened > "13:00 PM"|opened > 24:00|host = 10.0.0.0/255.0.255.0
duration > 5x|host = "|opened > yesterday|duration = 2s..1s|handshake_seen = maybe|port = 1 port = 2
outcome ~ zzz*|host = 10.0.0.0/33|bytes > 1k2k|handshake_seen in {true}|port < 80-90
"""


def each(texts: str) -> list[str]:
    return [one for line in texts.split("\n") for one in line.split("|") if one]


@pytest.mark.parametrize("path", [EXAMPLE, OFFICE], ids=lambda path: path.name)
def test_the_filter_is_that_of_the_command(path: Path, started: Any, written: Any) -> None:
    with opened(started, written(path)) as page:
        for text in each(FILTERS):
            known = run("connections", path, "--filter", text, "--format", "csv", "--columns", "connection", "--quiet")
            # Without a row there is no line of names.
            wanted = [int(one) for one in known.stdout.split() if one.isdecimal()]
            said, error = page.search(text)
            assert (said.split()[0], error) == (str(len(wanted)), ""), text
            page.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            found = page.page.locator("#printed tbody td:first-child").all_inner_texts()
            assert [*map(int, found)] == wanted[:300], text


def test_a_wrong_filter_is_refused_by_both(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        for text in each(WRONG):
            with pytest.raises(QueryError):
                run("connections", EXAMPLE, "--filter", text)
            assert page.search(text)[1] != "", text
            assert page.search("port = 443")[1] == ""


def test_other_words_are_searched_for(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        for text, wanted in (
            ("www.example", 2),
            ("refused", 1),
            ("5432 open", 1),
            ("nowhere", 0),
            ("log-in.example", 0),
            ("", 13),
        ):
            page.page.fill("#search", text)
            assert page.page.inner_text("#found").split()[0] == str(wanted), text


@pytest.mark.parametrize("name", ["example.pcapng", "fast-open.pcap", "challenge-ack.pcap", "close-by-server.pcap"])
def test_a_ladder_says_what_explain_says(name: str, started: Any, written: Any) -> None:
    path = PCAPS / name
    with opened(started, written(path)) as page:
        for one in pcapstate.connections(path):
            page.page.evaluate("(number) => { location.hash = `#connection-${number}`; }", one.connection)
            page.shows(one.connection)
            texts = page.page.evaluate(
                "() => [...document.querySelectorAll('.ladder .said p')].map((one) => one.textContent)"
            )
            arguments = ("explain", path, "--connection", str(one.connection), "--quiet")
            whole = " ".join(run(*arguments).stdout.split())
            assert texts
            assert all(" ".join(text.split()) in whole for text in texts)
            numbers = page.page.evaluate(
                "() => {document.querySelectorAll('.ladder .fold button').forEach((one) => one.click());"
                "return [...document.querySelectorAll('.ladder .step')].map((row) => [row.cells[0].textContent,"
                " ...[2, 4].map((at) => row.cells[at].textContent.trim().replace(' *', ''))])}"
            )
            wanted = [
                [
                    "" if step["packet"] is None else f"#{step['packet']}",
                    *(SPELLED[step[f"{end}_state"]] for end in ("client", "server")),
                ]
                for step in json.loads(run(*arguments, "--format", "json").stdout)
            ]
            assert numbers == wanted


def test_a_link_to_a_connection_opens_it_and_escape_closes_it(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE), fragment="#connection-4") as page:
        page.shows(4)
        assert page.page.locator("#detail .diagram svg").count() == 1
        assert "tcp.stream == 4" in page.page.inner_text("#detail .filter")
        page.page.click("#after")
        page.shows(5)
        assert page.page.url.endswith("#connection-5")
        page.page.keyboard.press("Escape")
        page.shows(None)
        assert "#" not in page.page.url
        page.page.click(".finding a.connection >> nth=0")
        page.shows(4)
    with opened(started, written(EXAMPLE), fragment="#connection-99") as page:
        assert "not in this file" in page.page.inner_text("#story")
        page.page.evaluate("() => document.getElementById('language').click()")
        assert page.page.inner_text("#detail-title") == "接続 99"
        page.page.keyboard.press("Escape")
        assert not page.page.locator("#detail").is_visible()


def drawn(page: Report) -> str:
    """Return what the strips show."""
    found: str = page.page.evaluate("() => document.querySelector('#strips canvas').toDataURL()")
    return found


def test_the_keyboard_moves_opens_zooms_and_pans(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        page.page.focus("#strips")
        chosen = page.page.locator("#strips [aria-selected=true]")
        for key, wanted in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 12), ("Home", 0)):
            page.page.keyboard.press(key)
            assert chosen.get_attribute("aria-posinset") == str(wanted + 1)
            assert page.page.get_attribute("#strips", "aria-activedescendant") == f"row-{wanted}"
        whole = drawn(page)
        for key in ("+", "ArrowRight"):
            before = drawn(page)
            page.page.keyboard.press(key)
            assert drawn(page) != before
        page.page.keyboard.press("0")
        assert drawn(page) == whole
        page.page.keyboard.press("Enter")
        page.shows(0)


def test_dragging_over_the_chart_zooms(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        whole, box = drawn(page), page.page.locator("#chart .u-over")
        box.scroll_into_view_if_needed()
        place = box.bounding_box()
        page.page.mouse.move(place["x"] + 100, place["y"] + 50)
        page.page.mouse.down()
        page.page.mouse.move(place["x"] + 300, place["y"] + 50, steps=4)
        page.page.mouse.up()
        assert drawn(page) != whole
        page.page.click("#whole")
        assert drawn(page) == whole


def test_play_moves_to_the_end(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        page.moments([0], None)
        page.page.clock.install()
        page.page.click("#play")
        page.page.clock.run_for(5_000)
        assert 2 < float(page.page.input_value("#time")) < 7
        page.page.click("#play")
        stopped = page.page.input_value("#time")
        page.page.clock.run_for(5_000)
        assert page.page.input_value("#time") == stopped
        page.page.click("#change-after")
        assert float(page.page.input_value("#time")) > float(stopped)


def is_dark(page: Report) -> bool:
    colour = page.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return sum(map(int, colour[4:-1].split(","))) < 100


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_window(width: int, scheme: str, started: Any, written: Any) -> None:
    with opened(started, written(OFFICE), width, color_scheme=scheme) as page:
        assert page.page.evaluate("() => document.documentElement.scrollWidth") <= width
        page.page.evaluate("() => { location.hash = '#connection-2'; }")
        page.shows(2)
        assert page.page.evaluate("() => document.documentElement.scrollWidth") <= width
        page.page.keyboard.press("Escape")
        page.shows(None)
        assert is_dark(page) == (scheme == "dark")
        page.page.click("#theme")
        assert is_dark(page) == (scheme == "light")


def test_the_language_changes_at_a_click(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE)) as page:
        assert page.page.inner_text("#findings h2") == "Findings"
        page.page.click("#language")
        assert page.page.inner_text("#findings h2") == "所見"
        assert page.page.inner_text("#found") == "接続 13 個のうち 13 個"
        shown = page.page.inner_text("main")
        for english in ("Connections over time", "netstat at a moment", "Top talkers", "closed by both sides"):
            assert english not in shown
        assert page.page.get_attribute("html", "lang") == "ja"
        page.page.click("#language")
        assert page.page.inner_text("#findings h2") == "Findings"


def test_copy_has_its_name_back_in_each_language(started: Any, written: Any) -> None:
    with opened(started, written(EXAMPLE), permissions=["clipboard-read", "clipboard-write"]) as page:
        button = page.page.locator(".finding .copy >> nth=0")
        for _ in range(2):
            button.click()
        page.page.wait_for_function("() => document.querySelector('.finding .copy').textContent === 'Copied'")
        page.page.wait_for_function("() => document.querySelector('.finding .copy').textContent !== 'Copied'")
        assert button.inner_text() == "Copy"
        page.page.click("#language")
        assert button.inner_text() == "コピー"


def test_it_prints(started: Any, written: Any) -> None:
    with opened(started, written(OFFICE)) as page:
        page.page.emulate_media(media="print")
        page.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert not page.page.locator("#strips").is_visible()
        assert not page.page.locator("#print").is_visible()
        assert page.page.locator("#printed tr").count() > 10
        assert len(page.page.pdf()) > 20_000


@pytest.mark.parametrize("name", ["hostile-names", "hostile-comments", "hostile-greetings", "hostile-processes"])
def test_hostile_names_stay_text(name: str, started: Any, written: Any) -> None:
    path = next(one for one in CAPTURES if one.stem == name)
    with opened(started, written(path)) as page:
        for one in pcapstate.connections(path):
            page.page.evaluate("(number) => { location.hash = `#connection-${number}`; }", one.connection)
            page.shows(one.connection)
        page.page.keyboard.press("Escape")
        page.shows(None)
        page.page.click("#language")
        assert page.page.evaluate("() => document.scripts.length") == 2
        assert page.page.evaluate("() => document.querySelectorAll('img, iframe, object, link').length") == 0
        text = page.page.evaluate("() => document.body.innerText")
        assert not set(text) & set("\u202e\u202d\u2066\u2067\x1b\x07\u200f")


def test_no_script_runs_but_its_own(started: Any, written: Any, tmp_path: Path) -> None:
    text = written(EXAMPLE).read_text("utf-8")
    bad = tmp_path / "bad.html"
    bad.write_text(
        text.replace("</main>", "<script>document.title = 'run'</script><img src='https://example.com/'></main>")
    )
    context = started.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda one: asked.append(one.url))
    page.goto(bad.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.title() != "run"
    assert asked == [bad.as_uri()]
    context.close()
