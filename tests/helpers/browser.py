"""A report in a real browser, whose complaints and requests are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None, reason="needs Chromium and Playwright"
)


MOMENTS = """(times) => times.map((time) => {
  const field = document.getElementById("time");
  field.value = time;
  field.dispatchEvent(new Event("change"));
  return [...document.querySelectorAll("#netstat tbody tr")].map((row) => [1, 2, 3, 4].map(
    (at) => (at === 2 ? row.cells[at].firstChild : row.cells[at]).textContent.trim()));
})"""
"""Types times, and returns the rows of the table at each."""

SEARCH = """(text) => {
  const field = document.getElementById("search");
  field.value = text;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  const error = document.getElementById("search-error");
  return [document.getElementById("found").innerText, error.checkVisibility() ? error.innerText : ""];
}"""
"""Types a filter, and returns how many connections it finds and the error; the browser's own typing takes longer."""


class Report:
    """A page with a report; ``page`` is Playwright's."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page, self.path = page, path
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda one: self.complaints.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("dialog", lambda one: (self.complaints.append(f"dialog: {one.message}"), one.dismiss()))

    def open(self, fragment: str = "") -> None:
        """Open the report, and wait until its program has begun."""
        self.page.goto(f"{self.path.as_uri()}{fragment}")
        self.page.wait_for_selector("html[data-ready]")

    def moments(self, times: list[int], host: str | None) -> list[list[list[str]]]:
        """Return the rows of netstat at each time (ns since the start): both addresses, state, connection."""
        self.page.select_option("#host", "" if host is None else self.hosts()[host])
        typed = [f"{time // 10**9}.{time % 10**9:09d}" for time in times]
        found: list[list[list[str]]] = self.page.evaluate(MOMENTS, typed)
        return found

    def hosts(self) -> dict[str, str]:
        """Return the hosts that can be chosen, and the values that choose them."""
        options: list[list[str]] = self.page.evaluate(
            "() => [...document.querySelectorAll('#host option')].filter((one) => /^\\d+$/.test(one.value))"
            ".map((one) => [one.textContent.split(' ')[0], one.value])"
        )
        return dict(options)

    def shows(self, number: int | None) -> None:
        """Wait until the page shows a connection, or none."""
        title = "" if number is None else f"connection {number}"
        self.page.wait_for_function(
            "(title) => document.getElementById('detail').hidden ? title === ''"
            " : document.getElementById('detail-title').textContent === title",
            arg=title,
        )

    def search(self, text: str) -> tuple[str, str]:
        """Filter the list; return how many there are as the page says it, and the error."""
        found, error = self.page.evaluate(SEARCH, text)
        return found, error


@contextmanager
def browser() -> Iterator[Any]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root there is no sandbox.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(browser: Any, path: Path, width: int = 1440, fragment: str = "", **more: Any) -> Iterator[Report]:
    """Open a report in a window of its own; at its end it must have complained of nothing and asked for nothing."""
    # Nothing moves while it is clicked at.
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **more)
    report = Report(context.new_page(), path)
    try:
        report.open(fragment)
        yield report
        assert report.complaints == []
        assert {one.partition("#")[0] for one in report.requests} == {path.as_uri()}
    finally:
        context.close()
