"""Run the examples of the documentation: the ``console`` blocks that start with ``$ pcapstate``.

    python docs/examples.py             run them all and write what they print into the READMEs and the pages in docs
    python docs/examples.py PAGE ...    only those of these pages, such as docs/netstat/at.md

tests/test_docs.py runs them too, and compares. A line ``…`` in a block stands for any lines; such a block is compared
but never written. ``$ echo $?`` shows the exit code of the command before it; ``< FILE`` gives a command its input, and
``| jq …`` passes its output on. ``/tmp/`` is a folder of the block's own, which is empty at first; the folder of the
repository is shown as ``/pcapstate``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pcapstate.cli.main import main as program  # noqa: E402

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_LINES = "…"
SCRATCH = "/tmp/"
SHOWN_ROOT = "/pcapstate"


class Step(NamedTuple):
    """A command in a block, and what the page says it prints."""

    command: str
    output: str


class Program:
    """All of the command line, errors and exit codes included, in the form that CliRunner calls."""

    name = "pcapstate"

    def main(self, args: list[str], prog_name: str, **_: Any) -> None:
        """Run it."""
        with mock.patch.object(sys, "argv", [prog_name, *args]):
            program()


def pages() -> list[Path]:
    """Return the pages that may have examples."""
    return [
        path for path in (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))) if path.exists()
    ]


def is_example(language: str, block: str) -> bool:
    """Tell whether a fenced block is an example to be run."""
    return language == "console" and block.startswith("$ pcapstate ")


def steps(block: str) -> Iterator[Step]:
    """Yield the commands of a block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield Step(command, output)


def outputs(block: str) -> Iterator[tuple[Step, str]]:
    """Run the commands of a block at the root of the repository; yield each with what it really prints."""
    code: int | None = None
    with tempfile.TemporaryDirectory() as folder:
        for step in steps(block):
            if step.command == "echo $?":
                yield step, f"{code}\n"
            else:
                output, code = run(step.command.replace(SCRATCH, f"{folder}/"))
                yield step, output.replace(f"{folder}/", SCRATCH).replace(str(ROOT), SHOWN_ROOT)


def run(command: str) -> tuple[str, int]:
    """Run a command line; return what it prints to standard output and standard error, and its exit code."""
    words = shlex.split(command)
    if words.pop(0) != "pcapstate":
        raise ValueError(f"not a command of pcapstate: {command}")
    at = words.index("|") if "|" in words else len(words)
    words, then = words[:at], words[at + 1 :]
    before, kept = Path.cwd(), os.dup(0)
    os.chdir(ROOT)
    # Pages are in English, whatever the language of the machine.
    with mock.patch.dict(os.environ, LC_ALL="C.UTF-8"):
        return _run(words, then, before, kept)


def _run(words: list[str], then: list[str], before: Path, kept: int) -> tuple[str, int]:
    try:
        if "<" in words:
            with open(words.pop(), "rb") as file:
                os.dup2(file.fileno(), 0)
            words.pop()
        result = CliRunner().invoke(Program(), words)  # type: ignore[arg-type]
    finally:
        os.chdir(before)
        os.dup2(kept, 0)
        os.close(kept)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if then:
        piped = subprocess.run(then, input=result.stdout, capture_output=True, text=True, check=True)
        return result.stderr + piped.stdout, piped.returncode
    return result.output, result.exit_code


def agree(output: str, expected: str) -> bool:
    """Tell whether an output is what a page shows; a line … there stands for any lines."""
    lines = (r"(?:.*\n)*?" if line == ANY_LINES else re.escape(line) + r"\n" for line in expected.splitlines())
    return re.fullmatch("".join(lines), output) is not None


def renewed(text: str) -> str:
    """Return a page's text with what its examples print now."""

    def block(match: re.Match[str]) -> str:
        if not is_example(match[1], match[2]) or f"\n{ANY_LINES}\n" in match[2]:
            return match[0]
        return "```console\n" + "".join(f"$ {step.command}\n{output}" for step, output in outputs(match[2])) + "```"

    return FENCED.sub(block, text)


def main(names: list[str]) -> int:
    """Write what the examples print into the named pages, or into all."""
    for page in [Path(name).resolve() for name in names] or pages():
        text = page.read_text(encoding="utf-8")
        fresh = renewed(text)
        if fresh != text:
            page.write_text(fresh, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
