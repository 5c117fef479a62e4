"""The documentation as a site, built by Sphinx: ``make docs`` writes it to ``docs/_build``.

The pages are the Markdown files of the repository, where they lie, so their links work on a forge and on the site. The
site adds the order of the pages, and the library's names from their docstrings.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "docs"), str(ROOT)]

from state_pages import file_name  # noqa: E402 (it lies beside this file)

import pcapstate  # noqa: E402 (the package need not be installed)
from pcapstate.wording.languages import LANGUAGES  # noqa: E402
from pcapstate.wording.meanings import ORDER  # noqa: E402

project = "pcapstate"
author = "the pcapstate authors"
release = version = pcapstate.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "README*.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
    "fuzz/README.md",
    "tests/pcaps/README.md",
]
exclude_patterns = ["docs/_build"]

myst_heading_anchors = 4
suppress_warnings = ["myst.header"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
python_use_unqualified_type_names = True
# Options begin with two hyphens, not with a dash.
smartquotes = False

html_theme = "furo"
html_title = "pcapstate"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
# Only commands are copied, not what they print.
copybutton_prompt_text = "$ "

CONTENTS = {
    "Start": [
        "Overview <../README>",
        "cookbook",
        "commands",
        "netstat/for-windows-linux-macos",
        "日本語 <../README.ja>",
    ],
    "netstat": [
        "netstat/all",
        "netstat/numeric-and-names",
        "netstat/pid-and-program",
        "netstat/ethernet",
        "netstat/statistics",
        "netstat/routes",
        "netstat/at",
        "netstat/interval",
        "netstat/local-and-both",
        "filters",
        "netstat/sort-and-columns",
        "netstat/style",
        "netstat/language",
        "netstat/formats",
        "terminal",
    ],
    "Learn TCP": ["lesson", "states/index", "lesson.ja", "states/index.ja"],
    "Other answers": [
        "explain",
        "quiz",
        "diagram",
        "live",
        "diagnose",
        "check",
        "report",
        "plot",
        "extract",
        "compare",
        "annotate",
        "archive",
        "mcp",
        "zeek",
        "outcomes",
        "states",
    ],
    "Reference": ["library", "api", "captures", "metrics", "performance", "statistics", "routes", "wireshark"],
    "How it works": ["inference", "state-machine", "lab"],
    "Work on it": [
        "../CONTRIBUTING",
        "../tests/pcaps/README",
        "../fuzz/README",
        "../benchmarks/README",
        "../CHANGELOG",
    ],
}
"""The pages in the order of the side bar."""


def contents() -> Iterator[str]:
    """Yield the lists of the side bar."""
    for caption, pages in CONTENTS.items():
        rooted = [page.replace("../", "/") if "../" in page else f"/docs/{page}" for page in pages]
        yield "\n\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(rooted) + "\n```\n"


def states(language: str) -> Iterator[str]:
    """Yield the list of the pages of states."""
    names = (file_name(state, language).removesuffix(".md") for state in ORDER)
    yield "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def names() -> Iterator[str]:
    """Yield the descriptions of the library's public names, one by one, since the package loads them on use."""
    yield "\n\n```{eval-rst}\n.. currentmodule:: pcapstate\n\n"
    for name in pcapstate.__all__:
        value = getattr(pcapstate, name)
        if inspect.isclass(value):
            kind = "exception" if issubclass(value, Exception) else "class"
            yield f".. auto{kind}:: {name}\n   :members:\n   :undoc-members:\n\n"
        else:
            yield f".. autofunction:: {name}\n\n"
    yield "```\n"


ADDED = {
    root_doc: contents,
    "docs/api": names,
    **{f"docs/states/{file_name(None, one).removesuffix('.md')}": partial(states, one) for one in LANGUAGES},
}
"""What pages have on the site alone: those who read them elsewhere have links, and docstrings."""


def add(app: Sphinx, name: str, source: list[str]) -> None:
    """Add to a page what it has on the site alone."""
    if name in ADDED:
        source[0] += "".join(ADDED[name]())


def add_entrance(app: Sphinx, failure: Exception | None) -> None:
    """Write the page that leads from the site's folder to the first page."""
    if failure is None:
        target = f"{root_doc}.html"
        (Path(app.outdir) / "index.html").write_text(
            f'<!doctype html><meta charset="utf-8"><title>{project}</title>'
            f'<meta http-equiv="refresh" content="0; url={target}"><a href="{target}">{project}</a>\n'
        )


def setup(app: Sphinx) -> None:
    """Let Sphinx call the functions above."""
    app.connect("source-read", add)
    app.connect("build-finished", add_entrance)
