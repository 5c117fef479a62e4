"""The documentation is true: examples print what they show, generated parts are up to date, links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = load(ROOT / "docs" / "examples.py")


def where(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks() -> Iterator[Any]:
    for page in examples.pages():
        text = page.read_text(encoding="utf-8")
        for match in examples.FENCED.finditer(text):
            if examples.is_example(match[1], match[2]):
                yield pytest.param(match[2], id=f"{where(page)}:{text.count(chr(10), 0, match.start()) + 1}")


@pytest.mark.parametrize("block", list(blocks()))
def test_an_example_prints_what_the_page_shows(block: str) -> None:
    if "| jq " in block and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    for step, output in examples.outputs(block):
        if not examples.agree(output, step.output):
            assert output == step.output, step.command


@pytest.mark.parametrize("page", PAGES, ids=where)
def test_python_prints_what_the_page_shows(
    page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block of text right behind one of Python is what that prints, run at the root of the repository."""
    monkeypatch.chdir(ROOT)
    found = list(examples.FENCED.finditer(page.read_text(encoding="utf-8")))
    for code, text in pairwise(found):
        if (code[1], text[1]) == ("python", "text"):
            exec(compile(code[2], str(page), "exec"), {"__name__": "example"})
            assert capsys.readouterr().out == text[2]


def test_generated_parts_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_differs_is_told(tmp_path: Path) -> None:
    generate = load(ROOT / "docs" / "generate.py")
    (tmp_path / "page.md").write_text("<!-- generated: formats -->\nold\n<!-- end of generated part -->\n")
    assert generate.main(["--check"], tmp_path) == 1
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    assert "`jsonl`" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=where)
def test_links_lead_somewhere(page: Path) -> None:
    text = examples.FENCED.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.name.endswith(".ja.md")], ids=where)
def test_a_page_in_two_languages_links_to_the_other(page: Path) -> None:
    english = page.with_name(page.name.replace(".ja.md", ".md"))
    assert f"({english.name})" in page.read_text(encoding="utf-8")
    assert f"({page.name})" in english.read_text(encoding="utf-8")


def numbers(sample: str) -> dict[int, Any]:
    """Return the steps of a sample by the number of their packet."""
    lines = examples.run(f"pcapstate explain --sample {sample} --format jsonl")[0].splitlines()
    return {step["packet"]: step for step in map(json.loads, lines)}


def test_what_the_lesson_says_of_packets_is_true() -> None:
    """Its text, in each language, counts on packets of samples that may be recorded again."""
    whole, crossed, half = map(numbers, ("client-closes-first", "simultaneous-close", "half-close"))
    assert (whole[8]["flags"], whole[8]["sender"], whole[8]["seq"], whole[9]["ack"]) == ("FIN ACK", "client", 19, 20)
    assert (whole[2]["ack"], whole[9]["client_state"], whole[10]["server_state"]) == (1, "FIN_WAIT_2", "LAST_ACK")
    assert (crossed[8]["seq"], crossed[8]["server_state"]) == (19, "CLOSE_WAIT")
    assert (crossed[9]["ack"], crossed[9]["server_state"]) == (19, "CLOSING")
    assert [number for number, step in half.items() if step["server_state"] == "CLOSE_WAIT"] == [8, 9, 10, 11]
    last = numbers("lost-last-ack")
    assert [last[number]["server_state"] for number in (6, 7, 8, 9)] == ["LAST_ACK", "CLOSED", "LAST_ACK", "CLOSED"]
    assert numbers("server-closes-first")[8]["sender"] == "server"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = examples.FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
