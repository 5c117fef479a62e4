"""Questions written for handouts and learning platforms."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from pcapstate.quiz.exports import Item, exported
from tests.helpers.paths import CAPTURES, PCAPS
from tests.helpers.running import dangerous, process, run


def parsed(gift: str) -> list[dict[str, object]]:
    """Read questions in Moodle's GIFT format: a small reader of multiple choice questions."""
    found = []
    for block in re.split(r"\n\s*\n", gift.strip()):
        match = re.fullmatch(r"::(.*?)(?<!\\)::\[html\](.*?)(?<!\\)\{\n(.*?)\n\}", block, re.DOTALL)
        assert match is not None, block
        title, text, rest = match.groups()
        assert not re.search(r"(?<!\\)[~=#{}]", text), "a sign of GIFT"
        answers, feedback = rest.split("\n####")
        choices = [(line[0] == "=", plain(line[1:])) for line in answers.splitlines()]
        found.append({"title": plain(title), "text": plain(text), "choices": choices, "feedback": plain(feedback)})
    return found


def plain(text: str) -> str:
    return html.unescape(re.sub(r"\\([\\~=#{}:])", r"\1", text.replace("\\n", "\n")))


ITEM = Item(
    "a = b ~ {c}: #1",
    "state",
    2,
    ("#1 <b> -> ~ {x}", "#2 a\\b = c"),
    "What: {is} ~ this #1 = <i>?",
    ("A: 1", "~B = {2}", "C <d>"),
    1,
    ("because #1 = ~", "and {so} & on"),
)


def test_what_gift_reads_is_what_was_written() -> None:
    (one,) = parsed(exported([ITEM], "gift", "en"))
    assert one["choices"] == [(at == ITEM.right, text) for at, text in enumerate(ITEM.choices)]
    assert one["feedback"] == " ".join(ITEM.explained)
    text = str(one["text"])
    assert text == f"<pre>{chr(10).join(ITEM.ladder)}</pre><p>{ITEM.text}</p>"
    assert "<b>" not in exported([ITEM], "gift", "en")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_all_samples(lang: str, tmp_path: Path) -> None:
    files = {form: tmp_path / name for form, name in (("markdown", "q.md"), ("gift", "q.gift"), ("json", "q.json"))}
    for path in files.values():
        assert process("quiz", "--export", path, "--lang", lang).returncode == 0
    gift, records = parsed(files["gift"].read_text("utf-8")), json.loads(files["json"].read_text("utf-8"))
    assert len(gift) == len(records) == 60
    for one, record in zip(gift, records, strict=True):
        assert [text for _, text in one["choices"]] == record["choices"]  # type: ignore[attr-defined]
        assert [text for right, text in one["choices"] if right] == [record["answer"]]  # type: ignore[attr-defined]
    markdown = files["markdown"].read_text("utf-8")
    assert len(re.findall(r"(?m)^\d+\. [a-d]\) `", markdown)) == 60
    for record in records:
        assert record["question"] in markdown


def test_suffix_and_format(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert process("quiz", "--sample", "refused", "--export", path, "--format", "gift").returncode == 0
    assert len(parsed(path.read_text("utf-8"))) == 3
    out = run("quiz", PCAPS / "refused.pcap", "--export", "-", "--format", "json", "--questions", "2").stdout
    assert len(json.loads(out)) == 2


def test_nothing_of_a_hostile_capture_is_obeyed() -> None:
    for path in (one for one in CAPTURES if one.match("hostile-*.pcap*[pg]")):
        for form in ("markdown", "gift", "json"):
            done = process("quiz", path, "--export", "-", "--format", form)
            assert done.returncode in (0, 1)
            assert dangerous(done.stdout.decode()) == []
