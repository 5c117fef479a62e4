"""Change the tracker a little, one place at a time, and see whether the tests of its rules notice.

    python -m tests.mutation [--count N] [--seed N] [--file NAME]

Changes comparisons, constants, ``and``/``or`` and ``not`` in the functions of ``pcapstate/tcp``, in a copy of the
project, and runs the stories, the second opinion and the captures on plain kernels until one fails. Prints each change
that none of them noticed. Ends with exit code 1 if there are any.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.paths import ROOT

OTHER = {
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.And: ast.Or, ast.Or: ast.And},
}
TESTS = ("tests/tcp/test_machine.py", "tests/tcp/test_stories.py", "tests/second_opinion", "tests/test_pcaps.py")
TESTS += ("tests/tcp/test_tracker.py", "tests/real_stacks/test_truth.py::test_states_are_those_of_the_kernel")
SECONDS = 600
"""A run that takes longer has an endless loop, which a user would notice."""


def places(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of functions that can be changed."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                for node in ast.walk(statement):
                    if (
                        (isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER)
                        or isinstance(node, ast.BoolOp)
                        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
                        or (isinstance(node, ast.Constant) and type(node.value) in (int, bool))
                    ):
                        yield node


def change(node: ast.AST) -> None:
    """Change a node in place."""
    if isinstance(node, ast.Compare):
        node.ops[0] = OTHER[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        node.op = OTHER[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1


def noticed(copy: Path) -> bool:
    """Whether a test of the copy fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", *TESTS]
    surroundings = {**os.environ, "PCAPSTATE_KERNELS": "plain", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    try:
        done = subprocess.run(command, cwd=copy, env=surroundings, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> int:
    """Try some changes; print those that nothing noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", default="*.py", help="which files of pcapstate/tcp")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("pcapstate", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        sources = {path: path.read_text(encoding="utf-8") for path in sorted((copy / "pcapstate/tcp").glob(asked.file))}
        every = [(path, at) for path, text in sources.items() for at, _ in enumerate(places(ast.parse(text)))]
        chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))
        if noticed(copy):
            print("the tests fail without any change", file=sys.stderr)
            return 2
        survived = 0
        for path, at in chosen:
            tree = ast.parse(sources[path])
            node = list(places(tree))[at]
            line, before = node.lineno, ast.unparse(node)  # type: ignore[attr-defined]
            change(node)
            path.write_text(ast.unparse(tree), encoding="utf-8")
            if not noticed(copy):
                survived += 1
                print(f"pcapstate/tcp/{path.name}:{line}: {before}  ->  {ast.unparse(node)}", flush=True)
            path.write_text(sources[path], encoding="utf-8")
        print(f"{survived} of {len(chosen)} changes were not noticed, of {len(every)} possible (seed {asked.seed})")
        return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
