"""Take the picture in docs/report.md: ``python docs/report_picture.py``. It needs Chromium and Playwright."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write the report on the example, open it, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        command = [sys.executable, "-m", "pcapstate", "report", "tests/pcaps/example.pcapng", "--utc", "--lang", "en"]
        subprocess.run([*command, "-o", path], cwd=ROOT, check=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        page.evaluate("document.getElementById('over-time').scrollIntoView({behavior: 'instant'})")
        page.screenshot(path=ROOT / "docs/pictures/report.png", full_page=False)
        browser.close()


if __name__ == "__main__":
    main()
